"""What both outboxes are made of: the store, the dispatcher, the senders and what is done when there is no room."""

import os
import random
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, Protocol, TypeAlias, TypeVar

from ciokit.dispatch import PATIENT, Dispatcher
from ciokit.errors import ClientClosed, SettingsError
from ciokit.outboxes.lifetime import watch
from ciokit.outboxes.reports import DeliveredHook, DroppedHook, Hooks, OutboxStats, RejectedHook, Reports
from ciokit.outboxes.senders import Attempt, Senders
from ciokit.settings import check_range
from ciokit.stores.contract import Store
from ciokit.stores.errors import StoreFull
from ciokit.stores.journal import Fate
from ciokit.stores.memory import MemoryStore
from ciokit.verdict import RetryPolicy
from ciokit.wire import Entry

if TYPE_CHECKING:
    from ciokit.stores.spool import Durability, Spool

__all__ = ["LOOK_AGAIN", "OutboxShell", "Overflow"]

OperationT = TypeVar("OperationT")
AskedT_contra = TypeVar("AskedT_contra", contravariant=True)

Overflow: TypeAlias = Literal["block", "raise", "drop_new", "drop_old"]
_OVERFLOWS: Final = ("block", "raise", "drop_new", "drop_old")
LOOK_AGAIN: Final = 0.05
"""Seconds after which a verb that waits for room asks again."""


class Client(Protocol[AskedT_contra]):
    """Encode and send; `TrackClient` is one, and `PipelinesClient` another."""

    attempt: Attempt

    @property
    def url(self) -> str:
        """The address that it speaks to."""
        ...

    def encode(self, operation: AskedT_contra) -> Entry:
        """Check an operation and return what is sent."""
        ...


class OutboxShell(Generic[OperationT]):
    """Keep entries and have them delivered; how a verb waits for room is up to the subclass."""

    def __init__(
        self,
        client: Client[OperationT],
        *,
        spool: "str | os.PathLike[str] | Spool | None" = None,
        durability: "Durability" = "process",
        batch_size: int = 50,
        flush_interval: float = 5.0,
        senders: int = 4,
        rate: float | None = 100.0,
        max_bytes: int | None = None,
        max_entries: int | None = None,
        overflow: Overflow = "block",
        block_timeout: float = 5.0,
        exit_timeout: float = 5.0,
        retry: RetryPolicy = PATIENT,
        on_delivered: DeliveredHook | None = None,
        on_rejected: RejectedHook | None = None,
        on_dropped: DroppedHook | None = None,
    ) -> None:
        if overflow not in _OVERFLOWS:
            msg = f"overflow must be one of {', '.join(_OVERFLOWS)}, got {overflow!r}"
            raise SettingsError(msg)
        for name, value in (
            ("senders", senders),
            ("block_timeout", block_timeout),
            ("exit_timeout", exit_timeout),
        ):
            check_range(name, value, "0 or more", fits=value >= 0)
        self.exit_timeout = exit_timeout
        self._client = client
        self._store = _open_store(spool, durability, max_bytes, max_entries)
        self._overflow = overflow
        self._block_timeout = block_timeout
        self._hooks = Hooks(on_delivered, on_rejected, on_dropped)
        self._new_dispatcher = partial(
            Dispatcher,
            retry,
            chance=random.random,
            batch_size=batch_size,
            flush_interval=flush_interval,
            rate=rate,
        )
        self._new_senders = partial(
            Senders, self._store, threads=senders, batch_size=batch_size, in_memory=spool is None
        )
        self._waits_for_disk = getattr(self._store, "durability", "") == "power"
        self._closed = False
        self.start_anew()
        watch(self)

    def start_anew(self) -> None:
        """Begin with fresh threads, locks and counts, as at first and in a forked child.

        What the parent has not sent is the parent's to send; the store sees to its own.
        """
        self._reports = Reports(self._hooks, time.monotonic)
        self._dispatcher = self._new_dispatcher()
        self._senders = self._new_senders(self._dispatcher, self._client.attempt, self._reports)

    @property
    def url(self) -> str:
        """The address that the outbox delivers to."""
        return self._client.url

    def _time(self) -> float:
        return time.time()

    def _put(self, entry: Entry) -> None:
        """Keep an entry; raise `StoreFull` when there is no room."""
        seq = self._store.put((entry,))
        senders = self._senders
        if seq >= senders.ring_at:
            senders.ring()

    def _check_open(self) -> None:
        if self._closed:
            msg = "this outbox is closed; make a new one"
            raise ClientClosed(msg)

    def _may_wait(self, deadline: float) -> bool:
        """Tell whether a verb goes on waiting for room."""
        return self._overflow == "block" and time.monotonic() < deadline and not self._closed

    def _settle_overflow(self, entry: Entry) -> None:
        """Drop the oldest entries for a new one, or the new one itself."""
        while self._overflow == "drop_old" and self._make_room():
            if self._fits(entry):
                return
        with self._senders.lock:
            self._reports.count_dropped(1, "full")
        self._reports.tell_dropped([entry], "full")

    def _fits(self, entry: Entry) -> bool:
        """Try to keep an entry."""
        try:
            self._put(entry)
        except StoreFull:
            return False
        return True

    def _make_room(self) -> bool:
        """Drop the oldest entry that is not on its way; return whether there was one."""
        with self._senders.lock:
            self._senders.feed(time.monotonic())
            oldest = self._dispatcher.drop_oldest()
            if oldest is None:
                return False
            self._store.settle([Fate("dropped", (oldest.seq,), "full")])
            self._reports.count_dropped(1, "full")
        self._reports.tell_dropped([oldest.entry], "full")
        return True

    def stats(self) -> OutboxStats:
        """Return the counts, which obey accepted = delivered + rejected + dropped + pending."""
        with self._senders.lock:
            reports, dispatcher = self._reports, self._dispatcher
            waiting, places = self._store.pending, dispatcher.pending
            dropped = dict(reports.dropped)
            settled = reports.delivered + reports.rejected + sum(dropped.values())
            return OutboxStats(
                accepted=settled + waiting.entries,
                delivered=reports.delivered,
                rejected=reports.rejected,
                dropped=dropped,
                pending=waiting.entries,
                pending_bytes=waiting.bytes,
                in_flight=places.in_flight,
                retrying=places.retrying,
                requests=reports.requests,
                retries=reports.retries,
                rate=dispatcher.rate,
                paused=dispatcher.paused,
                down=dispatcher.down,
            )

    def resume(self) -> None:
        """Try again at once after the settings or the network have changed, instead of at the next probe."""
        with self._senders.lock:
            self._dispatcher.resume(time.monotonic())
        self._senders.ring()

    def end(self) -> None:
        """Deliver what waits within `exit_timeout`, for the process ends."""
        self._close(self.exit_timeout)

    def drain(self, timeout: float | None) -> bool:
        """Do what `flush` does, in whatever thread asks: for a test, which waits for both kinds of outbox alike."""
        return self._flush(timeout)

    def _flush(self, timeout: float | None) -> bool:
        deadline = None if timeout is None else time.monotonic() + timeout
        return self._senders.flush(self._store.last_seq, deadline)

    def _close(self, timeout: float | None) -> bool:
        if self._closed:
            return True
        deadline = None if timeout is None else time.monotonic() + timeout
        self._closed = True
        done = self._senders.flush(self._store.last_seq, deadline)
        self._senders.stop(deadline)
        left = self._store.pending.entries
        if left and isinstance(self._store, MemoryStore):
            self._drop_rest()
        self._store.close()
        return done

    def _drop_rest(self) -> None:
        """Tell the application of what can no longer be sent; only memory is lost at the end, a spool is not."""
        entries: list[Entry] = []
        with self._senders.lock:
            self._senders.feed(time.monotonic())
            while (oldest := self._dispatcher.drop_oldest()) is not None:
                entries.append(oldest.entry)
                self._store.settle([Fate("dropped", (oldest.seq,), "closed")])
                self._senders.feed(time.monotonic())
            self._reports.count_dropped(self._store.pending.entries + len(entries), "closed")
        self._reports.tell_dropped(entries, "closed")

    def __repr__(self) -> str:
        where = "memory" if isinstance(self._store, MemoryStore) else "spool"
        return f"<{type(self).__name__} {where} to {self._client.url}{', closed' if self._closed else ''}>"


def _open_store(
    spool: "str | os.PathLike[str] | Spool | None",
    durability: "Durability",
    max_bytes: int | None,
    max_entries: int | None,
) -> Store:
    bounds = {"max_bytes": max_bytes, "max_entries": max_entries}
    given: dict[str, Any] = {name: bound for name, bound in bounds.items() if bound is not None}
    if spool is None:
        return MemoryStore(**given)
    from ciokit.stores.spool import Spool

    if isinstance(spool, Spool):
        if given:
            msg = f"{' and '.join(given)}: a Spool has bounds of its own; give them to it"
            raise SettingsError(msg)
        return spool
    return Spool(spool, durability=durability, **given)
