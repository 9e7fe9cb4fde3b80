"""The entries of a directory that come next: the first ones in memory, the others still in the files.

However long the queue is, memory holds a bounded part. Entries go straight into the window while it has room; once
it has none, it is filled from the files, in order, until nothing is left there that is not in it. It has no lock.
"""

from collections import deque
from typing import TypeAlias

import msgspec

from ciokit.stores.contract import ENTRY_OVERHEAD
from ciokit.stores.replay import SeqSet, entries_in
from ciokit.stores.segments import CHUNK, Segment, read_at
from ciokit.wire import Entry

__all__ = ["Ahead", "Held", "Window", "read_ahead"]

Held: TypeAlias = tuple[int, Entry, int, Segment]
"""An entry in memory: its number in the store, itself, the bytes of its line, and where that is."""


class Window:
    """Hold the next entries of a directory.

    Args:
        limit: Bytes of memory above which entries stay in the files.
        cursor: The file and the offset from which on nothing is in memory yet; None when everything is.

    Attributes:
        limit: The same.
        cursor: The same, as of now.
        held: The entries. Whoever adds some tells `used`.
        used: Bytes of memory that they take.
    """

    __slots__ = ("cursor", "held", "limit", "used")

    def __init__(self, limit: int, cursor: tuple[Segment, int] | None) -> None:
        self.limit = limit
        self.cursor = cursor
        self.held: deque[Held] = deque()
        self.used = 0

    @property
    def first(self) -> Segment | None:
        """The file of the next entry in memory."""
        return self.held[0][3] if self.held else None

    @property
    def drained(self) -> bool:
        """Whether nothing comes next."""
        return self.cursor is None and not self.held

    def extend(self, held: list[Held]) -> None:
        """Take in entries that the cursor has passed, or will not come to."""
        self.held.extend(held)
        self.used += sum([one[2] for one in held]) + ENTRY_OVERHEAD * len(held)

    def take(self, limit_entries: int, limit_bytes: int, *, oversize: bool) -> list[Held]:
        """Take out the next entries that are in memory.

        Args:
            limit_entries: The most entries.
            limit_bytes: The most bytes of their bodies.
            oversize: Whether the first one may be larger than that.
        """
        taken: list[Held] = []
        held = self.held
        while held and len(taken) < limit_entries:
            size = len(held[0][1].body)
            if size > limit_bytes and not (oversize and not taken):
                break
            limit_bytes -= size
            taken.append(held.popleft())
        self.used -= sum([one[2] for one in taken]) + ENTRY_OVERHEAD * len(taken)
        return taken

    def clear(self) -> None:
        """Forget everything."""
        self.held.clear()
        self.used = 0
        self.cursor = None


class Ahead(msgspec.Struct):
    """Hold what was read from a file.

    Attributes:
        held: The entries.
        offset: Where to read on.
        lost: Lines that are not as they were written.
        lost_bytes: Their size.
    """

    held: list[Held]
    offset: int
    lost: int = 0
    lost_bytes: int = 0


def read_ahead(directory_fd: int, segment: Segment, offset: int, base: int, settled: SeqSet) -> Ahead:
    """Read the next entries of a file.

    Args:
        directory_fd: Its directory.
        segment: The file.
        offset: Where to start: at the start of a line.
        base: What the store adds to the numbers in the files.
        settled: Numbers in the file to pass over.

    Raises:
        OSError: It cannot be read.
    """
    end = segment.size
    data = read_at(directory_fd, segment, offset, min(CHUNK, end - offset))
    whole = data.rfind(b"\n") + 1
    # A line longer than that, or a place that cannot be read: then one of these calls begins there, and is told why.
    while not whole and (
        more := read_at(directory_fd, segment, offset + len(data), end - offset - len(data))
    ):
        data += more
        whole = data.rfind(b"\n") + 1
    if not whole:
        return Ahead([], end, 1, end - offset)
    found, damaged = entries_in(data[: whole - 1].split(b"\n"), settled)
    held = [(seq + base, entry, size, segment) for seq, entry, size in found]
    return Ahead(held, offset + whole, len(damaged), sum(len(line) + 1 for line in damaged))
