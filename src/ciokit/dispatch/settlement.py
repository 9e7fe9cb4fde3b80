"""What became of a batch: which entries arrived, which are given up and why, and how many go on waiting.

Pure. It knows nothing of when anything is sent again.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ciokit.dispatch.batch import Batch
from ciokit.dispatch.load import Queued
from ciokit.errors import Problem
from ciokit.verdict import Cause, Delivered, Rejected, Verdict
from ciokit.wire import Entry

__all__ = ["Pending", "Rejection", "Settlement", "deliver", "pause_cause", "reject"]

ABOUT_THE_WAY = frozenset({402, 404, 405, 407, 410})
"""Statuses that speak of the address, the account or a proxy and not of the entries, where the path is a fixed one."""


class Rejection(msgspec.Struct, frozen=True):
    """Say why an entry was given up.

    Attributes:
        seq: The entry's number.
        entry: The entry.
        cause: The kind of failure.
        status: The status that came, 0 when none did.
        reasons: The service's messages, or what became of the connection.
        attempts: How often it was sent.
        may_have_arrived: Whether the service may have processed it all the same.
    """

    seq: int
    entry: Entry
    cause: Cause
    status: int
    reasons: tuple[Problem, ...]
    attempts: int
    may_have_arrived: bool = False


class Settlement(msgspec.Struct, frozen=True):
    """Say what became of a batch; entries that are in neither list go on waiting.

    Attributes:
        verdict: What the answer meant.
        delivered: The entries that the service took.
        rejected: The entries that are given up.
        paused: Why nothing but a slow probe goes out from now on (`unauthorized`, ...); empty when that is not so.
    """

    verdict: Verdict
    delivered: Sequence[Queued] = ()
    rejected: Sequence[Rejection] = ()
    paused: str = ""


class Pending(msgspec.Struct, frozen=True):
    """Count what is not settled, and its bytes without frames.

    Attributes:
        waiting: Entries that no batch holds.
        in_flight: Entries on their way.
        retrying: Entries of batches that wait to be sent again.
        waiting_bytes: Their bytes, as of the next two.
        in_flight_bytes: As above.
        retrying_bytes: As above.
    """

    waiting: int
    in_flight: int
    retrying: int
    waiting_bytes: int
    in_flight_bytes: int
    retrying_bytes: int


def deliver(batch: Batch, verdict: Delivered, status: int) -> Settlement:
    """Settle a batch that was taken, perhaps without some of its entries.

    Args:
        batch: What was sent.
        verdict: What was refused of it.
        status: The status that came.
    """
    items = batch.items
    problems: Mapping[int, tuple[Problem, ...]] = verdict.rejected
    if len(items) == 1 and (problems or verdict.unplaced):  # whatever is complained of, it is this one
        problems = {0: (*itertools.chain(*problems.values()), *verdict.unplaced)}
    if not problems:
        return Settlement(verdict, items)
    rejected = [
        Rejection(*item, "refused", status, problems[at], batch.attempts)
        for at, item in enumerate(items)
        if at in problems
    ]
    return Settlement(verdict, [item for at, item in enumerate(items) if at not in problems], rejected)


def reject(batch: Batch, items: Iterable[Queued], verdict: Rejected) -> list[Rejection]:
    """Give entries of a batch up.

    Args:
        batch: What was sent.
        items: The entries.
        verdict: Why.
    """
    return [
        Rejection(
            *item, verdict.cause, verdict.status, verdict.reasons, batch.attempts, verdict.may_have_arrived
        )
        for item in items
    ]


def pause_cause(batch: Batch, verdict: Rejected) -> str:
    """Return why nothing should be sent until somebody has changed the settings; empty when it may.

    Args:
        batch: What was sent.
        verdict: Why it was refused for good.
    """
    if verdict.cause != "refused":
        return verdict.cause
    return "misdirected" if batch.route.batch and verdict.status in ABOUT_THE_WAY else ""
