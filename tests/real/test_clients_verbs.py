"""Every verb of both clients, over a socket to the sandbox: what it asks for is what the world then holds."""

import datetime as dt
from typing import Any

import msgspec
import pytest

from ciokit import (
    AccountRegion,
    CioId,
    CioObjectId,
    Email,
    Id,
    InvalidData,
    ObjectId,
    Phone,
    Receipt,
    Relationship,
)
from ciokit.sandbox import World
from ciokit.sandbox.state.records import Person

from .drivers import Connect, Driver

ACME = ObjectId("1", "acme")


def somebody(world: World, identifier: str = "user-1") -> Person:
    """Return a person who must be there."""
    person = world.person(identifier)
    assert person is not None
    return person


def last_body(world: World) -> Any:
    """Return the last request's body, decoded."""
    body = world.requests[-1].body
    assert body is not None
    return msgspec.json.decode(body)


def make_segment(world: World, number: int) -> None:
    """Make a manual segment, as a person does on the vendor's page."""
    from ciokit.sandbox.state.records import Segment

    world.workspace().segments[number] = Segment(number, "VIP", "", 0.0, 0.0)


def test_identify_creates_and_updates(driver: Driver, world: World) -> None:
    """A person is created with their attributes and the time they were seen, then updated and trimmed."""
    receipt = driver.call("identify", "user-1", {"plan": "pro", "company": "acme"}, extra={"seats": 3})
    assert receipt == Receipt(kind="identify", id=None, attempts=1, elapsed=receipt.elapsed)
    attributes = somebody(world).attributes
    assert {name: attributes[name] for name in ("plan", "company", "seats")} == {
        "plan": "pro",
        "company": "acme",
        "seats": 3,
    }
    assert attributes["last_seen_at"] == int(driver.clock.time())
    driver.call("identify", "user-1", {"plan": "free"}, remove=["company"])
    assert somebody(world).attributes["plan"] == "free"
    assert "company" not in somebody(world).attributes


def test_identify_only_updates_when_told(driver: Driver, world: World) -> None:
    """With create=False nobody comes into being."""
    driver.call("identify", "user-1", {"plan": "pro"}, create=False)
    assert world.people() == []


@pytest.mark.parametrize(
    ("person", "found"),
    [("user-1", "user-1"), (Id("user 1/ü"), "user 1/ü"), (Email("a+b@example.com"), "a+b@example.com")],
)
def test_identifiers_arrive_as_given(driver: Driver, world: World, person: Any, found: str) -> None:
    """Ids and e-mail addresses arrive to the letter, whatever is in them."""
    driver.call("identify", person, {"plan": "pro"})
    assert somebody(world, found).attributes["plan"] == "pro"


def test_phone_and_cio_id_name_a_person(driver: Driver, world: World) -> None:
    """A telephone number and Customer.io's own id name the person they belong to."""
    driver.call("identify", Phone("+14155552671"), {"plan": "pro"})
    person = somebody(world, "+14155552671")
    driver.call("identify", CioId(f"cio_{person.cio_id}"), {"plan": "free"})
    assert person.attributes["plan"] == "free"


def test_track_records_an_event(driver: Driver, world: World) -> None:
    """An event arrives with its data, its ULID, its time and the time it was tracked."""
    receipt = driver.call("track", "user-1", "order_placed", {"total": 12.5}, extra={"coupon": "X"})
    (event,) = world.events("user-1", "order_placed")
    assert (event.id, event.type) == (receipt.id, "event")
    assert event.timestamp == int(driver.clock.time())
    assert event.data == {"total": 12.5, "coupon": "X", "tracked_at": int(driver.clock.time())}


def test_a_given_ulid_and_time_win(driver: Driver, world: World) -> None:
    """An event's own id and time are sent as they are."""
    ulid = "01BX5ZZKBKACTAV9WEVGEMMVRY"
    when = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    driver.call("track", "user-1", "seen", id=ulid, timestamp=when)
    (event,) = world.events()
    assert (event.id, event.timestamp) == (ulid, when.timestamp())


@pytest.mark.parametrize("verb", ["page", "screen"])
def test_page_and_screen_are_events_of_their_own_kind(driver: Driver, world: World, verb: str) -> None:
    """A page or a screen is recorded as one."""
    driver.call(verb, "user-1", "/pricing", {"ref": "ad"})
    (event,) = world.events("user-1")
    assert (event.type, event.name, event.data["ref"]) == (verb, "/pricing", "ad")


def test_delete_suppress_and_unsuppress(driver: Driver, world: World) -> None:
    """A deleted person is gone, a suppressed one is refused until they are unsuppressed."""
    driver.call("identify", "user-1", {"plan": "pro"})
    driver.call("delete", "user-1")
    assert world.people() == []
    driver.call("identify", "user-1")
    driver.call("suppress", "user-1")
    driver.call("identify", "user-1")
    assert world.people() == []
    driver.call("unsuppress", "user-1")
    driver.call("identify", "user-1")
    assert [person.id for person in world.people()] == ["user-1"]


def test_merge_leaves_one_person(driver: Driver, world: World) -> None:
    """The secondary person's events belong to the primary after a merge."""
    driver.call("identify", "user-1", {"plan": "pro"})
    driver.track(Email("old@example.com"), "seen")
    driver.call("merge", "user-1", Email("old@example.com"))
    assert [person.id for person in world.people()] == ["user-1"]
    assert [event.name for event in world.events("user-1")] == ["seen"]


def test_devices_come_and_go(driver: Driver, world: World) -> None:
    """A device is added with its platform and attributes, and removed by its token."""
    driver.call("add_device", "user-1", "token-1", platform="ios", last_used=1_700_000_000)
    device = somebody(world).devices["token-1"]
    assert (device.platform, device.last_used) == ("ios", 1_700_000_000)
    driver.call("delete_device", "user-1", "token-1")
    assert somebody(world).devices == {}


def test_relationships_of_a_person(driver: Driver, world: World) -> None:
    """A person is related to an object with attributes of the tie, and no longer after the tie is taken away."""
    driver.call("identify", "user-1")
    driver.call("add_relationships", "user-1", [Relationship(ACME, {"role": "admin"})])
    assert somebody(world).relationships["1", "acme"].attributes == {"role": "admin"}
    driver.call("delete_relationships", "user-1", [ACME])
    assert somebody(world).relationships == {}


def test_objects_are_made_related_and_deleted(driver: Driver, world: World) -> None:
    """An object goes through all of its life: created, related from its side, updated by its own id, deleted."""
    driver.call("identify", "user-1")
    driver.call("identify_object", ACME, {"name": "Acme"}, relationships=[Relationship("user-1")])
    made = world.workspace().objects["1", "acme"]
    assert made.attributes["name"] == "Acme"
    assert ("1", "acme") in somebody(world).relationships
    driver.call("identify_object", CioObjectId(made.cio_object_id), {"name": "Acme Inc"})
    assert world.workspace().objects["1", "acme"].attributes["name"] == "Acme Inc"
    driver.call("delete_object_relationships", ACME, ["user-1"])
    assert somebody(world).relationships == {}
    driver.call("add_object_relationships", ACME, [Relationship("user-1", {"role": "owner"})])
    assert somebody(world).relationships["1", "acme"].attributes == {"role": "owner"}
    driver.call("delete_object", ACME)
    assert world.workspace().objects == {}


def test_identify_anonymous_ties_an_object_to_a_later_person(driver: Driver, world: World) -> None:
    """An object that was tied to an anonymous visitor belongs to the person who is identified with that id."""
    driver.call("identify_anonymous", ACME, "anon-1", {"name": "Acme"}, relationship_attributes={"role": "x"})
    driver.call("identify", "user-1", {"anonymous_id": "anon-1"})
    assert somebody(world).relationships["1", "acme"].attributes == {"role": "x"}


def test_anonymous_events_join_the_person(driver: Driver, world: World) -> None:
    """An event of someone unknown is theirs once they are identified; an invite belongs to nobody."""
    receipt = driver.call("track_anonymous", "anon-1", "seen", {"page": "/"}, type="page")
    driver.call("track_anonymous", None, "invited")
    driver.call("identify", "user-1", {"anonymous_id": "anon-1"})
    (event,) = world.events("user-1")
    assert (event.id, event.type, event.data["page"]) == (receipt.id, "page", "/")
    assert [event.cio_id for event in world.events(name="invited")] == [None]


def test_manual_segments(driver: Driver, world: World) -> None:
    """People are put into a manual segment and taken out, by id or by e-mail address."""
    make_segment(world, 7)
    driver.call("identify", "user-1", {"email": "a@example.com"})
    driver.call("add_to_segment", 7, ["user-1"])
    assert somebody(world).segments == [7]
    driver.call("remove_from_segment", 7, ["a@example.com"], id_type="email")
    assert somebody(world).segments == []


def test_forms_submit_for_a_person(driver: Driver, world: World) -> None:
    """A form is submitted once, for the person who filled it in."""
    receipt = driver.call("submit_form", "contact us", Email("a@example.com"), {"topic": "sales"})
    assert receipt.kind == "form"
    (submitted,) = world.workspace().forms["contact us"].submissions
    assert submitted == {"email": "a@example.com", "topic": "sales"}
    assert somebody(world, "a@example.com").attributes["topic"] == "sales"


def test_metrics_are_reported(driver: Driver, world: World) -> None:
    """Delivery metrics arrive by each of the four ways to report them."""
    driver.call("report_metric", "dgOq-1", "bounced", recipient="a@example.com", reason="full", timestamp=5)
    driver.call("report_push", "dgOq-2", "opened", "token-1")
    driver.call("report_delivery", "dgOq-3", "converted", "token-1")
    driver.call("unsubscribe", "dgOq-4")
    found = [(metric.delivery_id, metric.metric) for metric in world.workspace().metrics]
    assert found == [
        ("dgOq-1", "bounced"),
        ("dgOq-2", "opened"),
        ("dgOq-3", "converted"),
        ("dgOq-4", "unsubscribed"),
    ]
    assert world.workspace().metrics[0].details["reason"] == "full"


def test_account_region(driver: Driver, world: World) -> None:
    """The region endpoint's answer is returned as it is meant."""
    assert driver.call("account_region") == AccountRegion("https://track.customer.io", "us", 1)


def test_stamps_can_be_turned_off(connect: Connect, driver: Driver, world: World) -> None:
    """Without stamps a person and an event hold what the caller gave and nothing else."""
    plain = connect(driver.client.url, stamp=False)
    plain.call("identify", "user-1", {"plan": "pro"})
    plain.call("track", "user-1", "seen", {"page": "/"})
    assert "last_seen_at" not in somebody(world).attributes
    assert world.events()[0].data == {"page": "/"}


def test_naive_datetimes_are_utc_where_told(connect: Connect, driver: Driver, world: World) -> None:
    """A datetime without a zone is refused, unless the client was told that it is UTC."""
    naive = dt.datetime(2026, 1, 2)  # noqa: DTZ001 - that is the point
    with pytest.raises(InvalidData, match="time zone"):
        driver.call("track", "user-1", "seen", timestamp=naive)
    connect(driver.client.url, naive_datetimes="utc").call("track", "user-1", "seen", timestamp=naive)
    assert [event.timestamp for event in world.events()] == [naive.replace(tzinfo=dt.UTC).timestamp()]


def test_user_agent_and_content_type(connect: Connect, driver: Driver, world: World) -> None:
    """A request says what it carries and who sends it."""
    driver.track()
    headers = world.requests[-1].headers
    assert headers["user-agent"].startswith("ciokit/")
    assert headers["content-type"] == "application/json"
    connect(driver.client.url, user_agent="shop/1.0").track()
    assert world.requests[-1].headers["user-agent"] == "shop/1.0"


OVER: list[tuple[str, tuple[Any, ...]]] = [
    ("track", ("user-1", "x" * 101)),
    ("track", ("user-1", "seen", {"text": "x" * 32_001})),
    ("track", ("", "seen")),
    ("track", ("x" * 151, "seen")),
    ("identify", ("user-1", {"bio": "x" * 1001})),
    ("identify", ("user-1", {"x" * 151: 1})),
    ("identify", ("user-1", {f"a{number}": 1 for number in range(301)})),
    ("add_to_segment", (7, ["user-1"] * 1001)),
    ("add_to_segment", (7, [])),
    ("merge", ("user-1", "user-1")),
    ("submit_form", ("contact", Phone("+14155552671"))),
    ("report_metric", ("dgOq-1", "eaten")),
    ("identify_object", (ObjectId("0", "acme"),)),
]


@pytest.mark.parametrize(("verb", "args"), OVER, ids=[verb for verb, _ in OVER])
def test_what_is_over_a_limit_is_refused_at_the_call(
    driver: Driver, world: World, verb: str, args: tuple[Any, ...]
) -> None:
    """A verb refuses what the vendor would, at the call and before anything is sent."""
    with pytest.raises(InvalidData):
        getattr(driver.client, verb)(*args)  # not awaited: it is told at the call
    assert world.requests == []
