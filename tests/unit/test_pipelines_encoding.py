"""Calls as the Pipelines API takes them: the exact JSON of each, whom they are about, and what is refused."""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Annotated, Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ciokit import AnonymousId, Attributes, CioObjectId, Email, Event, Id, Meta, ObjectId, pipelines
from ciokit.encoding.drafts import HALF, Encoding
from ciokit.errors import InvalidData
from ciokit.pipelines import operations as ops
from ciokit.pipelines.encoding import PipelinesEncoding, encode, path_of
from ciokit.stores.journal import Kept, decode, encode_entry
from ciokit.wire import PIPELINES, Entry

NOW = 1_713_484_800.25
NOON = "2024-04-19T00:00:00.250Z"
PLAIN = PipelinesEncoding(stamp=False)
ACME = ObjectId("2", "acme")


class Purchase(Event, name="purchase"):
    """An event."""

    price: Annotated[float, Meta(ge=0)]


class Person(Attributes):
    """Attributes."""

    email: str


def call(kind: type[Any], *args: Any, **options: Any) -> Any:
    """Make an operation of a known name and time."""
    return kind(*args, **{"message_id": "m-1", "timestamp": NOW, **options})


def entry(operation: Any, encoding: PipelinesEncoding = PLAIN) -> Entry:
    """Encode an operation as it would be at one moment."""
    return encode(operation, encoding, NOW)


def sent(operation: Any, encoding: PipelinesEncoding = PLAIN) -> dict[str, Any]:
    """Return the JSON of an operation, without what every call has."""
    body: dict[str, Any] = json.loads(entry(operation, encoding).body)
    assert (body.pop("messageId"), body.pop("timestamp")) == ("m-1", NOON)
    return body


def problems(operation: Any) -> list[str]:
    """Return what an operation is refused for."""
    with pytest.raises(InvalidData) as caught:
        entry(operation)
    return [str(problem) for problem in caught.value.problems]


def semantic(event: str, properties: Any = None, **who: Any) -> dict[str, Any]:
    """Return the JSON of a semantic event."""
    return {"type": "track", **(who or {"userId": "42"}), "event": event, "properties": properties or {}}


CASES: list[tuple[Any, dict[str, Any], tuple[str, ...], str, str]] = [
    (
        call(ops.Track, "42", Purchase(price=9.5), extra={"coupon": None}),
        {"type": "track", "userId": "42", "event": "purchase", "properties": {"price": 9.5, "coupon": None}},
        ("id:42",),
        "event",
        "track",
    ),
    (
        call(ops.Track, AnonymousId("v-1"), "seen", {"of": [1]}),
        {"type": "track", "anonymousId": "v-1", "event": "seen", "properties": {"of": [1]}},
        ("anonymous_id:v-1",),
        "event",
        "track",
    ),
    (
        call(ops.Identify, Id("42"), Person(email="a@example.com"), extra={"n": 1}, anonymous_id="v-1"),
        {
            "type": "identify",
            "userId": "42",
            "anonymousId": "v-1",
            "traits": {"email": "a@example.com", "n": 1},
        },
        ("id:42", "anonymous_id:v-1"),
        "identify",
        "identify",
    ),
    (
        call(ops.Identify, Email("A@example.com"), {"n": 1}),
        {"type": "identify", "userId": "", "traits": {"email": "A@example.com", "n": 1}},
        ("email:a@example.com",),
        "identify",
        "identify",
    ),
    (
        call(ops.Identify, Email("a@example.com"), Person(email="a@example.com")),
        {"type": "identify", "userId": "", "traits": {"email": "a@example.com"}},
        ("email:a@example.com",),
        "identify",
        "identify",
    ),
    (
        call(ops.Page, "42", "Home", {"url": "https://example.com/"}),
        {"type": "page", "userId": "42", "name": "Home", "properties": {"url": "https://example.com/"}},
        ("id:42",),
        "page",
        "page",
    ),
    (
        call(ops.Screen, AnonymousId("v-1")),
        {"type": "screen", "anonymousId": "v-1", "properties": {}},
        ("anonymous_id:v-1",),
        "screen",
        "screen",
    ),
    (
        call(ops.Group, "42", ACME, {"seats": 5}, relationship_attributes={"role": "admin"}),
        {
            "type": "group",
            "userId": "42",
            "groupId": "acme",
            "traits": {"seats": 5, "object_type_id": "2", "relationshipAttributes": {"role": "admin"}},
        },
        ("id:42", "object:2:acme"),
        "group",
        "group",
    ),
    (
        call(ops.Group, AnonymousId("v-1"), "acme"),
        {"type": "group", "anonymousId": "v-1", "groupId": "acme", "traits": {"object_type_id": "1"}},
        ("anonymous_id:v-1", "object:1:acme"),
        "group",
        "group",
    ),
    (
        call(ops.Alias, AnonymousId("v-1"), "42"),
        {"type": "alias", "previousId": "v-1", "userId": "42"},
        ("id:42", "anonymous_id:v-1"),
        "alias",
        "alias",
    ),
    (
        call(ops.Alias, "old", Id("42")),
        {"type": "alias", "previousId": "old", "userId": "42"},
        ("id:42", "id:old", "anonymous_id:old"),
        "alias",
        "alias",
    ),
    (
        call(ops.AddDevice, "42", "tok", platform="ios", attributes={"app_version": "2"}),
        {
            **semantic("Device Created or Updated", {"app_version": "2"}),
            "context": {"device": {"token": "tok", "type": "ios"}},
        },
        ("id:42",),
        "add_device",
        "track",
    ),
    (
        call(ops.DeleteDevice, "42", "tok"),
        {**semantic("Device Deleted"), "context": {"device": {"token": "tok"}}},
        ("id:42",),
        "delete_device",
        "track",
    ),
    (call(ops.Delete, "42"), semantic("User Deleted"), ("id:42",), "delete", "track"),
    (call(ops.Suppress, "42"), semantic("User Suppressed"), ("id:42",), "suppress", "track"),
    (call(ops.Unsuppress, Id("42")), semantic("User Unsuppressed"), ("id:42",), "unsuppress", "track"),
    (
        call(ops.DeleteRelationship, "42", ACME),
        semantic("Relationship Deleted", {"objectId": "acme", "objectTypeId": 2}),
        ("id:42", "object:2:acme"),
        "delete_relationships",
        "track",
    ),
    (
        call(ops.DeleteObject, "acme"),
        semantic("Object Deleted", {"objectId": "acme", "objectTypeId": 1}, anonymousId="m-1"),
        ("object:1:acme",),
        "delete_object",
        "track",
    ),
    (
        call(ops.ReportDelivery, "d-1", "clicked", href="https://example.com", action_value="yes"),
        semantic(
            "Report Delivery Event",
            {"deliveryId": "d-1", "metric": "clicked", "actionValue": "yes", "href": "https://example.com"},
            anonymousId="m-1",
        ),
        ("delivery:d-1",),
        "delivery_event",
        "track",
    ),
    (
        call(ops.ReportContent, "viewed_content", content_id=3),
        semantic(
            "Report Content Event",
            {"actionType": "viewed_content", "activityType": "viewed_content", "contentId": 3},
            anonymousId="m-1",
        ),
        (),
        "content_event",
        "track",
    ),
]


@pytest.mark.parametrize(
    ("operation", "body", "keys", "kind", "path"), CASES, ids=[case[3] for case in CASES]
)
def test_each_call_is_what_the_reference_asks_for(
    operation: Any, body: dict[str, Any], keys: tuple[str, ...], kind: str, path: str
) -> None:
    """A call's body, whom it waits for, its kind and where it goes alone are exact."""
    made = entry(operation)
    assert sent(operation) == body
    assert (made.keys, made.kind, made.id) == (keys, kind, "m-1")
    assert path_of(made) == f"/v1/{path}"
    assert (made.route, made.replay_safe) == (PIPELINES, True)


def test_every_operation_has_its_case() -> None:
    """No operation of the API is left out of the cases above."""
    assert {type(case[0]) for case in CASES} == set(get_args(ops.Operation))


def test_the_package_names_every_operation() -> None:
    """What `batch` takes can be imported from the package."""
    for kind in get_args(ops.Operation):
        assert getattr(pipelines, kind.__name__) is kind


def test_stamps_are_added_where_the_application_has_none() -> None:
    """`identify` and `track` tell the time of the call, and a value of the application's own wins."""
    stamping = PipelinesEncoding()
    assert sent(call(ops.Track, "42", "seen"), stamping)["properties"] == {"tracked_at": int(NOW)}
    assert sent(call(ops.Identify, "42"), stamping)["traits"] == {"last_seen_at": int(NOW)}
    own = sent(call(ops.Track, "42", "seen", {"tracked_at": 1}), stamping)
    assert own["properties"] == {"tracked_at": 1}


@pytest.mark.parametrize(
    ("when", "written"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_713_484_800, "2024-04-19T00:00:00.000Z"),
        (1_713_484_800.9999, "2024-04-19T00:00:00.999Z"),
        (
            dt.datetime(2024, 4, 19, 2, 0, 0, 123_456, dt.timezone(dt.timedelta(hours=2))),
            "2024-04-19T00:00:00.123Z",
        ),
    ],
)
def test_times_are_written_to_the_millisecond(when: Any, written: str) -> None:
    """A time arrives in ISO 8601, in UTC, whatever it was given as."""
    assert json.loads(entry(call(ops.Page, "42", timestamp=when)).body)["timestamp"] == written


@given(st.floats(0, 99_999_999_999) | st.integers(0, 99_999_999_999))
def test_a_time_is_never_written_later_than_it_was(when: float) -> None:
    """The written time is the given one, cut to the millisecond."""
    text = json.loads(entry(call(ops.Page, "42", timestamp=when)).body)["timestamp"]
    written = dt.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()
    assert -0.001 < written - when <= 0.0001


def test_context_and_integrations_of_a_call_come_over_the_common_ones() -> None:
    """A call's own members win, member by member, and a device joins what is said of it."""
    common = PipelinesEncoding(
        stamp=False,
        context=b'{"ip":"127.0.0.1","library":{"name":"ciokit"},"device":{"model":"X"}}',
        integrations=b'{"All":true}',
    )
    body = sent(call(ops.Page, "42", context={"ip": "::1"}, integrations={"Other": False}), common)
    assert body["context"] == {"ip": "::1", "library": {"name": "ciokit"}, "device": {"model": "X"}}
    assert body["integrations"] == {"All": True, "Other": False}
    device = sent(call(ops.AddDevice, "42", "tok", platform="ios"), common)["context"]["device"]
    assert device == {"token": "tok", "type": "ios", "model": "X"}


REFUSED: list[tuple[Any, str]] = [
    (call(ops.Track, "", "seen"), "user: id attribute cannot be an empty string"),
    (call(ops.Track, "x" * 151, "seen"), "user: id cannot be longer than 150 bytes"),
    (call(ops.Track, AnonymousId("x" * 1001), "seen"), "user: anonymous_id cannot be longer than 1000 bytes"),
    (call(ops.Track, AnonymousId(" "), "seen"), "user: anonymous_id attribute cannot be an empty string"),
    (call(ops.Track, 7, "seen"), "user: expected a user's id as text, Id or AnonymousId, got int"),
    (
        call(ops.Track, Email("a@b"), "seen"),
        "user: expected a user's id as text, Id or AnonymousId, got Email",
    ),
    (call(ops.Delete, AnonymousId("v")), "user: expected a user's id as text or Id, got AnonymousId"),
    (call(ops.Track, "42", "x" * 101), "event: event name cannot be longer than 100 bytes"),
    (
        call(ops.Track, "42", "seen", 5),
        "properties: expected a mapping, dataclass, attrs instance or model, got int",
    ),
    (call(ops.Track, "42", Purchase(price=-1)), "event.price: expected int >= 0"),
    (call(ops.Track, "42", Purchase(price=1), {"a": 1}), "properties: goes with an event's name"),
    (call(ops.Track, "42", "seen", {"a": 1}, extra={"a": 2}), "extra.a: is a field of the data already"),
    (
        call(ops.Track, "42", "seen", timestamp=dt.datetime(2026, 1, 1)),  # noqa: DTZ001 - that is the point
        "timestamp: this datetime has no time zone",
    ),
    (call(ops.Track, "42", "seen", timestamp=-1), "timestamp: not Unix seconds"),
    (call(ops.Track, "42", "seen", message_id=" "), "message_id: expected text that is not blank"),
    (call(ops.Track, "42", "seen", message_id="a\ud800"), f"message_id: {HALF}"),
    (call(ops.AddDevice, "42", "a\ud800", platform="ios"), f"token: {HALF}"),
    (call(ops.DeleteDevice, "42", "a\ud800"), f"token: {HALF}"),
    (call(ops.ReportDelivery, "a\ud800", "opened"), f"delivery_id: {HALF}"),
    (call(ops.Track, "42", "seen", context=[1]), "context: expected a mapping"),
    (
        call(ops.Track, "42", "seen", integrations={"All": 1}),
        "integrations: expected a mapping of names to true or false",
    ),
    (call(ops.Identify, "42", {f"a{n}": 1 for n in range(301)}), "traits: cannot identify more than 300"),
    (call(ops.Identify, "42", {"bio": "x" * 1001}), "traits.bio: value for attribute 'bio' cannot be longer"),
    (call(ops.Identify, Email("a"), {}), "user: an e-mail address has an @"),
    (call(ops.Identify, Email("a@b.c"), {"email": "x@b.c"}), "traits.email: is another address"),
    (call(ops.Identify, AnonymousId("v"), anonymous_id="w"), "anonymous_id: goes with a user's id"),
    (call(ops.Page, "42", ""), "name: event name must not be blank"),
    (call(ops.Group, "42", CioObjectId("x")), "group: the Pipelines API knows no cio_object_id"),
    (call(ops.Group, "42", ObjectId("x", "acme")), "group.type_id: an object type is a whole number"),
    (call(ops.Group, "42", 5), "group: expected ObjectId, got int"),
    (
        call(ops.Group, "42", "acme", {"object_type_id": "3"}),
        "traits.object_type_id: is what group=ObjectId(...) says",
    ),
    (call(ops.Alias, "42", "42"), "previous: is the same person as user"),
    (call(ops.AddDevice, "42", "", platform="ios"), "token: expected text that is not blank"),
    (call(ops.AddDevice, "42", "t", platform="tv"), "platform: expected one of 'ios', 'android'"),
    (
        call(ops.AddDevice, "42", "t", platform="ios", context={"device": {"token": "u"}}),
        "context.device.token: is what the verb's own argument says",
    ),
    (
        call(ops.AddDevice, "42", "t", platform="ios", context={"device": 5}),
        "context.device: expected a mapping",
    ),
    (call(ops.ReportDelivery, "d", "eaten"), "metric: expected one of"),
    (call(ops.ReportContent, "eaten"), "action: expected one of"),
    (call(ops.ReportContent, "viewed_content", content_id=0), "content_id: expected a whole number from 1"),
]


@pytest.mark.parametrize(("operation", "why"), REFUSED, ids=[why for _, why in REFUSED])
def test_what_the_vendor_would_refuse_or_drop_is_refused_at_the_call(operation: Any, why: str) -> None:
    """A wrong call is refused, with the place and what would be right."""
    (problem,) = problems(operation)
    assert problem.startswith(why)


def test_all_that_is_wrong_is_told_at_once() -> None:
    """A call with several faults names each of them."""
    wrong = call(ops.AddDevice, "", "", platform="tv", integrations=5)
    assert [problem.partition(":")[0] for problem in problems(wrong)] == [
        "token",
        "platform",
        "user",
        "integrations",
    ]


def test_a_call_may_have_32_kilobytes() -> None:
    """One that has a byte more is refused, and its words tell no value."""
    frame = len(entry(call(ops.Track, "42", "seen", {"text": ""})).body)
    room = 32_000 - frame
    assert len(entry(call(ops.Track, "42", "seen", {"text": "x" * room})).body) == 32_000
    with pytest.raises(InvalidData, match="is 32001 bytes; Customer") as caught:
        entry(call(ops.Track, "42", "seen", {"text": "x" * (room + 1)}))
    assert "xxx" not in str(caught.value)


TEXT = st.text(min_size=1, max_size=30).filter(lambda text: bool(text.strip()))


@given(TEXT, TEXT, st.dictionaries(TEXT, st.none() | st.booleans() | TEXT, max_size=4))
def test_whatever_is_in_a_text_arrives(user: str, event: str, properties: Mapping[str, Any]) -> None:
    """Any id, name and data come back out of the JSON as they went in, and a body is one line."""
    made = entry(call(ops.Track, user, event, properties))
    body = json.loads(made.body)
    assert (body["userId"], body["event"], body["properties"]) == (user, event, properties)
    assert b"\n" not in made.body
    assert made.keys == (f"id:{user}",)


def test_the_encoding_of_another_api_is_not_needed() -> None:
    """An encoding without common members writes none."""
    assert "context" not in sent(call(ops.Page, "42"))
    assert isinstance(PLAIN, Encoding)


def test_a_call_comes_back_out_of_a_journal_as_it_was() -> None:
    """A spooled call is the same again, and has the one route by which batches know each other at a glance."""
    made = entry(call(ops.Track, "42", "seen", {"text": "tab\tand\nline"}))
    kept = decode(encode_entry(7, made).rstrip(b"\n"))
    assert isinstance(kept, Kept)
    assert (kept.seq, kept.entry) == (7, made)
    assert kept.entry.route is PIPELINES
