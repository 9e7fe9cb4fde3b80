"""What an application's own tests need: time that passes without waiting, and a Customer.io inside the process.

    clock = FakeClock()
    client = TrackClient("site", "key", transport=SandboxTransport(World()), clock=clock)
    client.track("user-1", "signed_up")
    assert clock.sleeps == ()

It knows the clock and the sandbox; it knows nothing of how the clients work inside.
"""

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ciokit.sandbox.inprocess import SandboxTransport

__all__ = ["FakeClock", "SandboxTransport"]


class FakeClock:
    """Tell a time that moves only when it is told to; a sleep moves it at once and is remembered.

    Safe to use from any number of threads. Unix time and monotonic time start apart, so that code that takes one for
    the other is found out.

    Args:
        now: Unix seconds at the start.
    """

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._lock = threading.Lock()
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


def __getattr__(name: str) -> Any:
    """Load the sandbox's transport, and with it the HTTP library, when it is first asked for."""
    if name == "SandboxTransport":
        from ciokit.sandbox.inprocess import SandboxTransport

        return SandboxTransport
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
