"""Every limit, status and message of the Track API, one row a case."""

from typing import Any

import httpx2
import msgspec
import pytest

from ciokit.sandbox import Request, World
from ciokit.sandbox.inprocess import SandboxTransport

ULID = "01BX5ZZKBKACTAV9WEVGEMMVRY"
PERSON = "/api/v1/customers/42"
EVENTS = f"{PERSON}/events"
DEVICES = f"{PERSON}/devices"
SEGMENT = "/api/v1/segments/7/add_customers"
FORM = "/api/v1/forms/signup/submit"


def connect(world: World, auth: tuple[str, str] | None = ("site", "key")) -> httpx2.Client:
    """Make a client that talks to the world."""
    transport = SandboxTransport(world)
    return httpx2.Client(transport=transport, base_url="https://track.customer.io", auth=auth)


def attributes(count: int) -> dict[str, int]:
    """Make so many attributes."""
    return {f"a{number}": number for number in range(count)}


ACCEPTED: list[tuple[Any, ...]] = [
    ("PUT", PERSON, {}),
    ("PUT", PERSON, attributes(300)),
    ("PUT", PERSON, {"n" * 150: 1}),
    ("PUT", PERSON, {"plan": "é" * 500}),
    ("PUT", PERSON, {"plan": {"deep": "x" * 980}}),
    ("PUT", PERSON, {"id": "i" * 150}),
    ("PUT", "/api/v1/customers/" + "i" * 150, {}),
    ("PUT", PERSON, {"cio_relationships": {"action": "add_relationships", "relationships": []}}),
    ("POST", EVENTS, {"name": "é" * 50}),
    ("POST", EVENTS, {"name": " padded ", "type": "custom"}),
    ("POST", EVENTS, {"name": "n", "data": None}),
    ("POST", EVENTS, {"name": "n", "data": {"x": "x" * (100_000 - 8)}}),
    ("POST", EVENTS, {"name": "n", "id": ULID.lower(), "timestamp": 1}),
    ("POST", "/api/v1/events", {"name": "n"}),
    ("POST", "/api/v1/events", {"name": "n", "anonymous_id": ""}),
    ("PUT", DEVICES, {"device": {"id": "d", "platform": "android", "last_used": 1, "colour": "red"}}),
    ("PUT", DEVICES, {"device": {"id": "d", "platform": "ios", "last_used": "1713484800"}}),
    ("DELETE", f"{DEVICES}/d", None),
    ("DELETE", PERSON, None),
    ("POST", f"{PERSON}/suppress", {}),
    ("POST", f"{PERSON}/unsuppress", {}),
    ("POST", "/api/v1/merge_customers", {"primary": {"id": "1"}, "secondary": {"email": "a@example.com"}}),
    ("POST", "/api/v1/metrics", {"delivery_id": "d", "metric": "opened"}),
    ("POST", "/api/v1/push/events", {}),
    ("POST", "/push/events", {"delivery_id": "d", "event": "opened", "device_id": "x", "timestamp": 1}),
    ("POST", "/unsubscribe/d", {"unsubscribe": True}),
]


@pytest.mark.parametrize(("method", "path", "body"), ACCEPTED)
def test_accepts_up_to_the_limit(method: str, path: str, body: Any) -> None:
    """What is at the limit and not above it gets the vendor's `{}`."""
    reply = connect(World()).request(method, path, json=body)
    assert (reply.status_code, reply.content) == (200, b"{}\n")


V1_REFUSED: list[tuple[Any, ...]] = [
    ("PUT", "/api/v1/customers/", {}, "id attribute must be present"),
    ("PUT", "/api/v1/customers/%20", {}, "id attribute must be present"),
    ("PUT", PERSON, {"id": 42}, "id attribute must be a string value"),
    ("PUT", PERSON, {"id": ""}, "id attribute cannot be an empty string"),
    ("PUT", PERSON, {"id": "i" * 151}, "id attribute cannot be longer than 150 bytes"),
    ("PUT", "/api/v1/customers/" + "i" * 151, {}, "id attribute cannot be longer than 150 bytes"),
    ("PUT", PERSON, attributes(301), "cannot identify more than 300 attributes in one request"),
    ("PUT", PERSON, {"n" * 151: 1}, "attribute name cannot be longer than 150 bytes"),
    ("PUT", PERSON, {"é" * 76: 1}, "attribute name cannot be longer than 150 bytes"),
    ("PUT", PERSON, {"plan": "x" * 1001}, "value for attribute 'plan' cannot be longer than 1000 bytes"),
    ("PUT", PERSON, {"plan": "é" * 501}, "value for attribute 'plan' cannot be longer than 1000 bytes"),
    ("PUT", PERSON, {"plan": ["x" * 1000]}, "value for attribute 'plan' cannot be longer than 1000 bytes"),
    ("PUT", PERSON, {"_timestamp": "now"}, "_timestamp must be an integer of Unix seconds"),
    ("PUT", PERSON, [], "request body must be a JSON object"),
    (
        "PUT",
        PERSON,
        {"cio_relationships": []},
        "cio_relationships needs action add_relationships or delete_relationships",
    ),
    (
        "PUT",
        PERSON,
        {"cio_relationships": {"action": "add"}},
        "cio_relationships needs action add_relationships or delete_relationships",
    ),
    (
        "PUT",
        PERSON,
        {"cio_relationships": {"action": "add_relationships"}},
        "cio_relationships.relationships must be an array",
    ),
    (
        "PUT",
        PERSON,
        {"cio_relationships": {"action": "add_relationships", "relationships": [{}]}},
        "a relationship needs identifiers",
    ),
    (
        "PUT",
        DEVICES,
        {"device": {"id": "d", "platform": "ios", "last_used": "soon"}},
        "device last_used must be an integer of Unix seconds",
    ),
    ("POST", EVENTS, {}, "event name must not be blank"),
    ("POST", EVENTS, {"name": ""}, "event name must not be blank"),
    ("POST", EVENTS, {"name": "  "}, "event name must not be blank"),
    ("POST", EVENTS, {"name": 5}, "event name must be a string"),
    ("POST", EVENTS, {"name": "n" * 101}, "event name cannot be longer than 100 bytes"),
    ("POST", EVENTS, {"name": "é" * 51}, "event name cannot be longer than 100 bytes"),
    (
        "POST",
        EVENTS,
        {"name": "n", "data": ""},
        'event data must be a hash (e.g., send "data":{} instead of "data":"")',
    ),
    (
        "POST",
        EVENTS,
        {"name": "n", "data": {"x": "x" * (100_000 - 7)}},
        "event data cannot be longer than 100000 bytes",
    ),
    ("POST", EVENTS, {"name": "n", "id": "not-a-ulid"}, "id must be a valid ULID"),
    ("POST", EVENTS, {"name": "n", "id": "8" + ULID[1:]}, "id must be a valid ULID"),
    (
        "POST",
        EVENTS,
        {"name": "n", "timestamp": "2026-01-01"},
        "timestamp must be an integer of Unix seconds",
    ),
    ("POST", EVENTS, {"name": "n", "timestamp": True}, "timestamp must be an integer of Unix seconds"),
    ("POST", "/api/v1/events", {"anonymous_id": "a"}, "event name must not be blank"),
    ("POST", "/api/v1/events", {"name": "n", "anonymous_id": 1}, "anonymous_id must be a string"),
    ("PUT", DEVICES, {}, "device must be an object"),
    ("PUT", DEVICES, {"device": {"platform": "ios"}}, "device id cannot be blank"),
    ("PUT", DEVICES, {"device": {"id": "d", "platform": "palm"}}, "device platform must be ios or android"),
    (
        "POST",
        "/api/v1/merge_customers",
        {"primary": {"id": "1", "email": "a@example.com"}, "secondary": {"id": "2"}},
        "primary must have exactly one of id, email and cio_id",
    ),
    (
        "POST",
        "/api/v1/merge_customers",
        {"primary": {"id": "1"}, "secondary": {"phone": "+14155552671"}},
        "secondary must have exactly one of id, email and cio_id",
    ),
    ("POST", "/api/v1/metrics", {"metric": "opened"}, "delivery_id cannot be blank"),
    (
        "POST",
        "/api/v1/metrics",
        {"delivery_id": "d", "metric": "eaten"},
        "metric is not one that can be reported",
    ),
    ("POST", "/push/events", {"event": "clicked"}, "event must be opened, converted or delivered"),
    ("POST", "/unsubscribe/d", {"unsubscribe": False}, "unsubscribe must be true"),
    ("POST", "/unsubscribe/d%20d", {"unsubscribe": True}, "delivery_id is malformed"),
]


@pytest.mark.parametrize(("method", "path", "body", "message"), V1_REFUSED)
def test_v1_refuses_in_the_documented_envelope(method: str, path: str, body: Any, message: str) -> None:
    """What is above a limit gets 400 with the vendor's wording in `meta.error`, and changes nothing."""
    world = World()
    reply = connect(world).request(method, path, json=body)
    assert (reply.status_code, reply.json()) == (400, {"meta": {"error": message}})
    assert reply.headers["status"] == "400 Bad Request"
    assert (world.people(), world.events()) == ([], [])
    assert world.requests[0].rejected[0].message == message


V1_LISTED: list[tuple[Any, ...]] = [
    (SEGMENT, {}, "ids must be an array of strings"),
    (SEGMENT, {"ids": [1]}, "ids must be an array of strings"),
    (SEGMENT, {"ids": []}, "ids must have 1 to 1000 entries"),
    (SEGMENT, {"ids": ["i"] * 1001}, "ids must have 1 to 1000 entries"),
    (f"{SEGMENT}?id_type=phone", {"ids": ["i"]}, "id_type must be id, email or cio_id"),
    (SEGMENT, {"ids": ["i"]}, "segment does not exist or is not a manual segment"),
    (FORM, {}, "data must be an object"),
    (FORM, {"data": {"id": "1", "age": 4}}, "form value age must be a string"),
    (FORM, {"data": {"name": "x"}}, "data must have exactly one of id and email"),
    (FORM, {"data": {"id": "1", "email": "a@example.com"}}, "data must have exactly one of id and email"),
]


@pytest.mark.parametrize(("path", "body", "message"), V1_LISTED)
def test_v1_refuses_in_the_declared_envelope(path: str, body: Any, message: str) -> None:
    """Segments and forms answer 400 in the envelope of the vendor's schema, `meta.errors`."""
    reply = connect(World()).post(path, json=body)
    assert (reply.status_code, reply.json()) == (400, {"meta": {"errors": [message]}})


def test_unsubscribe_needs_json() -> None:
    """The unsubscribe endpoint insists on its content type."""
    reply = connect(World()).post("/unsubscribe/d", content=b'{"unsubscribe":true}')
    assert reply.json() == {"meta": {"error": "Content-Type must be application/json"}}


def test_unknown_form_is_created_even_when_refused() -> None:
    """A form submission without identifier is refused, but its form exists from then on."""
    world = World()
    client = connect(world)
    assert client.post(FORM, json={"data": {"name": "x"}}).status_code == 400
    assert list(world.workspace().forms) == ["signup"]
    reply = client.post(FORM, json={"data": {"email": "a@example.com", "name": "x", "form_url": "u"}})
    assert (reply.status_code, reply.content) == (204, b"")
    person = world.person("a@example.com")
    assert person is not None
    assert person.attributes == {"name": "x", "email": "a@example.com"}


def person(action: str, **fields: Any) -> dict[str, Any]:
    """Make a Track v2 operation of person 42."""
    return {"type": "person", "action": action, "identifiers": {"id": "42"}, **fields}


def acme(action: str, **fields: Any) -> dict[str, Any]:
    """Make a Track v2 operation of an object."""
    return {
        "type": "object",
        "action": action,
        "identifiers": {"object_type_id": "1", "object_id": "acme"},
        **fields,
    }


RELATED = [{"identifiers": {"id": "42"}, "relationship_attributes": {"role": "admin"}}]
TO_ACME = [{"identifiers": {"object_type_id": "1", "object_id": "acme"}}]
DEVICE = {"token": "t", "platform": "ios"}
V2_ACCEPTED = [
    person("identify"),
    person("identify", attributes=attributes(300), timestamp=1, cio_relationships=TO_ACME),
    person("event", name="n" * 100, id=ULID, timestamp=1, attributes={"x": "x" * 2000}),
    person("page", name="/home"),
    person("screen", name="Home"),
    person("event", name="n") | {"identifiers": {"email": "a@example.com"}},
    person("event", name="n") | {"identifiers": {"phone": "+14155552671"}},
    person("event", name="n") | {"identifiers": {"anonymous_id": "visitor"}},
    person("add_device", device=DEVICE),
    person("delete_device", device={"token": "t"}),
    person("add_relationships", cio_relationships=TO_ACME),
    person("delete_relationships", cio_relationships=TO_ACME),
    person("suppress"),
    person("unsuppress"),
    person("delete"),
    {"type": "person", "action": "merge", "primary": {"id": "1"}, "secondary": {"cio_id": "2"}},
    {"primary": {"id": "1"}, "secondary": {"id": "2"}},
    acme("identify", attributes={"name": "Acme"}, cio_relationships=RELATED),
    acme("identify_anonymous", cio_relationships=[{"identifiers": {"anonymous_id": "visitor"}}]),
    acme("identify_anonymous", anonymous_id="visitor"),
    acme("add_relationships", cio_relationships=RELATED),
    acme("delete_relationships", cio_relationships=RELATED),
    acme("delete"),
    {
        "type": "delivery",
        "action": "event",
        "identifiers": {"id": "d"},
        "name": "opened",
        "attributes": {"device_token": "t"},
    },
]


@pytest.mark.parametrize("operation", V2_ACCEPTED)
def test_v2_accepts(operation: dict[str, Any]) -> None:
    """Each operation of Track v2 is accepted alone and in a batch."""
    client = connect(World())
    assert client.post("/api/v2/entity", json=operation).content == b"{}\n"
    assert client.post("/api/v2/batch", json={"batch": [operation]}).content == b"{}\n"


NOT_NULL = "Invalid identifier: id cannot be null"
V2_REFUSED: list[tuple[Any, ...]] = [
    ({}, "required", "type", "type is required"),
    ({"type": "thing"}, "invalid", "type", "type must be person, object or delivery"),
    ({"type": ["person"]}, "invalid", "type", "type must be person, object or delivery"),
    ({"type": "person"}, "required", "action", "action is required"),
    (person("dance"), "invalid", "action", "action is not one of those of type person"),
    (acme("event"), "invalid", "action", "action is not one of those of type object"),
    (person("identify", identifiers=None), "required", "identifiers", "identifiers is required"),
    (person("identify", identifiers={}), "required", "identifiers", "identifiers is required"),
    (
        person("identify", identifiers={"id": "1", "email": "a@example.com"}),
        "invalid",
        "identifiers",
        "Invalid identifier: exactly one identifier is allowed",
    ),
    (
        acme("identify", identifiers={"object_type_id": 1, "object_id": "acme"}),
        "invalid",
        "identifiers.object_type_id",
        "Invalid identifier: object_type_id must be a string",
    ),
    (person("identify", identifiers={"id": None}), NOT_NULL, "identifiers.id", NOT_NULL),
    (
        person("identify", identifiers={"id": 42}),
        "Invalid identifier: id must be a string",
        "identifiers.id",
        "Invalid identifier: id must be a string",
    ),
    (
        person("identify", identifiers={"id": "i" * 151}),
        "Invalid identifier: id cannot be longer than 150 bytes",
        "identifiers.id",
        "Invalid identifier: id cannot be longer than 150 bytes",
    ),
    (
        person("identify", identifiers={"phone": "0415"}),
        "Invalid identifier: phone must be in E.164 format",
        "identifiers.phone",
        "Invalid identifier: phone must be in E.164 format",
    ),
    (
        person("identify", attributes={"plan": "x" * 1001}),
        "invalid",
        "attributes.plan",
        "property value cannot be longer than 1000 bytes",
    ),
    (
        person("identify", attributes={"n" * 151: 1}),
        "invalid",
        f"attributes.{'n' * 151}",
        "property name cannot be longer than 150 bytes",
    ),
    (
        person("identify", attributes=attributes(301)),
        "invalid",
        "attributes",
        "cannot set more than 300 attributes in one request",
    ),
    (person("identify", attributes=[]), "invalid", "attributes", "attributes must be an object"),
    (
        person("identify", timestamp="x"),
        "invalid",
        "timestamp",
        "timestamp must be an integer of Unix seconds",
    ),
    (person("event"), "required", "name", "event name must not be blank"),
    (person("event", name="n" * 101), "invalid", "name", "event name cannot be longer than 100 bytes"),
    (person("event", name="n", id="x"), "invalid", "id", "id must be a valid ULID"),
    (
        person("event", name="n", attributes=""),
        "invalid",
        "attributes",
        'event attributes must be a hash (e.g., send "attributes":{} instead of "attributes":"")',
    ),
    (person("add_device"), "required", "device", "device is required"),
    (
        person("add_device", device={"token": "t"}),
        "invalid",
        "device.platform",
        "device platform must be ios or android",
    ),
    (person("delete_device", device={}), "required", "device.token", "device token cannot be blank"),
    (
        person("add_relationships"),
        "required",
        "cio_relationships",
        "cio_relationships must be an array",
    ),
    (
        person("add_relationships", cio_relationships=[{}]),
        "required",
        "cio_relationships[0].identifiers",
        "a relationship needs identifiers",
    ),
    (
        acme("identify", identifiers={"object_type_id": "x", "object_id": "1"}),
        "invalid",
        "identifiers.object_type_id",
        "object_type_id must be an integer of 1 or more, as a string",
    ),
    (
        acme("identify", identifiers={"object_type_id": "1"}),
        "required",
        "identifiers.object_id",
        "Invalid identifier: object_id cannot be null",
    ),
    (
        acme("identify", identifiers={"object_type_id": "1", "object_id": "o" * 151}),
        "invalid",
        "identifiers.object_id",
        "Invalid identifier: object_id cannot be longer than 150 bytes",
    ),
    (
        acme("identify", identifiers={"cio_object_id": "ob1"}),
        "not_found",
        "identifiers.cio_object_id",
        "no object has this cio_object_id",
    ),
    (
        {"type": "delivery", "action": "event", "identifiers": {"id": "d"}, "name": "clicked"},
        "invalid",
        "name",
        "name must be opened, converted or delivered",
    ),
    (
        {"type": "delivery", "action": "event", "identifiers": {"id": "d"}, "name": "opened"},
        "required",
        "attributes.device_token",
        "device_token is required",
    ),
]


@pytest.mark.parametrize(("operation", "reason", "field", "message"), V2_REFUSED)
def test_v2_refuses(operation: dict[str, Any], reason: str, field: str, message: str) -> None:
    """A wrong operation alone gets 400, in a batch 207 with its index; good neighbours are done."""
    error = {"reason": reason, "field": field, "message": message}
    world = World()
    client = connect(world)
    alone = client.post("/api/v2/entity", json=operation)
    assert (alone.status_code, alone.json()) == (400, {"errors": [error]})
    assert (world.people(), world.events()) == ([], [])
    good = person("event", name="good")
    together = client.post("/api/v2/batch", json={"batch": [good, operation, good]})
    assert (together.status_code, together.json()) == (207, {"errors": [{"batch_index": 1, **error}]})
    assert len(world.events("42", "good")) == 2


WHOLE_BATCH: list[tuple[Any, ...]] = [
    (b"{", "malformed", "request body is not valid JSON"),
    (b"\xff", "malformed", "request body is not valid JSON"),
    (b"", "malformed", "request body is not valid JSON"),
    (b'{"batch":[{"a":NaN}]}', "malformed", "request body is not valid JSON"),
    (b'{"batch":' + b"[" * 5000, "malformed", "request body is not valid JSON"),
    (b"[]", "invalid", "batch must be a list of operations"),
    (b'{"batch":{}}', "invalid", "batch must be a list of operations"),
    (b"{}", "invalid", "batch must be a list of operations"),
    (b'{"batch":[' + b" " * 499_989 + b"]}", "invalid", "batch cannot be larger than 500kb"),
]


@pytest.mark.parametrize(("body", "reason", "message"), WHOLE_BATCH, ids=range(len(WHOLE_BATCH)))
def test_malformed_batch_is_refused_whole(body: bytes, reason: str, message: str) -> None:
    """A batch that is no list of operations, or too large, is refused as a whole."""
    reply = connect(World()).post("/api/v2/batch", content=body)
    assert reply.status_code == 400
    (error,) = reply.json()["errors"]
    assert (error["reason"], error["message"]) == (reason, message)


def test_batch_of_exactly_500_kb() -> None:
    """A batch at the limit is taken."""
    body = b'{"batch":[' + b" " * 499_988 + b"]}"
    assert connect(World()).post("/api/v2/batch", content=body).content == b"{}\n"


@pytest.mark.parametrize(("extra", "status"), [(0, 200), (1, 207)])
def test_item_of_32_kb(extra: int, status: int) -> None:
    """An item above 32 KB is refused alone."""
    item = person("event", name="n", attributes={"x": ""})
    item["attributes"]["x"] = "x" * (32 * 1024 - len(msgspec.json.encode(item)) + extra)
    body = msgspec.json.encode({"batch": [item, person("event", name="small")]})
    world = World()
    assert connect(world).post("/api/v2/batch", content=body).status_code == status
    assert len(world.events("42", "small")) == 1


ROUTES = [
    ("GET", "/nowhere", 404),
    ("GET", "/api/v1/nowhere", 404),
    ("POST", "/api/v1/customers/42", 405),
    ("GET", "/api/v2/batch", 405),
    ("PATCH", "/api/v1/events", 405),
]


@pytest.mark.parametrize(("method", "path", "status"), ROUTES)
def test_wrong_paths_and_methods(method: str, path: str, status: int) -> None:
    """A wrong path or method is answered in the vendor's envelope."""
    reply = connect(World()).request(method, path)
    assert reply.status_code == status
    assert list(reply.json()["meta"]) == ["error"]


CREDENTIALS = [
    None,
    "",
    "Basic",
    "Basic !!!",
    "Basic c2l0ZQ==",
    "Basic OmtleQ==",
    "Basic c2l0ZTo=",
    "Bearer key",
    "Digest x",
]


@pytest.mark.parametrize("header", CREDENTIALS)
def test_incomplete_credentials(header: str | None) -> None:
    """Track wants a site id and a key, and nothing less."""
    client = connect(World(), auth=None)
    reply = client.put(PERSON, json={}, headers={} if header is None else {"authorization": header})
    assert (reply.status_code, reply.json()) == (401, {"meta": {"error": "Unauthorized"}})


def test_url_safe_credentials() -> None:
    """Credentials in URL-safe base64 are read as well as in the standard alphabet."""
    for encoded in ("c2l0ZTo_Pz8-fn5-", "c2l0ZTo/Pz8+fn5+"):
        client = connect(World(keys={"site:???>~~~": "shop"}), auth=None)
        assert client.put(PERSON, json={}, headers={"authorization": f"Basic {encoded}"}).status_code == 200


def test_no_key_is_kept() -> None:
    """No credential stays in the world, whatever the header it came in."""
    world = World(keys={"site:secret-key": "shop"})
    client = connect(world, ("site", "secret-key"))
    client.put(PERSON, json={}, headers={"cookie": "secret-key", "proxy-authorization": "secret-key"})
    assert world.requests[0].status == 200
    parts: list[Any] = [vars(part) for part in vars(world).values() if hasattr(part, "__dict__")]
    assert "secret-key" not in repr([parts, world.requests])


def test_oversize_body_is_refused_with_a_reason() -> None:
    """A body larger than the sandbox reads gets 400: the vendor documents no 413 for Track."""
    world = World()
    reply = world.handle(
        Request("POST", "/api/v2/batch", headers={"authorization": "Basic YTpi"}, oversize=True), 0.0
    )
    assert (reply.status, world.requests[0].rejected[0].reason) == (400, "too_large")
