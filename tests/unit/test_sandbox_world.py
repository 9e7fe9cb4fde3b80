"""The world: people, events and what becomes of them."""

import base64
from typing import Any

import msgspec
import pytest

from ciokit.sandbox import Effect, FaultRule, Reply, Request, World

BASIC = "Basic " + base64.b64encode(b"site:key").decode()
ULID = "01BX5ZZKBKACTAV9WEVGEMMVRY"
NOW = 1_800_000_000.0


def send(
    world: World, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
) -> Reply:
    """Send one JSON request with credentials."""
    data = b"" if body is None else msgspec.json.encode(body)
    return world.handle(Request(method, path, "", {"authorization": BASIC, **(headers or {})}, data), NOW)


def test_success_is_the_vendors() -> None:
    """A success is `{}` and a newline, with the vendor's headers."""
    reply = send(World(), "PUT", "/api/v1/customers/42", {"plan": "pro"})
    assert (reply.status, reply.body) == (200, b"{}\n")
    assert reply.headers == {
        "content-type": "application/json; charset=utf-8",
        "cache-control": "no-cache, no-store, must-revalidate, max-age=0",
        "status": "200 OK",
        "access-control-allow-origin": "*",
    }


@pytest.mark.parametrize("path", ["/api/v1/customers/42/events", "/api/v2/entity"])
def test_same_ulid_is_one_event(path: str) -> None:
    """An event sent again with its ULID is collapsed, and the delivering attempts are kept."""
    world = World()
    body: dict[str, Any] = {"name": "bought", "id": ULID, "type": "event"}
    if path.endswith("entity"):
        body |= {"type": "person", "action": "event", "identifiers": {"id": "42"}}
    send(world, "POST", path, body)
    assert send(world, "POST", path, body, {"x-retry-count": "1"}).status == 200
    (event,) = world.events("42")
    assert (event.attempts, event.duplicates) == ((0, 1), 1)
    assert world.stats()["duplicates_collapsed"] == 1


def test_batch_refuses_items_alone() -> None:
    """A bad item of a batch costs itself and is named by its index."""
    world = World()
    good = {"type": "person", "action": "event", "identifiers": {"id": "42"}, "name": "bought"}
    reply = send(world, "POST", "/api/v2/batch", {"batch": [good, {"type": "person"}, good]})
    assert reply.status == 207
    (error,) = msgspec.json.decode(reply.body)["errors"]
    assert error == {
        "batch_index": 1,
        "reason": "required",
        "field": "action",
        "message": "action is required",
    }
    assert len(world.events("42")) == 2


def test_wrong_credentials() -> None:
    """Unknown credentials are refused, known ones lead to their workspace."""
    world = World(keys={"site:key": "shop", "other:key": "blog"})
    assert send(world, "PUT", "/api/v1/customers/42", {}).status == 200
    wrong = "Basic " + base64.b64encode(b"site:wrong").decode()
    assert send(world, "PUT", "/api/v1/customers/43", {}, {"authorization": wrong}).status == 401
    assert [(person.id, person.workspace) for person in world.people()] == [("42", "shop")]


def test_suppressed_person_is_ignored() -> None:
    """Suppression deletes the person and blocks the identifiers until they are freed."""
    world = World()
    send(world, "PUT", "/api/v1/customers/42", {"email": "a@example.com"})
    send(world, "POST", "/api/v1/customers/42/suppress")
    assert send(world, "PUT", "/api/v1/customers/A@example.com", {"plan": "pro"}).status == 200
    assert world.people() == []
    assert [warned.kind for warned in world.warnings] == ["suppressed"]
    send(world, "POST", "/api/v1/customers/42/unsuppress")
    send(world, "PUT", "/api/v1/customers/42", {"plan": "pro"})
    assert [person.attributes["plan"] for person in world.people()] == ["pro"]


def test_region() -> None:
    """The region endpoint names region, host and workspace."""
    reply = send(World(region="eu"), "GET", "/api/v1/accounts/region")
    assert msgspec.json.decode(reply.body) == {
        "url": "https://track-eu.customer.io",
        "region": "eu",
        "environment_id": 1,
    }


def test_fail_twice_then_work() -> None:
    """A script fails its entries in turn and then ends."""
    world = World()
    busy = Effect(status=503, retry_after=1)
    world.faults.add(FaultRule(script=(busy, busy), path="/api/v1/*"), NOW)
    replies = [send(world, "PUT", "/api/v1/customers/42", {}) for _ in range(3)]
    assert [reply.status for reply in replies] == [503, 503, 200]
    assert replies[0].headers["retry-after"] == "1"
    assert world.stats()["faults"] == 2
