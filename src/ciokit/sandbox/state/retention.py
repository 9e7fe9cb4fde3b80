"""How much the sandbox keeps, and the bounded logs that keep it.

Knows nothing of what the records mean.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """Bound what a world keeps in memory; the oldest goes first.

    Args:
        events: Events, all workspaces together.
        event_bytes: Bytes of their data as received.
        people: People in one workspace.
        objects: Objects in one workspace.
        requests: Requests in the log.
        request_bytes: Bytes of requests in the log with their answers; older records stay without bodies.
        warnings: Warnings.
        messages: Sent messages.
        message_bytes: Bytes of the requests that sent the messages, together.
        ulids: Event ids remembered for deduplication in one workspace.
        changes: Changes kept for one attribute of one person.
        feed: Entries kept for those who follow the live feed.
    """

    events: int = 100_000
    event_bytes: int = 64 * 1024 * 1024
    people: int = 100_000
    objects: int = 100_000
    requests: int = 10_000
    request_bytes: int = 32 * 1024 * 1024
    warnings: int = 10_000
    messages: int = 10_000
    message_bytes: int = 64 * 1024 * 1024
    ulids: int = 500_000
    changes: int = 20
    feed: int = 10_000


def trim(held: dict[Any, Any], most: int) -> None:
    """Let the oldest entries of a dict go while it has too many.

    Args:
        held: The dict; changed in place.
        most: How many entries to keep.
    """
    while len(held) > most:
        del held[next(iter(held))]


class Bounded(Generic[T]):
    """Keep the newest items within a count and a weight.

    Args:
        count: How many items at most.
        weight: How much all items may weigh together.
        evicted: Called with each item that is let go.
    """

    def __init__(self, count: int, weight: int, evicted: Callable[[T], None]) -> None:
        self._items: deque[tuple[T, int]] = deque()
        self._count = count
        self._weight = weight
        self._held = 0
        self._evicted = evicted

    def append(self, item: T, weight: int = 0) -> None:
        """Add an item and let the oldest go while there is too much.

        Args:
            item: The item.
            weight: What it weighs.
        """
        self._items.append((item, weight))
        self._held += weight
        while self._items and (len(self._items) > self._count or self._held > self._weight):
            old, freed = self._items.popleft()
            self._held -= freed
            self._evicted(old)

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[T]:
        return (item for item, _ in self._items)
