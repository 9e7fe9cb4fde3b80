"""Retries for any call of the application's own, by the policy that the clients use."""

import functools
import random
import sys
from collections.abc import Callable
from types import CoroutineType
from typing import Any, ParamSpec, TypeAlias, TypeVar, cast

from ciokit.clock import SYSTEM_CLOCK, Clock
from ciokit.errors import CiokitError, DeliveryError
from ciokit.settings import check_kind
from ciokit.verdict import RetryPolicy

__all__ = ["is_passing", "retry"]

P = ParamSpec("P")
R = TypeVar("R")
Passing: TypeAlias = Callable[[Exception], bool]


def is_passing(error: Exception) -> bool:
    """Tell whether an error is one that may be gone the next time.

    A `DeliveryError` says so itself. Another error counts by its HTTP status, found as `status`, `status_code` or
    `response.status_code`: 408, 429 and 5xx are passing, all others are not. Without a status, network errors and
    timeouts are: `OSError`, `TimeoutError` and the transport errors of httpx2 and httpx.

    Args:
        error: What a call raised.

    Returns:
        Whether to try again.
    """
    if isinstance(error, DeliveryError):
        return error.retryable
    if isinstance(error, CiokitError):
        return False
    status = _status(error)
    if status is not None:
        return status in {408, 429} or status >= 500
    return isinstance(error, (OSError, *_transport_errors()))


def retry(
    policy: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen
    *,
    when: Passing = is_passing,
    clock: Clock = SYSTEM_CLOCK,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Wrap a callable, sync, async or returning a coroutine, so that it is retried after a temporary error.

        @ciokit.retry(RetryPolicy(max_retries=5))
        def charge(order: Order) -> None: ...

    Only wrap what may safely be done twice: the wrapper cannot know whether a failed call had an effect.

    Args:
        policy: How often and how patiently.
        when: Which errors are temporary.
        clock: Tells the time and waits.

    Returns:
        A decorator. After the last try the last error is raised as it is.

    Raises:
        SettingsError: If the policy is none, as the function is after `@retry` without brackets.
    """
    check_kind(
        "policy", policy, RetryPolicy, "RetryPolicy(max_retries=5)"
    )  # also the function, after a bare @retry
    from inspect import iscoroutinefunction  # heavy, and not every program retries calls of its own

    def decorate(call: Callable[P, R]) -> Callable[P, R]:
        wrap: Any = _wrap_async if iscoroutinefunction(call) else _wrap
        return cast("Callable[P, R]", wrap(call, lambda: _Tries(policy, when, clock), clock))

    return decorate


class _Tries:
    """Count the tries of one call and say how long to wait after each."""

    def __init__(self, policy: RetryPolicy, when: Passing, clock: Clock) -> None:
        self._policy = policy
        self._when = when
        self._clock = clock
        self._started = clock.monotonic()
        self._failed = 0

    def wait_after(self, error: Exception) -> float | None:
        """Return the seconds to wait before the next try, or None to give up."""
        policy, attempt = self._policy, self._failed
        self._failed += 1
        if policy.max_retries is not None and attempt >= policy.max_retries:
            return None
        wait = policy.delay(attempt, random.random())  # noqa: S311 - jitter is no secret
        elapsed = self._clock.monotonic() - self._started
        return wait if elapsed + wait <= policy.budget and self._when(error) else None


def _wrap(call: Callable[..., Any], begin: Callable[[], _Tries], clock: Clock) -> Callable[..., Any]:
    @functools.wraps(call)
    def attempt(*args: Any, **kwargs: Any) -> Any:
        tries = begin()
        while True:
            try:
                made = call(*args, **kwargs)
            except Exception as error:
                wait = tries.wait_after(error)
                if wait is None:
                    raise
            else:
                # A plain function may return a coroutine, as the verbs of asynchronous clients do.
                again = functools.partial(call, *args, **kwargs)
                return _await(again, tries, clock, made) if isinstance(made, CoroutineType) else made
            clock.sleep(wait)

    return attempt


def _wrap_async(call: Callable[..., Any], begin: Callable[[], _Tries], clock: Clock) -> Callable[..., Any]:
    @functools.wraps(call)
    async def attempt(*args: Any, **kwargs: Any) -> Any:
        return await _await(functools.partial(call, *args, **kwargs), begin(), clock)

    return attempt


async def _await(call: Callable[[], Any], tries: _Tries, clock: Clock, made: Any = None) -> Any:
    """Await what a call makes, or has made, and call again while that fails."""
    while True:
        try:
            return await (call() if made is None else made)
        except Exception as error:
            wait = tries.wait_after(error)
            if wait is None:
                raise
        made = None
        await clock.asleep(wait)


def _status(error: Exception) -> int | None:
    response = getattr(error, "response", None)
    for found in (
        getattr(error, "status", None),
        getattr(error, "status_code", None),
        getattr(response, "status_code", None),
        getattr(response, "status", None),
    ):
        if isinstance(found, int) and 100 <= found <= 599:
            return found
    return None


def _transport_errors() -> tuple[type[Exception], ...]:
    """Return the transport errors of those HTTP libraries that the program has loaded."""
    modules = (sys.modules.get(name) for name in ("httpx2", "httpx"))
    found = (getattr(module, "TransportError", None) for module in modules)
    return tuple(kind for kind in found if isinstance(kind, type))
