"""Dead letters: the entries that the service refused, kept until people have seen to them.

    dead/20260131T120000.000-4711-9f3a0c12.journal   letters; its writer holds a lock on it
    dead/20260131T120000.000-4711-9f3a0c12.gone      which of them were sent again or purged
    dead/lock                                        held by whoever sends again or purges

A file goes when its writer is gone and all its letters are.
"""

import contextlib
import fcntl
import os
from collections.abc import Generator, Iterable, Iterator

import msgspec

from ciokit.clock import Clock
from ciokit.locks import new_lock
from ciokit.stores.directories import DEAD, LOCK, NAME, NEW, is_gone, new_name, open_directory, sync_names
from ciokit.stores.journal import (
    DeadLetter,
    Fate,
    Gone,
    NewerFormat,
    decode,
    encode_dead_letter,
    encode_gone,
    encode_header,
)
from ciokit.stores.replay import SeqSet, lines_of
from ciokit.stores.segments import Segment, append, chunks_of, datasync, let_go
from ciokit.wire import Entry

__all__ = ["DeadFile", "DeadLetterWriter", "dead_files", "letters_in", "mark_gone", "only_one"]

_LETTERS, _GONE = ".journal", ".gone"
_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class DeadFile(msgspec.Struct, frozen=True):
    """Name a file of dead letters.

    Attributes:
        name: Its name, without the ending.
        size: Its bytes.
    """

    name: str
    size: int


class DeadLetterWriter:
    """Write the dead letters of this process.

    Args:
        clock: Dates the letters and names the files.
        file_bytes: The size at which a new file is begun.
        max_bytes: The size of all dead letters of the spool above which the oldest file is deleted.
    """

    def __init__(self, clock: Clock, *, file_bytes: int, max_bytes: int) -> None:
        self.discarded: list[str] = []
        self._clock = clock
        self._file_bytes = file_bytes
        self._max_bytes = max_bytes
        self._lock = new_lock()
        self._file: Segment | None = None
        self._last_seq = 0
        self._dirty = False

    def bury(self, root_fd: int, entries: Iterable[Entry], fate: Fate, *, durable: bool = False) -> None:
        """Keep entries that the service refused, on the disk at once if that is wanted.

        Raises:
            OSError: The disk does not take them; none is kept.
        """
        at = self._clock.time()
        with self._lock:
            file = self._file
            if file is None or not file.held or file.size >= self._file_bytes or is_gone(file.fd):
                file = self._begin(root_fd)
            lines: list[bytes] = []
            for entry in entries:
                self._last_seq += 1
                refused = fate.reason, fate.status, fate.attempts
                lines.append(encode_dead_letter(DeadLetter(self._last_seq, entry, *refused, at)))
            append(file, b"".join(lines))
            self._dirty = True
        if durable:
            self.sync()

    def _begin(self, root_fd: int) -> Segment:
        """Begin a file: it gets its name once it is locked, so that nobody takes it for one without a writer."""
        self.close()
        fd = open_directory(root_fd, DEAD, make=True)
        file, name = Segment(0), ""
        try:
            files = _list(fd)
            name = new_name(self._clock.time(), [file.name for file in files]) + _LETTERS
            self._make_room(fd, files)
            file.hold(os.open(NEW + name, _APPEND | os.O_EXCL, 0o600, dir_fd=fd))
            fcntl.flock(file.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            append(file, encode_header(0))
            os.rename(NEW + name, name, src_dir_fd=fd, dst_dir_fd=fd)
            sync_names(fd)
        except BaseException:
            let_go(file)
            with contextlib.suppress(OSError):
                os.unlink(NEW + name, dir_fd=fd)
            raise
        finally:
            os.close(fd)
        self._file = file
        return file

    def _make_room(self, dead_fd: int, files: list[DeadFile]) -> None:
        total = sum(file.size for file in files)
        while files and total > self._max_bytes:
            oldest = files.pop(0)
            total -= oldest.size
            if _writer_gone(dead_fd, oldest.name):
                _delete(dead_fd, oldest.name)
                self.discarded.append(oldest.name)

    def sync(self) -> None:
        """Bring everything that was kept to the disk.

        Raises:
            OSError: The disk does not take it.
        """
        with self._lock:
            if self._dirty and self._file is not None and self._file.held:
                datasync(self._file.fd)
            self._dirty = False

    def close(self) -> None:
        """Sync, and let go of the file."""
        with self._lock:
            try:
                self.sync()
            finally:
                self.forget()

    def forget(self) -> None:
        """Let go of the file in a forked child; it stays the parent's."""
        if self._file is not None:
            let_go(self._file)
            self._file = None


def dead_files(root_fd: int) -> list[DeadFile]:
    """List the files of dead letters, the oldest first."""
    try:
        fd = open_directory(root_fd, DEAD)
    except FileNotFoundError:
        return []
    try:
        return _list(fd)
    finally:
        os.close(fd)


def letters_in(root_fd: int, name: str) -> Iterator[DeadLetter]:
    """Read the letters of a file that were neither sent again nor purged; needs no lock, and no dead writer."""
    fd = open_directory(root_fd, DEAD)
    try:
        gone = _gone(fd, name)
        with contextlib.suppress(FileNotFoundError):  # all of them are gone meanwhile
            for letter in _records(fd, name + _LETTERS):
                if isinstance(letter, DeadLetter) and letter.seq not in gone:
                    yield letter
    finally:
        os.close(fd)


@contextlib.contextmanager
def only_one(root_fd: int) -> Generator[None]:
    """Hold the lock of those who send dead letters again or purge them; wait for it."""
    dead_fd = open_directory(root_fd, DEAD, make=True)
    try:
        fd = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=dead_fd)
    finally:
        os.close(dead_fd)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def mark_gone(root_fd: int, name: str, seqs: Iterable[int], reason: str) -> None:
    """Say that letters were sent again or purged; call it within `only_one`.

    Args:
        root_fd: The spool.
        name: The file.
        seqs: Which of its letters.
        reason: `retried` or `purged`.

    Raises:
        OSError: The disk does not take it.
    """
    dead_fd = open_directory(root_fd, DEAD)
    try:
        fd = os.open(name + _GONE, _APPEND & ~os.O_WRONLY | os.O_RDWR, 0o600, dir_fd=dead_fd)
        file = Segment(0, os.fstat(fd).st_size)
        file.hold(fd)
        # Whoever wrote there before may have died, or the machine, amid its line.
        torn = file.size and os.pread(file.fd, 1, file.size - 1) != b"\n"
        try:
            append(file, (b"\n" if torn else b"") + encode_gone(seqs, reason))
            datasync(file.fd)
        finally:
            let_go(file)
        if _writer_gone(dead_fd, name) and not any(True for _ in letters_in(root_fd, name)):
            _delete(dead_fd, name)
    finally:
        os.close(dead_fd)


def _list(dead_fd: int) -> list[DeadFile]:
    files: list[DeadFile] = []
    for name in sorted(os.listdir(dead_fd)):
        stem, dot, ending = name.rpartition(".")
        if NAME.fullmatch(stem) and dot + ending == _LETTERS:
            with contextlib.suppress(FileNotFoundError):
                files.append(DeadFile(stem, os.stat(name, dir_fd=dead_fd, follow_symlinks=False).st_size))
    return files


def _gone(dead_fd: int, name: str) -> SeqSet:
    gone = SeqSet()
    with contextlib.suppress(FileNotFoundError):
        for record in _records(dead_fd, name + _GONE):
            if isinstance(record, Gone):
                for first, last in record.ranges:
                    gone.add(first, last)
    return gone


def _records(dead_fd: int, name: str) -> Iterator[object]:
    for lines in lines_of(chunks_of(dead_fd, name)):
        for line in lines:
            try:
                yield decode(line)
            except NewerFormat as error:
                raise NewerFormat(error.version, f"{DEAD}/{name}") from None
            except ValueError:
                continue


def _writer_gone(dead_fd: int, name: str) -> bool:
    try:
        fd = os.open(name + _LETTERS, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=dead_fd)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(fd)
    return True


def _delete(dead_fd: int, name: str) -> None:
    for ending in (_LETTERS, _GONE):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name + ending, dir_fd=dead_fd)
