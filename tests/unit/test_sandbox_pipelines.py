"""The Pipelines API: its calls, its silence about mistakes, and strict mode."""

from typing import Any

import httpx2
import pytest

from ciokit.sandbox import World
from ciokit.sandbox.inprocess import SandboxTransport
from ciokit.sandbox.state.records import Person

STRICT = {"x-strict-mode": "1"}


def connect(world: World, key: str = "write-key") -> httpx2.Client:
    """Make a client that talks to the world as Pipelines SDKs do: the write key and an empty password."""
    return httpx2.Client(
        transport=SandboxTransport(world), base_url="https://cdp.customer.io/v1", auth=(key, "")
    )


def known(world: World, identifier: str) -> Person:
    """Return a person who must exist."""
    person = world.person(identifier)
    assert person is not None
    return person


def test_identify() -> None:
    """Traits become attributes; createdAt becomes created_at in Unix seconds."""
    world = World()
    traits = {"email": "ann@example.com", "createdAt": "2026-01-01T00:00:00Z", "plan": "pro"}
    reply = connect(world).post("/identify", json={"userId": "42", "traits": traits})
    assert (reply.status_code, reply.content) == (200, b"{}\n")
    assert known(world, "42").attributes == {
        "id": "42",
        "email": "ann@example.com",
        "created_at": 1767225600,
        "plan": "pro",
    }


def test_identify_by_email_trait() -> None:
    """An empty userId is filled by the email trait."""
    world = World()
    connect(world).post("/identify", json={"userId": "", "traits": {"email": "ann@example.com"}})
    assert known(world, "ann@example.com").id is None


def test_anonymous_track_then_identify() -> None:
    """What an anonymousId did joins the person who is identified with it."""
    world = World()
    client = connect(world)
    client.post("/track", json={"anonymousId": "visitor", "event": "seen"})
    client.post("/identify", json={"userId": "42", "anonymousId": "visitor"})
    assert [event.name for event in world.events("42")] == ["seen"]


def test_events_are_read_back() -> None:
    """Track, page and screen arrive with type, name, data, time and messageId."""
    world = World()
    common = {"userId": "42", "timestamp": "2026-01-01T01:00:00+01:00", "messageId": "m-1"}
    calls: list[dict[str, Any]] = [
        {**common, "type": "track", "event": "bought", "properties": {"total": 5}},
        {**common, "type": "page", "name": "Home"},
        {**common, "type": "page", "properties": {"path": "/home"}},
        {**common, "type": "screen", "name": "Main"},
    ]
    client = connect(world)
    for call in calls:
        assert client.post(f"/{call['type']}", json=call).status_code == 200
    assert client.post("/batch", json={"batch": calls, "sentAt": "now"}).content == b"{}\n"
    seen = [(event.type, event.name, event.data) for event in world.events("42")]
    assert seen == 2 * [
        ("event", "bought", {"total": 5}),
        ("page", "Home", {}),
        ("page", "/home", {"path": "/home"}),
        ("screen", "Main", {}),
    ]
    assert {(event.timestamp, event.message_id) for event in world.events("42")} == {(1767225600.0, "m-1")}


def test_group() -> None:
    """A group is an object, its traits the object's attributes, its users related to it."""
    world = World()
    traits = {"name": "Acme", "object_type_id": "2", "relationshipAttributes": {"role": "admin"}}
    connect(world).post("/group", json={"userId": "42", "groupId": "acme", "traits": traits})
    assert world.workspace().objects["2", "acme"].attributes == {"name": "Acme"}
    assert known(world, "42").relationships["2", "acme"].attributes == {"role": "admin"}


def test_alias() -> None:
    """An alias merges a known person, or gives an anonymous past to the user."""
    world = World()
    client = connect(world)
    client.post("/track", json={"anonymousId": "visitor", "event": "seen"})
    client.post("/alias", json={"previousId": "visitor", "userId": "42"})
    client.post("/identify", json={"userId": "old", "traits": {"plan": "pro"}})
    client.post("/alias", json={"previousId": "old", "userId": "42"})
    assert [event.name for event in world.events("42")] == ["seen"]
    assert known(world, "42").attributes["plan"] == "pro"
    assert world.person("old") is None


def test_semantic_events() -> None:
    """Some event names add and remove devices, people and relationships instead of being events."""
    world = World()
    client = connect(world)
    device = {"token": "t", "type": "ios", "model": "X"}
    steps: list[dict[str, Any]] = [
        {"event": "Device Created or Updated", "context": {"device": device}},
        {"event": "Device Deleted", "context": {"device": {"token": "t"}}},
        {"event": "User Suppressed"},
        {"event": "User Unsuppressed"},
        {"event": "User Deleted"},
        {"event": "Report Delivery Event", "properties": {"deliveryId": "d", "metric": "opened"}},
        {"event": "Relationship Deleted", "properties": {"objectId": "acme"}},
        {"event": "Object Deleted", "properties": {"objectId": "acme"}},
    ]
    seen: list[tuple[int, int, int]] = []
    client.post("/group", json={"userId": "7", "groupId": "acme"})
    for step in steps:
        client.post("/identify", json={"userId": "42"})
        assert client.post("/track", json={"userId": "42", **step}, headers=STRICT).status_code == 200
        person = world.person("42")
        alive = person is not None and not person.suppressed
        devices = len(person.devices) if person is not None else 0
        seen.append((alive, devices, len(world.workspace().objects)))
    assert seen == [
        (True, 1, 1),
        (True, 0, 1),
        (False, 0, 1),
        (False, 0, 1),
        (False, 0, 1),
        (True, 0, 1),
        (True, 0, 1),
        (True, 0, 0),
    ]
    assert world.events() == []
    assert [entry.metric for entry in world.workspace().metrics] == ["opened"]


REFUSED: list[tuple[str, Any, str]] = [
    ("identify", {}, "userId or anonymousId is required"),
    ("identify", {"userId": {}}, "userId must be a string"),
    ("identify", {"userId": "i" * 151}, "userId cannot be longer than 150 bytes"),
    ("identify", {"userId": "1", "traits": []}, "traits must be an object"),
    (
        "identify",
        {"userId": "1", "traits": {"x": "x" * 1001}},
        "trait value cannot be longer than 1000 bytes",
    ),
    ("identify", [], "request body must be a JSON object"),
    ("track", {"userId": "1"}, "event name must not be blank"),
    ("track", {"userId": "1", "event": "n", "timestamp": "soon"}, "timestamp must be in ISO 8601 format"),
    ("track", {"userId": "1", "event": "n", "timestamp": 5}, "timestamp must be in ISO 8601 format"),
    (
        "track",
        {"userId": "1", "event": "n", "properties": {"x": "x" * 32_768}},
        "call cannot be larger than 32KB",
    ),
    ("track", {"userId": "1", "event": "Device Deleted"}, "context.device.token is required"),
    ("track", {"anonymousId": "1", "event": "User Deleted"}, "userId is required"),
    ("page", {}, "userId or anonymousId is required"),
    ("group", {"userId": "1"}, "groupId is required"),
    ("alias", {"userId": "1"}, "previousId is required"),
    ("alias", {"previousId": "1"}, "userId is required"),
    ("batch", {}, "batch must be a JSON object with a list of calls"),
    (
        "batch",
        {"batch": [{"type": "dance"}]},
        "type must be one of identify, track, page, screen, group, alias",
    ),
    ("batch", {"batch": ["x" * 500_000]}, "batch cannot be larger than 500KB"),
]


@pytest.mark.parametrize(("path", "body", "message"), REFUSED)
def test_mistakes(path: str, body: Any, message: str) -> None:
    """A mistake is 200 and a warning, or 400 in strict mode; either way nothing is stored."""
    world = World()
    client = connect(world)
    assert client.post(f"/{path}", json=body).content == b"{}\n"
    assert [warned.kind for warned in world.warnings] == ["dropped_by_pipelines"]
    assert message in world.warnings[0].message
    reply = client.post(f"/{path}", json=body, headers=STRICT)
    assert (reply.status_code, reply.json()) == (400, {"meta": {"errors": [message]}})
    assert (world.people(), world.events()) == ([], [])


@pytest.mark.parametrize(("headers", "stored"), [({}, 2), (STRICT, 0)])
def test_bad_item_in_a_batch(headers: dict[str, str], stored: int) -> None:
    """A bad item is dropped alone, or refuses the whole batch in strict mode."""
    world = World()
    good = {"type": "track", "userId": "42", "event": "seen"}
    connect(world).post("/batch", json={"batch": [good, {"type": "track"}, good]}, headers=headers)
    assert len(world.events()) == stored
    assert [rejection.index for rejection in world.requests[0].rejected] == [1]


def test_write_keys() -> None:
    """Write keys come as a Basic user name or as a Bearer token; an unknown one is heard of in strict mode only."""
    world = World(keys={"pk_us_1": "shop"})
    call = {"userId": "42", "event": "seen"}
    assert connect(world, "pk_us_1").post("/track", json=call).status_code == 200
    bearer = httpx2.Client(transport=SandboxTransport(world), base_url="https://cdp.customer.io/v1")
    assert bearer.post("/track", json=call, headers={"authorization": "Bearer pk_us_1"}).status_code == 200
    assert len(world.events("42")) == 2
    wrong = connect(world, "wrong")
    assert wrong.post("/track", json=call).status_code == 200
    assert wrong.post("/track", json=call, headers=STRICT).status_code == 401
    assert len(world.events("42")) == 2
    assert [warned.kind for warned in world.warnings][-1] == "unknown_write_key"
