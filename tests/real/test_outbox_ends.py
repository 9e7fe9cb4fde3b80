"""The ways in which a process ends: what its outbox took arrives by then, or by the next process that uses the spool."""

import math
import signal
import time
from pathlib import Path

import pytest

from ciokit import Outbox, TrackClient
from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer

from . import living
from .drivers import KEY, SITE
from .programs import recover, run
from .servers import Peer, RawServer

SILENCE = living.SILENCE
ALL = [*range(living.MANY)]

GENTLE = [
    ("normal", 0, ["user-1"]),
    ("exception", 1, ["user-1"]),
    ("sys_exit", 3, ["user-1"]),
    ("in_threads", 0, ["user-1", "user-2"]),
    ("at_exit", 0, ["user-1"]),
    ("closed", 0, ["user-1"]),
    ("logged_into_itself", 0, ["user-1"]),
    ("terminated_with_handlers", -signal.SIGTERM, ["user-1"]),
    ("terminated_as_a_server", 0, ["user-1", "user-2"]),
    ("terminated_amid_close", -signal.SIGTERM, ["user-1"]),
]
HARSH = [("os_exit", 5), ("killed", -signal.SIGKILL), ("terminated", -signal.SIGTERM)]


def numbers(world: World, person: str) -> list[int]:
    """Return the numbers of a person's events in their order."""
    return [event.data["n"] for event in world.events(person=person)]


@pytest.mark.parametrize("spooled", [False, True])
@pytest.mark.parametrize(("scenario", "code", "people"), GENTLE, ids=[name for name, *_ in GENTLE])
def test_a_process_that_can_delivers_before_it_ends(
    sandbox: SandboxServer,
    world: World,
    tmp_path: Path,
    scenario: str,
    code: int,
    people: list[str],
    *,
    spooled: bool,
) -> None:
    """What was put arrives before the process is gone, in order, each once, and nothing else is said about it."""
    done = run(living, scenario, url=sandbox.url, spool=tmp_path / "spool" if spooled else None)
    assert done.returncode == code, done.stderr
    assert done.stderr.endswith("LookupError\n") if scenario == "exception" else not done.stderr
    for person in people:
        assert numbers(world, person) == ALL


def test_a_process_without_threads_delivers_when_it_is_told_to_end(
    sandbox: SandboxServer, world: World
) -> None:
    """Where no thread can be had, the signal's handler sends itself, and the log has said what is amiss."""
    done = run(living, "terminated_without_threads", url=sandbox.url)
    assert done.returncode == -signal.SIGTERM
    assert done.stderr.startswith("the system has no thread for the outbox")
    assert len(done.stderr.splitlines()) == 1
    assert numbers(world, "user-1") == ALL


@pytest.mark.parametrize(("scenario", "code"), HARSH)
def test_a_process_that_cannot_leaves_it_in_the_spool(
    sandbox: SandboxServer, world: World, tmp_path: Path, scenario: str, code: int
) -> None:
    """A process that is gone at once leaves what it took in the spool, and the next one delivers it."""
    done = run(living, scenario, url=sandbox.url, spool=tmp_path / "spool")
    assert (done.returncode, done.stderr) == (code, "")
    recover(sandbox, tmp_path / "spool")
    assert numbers(world, "user-1") == ALL


def test_a_forgotten_outbox_is_delivered_at_the_end(sandbox: SandboxServer, world: World) -> None:
    """An outbox that the application dropped without closing it delivers what it took all the same."""
    done = run(living, "forgotten", url=sandbox.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert numbers(world, "user-1") == [0]


def stay_silent(peer: Peer) -> None:
    """Take a request in and never answer."""
    peer.read_request()
    peer.hold()


@pytest.mark.parametrize("spooled", [False, True])
def test_an_exit_does_not_wait_for_a_black_hole(
    sandbox: SandboxServer, world: World, tmp_path: Path, *, spooled: bool
) -> None:
    """A process ends within its time though nobody answers; memory tells what is lost, a spool keeps it."""
    spool = tmp_path / "spool" if spooled else None
    begun = time.monotonic()
    with RawServer(stay_silent) as server:
        done = run(living, "short_of_time", url=server.url, spool=spool)
    assert time.monotonic() - begun < SILENCE
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert done.stdout.count("dropped") == (0 if spooled else 2 * living.MANY)
    if spool:
        recover(sandbox, spool)
        assert numbers(world, "user-1") == numbers(world, "user-2") == ALL


@pytest.mark.parametrize("senders", [0, 4])
@pytest.mark.parametrize("spooled", [False, True])
def test_a_close_does_not_wait_for_a_black_hole(tmp_path: Path, senders: int, *, spooled: bool) -> None:
    """`close(0.5)` returns though nobody answers, and says that not everything is delivered."""
    spool = tmp_path / "spool" if spooled else None
    begun = time.monotonic()
    with (
        RawServer(stay_silent) as server,
        TrackClient(SITE, KEY, base_url=server.url, timeout=2 * SILENCE) as client,
    ):
        outbox = Outbox(client, spool=spool, senders=senders)
        for number in range(200):
            outbox.track(f"user-{number}", "seen")
        assert not outbox.close(0.5)
        stats = outbox.stats()
    assert time.monotonic() - begun < SILENCE
    assert stats.accepted == 200
    assert (stats.pending, stats.dropped) == ((200, {}) if spooled else (0, {"closed": 200}))


@pytest.mark.parametrize("senders", [0, 4])
@pytest.mark.parametrize("timeout", [math.inf, 1e300])
def test_a_close_may_take_as_long_as_it_likes(
    sandbox: SandboxServer, world: World, timeout: float, senders: int
) -> None:
    """More seconds than the system can count are as many as it takes."""
    with TrackClient(SITE, KEY, base_url=sandbox.url) as client:
        outbox = Outbox(client, senders=senders)
        outbox.track("user-1", "counted", {"n": 1})
        assert outbox.flush(timeout)
        outbox.track("user-1", "counted", {"n": 2})
        assert outbox.close(timeout)
    assert numbers(world, "user-1") == [1, 2]
