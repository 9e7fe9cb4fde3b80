"""What an outbox tells the application: hooks, counts, and log lines that say each problem once a window.

It starts no thread and knows no store. Whoever calls it holds a lock around the counting, and none around the telling.
"""

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec

from ciokit.dispatch.load import Queued
from ciokit.dispatch.settlement import Rejection, Settlement
from ciokit.locks import new_lock
from ciokit.logs import get_logger
from ciokit.verdict import Rejected, RetryIn
from ciokit.wire import Entry

__all__ = ["DeliveredDetails", "DroppedDetails", "Hooks", "OutboxStats", "RejectedDetails", "Reports"]

WINDOW: Final = 60.0
"""Seconds within which a problem is logged once, with a count of how often it came."""

_CHECK: Final = {
    "unauthorized": "check the credentials and the region",
    "wrong_region": "the account lives in the other region; check CUSTOMERIO_REGION",
    "redirected": "check CIOKIT_BASE_URL and the region",
    "misdirected": "check CIOKIT_BASE_URL, the account, and a proxy if there is one",
}
"""What to look at, by why nothing is sent."""

_KEEP: Final = {
    "full": "allow more with max_bytes and max_entries, or name another overflow",
    "closed": "give close() more time, or keep them in a spool",
}
"""What would keep entries, by why they were dropped."""

logger = get_logger("ciokit.outbox")


class DeliveredDetails(msgspec.Struct, frozen=True):
    """Tell a hook which entries Customer.io accepted in one request.

    Attributes:
        kinds: The operation of each: `event`, `identify`, ...
        ids: The ULID of each, None where it has none.
        attempts: Requests that carried them.
    """

    kinds: tuple[str, ...]
    ids: tuple[str | None, ...]
    attempts: int


class RejectedDetails(msgspec.Struct, frozen=True):
    """Tell a hook of an entry that Customer.io refused for good.

    Attributes:
        kind: The operation.
        id: Its ULID, None where it has none.
        keys: The people or objects it is about: `id:user-1`.
        status: The HTTP status, 0 when there was none.
        reason: Why, in the service's words.
        attempts: Requests that carried it.
        body: The operation as it was sent; the application's own data, so it is in no log and no repr.
        may_have_arrived: Whether the service may have processed it all the same.
    """

    kind: str
    id: str | None
    keys: tuple[str, ...]
    status: int
    reason: str
    attempts: int
    body: bytes
    may_have_arrived: bool = False

    def __repr__(self) -> str:
        return f"RejectedDetails(kind={self.kind!r}, id={self.id!r}, status={self.status}, attempts={self.attempts})"


class DroppedDetails(msgspec.Struct, frozen=True):
    """Tell a hook of an entry that was dropped before Customer.io accepted it.

    An entry that was in flight when `close` gave up may have arrived nevertheless.

    Attributes:
        kind: The operation.
        id: Its ULID, None where it has none.
        keys: The people or objects it is about.
        reason: `full` or `closed`.
        body: The operation as it would have been sent.
    """

    kind: str
    id: str | None
    keys: tuple[str, ...]
    reason: str
    body: bytes

    def __repr__(self) -> str:
        return f"DroppedDetails(kind={self.kind!r}, id={self.id!r}, reason={self.reason!r})"


DeliveredHook: TypeAlias = Callable[[DeliveredDetails], object]
RejectedHook: TypeAlias = Callable[[RejectedDetails], object]
DroppedHook: TypeAlias = Callable[[DroppedDetails], object]


class Hooks(msgspec.Struct, frozen=True):
    """Hold what the application wants to be called; each may be missing."""

    on_delivered: DeliveredHook | None = None
    on_rejected: RejectedHook | None = None
    on_dropped: DroppedHook | None = None


class OutboxStats(msgspec.Struct, frozen=True, kw_only=True):
    """Count what went through an outbox: accepted = delivered + rejected + dropped + pending, at every instant.

    Attributes:
        accepted: Entries taken by a verb, or found in the spool.
        delivered: Entries that Customer.io took.
        rejected: Entries that it refused for good.
        dropped: Entries dropped unsent, by reason: `full`, `closed`, or `damaged` on the spool's disk.
        pending: Entries that are not delivered yet.
        pending_bytes: How much of `max_bytes` they use.
        in_flight: Pending entries that are being sent.
        retrying: Pending entries that wait to be sent again.
        requests: Requests sent.
        retries: Requests among them that carried entries again.
        rate: Requests a second that are currently allowed.
        paused: Why nothing is sent until somebody changes the settings (`unauthorized`, ...); empty when it is.
        down: Whether only probes are sent, because of an outage or wrong settings.
        trouble: Why the last request failed, in words, and what to do; empty after a success.
    """

    accepted: int = 0
    delivered: int = 0
    rejected: int = 0
    dropped: Mapping[str, int] = {}
    pending: int = 0
    pending_bytes: int = 0
    in_flight: int = 0
    retrying: int = 0
    requests: int = 0
    retries: int = 0
    rate: float = 0.0
    paused: str = ""
    down: bool = False
    trouble: str = ""


class Reports:
    """Count, call hooks and log.

    Args:
        hooks: What the application wants to be called.
        monotonic: Tells the time, for the windows of the log.
    """

    def __init__(self, hooks: Hooks, monotonic: Callable[[], float]) -> None:
        self.trouble = ""
        self.delivered = 0
        self.rejected = 0
        self.requests = 0
        self.retries = 0
        self._dropped: Counter[str] = Counter()
        self._noted: deque[str] = deque()
        self._hooks = hooks
        self._monotonic = monotonic
        # Re-entrant, and never held while something is logged: the application's log handler may put.
        self._saying = new_lock()
        self._said: dict[str, tuple[float, int]] = {}
        self._logging: set[int] = set()
        self._troubled = False

    def count(self, settlement: Settlement) -> None:
        """Count what became of a request's entries; the caller holds the lock."""
        self.trouble = trouble_in(settlement) or ("" if settlement.delivered else self.trouble)
        self.delivered += len(settlement.delivered)
        self.rejected += len(settlement.rejected)

    def count_dropped(self, number: int, reason: str) -> None:
        """Count entries given up unsent; the caller holds the lock."""
        if number:
            self._dropped[reason] += number

    def note_dropped(self, reason: str) -> None:
        """Count an entry given up unsent that no store has; may interrupt whatever else counts."""
        self._noted.append(reason)

    def sum_dropped(self) -> dict[str, int]:
        """Return how many entries were given up unsent, by reason; the caller holds the lock."""
        while self._noted:
            self._dropped[self._noted.popleft()] += 1
        return dict(self._dropped)

    def tell(self, settlement: Settlement, attempts: int) -> None:
        """Call the hooks and log what became of a request."""
        if settlement.delivered:
            self._tell_delivered(settlement.delivered, attempts)
        for rejection in settlement.rejected:
            self._tell_rejected(rejection)
        trouble = trouble_in(settlement)
        if settlement.paused:
            self._log(logging.ERROR, f"pause {trouble}", "nothing is sent (%s); entries are kept", trouble)
        elif trouble:
            words = "Customer.io does not take entries (%s); they are kept"
            self._log(logging.WARNING, f"retry {trouble}", words, trouble)
        elif self._troubled and settlement.delivered:
            self._log(logging.INFO, "recovered", "Customer.io takes entries again")
        self._troubled = bool(trouble) or (self._troubled and not settlement.delivered)

    def tell_dropped(self, entries: Iterable[Entry], reason: str) -> None:
        """Call the hook for entries given up unsent, and log it."""
        hook = self._hooks.on_dropped
        number = 0
        for entry in entries:
            number += 1
            if hook is not None:
                self._call(hook, DroppedDetails(entry.kind, entry.id, entry.keys, reason, entry.body))
        if number and (total := self._due(f"dropped {reason}", number)):
            advice = _KEEP[reason]
            self._write(logging.ERROR, "entries dropped unsent: %d (%s); %s", total, reason, advice)

    def _tell_delivered(self, delivered: Sequence[Queued], attempts: int) -> None:
        hook = self._hooks.on_delivered
        if hook is not None:
            kinds = tuple(entry.kind for _, entry in delivered)
            self._call(hook, DeliveredDetails(kinds, tuple(entry.id for _, entry in delivered), attempts))

    def _tell_rejected(self, rejection: Rejection) -> None:
        entry = rejection.entry
        reason = reason_of(rejection)
        hook = self._hooks.on_rejected
        if hook is not None:
            details = RejectedDetails(
                entry.kind,
                entry.id,
                entry.keys,
                rejection.status,
                reason,
                rejection.attempts,
                entry.body,
                rejection.may_have_arrived,
            )
            self._call(hook, details)
        words = "Customer.io refused an entry for good (%s, status %s): %s"
        self._log(logging.ERROR, f"rejected {rejection.status}", words, entry.kind, rejection.status, reason)

    def _call(self, hook: Callable[..., object], details: msgspec.Struct) -> None:
        try:
            hook(details)
        except (Exception, SystemExit):  # noqa: BLE001 - a hook is the application's; its failure must not stop delivery
            self._log(logging.ERROR, f"hook {hook!r}", "a hook of the outbox raised", traceback=True)

    def tell_trouble(self, topic: str, words: str, *facts: object, traceback: bool = False) -> None:
        """Log a problem of the outbox's own."""
        self._log(logging.ERROR, topic, words, *facts, traceback=traceback)

    def tell_closed(self, stats: OutboxStats) -> None:
        """Log what became of everything."""
        words = (
            "the outbox is closed: %d accepted, %d delivered, %d rejected, %d dropped, %d left in the spool"
        )
        dropped = sum(stats.dropped.values())
        counts = (stats.accepted, stats.delivered, stats.rejected, dropped, stats.pending)
        self._write(logging.INFO, words, *counts)

    def _log(
        self, level: int, topic: str, words: str, *facts: object, number: int = 1, traceback: bool = False
    ) -> None:
        """Log a problem once a window, and say how often it came since."""
        total = self._due(topic, number)
        if not total:
            return
        if total > 1:
            words = f"{words} ({total} times since this was last said)"
        self._write(level, words, *facts, traceback=traceback)

    def is_logging(self) -> bool:
        """Return whether this thread is in a log handler that was told something here."""
        return threading.get_ident() in self._logging

    def _write(self, level: int, words: str, *facts: object, traceback: bool = False) -> None:
        me = threading.get_ident()
        outermost = me not in self._logging
        self._logging.add(me)
        try:
            logger.log(level, words, *facts, exc_info=traceback)
        finally:
            if outermost:
                self._logging.discard(me)

    def _due(self, topic: str, number: int) -> int:
        """Count a problem, and return how often it came if that is to be said now; 0 if not."""
        with self._saying:
            now = self._monotonic()
            since, count = self._said.get(topic, (-WINDOW, 0))
            if now - since < WINDOW:
                self._said[topic] = (since, count + number)
                return 0
            self._said[topic] = (now, 0)
            return count + number


def trouble_in(settlement: Settlement) -> str:
    """Say why a request's entries go on waiting, and what to do about it; empty when they need not."""
    verdict = settlement.verdict
    if not isinstance(verdict, RetryIn) and not (settlement.paused and isinstance(verdict, Rejected)):
        return ""
    if not verdict.status:
        return f"no answer: {'; '.join(str(reason) for reason in verdict.reasons)}"
    if not settlement.paused:
        return f"status {verdict.status}"
    return f"{settlement.paused}, status {verdict.status}: {_CHECK[settlement.paused]}"


def reason_of(rejection: Rejection) -> str:
    """Put the reasons of a rejection into one text without a payload."""
    return "; ".join(str(reason) for reason in rejection.reasons) or rejection.cause
