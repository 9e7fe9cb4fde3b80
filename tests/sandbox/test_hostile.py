"""Bad input to the whole sandbox: whatever comes, the answer is JSON in an envelope, and memory stays bounded."""

import base64
import json
import re
from typing import Any

import pytest

from ciokit.sandbox import Effect, FaultRule, Request, Retention, World, app, pipelines, track
from ciokit.sandbox.control.desk import ControlDesk
from ciokit.sandbox.control.operations import CONTROL_ROUTES

NOW = 1_800_000_000.0
BASIC = "Basic " + base64.b64encode(b"site:key").decode()
ROUTES = [route for route in (*track.ROUTES, *app.ROUTES, *pipelines.ROUTES) if route.method != "GET"]
READS = [route for route in (*track.ROUTES, *app.ROUTES) if route.method == "GET"]
HUGE = b"9" * 400

BODIES: list[bytes] = [
    b"",
    b"{",
    b"nonsense",
    b"null",
    b"[]",
    b"5",
    b'"text"',
    b"\xff\xfe",
    b"\xef\xbb\xbf{}",
    b"\x00",
    b"{}{}",
    b"{'id': 1}",
    b"{" * 10_000,
    b"[" * 10_000,
    b'{"a":' * 3_000 + b"1" + b"}" * 3_000,
    b'{"name":NaN,"id":NaN,"timestamp":NaN}',
    b'{"name":Infinity}',
    b'{"timestamp":1e999,"send_at":1e999}',
    b'{"\\ud800":"\\udfff"}',
    b'{"name":"\\ud800","id":"\\ud800"}',
    b'{"name":"\\u0000","id":"\\u0000","userId":"\\u0000"}',
    b'{"name":"\xed\xa0\x80"}',
]
VALUES: list[bytes] = [
    HUGE,
    b"-" + HUGE,
    b"1" + b"0" * 30,
    b"18446744073709551616",
    b"-1",
    b"1.5",
    b"1e308",
    b"true",
    b"null",
    b'""',
    b'" "',
    b'"\\u0000"',
    b'"cio_"',
    b"[]",
    b"[null]",
    b"[[]]",
    b"{}",
    b'{"id":null}',
    b'{"id":{}}',
    b'{"":""}',
    b'"0001-01-01T00:00:00+14:00"',
    b'"9999-12-31T23:59:59-14:00"',
    '"١٢"'.encode(),
]
FIELDS = [
    *("id", "email", "cio_id", "anonymous_id", "name", "type", "action", "data", "timestamp", "_timestamp"),
    *("device", "attributes", "identifiers", "primary", "secondary", "ids", "metric", "delivery_id", "event"),
    *("cio_relationships", "cio_subscription_preferences", "unsubscribed", "created_at", "batch", "to", "cc"),
    *("send_at", "headers", "attachments", "message_data", "transactional_message_id", "custom_device"),
    *("filter", "filters", "recipients", "emails", "per_user_data", "data_file_url", "import", "segment"),
    *("endpoint", "events", "url", "value", "optouts", "object_type_id", "userId", "anonymousId", "groupId"),
    *("traits", "properties", "context", "messageId", "previousId", "originalTimestamp", "from", "body"),
]
USUAL: dict[str, Any] = {
    "name": "n",
    "type": "person",
    "action": "identify",
    "identifiers": {"id": "1"},
    "userId": "1",
    "event": "n",
    "groupId": "g",
    "previousId": "0",
    "to": "a@example.com",
    "transactional_message_id": 3,
    "device": {"id": "d", "token": "d", "platform": "ios"},
    "primary": {"id": "1"},
    "secondary": {"id": "2"},
    "delivery_id": "d",
    "metric": "opened",
    "data": {},
    "ids": ["1"],
}
ACTIONS = ["identify", "event", "add_device", "delete_device", "add_relationships", "delete_relationships"]


def bounded() -> World:
    """Make a world that keeps little."""
    return World(retention=Retention(requests=100, events=100, people=50, messages=50, warnings=100))


def ask(world: World, method: str, template: str, body: bytes, api: str) -> None:
    """Send a body to a route, and insist on an envelope without a failure of the sandbox's own."""
    path = re.sub(r"\{\w+\}", "1", template)
    headers = {
        "authorization": "Bearer key" if api == "app" else BASIC,
        "content-type": "application/json",
        "x-strict-mode": "1",
    }
    reply = world.handle(Request(method, path, "", headers, body), NOW)
    assert reply.status != 500, (method, path, world.warnings[-1].message)
    assert reply.status == 204 or isinstance(json.loads(reply.body), (dict, list))


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_no_body_breaks_an_operation(body: bytes) -> None:
    """What is no JSON, or JSON of another shape, gets an answer from every operation."""
    world = bounded()
    for route in ROUTES:
        ask(world, route.method, route.template, body, route.api)


@pytest.mark.parametrize("number", range(len(VALUES)))
def test_no_value_breaks_a_field(number: int) -> None:
    """A value of the wrong kind or size, in every sixth field of any operation, gets an answer."""
    world, value = bounded(), VALUES[number]
    for field in FIELDS[number % 6 :: 6]:
        rest = json.dumps({name: usual for name, usual in USUAL.items() if name != field}).encode()
        body = b'{"%b":%b,%b' % (field.encode(), value, rest[1:])
        for route in ROUTES:
            ask(world, route.method, route.template, body, route.api)
        for action in ACTIONS:
            again = body.replace(b'"action": "identify"', b'"action": "%b"' % action.encode())
            ask(world, "POST", "/api/v2/entity", again, "track")
    desk = ControlDesk(world)
    for listed in ("people", "events", "messages", "requests", "warnings", "stats"):
        assert desk.handle(Request("GET", f"/_sandbox/{listed}"), NOW).status == 200


@pytest.mark.parametrize(
    "part", ["%00", "%ff", "%ed%a0%80", "9" * 40, "%D9%A1", "..", "%2e%2e%2f", "cio_", " "]
)
def test_no_path_and_no_query_breaks_a_read(part: str) -> None:
    """A path or query that names nothing gets an answer."""
    world = bounded()
    for route in READS:
        path = re.sub(r"\{\w+\}", part, route.template)
        for query in (
            "",
            f"start={part}",
            f"limit={part}",
            f"email={part}",
            f"id_type={part}",
            f"steps={part}",
        ):
            kind = "Bearer key" if route.api == "app" else BASIC
            reply = world.handle(Request("GET", path, query, {"authorization": kind}), NOW)
            assert reply.status != 500, (path, query, world.warnings[-1].message)


ENDLESS = "9" * 5_000  # more digits than Python turns into a number
LONG_NUMBERS: list[tuple[str, str, str, Any]] = [
    ("app", "POST", "/v1/send/email", {**USUAL, "transactional_message_id": ENDLESS}),
    (
        "track",
        "PUT",
        "/api/v1/customers/1/devices",
        {"device": {"id": "d", "platform": "ios", "last_used": ENDLESS}},
    ),
    ("app", "GET", f"/_sandbox/exports/1/{ENDLESS}/x", None),
    ("track", "POST", f"/api/v1/segments/{ENDLESS}/add_customers", {"ids": ["1"]}),
    ("app", "GET", f"/v1/segments/{ENDLESS}", None),
]


@pytest.mark.parametrize(("api", "method", "path", "body"), LONG_NUMBERS, ids=range(len(LONG_NUMBERS)))
def test_no_number_in_a_text_is_too_long(api: str, method: str, path: str, body: Any) -> None:
    """A number of thousands of digits, in a path or a text, is none, and is refused as such."""
    headers = {"authorization": "Bearer key" if api == "app" else BASIC}
    reply = bounded().handle(Request(method, path, "", headers, json.dumps(body).encode()), NOW)
    assert 400 <= reply.status < 500, reply.body


@pytest.mark.parametrize("body", [*BODIES, *(b'{"effect":{"delay":%b}}' % value for value in VALUES)])
def test_no_call_breaks_the_control_api(body: bytes) -> None:
    """A control call with a body that makes no sense is told so."""
    desk = ControlDesk(bounded())
    for route in CONTROL_ROUTES:
        path = "/_sandbox" + re.sub(r"\{\w+\}", "%ff", route.template)
        for query in ("", "limit=%00", "search=%ff&after=%D9%A1"):
            asked = Request(route.method, path, query, {"content-type": "application/json"}, body)
            assert desk.handle(asked, NOW).status != 500


HEADERS: list[tuple[str, int]] = [
    ("\n\rX: y", 400),
    ("5\n", 400),
    ("é", 400),
    ("", 400),
    ("x" * 201, 400),
    ("Wed, 21 Oct 2026 07:28:00 GMT", 200),
]


@pytest.mark.parametrize(("value", "status"), HEADERS)
def test_a_fault_cannot_write_a_header_that_is_none(value: str, status: int) -> None:
    """A Retry-After that HTTP could not carry is refused when the fault is switched on."""
    rule = json.dumps({"effect": {"status": 503, "retry_after": value}}).encode()
    asked = Request("POST", "/_sandbox/faults", "", {"content-type": "application/json"}, rule)
    assert ControlDesk(World()).handle(asked, NOW).status == status


def test_a_defect_of_the_control_api_is_told() -> None:
    """What fails in the sandbox itself is 500 with the place, without a value of the request."""

    class Broken(World):
        def stats(self) -> dict[str, int]:
            message = "secret"
            raise KeyError(message)

    reply = ControlDesk(Broken()).handle(Request("GET", "/_sandbox/stats"), NOW)
    assert reply.status == 500
    told = json.loads(reply.body)["error"]
    assert told.startswith("the sandbox failed: KeyError in test_hostile.py:")
    assert "secret" not in told


def test_the_last_of_two_keys_counts() -> None:
    """A key that stands twice in an object has its last value."""
    world = World()
    body = b'{"name":"first","name":"last"}'
    path = "/api/v1/customers/1/events"
    assert world.handle(Request("POST", path, "", {"authorization": BASIC}, body), NOW).status == 200
    assert [event.name for event in world.events()] == ["last"]


def test_paths_that_are_no_utf8_are_read() -> None:
    """Bytes of a path that are no UTF-8 become replacement characters, in the person's id as well."""
    world = World()
    world.handle(Request("PUT", "/api/v1/customers/a%ff", "", {"authorization": BASIC}, b"{}"), NOW)
    assert [person.id for person in world.people()] == ["a�"]


def test_requests_with_large_heads_are_bounded() -> None:
    """Paths and headers weigh in the request log; of old ones the first part stays."""
    world = World(retention=Retention(request_bytes=100_000))
    for number in range(5):
        path = f"/{number}" + "p" * 30_000
        world.handle(Request("GET", path, "", {"x-large": "h" * 30_000}), NOW)
    assert [len(record.path) for record in world.requests] == [2_000] * 4 + [30_002]
    assert [record.path[:2] for record in world.requests] == [f"/{number}" for number in range(5)]
    assert [len(record.headers) for record in world.requests] == [0] * 4 + [1]


def test_messages_are_bounded_in_bytes() -> None:
    """Large messages make room for new ones, of which the newest always stays."""
    world = World(retention=Retention(message_bytes=100_000))
    for number in range(4):
        body = {
            "to": "a@example.com",
            "identifiers": {"id": "1"},
            "transactional_message_id": 3,
            "body": "x" * (40_000 if number < 3 else 200_000),
            "message_data": {"n": number},
        }
        request = Request(
            "POST", "/v1/send/email", "", {"authorization": "Bearer key"}, json.dumps(body).encode()
        )
        assert world.handle(request, NOW).status == 200
        assert [message.data["n"] for message in world.messages()] == [[0], [0, 1], [1, 2], [3]][number]
    assert world.stats()["messages"] == 4


def test_faults_are_bounded() -> None:
    """A thousand faults are enough."""
    world = World()
    for _ in range(1000):
        world.faults.add(FaultRule(effect=Effect(status=500)), NOW)
    asked = Request("POST", "/_sandbox/faults", "", {"content-type": "application/json"}, b'{"effect":{}}')
    reply = ControlDesk(world).handle(asked, NOW)
    assert (reply.status, "1000 faults" in json.loads(reply.body)["error"]) == (400, True)


def test_names_of_templates_are_bounded() -> None:
    """A trigger name longer than any name is not taken for that of a message that is not set up here."""
    world = World()
    for length, status in ((190, 200), (191, 400)):
        body = {"to": "a@x", "identifiers": {"id": "1"}, "transactional_message_id": "n" * length}
        headers = {"authorization": "Bearer key"}
        request = Request("POST", "/v1/send/email", "", headers, json.dumps(body).encode())
        assert world.handle(request, NOW).status == status
