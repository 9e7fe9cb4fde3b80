"""The outbox: verbs that return in microseconds, and delivery in the background that loses nothing.

    outbox = Outbox(client, spool="/var/spool/my-app")
    outbox.track("user-1", SignedUp(method="google"))

A verb checks and encodes, puts the entry into a store, and returns; `ciokit.outboxes.senders` does the rest. What a verb
returned for survives the process if there is a spool, and is delivered at least once, in order per person.
"""

import time
from collections.abc import Coroutine
from typing import Any, Final, Generic, Self

from ciokit.events import Event
from ciokit.identifiers import PersonRef
from ciokit.operations import Data, Operation
from ciokit.outboxes.shell import OutboxShell
from ciokit.stores.errors import StoreFull
from ciokit.verbs import AttributesT, EventT
from ciokit.wire import Entry

__all__ = ["AsyncOutbox", "Outbox"]

LOOK_AGAIN: Final = 0.05
"""Seconds after which a task that waits for room asks again."""


class Outbox(OutboxShell[str | None, AttributesT, EventT], Generic[AttributesT, EventT]):
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

    def _track_now(self, person: PersonRef, event: Event | str) -> str | None:
        entry = None if self._closed else self._client.encode_now(person, event)
        if entry is None:
            return super()._track_now(person, event)
        try:
            self._put(entry)
        except StoreFull as full:
            self._find_room(entry, full)
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
        if self._closed:
            self._check_open()
        try:
            self._put(entry)
        except StoreFull as full:
            self._find_room(entry, full)

    def _find_room(self, entry: Entry, full: StoreFull) -> None:
        deadline = time.monotonic() + self._block_timeout
        waits, senders = self._waits(full), self._senders
        while waits:
            before = senders.changes
            if self._fits(entry):
                return
            waits = time.monotonic() < deadline
            senders.wait(before, deadline)
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
        import asyncio

        return await asyncio.to_thread(self._flush, timeout)

    async def aclose(self, timeout: float | None = 10.0) -> bool:  # noqa: ASYNC109 - the twin of close
        """Do what `close` does without blocking the event loop."""
        import asyncio

        return await asyncio.to_thread(self._close, timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncOutbox(
    OutboxShell[Coroutine[Any, Any, str | None], AttributesT, EventT], Generic[AttributesT, EventT]
):
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
        await self.put(entry)
        return entry.id

    async def put(self, entry: Entry) -> None:
        """Keep an entry that is encoded already, and have it delivered; see `Outbox.put`."""
        self._check_open()
        try:
            await self._aput(entry)
        except StoreFull as full:
            await self._find_room(entry, full)

    async def _aput(self, entry: Entry) -> None:
        if self._waits_for_disk:
            import asyncio

            await asyncio.to_thread(self._put, entry)
        else:
            self._put(entry)

    async def _find_room(self, entry: Entry, full: StoreFull) -> None:
        import asyncio

        deadline = time.monotonic() + self._block_timeout
        waits = self._waits(full)
        while waits:
            try:
                await self._aput(entry)
            except StoreFull:
                waits = time.monotonic() < deadline
            else:
                return
            if self._senders.helps():
                await asyncio.sleep(LOOK_AGAIN)
            else:
                await asyncio.to_thread(self._senders.wait, self._senders.changes, deadline)
        self._settle_overflow(entry)

    def enqueue(
        self: "AsyncOutbox[AttributesT, Event]", user_id: PersonRef, name: str, data: Data = None
    ) -> Coroutine[Any, Any, str | None]:
        """Do what `track` does with a name and loose data; see `Outbox.enqueue`."""
        return self.track(user_id, name, data)

    async def shutdown(self) -> bool:
        """Do what `aclose` does; see `Outbox.shutdown`."""
        return await self.aclose()

    async def flush(self, timeout: float | None = None) -> bool:  # noqa: ASYNC109 - the twin of Outbox.flush
        """Deliver everything that was put so far; see `Outbox.flush`."""
        import asyncio

        return await asyncio.to_thread(self._flush, timeout)

    async def aclose(self, timeout: float | None = 10.0) -> bool:  # noqa: ASYNC109 - the twin of Outbox.close
        """Deliver what waits and end; see `Outbox.close`."""
        import asyncio

        return await asyncio.to_thread(self._close, timeout)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
