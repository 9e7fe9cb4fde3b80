"""What an outbox does for whoever calls its verbs, from threads or from tasks.

A verb checks and encodes, puts the entry into a store, and returns; `ciokit.outboxes.senders` does the rest. What a verb
returned for survives the process if there is a spool, and is delivered at least once, in order per person.
"""

import time
from collections.abc import Coroutine
from typing import Any, Final, Generic, Self, TypeVar

from ciokit.outboxes.shell import OutboxShell
from ciokit.stores.errors import StoreFull
from ciokit.wire import Entry

__all__ = ["AsyncDelivery", "SyncDelivery"]

OperationT = TypeVar("OperationT")

LOOK_AGAIN: Final = 0.05
"""Seconds after which a task that waits for room asks again."""


class SyncDelivery(OutboxShell[OperationT], Generic[OperationT]):
    """Keep and deliver for whoever calls from threads: everything of an outbox but its verbs."""

    def _perform(self, operation: OperationT) -> str | None:
        if self._closed and not self._is_amid_own_work():
            self._check_open()
        entry = self._client.encode(operation)
        self.put(entry)
        return entry.id

    def put(self, entry: Entry) -> None:
        """Keep an entry that is encoded already, and have it delivered.

        Args:
            entry: What `TrackClient.encode` returned.

        Raises:
            StoreFull: If there is no room and `overflow="raise"`, or the entry would not fit into an empty store.
            StoreUnwritable: If the spool's disk does not take it.
            ClientClosed: After `close`.
        """
        if self._closed:
            self._turn_away(entry)
        else:
            self._keep(entry)

    def _keep(self, entry: Entry) -> None:
        try:
            self._put(entry)
        except StoreFull as full:
            self._find_room(entry, full)

    def _find_room(self, entry: Entry, full: StoreFull) -> None:
        deadline = time.monotonic() + self._block_timeout
        waits, senders = self._waits(full), self._senders
        while waits:
            before = senders.changes.count
            if self._fits(entry):
                return
            waits = time.monotonic() < deadline
            senders.wait(before, deadline)
        self._settle_overflow(entry)

    def flush(self, timeout: float | None = None) -> bool:
        """Deliver everything that was put so far, without waiting for more.

        Args:
            timeout: Seconds to wait at most; None for as long as it takes.

        Returns:
            Whether everything is delivered, rejected or dropped. Whatever is not is delivered in the background.
        """
        return self._flush(timeout)

    def close(self, timeout: float | None = 10.0) -> bool:
        """Deliver what waits and end; what is left stays in the spool, or is dropped from memory and reported.

        In a signal handler or a destructor that interrupts the outbox's own work, it goes on in a thread of its own.

        Args:
            timeout: Seconds for all of it; None for as long as it takes.

        Returns:
            Whether everything was delivered, rejected or dropped before.
        """
        return self._close(timeout)

    def shutdown(self) -> bool:
        """Do what `close` does, under the name that hand-made queues have for it."""
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


class AsyncDelivery(OutboxShell[OperationT], Generic[OperationT]):
    """Keep and deliver for whoever calls from tasks: everything of an outbox but its verbs."""

    def _perform(self, operation: OperationT) -> Coroutine[Any, Any, str | None]:
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
                await asyncio.to_thread(self._senders.wait, self._senders.changes.count, deadline)
        if self._waits_for_disk:
            await asyncio.to_thread(self._settle_overflow, entry)
        else:
            self._settle_overflow(entry)

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
