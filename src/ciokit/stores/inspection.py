"""Look at a spool, whether processes use it or not, without harm to them.

Nothing here takes a lock or writes. What it shows of a process that goes on working is true of some moment: files may
grow and go while they are read.
"""

import contextlib
import os
import re
import socket
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Literal

import msgspec

from ciokit.errors import SettingsError
from ciokit.stores.dead import dead_files, letters_in
from ciokit.stores.directories import DAMAGED, LOCK, OwnerNote, open_directory, process_names, started_at
from ciokit.stores.journal import NewerFormat
from ciokit.stores.replay import SeqSet, Summary, entries_in, lines_of
from ciokit.stores.segments import Segment, chunks_of, surveyed
from ciokit.ulids import is_ulid, milliseconds_of
from ciokit.wire import Entry

__all__ = [
    "ProcessState",
    "SpoolState",
    "State",
    "Waiting",
    "look",
    "open_to_read",
    "opened",
    "waiting",
]

State = Literal["live", "left", "elsewhere"]
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NOTHING = SeqSet()


class ProcessState(msgspec.Struct, frozen=True):
    """Describe the directory of one process.

    Attributes:
        name: Its name.
        state: `live`: its process runs. `left`: it is gone; the next process that polls takes the directory over.
            `elsewhere`: it is of another machine or container, which alone can tell.
        pid: The process that has it or had it last, 0 when that is not known.
        host: That process's machine.
        files: How many files it has.
        file_bytes: Their size.
        entries: How many entries wait.
        bytes: The bytes of their lines.
        damaged: Lines that are not as they were written; the next process that takes it over sets the file aside.
        oldest: Unix time at which the oldest entry that waits was put, or somewhat before; 0 when none waits.
        problem: Why it cannot be read, empty when it can.
    """

    name: str
    state: State
    pid: int
    host: str
    files: int = 0
    file_bytes: int = 0
    entries: int = 0
    bytes: int = 0
    damaged: int = 0
    oldest: float = 0.0
    problem: str = ""


class SpoolState(msgspec.Struct, frozen=True):
    """Describe a spool.

    Attributes:
        directory: Where it is.
        processes: Its process directories, the oldest first.
        dead_letters: How many dead letters wait for people.
        dead_bytes: The size of their files.
        damaged_files: Files that were set aside.
    """

    directory: str
    processes: tuple[ProcessState, ...]
    dead_letters: int
    dead_bytes: int
    damaged_files: tuple[str, ...]

    @property
    def entries(self) -> int:
        """How many entries wait in all."""
        return sum(process.entries for process in self.processes)

    @property
    def bytes(self) -> int:
        """The bytes of their lines."""
        return sum(process.bytes for process in self.processes)

    @property
    def oldest(self) -> float:
        """Unix time at which the oldest entry that waits was put, or somewhat before; 0 when none waits."""
        return min((process.oldest for process in self.processes if process.oldest), default=0.0)


class Waiting(msgspec.Struct, frozen=True):
    """Hold an entry that waits.

    Attributes:
        process: The process directory that has it.
        seq: Its number there.
        entry: The entry.
    """

    process: str
    seq: int
    entry: Entry


@contextlib.contextmanager
def open_to_read(directory: str | os.PathLike[str]) -> Generator[int]:
    """Open a spool to look at it.

    Yields:
        A descriptor of the directory.

    Raises:
        SettingsError: There is no such directory.
    """
    try:
        fd = os.open(directory, _DIRECTORY)
    except (FileNotFoundError, NotADirectoryError) as error:
        msg = f"spool: there is no directory {os.fspath(directory)}: check CIOKIT_SPOOL or the path given"
        raise SettingsError(msg) from error
    try:
        yield fd
    finally:
        os.close(fd)


def look(directory: str | os.PathLike[str]) -> SpoolState:
    """Sum a spool up; it reads all files, about a second for each million entries.

    Args:
        directory: The spool.

    Raises:
        SettingsError: There is no such directory.
    """
    with open_to_read(directory) as root_fd:
        dead = dead_files(root_fd)
        return SpoolState(
            directory=str(Path(directory).absolute()),
            processes=tuple(
                process for name in process_names(root_fd) if (process := _process(root_fd, name)) is not None
            ),
            dead_letters=sum(1 for file in dead for _ in letters_in(root_fd, file.name)),
            dead_bytes=sum(file.size for file in dead),
            damaged_files=_damaged(root_fd),
        )


def waiting(directory: str | os.PathLike[str]) -> Iterator[Waiting]:
    """Read all entries that wait, in the order in which they will be sent.

    Args:
        directory: The spool.

    Raises:
        SettingsError: There is no such directory.
        NewerFormat: A later version of ciokit wrote it.
    """
    with open_to_read(directory) as root_fd:
        for name in process_names(root_fd):
            with opened(root_fd, name) as fd:
                if fd >= 0:
                    try:
                        yield from _waiting(fd, name)
                    except NewerFormat as error:
                        raise NewerFormat(error.version, f"{name}/{error.file}") from None


def _waiting(directory_fd: int, process: str) -> Iterator[Waiting]:
    settled = SeqSet()
    # To the last file first: what became of an entry is written after it.
    numbers = [segment.number for segment, _ in surveyed(directory_fd, settled) if segment.unsettled]
    for number in reversed(numbers):
        with contextlib.suppress(FileNotFoundError):  # settled meanwhile
            for lines in lines_of(chunks_of(directory_fd, Segment(number).name)):
                for seq, entry, _ in entries_in(lines, settled)[0]:
                    yield Waiting(process, seq, entry)


def _process(root_fd: int, name: str) -> ProcessState | None:
    """Describe a process's directory; None when its owner has just deleted it."""
    with opened(root_fd, name) as fd:
        if fd < 0:
            return None
        note = _owner(fd)
        state = _state(fd, note)
        found: list[tuple[Segment, Summary]] = []
        problem, oldest = "", 0.0
        try:
            settled = SeqSet()
            found.extend(surveyed(fd, settled))  # also what comes before a file that cannot be read
            oldest = _oldest(fd, name, found, settled)
        except FileNotFoundError:
            return None
        except (OSError, NewerFormat) as error:
            problem = str(error)
    return ProcessState(
        name=name,
        state=state,
        pid=note.pid,
        host=note.host,
        files=len(found),
        file_bytes=sum(summary.whole_bytes + summary.torn_bytes for _, summary in found),
        entries=sum(summary.waiting for _, summary in found),
        bytes=sum(summary.waiting_bytes for _, summary in found),
        damaged=sum(summary.damaged for _, summary in found),
        oldest=oldest,
        problem=problem,
    )


def _oldest(directory_fd: int, process: str, found: list[tuple[Segment, Summary]], settled: SeqSet) -> float:
    """Find out when the oldest entry that waits was put.

    An event's id says when it was made, unless it was made of something else: an id of the past counts only if no
    entry before it has a later one, and none of the future counts at all.
    """
    first = next((segment for segment, _ in reversed(found) if segment.unsettled), None)
    if first is None:
        return 0.0
    latest, now = 0.0, time.time()
    with contextlib.suppress(ValueError):  # a stranger's name may have a date that there is not
        latest = min(started_at(process), now)
    with contextlib.suppress(FileNotFoundError):  # settled meanwhile
        for lines in lines_of(chunks_of(directory_fd, first.name)):
            for seq, entry, _ in entries_in(lines, _NOTHING)[0]:
                if entry.id and is_ulid(entry.id) and (at := milliseconds_of(entry.id) / 1000) <= now:
                    latest = max(latest, at)
                if seq not in settled:
                    return latest
    return latest


@contextlib.contextmanager
def opened(root_fd: int, name: str) -> Generator[int]:
    """Open a process directory; -1 when its owner has just deleted it."""
    try:
        fd = open_directory(root_fd, name)
    except FileNotFoundError:
        yield -1
        return
    try:
        yield fd
    finally:
        os.close(fd)


def _owner(directory_fd: int) -> OwnerNote:
    with contextlib.suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode(b"".join(chunks_of(directory_fd, LOCK)), type=OwnerNote)
    return OwnerNote(0, "")


def _state(directory_fd: int, note: OwnerNote) -> State:
    if note.host and note.host != socket.gethostname():
        return "elsewhere"
    try:
        inodes = f"{os.stat(LOCK, dir_fd=directory_fd).st_ino}|{os.fstat(directory_fd).st_ino}"
        locks = Path("/proc/locks").read_text("ascii")
    except FileNotFoundError:
        return "live" if note.pid and _runs(note.pid) else "left"
    # 1: FLOCK  ADVISORY  WRITE 4711 fe:00:123456 0 EOF
    pattern = rf"^\d+: FLOCK +ADVISORY +WRITE +-?\d+ \w+:\w+:({inodes}) "
    return "live" if re.search(pattern, locks, re.MULTILINE) else "left"


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _damaged(root_fd: int) -> tuple[str, ...]:
    try:
        fd = open_directory(root_fd, DAMAGED)
    except FileNotFoundError:
        return ()
    try:
        return tuple(sorted(entry.name for entry in os.scandir(fd)))
    finally:
        os.close(fd)
