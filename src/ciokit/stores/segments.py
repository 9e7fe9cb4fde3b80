"""The files of one process directory: made, appended to, read, cut and set aside.

It knows what a line is and nothing about who waits for what. Every name is opened below a directory's descriptor and
never through a symbolic link.
"""

import contextlib
import os
import re
import sys
from collections.abc import Iterable, Iterator

import msgspec

from ciokit.stores.descriptors import Identity, close, identify, is_held, keep
from ciokit.stores.directories import DAMAGED, open_directory, sync_names
from ciokit.stores.journal import NewerFormat, encode_header, unwrap
from ciokit.stores.replay import SeqSet, Summary, lines_of, scan

__all__ = [
    "CHUNK",
    "Segment",
    "append",
    "chunks_of",
    "clear_remains",
    "cut",
    "cut_back",
    "datasync",
    "delete",
    "keep_aside",
    "let_go",
    "move_aside",
    "new_segment",
    "open_to_follow",
    "read_at",
    "rewrite",
    "segment_numbers",
    "set_aside",
    "survey",
    "surveyed",
    "sync_file",
    "write_all",
]

CHUNK = 1 << 20
_NAME = re.compile(r"\d{8,}\.journal", re.ASCII)
_REMAINS = ".tmp"
_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC

_fdatasync = getattr(os, "fdatasync", os.fsync)  # macOS has the slower call alone


class Segment(msgspec.Struct, eq=False, gc=False):
    """One file.

    The collector does not follow it, and so leaves alone the thousands of entries that name their file.

    Attributes:
        number: Its place in the order.
        size: Bytes that are whole lines.
        unsettled: Entries in it that nothing has become of.
        fd: A descriptor to append by; -1 when nothing more is appended.
        identity: Which file that is.
    """

    number: int
    size: int = 0
    fd: int = -1
    unsettled: int = 0
    identity: Identity | None = None

    def hold(self, fd: int) -> None:
        """Append by a descriptor, which is the file's from now on."""
        self.fd = keep(fd)
        self.identity = identify(self.fd)

    @property
    def held(self) -> bool:
        """Whether it is still open: somebody else may have closed it, and a stranger's file may have its number."""
        return is_held(self.fd, self.identity)

    @property
    def name(self) -> str:
        """The file's name."""
        return f"{self.number:08d}.journal"


def datasync(fd: int) -> None:
    """Bring a file's bytes to the disk.

    Raises:
        OSError: The disk does not take them; they may be lost with the machine.
    """
    _fdatasync(fd)


def new_segment(directory_fd: int, number: int) -> Segment:
    """Make a file and write its first line.

    Raises:
        OSError: The disk does not take it; no file is left behind.
    """
    segment = Segment(number)
    segment.hold(os.open(segment.name, _APPEND, 0o600, dir_fd=directory_fd))
    try:
        append(segment, encode_header(number))
    except BaseException:
        let_go(segment)
        delete(directory_fd, segment)
        raise
    return segment


def append(segment: Segment, data: bytes) -> None:
    """Append whole lines: all of them or none.

    Raises:
        OSError: The disk does not take them. When even the part that it took cannot be cut off, `segment.fd` is
            closed and set to -1: nothing may be appended after half a line.
    """
    try:
        write_all(segment.fd, data)
    except BaseException:
        cut_back(segment)
        raise
    segment.size += len(data)


def write_all(fd: int, data: bytes) -> None:
    """Write bytes, in as many calls as the system asks for.

    Raises:
        OSError: The disk does not take them; a part may be written.
    """
    while data:
        data = data[os.write(fd, data) :]


def cut_back(segment: Segment) -> None:
    """Cut off what a write that failed left of its line; see `append`."""
    try:
        if segment.held:
            os.ftruncate(segment.fd, segment.size)
            return
    except OSError:
        pass
    let_go(segment)


def let_go(segment: Segment) -> None:
    """Close a file; nothing is appended to it any more.

    Its number is forgotten first: the system gives it to the next file or socket that anybody opens.
    """
    fd, segment.fd = segment.fd, -1
    close(fd, segment.identity)


def delete(directory_fd: int, segment: Segment) -> None:
    """Delete a file, if it is there."""
    with contextlib.suppress(OSError):
        os.unlink(segment.name, dir_fd=directory_fd)


def segment_numbers(directory_fd: int) -> list[int]:
    """List the files of a directory, the oldest first."""
    return sorted(int(name.partition(".")[0]) for name in os.listdir(directory_fd) if _NAME.fullmatch(name))


def read_at(directory_fd: int, segment: Segment, offset: int, size: int) -> bytes:
    """Read a part of a file; shorter than asked when the file ends, or before a place that cannot be read.

    Raises:
        OSError: It cannot be read.
    """
    fd = os.open(segment.name, _READ, dir_fd=directory_fd)
    try:
        return os.pread(fd, size, offset)
    finally:
        os.close(fd)


def open_to_follow(directory_fd: int, segment: Segment) -> int:
    """Open a file to read what its process goes on to write.

    Raises:
        OSError: It cannot be opened.
    """
    return os.open(segment.name, _READ, dir_fd=directory_fd)


def chunks_of(directory_fd: int, name: str, offset: int = 0) -> Iterator[bytes]:
    """Read a file to its end.

    Raises:
        OSError: It cannot be read.
    """
    fd = os.open(name, _READ, dir_fd=directory_fd)
    try:
        os.lseek(fd, offset, os.SEEK_SET)
        while chunk := _read(fd, name):
            yield chunk
    finally:
        os.close(fd)


def _read(fd: int, name: str) -> bytes:
    try:
        return os.read(fd, CHUNK)
    except OSError as error:
        error.filename = name  # which the system says only of what it cannot open
        raise


def survey(directory_fd: int, number: int, settled: SeqSet) -> tuple[Segment, Summary]:
    """Sum up a file; see `scan`.

    Raises:
        NewerFormat: The file is of a later version.
        OSError: It cannot be read.
    """
    segment = Segment(number)
    try:
        summary = scan(chunks_of(directory_fd, segment.name), settled)
    except NewerFormat as error:
        raise NewerFormat(error.version, segment.name) from None
    segment.size = summary.whole_bytes
    segment.unsettled = summary.waiting
    return segment, summary


def surveyed(directory_fd: int, settled: SeqSet) -> Iterator[tuple[Segment, Summary]]:
    """Sum up the files of a directory, from the last to the first; one that goes meanwhile is passed over.

    Args:
        directory_fd: The directory.
        settled: Takes in the numbers that are settled.
    """
    replaced_from = sys.maxsize
    for number in reversed(segment_numbers(directory_fd)):
        if number >= replaced_from:
            continue
        try:
            segment, summary = survey(directory_fd, number, settled)
        except FileNotFoundError:
            continue
        yield segment, summary
        if summary.header and summary.header.replaces < number:
            replaced_from = summary.header.replaces


def cut(directory_fd: int, segment: Segment) -> None:
    """Cut off what follows the last whole line.

    Raises:
        OSError: The disk does not take it.
    """
    fd = os.open(segment.name, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory_fd)
    try:
        os.ftruncate(fd, segment.size)
    finally:
        os.close(fd)


def sync_file(directory_fd: int, segment: Segment) -> None:
    """Bring a file to the disk that others wrote.

    Raises:
        OSError: The disk does not take it.
    """
    fd = os.open(segment.name, _READ, dir_fd=directory_fd)
    try:
        datasync(fd)
    finally:
        os.close(fd)


def rewrite(directory_fd: int, number: int, lines: Iterable[bytes], *, replaces: int | None = None) -> int:
    """Put a file in the place of another in one step, on the disk before it is in its place.

    Args:
        directory_fd: The directory.
        number: The file's number.
        lines: What it holds, its first line left out.
        replaces: The first of the files that it makes superfluous.

    Returns:
        Its size in bytes.

    Raises:
        OSError: The disk does not take it; the old file is as it was.
    """
    name = Segment(number).name
    # Descriptors, not a buffer: a fork copies no half-written lines into the child.
    segment = Segment(number)
    segment.hold(os.open(name + _REMAINS, _APPEND & ~os.O_EXCL | os.O_TRUNC, 0o600, dir_fd=directory_fd))
    try:
        append(segment, encode_header(number, replaces))
        for line in lines:
            append(segment, line)
        datasync(segment.fd)
        os.rename(name + _REMAINS, name, src_dir_fd=directory_fd, dst_dir_fd=directory_fd)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name + _REMAINS, dir_fd=directory_fd)
        raise
    finally:
        let_go(segment)
    sync_names(directory_fd)
    return segment.size


def clear_remains(directory_fd: int) -> None:
    """Delete files that a `rewrite` did not live to put in their place."""
    for name in os.listdir(directory_fd):
        if name.endswith(_REMAINS):
            os.unlink(name, dir_fd=directory_fd)


def set_aside(root_fd: int, directory_fd: int, process: str, number: int) -> str:
    """Keep a damaged file for people to look at, and put its whole lines in its place.

    Returns:
        Where it is, below the root.

    Raises:
        OSError: The disk does not take it.
    """
    kept = keep_aside(root_fd, directory_fd, process, number)
    rewrite(directory_fd, number, _whole_lines(chunks_of(directory_fd, Segment(number).name)))
    return kept


def keep_aside(root_fd: int, directory_fd: int, process: str, number: int) -> str:
    """Keep a file for people to look at, on the disk, and leave it where it is as well.

    Returns:
        Where it is, below the root.

    Raises:
        OSError: The disk does not take it.
    """
    name = Segment(number).name
    aside = f"{process}-{name}.damaged"
    damaged_fd = open_directory(root_fd, DAMAGED, make=True)
    try:
        # Set aside before, and the process died before the next step.
        with contextlib.suppress(FileExistsError):
            os.link(name, aside, src_dir_fd=directory_fd, dst_dir_fd=damaged_fd, follow_symlinks=False)
        sync_names(damaged_fd)
    finally:
        os.close(damaged_fd)
    return f"{DAMAGED}/{aside}"


def move_aside(root_fd: int, directory_fd: int, process: str, number: int) -> str:
    """Keep a file that cannot be read at all for people to look at, and take it out of its directory.

    Returns:
        Where it is, below the root.

    Raises:
        OSError: The disk does not take it.
    """
    name = Segment(number).name
    aside = f"{process}-{name}.damaged"
    damaged_fd = open_directory(root_fd, DAMAGED, make=True)
    try:
        os.rename(name, aside, src_dir_fd=directory_fd, dst_dir_fd=damaged_fd)
        # It was kept aside before: then both are names of one file, and a rename does nothing.
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=directory_fd)
    finally:
        os.close(damaged_fd)
    return f"{DAMAGED}/{aside}"


def _whole_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for lines in lines_of(chunks):
        for line in lines:
            with contextlib.suppress(ValueError):
                if unwrap(line)[:2] != b"H\t":
                    yield line + b"\n"
