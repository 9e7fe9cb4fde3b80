"""One request's way through its attempts: the part of a client that is the same with and without asyncio.

It knows how failures are told to people; it does not send and does not wait.
"""

import math
import random
from typing import Final, TypeAlias

import msgspec

from ciokit.clock import Clock
from ciokit.errors import (
    STATUS_PAGE,
    DeliveryError,
    NoReplyError,
    RateLimited,
    ReplyError,
    ServiceUnavailable,
    Unauthorized,
    WrongRegion,
)
from ciokit.logs import get_logger
from ciokit.settings import Region
from ciokit.turns import RateLimit, RateLimitReached
from ciokit.verdict import Delivered, NoReply, Outcome, Rejected, Reply, RetryIn, RetryPolicy, judge

__all__ = ["Account", "Attempts", "Receipt"]

MINUTE: Final = 60.0
"""Seconds in which the log says the same of one operation once."""
_told: dict[tuple[str, str, float], object] = {}
_OTHER: Final[dict[Region, Region]] = {"us": "eu", "eu": "us"}


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """Describe a call that the service accepted.

    Attributes:
        kind: The operation: `event`, `identify`, ...
        id: The event's ULID, where it has one.
        attempts: How often it was sent.
        elapsed: Seconds, waits included.
    """

    kind: str
    id: str | None = None
    attempts: int = 1
    elapsed: float = 0.0


class Account(msgspec.Struct, frozen=True):
    """Say what an error needs to know of the settings, to tell what to do.

    Attributes:
        region: The region that the client speaks to.
        credentials: The variables and arguments of the keys, in words.
        hosted: Whether the vendor's own hosts are meant (and not a sandbox).
    """

    region: Region
    credentials: str
    hosted: bool = True


_NO_RETRIES: Final = RetryPolicy(max_retries=0)
Step: TypeAlias = Delivered | float
"""What to do now: be done, or wait for so many seconds and send again."""


class Attempts:
    """Follow one request from its first attempt to a receipt or an error.

    Args:
        kind: The operation.
        policy: How often and how patiently to retry.
        clock: Tells the time.
        account: For the words of an error.
        id: The event's ULID.
        replay_safe: Whether sending it twice does no harm.
        limit: Whose turn it is, where requests wait for one.
        patience: Seconds that the first attempt may wait for its turn.
        instead: What to do where it may not, in words.

    Attributes:
        retries: How many retries came so far.
    """

    __slots__ = (
        "_account",
        "_clock",
        "_id",
        "_instead",
        "_kind",
        "_limit",
        "_may_have_arrived",
        "_patience",
        "_policy",
        "_replay_safe",
        "_started",
        "_turn_at",
        "retries",
    )

    def __init__(
        self,
        kind: str,
        policy: RetryPolicy,
        clock: Clock,
        account: Account,
        *,
        id: str | None = None,
        replay_safe: bool = True,
        limit: RateLimit | None = None,
        patience: float = math.inf,
        instead: str = "later",
    ) -> None:
        self._kind = kind
        self._policy = policy
        self._clock = clock
        self._account = account
        self._id = id
        self._replay_safe = replay_safe
        self._limit = limit
        self._patience = patience
        self._instead = instead
        self._turn_at = 0.0
        self._started = clock.monotonic()
        self._may_have_arrived = False
        self.retries = 0

    @property
    def kind(self) -> str:
        """The operation."""
        return self._kind

    @property
    def elapsed(self) -> float:
        """Seconds since the first attempt."""
        return self._clock.monotonic() - self._started

    def turn(self) -> float:
        """Return the seconds until the next attempt may start.

        Raises:
            RateLimitReached: If it may not wait for so long.
        """
        if self._limit is None:
            return 0.0
        now = self._clock.monotonic()
        seconds = self._limit.claim(now, patience=math.inf if self.retries else self._patience)
        if seconds is None:
            raise self._not_sent(self._limit.until(now))
        self._turn_at = now + seconds
        return seconds

    def _not_sent(self, wait: float) -> RateLimitReached:
        words = f"not sent, to keep to Customer.io's rate; call again in {wait:.2f} s, or {self._instead}"
        facts = {"kind": self._kind, "id": self._id, "attempts": 0, "retryable": True}
        return RateLimitReached(f"{self._kind}: {words}", wait=wait, **facts)

    def give_turn_back(self) -> None:
        """Let another call have the turn, since this one ends before it comes."""
        if self._limit is not None:
            self._limit.give_back(self._turn_at)

    def step(self, outcome: Outcome) -> Step:
        """Decide what follows an attempt.

        Args:
            outcome: What came back.

        Returns:
            What was delivered, or the seconds to wait before the next attempt.

        Raises:
            DeliveryError: If it failed for good.
        """
        if self._limit is not None and isinstance(outcome, Reply):
            self._limit.heard(outcome.status, self._clock.monotonic())
        verdict = judge(
            outcome,
            self._policy,
            attempt=self.retries,
            elapsed=self.elapsed,
            now=self._clock.time(),
            chance=random.random(),  # noqa: S311 - jitter is no secret
            replay_safe=self._replay_safe,
        )
        match verdict:
            case Delivered():
                return verdict
            case RetryIn():
                self._may_have_arrived |= _may_have_arrived(outcome)
                self.retries += 1
                self._tell_retry(verdict)
                return verdict.seconds
            case Rejected():
                raise self.error(verdict)

    def _tell_retry(self, retry: RetryIn) -> None:
        """Log that the request is sent again, if the like was not said in this minute."""
        import logging  # a program that never sends does not pay for it

        minute = self._clock.monotonic() // MINUTE
        mine = object()
        # One of many threads finds its own there; a lock would be held for ever in a child forked amid it.
        said = "; ".join(str(reason) for reason in retry.reasons)
        cause = f"status {retry.status}" if retry.status else f"no answer: {said}"
        if _told.setdefault((self._kind, cause, minute), mine) is not mine:
            return
        for topic in list(_told):
            if topic[-1] != minute:
                _told.pop(topic, None)
        log = get_logger("ciokit.client")
        if not log.handlers:
            log.addHandler(logging.NullHandler())  # a program without a log is not told on stderr
        words = "%s: attempt %d failed (%s); sent again in %.1f s (said once a minute)"
        log.warning(words, self._kind, self.retries, cause, retry.seconds)

    def receipt(self, taken: Delivered) -> Receipt:
        """Return the receipt of a request that holds one operation.

        Raises:
            ReplyError: If the answer, good as its status was, refuses the operation.
        """
        if taken.rejected or taken.unplaced:
            reasons = (
                *taken.unplaced,
                *(reason for reasons in taken.rejected.values() for reason in reasons),
            )
            raise self.error(Rejected("refused", 200, reasons))
        return Receipt(kind=self._kind, id=self._id, attempts=self.retries + 1, elapsed=self.elapsed)

    def stopped(self, outcome: Outcome) -> DeliveryError:
        """Return the error of a request that would be sent again, had its client not been closed meanwhile.

        Args:
            outcome: What came back from the last attempt.
        """
        self.retries -= 1  # the next attempt was not made
        verdict = judge(outcome, _NO_RETRIES, replay_safe=self._replay_safe)
        rejected = verdict if isinstance(verdict, Rejected) else Rejected("refused")
        return self.error(rejected, "; the client was closed before the next attempt")

    def error(self, rejected: Rejected, hint: str = "") -> DeliveryError:
        """Put a rejection into words."""
        attempts = self.retries + 1
        said = "; ".join(str(reason) for reason in rejected.reasons)
        tried = (
            f"after {attempts} attempts in {self.elapsed:.1f} s" if attempts > 1 else "at the first attempt"
        )
        facts = {
            "kind": self._kind,
            "id": self._id,
            "attempts": attempts,
            "elapsed": self.elapsed,
            "retryable": rejected.retryable,
        }
        kept_back = rejected.may_have_arrived and not self._replay_safe
        hint = "; not sent again: it may have arrived" if kept_back else hint
        if rejected.cause == "no_reply":
            msg = f"{self._kind}: no answer from Customer.io {tried}: {said}{hint}{self._status_page()}"
            arrived = rejected.may_have_arrived or self._may_have_arrived
            return NoReplyError(msg, may_have_arrived=arrived, **facts)
        kind, words = self._words(rejected)
        colon = f": {said}" if said else ""
        msg = f"{self._kind}: {words} ({rejected.status}) {tried}{colon}{hint}"
        return kind(msg, status=rejected.status, reasons=rejected.reasons, **facts)

    def _words(self, rejected: Rejected) -> tuple[type[ReplyError], str]:
        account, other = self._account, _OTHER[self._account.region]
        region = f"this client speaks to region {account.region}; an account in {other} needs CUSTOMERIO_REGION={other}"
        match rejected.cause:
            case "unauthorized" if rejected.status == 403:
                words = f"the account, or what {account.credentials} may do, does not allow it"
                return Unauthorized, words
            case "unauthorized":
                return (
                    Unauthorized,
                    f"the credentials were not accepted; check {account.credentials}; {region}",
                )
            case "wrong_region":
                return WrongRegion, f"the account lives in the other region; {region}"
            case "redirected":
                return (
                    ReplyError,
                    f"a redirect to {rejected.location or 'nowhere'} is not followed; check CIOKIT_BASE_URL",
                )
            case "rate_limited":
                return RateLimited, "too many requests"
            case "unavailable":
                return ServiceUnavailable, f"Customer.io failed{self._status_page()}"
            case _ if rejected.status == 407:
                return ReplyError, "the proxy wants other credentials; check proxy= or HTTP_PROXY"
            case _:
                return ReplyError, "Customer.io refused it"

    def _status_page(self) -> str:
        return f"; see {STATUS_PAGE}" if self._account.hosted else ""


def _may_have_arrived(outcome: Outcome) -> bool:
    """Tell whether the service may have processed an attempt that is now made again."""
    return outcome.may_have_arrived if isinstance(outcome, NoReply) else outcome.status != 429
