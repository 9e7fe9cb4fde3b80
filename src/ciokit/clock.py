"""Time as a thing that can be handed in: the real clock here, a false one in `ciokit.testing`."""

import time as _time
from typing import Any, Protocol

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
    _followed: Clock | None = None

    def sleep(self, seconds: float) -> None:
        """Wait in this thread."""
        _time.sleep(seconds)

    async def asleep(self, seconds: float) -> None:
        """Wait in this task."""
        import asyncio  # a sync program never pays for it

        await asyncio.sleep(seconds)

    def follow(self, clock: Clock | None) -> Clock | None:
        """Tell another clock's time and wait as it does: in a test, for every client that has no clock of its own.

        The monotonic time goes on from where it was: a client that lives through the change remembers by it when its
        next request may start.

        Args:
            clock: Which; None is the computer's own again.

        Returns:
            What was followed until now; None if it was the computer's own.
        """
        before, self._followed = self._followed, clock
        monotonic = _time.monotonic if clock is None else clock.monotonic
        behind = self.monotonic() - monotonic()
        new: dict[str, Any] = {}
        if clock is not None:
            new = {name: getattr(clock, name) for name in ("time", "monotonic", "sleep", "asleep")}
        if behind > 0:
            new["monotonic"] = lambda: monotonic() + behind
        for name in ("time", "monotonic", "sleep", "asleep"):
            if name in new:
                self.__dict__[name] = new[name]
            else:
                self.__dict__.pop(name, None)
        return before


SYSTEM_CLOCK = SystemClock()
