"""The vendor's rates for the App API, kept to by all threads and tasks of a client.

    general          10 requests a second
    transactional    100 a second
    broadcast        one in 10 seconds

Requests are spread evenly, so that no second has more than its share; the first after a pause never waits. A 429
that comes all the same slows the client down, and requests that pass bring it back.
"""

import os
import threading
from typing import Any, Final

from ciokit.app.endpoint import Rate
from ciokit.clock import Clock
from ciokit.delivery import Account, Attempts, Step
from ciokit.errors import RateLimited
from ciokit.pacing import Pace
from ciokit.verdict import Outcome, Reply, RetryPolicy

__all__ = ["PacedAttempts", "RateLimitReached", "RateLimits"]

_SLOW: Final = 1.0
"""Requests a second below which a 429 means one full interval, and slowing down any further would only lose time."""


class RateLimitReached(RateLimited):
    """A call that was not to wait was refused here, before the service had to; nothing was sent.

    Attributes:
        wait: Seconds until it would be taken.
    """

    def __init__(self, message: str, *, wait: float = 0.0, **facts: Any) -> None:
        self.wait = wait
        super().__init__(message, **facts)


class RateLimits:
    """Keep to the App API's rates; hand the same one to several clients of a workspace to have them share it.

    Safe to use from any number of threads and tasks, and in a forked child, which counts for itself.

    Args:
        general: Requests a second to everything that is not named below; None for no limit.
        transactional: Transactional messages a second.
        broadcast: Triggers of broadcasts a second.
    """

    def __init__(
        self,
        *,
        general: float | None = 10.0,
        transactional: float | None = 100.0,
        broadcast: float | None = 0.1,
    ) -> None:
        rates: dict[Rate, float | None] = {
            "general": general,
            "transactional": transactional,
            "broadcast": broadcast,
        }
        self._paces = {rate: Pace(limit, 1) for rate, limit in rates.items() if limit is not None}
        self._lock = threading.Lock()
        self._pid = os.getpid()

    def claim(self, rate: Rate, now: float, *, wait: bool = True) -> float | None:
        """Take the next turn.

        Args:
            rate: Which limit.
            now: A monotonic time.
            wait: Whether to take a turn that is still to come.

        Returns:
            Seconds until the turn; None, with `wait` off, if there is none now, and then none is taken.
        """
        pace = self._paces.get(rate)
        if pace is None:
            return 0.0
        with self.held():
            at = max(now, pace.ready_at)
            if at > now and not wait:
                return None
            pace.start(at)
            return at - now

    def until(self, rate: Rate, now: float) -> float:
        """Return the seconds until the next turn, and take none."""
        pace = self._paces.get(rate)
        if pace is None:
            return 0.0
        with self.held():
            return max(0.0, pace.ready_at - now)

    def heard(self, rate: Rate, status: int, now: float) -> None:
        """Take notice of an answer."""
        pace = self._paces.get(rate)
        if pace is None:
            return
        with self.held():
            if status != 429:
                pace.recover(now)
            elif pace.rate < _SLOW:
                pace.hold(now + 1 / pace.rate)
            else:
                pace.cut(now)

    def held(self) -> threading.Lock:
        """Return the lock of this process."""
        if self._pid != os.getpid():  # the parent's lock may be held for ever in this copy
            self._lock, self._pid = threading.Lock(), os.getpid()
        return self._lock


class PacedAttempts(Attempts):
    """Follow one request through its attempts, each in its turn.

    Args:
        kind: The operation.
        policy: How often and how patiently to retry.
        clock: Tells the time.
        account: For the words of an error.
        replay_safe: Whether sending it twice does no harm.
        limits: Whose turn it is.
        rate: Which limit it counts against.
        wait: Whether the first attempt may wait for its turn.
    """

    __slots__ = ("_limits", "_rate", "_wait")

    def __init__(
        self,
        kind: str,
        policy: RetryPolicy,
        clock: Clock,
        account: Account,
        *,
        replay_safe: bool,
        limits: RateLimits,
        rate: Rate,
        wait: bool = True,
    ) -> None:
        super().__init__(kind, policy, clock, account, replay_safe=replay_safe)
        self._limits = limits
        self._rate: Rate = rate
        self._wait = wait

    def turn(self) -> float:
        """Return the seconds until this attempt's turn.

        Raises:
            RateLimitReached: If it has to wait and may not.
        """
        now = self._clock.monotonic()
        seconds = self._limits.claim(self._rate, now, wait=self._wait or self.retries > 0)
        if seconds is None:
            seconds = self._limits.until(self._rate, now)
            msg = (
                f"{self._kind}: not sent, to keep to Customer.io's {self._rate} rate; "
                f"call again in {seconds:.2f} s, or with wait=True"
            )
            raise RateLimitReached(msg, wait=seconds, kind=self._kind, attempts=0, retryable=True)
        return seconds

    def step(self, outcome: Outcome) -> Step:
        """Decide what follows an attempt, as `Attempts` does, and take notice of how the service bears the rate."""
        if isinstance(outcome, Reply):
            self._limits.heard(self._rate, outcome.status, self._clock.monotonic())
        return super().step(outcome)
