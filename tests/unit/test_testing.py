"""Time that passes without waiting, and the transport that comes with it."""

import asyncio
import math
import threading
from importlib import import_module

import pytest

from ciokit.clock import Clock
from ciokit.testing import FakeClock


def test_is_a_clock() -> None:
    """The false clock goes wherever a clock does."""
    clock: Clock = FakeClock(now=10.0)
    assert (clock.time(), clock.monotonic()) == (10.0, 0.0)


def test_sleep_passes_at_once_and_is_remembered() -> None:
    """A sleep moves both times without waiting, and each is kept in order."""
    clock = FakeClock(now=100.0)
    clock.sleep(3600)
    clock.sleep(0.5)
    assert (clock.time(), clock.monotonic()) == (3700.5, 3600.5)
    assert clock.sleeps == (3600, 0.5)


def test_advance_is_no_sleep() -> None:
    """Time that passes by itself is not counted as slept."""
    clock = FakeClock(now=0.0)
    clock.advance(7)
    assert (clock.time(), clock.sleeps) == (7.0, ())


def test_asleep_lets_other_tasks_run() -> None:
    """A task that waits its turn gets it during the false sleep, before the sleeper goes on."""
    clock, order = FakeClock(), list[str]()

    async def sleeper() -> None:
        await clock.asleep(60)
        order.append("slept")

    async def other() -> None:
        order.append("other")

    async def both() -> None:
        await asyncio.gather(sleeper(), other())

    asyncio.run(both())
    assert (order, clock.sleeps) == (["other", "slept"], (60,))


@pytest.mark.parametrize("seconds", [-1, -0.001, math.nan])
def test_time_never_goes_back(seconds: float) -> None:
    """What `time.sleep` would refuse is refused here too, so that a wrong wait is found out."""
    clock = FakeClock()
    with pytest.raises(ValueError, match="forward"):
        clock.sleep(seconds)
    with pytest.raises(ValueError, match="forward"):
        clock.advance(seconds)
    assert (clock.monotonic(), clock.sleeps) == (0.0, ())


def test_threads_lose_no_time() -> None:
    """Sleeps of many threads all count."""
    clock = FakeClock(now=0.0)

    def work() -> None:
        for _ in range(500):
            clock.sleep(1)
            clock.advance(1)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (clock.time(), len(clock.sleeps)) == (8000.0, 4000)


def test_sandbox_transport_is_there() -> None:
    """The in-process transport is the sandbox's own."""
    testing, inprocess = import_module("ciokit.testing"), import_module("ciokit.sandbox.inprocess")
    assert testing.SandboxTransport is inprocess.SandboxTransport


def test_unknown_name_is_an_attribute_error() -> None:
    """A mistyped name fails as in any other module."""
    with pytest.raises(AttributeError, match="SandboxTransprt"):
        _ = import_module("ciokit.testing").SandboxTransprt
