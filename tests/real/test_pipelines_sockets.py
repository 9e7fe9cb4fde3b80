"""The Pipelines clients over sockets to the sandbox: what a verb asks for is what the world then holds."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from ciokit import (
    AnonymousId,
    AsyncPipelinesClient,
    BatchError,
    Email,
    Event,
    InvalidData,
    NoReplyError,
    ObjectId,
    PipelinesClient,
    Unauthorized,
    pipelines,
)
from ciokit.sandbox import World
from ciokit.sandbox.faults.rules import Effect, FaultRule
from ciokit.sandbox.server import SandboxServer
from ciokit.sandbox.state.records import Person
from ciokit.testing import FakeClock

from .drivers import AsyncDriver, Driver, SyncDriver
from .servers import Peer, RawServer, answer_each

KEY = "marker-write-93fa"
REGIONAL = "sk_us_marker-71c2"
ACME = ObjectId("2", "acme")


class Bought(Event):
    """An event."""

    total: float


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    """Run one sandbox for all tests here."""
    with SandboxServer(World(keys={KEY: "shop", REGIONAL: "shop"})) as server:
        yield server


@pytest.fixture
def world(sandbox: SandboxServer) -> World:
    """Empty the sandbox and return what it holds."""
    sandbox.world.reset()
    return sandbox.world


def make(kind: str, url: str, **options: Any) -> Driver:
    """Make a client of a kind, and its driver."""
    clock = FakeClock()
    given: dict[str, Any] = {"api_key": KEY, "base_url": url, "clock": clock, **options}
    if kind == "sync":
        return SyncDriver(PipelinesClient(**given), clock)
    return AsyncDriver(AsyncPipelinesClient(**given), clock)


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    """Run a test with each kind of client."""
    name: str = request.param
    return name


@pytest.fixture
def driver(kind: str, sandbox: SandboxServer, world: World) -> Iterator[Driver]:
    """Connect a client of each kind to the empty sandbox."""
    made = make(kind, sandbox.url)
    yield made
    made.end()


def somebody(world: World, identifier: str = "user-1") -> Person:
    """Return a person who must be there."""
    person = world.person(identifier)
    assert person is not None
    return person


def test_identify_track_page_and_screen(driver: Driver, world: World) -> None:
    """A person comes into being with their traits, and what they did is theirs, at the time that was given."""
    driver.call("identify", "user-1", {"plan": "pro", "email": "a@example.com"})
    when = dt.datetime(2026, 1, 2, 3, 4, 5, 678_000, dt.UTC)
    receipt = driver.call("track", "user-1", Bought(total=9.5), timestamp=when)
    driver.call("page", "user-1", "Home")
    driver.call("screen", "user-1", "Main")
    assert somebody(world).attributes["plan"] == "pro"
    seen = [(event.type, event.name) for event in world.events("user-1")]
    assert seen == [("event", "bought"), ("page", "Home"), ("screen", "Main")]
    bought = world.events("user-1", "bought")[0]
    assert (bought.timestamp, bought.message_id) == (when.timestamp(), receipt.id)
    assert bought.data == {"total": 9.5, "tracked_at": int(driver.clock.time())}


def test_an_anonymous_past_joins_whoever_is_identified(driver: Driver, world: World) -> None:
    """By `anonymous_id=` or by an alias, what an anonymous id did becomes the user's."""
    driver.call("track", AnonymousId("v-1"), "seen")
    driver.call("identify", "user-1", {"plan": "pro"}, anonymous_id="v-1")
    driver.call("track", AnonymousId("v-2"), "looked")
    driver.call("alias", AnonymousId("v-2"), "user-2")
    assert [event.name for event in world.events("user-1")] == ["seen"]
    assert [event.name for event in world.events("user-2")] == ["looked"]


def test_an_email_names_a_person_by_that_trait(driver: Driver, world: World) -> None:
    """Whoever is identified by `Email` has no id but the address."""
    driver.call("identify", Email("a+b@example.com"), {"plan": "pro"})
    person = somebody(world, "a+b@example.com")
    assert (person.id, person.attributes["plan"]) == (None, "pro")


def test_groups_are_objects(driver: Driver, world: World) -> None:
    """A group is made and related, then let go of, then deleted."""
    driver.call("group", "user-1", ACME, {"seats": 5}, relationship_attributes={"role": "admin"})
    assert world.workspace().objects["2", "acme"].attributes == {"seats": 5}
    assert somebody(world).relationships["2", "acme"].attributes == {"role": "admin"}
    driver.call("delete_relationship", "user-1", ACME)
    assert somebody(world).relationships == {}
    driver.call("delete_object", ACME)
    assert world.workspace().objects == {}


def test_devices_people_and_deliveries(driver: Driver, world: World) -> None:
    """The semantic events do what they are named for, and none of them is recorded as an event."""
    driver.call("identify", "user-1")
    driver.call("add_device", "user-1", "tok", platform="ios", attributes={"app_version": "2"})
    device = somebody(world).devices["tok"]
    assert (device.platform, device.attributes["app_version"]) == ("ios", "2")
    driver.call("delete_device", "user-1", "tok")
    assert somebody(world).devices == {}
    driver.call("suppress", "user-1")
    driver.call("identify", "user-1")
    assert world.people() == []
    driver.call("unsuppress", "user-1")
    driver.call("identify", "user-1")
    assert len(world.people()) == 1
    driver.call("delete", "user-1")
    assert world.people() == []
    driver.call("report_delivery", "d-1", "clicked", href="https://example.com")
    (metric,) = world.workspace().metrics
    assert (metric.delivery_id, metric.metric) == ("d-1", "clicked")
    assert world.events() == []


def test_a_content_report_arrives(driver: Driver, world: World) -> None:
    """A report on anonymous content is understood as one: a metric of the content, and no event."""
    driver.call("report_content", "clicked_content", content_id=3, template_id=4)
    (metric,) = world.workspace().metrics
    assert (metric.delivery_id, metric.metric, metric.details["templateId"]) == ("3", "clicked_content", 4)
    assert world.events() == []


def test_a_bearer_key_is_taken(kind: str, sandbox: SandboxServer, world: World) -> None:
    """A key that names its region opens the same workspace."""
    made = make(kind, sandbox.url, api_key=REGIONAL)
    made.call("track", "user-1", "seen")
    made.end()
    assert len(world.events("user-1")) == 1


def test_a_wrong_key_is_told_and_keeps_its_secret(kind: str, sandbox: SandboxServer, world: World) -> None:
    """In strict mode a wrong key is an error that names the setting and not the key."""
    made = make(kind, sandbox.url, api_key="marker-wrong")
    with pytest.raises(Unauthorized, match="CUSTOMERIO_PIPELINES_API_KEY") as caught:
        made.call("track", "user-1", "seen")
    made.end()
    assert "marker" not in str(caught.value)
    assert world.events() == []


def test_a_batch_keeps_its_order_over_several_requests(driver: Driver, world: World) -> None:
    """A batch larger than one request arrives whole and in order."""
    calls = [pipelines.Track("user-1", "counted", {"n": n, "text": "x" * 20_000}) for n in range(60)]
    result = driver.call("batch", calls)
    assert (result.accepted, result.requests) == (60, 3)
    assert [event.data["n"] for event in world.events("user-1")] == [*range(60)]


def test_a_batch_that_fails_half_way_tells_what_was_taken(driver: Driver, world: World) -> None:
    """What went before the failure is told as taken, what comes after as not sent."""
    calls = [pipelines.Track("user-1", "counted", {"n": n, "text": "x" * 20_000}) for n in range(60)]
    world.faults.add(FaultRule(script=(None, Effect(status=400))), 0.0)
    with pytest.raises(BatchError) as caught:
        driver.call("batch", calls)
    result = caught.value.result
    counts = [
        sum(item.status == status for item in result.items) for status in ("accepted", "failed", "not_sent")
    ]
    assert counts == [len(world.events("user-1")), counts[1], counts[2]]
    assert sum(counts) == 60
    assert min(counts) > 0


@pytest.mark.parametrize("after_processing", [False, True])
def test_lost_connections_are_tried_again(driver: Driver, world: World, *, after_processing: bool) -> None:
    """A call whose connection is lost is sent again to the byte, before and after it was processed."""
    world.faults.add(FaultRule(effect=Effect(drop=True, after_processing=after_processing), times=1), 0.0)
    receipt = driver.call("track", "user-1", "seen")
    assert receipt.attempts == 2
    assert {event.message_id for event in world.events("user-1")} == {receipt.id}
    assert len({asked.body for asked in world.requests}) == 1


def test_a_server_that_hangs_up_is_told_as_no_answer(kind: str) -> None:
    """Where no answer ever comes, the error says so after the policy's attempts."""

    def hang_up(peer: Peer) -> None:
        peer.read_request()

    with RawServer(hang_up) as server:
        made = make(kind, server.url)
        with pytest.raises(NoReplyError) as caught:
            made.call("track", "user-1", "seen")
        made.end()
    assert (caught.value.attempts, caught.value.may_have_arrived) == (4, True)


def test_what_goes_over_the_wire(kind: str) -> None:
    """A request has the strict header, the kind of its body and its credentials where they belong."""
    with RawServer(answer_each) as server:
        made = make(kind, server.url)
        made.call("page", "user-1")
        made.end()
    (request,) = server.requests
    assert (request.method, request.target) == ("POST", "/v1/page")
    assert request.headers["x-strict-mode"] == "1"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["authorization"].startswith("Basic ")


def test_what_is_wrong_is_told_at_the_call(driver: Driver, world: World) -> None:
    """A verb of either client refuses at the call and sends nothing."""
    with pytest.raises(InvalidData):
        driver.client.track("", "seen")  # not awaited: it is told at the call
    assert world.requests == []
