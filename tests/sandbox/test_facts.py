"""The vendor's facts that belong to no one endpoint: limits to the byte, envelopes, statuses, headers, one row each."""

import base64
import json
from typing import Any, Final

import httpx2
import msgspec
import pytest

from ciokit.sandbox import Request, Retention, Rules, World
from ciokit.sandbox.inprocess import SandboxTransport
from ciokit.sandbox.state.records import Person
from ciokit.testing import FakeClock
from ciokit.webhooks import events, parse

NOW: Final = 1_800_000_000.0
ULID: Final = "01BX5ZZKBKACTAV9WEVGEMMVRY"
TRACK: Final = "https://track.customer.io"
APP: Final = "https://api.customer.io"
PIPELINES: Final = "https://cdp.customer.io"
STRICT: Final = {"x-strict-mode": "1"}


class Vendor:
    """Speak to all APIs of one world, each with its own credentials."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.clock = FakeClock(NOW)
        self._client = httpx2.Client(transport=SandboxTransport(self.world, self.clock))

    def __call__(
        self,
        method: str,
        url: str,
        body: Any = None,
        *,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx2.Response:
        """Send a request; `headers` may take the place of the credentials."""
        given = {
            "authorization": self.credentials(url),
            "content-type": "application/json",
            **(headers or {}),
        }
        data = content if content is not None else b"" if body is None else msgspec.json.encode(body)
        return self._client.request(method, url, content=data, headers=given)

    @staticmethod
    def credentials(url: str) -> str:
        """Return what the API of an address is sent as Authorization."""
        return "Bearer app-key" if url.startswith(APP) else "Basic " + base64.b64encode(b"site:key").decode()

    def identify(self, identifier: str, **attributes: Any) -> Person:
        """Identify a person and return them."""
        assert self("PUT", f"{TRACK}/api/v1/customers/{identifier}", attributes).status_code == 200
        return self.person(identifier)

    def person(self, identifier: str) -> Person:
        """Return a person who must exist."""
        found = self.world.person(identifier)
        assert found is not None
        return found

    def entity(self, **operation: Any) -> httpx2.Response:
        """Do one Track v2 operation."""
        return self("POST", f"{TRACK}/api/v2/entity", operation)

    def send(self, channel: str = "email", **fields: Any) -> httpx2.Response:
        """Send a message to person 1."""
        return self("POST", f"{APP}/v1/send/{channel}", {**EMAIL, **fields})

    def kinds(self) -> list[str]:
        """Return the kinds of the warnings."""
        return [warned.kind for warned in self.world.warnings]


EMAIL: Final[dict[str, Any]] = {
    "to": "p1@example.com",
    "identifiers": {"id": "1"},
    "transactional_message_id": 3,
}


@pytest.fixture
def vendor() -> Vendor:
    """Make a vendor with an empty account."""
    return Vendor()


def padded(value: dict[str, Any], field: str, size: int) -> bytes:
    """Encode an object and fill one of its texts up, so that the whole has a size."""
    return msgspec.json.encode(
        {**value, field: "x" * (size - len(msgspec.json.encode({**value, field: ""})))}
    )


# Section 1: who needs credentials, and in which form.

PUBLIC: list[tuple[str, Any]] = [
    ("/unsubscribe/d", {"unsubscribe": True}),
    ("/api/v1/metrics", {"delivery_id": "d", "metric": "opened"}),
    ("/api/v1/push/events", {"delivery_id": "d", "event": "opened"}),
    ("/push/events", {"delivery_id": "d", "event": "opened"}),
]


@pytest.mark.parametrize(("path", "body"), PUBLIC)
@pytest.mark.parametrize("header", ["", "Basic eDp5", "nonsense"])
def test_public_calls_need_no_credentials(path: str, body: Any, header: str) -> None:
    """Three kinds of calls, made by browsers and devices, are taken without credentials and with wrong ones."""
    vendor = Vendor(World(keys={"site:key": "shop"}))
    assert vendor("POST", TRACK + path, body, headers={"authorization": header}).content == b"{}\n"


UNAUTHORIZED: list[tuple[str, str, Any]] = [
    ("GET", f"{TRACK}/api/v1/accounts/region", {"meta": {"error": "Unauthorized"}}),
    ("POST", f"{TRACK}/api/v2/entity", {"meta": {"error": "Unauthorized"}}),
    ("POST", f"{TRACK}/api/v2/batch", {"meta": {"error": "Unauthorized"}}),
    ("POST", f"{TRACK}/api/v1/forms/f/submit", {"meta": {"error": "Unauthorized"}}),
    ("POST", f"{APP}/v1/send/push", {"meta": {"error": "Unauthorized"}}),
    ("GET", f"{APP}/v1/customers", {"errors": [{"detail": "Unauthorized", "status": "401"}]}),
    ("POST", f"{APP}/v1/campaigns/1/triggers", {"errors": [{"detail": "Unauthorized", "status": "401"}]}),
]


@pytest.mark.parametrize(("method", "url", "body"), UNAUTHORIZED)
def test_wrong_credentials(method: str, url: str, body: Any) -> None:
    """Credentials that are not known are 401 in the envelope of the endpoint."""
    reply = Vendor(World(keys={"a:b": "shop"}))(method, url)
    assert (reply.status_code, reply.json()) == (401, body)


@pytest.mark.parametrize(
    ("header", "status"), [({}, 400), ({"x-workspace-id": "x"}, 400), ({"x-workspace-id": "12"}, 200)]
)
def test_service_accounts_name_their_workspace(vendor: Vendor, header: dict[str, str], status: int) -> None:
    """A service account token opens several workspaces, so one must be named."""
    given = {"authorization": "Bearer sa_live_x", **header}
    assert vendor("GET", f"{APP}/v1/segments", headers=given).status_code == status
    assert vendor("POST", f"{APP}/v1/send/email", EMAIL, headers=given).status_code == status


# Section 2: regions.


@pytest.mark.parametrize("region", ["us", "eu"])
def test_region_of_the_account(region: str) -> None:
    """The account tells its region on either Track host."""
    vendor = Vendor(World(region=region))
    host = "track" if region == "us" else "track-eu"
    for asked in ("track", "track-eu"):
        assert vendor("GET", f"https://{asked}.customer.io/api/v1/accounts/region").json() == {
            "url": f"https://{host}.customer.io",
            "region": region,
            "environment_id": 1,
        }


@pytest.mark.parametrize("host", ["track-eu", "cdp-eu"])
def test_other_region_is_shown_once(vendor: Vendor, host: str) -> None:
    """Track and Pipelines calls at the other region's host are done and warned of, once."""
    path = "/api/v1/customers/1/events" if host == "track-eu" else "/v1/track"
    for _ in range(2):
        sent = vendor("POST", f"https://{host}.customer.io{path}", {"name": "n", "userId": "1", "event": "n"})
        assert sent.status_code == 200
    assert vendor.kinds().count("wrong_region") == 1
    assert len(vendor.world.events("1")) == 2


# Section 3: sizes to the byte.


@pytest.mark.parametrize(("size", "status"), [(32 * 1024, 200), (32 * 1024 + 1, 400)])
def test_entity_of_32_kb(vendor: Vendor, size: int, status: int) -> None:
    """A v2 operation alone may have 32 KB."""
    event = {"type": "person", "action": "event", "identifiers": {"id": "1"}, "name": "n"}
    reply = vendor("POST", f"{TRACK}/api/v2/entity", content=padded(event, "rest", size))
    assert reply.status_code == status
    if status == 400:
        message = "operation cannot be larger than 32kb"
        assert reply.json() == {"errors": [{"reason": "too_large", "field": "", "message": message}]}


@pytest.mark.parametrize(("size", "status"), [(32 * 1024, 200), (32 * 1024 + 1, 400)])
def test_pipelines_call_of_32_kb(vendor: Vendor, size: int, status: int) -> None:
    """A Pipelines call may have 32 KB."""
    call = {"userId": "1", "event": "n"}
    content = padded(call, "rest", size)
    assert vendor("POST", f"{PIPELINES}/v1/track", content=content, headers=STRICT).status_code == status
    batch = b'{"batch":[' + padded({**call, "type": "track"}, "rest", size) + b"]}"
    assert vendor("POST", f"{PIPELINES}/v1/batch", content=batch, headers=STRICT).status_code == status


@pytest.mark.parametrize(("spaces", "status"), [(0, 200), (1, 400)])
def test_pipelines_batch_of_500_kb(vendor: Vendor, spaces: int, status: int) -> None:
    """A Pipelines batch may have 500 KB."""
    content = b'{"batch":[' + b" " * (499_988 + spaces) + b"]}"
    assert vendor("POST", f"{PIPELINES}/v1/batch", content=content, headers=STRICT).status_code == status


TOO_LARGE: Final = "Request entity must be JSON encoded and not exceed 2048 KB."


@pytest.mark.parametrize(("size", "status"), [(2048 * 1024, 200), (2048 * 1024 + 1, 400)])
def test_send_of_2048_kb(vendor: Vendor, size: int, status: int) -> None:
    """A transactional request may have 2048 KB."""
    reply = vendor("POST", f"{APP}/v1/send/email", content=padded(EMAIL, "body", size))
    assert reply.status_code == status
    if status == 400:
        assert reply.json() == {"meta": {"error": TOO_LARGE}}


@pytest.mark.parametrize(("last", "status"), [(999_996, 200), (1_000_000, 413)])
def test_attachments_below_2_mb(vendor: Vendor, last: int, status: int) -> None:
    """All attachments together stay below 2 MB."""
    files = {"a.csv": "A" * 1_000_000, "b.csv": "A" * last}
    assert vendor.send(attachments=files).status_code == status


@pytest.mark.parametrize(("others", "status"), [(14, 200), (15, 400)])
def test_15_recipients(vendor: Vendor, others: int, status: int) -> None:
    """An email goes to 15 recipients, counted over to, cc and bcc."""
    copied = others // 2
    reply = vendor.send(cc=",".join(["c@example.com"] * copied), bcc=", ".join(["b@x"] * (others - copied)))
    assert reply.status_code == status


IDS: list[tuple[str, int, int]] = [("x", 150, 200), ("x", 151, 400), ("é", 75, 200), ("é", 76, 400)]


@pytest.mark.parametrize(("letter", "count", "status"), IDS)
def test_ids_of_150_bytes(vendor: Vendor, letter: str, count: int, status: int) -> None:
    """Ids of people and objects have up to 150 bytes, however few characters they are, in every API."""
    name = letter * count
    thing = {"object_type_id": "1", "object_id": name}
    for sent in (
        vendor("PUT", f"{TRACK}/api/v1/customers/{name}", {}),
        vendor.entity(type="person", action="identify", identifiers={"id": name}),
        vendor.entity(type="object", action="identify", identifiers=thing),
        vendor("POST", f"{PIPELINES}/v1/identify", {"userId": name}, headers=STRICT),
    ):
        assert sent.status_code == status


def many(count: int) -> dict[str, int]:
    """Make so many attributes."""
    return {f"a{number}": number for number in range(count)}


OBJECTS: list[tuple[Any, str, str]] = [
    (many(300), "", ""),
    ({"n" * 150: "v" * 1000}, "", ""),
    (many(301), "", "cannot set more than 300 attributes in one request"),
    ({"n" * 151: 1}, f".{'n' * 151}", "property name cannot be longer than 150 bytes"),
    ({"plan": "é" * 501}, ".plan", "property value cannot be longer than 1000 bytes"),
    ([], "", "attributes must be an object"),
]


@pytest.mark.parametrize(("attributes", "where", "message"), OBJECTS)
def test_attributes_of_objects_and_relationships(
    vendor: Vendor, attributes: Any, where: str, message: str
) -> None:
    """An object's and a relationship's attributes have the limits of a person's, in v1 and v2."""
    acme = {"object_type_id": "1", "object_id": "acme"}
    entry = {"identifiers": {"id": "1"}, "relationship_attributes": attributes}
    whole = vendor.entity(type="object", action="identify", identifiers=acme, attributes=attributes)
    related = vendor.entity(type="object", action="identify", identifiers=acme, cio_relationships=[entry])
    ties = {"action": "add_relationships", "relationships": [{**entry, "identifiers": acme}]}
    v1 = vendor("PUT", f"{TRACK}/api/v1/customers/2", {"cio_relationships": ties})
    if not message:
        assert (whole.status_code, related.status_code, v1.status_code) == (200, 200, 200)
        return
    for reply, path in ((whole, "attributes"), (related, "cio_relationships[0].relationship_attributes")):
        error = {"reason": "invalid", "field": path + where, "message": message}
        assert (reply.status_code, reply.json()) == (400, {"errors": [error]})
    assert (v1.status_code, v1.json()) == (400, {"meta": {"error": message}})


@pytest.mark.parametrize(("added", "kept"), [(many(300), True), ({"one_more": 1}, False)])
@pytest.mark.parametrize("strict", [False, True])
def test_an_object_fills_up(added: dict[str, Any], kept: bool, strict: bool) -> None:
    """What would bring an object or a relationship above 300 attributes is dropped with a warning, or refused."""
    vendor = Vendor(World(rules=Rules(strict=strict)))
    vendor.identify("1", email="a@example.com")
    acme: dict[str, Any] = {"object_type_id": "1", "object_id": "acme"}
    for attributes, status in ((many(300), 200), (added, 200 if kept or not strict else 400)):
        operation = {"type": "object", "action": "identify", "identifiers": acme, "attributes": attributes}
        assert vendor.entity(**operation).status_code == status
        ties = [{"identifiers": {"id": "1"}, "relationship_attributes": attributes}]
        tied = vendor.entity(
            type="object", action="add_relationships", identifiers=acme, cio_relationships=ties
        )
        assert tied.status_code == status
    assert vendor.world.workspace().objects["1", "acme"].attributes == many(300)
    assert vendor.person("1").relationships["1", "acme"].attributes == many(300)
    assert ("attribute_update_failure" in vendor.kinds()) is not kept


def test_an_object_has_100_kb(vendor: Vendor) -> None:
    """All attributes of an object together have up to 100 KB, over one call and over several."""
    acme = {"object_type_id": "1", "object_id": "acme"}
    operation = {"type": "object", "action": "identify", "identifiers": acme}
    for part in range(4):
        values = {f"a{part}{number}": "x" * 1000 for number in range(29)}
        assert vendor.entity(**operation, attributes=values).status_code == 200
    held = vendor.world.workspace().objects["1", "acme"].attributes
    assert len(held) == 87
    assert vendor.kinds() == ["attribute_update_failure"]


def test_relationships_of_100_kb(vendor: Vendor) -> None:
    """A call with more than 100 KB of one object's attributes is refused, where it fits a request at all."""
    values = {f"a{number}": "x" * 1000 for number in range(110)}
    ties = {
        "action": "add_relationships",
        "relationships": [
            {
                "identifiers": {"object_type_id": "1", "object_id": "acme"},
                "relationship_attributes": values,
            }
        ],
    }
    reply = vendor("PUT", f"{TRACK}/api/v1/customers/1", {"cio_relationships": ties})
    assert reply.json() == {"meta": {"error": "attributes cannot be larger than 100kb"}}


def test_reserved_keys_are_no_attributes(vendor: Vendor) -> None:
    """What steers an identify call does not count among its 300 attributes."""
    steering = {"_timestamp": 1, "_update": False, "cio_relationships": None}
    assert vendor("PUT", f"{TRACK}/api/v1/customers/1", many(300) | steering).status_code == 200
    identify = {"type": "person", "action": "identify", "identifiers": {"id": "2"}}
    assert vendor.entity(**identify, attributes=many(300) | {"_update": False}).status_code == 200


COUNTS: list[tuple[str, str, Any, int]] = [
    ("POST", f"{TRACK}/api/v1/segments/1/add_customers", {"ids": ["i"] * 1000}, 200),
    ("POST", f"{TRACK}/api/v1/segments/1/remove_customers", {"ids": ["i"] * 1001}, 400),
    ("POST", f"{APP}/v1/campaigns/1/triggers", {"ids": ["1"] * 10_000}, 200),
    ("POST", f"{APP}/v1/campaigns/1/triggers", {"per_user_data": [{"id": "1"}] * 10_000}, 200),
    ("POST", f"{APP}/v1/campaigns/1/triggers", {"per_user_data": [{"id": "1"}] * 10_001}, 400),
    ("POST", f"{APP}/v1/campaigns/1/triggers", {"emails": ["p1@example.com"] * 10_001}, 200),
    ("POST", f"{APP}/v1/campaigns/1/triggers", {"data": None}, 200),
    ("POST", f"{APP}/v1/customers/attributes", {"ids": ["1"] * 100}, 200),
    ("POST", f"{APP}/v1/data_index/attributes", {"attributes": [{}] * 100}, 204),
    ("POST", f"{APP}/v1/data_index/attributes", {"attributes": [{}] * 101}, 422),
    ("POST", f"{APP}/v1/data_index/events", {"events": []}, 422),
    ("POST", f"{APP}/v1/data_index/events", {"events": [1]}, 422),
    ("POST", f"{APP}/v1/data_index/events", {"events": {}}, 400),
]


@pytest.mark.parametrize(("method", "url", "body", "status"), COUNTS)
def test_how_many_at_once(vendor: Vendor, method: str, url: str, body: Any, status: int) -> None:
    """Lists are taken up to the vendor's number of entries."""
    vendor.identify("1", email="p1@example.com")
    vendor("POST", f"{APP}/v1/segments", {"segment": {"name": "s"}})
    assert vendor(method, url, body).status_code == status


# Section 3: rates. What is said differs by API.

RATES: list[tuple[str, str, int, float, str]] = [
    ("GET", f"{TRACK}/api/v1/accounts/region", 1000, 1.0, "1000-per-second"),
    ("POST", f"{PIPELINES}/v1/track", 3000, 3.0, "3000-per-3-seconds"),
    ("POST", f"{APP}/v1/send/push", 100, 1.0, "100-per-second"),
    ("GET", f"{APP}/v1/segments", 10, 1.0, "10-per-second"),
    ("POST", f"{APP}/v1/campaigns/1/triggers", 1, 10.0, "1-per-10-seconds"),
    ("GET", f"{APP}/v1/messages/x/archived_message", 100, 86_400.0, "100-per-86400-seconds"),
]


@pytest.mark.parametrize(("method", "url", "allowed", "seconds", "said"), RATES)
def test_too_many_requests(method: str, url: str, allowed: int, seconds: float, said: str) -> None:
    """One request too many is 429 in the API's own envelope, without Retry-After; later there is room again."""
    vendor = Vendor(World(rate_limits=True, retention=Retention(requests=10)))
    assert vendor(method, url, {}).status_code != 429
    host, path = url.removeprefix("https://").split("/", 1)
    sent = {"host": host, "authorization": vendor.credentials(url)}
    for _ in range(allowed - 1):
        assert vendor.world.handle(Request(method, f"/{path}", "", sent, b"{}"), NOW).status != 429
    refused = vendor(method, url, {})
    message = f"Your request is over the {said} limit."
    envelopes: dict[str, Any] = {
        TRACK: {"meta": {"error": message}},
        PIPELINES: {"meta": {"errors": [message]}},
        f"{APP}/v1/send/push": {"meta": {"error": message}},
    }
    usual = {"errors": [{"detail": message, "status": "429"}]}
    expected = next((body for start, body in envelopes.items() if url.startswith(start)), usual)
    assert (refused.status_code, refused.json()) == (429, expected)
    assert "retry-after" not in refused.headers
    vendor.clock.advance(seconds)
    assert vendor(method, url, {}).status_code != 429


def test_rates_are_off_by_default(vendor: Vendor) -> None:
    """Without the option nobody is told to slow down."""
    assert {vendor("GET", f"{APP}/v1/segments").status_code for _ in range(30)} == {200}


# Section 4: envelopes and headers.

APP_HEADERS: Final = {
    "content-type": "application/json; charset=utf-8",
    "cache-control": "must-revalidate,no-cache,no-store",
    "pragma": "no-cache",
    "expires": "0",
    "x-frame-options": "SAMEORIGIN",
}
TRACK_HEADERS: Final = {
    "content-type": "application/json; charset=utf-8",
    "cache-control": "no-cache, no-store, must-revalidate, max-age=0",
    "access-control-allow-origin": "*",
}
HEADERS: list[tuple[str, str, Any, int, dict[str, str]]] = [
    ("GET", f"{APP}/v1/exports", None, 200, APP_HEADERS),
    ("POST", f"{APP}/v1/send/push", EMAIL, 200, APP_HEADERS),
    ("GET", f"{APP}/v1/segments/7", None, 404, APP_HEADERS),
    ("PUT", f"{TRACK}/api/v1/customers/1", {}, 200, TRACK_HEADERS | {"status": "200 OK"}),
    ("POST", f"{TRACK}/api/v2/batch", {"batch": []}, 200, TRACK_HEADERS | {"status": "200 OK"}),
    ("POST", f"{TRACK}/api/v2/batch", {}, 400, TRACK_HEADERS | {"status": "400 Bad Request"}),
    ("POST", f"{TRACK}/api/v2/batch", {"batch": [{}]}, 207, TRACK_HEADERS | {"status": "207 Multi-Status"}),
    ("GET", f"{TRACK}/api/v1/nothing", None, 404, TRACK_HEADERS | {"status": "404 Not Found"}),
    ("POST", f"{PIPELINES}/v1/track", {}, 200, TRACK_HEADERS | {"status": "200 OK"}),
]


@pytest.mark.parametrize(("method", "url", "body", "status", "expected"), HEADERS)
def test_headers_of_answers(
    vendor: Vendor, method: str, url: str, body: Any, status: int, expected: dict[str, str]
) -> None:
    """Answers, good and bad, have the headers that the vendor's have."""
    reply = vendor(method, url, body)
    assert reply.status_code == status
    assert {name: reply.headers[name] for name in expected} == expected


NOT_ALLOWED: Final = {"meta": {"error": "Method Not Allowed"}}
MISSING: Final = {"errors": [{"detail": "Not Found", "status": "404"}]}
ENVELOPES: list[tuple[str, str, Any, int, Any]] = [
    ("GET", f"{APP}/v1/send/email", None, 405, NOT_ALLOWED),
    ("POST", f"{APP}/v1/send/emial", EMAIL, 405, NOT_ALLOWED),
    ("GET", f"{APP}/v1/nothing", None, 404, MISSING),
    (
        "PUT",
        f"{APP}/v1/transactional/3/content/3",
        {"subject": 5},
        400,
        {"meta": {"error": "subject must be a string"}},
    ),
    (
        "PUT",
        f"{APP}/v1/transactional/9/content/9",
        {},
        404,
        {"meta": {"error": "transactional message not found"}},
    ),
    (
        "GET",
        f"{APP}/v1/customers/1/subscription_preferences?id_type=shoe",
        None,
        400,
        {"meta": {"errors": ["id_type must be id, email, cio_id or phone"]}},
    ),
    (
        "GET",
        f"{APP}/v1/customers/nobody/subscription_preferences",
        None,
        404,
        {"errors": [{"detail": "customer not found", "status": "404"}]},
    ),
    (
        "GET",
        f"{APP}/v1/transactional/9/metrics",
        None,
        404,
        {"errors": [{"detail": "transactional message not found", "status": "404"}]},
    ),
    (
        "GET",
        f"{APP}/v1/broadcasts/9/messages",
        None,
        404,
        {"errors": [{"detail": "broadcast not found", "status": "404"}]},
    ),
]


@pytest.mark.parametrize(("method", "url", "body", "status", "answer"), ENVELOPES)
def test_envelopes_of_the_app_api(
    vendor: Vendor, method: str, url: str, body: Any, status: int, answer: Any
) -> None:
    """The App API has an envelope for sends and updates of messages, one for preferences, and its usual one."""
    vendor.send()
    reply = vendor(method, url, body)
    assert (reply.status_code, reply.json()) == (status, answer)


ABSENT: list[tuple[str, str]] = [
    *(
        ("GET", f"customers/nobody/{part}")
        for part in ("attributes", "segments", "messages", "activities", "relationships", "optouts")
    ),
    ("PUT", "customers/nobody/optouts"),
    *(("GET", f"segments/9{part}") for part in ("", "/customer_count", "/membership", "/used_by")),
    ("DELETE", "segments/9"),
    ("GET", "messages/nothing"),
    ("GET", "messages/nothing/archived_message"),
    ("GET", "exports/9"),
    ("GET", "exports/9/download"),
    ("GET", "imports/9"),
    ("GET", "collections/9"),
    ("GET", "collections/9/content"),
    ("PUT", "collections/9"),
    ("DELETE", "collections/9"),
    ("DELETE", "snippets/nothing"),
    ("GET", "reporting_webhooks/9"),
    ("PUT", "reporting_webhooks/9"),
    ("DELETE", "reporting_webhooks/9"),
    ("GET", "campaigns/9"),
    ("GET", "campaigns/9/triggers/1"),
    ("GET", "campaigns/9/triggers/1/errors"),
    *(("GET", f"broadcasts/9{part}") for part in ("", "/messages", "/metrics", "/triggers")),
    *(("GET", f"transactional/9{part}") for part in ("", "/messages", "/metrics", "/contents")),
    ("GET", "newsletters/9"),
    ("DELETE", "newsletters/9"),
    ("GET", "sender_identities/9"),
    ("GET", "objects/1/acme/attributes"),
    ("GET", "objects/1/acme/relationships"),
]


@pytest.mark.parametrize(("method", "path"), ABSENT)
def test_what_is_not_there(vendor: Vendor, method: str, path: str) -> None:
    """A thing that does not exist is 404 in the usual envelope, its status as text."""
    reply = vendor(method, f"{APP}/v1/{path}", {})
    assert reply.status_code == 404
    (error,) = reply.json()["errors"]
    assert error["status"] == "404"


def test_a_form_answers_with_nothing(vendor: Vendor) -> None:
    """A submitted form is 204 without a body, and creates its person."""
    reply = vendor("POST", f"{TRACK}/api/v1/forms/f/submit", {"data": {"id": "1", "form_name": "x"}})
    assert (reply.status_code, reply.content) == (204, b"")
    assert vendor.person("1").attributes == {"id": "1"}


# Section 5: Track v1.


def test_a_phone_in_the_path_is_an_id(vendor: Vendor) -> None:
    """Track v1 knows no phone numbers: one in the path is an id."""
    person = vendor.identify("+14155552671")
    assert (person.id, person.phone) == ("+14155552671", None)


def test_the_500_characters_of_a_name_never_bite(vendor: Vendor) -> None:
    """A name above both of the vendor's limits is told of the smaller one."""
    reply = vendor("POST", f"{TRACK}/api/v1/events", {"name": "n" * 500})
    assert reply.json() == {"meta": {"error": "event name cannot be longer than 100 bytes"}}


@pytest.mark.parametrize(("age", "recent"), [(0, True), (72 * 3600, True), (72 * 3600 + 1, False)])
def test_events_that_may_trigger(vendor: Vendor, age: int, recent: bool) -> None:
    """An event of the past 72 hours may trigger a campaign; the control API says which ones do."""
    vendor("POST", f"{TRACK}/api/v1/events", {"name": "n", "timestamp": int(NOW) - age})
    (event,) = vendor("GET", "http://localhost/_sandbox/events").json()["events"]
    assert event["recent"] is recent


NEEDLESS: Final = "{} is not a metric of the channel {}"
METRICS: Final = {
    "email": {"bounced", "clicked", "converted", "deferred", "delivered", "dropped", "opened", "spammed"},
    "in_app": {"clicked", "converted", "opened"},
    "push": {"converted", "delivered", "opened"},
    "sms": {"bounced", "clicked", "delivered", "opened"},
}


@pytest.mark.parametrize("channel", METRICS)
def test_metrics_of_a_channel(channel: str) -> None:
    """A channel has its own metrics; another one is taken, shown as a warning, and counted nowhere."""
    vendor = Vendor()
    address = "+14155552671" if channel == "sms" else "p1@example.com"
    delivery = vendor.send(channel, to=address).json()["delivery_id"]
    taken: set[str] = set()
    for name in METRICS["email"]:
        sent = vendor("POST", f"{TRACK}/api/v1/metrics", {"delivery_id": delivery, "metric": name})
        assert sent.status_code == 200
        taken |= {name} & vendor.world.messages()[0].metrics.keys()
    assert taken == METRICS[channel]
    assert vendor.kinds().count("metric_of_other_channel") == len(METRICS["email"] - METRICS[channel])


def test_merge_moves_what_the_vendor_moves(vendor: Vendor) -> None:
    """A merge moves manual segments, delivery history, devices and relationships besides attributes and events."""
    vendor.identify("1")
    vendor.identify("2")
    vendor("POST", f"{APP}/v1/segments", {"segment": {"name": "s"}})
    vendor("POST", f"{TRACK}/api/v1/segments/1/add_customers", {"ids": ["2"]})
    vendor.send(identifiers={"id": "2"})
    tie = [{"identifiers": {"object_type_id": "1", "object_id": "acme"}}]
    vendor.entity(type="person", action="add_relationships", identifiers={"id": "2"}, cio_relationships=tie)
    sides = {"primary": {"id": "1"}, "secondary": {"id": "2"}}
    assert vendor.entity(type="person", action="merge", **sides).status_code == 200
    assert vendor.entity(type="person", action="merge", **sides).status_code == 200
    person = vendor.person("1")
    assert (person.segments, list(person.relationships)) == ([1], [("1", "acme")])
    assert [message.cio_id for message in vendor.world.messages("1")] == [person.cio_id]
    assert list(vendor.world.workspace().segments[1].members) == [person.cio_id]


def test_segments_ignore_who_is_not_of_the_kind(vendor: Vendor) -> None:
    """Entries that are no identifier of the stated kind are ignored."""
    person = vendor.identify("1", email="p1@example.com")
    vendor("POST", f"{APP}/v1/segments", {"segment": {"name": "s"}})
    url = f"{TRACK}/api/v1/segments/1/"
    for kind, name in (("id", "1"), ("email", "p1@example.com"), ("cio_id", person.cio_id)):
        for wrong in {"1", "p1@example.com", person.cio_id} - {name}:
            vendor("POST", f"{url}add_customers?id_type={kind}", {"ids": [wrong]})
            assert person.segments == []
        vendor("POST", f"{url}add_customers?id_type={kind}", {"ids": [name]})
        assert person.segments == [1]
        vendor("POST", f"{url}remove_customers?id_type={kind}", {"ids": [name]})


def test_v1_takes_relationships_away(vendor: Vendor) -> None:
    """The identify call of v1 adds relationships and takes them away again."""
    tie = [{"identifiers": {"object_type_id": "1", "object_id": "acme"}}]
    for action, held in (("add_relationships", [("1", "acme")]), ("delete_relationships", [])):
        person = vendor.identify("1", cio_relationships={"action": action, "relationships": tie})
        assert list(person.relationships) == held


def test_unsuppressing_restores_nothing(vendor: Vendor) -> None:
    """Whoever is freed from suppression begins anew."""
    before = vendor.identify("1", email="p1@example.com", plan="pro").cio_id
    for action in ("suppress", "unsuppress"):
        assert vendor("POST", f"{TRACK}/api/v1/customers/1/{action}").content == b"{}\n"
    person = vendor.identify("1")
    assert (person.attributes, person.cio_id != before) == ({"id": "1"}, True)


# Section 6: Track v2.

PHONE: Final = {"phone": "+14155552671"}
NOT_HERE: Final = "Invalid identifier: {} is not an identifier here"
ACME: Final = {"object_type_id": "1", "object_id": "acme"}
V2: list[tuple[dict[str, Any], str, str]] = [
    (
        {"type": "object", "action": "identify", "identifiers": ACME, "cio_relationships": [{"identifiers": PHONE}]},
        "cio_relationships[0].identifiers.phone",
        NOT_HERE.format("phone"),
    ),
    (
        {"type": "person", "action": "merge", "primary": PHONE, "secondary": {"id": "1"}},
        "primary.phone",
        "primary must have exactly one of id, email and cio_id",
    ),
    ({"type": "person", "action": "identify", "identifiers": {"anonymous_id": "v"}}, "identifiers.anonymous_id", NOT_HERE.format("anonymous_id")),
    ({"type": "person", "action": "identify", "identifiers": {"id": " "}}, "identifiers.id", "Invalid identifier: id cannot be empty"),
    ({"type": "person", "action": "add_device", "identifiers": {"id": "1"}, "device": {"platform": "ios"}}, "device.token", "device token cannot be blank"),
    (
        {"type": "person", "action": "add_device", "identifiers": {"id": "1"}, "device": {"token": "t", "platform": "ios", "last_used": "x"}},
        "device.last_used",
        "device last_used must be an integer of Unix seconds",
    ),
    ({"type": "object", "action": "delete"}, "identifiers", "identifiers is required"),
    ({"type": "object", "action": "add_relationships", "identifiers": ACME}, "cio_relationships", "cio_relationships must be an array"),
    ({"type": "object", "action": "identify", "identifiers": {**ACME, "object_type_id": "0"}}, "identifiers.object_type_id", "object_type_id must be an integer of 1 or more, as a string"),
    ({"type": "delivery", "action": "event", "name": "opened"}, "identifiers.id", "Invalid identifier: id cannot be null"),
    ({"type": "delivery", "action": "open"}, "action", "action is not one of those of type delivery"),
]  # fmt: skip


def test_a_person_named_by_phone_has_relationships(vendor: Vendor) -> None:
    """A phone number names the person who is related, as in every operation on people but merge."""
    related = {"type": "person", "identifiers": PHONE, "cio_relationships": [{"identifiers": ACME}]}
    assert vendor.entity(action="add_relationships", **related).status_code == 200
    (person,) = vendor.world.people()
    assert (person.phone, len(person.relationships)) == (PHONE["phone"], 1)
    assert vendor.entity(action="delete_relationships", **related).status_code == 200
    assert not person.relationships


@pytest.mark.parametrize(("operation", "field", "message"), V2)
def test_v2_details(vendor: Vendor, operation: dict[str, Any], field: str, message: str) -> None:
    """What Track v2 does not take, it refuses with the field."""
    reply = vendor.entity(**operation)
    (error,) = reply.json()["errors"]
    assert (reply.status_code, error["field"], error["message"]) == (400, field, message)


@pytest.mark.parametrize("kind", ["email", "phone"])
def test_identifiers_must_be_enabled(kind: str) -> None:
    """A workspace by id alone takes no email address and no phone number as identifier."""
    vendor = Vendor(World(rules=Rules(identifiers=("id",))))
    value = "a@example.com" if kind == "email" else "+14155552671"
    reply = vendor.entity(type="person", action="identify", identifiers={kind: value})
    assert reply.json()["errors"][0]["message"] == NOT_HERE.format(kind)


# Section 7: attributes read back, ULIDs.


def test_names_of_attributes_have_case(vendor: Vendor) -> None:
    """Names that differ in case are names of two attributes."""
    assert vendor.identify("1", Plan="a", plan="b").attributes == {"id": "1", "Plan": "a", "plan": "b"}


def test_preferences_are_read_back_as_text(vendor: Vendor) -> None:
    """The App API gives preferences as text, and those computed from the defaults of topics beside them."""
    topics = vendor.world.workspace().account.topics
    topics[1] = {"id": 1, "identifier": "topic_1", "name": "News"}
    topics[2] = {"id": 2, "identifier": "topic_2", "name": "Offers", "subscribed_by_default": False}
    vendor.identify("1", cio_subscription_preferences={"topics": {"topic_1": False}})
    held = vendor("GET", f"{APP}/v1/customers/1/attributes").json()["customer"]["attributes"]
    assert held["cio_subscription_preferences"] == '{"topics":{"topic_1":false}}'
    assert json.loads(held["_cio_subscription_preferences_computed"]) == {
        "topics": {"topic_1": False, "topic_2": False}
    }


ULIDS: list[tuple[Any, int]] = [
    (ULID, 200),
    (ULID.lower(), 200),
    ("7" + "Z" * 25, 200),
    (None, 200),
    ("8" + ULID[1:], 400),
    (ULID[:-1], 400),
    (ULID + "0", 400),
    (ULID[:-1] + "U", 400),
    ("", 400),
    (5, 400),
]


@pytest.mark.parametrize(("ulid", "status"), ULIDS)
def test_ulids(vendor: Vendor, ulid: Any, status: int) -> None:
    """An event's id is 26 characters of Crockford's base32 that fit 128 bits, or is left out, in v1 and v2."""
    events_url = f"{TRACK}/api/v1/customers/1/events"
    assert vendor("POST", events_url, {"name": "n", "id": ulid}).status_code == status
    who = {"type": "person", "action": "event", "identifiers": {"id": "1"}, "name": "n"}
    assert vendor.entity(**who, id=ulid).status_code == status


@pytest.mark.parametrize(
    ("given", "taken"),
    [(2**53, True), (-1, True), (2**63, False), (10**400, False), (-(10**400), False), (1.0, False)],
)
def test_timestamps_are_integers(vendor: Vendor, given: Any, taken: bool) -> None:
    """A timestamp is an integer of at most 64 bits; larger ones, which JSON allows, are refused everywhere."""
    wanted = 200 if taken else 400
    raw = str(given).encode()
    person = b'{"type":"person","action":"%b","name":"n","identifiers":{"id":"1"},"timestamp":%b}'
    for url, body in (
        (f"{TRACK}/api/v1/customers/1", b'{"_timestamp":%b}' % raw),
        (f"{TRACK}/api/v1/customers/1/events", b'{"name":"n","timestamp":%b}' % raw),
        (f"{TRACK}/api/v2/entity", person % (b"event", raw)),
        (f"{TRACK}/api/v2/entity", person % (b"identify", raw)),
    ):
        method = "PUT" if url.endswith("/1") else "POST"
        assert vendor(method, url, content=body).status_code == wanted
    late = msgspec.json.encode(EMAIL)[:-1] + b',"send_at":%b}' % raw
    assert vendor("POST", f"{APP}/v1/send/email", content=late).status_code == (200 if given == -1 else 400)


# Section 8: transactional sends.

SENDS: list[tuple[str, dict[str, Any], str]] = [
    ("push", {}, "all"),
    ("push", {"to": "last_used"}, "last_used"),
    ("sms", {"to": "{{customer.phone}}"}, "{{customer.phone}}"),
    ("in_app", {"to": None}, ""),
    ("inbox_message", {"to": "p1@example.com"}, "p1@example.com"),
]


@pytest.mark.parametrize(("channel", "fields", "recipient"), SENDS)
def test_recipients(vendor: Vendor, channel: str, fields: dict[str, Any], recipient: str) -> None:
    """A push goes to all devices unless one is named; a phone number may be Liquid; in-app needs no address."""
    body = {"identifiers": {"id": "1"}, "transactional_message_id": 3, **fields}
    assert vendor("POST", f"{APP}/v1/send/{channel}", body).status_code == 200
    assert (vendor.world.messages()[0].recipient or "") == recipient


MISSING_FIELDS: list[tuple[str, str]] = [
    *(
        ("identifiers", channel)
        for channel in ("email", "push", "sms", "in_app", "inbox_message", "whatsapp")
    ),
    *(("to", channel) for channel in ("email", "sms", "whatsapp")),
    *(
        ("transactional_message_id", channel)
        for channel in ("push", "sms", "in_app", "inbox_message", "whatsapp")
    ),
]


@pytest.mark.parametrize(("field", "channel"), MISSING_FIELDS)
def test_required_fields(vendor: Vendor, field: str, channel: str) -> None:
    """Each channel needs its fields, and says which one is missing."""
    reply = vendor.send(channel, **{"to": "+14155552671", field: None})
    assert (reply.status_code, reply.json()) == (
        400,
        {"meta": {"error": f"Missing required field: {field}"}},
    )


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        ("push", "Push"),
        ("sms", "SMS"),
        ("in_app", "In-app"),
        ("inbox_message", "Inbox"),
        ("whatsapp", "WhatsApp"),
    ],
)
def test_channels_must_be_enabled(channel: str, name: str) -> None:
    """A workspace without a channel answers 403 to its sends."""
    reply = Vendor(World(rules=Rules(channels=("email",)))).send(channel)
    message = f"{name} messaging is not enabled for your workspace."
    assert (reply.status_code, reply.json()) == (403, {"meta": {"error": message}})


def test_numeric_ids_are_not_created() -> None:
    """auto_create makes templates by name and ignores numbers, also those written as text."""
    vendor = Vendor(World(rules=Rules(create_unknown=False)))
    for wanted in (9, "9"):
        reply = vendor.send(transactional_message_id=wanted, auto_create=True)
        assert reply.json() == {"meta": {"error": '"transactional_message_id" not found.'}}


# Section 10: Pipelines.

TAKEN: list[tuple[str, dict[str, Any]]] = [
    ("track", {"groupId": "acme", "event": "renewed"}),
    ("track", {"event": "Report Content Event", "properties": {"actionType": "viewed_content"}}),
    ("track", {"event": "Report Content Event", "properties": {"activityType": "clicked_content"}}),
    ("track", {"anonymousId": "v", "event": "Object Deleted", "properties": {"objectId": "a"}}),
    ("group", {"anonymousId": "v", "groupId": "acme"}),
    ("page", {"anonymousId": "v"}),
    ("identify", {"userId": None, "anonymousId": "v", "traits": {"plan": "pro"}}),
]


@pytest.mark.parametrize(("call", "body"), TAKEN)
def test_pipelines_takes(vendor: Vendor, call: str, body: dict[str, Any]) -> None:
    """What the vendor's schema allows passes strict mode."""
    reply = vendor("POST", f"{PIPELINES}/v1/{call}", body, headers=STRICT)
    assert (reply.status_code, reply.content) == (200, b"{}\n")


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("track", {"event": "n"}, "userId or anonymousId is required"),
    ("page", {"groupId": "acme"}, "userId or anonymousId is required"),
    ("identify", {"userId": "1", "traits": {"n" * 151: 1}}, "trait name cannot be longer than 150 bytes"),
    ("identify", {"userId": "1", "traits": many(301)}, "cannot set more than 300 traits in one call"),
    (
        "track",
        {"userId": "1", "event": "n" * 101},
        "event name cannot be longer than 100 bytes",
    ),
    (
        "track",
        {"event": "Report Content Event", "properties": {}},
        "properties.actionType must be viewed_content or clicked_content",
    ),
    (
        "track",
        {
            "userId": "1",
            "event": "Report Delivery Event",
            "properties": {"deliveryId": "d", "metric": "eaten"},
        },
        "properties.metric must be delivered, clicked, converted or opened",
    ),
    (
        "track",
        {"userId": "1", "event": "Report Delivery Event"},
        "properties.deliveryId is required",
    ),
    (
        "track",
        {"userId": "1", "event": "Device Created or Updated", "context": {"device": {"token": "t"}}},
        "context.device.type must be ios or android",
    ),
    (
        "track",
        {"userId": "1", "event": "Relationship Deleted"},
        "Invalid identifier: object_id cannot be null",
    ),
]


@pytest.mark.parametrize(("call", "body", "message"), REFUSED)
def test_pipelines_refuses(vendor: Vendor, call: str, body: dict[str, Any], message: str) -> None:
    """What the schema does not allow is 400 in strict mode, 200 in any other."""
    reply = vendor("POST", f"{PIPELINES}/v1/{call}", body, headers=STRICT)
    assert (reply.status_code, reply.json()) == (400, {"meta": {"errors": [message]}})
    for mode in ("0", "true", ""):
        loose = vendor("POST", f"{PIPELINES}/v1/{call}", body, headers={"x-strict-mode": mode})
        assert loose.content == b"{}\n"


def test_batch_shares_its_context(vendor: Vendor) -> None:
    """A batch's context holds for each of its calls, which may add to it and go before it."""
    device = {"event": "Device Created or Updated", "type": "track", "userId": "1"}
    own = {"device": {"token": "own", "type": "android"}}
    body = {
        "batch": [device, device | {"context": own}],
        "context": {"device": {"token": "shared", "type": "ios"}},
    }
    assert vendor("POST", f"{PIPELINES}/v1/batch", body, headers=STRICT).status_code == 200
    assert {token: held.platform for token, held in vendor.person("1").devices.items()} == {
        "shared": "ios",
        "own": "android",
    }


# Section 11: reporting webhooks.

HEARD: list[tuple[str, dict[str, Any], type[events.ReportingEvent], dict[str, Any]]] = [
    ("email", {"metric": "clicked", "href": "http://x/"}, events.EmailClicked, {"href": "http://x/"}),
    ("email", {"metric": "opened"}, events.EmailOpened, {"recipient": "p1@example.com"}),
    ("email", {"metric": "bounced", "reason": "full"}, events.EmailBounced, {"failure_message": "full"}),
    ("email", {"metric": "converted"}, events.EmailConverted, {"subject": "Hi"}),
    ("push", {"metric": "opened"}, events.PushOpened, {"recipients": (events.PushRecipient(device_id="t", device_platform="ios"),)}),
    ("in_app", {"metric": "clicked"}, events.InAppClicked, {"recipient": "p1@example.com"}),
    ("sms", {"metric": "delivered"}, events.SMSDelivered, {"recipient": "+14155552671"}),
]  # fmt: skip


@pytest.mark.parametrize(("channel", "report", "kind", "fields"), HEARD)
def test_webhooks_tell_what_the_vendor_tells(
    vendor: Vendor,
    channel: str,
    report: dict[str, Any],
    kind: type[events.ReportingEvent],
    fields: dict[str, Any],
) -> None:
    """A metric that is reported comes back as a webhook of the vendor's shape for its channel."""
    vendor("PUT", f"{TRACK}/api/v1/customers/1/devices", {"device": {"id": "t", "platform": "ios"}})
    hook = {
        "name": "h",
        "endpoint": "http://x/",
        "events": [f"{channel}_{report['metric']}", f"{channel}_sent"],
    }
    assert vendor("POST", f"{APP}/v1/reporting_webhooks", hook).status_code == 200
    address = "+14155552671" if channel == "sms" else "p1@example.com"
    delivery = vendor.send(channel, to=address, subject="Hi").json()["delivery_id"]
    vendor("POST", f"{TRACK}/api/v1/metrics", {"delivery_id": delivery, **report})
    sent, heard = (parse(posted.body) for posted in vendor.world.take_outgoing())
    assert type(heard) is kind
    assert {name: getattr(heard, name) for name in fields} == fields
    for event in (sent, heard):
        assert isinstance(event, events.MessageEvent)
        assert (event.delivery_id, event.transactional_message_id) == (delivery, 3)
        assert event.identifiers.id == "1"


def test_a_webhook_of_changed_preferences(vendor: Vendor) -> None:
    """A change of preferences is told with the new ones as text."""
    names = ["customer_cio_subscription_preferences_changed", "customer_subscribed"]
    vendor("POST", f"{APP}/v1/reporting_webhooks", {"name": "h", "endpoint": "http://x/", "events": names})
    vendor.identify("1", unsubscribed=True)
    vendor.identify("1", unsubscribed=False, cio_subscription_preferences={"topics": {"topic_1": True}})
    told = {type(event): event for event in (parse(posted.body) for posted in vendor.world.take_outgoing())}
    changed = told[events.CustomerPreferencesChanged]
    assert isinstance(changed, events.CustomerPreferencesChanged)
    assert changed.content == '{"topics":{"topic_1":true}}'
    assert told.keys() == {events.CustomerPreferencesChanged, events.CustomerSubscribed}


# Section 12: pages and other bounds of the App API.

PAGES: list[tuple[str, str, Any, int]] = [
    ("POST", "customers", {"filter": {"segment": {"id": 1}}}, 1000),
    ("GET", "customers/1/messages", None, 1000),
    ("GET", "customers/1/activities", None, 100),
    ("GET", "activities", None, 100),
    ("GET", "messages", None, 1000),
    ("GET", "segments/1/membership", None, 30_000),
    ("GET", "optouts", None, 1000),
]


@pytest.mark.parametrize(("method", "path", "body", "most"), PAGES)
def test_limits_of_pages(vendor: Vendor, method: str, path: str, body: Any, most: int) -> None:
    """A page has up to the vendor's number of entries, and at least one."""
    vendor.identify("1")
    vendor("POST", f"{APP}/v1/segments", {"segment": {"name": "s"}})
    for limit, status in ((most, 200), (most + 1, 400), (0, 400), ("x", 400)):
        assert vendor(method, f"{APP}/v1/{path}?limit={limit}", body).status_code == status


def test_activities_by_cio_id(vendor: Vendor) -> None:
    """Activities of one person are asked for with `cio_` before their cio_id, or with an id_type."""
    person = vendor.identify("1", email="p1@example.com")
    vendor.identify("2")
    for query in (
        f"cio_{person.cio_id}",
        f"{person.cio_id}&id_type=cio_id",
        "1",
        "p1@example.com&id_type=email",
    ):
        found = vendor("GET", f"{APP}/v1/activities?customer_id={query}&limit=100").json()["activities"]
        assert {activity["customer_id"] for activity in found} == {"1"}
    assert vendor("GET", f"{APP}/v1/activities?customer_id={person.cio_id}").json()["activities"] == []


def test_pages_of_suppressed_addresses(vendor: Vendor) -> None:
    """Suppressed addresses are listed by limit and offset, all four types by their own name."""
    url = f"{APP}/v1/esp/suppression"
    for kind in ("blocks", "bounces", "spam_reports", "invalid_emails"):
        for number in range(3):
            assert vendor("POST", f"{url}/{kind}/{number}@example.com").status_code == 200
        page = vendor("GET", f"{url}/{kind}?limit=2&offset=1").json()
        assert [entry["email"] for entry in page["suppressions"]] == ["1@example.com", "2@example.com"]


STEPS: list[tuple[str, int]] = [("hours", 24), ("days", 45), ("weeks", 12), ("months", 121)]


@pytest.mark.parametrize(("period", "most"), STEPS)
def test_steps_of_metrics(vendor: Vendor, period: str, most: int) -> None:
    """A series of metrics has up to the vendor's number of steps of its period."""
    vendor.send()
    url = f"{APP}/v1/transactional/3/metrics?period={period}&steps="
    assert len(vendor("GET", f"{url}{most}").json()["metric"]["series"]["sent"]) == most
    assert vendor("GET", f"{url}{most + 1}").status_code == 400
    assert vendor("GET", f"{APP}/v1/transactional/3/metrics?period=years").status_code == 400


@pytest.mark.parametrize(("name", "status"), [("n" * 190, 200), ("n" * 191, 400)])
def test_webhook_names(vendor: Vendor, name: str, status: int) -> None:
    """A reporting webhook's name has up to 190 characters."""
    hook = {"name": name, "endpoint": "http://x/", "events": ["email_sent"]}
    assert vendor("POST", f"{APP}/v1/reporting_webhooks", hook).status_code == status


KINDS: list[tuple[str, str, int]] = [
    ("id", "1", 200),
    ("email", "p1%40example.com", 200),
    ("phone", "%2B14155552671", 200),
    ("phone", "+14155552671", 200),
    ("phone", "0415", 400),
    ("shoe", "43", 400),
]


@pytest.mark.parametrize(("kind", "value", "status"), KINDS)
def test_kinds_of_lookups(vendor: Vendor, kind: str, value: str, status: int) -> None:
    """A customer is looked up by the kind of identifier that is stated."""
    vendor.identify("1", email="p1@example.com", phone="+14155552671")
    url = f"{APP}/v1/customers/{value}/attributes?id_type={kind}"
    assert vendor("GET", url).status_code == status
