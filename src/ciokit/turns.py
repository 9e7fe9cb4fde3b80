"""A rate of requests that all threads and tasks of a client keep to, and several clients where they share it.

Who comes too early waits for its turn; turns are given out in the order in which they are asked for. A 429 that comes
all the same slows everybody down, and requests that pass bring the rate back (`pacing`).
"""

import math
import os
import threading
from typing import Any, Final

from ciokit.clock import Clock
from ciokit.delivery import Account, Attempts, Step
from ciokit.errors import RateLimited, SettingsError
from ciokit.pacing import Pace
from ciokit.verdict import Outcome, Reply, RetryPolicy

__all__ = ["PacedAttempts", "RateLimit", "RateLimitReached", "documented_limit"]

_SLOW: Final = 1.0
"""Requests a second below which a 429 means one full interval, and slowing down any further would only lose time."""


class RateLimitReached(RateLimited):
    """A call that was not to wait, or not for so long, was refused here, before the service had to; nothing was sent.

    Attributes:
        wait: Seconds until it would be taken.
    """

    def __init__(self, message: str, *, wait: float = 0.0, **facts: Any) -> None:
        self.wait = wait
        super().__init__(message, **facts)


class RateLimit:
    """Keep to a number of requests a second; hand the same one to several clients of a workspace to have them share it.

    Safe to use from any number of threads and tasks, and in a forked child, which counts for itself.

    Args:
        rate: Requests a second; None for no limit.
        burst: How many may start at once after a pause: within any second at most `rate + burst` start.

    Raises:
        SettingsError: A number is out of range.
    """

    def __init__(self, rate: float | None, *, burst: int = 1) -> None:
        if rate is not None and not 0 < rate < math.inf:
            msg = f"rate must be more than 0 requests a second, or None for no limit, got {rate!r}"
            raise SettingsError(msg)
        if burst < 1:
            msg = f"burst must be at least 1 request, got {burst!r}"
            raise SettingsError(msg)
        self._pace = None if rate is None else Pace(rate, burst)
        self._lock = threading.Lock()
        self._pid = os.getpid()

    def __repr__(self) -> str:
        return f"<RateLimit {'none' if self._pace is None else f'{self._pace.rate:g} a second at present'}>"

    def claim(self, now: float, *, patience: float = math.inf) -> float | None:
        """Take the next turn.

        Args:
            now: A monotonic time.
            patience: Seconds that the turn may be away; with 0 only one of this moment is taken.

        Returns:
            Seconds until the turn; None if it is further away, and then it is not taken.
        """
        if self._pace is None:
            return 0.0
        with self.held():
            at = max(now, self._pace.ready_at)
            if at - now > patience:
                return None
            self._pace.start(at)
            return at - now

    def until(self, now: float) -> float:
        """Return the seconds until the next turn, and take none."""
        if self._pace is None:
            return 0.0
        with self.held():
            return max(0.0, self._pace.ready_at - now)

    def heard(self, status: int, now: float) -> None:
        """Take notice of an answer."""
        if self._pace is None:
            return
        with self.held():
            if status != 429:
                self._pace.recover(now)
            elif self._pace.rate < _SLOW:
                self._pace.hold(now + 1 / self._pace.rate)
            else:
                self._pace.cut(now)

    def held(self) -> threading.Lock:
        """Return the lock of this process."""
        if self._pid != os.getpid():  # the parent's lock may be held for ever in this copy
            self._lock, self._pid = threading.Lock(), os.getpid()
        return self._lock


def documented_limit() -> RateLimit:
    """Return a limit within what Customer.io documents for the Track and the Pipelines API: 1,000 requests a second."""
    return RateLimit(900.0, burst=100)


class PacedAttempts(Attempts):
    """Follow one request through its attempts, each in its turn.

    Args:
        kind: The operation.
        policy: How often and how patiently to retry.
        clock: Tells the time.
        account: For the words of an error.
        id: The event's ULID.
        replay_safe: Whether sending it twice does no harm.
        limit: Whose turn it is.
        patience: Seconds that the first attempt may wait for its turn.
        hint: What to do instead of calling again, in words.
    """

    __slots__ = ("_hint", "_limit", "_patience")

    def __init__(
        self,
        kind: str,
        policy: RetryPolicy,
        clock: Clock,
        account: Account,
        *,
        id: str | None = None,
        replay_safe: bool,
        limit: RateLimit,
        patience: float = math.inf,
        hint: str = "",
    ) -> None:
        super().__init__(kind, policy, clock, account, id=id, replay_safe=replay_safe)
        self._limit = limit
        self._patience = patience
        self._hint = hint

    def turn(self) -> float:
        """Return the seconds until this attempt's turn.

        Raises:
            RateLimitReached: If it may not wait for so long.
        """
        now = self._clock.monotonic()
        seconds = self._limit.claim(now, patience=math.inf if self.retries else self._patience)
        if seconds is None:
            seconds = self._limit.until(now)
            msg = f"{self._kind}: not sent, to keep to Customer.io's rate; call again in {seconds:.2f} s{self._hint}"
            raise RateLimitReached(
                msg, wait=seconds, kind=self._kind, id=self._id, attempts=0, retryable=True
            )
        return seconds

    def step(self, outcome: Outcome) -> Step:
        """Decide what follows an attempt, as `Attempts` does, and take notice of how the service bears the rate."""
        if isinstance(outcome, Reply):
            self._limit.heard(outcome.status, self._clock.monotonic())
        return super().step(outcome)
