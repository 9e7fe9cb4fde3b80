"""Transactional sends and broadcast triggers: the vendor's checks, envelopes and what is queued."""

import base64
from typing import Any

import httpx2
import pytest

from ciokit.sandbox import Rules, World
from ciokit.sandbox.inprocess import SandboxTransport
from ciokit.sandbox.state.account import Broadcast, Template
from ciokit.sandbox.state.records import Message

NOW = 1_800_000_000.0
CONTENT = {"subject": "Hi", "body": "<p>Hi</p>", "from": "shop@example.com"}
EMAIL: dict[str, Any] = {"to": "ann@example.com", "identifiers": {"id": "42"}, "transactional_message_id": 3}


class Clock:
    """Stand still."""

    def time(self) -> float:
        """Return the time."""
        return NOW

    def sleep(self, seconds: float) -> None:
        """Wait for nothing."""


def connect(world: World) -> httpx2.Client:
    """Make a client that talks to the App API."""
    headers = {"authorization": "Bearer app-key"}
    transport = SandboxTransport(world, Clock())
    return httpx2.Client(transport=transport, base_url="https://api.customer.io/v1", headers=headers)


def only(world: World) -> Message:
    """Return the one message."""
    (message,) = world.messages()
    return message


def test_email_is_queued() -> None:
    """A send answers with a delivery id and the second it was queued in, and makes its unknown receiver."""
    world = World()
    body = EMAIL | {"message_data": {"name": "Ann"}, "subject": "Hello", "cc": "b@example.com"}
    reply = connect(world).post("/send/email", json=body)
    assert reply.status_code == 200
    message = only(world)
    assert reply.json() == {"delivery_id": message.delivery_id, "queued_at": int(NOW)}
    assert (message.channel, message.recipient, message.state) == ("email", "ann@example.com", "sent")
    assert (message.template, message.data, message.content["subject"]) == (3, {"name": "Ann"}, "Hello")
    assert message.request_body == body
    assert [person.id for person in world.people()] == ["42"]
    assert world.messages("42") == [message]
    assert world.stats()["messages"] == 1
    assert reply.headers["x-frame-options"] == "SAMEORIGIN"
    assert reply.headers["cache-control"] == "must-revalidate,no-cache,no-store"


@pytest.mark.parametrize("channel", ["push", "sms", "in_app", "inbox_message", "whatsapp"])
def test_other_channels(channel: str) -> None:
    """Every channel has its endpoint."""
    world = World()
    body = {
        "to": "+14155552671",
        "identifiers": {"email": "ann@example.com"},
        "transactional_message_id": "code",
    }
    assert connect(world).post(f"/send/{channel}", json=body).status_code == 200
    assert only(world).channel == channel


def test_template_content_is_overridden_by_the_request() -> None:
    """Values of the request go before those of the template."""
    world = World()
    content = {"subject": "From template", "body": "Body"}
    world.workspace().account.templates[3] = Template(3, "order", "email", content)
    connect(world).post("/send/email", json=EMAIL | {"subject": "Mine", "transactional_message_id": "ORDER"})
    assert (only(world).template, only(world).content) == (3, {"subject": "Mine", "body": "Body"})


def test_send_without_template_counts_as_one() -> None:
    """A send that brings its own content belongs to message 1."""
    world = World()
    body = {"to": "a@example.com", "identifiers": {"id": "42"}, **CONTENT}
    assert connect(world).post("/send/email", json=body).status_code == 200
    assert only(world).template == 1


@pytest.mark.parametrize(
    ("ahead", "state", "answered"),
    [(-5, "sent", False), (5, "scheduled", True), (90 * 86_400, "scheduled", True)],
)
def test_send_at(ahead: int, state: str, answered: bool) -> None:
    """A time in the past sends at once; one ahead schedules and is answered."""
    world = World()
    reply = connect(world).post("/send/email", json=EMAIL | {"send_at": int(NOW) + ahead})
    assert only(world).state == state
    assert ("send_at" in reply.json()) is answered


def test_drafts_and_unsubscribed() -> None:
    """A draft is held; who is unsubscribed gets nothing if the sender respects it."""
    world = World()
    client = connect(world)
    client.post("/send/email", json=EMAIL | {"queue_draft": True})
    person = world.people()[0]
    person.unsubscribed = True
    client.post("/send/email", json=EMAIL)
    client.post("/send/email", json=EMAIL | {"send_to_unsubscribed": False})
    assert [message.state for message in world.messages()] == ["drafted", "sent", "undeliverable"]


def test_push_custom_device() -> None:
    """A push may bring the device it goes to."""
    world = World()
    body = {
        "identifiers": {"id": "42"},
        "transactional_message_id": 3,
        "custom_device": {"token": "t", "platform": "ios"},
    }
    connect(world).post("/send/push", json=body)
    assert list(world.people()[0].devices) == ["t"]


BIG = base64.b64encode(b"x" * 1_500_000).decode()
REFUSED: list[tuple[str, Any, int, str]] = [
    ("email", {}, 400, "Missing required field: identifiers"),
    ("email", {"identifiers": {"id": "42"}}, 400, "Missing required field: to"),
    ("email", {"to": "a@example.com", "identifiers": {"id": "42"}}, 400, "Missing required field: body"),
    (
        "email",
        {"to": "a@example.com", "identifiers": {"id": "42"}, "body": "b", "subject": "s"},
        400,
        "Missing required field: from",
    ),
    ("sms", EMAIL, 400, "Invalid phone number format. Phone numbers must be in E.164 format."),
    ("push", {"identifiers": {"id": "42"}}, 400, "Missing required field: transactional_message_id"),
    (
        "email",
        EMAIL | {"identifiers": {"id": "42", "email": "a@example.com"}},
        400,
        "identifiers must have exactly one of id, email and cio_id",
    ),
    ("email", EMAIL | {"identifiers": {"cio_id": "0601"}}, 400, "identifiers name nobody"),
    ("email", EMAIL | {"identifiers": {"id": "ü" * 76}}, 400, "id cannot be longer than 150 bytes"),
    (
        "email",
        EMAIL | {"attachments": {"a.csv": "not base64!"}},
        400,
        'Attachment must be base64 encoded: "a.csv"',
    ),
    ("email", EMAIL | {"attachments": {"a.exe": ""}}, 403, "Forbidden file type exe for attachment a.exe."),
    ("email", EMAIL | {"attachments": {"a.csv": BIG}}, 413, "Total attachment size exceeds the limit"),
    (
        "email",
        EMAIL | {"body": "x" * 2048 * 1024},
        400,
        "Request entity must be JSON encoded and not exceed 2048 KB.",
    ),
    ("email", [], 400, "Request entity must be JSON encoded and not exceed 2048 KB."),
    (
        "email",
        EMAIL | {"cc": ",".join(["b@example.com"] * 15)},
        400,
        "to, cc and bcc cannot have more than 15 recipients",
    ),
    (
        "email",
        EMAIL | {"send_at": int(NOW) + 90 * 86_400 + 1},
        400,
        "send_at cannot be more than 90 days ahead",
    ),
    ("email", EMAIL | {"send_at": "soon"}, 400, "send_at must be an integer of Unix seconds"),
    ("email", EMAIL | {"tracked": "yes"}, 400, "tracked must be true or false"),
    ("email", EMAIL | {"message_data": []}, 400, "message_data must be an object"),
    ("email", EMAIL | {"headers": {"X Y": "z"}}, 400, "header names must be ASCII without spaces"),
    (
        "email",
        EMAIL | {"headers": '[{"name":"Ünï","value":"z"}]'},
        400,
        "header names must be ASCII without spaces",
    ),
    ("email", EMAIL | {"headers": "nonsense"}, 400, "headers must be a JSON array of names and values"),
]


@pytest.mark.parametrize(("channel", "body", "status", "message"), REFUSED)
def test_sends_are_refused(channel: str, body: Any, status: int, message: str) -> None:
    """A wrong send is answered in `meta.error` with the vendor's text, and nothing is queued."""
    world = World()
    reply = connect(world).post(f"/send/{channel}", json=body)
    assert (reply.status_code, reply.json()) == (status, {"meta": {"error": message}})
    assert (world.messages(), world.people()) == ([], [])


@pytest.mark.parametrize("headers", [{"X-Id": "1"}, '[{"name":"X-Id","value":"1"}]', {}, "[]"])
def test_email_headers_in_both_forms(headers: Any) -> None:
    """Headers come as a JSON string, as the vendor's schema says, or as an object, as SDKs send them."""
    assert connect(World()).post("/send/email", json=EMAIL | {"headers": headers}).status_code == 200


SETUPS: list[tuple[Rules, str, int, str]] = [
    (Rules(sending="unconfirmed"), "email", 403, "Account owner's email address is not confirmed."),
    (Rules(sending="unapproved"), "email", 403, "Account is not yet approved for sending."),
    (Rules(sending="do_not_send"), "email", 403, 'Workspace is set to "Do Not Send."'),
    (
        Rules(sending="unauthorized"),
        "email",
        403,
        "Account is not authorized for transactional messaging. Contact win@customer.io for support.",
    ),
    (Rules(channels=("email",)), "sms", 403, "SMS messaging is not enabled for your workspace."),
    (Rules(channels=("email",)), "in_app", 403, "In-app messaging is not enabled for your workspace."),
    (Rules(create_unknown=False), "email", 400, '"transactional_message_id" not found.'),
    (Rules(verified_domains=("other.com",)), "email", 400, '"from" address domain has not been verified.'),
]


@pytest.mark.parametrize(("rules", "channel", "status", "message"), SETUPS)
def test_setup_refuses_sends(rules: Rules, channel: str, status: int, message: str) -> None:
    """What the account is not set up for is refused as the vendor does."""
    reply = connect(World(rules=rules)).post(
        f"/send/{channel}", json=EMAIL | {"from": "Shop <shop@example.com>"}
    )
    assert (reply.status_code, reply.json()) == (status, {"meta": {"error": message}})


def test_auto_create() -> None:
    """auto_create makes a template of the name, unless another channel has it; numbers are not made."""
    world = World(rules=Rules(create_unknown=False))
    client = connect(world)
    named = EMAIL | {"transactional_message_id": "code", "auto_create": True}
    assert client.post("/send/email", json=named).status_code == 200
    assert [template.name for template in world.workspace().account.templates.values()] == ["code"]
    taken = client.post("/send/sms", json=named | {"to": "+14155552671"})
    assert taken.json() == {"meta": {"error": "the name code is taken by a message of another channel"}}
    assert client.post("/send/email", json=named | {"transactional_message_id": 9}).status_code == 400


def test_credentials_and_paths() -> None:
    """The App API wants a Bearer key; a wrong method on a send is 405."""
    world = World(keys={"app-key": "shop"})
    client = connect(world)
    wrong = client.post("/send/email", json=EMAIL, headers={"authorization": "Bearer wrong"})
    assert (wrong.status_code, wrong.json()) == (401, {"meta": {"error": "Unauthorized"}})
    listed = client.get("/segments", headers={"authorization": "Basic YTpi"})
    assert (listed.status_code, listed.json()) == (
        401,
        {"errors": [{"detail": "Unauthorized", "status": "401"}]},
    )
    assert client.get("/send/email").status_code == 405
    assert client.get("/nowhere").json() == {"errors": [{"detail": "Not Found", "status": "404"}]}


def test_wrong_region_is_a_redirect() -> None:
    """A key of the other region is answered 301 with the other host."""
    reply = connect(World(region="eu")).post("/send/email", json=EMAIL)
    assert reply.status_code == 301
    assert reply.headers["location"] == "https://api-eu.customer.io/v1/send/email"
    assert reply.json() == {"errors": [{"detail": "wrong datacenter", "status": "301"}]}


def people(world: World) -> World:
    """Put three people into a world; two of them share a plan."""
    client = httpx2.Client(
        transport=SandboxTransport(world), base_url="https://track.customer.io", auth=("a", "b")
    )
    for number, plan in (("1", "pro"), ("2", "pro"), ("3", "free")):
        client.put(f"/api/v1/customers/{number}", json={"email": f"p{number}@example.com", "plan": plan})
    return world


AUDIENCES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    ({"ids": ["1", "3"]}, ["p1@example.com", "p3@example.com"]),
    ({"emails": ["p2@example.com"]}, ["p2@example.com"]),
    (
        {"per_user_data": [{"id": "1", "data": {"x": 1}}, {"email": "p3@example.com"}]},
        ["p1@example.com", "p3@example.com"],
    ),
    (
        {"recipients": {"attribute": {"field": "plan", "operator": "eq", "value": "pro"}}},
        ["p1@example.com", "p2@example.com"],
    ),
    ({"recipients": {"not": {"attribute": {"field": "plan", "operator": "exists"}}}}, []),
    (
        {
            "recipients": {
                "and": [
                    {"attribute": {"field": "plan", "operator": "eq", "value": "pro"}},
                    {
                        "or": [
                            {"attribute": {"field": "id", "operator": "eq", "value": "2"}},
                            {"segment": {"id": 9}},
                        ]
                    },
                ]
            }
        },
        ["p2@example.com"],
    ),
    ({"ids": ["1", "nobody"], "id_ignore_missing": True}, ["p1@example.com"]),
    ({"emails": ["p1@example.com", "P1@example.com"]}, ["p1@example.com"]),
    ({"emails": ["p1@example.com", "P1@example.com"], "email_add_duplicates": True}, ["p1@example.com"] * 2),
]


@pytest.mark.parametrize(("body", "recipients"), AUDIENCES)
def test_broadcast_audiences(body: dict[str, Any], recipients: list[str]) -> None:
    """Each audience variant reaches the people it names, with its data."""
    world = people(World())
    client = connect(world)
    reply = client.post("/campaigns/5/triggers", json={"data": {"headline": "News"}, **body})
    assert (reply.status_code, reply.json()) == (200, {"id": 1})
    assert [message.recipient for message in world.messages()] == recipients
    assert all(message.data["headline"] == "News" for message in world.messages())
    status = client.get("/campaigns/5/triggers/1").json()
    assert status == {"id": 1, "broadcast_id": 5, "created_at": int(NOW), "processed_at": int(NOW)}


def test_broadcast_with_audience_of_the_ui() -> None:
    """Without recipients in the request, those of the broadcast are taken."""
    world = people(World())
    recipients = {"attribute": {"field": "plan", "operator": "eq", "value": "free"}}
    world.workspace().account.broadcasts[5] = Broadcast(5, "News", recipients=recipients)
    connect(world).post("/campaigns/5/triggers", json={})
    assert only(world).recipient == "p3@example.com"


def test_broadcast_with_unknown_people_fails_whole() -> None:
    """One unknown person fails the broadcast with 422, and the errors endpoint says which line."""
    world = people(World())
    client = connect(world)
    reply = client.post("/campaigns/5/triggers", json={"ids": ["1", "nobody", "nobody-else"]})
    detail = (
        "Errors were found while processing per user data (ids, emails or json data). "
        "More detail available from the errors endpoint for trigger 1"
    )
    pointer = {"pointer": "/data/attributes/per_user_data"}
    assert (reply.status_code, reply.json()) == (
        422,
        {"errors": [{"detail": detail, "source": pointer, "status": "422"}]},
    )
    assert world.messages() == []
    page = client.get("/campaigns/5/triggers/1/errors?limit=1").json()
    assert page == {"errors": ["line 2: no person has this id"], "next": "1"}
    rest = client.get("/campaigns/5/triggers/1/errors?start=1").json()
    assert rest == {"errors": ["line 3: no person has this id"], "next": ""}


def test_broadcast_file() -> None:
    """A file of JSON Lines is asked for, and its people receive the broadcast once it is supplied."""
    world = people(World())
    client = connect(world)
    client.post("/campaigns/5/triggers", json={"data_file_url": "http://example.com/people.jsonl"})
    assert client.get("/campaigns/5/triggers/1").json()["processed_at"] is None
    (download,) = world.take_downloads()
    assert download.url == "http://example.com/people.jsonl"
    world.supply(download, b'{"id":"1","data":{"x":1}}\n\n{"email":"p3@example.com"}\n', NOW)
    assert [message.recipient for message in world.messages()] == ["p1@example.com", "p3@example.com"]
    client.post("/campaigns/5/triggers", json={"data_file_url": "http://example.com/people.jsonl"})
    world.supply(world.take_downloads()[0], b"nonsense\n", NOW)
    errors = client.get("/campaigns/5/triggers/2/errors").json()["errors"]
    assert errors == ["line 1: exactly one of id and email is needed"]


TRIGGERS: list[tuple[str, Any, int, str]] = [
    ("x", {}, 400, "broadcast_id is invalid"),
    ("5", {"ids": [], "emails": []}, 400, "only one audience is allowed, not emails and ids"),
    ("5", {"ids": "1"}, 400, "ids must be an array"),
    ("5", {"ids": ["1"] * 10_001}, 400, "ids cannot have more than 10000 entries"),
    ("5", {"data": []}, 400, "data must be an object"),
    ("5", {"id_ignore_missing": "yes"}, 400, "id_ignore_missing must be true or false"),
    ("5", {"data_file_url": "file:///etc/passwd"}, 400, "data_file_url must be an http or https URL"),
    ("5", {"recipients": {}}, 400, "recipients must have exactly one of and, or, not, segment and attribute"),
    ("5", {"recipients": {"and": []}}, 400, "recipients.and must be an array of filters"),
    ("5", {"recipients": {"segment": {}}}, 400, "recipients.segment.id must be an integer"),
    (
        "5",
        {"recipients": {"attribute": {"field": "x", "operator": "gt"}}},
        400,
        "recipients.attribute.operator must be eq or exists",
    ),
]


@pytest.mark.parametrize(("broadcast", "body", "status", "detail"), TRIGGERS)
def test_triggers_are_refused(broadcast: str, body: Any, status: int, detail: str) -> None:
    """A wrong trigger is answered in the App API's usual envelope."""
    reply = connect(World()).post(f"/campaigns/{broadcast}/triggers", json=body)
    assert (reply.status_code, reply.json()) == (
        status,
        {"errors": [{"detail": detail, "status": str(status)}]},
    )


def test_unknown_broadcast() -> None:
    """A broadcast that does not exist is 404 with the vendor's text."""
    reply = connect(World(rules=Rules(create_unknown=False))).post("/campaigns/1/triggers", json={})
    error = {"detail": "broadcast with id 1 does not exist", "status": "404"}
    assert (reply.status_code, reply.json()) == (404, {"errors": [error]})


def test_nested_filter_is_bounded() -> None:
    """A filter nested without end is refused, not followed."""
    deep: dict[str, Any] = {"segment": {"id": 1}}
    for _ in range(100):
        deep = {"not": deep}
    reply = connect(World()).post("/campaigns/5/triggers", json={"recipients": deep})
    assert reply.status_code == 400
