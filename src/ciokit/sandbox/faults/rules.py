"""Misbehaviour on request: rules that choose an effect for a request, seeded and bounded in time.

Decides only; what an effect does to a reply is in `effects`. Knows no sockets and no state of the world.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from fnmatch import fnmatchcase
from random import Random
from typing import Annotated, Any, Final, Literal

import msgspec

Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]
_PRINTABLE: Final = msgspec.Meta(pattern=r"^[ -~]{1,200}$(?!\n)")
"""What may stand in a header."""
Seconds = Annotated[float, msgspec.Meta(ge=0, le=3600)]


class Effect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Say how one response goes wrong. Effects combine: a late 503 is `status` and `delay`.

    Args:
        status: Answer with this status instead of the real one.
        retry_after: Value of a Retry-After header: seconds, or an HTTP date.
        body: Body in place of the vendor's envelope.
        after_processing: Process the request first, then spoil the response.
        drop: Close the connection without a response.
        garbage: Answer with bytes that are not JSON.
        redirect: Answer 301 to this region, as for an account that lives there.
        partial: Refuse this share of a batch's items.
        partial_status: Status of such an answer: 207, or the undocumented 200 with errors.
        delay: Seconds to wait first; the mean or median of a distribution.
        delay_spread: Half width (uniform) or sigma (lognormal) of the distribution.
        delay_distribution: How delays are drawn.
        drip: Seconds over which the body trickles in.
    """

    status: Annotated[int, msgspec.Meta(ge=200, le=599)] | None = None
    retry_after: Annotated[int, msgspec.Meta(ge=0)] | Annotated[str, _PRINTABLE] | None = None
    body: str | None = None
    after_processing: bool = False
    drop: bool = False
    garbage: bool = False
    redirect: Literal["us", "eu"] | None = None
    partial: Fraction | None = None
    partial_status: Literal[200, 207] = 207
    delay: Seconds = 0.0
    delay_spread: Seconds = 0.0
    delay_distribution: Literal["fixed", "uniform", "exponential", "lognormal"] = "fixed"
    drip: Seconds = 0.0

    def draw_delay(self, random: Random) -> float:
        """Draw how long to wait.

        Args:
            random: Source of chance.

        Returns:
            Seconds, at most an hour.
        """
        if self.delay_distribution == "uniform":
            drawn = random.uniform(self.delay - self.delay_spread, self.delay + self.delay_spread)
        elif self.delay_distribution == "exponential":
            drawn = random.expovariate(1 / self.delay) if self.delay else 0.0
        elif self.delay_distribution == "lognormal":
            drawn = self.delay * random.lognormvariate(0.0, self.delay_spread)
        else:
            drawn = self.delay
        return min(max(drawn, 0.0), 3600.0)


class FaultRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Say which requests go wrong, how, and for how long.

    Args:
        api: `track`, `app` or `pipelines`; None for all.
        method: HTTP method; None for all.
        path: Path as sent, with `*` for anything.
        effect: What happens to each request that is hit.
        script: One entry for each matching request in turn, null letting it pass; then the rule ends.
            Given instead of `effect`.
        probability: Chance of hitting a matching request.
        times: End after this many hits.
        seconds: End this long after the rule was added.
    """

    api: Literal["track", "app", "pipelines"] | None = None
    method: str | None = None
    path: str = "*"
    effect: Effect | None = None
    script: tuple[Effect | None, ...] = ()
    probability: Fraction = 1.0
    times: Annotated[int, msgspec.Meta(ge=1)] | None = None
    seconds: Annotated[float, msgspec.Meta(gt=0)] | None = None

    def __post_init__(self) -> None:
        if (self.effect is None) == (not self.script):
            message = "a fault needs either effect or script"
            raise ValueError(message)


class ActiveFault(msgspec.Struct, kw_only=True):
    """Hold a rule and how far it has gone.

    Args:
        number: Its number, from 1.
        rule: The rule.
        added_at: When it was added, Unix seconds.
        seen: How many requests matched.
        hits: How many were hit.
    """

    number: int
    rule: FaultRule
    added_at: float
    seen: int = 0
    hits: int = 0


class Hit(msgspec.Struct, frozen=True):
    """Hold the effect that was chosen for a request, with its drawn delay."""

    number: int
    effect: Effect
    delay: float
    random: Random


class FaultRules:
    """Keep the active faults and choose among them, the first added first.

    Args:
        random: Source of chance.
        lock: Held while the rules are read or changed.
        changed: Called when a rule was added or removed.
    """

    def __init__(
        self, random: Random, lock: AbstractContextManager[Any], changed: Callable[[], None]
    ) -> None:
        self.random = random
        self.applied: int = 0
        self._lock = lock
        self._changed = changed
        self._active: list[ActiveFault] = []
        self._added = 0

    def add(self, rule: FaultRule, now: float) -> ActiveFault:
        """Start a fault.

        Args:
            rule: The rule.
            now: Unix seconds.

        Returns:
            The active fault with its number.
        """
        with self._lock:
            self._added += 1
            fault = ActiveFault(number=self._added, rule=rule, added_at=now)
            self._active.append(fault)
            self._changed()
        return fault

    def remove(self, number: int | None = None) -> int:
        """End faults.

        Args:
            number: Which one; None for all.

        Returns:
            How many were ended.
        """
        with self._lock:
            kept = [fault for fault in self._active if number is not None and fault.number != number]
            ended = len(self._active) - len(kept)
            self._active = kept
            self._changed()
        return ended

    def active(self, now: float) -> list[ActiveFault]:
        """Return the faults that have not ended.

        Args:
            now: Unix seconds.

        Returns:
            The faults, first added first.
        """
        with self._lock:
            self._active = [fault for fault in self._active if not _ended(fault, now)]
            return list(self._active)

    def choose(self, api: str, method: str, path: str, now: float) -> Hit | None:
        """Choose what goes wrong with a request.

        Args:
            api: The API the request is for.
            method: HTTP method.
            path: Path as sent.
            now: Unix seconds.

        Returns:
            The effect, or None when nothing goes wrong.
        """
        if not self._active:
            return None
        for fault in self.active(now):
            if _matches(fault.rule, api, method, path):
                effect = self._advance(fault)
                if effect is not None:
                    self.applied += 1
                    return Hit(fault.number, effect, effect.draw_delay(self.random), self.random)
        return None

    def _advance(self, fault: ActiveFault) -> Effect | None:
        rule = fault.rule
        if rule.probability < 1.0 and self.random.random() >= rule.probability:
            return None
        effect = rule.script[fault.seen] if rule.script else rule.effect
        fault.seen += 1
        fault.hits += effect is not None
        return effect


def _matches(rule: FaultRule, api: str, method: str, path: str) -> bool:
    return (
        (rule.api is None or rule.api == api)
        and (rule.method is None or rule.method.upper() == method)
        and (rule.path == "*" or fnmatchcase(path, rule.path))
    )


def _ended(fault: ActiveFault, now: float) -> bool:
    rule = fault.rule
    return (
        (rule.seconds is not None and now - fault.added_at >= rule.seconds)
        or (rule.times is not None and fault.hits >= rule.times)
        or (bool(rule.script) and fault.seen >= len(rule.script))
    )
