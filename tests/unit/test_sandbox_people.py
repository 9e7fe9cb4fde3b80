"""Identities, attributes, anonymous activity, merging, objects and segments, as seen through the Track API."""

from typing import Any

import httpx2
import pytest

from ciokit.sandbox import Retention, Rules, World
from ciokit.sandbox.inprocess import SandboxTransport
from ciokit.sandbox.state.records import Person

NOW = 1_800_000_000.0
DAY = 86_400.0


class Clock:
    """Tell a time that only the test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def time(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move the time."""
        self.now += seconds


class Track:
    """Speak Track v1 and v2 to a world, insisting on the vendor's success."""

    def __init__(self, world: World, clock: Clock | None = None) -> None:
        transport = SandboxTransport(world, clock or Clock())
        self.client = httpx2.Client(
            transport=transport, base_url="https://track.customer.io", auth=("site", "key")
        )

    def __call__(self, method: str, path: str, **body: Any) -> None:
        """Send one Track v1 request."""
        assert self.client.request(method, f"/api/v1{path}", json=body).content == b"{}\n"

    def identify(self, identifier: str, **attributes: Any) -> None:
        """Identify a person."""
        self("PUT", f"/customers/{identifier}", **attributes)

    def track(self, identifier: str, name: str, **fields: Any) -> None:
        """Track an event."""
        self("POST", f"/customers/{identifier}/events", name=name, **fields)

    def entity(self, **operation: Any) -> None:
        """Do one Track v2 operation."""
        assert self.client.post("/api/v2/entity", json=operation).content == b"{}\n"


def known(world: World, identifier: str) -> Person:
    """Return a person who must exist."""
    person = world.person(identifier)
    assert person is not None
    return person


def kinds(world: World) -> list[str]:
    """Return the kinds of the warnings."""
    return [warned.kind for warned in world.warnings]


def test_path_is_told_apart_by_shape() -> None:
    """A path holds an id, an email, or `cio_` and a cio_id; emails ignore case."""
    world = World()
    track = Track(world)
    track.identify("42", email="Ann@example.com")
    cio_id = known(world, "42").cio_id
    track.identify("ANN@EXAMPLE.COM", plan="pro")
    track.identify(f"cio_{cio_id}", city="Rome")
    assert len(world.people()) == 1
    assert known(world, "ann@example.com").attributes == {
        "id": "42",
        "email": "Ann@example.com",
        "plan": "pro",
        "city": "Rome",
    }


def test_encoded_path_identifiers() -> None:
    """A percent-encoded slash belongs to the identifier."""
    world = World()
    Track(world).identify("a%2Fb%20c")
    assert known(world, "a/b c").id == "a/b c"


def test_unknown_path_with_known_email_gets_the_id() -> None:
    """An unknown path identifier is given to the known person whom the body names."""
    world = World()
    track = Track(world)
    track.identify("ann@example.com", plan="pro")
    track.identify("42", email="ann@example.com")
    assert [(person.id, person.email) for person in world.people()] == [("42", "ann@example.com")]


def test_identifier_of_another_person_is_not_taken() -> None:
    """A body identifier of somebody else is refused in silence; the rest of the call is done."""
    world = World()
    track = Track(world)
    track.identify("1", email="ann@example.com")
    track.identify("2", email="ann@example.com", plan="pro")
    assert (known(world, "2").email, known(world, "2").attributes["plan"]) == (None, "pro")
    assert "attribute_update_failure" in kinds(world)


def test_set_email_needs_cio_id() -> None:
    """An email that is set changes by cio_id, not by id, unless the workspace allows it."""
    world = World()
    track = Track(world)
    track.identify("42", email="old@example.com")
    track.identify("42", email="new@example.com")
    assert known(world, "42").email == "old@example.com"
    track.identify(f"cio_{known(world, '42').cio_id}", email="new@example.com", id="43")
    assert (known(world, "43").email, world.person("42"), world.person("old@example.com")) == (
        "new@example.com",
        None,
        None,
    )
    relaxed = World(rules=Rules(email_updates_by_id=True))
    track = Track(relaxed)
    track.identify("42", email="old@example.com")
    track.identify("42", email="new@example.com")
    assert known(relaxed, "42").email == "new@example.com"


def test_unknown_cio_id_is_dropped() -> None:
    """A call for a cio_id that nobody has is accepted and dropped, with a warning."""
    world = World()
    track = Track(world)
    track.identify("cio_0102", plan="pro")
    track.track("cio_0102", "seen")
    assert (world.people(), world.events()) == ([], [])
    assert kinds(world) == ["unknown_cio_id", "unknown_cio_id"]


def test_update_only_creates_nobody() -> None:
    """`_update` changes known people and creates none, in v1 and v2."""
    world = World()
    track = Track(world)
    track.identify("42", _update=True, plan="pro")
    track.entity(type="person", action="identify", identifiers={"id": "42"}, attributes={"_update": True})
    assert world.people() == []
    track.identify("42")
    track.identify("42", _update=True, plan="pro")
    assert known(world, "42").attributes == {"id": "42", "plan": "pro"}


@pytest.mark.parametrize("strict", [False, True])
def test_strict_rules_refuse_what_is_discarded(strict: bool) -> None:
    """Lenient takes the call with a warning; strict refuses it and changes nothing; both show the warning."""
    world = World(rules=Rules(strict=strict))
    client = Track(world).client
    client.put("/api/v1/customers/1", json={"email": "ann@example.com"})
    reply = client.put("/api/v1/customers/2", json={"email": "ann@example.com", "plan": "pro"})
    assert reply.status_code == (400 if strict else 200)
    assert (world.person("2") is None) is strict
    assert kinds(world)[0] == "attribute_update_failure"


def test_timestamps_order_attribute_changes() -> None:
    """A change older than what is known is dropped, attribute by attribute, in v1 and v2."""
    world = World()
    track = Track(world)
    track.identify("42", plan="pro", _timestamp=2000)
    track.identify("42", plan="free", city="Rome", _timestamp=1000)
    track.entity(
        type="person",
        action="identify",
        identifiers={"id": "42"},
        timestamp=1500,
        attributes={"plan": "trial"},
    )
    person = known(world, "42")
    assert (person.attributes["plan"], person.attributes["city"]) == ("pro", "Rome")
    assert kinds(world).count("stale_attribute") == 2


@pytest.mark.parametrize("nothing", [None, ""])
def test_attribute_history_and_removal(nothing: str | None) -> None:
    """Null and the empty string remove an attribute; its history says what it was and who changed it."""
    world = World()
    track = Track(world)
    track.identify("42", plan="pro")
    track.identify("42", plan="pro")
    track.identify("42", plan=nothing)
    person = known(world, "42")
    assert "plan" not in person.attributes
    assert [(change.value, change.request) for change in person.history["plan"]] == [("pro", 1), (None, 3)]


def test_at_most_300_attributes_a_person() -> None:
    """The 301st attribute of a person is dropped with a warning."""
    world = World()
    track = Track(world)
    track.identify("42", **{f"a{number}": 1 for number in range(299)})
    track.identify("42", one_more=1)
    assert len(known(world, "42").attributes) == 300
    assert "one_more" not in known(world, "42").attributes
    assert "attribute_update_failure" in kinds(world)


@pytest.mark.parametrize(
    ("value", "unsubscribed"),
    [
        (True, True),
        ("TRUE", True),
        (1, True),
        ("1", True),
        (False, False),
        ("yes", False),
        (2, False),
        (None, False),
    ],
)
def test_unsubscribed_values(value: Any, unsubscribed: bool) -> None:
    """True, "true" in any case, 1 and "1" unsubscribe; anything else does not."""
    world = World()
    Track(world).identify("42", unsubscribed=value)
    assert known(world, "42").unsubscribed is unsubscribed


def test_subscription_preferences() -> None:
    """The whole object replaces all topics; a dotted key changes one."""
    world = World()
    track = Track(world)
    track.identify("42", cio_subscription_preferences={"topics": {"topic_1": True, "topic_2": True}})
    track.identify("42", **{"cio_subscription_preferences.topics.topic_1": False})
    preferences = known(world, "42").attributes["cio_subscription_preferences"]
    assert preferences == {"topics": {"topic_1": False, "topic_2": True}}
    track.identify("42", cio_subscription_preferences={"topics": {"topic_3": True}})
    assert known(world, "42").attributes["cio_subscription_preferences"] == {"topics": {"topic_3": True}}


def test_anonymous_events_join_the_person() -> None:
    """Anonymous events of 30 days join who claims the id; later ones for five minutes more."""
    world = World()
    clock = Clock()
    track = Track(world, clock)
    track("POST", "/events", name="too old", anonymous_id="visitor")
    clock.now += 31 * DAY
    track("POST", "/events", name="in time", anonymous_id="visitor")
    track("POST", "/events", name="invite")
    track.identify("42", anonymous_id="visitor")
    clock.now += 299
    track("POST", "/events", name="just after", anonymous_id="visitor")
    clock.now += 2
    track("POST", "/events", name="too late", anonymous_id="visitor")
    assert [event.name for event in world.events("42")] == ["in time", "just after"]
    assert len(world.events()) == 5
    assert kinds(world)[-1] == "late_anonymous_event"


def test_anonymous_id_is_not_reusable() -> None:
    """An anonymous id that was claimed stays with whom it was claimed by."""
    world = World()
    track = Track(world)
    track("POST", "/events", name="seen", anonymous_id="visitor")
    track.identify("1", anonymous_id="visitor")
    track.identify("2", anonymous_id="visitor")
    assert (len(world.events("1")), len(world.events("2"))) == (1, 0)
    assert "anonymous_id_reused" in kinds(world)


def test_without_event_merging() -> None:
    """With event merging off, anonymous events stay anonymous."""
    world = World(rules=Rules(event_merging=False))
    track = Track(world)
    track("POST", "/events", name="seen", anonymous_id="visitor")
    track.identify("42", anonymous_id="visitor")
    assert world.events("42") == []


def test_merge() -> None:
    """The primary takes unset attributes, recent events, devices and segments; the secondary is gone."""
    world = World()
    clock = Clock()
    track = Track(world, clock)
    track.identify("1", plan="pro")
    track.identify("2", plan="free", city="Rome", email="ann@example.com")
    track.track("2", "old", timestamp=int(NOW - 31 * DAY))
    track.track("2", "recent")
    track("PUT", "/customers/2/devices", device={"id": "d", "platform": "ios"})
    track("POST", "/merge_customers", primary={"id": "1"}, secondary={"id": "2"})
    person = known(world, "1")
    assert person.attributes == {"id": "1", "plan": "pro", "city": "Rome", "email": "ann@example.com"}
    assert [event.name for event in world.events("1")] == ["recent"]
    assert list(person.devices) == ["d"]
    assert world.person("2") is None


@pytest.mark.parametrize(("primary", "secondary"), [("nobody", "1"), ("1", "nobody"), ("1", "1")])
def test_merge_without_effect(primary: str, secondary: str) -> None:
    """A merge that cannot happen is accepted, does nothing and is warned of."""
    world = World()
    track = Track(world)
    track.identify("1")
    track("POST", "/merge_customers", primary={"id": primary}, secondary={"id": secondary})
    assert [person.id for person in world.people()] == ["1"]
    assert kinds(world)[-1] == "merge_without_effect"


def test_delete_and_recreate() -> None:
    """A deleted person is gone with their events, and a later call makes a new one."""
    world = World()
    track = Track(world)
    track.identify("42", plan="pro")
    track.track("42", "seen")
    first = known(world, "42").cio_id
    track("DELETE", "/customers/42")
    assert world.people() == []
    track.track("42", "again")
    assert known(world, "42").cio_id != first
    assert [event.name for event in world.events("42")] == ["again"]
    assert [event.name for event in world.events()] == ["seen", "again"]


def test_suppress_blocks_all_identifiers() -> None:
    """Suppressing by one identifier blocks the others too, until unsuppressed by any of them."""
    world = World()
    track = Track(world)
    track.identify("42", email="ann@example.com")
    track("POST", "/customers/42/suppress")
    track.identify("ann@example.com", plan="pro")
    track.track("42", "seen")
    track.identify("43", email="ann@example.com")
    assert known(world, "42").suppressed
    assert [person.id for person in world.people()] == ["43"]
    assert known(world, "43").email is None
    track("POST", "/customers/ann@example.com/unsuppress")
    track.identify("42")
    assert not known(world, "42").suppressed


def test_devices() -> None:
    """A device is added, updated in its parts, and removed; v1 and v2 mean the same device."""
    world = World()
    track = Track(world)
    track(
        "PUT",
        "/customers/42/devices",
        device={"id": "d", "platform": "ios", "last_used": 5, "app_version": "1"},
    )
    track.entity(
        type="person",
        action="add_device",
        identifiers={"id": "42"},
        device={"token": "d", "platform": "ios", "attributes": {"device_os": "18"}},
    )
    device = known(world, "42").devices["d"]
    assert (device.last_used, device.attributes) == (5, {"app_version": "1", "device_os": "18"})
    track("DELETE", "/customers/42/devices/d")
    assert known(world, "42").devices == {}


def test_objects_and_relationships() -> None:
    """Objects hold attributes; relationships come from either side and carry attributes of their own."""
    world = World()
    track = Track(world)
    acme = {"object_type_id": "1", "object_id": "acme"}
    related = [{"identifiers": {"id": "42"}, "relationship_attributes": {"role": "admin", "since": 1}}]
    track.entity(
        type="object",
        action="identify",
        identifiers=acme,
        attributes={"size": 5, "city": "Rome"},
        cio_relationships=related,
    )
    track.entity(type="object", action="identify", identifiers=acme, attributes={"city": None, "size": ""})
    workspace = world.workspace()
    held = workspace.objects["1", "acme"]
    assert held.attributes == {}
    assert known(world, "42").relationships["1", "acme"].attributes == {"role": "admin", "since": 1}
    by_cio_id = [{"identifiers": {"cio_object_id": held.cio_object_id}}]
    track.entity(
        type="person", action="delete_relationships", identifiers={"id": "42"}, cio_relationships=by_cio_id
    )
    assert known(world, "42").relationships == {}
    track.identify(
        "42", cio_relationships={"action": "add_relationships", "relationships": [{"identifiers": acme}]}
    )
    assert list(known(world, "42").relationships) == [("1", "acme")]
    track.entity(type="object", action="delete", identifiers=acme)
    assert (known(world, "42").relationships, workspace.objects) == ({}, {})


def test_anonymous_relationships_carry_over() -> None:
    """A relationship made under an anonymous id becomes that of the person who claims it."""
    world = World()
    track = Track(world)
    track.entity(
        type="object",
        action="identify_anonymous",
        identifiers={"object_type_id": "1", "object_id": "acme"},
        cio_relationships=[
            {"identifiers": {"anonymous_id": "visitor"}, "relationship_attributes": {"role": "guest"}}
        ],
    )
    track.identify("42", anonymous_id="visitor")
    assert known(world, "42").relationships["1", "acme"].attributes == {"role": "guest"}


def test_event_types_and_defaults() -> None:
    """Page and screen keep their type, anything else is an event; a missing timestamp is the time of receipt."""
    world = World()
    track = Track(world)
    for kind in ("page", "screen", "event", "other", 5):
        track.track("42", " padded ", type=kind)
    assert [event.type for event in world.events("42")] == ["page", "screen", "event", "event", "event"]
    assert {(event.name, event.timestamp, event.received_at) for event in world.events("42")} == {
        ("padded", NOW, NOW)
    }


def test_retention_is_bounded() -> None:
    """Old events, requests, people and warnings make room for new ones."""
    world = World(retention=Retention(events=3, requests=2, people=2, warnings=4, ulids=2))
    track = Track(world)
    for number in range(5):
        track.track(str(number), "seen", data={"n": number})
    assert [event.data["n"] for event in world.events()] == [2, 3, 4]
    assert [person.id for person in world.people()] == ["3", "4"]
    assert [record.number for record in world.requests] == [4, 5]
    assert (len(world.warnings), world.stats()["requests"]) == (4, 5)


def test_event_bytes_are_bounded() -> None:
    """Large events leave early, and leave their person too."""
    world = World(retention=Retention(event_bytes=5_000))
    track = Track(world)
    for number in range(4):
        track.track("42", f"n{number}", data={"x": "x" * 2_000})
    assert [event.name for event in world.events()] == ["n2", "n3"]
    assert [event.name for event in known(world, "42").events] == ["n2", "n3"]


def test_old_bodies_leave_the_request_log() -> None:
    """Request bodies are kept within a bound; the record of the request stays."""
    world = World(retention=Retention(request_bytes=3_000))
    track = Track(world)
    for _ in range(3):
        track.track("42", "seen", data={"x": "x" * 1_400})
    assert [record.body is None for record in world.requests] == [True, False, False]


def test_forgotten_ulid_is_a_new_event() -> None:
    """Deduplication remembers a bounded number of ids, also of events no longer kept."""
    world = World(retention=Retention(events=1, ulids=2))
    track = Track(world)
    ulids = [f"01BX5ZZKBKACTAV9WEVGEMMVR{letter}" for letter in "ABC"]
    for ulid in (*ulids[:2], ulids[0]):
        track.track("42", "seen", id=ulid)
    assert world.stats()["duplicates_collapsed"] == 1
    for ulid in (ulids[2], ulids[0]):
        track.track("42", "seen", id=ulid)
    assert world.stats()["duplicates_collapsed"] == 1


def test_quirks_are_warned_of() -> None:
    """Profiles out of nothing, retries without an id and odd dates are shown, not refused."""
    world = World()
    track = Track(world)
    track.track("42", "seen")
    track.identify("43", created_at="yesterday")
    track.client.post("/api/v1/customers/42/events", json={"name": "seen"}, headers={"x-retry-count": "2"})
    assert kinds(world) == [
        "not_identified",
        "created_at_not_seconds",
        "profile_without_email",
        "retry_without_id",
    ]
    assert world.events("42")[1].attempts == (2,)


def test_times_in_milliseconds_are_warned_of() -> None:
    """A time in milliseconds is taken, as the service takes it, and told: the date is some thousand years off."""
    world = World()
    track = Track(world)
    milliseconds = int(NOW) * 1000
    track.identify("42", email="ann@example.com", created_at=milliseconds, _timestamp=milliseconds)
    track.track("42", "seen", timestamp=milliseconds)
    track("POST", "/events", name="seen", timestamp=milliseconds)
    assert kinds(world) == ["created_at_not_seconds", *["timestamp_not_seconds"] * 3]
    track.identify("43", email="bob@example.com", created_at=int(NOW), _timestamp=int(NOW))
    track.track("43", "seen", timestamp=int(NOW) + 86_400)
    assert len(kinds(world)) == 4


def test_reset() -> None:
    """A reset forgets everything and starts the numbers again."""
    world = World()
    track = Track(world)
    track.track("42", "seen")
    world.reset()
    assert (world.people(), world.events(), world.requests, world.warnings) == ([], [], [], [])
    track.track("42", "seen")
    assert world.requests[0].number == 1
