"""A rate of requests that all threads and tasks of a client keep to, and several clients where they share it.

Who comes too early waits for its turn; turns are given out in the order in which they are asked for. A 429 that comes
all the same slows everybody down, and requests that pass bring the rate back (`pacing`).
"""

import bisect
import math
import os
from typing import Any, Final

from ciokit.errors import RateLimited, SettingsError
from ciokit.locks import RLock, new_lock
from ciokit.pacing import Pace
from ciokit.settings import check_kind

__all__ = ["RateLimit", "RateLimitReached", "limit_or_documented"]

_SLOW: Final = 1.0
"""Requests a second below which a 429 means one full interval, and slowing down any further would only lose time."""


class RateLimitReached(RateLimited):
    """A call would have had to wait for its turn longer than it may, so this client refused it; nothing was sent.

    Attributes:
        wait: Seconds until the call would be possible.
    """

    def __init__(self, message: str, *, wait: float = 0.0, **facts: Any) -> None:
        self.wait = wait
        super().__init__(message, **facts)


class _Turns:
    """Hand out turns that keep to one rate, and take back those that nobody needed."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self._last = math.nan  # the turn handed out last, which alone leaves no gap
        self._returned: list[float] = []  # gaps between turns of others, in order
        self._not_before = -math.inf

    def next_at(self, now: float) -> float:
        """Return when the next turn is."""
        if self._returned:
            soonest = max(now, self._not_before)
            del self._returned[: bisect.bisect_left(self._returned, soonest)]
            if self._returned:
                return self._returned[0]
        return max(now, self.pace.ready_at)

    def take(self, at: float) -> None:
        """Hand out the turn that `next_at` named."""
        if self._returned:
            del self._returned[0]
        else:
            self.pace.start(at)
            self._last = at

    def give_back(self, at: float) -> None:
        """Take back a turn that is still to come."""
        if not math.isclose(at, self._last, abs_tol=1e-6):
            bisect.insort(self._returned, at)
            return
        self.pace.take_back(at)
        while self._returned and math.isclose(self._returned[-1], at - 1 / self.pace.rate, abs_tol=1e-6):
            at = self._returned.pop()
            self.pace.take_back(at)
        self._last = math.nan

    def heard(self, status: int, now: float) -> None:
        """Take notice of an answer."""
        pace = self.pace
        if status != 429:
            pace.recover(now)
            return
        if pace.rate < _SLOW:
            pace.hold(now + 1 / pace.rate)
        else:
            pace.cut(now)
        self._not_before = now + 1 / pace.rate
        self._last = math.nan


class RateLimit:
    """Limit requests to a number a second; several clients share the limit if they are given the same one.

    Safe to use from any number of threads and tasks, and in a forked child, which counts for itself.

    Args:
        rate: Requests a second; None for no limit.
        burst: How many may start at once after a pause: within any second at most `rate + burst` start.

    Raises:
        SettingsError: If a number is out of range.
    """

    def __init__(self, rate: float | None, *, burst: int = 1) -> None:
        if rate is not None and not 0 < rate < math.inf:
            msg = f"rate must be more than 0 requests a second, or None for no limit, got {rate!r}"
            raise SettingsError(msg)
        if burst < 1:
            msg = f"burst must be at least 1 request, got {burst!r}"
            raise SettingsError(msg)
        self._turns = None if rate is None else _Turns(Pace(rate, burst))
        self._lock = new_lock()
        self._pid = os.getpid()

    def __repr__(self) -> str:
        return f"<RateLimit {'none' if self._turns is None else f'{self._turns.pace.rate:g} a second at present'}>"

    def claim(self, now: float, *, patience: float = math.inf) -> float | None:
        """Take the next turn.

        Args:
            now: A monotonic time.
            patience: Seconds that the turn may be away; with 0 only one of this moment is taken.

        Returns:
            Seconds until the turn; None if it is further away, and then it is not taken.
        """
        if self._turns is None:
            return 0.0
        with self.held():
            at = self._turns.next_at(now)
            if at - now > patience:
                return None
            self._turns.take(at)
            return at - now

    def give_back(self, at: float) -> None:
        """Return a turn that was claimed and will not be used.

        A caller that gives up while it waits, and tries again, would else wait longer each time.

        Args:
            at: When the turn would have been, as a monotonic time.
        """
        if self._turns is not None:
            with self.held():
                self._turns.give_back(at)

    def until(self, now: float) -> float:
        """Return the seconds until the next turn, and take none."""
        if self._turns is None:
            return 0.0
        with self.held():
            return self._turns.next_at(now) - now

    def heard(self, status: int, now: float) -> None:
        """Take notice of an answer."""
        if self._turns is not None:
            with self.held():
                self._turns.heard(status, now)

    def held(self) -> RLock:
        """Return the lock of this process."""
        if self._pid != os.getpid():  # the parent's lock may be held for ever in this copy
            self._lock, self._pid = new_lock(), os.getpid()
        return self._lock


def limit_or_documented(rate_limit: RateLimit | None) -> RateLimit:
    """Return a client's limit.

    Args:
        rate_limit: What it was given; None for one within what Customer.io documents for the Track and the Pipelines
            API, 1,000 requests a second.

    Raises:
        SettingsError: If it is none.
    """
    if rate_limit is None:
        return RateLimit(900.0, burst=100)
    check_kind("rate_limit", rate_limit, RateLimit, "RateLimit(200)")
    return rate_limit
