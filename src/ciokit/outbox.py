"""The outbox: verbs that return in microseconds, and delivery in the background that loses nothing.

    outbox = Outbox(client, spool="/var/spool/my-app")
    outbox.track("user-1", SignedUp(method="google"))

A verb checks and encodes, puts the entry into a store, and returns; `ciokit.senders` does the rest. What a verb
returned for survives the process if there is a spool, and is delivered at least once, in order per person.
"""

import asyncio
import os
import random
import time
from collections.abc import Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, Self, TypeAlias

from ciokit.dispatch import PATIENT, Dispatcher
from ciokit.errors import ClientClosed, SettingsError
from ciokit.events import Event
from ciokit.identifiers import PersonRef
from ciokit.journal import Fate
from ciokit.lifetime import watch
from ciokit.operations import Data, Operation
from ciokit.reports import DeliveredHook, DroppedHook, Hooks, OutboxStats, RejectedHook, Reports
from ciokit.senders import Senders
from ciokit.stores.contract import Store
from ciokit.stores.errors import StoreFull
from ciokit.stores.memory import MemoryStore
from ciokit.verbs import AttributesT, EventT, ResultT, TrackVerbs
from ciokit.verdict import RetryPolicy
from ciokit.wire import Entry

if TYPE_CHECKING:
    from ciokit.stores.spool import Durability
    from ciokit.track import TrackClient

__all__ = ["AsyncOutbox", "Outbox", "Overflow"]

Overflow: TypeAlias = Literal["block", "raise", "drop_new", "drop_old"]
_OVERFLOWS: Final = ("block", "raise", "drop_new", "drop_old")
_LOOK_AGAIN: Final = 0.05
"""Seconds after which a verb that waits for room asks again."""


class _Shell(TrackVerbs[ResultT, AttributesT, EventT], Generic[ResultT, AttributesT, EventT]):
    """Hold what both outboxes are made of: everything but how a verb waits for room."""

    def __init__(
        self,
        client: "TrackClient[AttributesT, EventT]",
        *,
        spool: "str | os.PathLike[str] | None" = None,
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
            if not value >= 0:
                msg = f"{name} must be 0 or more, got {value!r}"
                raise SettingsError(msg)
        self._exit_timeout = exit_timeout
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
        self._new_senders = partial(Senders, self._store, threads=senders, batch_size=batch_size)
        self._waits_for_disk = spool is not None and durability == "power"
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
        self._close(self._exit_timeout)

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


class Outbox(_Shell[str | None, AttributesT, EventT], Generic[AttributesT, EventT]):
    """Keep what is said, deliver it in the background, and lose nothing.

    Each verb returns the event's ULID (None where there is none) once the entry is kept. It raises `InvalidData` for
    what is wrong with it, never for a problem of delivery. Safe to use from any number of threads; a forked child
    starts with an empty outbox of its own, and the parent sends what the parent was told.

    Args:
        client: Encodes and sends; bound to a catalogue or not, and the outbox is so too.
        spool: A directory to keep entries in; without one they are kept in memory. Many processes may share it.
        durability: `process` (what a verb returned for survives kill -9) or `power` (and the plug).
        batch_size: Entries that are enough for a request; when more wait, a request takes all that fit.
        flush_interval: Seconds that an entry waits for company at most.
        senders: Requests under way at once; 0 starts no thread and sends only within `flush` and `close`.
        rate: Requests a second at most; None for no limit.
        max_bytes: The most bytes to keep, in-flight and retries included; 64 MB in memory, 1 GB in a spool.
        max_entries: The most entries to keep; 1,000,000 in memory, 10,000,000 in a spool.
        overflow: What a verb does when there is no room: `block` (for `block_timeout`, then drop the new entry),
            `raise` `StoreFull`, `drop_new` or `drop_old`. What is dropped is counted, logged and told to `on_dropped`.
        block_timeout: Seconds that a verb waits for room.
        exit_timeout: Seconds for delivery when the process ends without `close`.
        retry: How patiently to retry; by default for as long as an outage lasts.
        on_delivered: Called with `DeliveredDetails` for each request that was taken.
        on_rejected: Called with `RejectedDetails` for each entry that Customer.io refused for good.
        on_dropped: Called with `DroppedDetails` for each entry that was given up unsent.

    Raises:
        SettingsError: If a setting is out of range or the spool's directory cannot be trusted.
    """

    def _perform(self, operation: Operation) -> str | None:
        if self._closed:
            self._check_open()
        entry = self._client.encode(operation)
        self.put(entry)
        return entry.id

    def put(self, entry: Entry) -> None:
        """Keep an entry that is encoded already, and have it delivered.

        Args:
            entry: What `TrackClient.encode` returned.

        Raises:
            StoreFull: If there is no room and `overflow="raise"`, or never could be.
            StoreUnwritable: If the spool's disk does not take it.
            ClientClosed: After `close`.
        """
        try:
            self._put(entry)
        except StoreFull as full:
            self._find_room(entry, full)

    def _find_room(self, entry: Entry, full: StoreFull) -> None:
        if self._overflow == "raise" or not full.fits_when_empty:
            raise full
        deadline = time.monotonic() + self._block_timeout
        senders = self._senders
        while self._may_wait(deadline):
            with senders.changed:
                senders.changed.wait(_LOOK_AGAIN)
            if self._fits(entry):
                return
        self._settle_overflow(entry)

    def flush(self, timeout: float | None = None) -> bool:
        """Deliver everything that was put so far, without waiting for company.

        Args:
            timeout: Seconds to wait at most; None for as long as it takes.

        Returns:
            Whether everything is delivered, rejected or dropped. What is not goes on in the background.
        """
        return self._flush(timeout)

    def close(self, timeout: float | None = 10.0) -> bool:
        """Deliver what waits and end; what is left then stays in the spool, or is dropped from memory and told.

        Args:
            timeout: Seconds for all of it; None for as long as it takes.

        Returns:
            Whether everything was delivered, rejected or dropped before.
        """
        return self._close(timeout)

    def enqueue(
        self: "Outbox[AttributesT, Event]", user_id: PersonRef, name: str, data: Data = None
    ) -> str | None:
        """Do what `track` does with a name and loose data; the name that hand-made queues have for it."""
        return self.track(user_id, name, data)

    def shutdown(self) -> bool:
        """Do what `close` does; the name that hand-made queues have for it."""
        return self.close()

    async def aflush(self, timeout: float | None = None) -> bool:  # noqa: ASYNC109 - the twin of flush
        """Do what `flush` does without blocking the event loop."""
        return await asyncio.to_thread(self._flush, timeout)

    async def aclose(self, timeout: float | None = 10.0) -> bool:  # noqa: ASYNC109 - the twin of close
        """Do what `close` does without blocking the event loop."""
        return await asyncio.to_thread(self._close, timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncOutbox(_Shell[Coroutine[Any, Any, str | None], AttributesT, EventT], Generic[AttributesT, EventT]):
    """Keep what is said from asyncio, and deliver it in the background; the twin of `Outbox`, with its arguments.

        async with AsyncOutbox(client) as outbox:
            await outbox.track("user-1", SignedUp(method="google"))

    The verbs never block the loop: where there is no room they wait in the task, and a spool with
    `durability="power"` is written to in a thread. Delivery is by threads, so it takes a `TrackClient`.
    """

    def _perform(self, operation: Operation) -> Coroutine[Any, Any, str | None]:
        self._check_open()
        # What is wrong is told here, at the call, and not when the coroutine is awaited.
        return self._keep(self._client.encode(operation))

    async def _keep(self, entry: Entry) -> str | None:
        try:
            await self._aput(entry)
        except StoreFull as full:
            await self._find_room(entry, full)
        return entry.id

    async def _aput(self, entry: Entry) -> None:
        if self._waits_for_disk:
            await asyncio.to_thread(self._put, entry)
        else:
            self._put(entry)

    async def _find_room(self, entry: Entry, full: StoreFull) -> None:
        if self._overflow == "raise" or not full.fits_when_empty:
            raise full
        deadline = time.monotonic() + self._block_timeout
        while self._may_wait(deadline):
            await asyncio.sleep(_LOOK_AGAIN)
            try:
                await self._aput(entry)
            except StoreFull:
                continue
            return
        self._settle_overflow(entry)

    async def flush(self, timeout: float | None = None) -> bool:  # noqa: ASYNC109 - the twin of Outbox.flush
        """Deliver everything that was put so far; see `Outbox.flush`."""
        return await asyncio.to_thread(self._flush, timeout)

    async def aclose(self, timeout: float | None = 10.0) -> bool:  # noqa: ASYNC109 - the twin of Outbox.close
        """Deliver what waits and end; see `Outbox.close`."""
        return await asyncio.to_thread(self._close, timeout)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _open_store(
    spool: "str | os.PathLike[str] | None",
    durability: "Durability",
    max_bytes: int | None,
    max_entries: int | None,
) -> Store:
    bounds = {"max_bytes": max_bytes, "max_entries": max_entries}
    given: dict[str, Any] = {name: bound for name, bound in bounds.items() if bound is not None}
    if spool is None:
        return MemoryStore(**given)
    from ciokit.stores.spool import Spool

    return Spool(spool, durability=durability, **given)
