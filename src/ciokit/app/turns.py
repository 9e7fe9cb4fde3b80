"""The vendor's rates for the App API, kept to by all threads and tasks of a client.

    general          10 requests a second
    transactional    100 a second
    broadcast        one in 10 seconds

Requests are spread evenly, so that no second has more than its share; the first after a pause never waits. A 429
that comes all the same slows the client down, and requests that pass bring it back.
"""

import bisect
import math
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


class _Turns:
    """Hand out turns that keep to one rate, and take back those that nobody needed."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._last = math.nan  # the turn handed out last, which alone leaves no gap
        self._returned: list[float] = []  # gaps between turns of others, in order
        self._not_before = -math.inf

    def next_at(self, now: float) -> float:
        """Return when the next turn is."""
        soonest = max(now, self._not_before)
        del self._returned[: bisect.bisect_left(self._returned, soonest)]
        return self._returned[0] if self._returned else max(now, self._pace.ready_at)

    def take(self, at: float) -> None:
        """Hand out the turn that `next_at` named."""
        if self._returned:
            del self._returned[0]
        else:
            self._pace.start(at)
            self._last = at

    def give_back(self, at: float) -> None:
        """Take back a turn that is still to come."""
        if not math.isclose(at, self._last, abs_tol=1e-6):
            bisect.insort(self._returned, at)
            return
        self._pace.take_back(at)
        while self._returned and math.isclose(self._returned[-1], at - 1 / self._pace.rate, abs_tol=1e-6):
            at = self._returned.pop()
            self._pace.take_back(at)
        self._last = math.nan

    def heard(self, status: int, now: float) -> None:
        """Take notice of an answer."""
        pace = self._pace
        if status != 429:
            pace.recover(now)
            return
        if pace.rate < _SLOW:
            pace.hold(now + 1 / pace.rate)
        else:
            pace.cut(now)
        self._not_before = now + 1 / pace.rate
        self._last = math.nan


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
        self._turns = {rate: _Turns(Pace(limit, 1)) for rate, limit in rates.items() if limit is not None}
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
        turns = self._turns.get(rate)
        if turns is None:
            return 0.0
        with self.held():
            at = turns.next_at(now)
            if at > now and not wait:
                return None
            turns.take(at)
            return at - now

    def give_back(self, rate: Rate, at: float) -> None:
        """Return a turn that was claimed and will not be used.

        A caller that gives up while it waits, and tries again, would else wait longer each time.

        Args:
            rate: Which limit.
            at: When the turn would have been, as a monotonic time.
        """
        turns = self._turns.get(rate)
        if turns is not None:
            with self.held():
                turns.give_back(at)

    def until(self, rate: Rate, now: float) -> float:
        """Return the seconds until the next turn, and take none."""
        turns = self._turns.get(rate)
        if turns is None:
            return 0.0
        with self.held():
            return turns.next_at(now) - now

    def heard(self, rate: Rate, status: int, now: float) -> None:
        """Take notice of an answer."""
        turns = self._turns.get(rate)
        if turns is not None:
            with self.held():
                turns.heard(status, now)

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

    __slots__ = ("_limits", "_rate", "_turn_at", "_wait")

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
        self._turn_at = 0.0

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
        self._turn_at = now + seconds
        return seconds

    def give_turn_back(self) -> None:
        """Let another call have the turn, since this one ends before it comes."""
        self._limits.give_back(self._rate, self._turn_at)

    def step(self, outcome: Outcome) -> Step:
        """Decide what follows an attempt, as `Attempts` does, and take notice of how the service bears the rate."""
        if isinstance(outcome, Reply):
            self._limits.heard(self._rate, outcome.status, self._clock.monotonic())
        return super().step(outcome)
