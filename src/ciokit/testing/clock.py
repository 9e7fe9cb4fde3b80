"""Time that passes without waiting.

It knows nothing of how the clients wait; whoever is given such a clock is none the wiser.
"""

import time

from ciokit.locks import new_lock

__all__ = ["FakeClock", "HurriedClock"]


class FakeClock:
    """Tell a time that moves only when it is told to; a sleep moves it at once and is remembered.

    Safe to use from any number of threads. Unix time and monotonic time start apart, so that code that takes one for
    the other is found out.

    Args:
        now: Unix seconds at the start.
    """

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._lock = new_lock()
        self._started = now
        self._passed = 0.0
        self._sleeps: list[float] = []

    def time(self) -> float:
        """Return Unix seconds."""
        with self._lock:
            return self._started + self._passed

    def monotonic(self) -> float:
        """Return the seconds that passed since the clock was made."""
        with self._lock:
            return self._passed

    def sleep(self, seconds: float) -> None:
        """Let seconds pass at once, and remember them.

        Args:
            seconds: How many.

        Raises:
            ValueError: If they are negative or not a number, as with `time.sleep`.
        """
        self._pass(seconds, slept=True)

    async def asleep(self, seconds: float) -> None:
        """Let seconds pass at once, remember them, and let other tasks run.

        Args:
            seconds: How many.

        Raises:
            ValueError: If they are negative or not a number.
        """
        import asyncio  # a sync test never pays for it

        self._pass(seconds, slept=True)
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        """Let seconds pass that nobody slept, for example while a request was under way.

        Args:
            seconds: How many.

        Raises:
            ValueError: If they are negative or not a number: time never goes back.
        """
        self._pass(seconds, slept=False)

    @property
    def sleeps(self) -> tuple[float, ...]:
        """The seconds of each sleep so far, in order."""
        with self._lock:
            return tuple(self._sleeps)

    def _pass(self, seconds: float, *, slept: bool) -> None:
        if not seconds >= 0:
            msg = f"a clock goes forward: expected 0 or more seconds, got {seconds!r}"
            raise ValueError(msg)
        with self._lock:
            self._passed += seconds
            if slept:
                self._sleeps.append(seconds)


class HurriedClock(FakeClock):
    """Tell the true time plus what was slept or advanced: a wait passes at once, and all else goes its way."""

    def __init__(self) -> None:
        super().__init__(0.0)

    def time(self) -> float:
        """Return Unix seconds."""
        return time.time() + super().monotonic()

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic() + super().monotonic()
