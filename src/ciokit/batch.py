"""Entries that travel together, how to part them when one spoils the journey, and the batches that wait to go again.

Pure. It knows nothing of why a batch is parted or sent again.
"""

import heapq
import itertools
import math
from collections.abc import Iterator, Sequence

import msgspec

from ciokit.order import Queued
from ciokit.wire import Route, frame

__all__ = ["Batch", "Retries", "halve", "payload"]


class Batch(msgspec.Struct, eq=False, kw_only=True):
    """Hold what one request carries.

    A sender reads `route`, `path`, `body()` and `items`; the rest is the dispatcher's.

    Attributes:
        route: Where it goes.
        items: The entries, in order.
        keys: Whom they are about; no other batch holds any of them.
        later: Entries that share a person with these and go after them, one request each list.
        serial: The number of the request that carries or last carried it; 0 before the first.
        attempts: Requests that carried these entries.
        retries: Passing failures since the first of them.
        first_sent_at: When the first of them started.
        passes: How many requests had passed when this one last failed; -1 before that.
        overtaken: How often it failed again while others had passed.
    """

    route: Route
    items: list[Queued]
    keys: set[str]
    later: list[list[Queued]] = []
    serial: int = 0
    attempts: int = 0
    retries: int = 0
    first_sent_at: float = 0.0
    passes: int = -1
    overtaken: int = 0

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        return f"<Batch {self.serial}: {len(self.items)} for {self.path}, attempt {self.attempts}>"

    @property
    def path(self) -> str:
        """Return the path of the request."""
        return self.route.batch or self.route.path

    def body(self) -> bytes:
        """Return the bytes of the request."""
        if not self.route.batch:
            return self.items[0].entry.body
        return frame([item.entry.body for item in self.items])


def payload(items: Sequence[Queued]) -> int:
    """Return the bytes of entries, without a frame."""
    return sum([len(item.entry.body) for item in items])


def halve(batch: Batch) -> list[Batch]:
    """Part a batch of two entries or more.

    Entries that share a person, directly or by a merge, stay together while there are others to part from, so that
    the halves can go their own ways. When all belong together, the second half goes after the first.

    Returns:
        What may be sent now: two batches without a person in common, or the first half.
    """
    groups = [] if batch.later else _related(batch.items)
    if len(groups) < 2:
        middle = len(batch.items) // 2
        batch.later = [batch.items[middle:], *batch.later]
        batch.items = batch.items[:middle]
        return [batch]
    halves: tuple[list[Queued], list[Queued]] = [], []
    for group in sorted(groups, key=len, reverse=True):
        min(halves, key=len).extend(group)
    return [_part(batch, items) for items in halves]


def _part(batch: Batch, items: list[Queued]) -> Batch:
    keys = {key for item in items for key in item.entry.keys}
    return msgspec.structs.replace(batch, items=items, keys=keys, later=[], passes=-1, overtaken=0)


def _related(items: Sequence[Queued]) -> list[list[Queued]]:
    """Group entries that share a person, each group in order."""
    parents: dict[str, str] = {}

    def root(key: str) -> str:
        while (parent := parents.setdefault(key, key)) != key:
            parents[key] = key = parents[parent]
        return key

    for item in items:
        for key in item.entry.keys[1:]:
            parents[root(key)] = root(item.entry.keys[0])
    groups: dict[str | int, list[Queued]] = {}
    for item in items:
        keys = item.entry.keys
        groups.setdefault(root(keys[0]) if keys else item.seq, []).append(item)
    return list(groups.values())


class Retries:
    """Keep the batches that wait to be sent again, each until it is due."""

    __slots__ = ("_heap", "_tickets")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Batch]] = []
        self._tickets = (
            itertools.count()
        )  # those that are due at the same time go in the order in which they came

    def __len__(self) -> int:
        return len(self._heap)

    def __iter__(self) -> Iterator[Batch]:
        return (batch for _, _, batch in self._heap)

    @property
    def due_at(self) -> float:
        """Return when the first is due; never, when there is none."""
        return self._heap[0][0] if self._heap else math.inf

    def push(self, batch: Batch, due: float) -> None:
        """Let a batch wait."""
        heapq.heappush(self._heap, (due, next(self._tickets), batch))

    def pop(self) -> Batch:
        """Take the first that is due."""
        return heapq.heappop(self._heap)[2]

    @property
    def stalest(self) -> Batch:
        """Return the batch whose last attempt is longest ago."""
        return min(self, key=lambda batch: batch.serial)

    def remove(self, batch: Batch) -> None:
        """Take one out."""
        self._heap = [waiting for waiting in self._heap if waiting[2] is not batch]
        heapq.heapify(self._heap)

    def hasten(self, now: float) -> None:
        """Let all be due."""
        # Sorted by ticket, and all due at once: a heap.
        self._heap = [
            (now, ticket, batch) for _, ticket, batch in sorted(self._heap, key=lambda waiting: waiting[1])
        ]
