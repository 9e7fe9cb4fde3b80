"""Every method of the official SDK: what it sends over TLS is what ciokit's form of it sends, to the byte."""

import datetime as dt
import inspect
import json
import math
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ciokit import AppClient
from ciokit.app import SendEmail
from ciokit.compat import customerio as ours
from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer

from .authority import Authority
from .both import NAN, Both, Outcome, Request, sdk
from .servers import OK, Peer, RawServer, reply

NAIVE = dt.datetime(2026, 1, 31, 12, 0, 0, 999_999)  # noqa: DTZ001 - one without a time zone is what is meant
AWARE = dt.datetime(2026, 1, 31, 12, tzinfo=dt.timezone(dt.timedelta(hours=-8)))
BEFORE = dt.datetime(1969, 12, 31, 23, 59, 58, 500_000, tzinfo=dt.UTC)
ULID = "01JDEXAMP1E000000000000000"

# Ids that a path may mistake for something else.
IDS: list[Any] = [
    "user-1",
    "zoë@example.com",
    "日本 🎉",
    "a/b",
    "../../other",
    "a+b c",
    "a.b",
    "...",
    ".hidden",
    "~tilde",
    "%2F",
    "a?b=c#d",
    "a&b=c;d:e,f",
    "<\"'>\\|^`{}[]",
    " ",
    "\n\t\x00",
    "x" * 300,
    0,
    42,
    -1,
    1.5,
    True,
    b"raw",
    ("a", 1),
]
DATA: dict[str, Any] = {
    "text": "Zoë 日本 🎉 \u2028 \ud800 \x00 \"'\\/",
    "none": None,
    "true": True,
    "int": 2**70,
    "float": 0.1 + 0.2,
    "tiny": 5e-324,
    "nan": NAN,
    "naive": NAIVE,
    "aware": AWARE,
    "before": BEFORE,
    "bool": {False: "false"},
    "list": [1, "a", None, NAN, AWARE, [NAIVE, {"deep": NAN}]],
    "tuple": (1, "a", (2.5,)),
    "dict": {"inner": {"at": AWARE, "nan": NAN, "keys": {1: "int", 2.5: "float", None: "none"}}},
    "empty": {},
    "": "no name",
    "zoë": "a name",
}
TIMESTAMPS: list[Any] = [
    0,
    1_613_063_089,
    -5,
    True,
    NAIVE,
    AWARE,
    BEFORE,
    1.9,
    -1.9,
    "1613063089",
    " 7 ",
    "soon",
    "",
    NAN,
    math.inf,
    [1],
    {},
]
OPERATIONS = [
    {"type": "person", "action": "identify", "identifiers": {"id": "a/b+c"}, "attributes": DATA},
    {
        "type": "person",
        "action": "event",
        "identifiers": {"email": "zoë@example.com"},
        "name": "x",
        "at": NAIVE,
    },
]


def with_files(message: Any) -> None:
    """Attach files of every kind."""
    message.attach("text.txt", "Zoë")
    message.attach("raw.bin", b"\x00\xff")
    message.attach("ready.b64", "AAA=", encode=False)


MESSAGE: dict[str, Any] = {
    "transactional_message_id": "receipt",
    "identifiers": {"id": "a/b+c"},
    "message_data": DATA,
    "send_at": AWARE,
    "queue_draft": False,
    "language": "",
    "disable_message_retention": True,
}
EMAIL: dict[str, Any] = MESSAGE | {
    "to": "zoë@example.com",
    "_from": "a@example.com",
    "headers": {"X-One": "1"},
    "subject": "Hë",
    "body": "<p>\u2028</p>",
    "tracked": False,
    "cc": ["b@example.com"],
}
Case = tuple[str, tuple[Any, ...], dict[str, Any]]

ORDINARY: list[Case] = [
    ("identify", ("user-1",), {"email": "a@example.com", "created_at": 1_613_063_089, "plan": "pro"}),
    ("identify", ("user-1",), {}),
    ("track", ("user-1", "order_placed"), {}),
    ("track", ("user-1", "order_placed", {"total": 9.9}, ULID, 1_613_063_089), {}),
    ("track", ("user-1", "order_placed"), {"data": DATA, "id": "not-a-ulid", "timestamp": NAIVE}),
    ("track", ("user-1", ""), {"data": {}, "id": ""}),
    ("track", ("user-1", None), {"data": None, "id": 7}),
    ("track_anonymous", ("anon-1", "seen", {"a": NAN}), {"id": ULID, "timestamp": AWARE}),
    ("track_anonymous", (None, "seen"), {}),
    ("track_anonymous", ("", "seen"), {}),
    ("track_anonymous", (0, "seen"), {}),
    ("pageview", ("user-1", "https://example.com/?q=zoë"), DATA),
    ("pageview", ("user-1", None), {}),
    ("backfill", ("user-1", "old", 1_613_063_089), DATA),
    ("delete", ("user-1",), {}),
    ("add_device", ("user-1", "token", "ios"), {}),
    ("add_device", ("user-1", "token", "ios"), {"last_used": AWARE, "attributes": DATA, "id": "kept out"}),
    ("delete_device", ("user-1", "token"), {}),
    ("suppress", ("user-1",), {}),
    ("unsuppress", ("user-1",), {}),
    ("merge_customers", ("id", "a/b+c", "email", "zoë@example.com"), {}),
    ("merge_customers", ("cio_id", 7, "id", NAN), {}),
    ("batch", (OPERATIONS,), {}),
    ("batch", (tuple(OPERATIONS[1:]) and ({"type": "person", "action": "delete"},),), {}),
    ("send_request", ("POST", "https://127.0.0.1:{port}/api/v1/customers/1/new", DATA), {}),
    ("send_request", ("put", "https://127.0.0.1:{port}/x y/zoë?q=a b&c=%2F#part", {}), {}),
    ("send_email", (Request("SendEmailRequest", with_files, **EMAIL),), {}),
    ("send_email", (Request("SendEmailRequest"),), {}),
    ("send_email", (EMAIL,), {}),
    ("send_email", ({},), {}),
    (
        "send_push",
        (
            Request(
                "SendPushRequest",
                **MESSAGE,
                to="all",
                title="Hë",
                message="m",
                image_url="https://example.com/",
                link="app://",
                custom_data=DATA,
                custom_payload={"ios": {}},
                device={"token": "t", "platform": "ios", "last_used": AWARE},
                sound="none",
                send_to_unsubscribed=False,
            ),
        ),
        {},
    ),
    ("send_sms", (Request("SendSMSRequest", **MESSAGE, to="+14155552671", send_to_unsubscribed=True),), {}),
    ("send_whatsapp", (Request("SendWhatsAppRequest", **MESSAGE, to="+14155552671", tracked=True),), {}),
    ("send_inbox_message", (Request("SendInboxMessageRequest", **MESSAGE),), {}),
    ("send_in_app", (Request("SendInAppRequest", **MESSAGE),), {}),
    *(
        (channel, (MESSAGE,), {})
        for channel in ("send_push", "send_sms", "send_whatsapp", "send_inbox_message", "send_in_app")
    ),
]


def awkward(who: Any) -> list[Case]:
    """Return every call that an id can be part of."""
    return [
        ("identify", (who,), DATA),
        ("track", (who, who), {"data": DATA}),
        ("track_anonymous", (who, "seen"), {}),
        ("pageview", (who, "page"), {}),
        ("backfill", (who, "old", 1), {}),
        ("delete", (who,), {}),
        ("add_device", (who, who, who), {}),
        ("delete_device", (who, who), {}),
        ("suppress", (who,), {}),
        ("unsuppress", (who,), {}),
        ("merge_customers", ("id", who, "email", who), {}),
    ]


AWKWARD: list[Case] = [
    *(case for who in IDS for case in awkward(who)),
    *(("track", ("user-1", "at"), {"timestamp": at}) for at in TIMESTAMPS),
    *(("track_anonymous", ("anon-1", "at"), {"timestamp": at}) for at in TIMESTAMPS),
    *(("backfill", ("user-1", "at", at), {}) for at in TIMESTAMPS),
]
REFUSED: list[Case] = [
    *(
        (verb, (blank, *more), {})
        for blank in (None, "")
        for verb, more in [
            ("identify", ()),
            ("track", ("x",)),
            ("pageview", ("x",)),
            ("backfill", ("x", 1)),
            ("delete", ()),
            ("add_device", ("t", "ios")),
            ("delete_device", ("t",)),
            ("suppress", ()),
            ("unsuppress", ()),
        ]
    ),
    *(("add_device", ("user-1", *rest), {}) for rest in [("", "ios"), (None, "ios"), ("t", ""), ("t", None)]),
    *(("delete_device", ("user-1", blank), {}) for blank in (None, "")),
    ("merge_customers", ("phone", "1", "id", "2"), {}),
    ("merge_customers", ("id", "1", "", "2"), {}),
    ("merge_customers", ("id", "", "id", "2"), {}),
    ("merge_customers", ("id", "1", "id", None), {}),
    ("batch", ([],), {}),
    ("batch", (None,), {}),
    ("identify", ("user-1",), {"raw": b"bytes"}),
    ("identify", ("user-1",), {"thing": object()}),
    ("identify", ("user-1",), {"keys": {(1, 2): 3}}),
    ("send_email", ({"attachments": {"a": b"raw"}},), {}),
    ("send_email", (Request("SendPushRequest"),), {}),
    ("send_email", (None,), {}),
]


def answer(peer: Peer) -> None:
    """Answer as the vendor does."""
    while (request := peer.read_request()) is not None:
        sent = b'{"delivery_id":"d-1","queued_at":1613063089}'
        peer.send(
            reply(sent, "200 OK", "Content-Type: application/json") if "/send/" in request.target else OK
        )


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Found an authority."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def clients(authority: Authority) -> Iterator[Both]:
    """Make a client of each, before one server of TLS."""
    with RawServer(answer, authority.server("127.0.0.1")) as server:
        both = Both(server)
        yield both
        both.close()


@pytest.fixture
def both(clients: Both, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Both:
    """Have both trust the server, by the variable that both read."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.file))
    return clients


def name_of(case: Any) -> str:
    """Name a case by its method and first argument."""
    method, args, _ = case
    return f"{method} {ascii(args[0])[:24]}" if args else str(method)


def call(both: Both, case: Case) -> tuple[Outcome, Outcome]:
    """Make a call on both."""
    method, args, kwargs = case
    placed = [arg.replace("{port}", str(both.server.port)) if isinstance(arg, str) else arg for arg in args]
    return both.call(method, *placed, **kwargs)


@pytest.mark.parametrize("case", [*ORDINARY, *AWKWARD], ids=name_of)
def test_the_same_is_sent(both: Both, case: Case) -> None:
    """Method, path, query, credentials and body are the SDK's own, and so is what comes back."""
    theirs, here = call(both, case)
    assert here.sent == theirs.sent
    if theirs.raised is not None:
        # Only a timestamp that is none, and bytes in a body, are refused here.
        assert theirs.sent == []
        assert case[0] == "backfill" or b"raw" in case[1]
        assert isinstance(here.raised, ours.CustomerIOException)
        return
    assert here.raised is None
    assert len(here.sent) == 1
    if case[0].startswith("send_") and case[0] != "send_request":
        assert here.returned == theirs.returned == {"delivery_id": "d-1", "queued_at": 1_613_063_089}
    else:
        for name in ("status_code", "text", "content", "ok", "reason"):
            assert getattr(here.returned, name) == getattr(theirs.returned, name)
        assert here.returned.json() == theirs.returned.json() == {}
        assert here.returned.headers["CONTENT-length"] == theirs.returned.headers["CONTENT-length"]
        assert dict(here.returned.headers) == {n.lower(): v for n, v in theirs.returned.headers.items()}
        assert repr(here.returned) == repr(theirs.returned) == "<Response [200]>"
        assert bool(here.returned)
        assert here.returned.raise_for_status() is None


@pytest.mark.parametrize("case", REFUSED, ids=name_of)
def test_the_same_is_refused(both: Both, case: Case) -> None:
    """What the SDK refuses or cannot encode is refused here with its exception, and nothing is sent."""
    theirs, here = call(both, case)
    assert isinstance(theirs.raised, sdk.CustomerIOException)
    assert isinstance(here.raised, ours.CustomerIOException)
    assert here.sent == theirs.sent == []
    if "blank" in str(theirs.raised) or "invalid" in str(theirs.raised):
        assert str(here.raised) == str(theirs.raised)


def test_every_public_method_was_called() -> None:
    """No method of the SDK's clients is left out of the cases, but those that send nothing."""
    silent = {
        "close",
        "http",
        "get_customer_query_string",
        "get_event_query_string",
        "get_events_query_string",
        "get_device_query_string",
        "is_valid_id_type",
        "setup_base_url",
    }
    methods = {
        name
        for client in (sdk.CustomerIO, sdk.APIClient)
        for name, _ in inspect.getmembers(client)
        if not name.startswith("_")
    }
    assert {method for method, _, _ in ORDINARY} == methods - silent


zones: Any = st.one_of(st.none(), st.timezones())


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system's time zone cannot be set by a program")
def test_the_time_zone_of_the_machine_is_of_no_matter(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    """A datetime without a time zone is UTC wherever a program runs, as in the SDK."""
    monkeypatch.setenv("TZ", "America/Los_Angeles")
    time.tzset()
    try:
        theirs, here = both.call("track", "user-1", "seen", {"at": NAIVE, "aware": AWARE}, None, NAIVE)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert here.sent == theirs.sent
    assert b'"timestamp": 1769860800' in here.sent[0].body


names = st.text(max_size=6)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_infinity=False)
    | st.text(max_size=10)
    | st.datetimes(min_value=dt.datetime(1900, 1, 1), timezones=zones),  # noqa: DTZ001
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names | st.integers(), inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    id=st.text(min_size=1, max_size=12).filter(lambda text: text not in {".", ".."}),
    data=st.dictionaries(names, values, max_size=5),
    at=values,
)
def test_the_same_is_sent_whatever_it_is(both: Both, id: str, data: dict[str, Any], at: Any) -> None:
    """For any id, data and timestamp that the SDK can send, the same is sent here."""
    for theirs, here in (
        both.call("track", id, "seen", data, None, at),
        both.call("batch", [data]),
        both.call("send_email", data),
    ):
        assert theirs.raised is None
        assert here.sent == theirs.sent
        assert len(here.sent) == 1


def test_a_program_moves_to_the_sandbox_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the sandbox's variables set, a program that was written for the SDK acts on the sandbox."""
    with SandboxServer(World()) as sandbox:
        for name, value in sandbox.environment.items():
            monkeypatch.setenv(name, value)
        with ours.CustomerIO("site", "key", region=ours.Regions.EU) as track:
            track.identify("user-1", email="zoë@example.com", plan="pro")
            track.track("user-1", "order_placed", {"total": 9.9})
            assert track.batch([{"type": "person", "action": "delete", "identifiers": {"id": "user-2"}}]).ok
        with ours.APIClient("key") as api:
            message = ours.SendEmailRequest(
                to="zoë@example.com",
                identifiers={"id": "user-1"},
                subject="s",
                body="b",
                _from="a@example.com",
            )
            sent = api.send_email(message)
        (person,) = (found for found in sandbox.world.people() if found.id == "user-1")
        assert person.attributes["plan"] == "pro"
        assert [event.name for event in sandbox.world.events()] == ["order_placed"]
        assert [found.delivery_id for found in sandbox.world.messages()] == [sent["delivery_id"]]


def test_the_clients_own_form_sends_the_same_message(both: Both) -> None:
    """A message of `AppClient` is the SDK's, but for the spaces and the order of its members."""
    fields: dict[str, Any] = {
        "to": "a@example.com",
        "transactional_message_id": 7,
        "message_data": {"a": [1, "ë"]},
    }
    theirs = both.of_sdk("send_email", Request("SendEmailRequest", identifiers={"id": "u"}, **fields))
    with AppClient("key-1", base_url=both.server.url) as app:
        app.send_email(SendEmail(identifiers="u", **fields))
    assert json.loads(both.server.requests[-1].body) == json.loads(theirs.sent[0].body)
    assert both.server.requests[-1].headers["authorization"] == theirs.sent[0].headers["authorization"]
