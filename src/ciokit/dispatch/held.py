"""The batches that hold people: those in flight, and those that wait to be sent again.

Pure. It knows nothing of why a batch waits or for how long.
"""

import heapq
import itertools
import math
from collections.abc import Iterator

from ciokit.dispatch.batch import Batch
from ciokit.dispatch.load import Queued

__all__ = ["Held"]


class Held:
    """Keep every batch from its first request until its entries are settled.

    Attributes:
        count: Entries of all batches.
        size: Bytes of their bodies.
        in_flight: The batches on their way, by the serial number of their request.
    """

    __slots__ = ("_tickets", "_waiting", "count", "in_flight", "size")

    def __init__(self) -> None:
        self.count = 0
        self.size = 0
        self.in_flight: dict[int, Batch] = {}
        self._waiting: list[tuple[float, int, Batch]] = []  # a heap by the time they are due
        self._tickets = (
            itertools.count()
        )  # those that are due at the same time go in the order in which they came

    def __iter__(self) -> Iterator[Batch]:
        yield from self.in_flight.values()
        for _, _, batch in self._waiting:
            yield batch

    @property
    def waiting(self) -> int:
        """Return how many batches wait to be sent again."""
        return len(self._waiting)

    @property
    def due_at(self) -> float:
        """Return when the first of those that wait is due; never, when none waits."""
        return self._waiting[0][0] if self._waiting else math.inf

    def add(self, batch: Batch) -> None:
        """Count a new batch."""
        self.count += len(batch.items)
        self.size += batch.size

    def land(self, batch: Batch) -> None:
        """Take a batch out of the air.

        Raises:
            ValueError: It is not in flight.
        """
        if self.in_flight.pop(batch.serial, None) is not batch:
            msg = f"{batch!r} is not in flight"
            raise ValueError(msg)

    def keep(self, batch: Batch, items: list[Queued]) -> None:
        """Let a batch go on with some of its entries; the others are settled."""
        self.let_go(batch)
        batch.carry(items)
        self.add(batch)

    def let_go(self, batch: Batch) -> None:
        """Count no longer the entries that a batch carries; they are settled."""
        self.count -= len(batch.items)
        self.size -= batch.size

    def wait(self, batch: Batch, due: float) -> None:
        """Let a batch wait until it is due."""
        heapq.heappush(self._waiting, (due, next(self._tickets), batch))

    def take_due(self) -> Batch:
        """Take the first that is due."""
        return heapq.heappop(self._waiting)[2]

    def take_stalest(self) -> Batch:
        """Take the one whose last request is longest ago."""
        batch = self._stalest()
        self._remove(batch)
        return batch

    def drop_first(self) -> tuple[Queued, Batch]:
        """Take the first entry out of the batch whose last request is longest ago.

        Returns:
            The entry, and the batch, which waits no longer if that was its last.
        """
        batch = self._stalest()
        item = batch.items[0]
        self.keep(batch, batch.items[1:])
        if not batch.items:
            self._remove(batch)
        return item, batch

    def hasten(self, now: float) -> None:
        """Let all that wait be due."""
        by_ticket = sorted(self._waiting, key=lambda waiting: waiting[1])
        self._waiting = [(now, ticket, batch) for _, ticket, batch in by_ticket]  # in order, so a heap

    def _stalest(self) -> Batch:
        return min((batch for _, _, batch in self._waiting), key=lambda batch: batch.serial)

    def _remove(self, batch: Batch) -> None:
        self._waiting = [waiting for waiting in self._waiting if waiting[2] is not batch]
        heapq.heapify(self._waiting)
