"""The outbox against a sandbox on a socket: what a verb returned for arrives, once and in order, or is told."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ciokit import (
    AsyncOutbox,
    ClientClosed,
    DroppedDetails,
    InvalidData,
    Outbox,
    RejectedDetails,
    Track,
    TrackClient,
)
from ciokit.sandbox.faults.rules import Effect, FaultRule
from ciokit.sandbox.server import SandboxServer
from ciokit.sandbox.world import World
from ciokit.stores.errors import StoreFull
from ciokit.verdict import Delivered, Reply, RetryPolicy

QUICK = RetryPolicy(max_retries=None, base_delay=0.01, max_delay=0.05, budget=1e9)


@pytest.fixture
def world() -> World:
    """Be a sandbox that nothing was sent to."""
    return World()


@pytest.fixture
def client(world: World) -> Iterator[TrackClient]:
    """Be a client of the sandbox."""
    with SandboxServer(world) as server, TrackClient("site", "key", base_url=server.url) as made:
        yield made


@pytest.mark.parametrize("spooled", [False, True])
def test_everything_arrives_once_and_in_order(
    client: TrackClient, world: World, tmp_path: Path, *, spooled: bool
) -> None:
    """Each person's events arrive in their order, each once, and the counts add up."""
    with Outbox(client, spool=tmp_path / "spool" if spooled else None) as outbox:
        for number in range(500):
            assert outbox.track(f"user-{number % 7}", "counted", {"n": number})
        assert outbox.flush(60)
        stats = outbox.stats()
        assert (stats.accepted, stats.delivered, stats.pending) == (500, 500, 0)
    for person in range(7):
        assert [event.data["n"] for event in world.events(person=f"user-{person}")] == [
            *range(person, 500, 7)
        ]


def test_faults_lose_and_double_nothing(client: TrackClient, world: World) -> None:
    """Errors, lost connections before and after processing and garbage cost nothing but time."""
    for effect in (
        Effect(status=500),
        Effect(status=503, retry_after=0),
        Effect(drop=True),
        Effect(drop=True, after_processing=True),
    ):
        world.faults.add(FaultRule(effect=effect, times=2), 0.0)
    with Outbox(client, retry=QUICK, batch_size=5) as outbox:
        for number in range(100):
            outbox.track(f"user-{number % 3}", "counted", {"n": number})
        assert outbox.flush(60)
        assert outbox.stats().delivered == 100
    assert sorted(event.data["n"] for event in world.events()) == [*range(100)]
    for person in range(3):
        assert [event.data["n"] for event in world.events(person=f"user-{person}")] == [
            *range(person, 100, 3)
        ]


def test_what_the_service_refuses_is_told_and_stops_nobody(client: TrackClient, world: World) -> None:
    """One refused entry reaches `on_rejected` without its neighbours; a hook that raises harms nothing."""
    told: list[RejectedDetails] = []

    def on_rejected(details: RejectedDetails) -> None:
        told.append(details)
        raise RuntimeError

    world.faults.add(FaultRule(effect=Effect(partial=0.5), times=1), 0.0)
    with Outbox(client, on_rejected=on_rejected) as outbox:
        for number in range(10):
            outbox.track("user-1", "counted", {"n": number})
        assert outbox.flush(60)
        stats = outbox.stats()
    assert stats.accepted == stats.delivered + stats.rejected == 10
    assert stats.rejected == len(told) > 0
    assert len(world.events()) == stats.delivered


def test_a_full_outbox_does_what_was_asked(client: TrackClient) -> None:
    """`raise` raises, `drop_new` and `drop_old` count and tell; nothing vanishes."""
    with Outbox(client, senders=0, max_entries=2, overflow="raise") as outbox:
        outbox.track("user-1", "a")
        outbox.track("user-1", "b")
        with pytest.raises(StoreFull):
            outbox.track("user-1", "c")
    for overflow in ("drop_new", "drop_old"):
        told: list[DroppedDetails] = []
        with Outbox(client, senders=0, max_entries=2, overflow=overflow, on_dropped=told.append) as outbox:
            ids = [outbox.track("user-1", name) for name in "abc"]
            assert outbox.stats().dropped == {"full": 1}
            assert outbox.stats().accepted in {2, 3}
        assert [details.id for details in told] == [ids[2 if overflow == "drop_new" else 0]]


def test_a_wrong_call_and_a_closed_outbox_say_so(client: TrackClient) -> None:
    """What is wrong is refused at the call, and a closed outbox takes no more."""
    outbox = Outbox(client)
    with pytest.raises(InvalidData):
        outbox.track("", "counted")
    assert outbox.close(10)
    assert outbox.close(10)
    with pytest.raises(ClientClosed):
        outbox.track("user-1", "counted")


async def _speak(client: TrackClient) -> None:
    async with AsyncOutbox(client) as outbox:
        for number in range(50):
            assert await outbox.track("user-1", "counted", {"n": number})
        assert await outbox.flush(60)


def test_the_asynchronous_twin_delivers_too(client: TrackClient, world: World) -> None:
    """The verbs are awaited, and everything arrives."""
    import asyncio

    asyncio.run(_speak(client))
    assert len(world.events()) == 50


KILLED = """
import os, sys
from ciokit import Outbox, TrackClient
client = TrackClient("site", "key", base_url=sys.argv[1])
outbox = Outbox(client, spool=sys.argv[2])
for number in range(2000):
    print(outbox.track(f"user-{number % 9}", "counted", {"n": number}), flush=True)
os.kill(os.getpid(), 9)
"""


def test_kill_9_loses_nothing_that_was_acknowledged(
    client: TrackClient, world: World, tmp_path: Path
) -> None:
    """What a killed process was told is kept is sent by the next one, and nothing twice."""
    spool = tmp_path / "spool"
    done = subprocess.run(
        [sys.executable, "-c", KILLED, client.url, str(spool)], capture_output=True, text=True, check=False
    )
    assert done.returncode == -9, done.stderr
    acknowledged = done.stdout.split()
    assert len(acknowledged) == 2000
    with Outbox(client, spool=spool) as outbox:
        outbox.track("user-1", "after")
        assert outbox.flush(60)
    arrived = [event.id for event in world.events(name="counted")]
    assert sorted(acknowledged) == sorted(ulid for ulid in arrived if ulid is not None)


SIGNALLED = """
import os, signal, sys
from ciokit import Outbox, TrackClient, install_signal_handlers
client = TrackClient("site", "key", base_url=sys.argv[1])
outbox = Outbox(client, spool=sys.argv[2], exit_timeout=float(sys.argv[4]))
install_signal_handlers()
for number in range(50):
    outbox.track("user-1", "counted", {"n": number})
if sys.argv[3] == "inside":  # as if the signal had come in the middle of the outbox's own work
    outbox._senders.turn.lock.acquire()
os.kill(os.getpid(), signal.SIGTERM)
"""


def signalled(client: TrackClient, spool: Path, where: str, exit_timeout: float) -> int:
    """Run a process that is told to end, and return how it ended."""
    arguments = [sys.executable, "-c", SIGNALLED, client.url, str(spool), where, str(exit_timeout)]
    return subprocess.run(arguments, capture_output=True, check=False, timeout=60).returncode


def test_sigterm_delivers_first_and_ends_then(client: TrackClient, world: World, tmp_path: Path) -> None:
    """With the handlers installed, what waits is delivered before the signal ends the process."""
    assert signalled(client, tmp_path / "spool", "outside", 30) == -15
    assert [event.data["n"] for event in world.events(person="user-1")] == [*range(50)]


def test_a_signal_inside_the_outbox_does_not_hang(client: TrackClient, world: World, tmp_path: Path) -> None:
    """A handler that interrupts the outbox with its lock held ends in time, and the spool keeps what waits."""
    assert signalled(client, tmp_path / "spool", "inside", 0.1) == -15
    with Outbox(client, spool=tmp_path / "spool") as outbox:
        outbox.track("user-2", "after")
        assert outbox.flush(60)
    assert [event.data["n"] for event in world.events(person="user-1")] == [*range(50)]


def test_no_repr_shows_what_is_sent(client: TrackClient) -> None:
    """What is carried shows its size and not its content."""
    entry = client.encode(Track("user-1", "counted", {"secret": "marker"}))
    assert b"marker" in entry.body
    assert "marker" not in repr(entry)
    assert "marker" not in repr(Reply(200, {}, b"marker"))
    assert "marker" not in repr(Delivered(body=b"marker"))
