"""The outbox of the Pipelines API against a sandbox on a socket: the same promises, under that API's verbs."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ciokit import (
    AnonymousId,
    AsyncOutbox,
    InvalidData,
    ObjectId,
    Outbox,
    PipelinesClient,
    RejectedDetails,
    TrackClient,
    pipelines,
)
from ciokit.outboxes.pipelines import PipelinesOutbox
from ciokit.sandbox import World
from ciokit.sandbox.faults.rules import Effect, FaultRule
from ciokit.sandbox.server import SandboxServer
from ciokit.verdict import RetryPolicy
from ciokit.wire import PIPELINES, Entry

QUICK = RetryPolicy(max_retries=None, base_delay=0.01, max_delay=0.05, budget=1e9)
KEYS = {"key": "shop", "site:key": "shop"}


@pytest.fixture
def world() -> World:
    """Be a sandbox that nothing was sent to."""
    return World(keys=KEYS)


@pytest.fixture
def url(world: World) -> Iterator[str]:
    """Serve the sandbox."""
    with SandboxServer(world) as server:
        yield server.url


@pytest.fixture
def client(url: str) -> Iterator[PipelinesClient]:
    """Be a client of the sandbox."""
    with PipelinesClient("key", base_url=url) as made:
        yield made


def numbers(world: World, person: str) -> list[int]:
    """Return what a person's events count, in the order of their arrival."""
    return [event.data["n"] for event in world.events(person=person, name="counted")]


@pytest.mark.parametrize("spooled", [False, True])
def test_everything_arrives_once_and_in_order(
    client: PipelinesClient, world: World, tmp_path: Path, *, spooled: bool
) -> None:
    """Each person's calls arrive in their order, each once, in few requests of mixed types."""
    with Outbox(client, spool=tmp_path / "spool" if spooled else None) as outbox:
        for number in range(400):
            assert outbox.track(f"user-{number % 7}", "counted", {"n": number})
            if number % 50 == 0:
                outbox.identify(f"user-{number % 7}", {"seen": number})
                outbox.group(f"user-{number % 7}", "acme", {"seats": number})
                outbox.page(AnonymousId(f"v-{number}"), "Home")
        assert outbox.flush(60)
        stats = outbox.stats()
        assert (stats.accepted, stats.delivered, stats.pending) == (424, 424, 0)
    for person in range(7):
        assert numbers(world, f"user-{person}") == [*range(person, 400, 7)]
    assert world.workspace().objects["1", "acme"].attributes["seats"] == 350
    assert {asked.path for asked in world.requests} == {"/v1/batch"}
    assert len(world.requests) < 60


def test_an_alias_waits_for_both(client: PipelinesClient, world: World) -> None:
    """What was said of an anonymous id is there when it is merged, and what comes after is the user's."""
    with Outbox(client, batch_size=1, flush_interval=0.01) as outbox:
        for number in range(20):
            visitor, user = AnonymousId(f"v-{number}"), f"user-{number}"
            outbox.track(visitor, "counted", {"n": 1})
            outbox.identify(user, {"plan": "pro"})
            outbox.alias(visitor, user)
            outbox.track(user, "counted", {"n": 2})
        assert outbox.flush(60)
    for number in range(20):
        assert numbers(world, f"user-{number}") == [1, 2]


def test_one_refused_call_costs_one(client: PipelinesClient, world: World) -> None:
    """Strict mode refuses a request as a whole; the outbox finds the culprit, tells why, and delivers the rest."""
    told: list[RejectedDetails] = []
    with Outbox(client, on_rejected=told.append) as outbox:
        for number in range(9):
            outbox.track(f"user-{number}", "counted", {"n": number})
        outbox.put(Entry(b'{"type":"track","userId":"user-4"}', ("id:user-4",), "event", PIPELINES, "m-1"))
        outbox.track("user-4", "counted", {"n": 9})
        assert outbox.flush(60)
        stats = outbox.stats()
    assert (stats.delivered, stats.rejected, stats.pending) == (10, 1, 0)
    (details,) = told
    assert (details.id, details.status) == ("m-1", 400)
    assert "event name must not be blank" in details.reason
    assert numbers(world, "user-4") == [4, 9]


def test_items_that_an_answer_names_are_rejected_alone(client: PipelinesClient, world: World) -> None:
    """Where an answer names items by their index, these alone are given up."""
    told: list[RejectedDetails] = []
    answer = '{"errors":[{"batch_index":1,"reason":"invalid","message":"no"}]}'
    world.faults.add(FaultRule(effect=Effect(status=207, body=answer), times=1), 0.0)
    with Outbox(client, on_rejected=told.append) as outbox:
        ids = [outbox.track("user-1", "counted", {"n": number}) for number in range(3)]
        assert outbox.flush(60)
        assert (outbox.stats().delivered, outbox.stats().rejected) == (2, 1)
    assert [details.id for details in told] == [ids[1]]


def test_faults_lose_nothing_and_rename_nothing(client: PipelinesClient, world: World) -> None:
    """Through errors and lost connections every call arrives, and one that arrives twice has the same message id."""
    for effect in (
        Effect(status=500),
        Effect(status=429, retry_after=0),
        Effect(drop=True),
        Effect(drop=True, after_processing=True),
    ):
        world.faults.add(FaultRule(effect=effect, times=2), 0.0)
    with Outbox(client, retry=QUICK, batch_size=5) as outbox:
        ids = [outbox.track(f"user-{number % 3}", "counted", {"n": number}) for number in range(100)]
        assert outbox.flush(60)
        assert outbox.stats().delivered == 100
    assert {event.message_id for event in world.events()} == set(ids)
    for person in range(3):
        assert [*dict.fromkeys(numbers(world, f"user-{person}"))] == [*range(person, 100, 3)]


def test_a_wrong_key_costs_nothing(url: str, world: World, tmp_path: Path) -> None:
    """With a wrong key the spool keeps everything, and the right one delivers it."""
    with (
        PipelinesClient("wrong", base_url=url) as wrong,
        Outbox(wrong, spool=tmp_path / "spool") as outbox,
    ):
        for number in range(10):
            outbox.track("user-1", "counted", {"n": number})
        assert not outbox.flush(0.5)
        assert (outbox.stats().paused, outbox.stats().pending) == ("unauthorized", 10)
        assert outbox.stats().trouble.startswith("unauthorized, status 401: check the credentials")
        outbox.close(0.1)
    assert world.events() == []
    with PipelinesClient("key", base_url=url) as right, Outbox(right, spool=tmp_path / "spool") as outbox:
        outbox.track("user-1", "counted", {"n": 10})
        assert outbox.flush(60)
    assert numbers(world, "user-1") == [*range(11)]


def test_both_apis_may_share_a_spool(url: str, world: World, tmp_path: Path) -> None:
    """Entries that one API's outbox left behind are sent by the next one of the same API, never by the other's."""
    spool = tmp_path / "spool"
    nowhere = "http://127.0.0.1:9"
    left: list[str | None] = []
    with (
        TrackClient("site", "key", base_url=nowhere) as track,
        PipelinesClient("key", base_url=nowhere) as other,
    ):
        first, second = Outbox(track, spool=spool), Outbox(other, spool=spool)
        left += [first.track("user-1", "counted", {"n": 1}), second.track("user-2", "counted", {"n": 2})]
        assert not first.close(0.05)
        assert not second.close(0.05)
    with PipelinesClient("key", base_url=url) as client, Outbox(client, spool=spool) as outbox:
        outbox.page("user-3")
        assert outbox.flush(60)
    assert [event.message_id for event in world.events(name="counted")] == left[1:]
    with TrackClient("site", "key", base_url=url) as track, Outbox(track, spool=spool) as outbox:
        outbox.page("user-3", "Home")
        assert outbox.flush(60)
    assert [event.id for event in world.events("user-1")] == left[:1]
    paths = [asked.path for asked in world.requests]
    assert set(paths) == {"/v1/batch", "/api/v2/batch"}


def test_a_wrong_call_says_so(client: PipelinesClient) -> None:
    """What is wrong is refused at the call."""
    with Outbox(client) as outbox, pytest.raises(InvalidData, match="user"):
        outbox.track("", "counted")


def test_the_names_of_hand_made_queues(client: PipelinesClient) -> None:
    """The names that hand-made queues have work here, too."""
    with Outbox(client) as outbox:
        assert outbox.enqueue("user-1", "counted", {"n": 1})
        assert outbox.group("user-1", ObjectId("1", "acme"))
        assert outbox.shutdown()


async def _speak(client: PipelinesClient) -> None:
    async with AsyncOutbox(client) as outbox:
        for number in range(50):
            assert await outbox.track("user-1", "counted", {"n": number})
        assert await outbox.enqueue("user-1", "counted", {"n": 50})
        assert await outbox.flush(60)


def test_the_asynchronous_twin_delivers_too(client: PipelinesClient, world: World) -> None:
    """The verbs are awaited, and everything arrives in order."""
    asyncio.run(_speak(client))
    assert numbers(world, "user-1") == [*range(51)]


KILLED = """
import os, sys
from ciokit import AnonymousId, Outbox, PipelinesClient
client = PipelinesClient("key", base_url=sys.argv[1])
outbox = Outbox(client, spool=sys.argv[2])
for number in range(2000):
    who = f"user-{number % 9}" if number % 2 else AnonymousId(f"v-{number % 9}")
    print(outbox.track(who, "counted", {"n": number}), flush=True)
os.kill(os.getpid(), 9)
"""


def test_kill_9_loses_nothing_that_was_acknowledged(
    client: PipelinesClient, world: World, tmp_path: Path
) -> None:
    """What a killed process was told is kept is sent by the next one, each under its own message id."""
    spool = tmp_path / "spool"
    done = subprocess.run(
        [sys.executable, "-c", KILLED, client.url, str(spool)], capture_output=True, text=True, check=False
    )
    assert done.returncode == -9, done.stderr
    acknowledged = done.stdout.split()
    assert len(acknowledged) == 2000
    with Outbox(client, spool=spool) as outbox:
        assert isinstance(outbox, PipelinesOutbox)
        outbox.track("user-1", "after")
        assert outbox.flush(60)
    # What was on its way when the process was killed may have arrived twice: the API does not say that it discards it.
    assert {event.message_id for event in world.events(name="counted")} == set(acknowledged)
    for person in range(9):
        counted = [*dict.fromkeys(numbers(world, f"user-{person}"))]
        assert counted == [n for n in range(person, 2000, 9) if n % 2]


def test_an_entry_encoded_before_is_delivered(client: PipelinesClient, world: World) -> None:
    """What the client encoded can be put, and keeps its name."""
    entry = client.encode(pipelines.Track("user-1", "counted", {"n": 1}))
    with Outbox(client) as outbox:
        outbox.put(entry)
        assert outbox.flush(60)
    assert [event.message_id for event in world.events()] == [entry.id]
