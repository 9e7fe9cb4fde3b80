"""Follow what processes write to a spool, as they write it, without harm to them.

Nothing here takes a lock or writes. The newest files are held open, so that what was written to them last is seen even
when their process deletes them before the next look; a file that comes and goes between two looks is not seen at all.
"""

import contextlib
import os
from collections import deque
from collections.abc import Iterable, Iterator

import msgspec

from ciokit.stores.directories import process_names
from ciokit.stores.inspection import open_to_read, opened
from ciokit.stores.journal import NewerFormat, Record, decode
from ciokit.stores.segments import CHUNK, Segment, open_to_follow, segment_numbers

__all__ = ["Follower", "Written"]

_HELD = 2
"""Files of a directory that may still be written: the active one, and one that an interrupting call made."""

_Place = tuple[str, int]
"""A process directory and the number of a file in it."""


class Written(msgspec.Struct, frozen=True):
    """Hold a line that a process wrote.

    Attributes:
        process: Its directory.
        record: What the line says: an entry, or what became of some.
    """

    process: str
    record: Record


class Follower:
    """Read what processes write to a spool.

    Args:
        directory: The spool.
    """

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        self._directory = directory
        self._offsets: dict[_Place, int] = {}
        self._held: dict[_Place, int] = {}

    def last(self, count: int) -> list[Written]:
        """Read the last lines of all that is there, in the order of the files; `read_on` goes on after them.

        Raises:
            SettingsError: There is no such directory.
            OSError: It cannot be read.
        """
        lines = (line for line in self._lines() if line[1][:2] != b"H\t")
        return list(_decoded(deque(lines, maxlen=count)))

    def read_on(self) -> Iterator[Written]:
        """Read what was written since the last time, to the end; an iteration that is cut short loses lines.

        Raises:
            SettingsError: There is no such directory.
            OSError: It cannot be read.
        """
        return _decoded(self._lines())

    def close(self) -> None:
        """Let go of all files."""
        while self._held:
            os.close(self._held.popitem()[1])

    def _lines(self) -> Iterator[tuple[str, bytes]]:
        there, newest = set[_Place](), set[_Place]()
        with open_to_read(self._directory) as root_fd:
            for name in process_names(root_fd):
                with opened(root_fd, name) as fd:
                    numbers = segment_numbers(fd) if fd >= 0 else []
                    newest.update((name, number) for number in numbers[-_HELD:])
                    for number in numbers:
                        there.add((name, number))
                        yield from self._lines_of(fd, (name, number))
        for place in sorted(self._held.keys() - there):
            yield from self._lines_in(self._held[place], place)
        self._offsets = {place: offset for place, offset in self._offsets.items() if place in there}
        for place in [place for place in self._held if place not in newest]:
            os.close(self._held.pop(place))

    def _lines_of(self, directory_fd: int, place: _Place) -> Iterator[tuple[str, bytes]]:
        with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
            if place not in self._held:
                self._held[place] = open_to_follow(directory_fd, Segment(place[1]))
            yield from self._lines_in(self._held[place], place)

    def _lines_in(self, fd: int, place: _Place) -> Iterator[tuple[str, bytes]]:
        rest, offset = b"", self._offsets.get(place, 0)
        while chunk := os.pread(fd, CHUNK, offset + len(rest)):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                offset += len(line) + 1
                yield place[0], line
        self._offsets[place] = offset


def _decoded(lines: Iterable[tuple[str, bytes]]) -> Iterator[Written]:
    for process, line in lines:
        with contextlib.suppress(ValueError, NewerFormat):
            yield Written(process, decode(line))
