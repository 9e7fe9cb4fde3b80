"""Turns within the App API's rates that came to nothing: a call that was cancelled while it waited leaves no gap."""

import asyncio
from itertools import pairwise
from typing import Any

import httpx2
import hypothesis.strategies as st
import pytest
from hypothesis import given

from ciokit.app import AppClient, AsyncAppClient, RateLimits
from ciokit.errors import ClientClosed
from ciokit.testing import FakeClock


def answer(_request: httpx2.Request) -> httpx2.Response:
    """Answer as the service does when all is well."""
    return httpx2.Response(200, content=b'{"id":1}')


class StoppedClock(FakeClock):
    """A clock whose tasks sleep until they are cancelled."""

    async def asleep(self, seconds: float) -> None:
        """Wait for ever."""
        await asyncio.get_running_loop().create_future()


class InterruptedClock(FakeClock):
    """A clock whose sleepers are interrupted, as by Ctrl-C."""

    def sleep(self, seconds: float) -> None:
        """Raise instead of waiting."""
        raise KeyboardInterrupt


def test_a_cancelled_call_gives_its_turn_back() -> None:
    """However many calls were given up while they waited, the next one waits for the turn after the last request."""
    limits = RateLimits()
    clock = StoppedClock()

    async def give_up_many() -> None:
        app = AsyncAppClient("key", transport=httpx2.MockTransport(answer), rate_limits=limits, clock=clock)
        await app.broadcasts.trigger(1)
        waiting = [asyncio.ensure_future(app.broadcasts.trigger(1)) for _ in range(5)]
        await asyncio.sleep(0)
        assert limits.until("broadcast", clock.monotonic()) == pytest.approx(60)
        for call in waiting:
            call.cancel()
        await asyncio.wait(waiting)

    asyncio.run(give_up_many())
    assert limits.until("broadcast", clock.monotonic()) == pytest.approx(10)
    clock.advance(25)
    assert limits.claim("broadcast", clock.monotonic(), wait=False) == 0


def test_an_interrupted_call_gives_its_turn_back() -> None:
    """A Ctrl-C amid the wait for a turn, or a client that was closed meanwhile, costs no turn."""
    limits = RateLimits()
    options: dict[str, Any] = {"transport": httpx2.MockTransport(answer), "rate_limits": limits}
    AppClient("key", clock=FakeClock(), **options).broadcasts.trigger(1)
    with pytest.raises(KeyboardInterrupt):
        AppClient("key", clock=InterruptedClock(), **options).broadcasts.trigger(1)
    assert limits.until("broadcast", 0.0) == pytest.approx(10)

    class ClosingClock(FakeClock):
        def sleep(self, seconds: float) -> None:
            closing.close()

    closing = AppClient("key", clock=ClosingClock(), **options)
    with pytest.raises(ClientClosed):
        closing.broadcasts.trigger(1)
    assert limits.until("broadcast", 0.0) == pytest.approx(10)


@given(
    st.lists(
        st.tuples(st.sampled_from(["claim", "give back", "pass", "refused"]), st.integers(0, 20)), max_size=60
    )
)
def test_no_two_requests_start_closer_than_the_rate(steps: list[tuple[str, int]]) -> None:
    """Whichever turns are given back, in whatever order, those that are used keep their distance."""
    limits, now = RateLimits(general=1.0), 0.0
    waiting: list[float] = []
    used: list[float] = []
    for step, number in steps:
        if step == "claim":
            waited = limits.claim("general", now)
            assert waited is not None
            waiting.append(now + waited)
        elif step == "give back" and waiting:
            limits.give_back("general", waiting.pop(number % len(waiting)))
        elif step == "pass":
            now += number / 4
            used += [at for at in waiting if at <= now]
            waiting = [at for at in waiting if at > now]
        elif step == "refused":
            limits.heard("general", 429, now)
    times = sorted(used + waiting)
    assert all(later - earlier > 0.999 for earlier, later in pairwise(times))
