"""Faults of the service and of the network: everything arrives once, in order per person, whatever goes wrong."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ciokit import Outbox, RetryPolicy, TrackClient
from ciokit.sandbox import World
from ciokit.sandbox.faults.rules import Effect, FaultRule
from ciokit.sandbox.server import SandboxServer

from .drivers import KEY, SITE
from .servers import free_port

MANY = 600
PEOPLE = 15
QUICK = RetryPolicy(max_retries=None, base_delay=0.005, max_delay=0.02, budget=1e9)

FAULTS = {
    "500": Effect(status=500),
    "429": Effect(status=429, retry_after=0),
    "dropped before processing": Effect(drop=True),
    "dropped after processing": Effect(drop=True, after_processing=True),
    "slow": Effect(delay=0.03),
    "a portal's page": Effect(status=200, body="<!DOCTYPE html><title>Log in</title>"),
    "garbage": Effect(garbage=True, status=502),
    "garbage after processing": Effect(garbage=True, after_processing=True),
}


@pytest.fixture(params=[False, True], ids=["memory", "spool"])
def spool(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    """Keep entries in memory, and then in a spool."""
    return tmp_path / "spool" if request.param else None


@pytest.fixture
def client(sandbox: SandboxServer) -> Iterator[TrackClient]:
    """Be a client of the sandbox."""
    with TrackClient(SITE, KEY, base_url=sandbox.url) as client:
        yield client


def put(outbox: Outbox) -> None:
    """Put events of a few people in turn, with a breath now and then, so that there are many requests."""
    for number in range(MANY):
        outbox.track(f"user-{number % PEOPLE}", "counted", {"n": number})
        if number % 6 == 0:
            outbox.flush(0.003)


def check(world: World) -> None:
    """Check that everything arrived once and in order."""
    assert len(world.events()) == MANY
    for person in range(PEOPLE):
        numbers = [event.data["n"] for event in world.events(person=f"user-{person}")]
        assert numbers == [*range(person, MANY, PEOPLE)]


def outlast(world: World, client: TrackClient, spool: Path | None) -> None:
    """Put and deliver, whatever goes wrong."""
    with Outbox(client, spool=spool, retry=QUICK, batch_size=3, rate=2000) as outbox:
        put(outbox)
        assert outbox.flush(60)
        stats = outbox.stats()
    assert (stats.accepted, stats.delivered, stats.pending) == (MANY, MANY, 0)
    check(world)


@pytest.mark.parametrize("fault", FAULTS)
def test_one_request_in_ten_goes_wrong(
    world: World, client: TrackClient, spool: Path | None, fault: str
) -> None:
    """A tenth of the requests fails in one way, and neither an entry nor anybody's order is lost."""
    world.faults.add(FaultRule(effect=FAULTS[fault], times=1), 0.0)  # at least one
    world.faults.add(FaultRule(effect=FAULTS[fault], probability=0.1), 0.0)
    outlast(world, client, spool)
    assert world.faults.applied


def test_everything_goes_wrong_at_once(world: World, client: TrackClient, spool: Path | None) -> None:
    """All of that together, more than half of the requests, costs nothing but time."""
    for effect in FAULTS.values():
        world.faults.add(FaultRule(effect=effect, probability=0.1), 0.0)
    outlast(world, client, spool)


def test_a_server_that_is_down_and_comes_up(world: World, spool: Path | None) -> None:
    """While nobody listens everything is kept; when somebody does, all of it arrives by itself."""
    port = free_port()
    with (
        TrackClient(SITE, KEY, base_url=f"http://127.0.0.1:{port}") as client,
        Outbox(client, spool=spool, retry=QUICK) as outbox,
    ):
        put(outbox)
        assert not outbox.flush(0.5)
        stats = outbox.stats()
        assert stats.down
        assert stats.retries > 0
        assert (stats.accepted, stats.pending) == (MANY, MANY)
        with SandboxServer(world, port=port):
            assert outbox.flush(60)
    check(world)
