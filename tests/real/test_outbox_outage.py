"""An outage as an application meets it: it goes on putting, the outbox only probes, and then everything arrives.

The server is first a port where nobody listens, then one that fails every request, then the sandbox. How long it is
away is not a time but a number of requests that failed; the waits between them are real, and short ones. The full 30
seconds, with the settings that are the default, are among the misfortunes of `benchmarks/outbox_faults.py`.
"""

import threading
import time
from collections.abc import Iterator
from itertools import count, pairwise
from pathlib import Path
from typing import Self

import pytest

from ciokit import Outbox, RetryPolicy, TrackClient
from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer

from .drivers import KEY, SITE
from .servers import Peer, RawServer, free_port, reply

THREADS = 4
PEOPLE = 5
"""Of each thread."""
REFUSED = 12
"""Requests that find nobody."""
FAILED = 12
"""Requests that find a server that fails."""
AFTER = 50
"""Events of each thread when the service is back."""
SENDERS = 4
TRIP_AFTER = 3
POLICY = RetryPolicy(max_retries=None, base_delay=0.02, max_delay=0.1, jitter=0.3, budget=1e9)
ENDLESS = 60.0
"""Seconds after which a test gives up: a backoff that went on doubling would be there after as many requests."""


class Failing:
    """Be a server that fails, and note when each request came."""

    def __init__(self) -> None:
        self.came: list[float] = []
        self.enough = threading.Event()
        self._lock = threading.Lock()

    def __call__(self, peer: Peer) -> None:
        """Fail the requests of one connection: with an answer, or by hanging up."""
        while peer.read_request():
            with self._lock:
                self.came.append(time.monotonic())
                number = len(self.came)
            if number == FAILED:
                self.enough.set()
            if number % 3 == 0:
                return
            peer.send(reply(b"{}", "503 Service Unavailable"))


class Application:
    """Put events from several threads until told that the service is back, and a few more."""

    def __init__(self, outbox: Outbox) -> None:
        self.put = [0] * THREADS
        self.back = threading.Event()
        self._outbox = outbox
        self._threads = [threading.Thread(target=self._run, args=(at,)) for at in range(THREADS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def finish(self) -> None:
        """Put the last events."""
        self.back.set()
        for thread in self._threads:
            thread.join(ENDLESS)

    def _run(self, thread: int) -> None:
        left = AFTER
        for number in count():
            if self.back.wait(0.002):
                left -= 1
            if left < 0:
                return
            self._outbox.track(f"user-{thread}-{number % PEOPLE}", "counted", {"n": number})
            self.put[thread] = number + 1


@pytest.fixture(params=[False, True], ids=["memory", "spool"])
def spool(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    """Keep entries in memory, and then in a spool."""
    return tmp_path / "spool" if request.param else None


@pytest.fixture
def port() -> int:
    """Be the port of a service that is down."""
    return free_port()


@pytest.fixture
def outbox(spool: Path | None, port: int) -> Iterator[Outbox]:
    """Be an outbox whose service is down."""
    with (
        TrackClient(SITE, KEY, base_url=f"http://127.0.0.1:{port}") as client,
        Outbox(
            client, spool=spool, retry=POLICY, senders=SENDERS, batch_size=10, flush_interval=0.1
        ) as outbox,
    ):
        yield outbox


def wait_until_refused(outbox: Outbox) -> None:
    """Wait until so many requests found nobody."""
    began = time.monotonic()
    while outbox.stats().requests < REFUSED:
        outbox.flush(0.02)
        assert time.monotonic() < began + ENDLESS, "the outbox does not probe any more"


def least_seconds(requests: int) -> float:
    """Return the seconds that so many failed requests take at least: those that are probes wait for one another."""
    probes = requests - (TRIP_AFTER - 1) - SENDERS
    return sum(POLICY.delay(number, 0.0) for number in range(probes - 1))


def test_an_outage_costs_nothing_but_time(outbox: Outbox, port: int, world: World) -> None:
    """Whatever was put before, during and after arrives once and in order, and meanwhile there is one probe at a time."""
    failing = Failing()
    began = time.monotonic()
    with Application(outbox) as application:
        wait_until_refused(outbox)
        stats = outbox.stats()
        seconds = time.monotonic() - began
        assert stats.down
        assert (stats.delivered, stats.pending) == (0, stats.accepted)
        assert seconds >= least_seconds(stats.requests), "it asked more often than its policy allows"
        with RawServer(failing, port=port):
            assert failing.enough.wait(ENDLESS), "the outbox does not probe any more"
        assert outbox.stats().down
        with SandboxServer(world, port=port):
            assert outbox.flush(ENDLESS)
            application.finish()
            assert outbox.flush(ENDLESS)
    check_probes(failing)
    stats = outbox.stats()
    assert not stats.down
    assert (stats.delivered, stats.pending, stats.rejected) == (stats.accepted, 0, 0)
    assert stats.accepted == sum(application.put)
    check_events(application, world)


def check_probes(failing: Failing) -> None:
    """Check that each request came as long after the one before as the policy says, so that there was one at a time."""
    waits = [later - earlier for earlier, later in pairwise(failing.came)]
    assert len(waits) >= FAILED - 1
    assert min(waits) >= POLICY.max_delay


def check_events(application: Application, world: World) -> None:
    """Check that every event is there once and in its person's order."""
    assert len(world.events()) == sum(application.put)
    assert not any(event.duplicates for event in world.events())
    for thread, number in enumerate(application.put):
        for person in range(PEOPLE):
            numbers = [event.data["n"] for event in world.events(person=f"user-{thread}-{person}")]
            assert numbers == [*range(person, number, PEOPLE)]
