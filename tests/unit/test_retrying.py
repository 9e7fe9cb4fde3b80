"""Retries of an application's own calls: what is tried again, how long, and whatever kind of call it is."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import httpx2
import pytest

import ciokit
from ciokit import AsyncTrackClient, ClientClosed, RetryPolicy, ServiceUnavailable, SettingsError
from ciokit.retrying import is_passing
from ciokit.testing import FakeClock

POLICY = RetryPolicy(max_retries=2, base_delay=1, jitter=0)


class StatusError(Exception):
    """An error of another library, with the status where such libraries have it."""

    def __init__(self, **where: Any) -> None:
        self.__dict__.update(where)


class Response:
    """What some libraries' errors hold."""

    def __init__(self, status_code: int) -> None:
        self.status_code = status_code


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (ServiceUnavailable("", kind="event", retryable=True), True),
        (ServiceUnavailable("", kind="event", retryable=False), False),
        (ClientClosed(""), False),
        (StatusError(status=500), True),
        (StatusError(status=599), True),
        (StatusError(status=600), False),
        (StatusError(status=499), False),
        (StatusError(status_code=429), True),
        (StatusError(status_code=408), True),
        (StatusError(response=Response(404)), False),
        (StatusError(status="503"), False),
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (httpx2.ReadTimeout(""), True),
        (httpx.ReadTimeout(""), True),
        (httpx.InvalidURL(""), False),
        (ValueError(), False),
    ],
)
def test_what_may_be_gone_the_next_time(error: Exception, passing: bool) -> None:
    """An error says so itself, by its status, or by being the network's."""
    assert is_passing(error) is passing


def fail(times: int, error: Exception) -> tuple[list[int], Callable[[int], int]]:
    """Return a call that fails so often, and what it was called with."""
    calls: list[int] = []

    def call(number: int) -> int:
        calls.append(number)
        if len(calls) <= times:
            raise error
        return number

    return calls, call


@pytest.mark.parametrize("kind", ["sync", "async", "coroutine"])
@pytest.mark.parametrize(
    ("times", "policy", "sleeps"),
    [
        (0, POLICY, ()),
        (2, POLICY, (1, 2)),
        (3, POLICY, (1, 2)),
        (3, RetryPolicy(max_retries=2, base_delay=1, jitter=0, budget=2), (1,)),
        (1, RetryPolicy(max_retries=0), ()),
    ],
)
def test_a_call_is_tried_as_often_as_the_policy_says(
    kind: str, times: int, policy: RetryPolicy, sleeps: tuple[float, ...]
) -> None:
    """A function, an async function, and a function that returns a coroutine are all tried again."""
    clock = FakeClock()
    calls, plain = fail(times, ConnectionError())

    async def later(number: int) -> int:
        return plain(number)

    def promise(number: int) -> Any:
        return later(number)

    kinds: dict[str, Callable[[int], Any]] = {
        "sync": plain,
        "async": later,
        "coroutine": promise,
    }
    wrapped = ciokit.retry(policy, clock=clock)(kinds[kind])

    def run() -> Any:
        made = wrapped(7)
        return made if kind == "sync" else asyncio.run(made)

    if times > len(sleeps):
        with pytest.raises(ConnectionError):
            run()
    else:
        assert run() == 7
    assert clock.sleeps == sleeps
    assert calls == [7] * (len(sleeps) + 1)


def test_what_is_not_passing_comes_out_at_once() -> None:
    """The error is the call's own, and `when` decides what is passing."""
    clock = FakeClock()
    calls, call = fail(9, KeyError("x"))
    with pytest.raises(KeyError):
        ciokit.retry(POLICY, clock=clock)(call)(1)
    assert len(calls) == 1
    with pytest.raises(KeyError):
        ciokit.retry(POLICY, clock=clock, when=lambda error: isinstance(error, KeyError))(call)(1)
    assert len(calls) == 4


def test_a_verb_of_an_asynchronous_client_is_tried_again() -> None:
    """It is a plain function that returns a coroutine."""
    asked: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(503)

    async def main() -> None:
        transport = httpx2.MockTransport(answer)
        async with AsyncTrackClient(
            "site", "key", transport=transport, retry=RetryPolicy(max_retries=0)
        ) as client:
            await ciokit.retry(POLICY, clock=FakeClock())(client.track)("user-1", "seen")

    with pytest.raises(ServiceUnavailable):
        asyncio.run(main())
    assert len(asked) == 3


@pytest.mark.parametrize("given", [5, len])
def test_a_decorator_without_a_policy(given: Any) -> None:
    """`@retry` without its brackets would swallow the calls, and `@retry(5)` fail at the first error; both are refused."""
    with pytest.raises(
        SettingsError, match=r"^policy must be a RetryPolicy, such as RetryPolicy\(max_retries=5\), got "
    ):
        ciokit.retry(given)
