"""Time as a thing that can be handed in: the real clock here, a false one in `ciokit.testing`."""

import time as _time
from typing import Protocol

__all__ = ["SYSTEM_CLOCK", "Clock", "SystemClock"]


class Clock(Protocol):
    """Tell the time and wait, in float seconds."""

    def time(self) -> float:
        """Return Unix time."""
        ...

    def monotonic(self) -> float:
        """Return a time that never goes back, for measuring how long something took."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait in this thread."""
        ...

    async def asleep(self, seconds: float) -> None:
        """Wait in this task."""
        ...


class SystemClock:
    """The computer's own clock, or the one that it was told to follow."""

    time = staticmethod(_time.time)
    monotonic = staticmethod(_time.monotonic)

    def sleep(self, seconds: float) -> None:
        """Wait in this thread."""
        _time.sleep(seconds)

    async def asleep(self, seconds: float) -> None:
        """Wait in this task."""
        import asyncio  # a sync program never pays for it

        await asyncio.sleep(seconds)

    def follow(self, clock: Clock | None) -> None:
        """Tell another clock's time and wait as it does: in a test, for every client that has no clock of its own.

        Args:
            clock: Which; None is the computer's own again.
        """
        for name in ("time", "monotonic", "sleep", "asleep"):
            if clock is None:
                self.__dict__.pop(name, None)
            else:
                self.__dict__[name] = getattr(clock, name)


SYSTEM_CLOCK = SystemClock()
