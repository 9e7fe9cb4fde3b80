"""Many operations in few requests: how entries are laid out over requests, and what became of each."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, TypeAlias

import msgspec

from ciokit.errors import DeliveryError, NoReplyError, Problem, ReplyError
from ciokit.verdict import Delivered
from ciokit.wire import FRAME, TRACK_V2, Entry, Route, frame

__all__ = ["BatchError", "BatchResult", "Chunk", "ItemResult", "Outcomes", "chunks"]

ItemStatus: TypeAlias = Literal["accepted", "rejected", "failed", "not_sent"]


class ItemResult(msgspec.Struct, frozen=True, gc=False):
    """Tell what became of one operation of a batch.

    Attributes:
        index: Its place in the list that was given.
        kind: The operation: `event`, `identify`, ...
        id: The event's ULID, where it has one.
        status: `accepted`; `rejected` by the service; `failed`, when the whole request did and the service may have
            taken it all the same; `not_sent`, when an earlier request failed.
        reasons: The service's messages.
    """

    index: int
    kind: str
    id: str | None
    status: ItemStatus
    reasons: tuple[Problem, ...] = ()


class BatchResult(msgspec.Struct, frozen=True):
    """Tell what became of a batch.

    Attributes:
        items: One for each operation, in the order given.
        requests: How many requests it took, retries not counted.
        unplaced: Complaints of the service that name no item.
    """

    items: tuple[ItemResult, ...]
    requests: int = 0
    unplaced: tuple[Problem, ...] = ()

    @property
    def accepted(self) -> int:
        """How many the service took."""
        return sum(item.status == "accepted" for item in self.items)

    @property
    def rejected(self) -> tuple[ItemResult, ...]:
        """Those that the service did not take."""
        return tuple(item for item in self.items if item.status != "accepted")

    def raise_if_rejected(self) -> None:
        """Raise a `ReplyError` that names every item that was not taken, if there is one."""
        rejected = self.rejected
        if rejected:
            said = "; ".join(f"[{item.index}] {item.kind}: {_said(item)}" for item in rejected[:10])
            more = f"; and {len(rejected) - 10} more" if len(rejected) > 10 else ""
            msg = f"batch: {len(rejected)} of {len(self.items)} operations were not taken: {said}{more}"
            raise ReplyError(
                msg, kind="batch", reasons=tuple(reason for item in rejected for reason in item.reasons)
            )


def _said(item: ItemResult) -> str:
    return ", ".join(str(reason) for reason in item.reasons) or item.status


class BatchError(DeliveryError):
    """A request of a batch failed for good, and what was left was not sent.

    Attributes:
        cause: The failed request's own error: `Unauthorized`, `NoReplyError`, ...
        result: What became of each operation.
    """

    def __init__(self, cause: DeliveryError, result: BatchResult) -> None:
        self.cause = cause
        self.result = result
        msg = f"{cause}; {result.accepted} of {len(result.items)} operations were taken"
        facts = {
            "kind": "batch",
            "attempts": cause.attempts,
            "elapsed": cause.elapsed,
            "retryable": cause.retryable,
        }
        super().__init__(msg, **facts)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.cause, self.result), self.__dict__


class Chunk(msgspec.Struct, frozen=True):
    """Hold the entries of one request: a run of those that were given.

    Attributes:
        start: The place of the first in the list that was given.
        entries: The entries; all have the same route and are alike in whether they may be sent twice.
    """

    start: int
    entries: Sequence[Entry]

    @property
    def route(self) -> Route:
        """Where they all go."""
        return self.entries[0].route

    @property
    def body(self) -> bytes:
        """The request's body."""
        return frame([entry.body for entry in self.entries])

    @property
    def replay_safe(self) -> bool:
        """Whether sending them twice does no harm."""
        return self.entries[0].replay_safe


def chunks(entries: Sequence[Entry]) -> Iterator[Chunk]:
    """Lay entries out over requests, in order, each as full as the API takes.

    An entry that must not be sent twice goes with its like alone, so that the others can be retried.

    Args:
        entries: Entries whose route has a batch.

    Yields:
        The requests.
    """
    start = room = 0
    route, safe = TRACK_V2, True
    for place, entry in enumerate(entries):
        size = len(entry.body) + 1  # with its comma
        elsewhere = entry.route is not route and entry.route != route
        if size > room or elsewhere or entry.replay_safe is not safe:
            if place > start:
                yield Chunk(start, entries[start:place])
            start, route, safe = place, entry.route, entry.replay_safe
            room = route.batch_limit - FRAME + 1  # one item has no comma
        room -= size
    if start < len(entries):
        yield Chunk(start, entries[start:])


class Outcomes:
    """Gather what became of each entry of a batch.

    Args:
        entries: All of them, in order.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._reached = 0
        self._not_taken: dict[int, tuple[ItemStatus, tuple[Problem, ...]]] = {}
        self._unplaced: list[Problem] = []
        self._requests = 0

    def delivered(self, chunk: Chunk, verdict: Delivered) -> None:
        """Note that the service took a request, perhaps without some items."""
        self._count(chunk)
        self._unplaced += verdict.unplaced
        for place, reasons in verdict.rejected.items():
            if place < len(chunk.entries):
                self._not_taken[chunk.start + place] = ("rejected", reasons)
            else:  # of an item that was not there; the words are kept all the same
                self._unplaced += (Problem(f"[{place}]", str(reason)) for reason in reasons)

    def failed(self, chunk: Chunk, error: DeliveryError) -> BatchError:
        """Note that a request failed for good, and return the error that tells so of the whole batch."""
        self._count(chunk)
        reasons = error.reasons if isinstance(error, ReplyError) else ()
        for index in range(chunk.start, self._reached):
            self._not_taken[index] = ("failed", reasons)
        return BatchError(error, self.result())

    def stopped(self) -> BatchError:
        """Return the error of a batch whose client was closed before all of it was sent."""
        words = "batch: the client was closed before the rest was sent"
        cause = NoReplyError(words, may_have_arrived=False, kind="batch", attempts=0, retryable=True)
        return BatchError(cause, self.result())

    @property
    def begun(self) -> bool:
        """Whether anything was sent."""
        return self._requests > 0

    def result(self) -> BatchResult:
        """Return what became of the batch."""
        sent = [
            ItemResult(index, entry.kind, entry.id, "accepted")
            for index, entry in enumerate(self._entries[: self._reached])
        ]
        for index, (status, reasons) in self._not_taken.items():
            entry = self._entries[index]
            sent[index] = ItemResult(index, entry.kind, entry.id, status, reasons)
        rest = [
            ItemResult(index, entry.kind, entry.id, "not_sent")
            for index, entry in enumerate(self._entries[self._reached :], self._reached)
        ]
        return BatchResult((*sent, *rest), self._requests, tuple(self._unplaced))

    def _count(self, chunk: Chunk) -> None:
        self._requests += 1
        self._reached = chunk.start + len(chunk.entries)
