"""Turns within the App API's rates that came to nothing: a call that was cancelled while it waited leaves no gap."""

import asyncio
from typing import Any

import httpx2
import pytest

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
        assert limits.of("broadcast").until(clock.monotonic()) == pytest.approx(60)
        for call in waiting:
            call.cancel()
        await asyncio.wait(waiting)

    asyncio.run(give_up_many())
    assert limits.of("broadcast").until(clock.monotonic()) == pytest.approx(10)
    clock.advance(25)
    assert limits.of("broadcast").claim(clock.monotonic(), patience=0) == 0


def test_an_interrupted_call_gives_its_turn_back() -> None:
    """A Ctrl-C amid the wait for a turn, or a client that was closed meanwhile, costs no turn."""
    limits = RateLimits()
    options: dict[str, Any] = {"transport": httpx2.MockTransport(answer), "rate_limits": limits}
    AppClient("key", clock=FakeClock(), **options).broadcasts.trigger(1)
    with pytest.raises(KeyboardInterrupt):
        AppClient("key", clock=InterruptedClock(), **options).broadcasts.trigger(1)
    assert limits.of("broadcast").until(0.0) == pytest.approx(10)

    class ClosingClock(FakeClock):
        def sleep(self, seconds: float) -> None:
            closing.close()

    closing = AppClient("key", clock=ClosingClock(), **options)
    with pytest.raises(ClientClosed):
        closing.broadcasts.trigger(1)
    assert limits.of("broadcast").until(0.0) == pytest.approx(10)
