"""Log handlers of the application that raise: they cost no request, no entry and no thread."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from ciokit import Outbox, TrackClient
from ciokit.sandbox import World
from ciokit.sandbox.faults.rules import Effect, FaultRule
from ciokit.sandbox.server import SandboxServer
from ciokit.verdict import RetryPolicy

from .drivers import KEY, SITE, Connect

QUICK = RetryPolicy(max_retries=None, base_delay=0.01, max_delay=0.05, budget=1e9)
MANY = 60


class Broken(logging.Handler):
    """Be written without care."""

    def emit(self, record: logging.LogRecord) -> None:
        """Raise."""
        raise LookupError(record.name)


@pytest.fixture
def broken() -> Iterator[None]:
    """Log everything of this library and of those that it sends by to a handler that raises."""
    handler, loggers = Broken(), [logging.getLogger(name) for name in ("ciokit", "httpcore2", "hpack")]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.addHandler(handler)
    yield
    for logger in loggers:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("http2", [False, True])
def test_a_client_sends_once(
    connect: Connect, sandbox: SandboxServer, world: World, capfd: pytest.CaptureFixture[str], *, http2: bool
) -> None:
    """A request is sent once and its answer is returned, and what the handler raised is on stderr as logging has it."""
    driver = connect(sandbox.url, http2=http2)
    assert driver.track().attempts == 1
    assert len(world.requests) == 1
    assert "LookupError: httpcore2." in capfd.readouterr().err


@pytest.mark.usefixtures("broken")
def test_a_client_tries_again(
    connect: Connect, sandbox: SandboxServer, world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    """What a client logs of a failure does not keep it from the next attempt."""
    world.faults.add(FaultRule(effect=Effect(status=503), times=1), 0.0)
    assert connect(sandbox.url).track().attempts == 2
    capfd.readouterr()


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("spooled", [False, True])
def test_an_outbox_delivers(
    sandbox: SandboxServer, world: World, tmp_path: Path, capfd: pytest.CaptureFixture[str], *, spooled: bool
) -> None:
    """Everything arrives once and in order, also what the service refused at first, which is logged."""
    world.faults.add(FaultRule(effect=Effect(status=503), times=8), 0.0)
    with (
        TrackClient(SITE, KEY, base_url=sandbox.url) as client,
        Outbox(client, spool=tmp_path / "spool" if spooled else None, batch_size=5, retry=QUICK) as outbox,
    ):
        for number in range(MANY):
            outbox.track("user-1", "counted", {"n": number})
        assert outbox.flush(60)
        assert outbox.stats().delivered == MANY
    assert [event.data["n"] for event in world.events(person="user-1")] == [*range(MANY)]
    assert "LookupError: ciokit.outbox" in capfd.readouterr().err
