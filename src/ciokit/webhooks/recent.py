"""Which events were received before: Customer.io delivers a webhook again when it missed the answer."""

import os
from collections import OrderedDict
from collections.abc import Awaitable
from typing import Final, Protocol

from ciokit.clock import SYSTEM_CLOCK, Clock
from ciokit.errors import SettingsError
from ciokit.locks import RLock, new_lock

__all__ = ["AsyncClaims", "AsyncSeen", "Claims", "RecentEvents", "Seen"]

DAY: Final = 86_400.0


class Seen(Protocol):
    """Remember events by their id; put a database or Redis behind it where there are several processes.

    With Redis, `add` is `SET key 1 NX EX seconds`, and `forget` is `DEL key`. A process that dies while it handles an
    event leaves it remembered, and so lost; `Claims` is for those who cannot have that.
    """

    def add(self, event_id: str, /) -> bool:
        """Remember an event, in one step.

        Args:
            event_id: The event's id.

        Returns:
            Whether it is new.
        """
        ...

    def forget(self, event_id: str, /) -> None:
        """Forget an event, since handling it failed: it will be delivered again.

        Args:
            event_id: The event's id.
        """
        ...


class AsyncSeen(Protocol):
    """Remember events by their id; the twin of `Seen` for asyncio."""

    def add(self, event_id: str, /) -> Awaitable[bool]:
        """Remember an event; see `Seen.add`."""
        ...

    def forget(self, event_id: str, /) -> Awaitable[None]:
        """Forget an event; see `Seen.forget`."""
        ...


class Claims(Seen, Protocol):
    """Remember events in three states: new, being handled, and handled. This is `Seen` with one more method.

    An event is claimed for a while with `add`, and `finish` says that it was handled. If its process dies on the way,
    the claim runs out, and the event is new when Customer.io delivers it again. Let a claim last longer than the
    slowest handler takes: a handler that outlasts it may be called a second time meanwhile.
    """

    def add(self, event_id: str, /) -> bool:
        """Claim an event, in one step.

        Args:
            event_id: The event's id.

        Returns:
            Whether it is new, or its claim has run out; False if it was handled.

        Raises:
            StillHandled: If it is claimed: it is to be delivered once more, since handling it may still fail.
        """
        ...

    def finish(self, event_id: str, /) -> None:
        """Remember that an event was handled; what this raises makes Customer.io deliver it again.

        Args:
            event_id: The event's id.
        """
        ...


class AsyncClaims(AsyncSeen, Protocol):
    """Remember events in three states; the twin of `Claims` for asyncio."""

    def finish(self, event_id: str, /) -> Awaitable[None]:
        """Remember that an event was handled; see `Claims.finish`."""
        ...


class RecentEvents:
    """Remember the last events of this process in memory. Safe to use from any number of threads.

    Args:
        capacity: How many events are remembered; the oldest are forgotten first. Each takes about 200 bytes.
        ttl: Seconds that an event is remembered; the vendor tries for 7 days.
        clock: Tells the time.

    Raises:
        SettingsError: If one of the numbers is not more than 0.
    """

    def __init__(self, capacity: int = 100_000, *, ttl: float = 7 * DAY, clock: Clock = SYSTEM_CLOCK) -> None:
        if capacity < 1 or not ttl > 0:
            msg = f"RecentEvents: capacity and ttl must be more than 0, got {capacity!r} and {ttl!r}"
            raise SettingsError(msg)
        self._capacity = capacity
        self._ttl = ttl
        self._clock = clock
        self._until: OrderedDict[str, float] = OrderedDict()
        self._lock = new_lock()
        self._pid = os.getpid()

    def add(self, event_id: str, /) -> bool:
        """Remember an event; see `Seen.add`."""
        now = self._clock.monotonic()
        with self._held():
            self._expire(now)
            if event_id in self._until:
                return False
            self._until[event_id] = now + self._ttl
            if len(self._until) > self._capacity:
                self._until.popitem(last=False)
            return True

    def forget(self, event_id: str, /) -> None:
        """Forget an event; see `Seen.forget`."""
        with self._held():
            self._until.pop(event_id, None)

    def __len__(self) -> int:
        return len(self._until)

    def _expire(self, now: float) -> None:
        # All live equally long, so the oldest is the first.
        while self._until and next(iter(self._until.values())) <= now:
            self._until.popitem(last=False)

    def _held(self) -> RLock:
        if self._pid != os.getpid():  # the parent's lock may be held for ever in this copy
            self._lock, self._pid = new_lock(), os.getpid()
        return self._lock
