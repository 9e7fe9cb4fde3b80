"""How fast requests may start: a token bucket whose rate gives way to 429 and comes back.

The bucket is kept as one number, the time at which it will be full again, so that the moment it names as the next
start is exactly the moment at which it lets a request start. A 429 halves the rate (multiplicative decrease); time
spent with requests passing brings it back in equal steps (additive increase). A `Retry-After` holds everything.

Pure: `now` is always an argument. It knows nothing of batches, retries or who is waiting.
"""

import math
import sys

__all__ = ["Pace"]

CUT = 0.5
"""What a 429 multiplies the rate with."""

FLOOR = 0.01
"""The share of the full rate below which cuts do not go: some requests must start, or nothing is ever learnt."""

RECOVERY = 0.05
"""The share of the full rate that a second of passing requests brings back: 20 s from nothing to all."""

LULL = 1.0
"""The longest time, in seconds, between two passing requests that counts as time spent passing."""


BURST = 0.1
"""Seconds' worth of requests that may start at once: so no second has much more than the rate."""


class Pace:
    """Say when the next request may start.

    Args:
        rate: Requests a second at most; None for no limit.
        burst: Requests that may start at once after a quiet time; None for a tenth of a second's worth. Within any
            second at most `rate + burst` start.
    """

    __slots__ = ("_burst", "_full_at", "_full_rate", "_held_until", "_passed_at", "_rate")

    def __init__(self, rate: float | None, burst: int | None = None) -> None:
        self._full_rate = self._rate = math.inf if rate is None else rate
        self._burst = burst or max(1.0, min(self._full_rate, sys.maxsize) * BURST)
        self._full_at = self._held_until = self._passed_at = -math.inf

    @property
    def rate(self) -> float:
        """Return the requests a second that are allowed at present; infinite without a limit."""
        return self._rate

    @property
    def ready_at(self) -> float:
        """Return the time at which the next request may start; it may lie in the past."""
        return max(self._held_until, self._full_at - (self._burst - 1) / self._rate)

    def start(self, now: float) -> None:
        """Note that a request starts."""
        self._full_at = max(self._full_at, now) + 1 / self._rate

    def take_back(self, at: float) -> None:
        """Note that the request that was to start last, at a time still to come, does not."""
        self._full_at = at + (self._burst - 1) / self._rate

    def cut(self, now: float) -> None:
        """Lower the rate after a 429 and spend the burst, which the service has just refused."""
        if math.isinf(self._full_rate):
            return
        self._rate = max(self._rate * CUT, self._full_rate * FLOOR)
        self._full_at = max(self._full_at, now + self._burst / self._rate)
        self._passed_at = now

    def recover(self, now: float) -> None:
        """Raise the rate for the time since the last news, now that a request has passed."""
        if self._rate < self._full_rate:
            passed = min(max(now - self._passed_at, 0.0), LULL)
            self._rate = min(self._rate + passed * RECOVERY * self._full_rate, self._full_rate)
        self._passed_at = now

    def hold(self, until: float) -> None:
        """Let nothing start before a time that the service asked for."""
        self._held_until = max(self._held_until, until)
