"""What every store promises, and nothing about how.

Entries go in by `put` and come out by `poll`, in order, each once. They stay the store's until `settle` says what
became of them: a store that is reopened hands out again whatever was not settled.
"""

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

import msgspec

from ciokit.stores.journal import Fate, Outcome
from ciokit.wire import Entry

__all__ = ["ENTRY_OVERHEAD", "Backlog", "Fate", "Outcome", "Sink", "Source", "Store", "sum_up"]

ENTRY_OVERHEAD: Final = 500
"""Bytes of memory that an entry takes beside its body: objects, keys, id and its places in queues (CPython 3.11: 450)."""


class Backlog(msgspec.Struct, frozen=True):
    """Count what waits, handed out or not.

    Attributes:
        entries: How many entries.
        bytes: How much of `max_bytes` they take.
    """

    entries: int
    bytes: int


def sum_up(backlogs: Iterable[Backlog]) -> Backlog:
    """Add up what waits in several places."""
    some = list(backlogs)
    return Backlog(sum(one.entries for one in some), sum(one.bytes for one in some))


class Sink(Protocol):
    """Take entries."""

    def put(self, entries: Sequence[Entry]) -> int:
        """Keep entries, all of them or none.

        Args:
            entries: At least one, in the order in which they happened.

        Returns:
            The sequence number of the first; the others follow it.

        Raises:
            StoreFull: A bound is reached; the error says which.
            StoreUnwritable: The disk does not take them.
            ClientClosed: The store is closed.
        """
        ...


class Source(Protocol):
    """Give entries, and learn what became of them."""

    def poll(self, limit_entries: int, limit_bytes: int) -> list[tuple[int, Entry]]:
        """Hand out the next entries in order, each once until the store is reopened; never wait for more.

        Args:
            limit_entries: The most entries.
            limit_bytes: The most bytes of their bodies; the first entry is handed out even if it is larger.

        Returns:
            Sequence numbers and entries; empty when nothing is there that was not handed out.
        """
        ...

    def settle(self, fates: Iterable[Fate]) -> None:
        """Record what became of entries that were handed out.

        Numbers that are not out, or are settled already, are passed over.
        """
        ...


class Store(Sink, Source, Protocol):
    """Keep entries until they are settled. Safe for threads, for signal handlers and over a fork."""

    def interrupted(self) -> bool:
        """Return whether the caller, a signal's handler or a destructor, came amid another call of its own thread.

        It must then wait for nobody: others may wait for that call. Waits for nothing itself.
        """
        ...

    @property
    def pending(self) -> Backlog:
        """What waits."""
        ...

    @property
    def lost(self) -> int:
        """How many entries were kept and then could not be read."""
        ...

    @property
    def unburied(self) -> Backlog:
        """What of all that waits is refused already, and could not be kept as a dead letter yet."""
        ...

    @property
    def last_seq(self) -> int:
        """The number of the newest entry that was put; whatever else waits has a smaller one."""
        ...

    def sync(self, timeout: float | None = None) -> bool:
        """Bring everything that was put to where the store keeps it for good.

        Args:
            timeout: Seconds to wait at most.

        Returns:
            Whether that is done.
        """
        ...

    def close(self) -> None:
        """Let go of everything the store holds; what was not settled stays where the store keeps things."""
        ...
