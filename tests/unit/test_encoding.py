"""Operations as version 2 of the Track API takes them: the exact JSON of each, their limits, and silent errors."""

import dataclasses
import datetime as dt
import pickle
import traceback
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ciokit import operations as ops
from ciokit.encoding.drafts import HALF, Encoding
from ciokit.encoding.track_v2 import encode
from ciokit.errors import InvalidData
from ciokit.events import Attributes, Event, Meta, field
from ciokit.identifiers import CioId, CioObjectId, Email, Id, ObjectId, Phone
from ciokit.operations import Relationship
from ciokit.ulids import is_ulid
from ciokit.wire import TRACK_V2, Entry

ULID = "01BX5ZZKBKACTAV9WEVGEMMVRY"
NOW = 1_713_484_800.5
PLAIN = Encoding(stamp=False)
ACME = ObjectId("1", "acme")
ACME_JSON = {"object_type_id": "1", "object_id": "acme"}


class Purchase(Event, name="purchase"):
    """An event."""

    price: float
    currency: Literal["EUR", "USD"] = "EUR"
    at: dt.datetime | None = None
    from_: str | None = field(default=None, name="from")


class Person(Attributes):
    """Attributes."""

    plan: Annotated[str, Meta(max_length=20)] | None = None
    score: Decimal | None = None


@dataclasses.dataclass
class Address:
    """Data of the application's own."""

    city: Any


def mistyped(value: Any) -> Any:
    """Hide a value from the type checkers, which would refuse it."""
    return value


def entry(operation: Any, encoding: Encoding = PLAIN) -> Entry:
    """Encode an operation as it would be at one moment."""
    return encode(operation, encoding, NOW)


def sent(operation: Any, encoding: Encoding = PLAIN) -> Any:
    """Return the JSON of an operation."""
    return msgspec.json.decode(entry(operation, encoding).body)


def problems(operation: Any, encoding: Encoding = PLAIN) -> list[str]:
    """Return what an operation is refused for."""
    with pytest.raises(InvalidData) as caught:
        entry(operation, encoding)
    return [str(problem) for problem in caught.value.problems]


def track(person: Any = "42", event: Any = "purchase", data: Any = None, **options: Any) -> ops.Track:
    """Make a track of a known id and time."""
    given: dict[str, Any] = {"id": ULID, "timestamp": 1713484800, **options}
    return ops.Track(person, event, data, **given)


# The vendor's own examples, and the other operations by the vendor's tables


OPERATIONS: list[tuple[Any, dict[str, Any], tuple[str, ...], str]] = [
    (
        ops.Identify("42", {"plan": "premium"}),
        {
            "type": "person",
            "identifiers": {"id": "42"},
            "action": "identify",
            "attributes": {"plan": "premium"},
        },
        ("id:42",),
        "identify",
    ),
    (
        track(event=Purchase(price=29.99)),
        {
            "type": "person",
            "identifiers": {"id": "42"},
            "action": "event",
            "name": "purchase",
            "id": ULID,
            "timestamp": 1713484800,
            "attributes": {"price": 29.99},
        },
        ("id:42",),
        "event",
    ),
    (
        ops.Merge("42", Email("old@example.com")),
        {
            "type": "person",
            "action": "merge",
            "primary": {"id": "42"},
            "secondary": {"email": "old@example.com"},
        },
        ("id:42", "email:old@example.com"),
        "merge",
    ),
    (
        ops.AddDevice("42", "a83b", platform="ios", last_used=1713484800),
        {
            "type": "person",
            "identifiers": {"id": "42"},
            "action": "add_device",
            "device": {"token": "a83b", "platform": "ios", "last_used": 1713484800},
        },
        ("id:42",),
        "add_device",
    ),
    (
        ops.IdentifyObject(ACME, {"name": "Acme"}, [Relationship("42", {"role": "admin"})]),
        {
            "type": "object",
            "identifiers": ACME_JSON,
            "action": "identify",
            "attributes": {"name": "Acme"},
            "cio_relationships": [
                {"identifiers": {"id": "42"}, "relationship_attributes": {"role": "admin"}}
            ],
        },
        ("object:1:acme",),
        "identify_object",
    ),
    (
        ops.ReportDelivery("RPIyMTM6OjEyMzQ=", "opened", "a83b"),
        {
            "type": "delivery",
            "identifiers": {"id": "RPIyMTM6OjEyMzQ="},
            "action": "event",
            "name": "opened",
            "attributes": {"device_token": "a83b"},
        },
        ("delivery:RPIyMTM6OjEyMzQ=",),
        "delivery_event",
    ),
    # The rest by the vendor's table of types and actions.
    (
        ops.Identify(
            Email("a@b"),
            Person(plan="pro"),
            extra={"age": 3},
            remove=["phone"],
            relationships=[Relationship(ACME), Relationship(CioObjectId("ob1"), {"role": "x"})],
            timestamp=dt.datetime(2024, 4, 19, tzinfo=dt.UTC),
            create=False,
        ),
        {
            "type": "person",
            "identifiers": {"email": "a@b"},
            "action": "identify",
            "attributes": {"plan": "pro", "age": 3, "phone": None, "_update": True},
            "timestamp": 1713484800,
            "cio_relationships": [
                {"identifiers": ACME_JSON},
                {"identifiers": {"cio_object_id": "ob1"}, "relationship_attributes": {"role": "x"}},
            ],
        },
        ("email:a@b",),
        "identify",
    ),
    (
        ops.Identify("42"),
        {"type": "person", "identifiers": {"id": "42"}, "action": "identify", "attributes": {}},
        ("id:42",),
        "identify",
    ),
    (
        ops.Delete(CioId("cio_a3")),
        {"type": "person", "identifiers": {"cio_id": "a3"}, "action": "delete"},
        ("cio_id:a3",),
        "delete",
    ),
    (
        ops.Suppress(Phone("+14155552671")),
        {"type": "person", "identifiers": {"phone": "+14155552671"}, "action": "suppress"},
        ("phone:+14155552671",),
        "suppress",
    ),
    (
        ops.Unsuppress(Id("42")),
        {"type": "person", "identifiers": {"id": "42"}, "action": "unsuppress"},
        ("id:42",),
        "unsuppress",
    ),
    (
        ops.Page("42", "https://example.com/", {"ref": "x"}, id=ULID, timestamp=5),
        {
            "type": "person",
            "identifiers": {"id": "42"},
            "action": "page",
            "name": "https://example.com/",
            "id": ULID,
            "timestamp": 5,
            "attributes": {"ref": "x"},
        },
        ("id:42",),
        "page",
    ),
    (
        ops.Screen("42", "Home", id=ULID, timestamp=5),
        {
            "type": "person",
            "identifiers": {"id": "42"},
            "action": "screen",
            "name": "Home",
            "id": ULID,
            "timestamp": 5,
            "attributes": {},
        },
        ("id:42",),
        "screen",
    ),
    (
        ops.AddDevice("42", "a83b", platform="android", attributes={"app_version": "1.2"}),
        {
            "type": "person",
            "identifiers": {"id": "42"},
            "action": "add_device",
            "device": {"token": "a83b", "platform": "android", "attributes": {"app_version": "1.2"}},
        },
        ("id:42",),
        "add_device",
    ),
    (
        ops.DeleteDevice("42", "a83b"),
        {
            "type": "person",
            "identifiers": {"id": "42"},
            "action": "delete_device",
            "device": {"token": "a83b"},
        },
        ("id:42",),
        "delete_device",
    ),
    (
        ops.AddRelationships("42", [Relationship(ACME, Address("Rome"))]),
        {
            "type": "person",
            "identifiers": {"id": "42"},
            "action": "add_relationships",
            "cio_relationships": [{"identifiers": ACME_JSON, "relationship_attributes": {"city": "Rome"}}],
        },
        ("id:42",),
        "add_relationships",
    ),
    (
        ops.DeleteRelationships("42", [ACME]),
        {
            "type": "person",
            "identifiers": {"id": "42"},
            "action": "delete_relationships",
            "cio_relationships": [{"identifiers": ACME_JSON}],
        },
        ("id:42",),
        "delete_relationships",
    ),
    (
        ops.IdentifyObject(CioObjectId("ob1")),
        {"type": "object", "identifiers": {"cio_object_id": "ob1"}, "action": "identify", "attributes": {}},
        ("cio_object:ob1",),
        "identify_object",
    ),
    (
        ops.IdentifyAnonymous(ACME, "anon-1", {"name": "Acme"}, {"role": "guest"}),
        {
            "type": "object",
            "identifiers": ACME_JSON,
            "action": "identify_anonymous",
            "attributes": {"name": "Acme"},
            "cio_relationships": [
                {"identifiers": {"anonymous_id": "anon-1"}, "relationship_attributes": {"role": "guest"}}
            ],
        },
        ("object:1:acme",),
        "identify_anonymous_object",
    ),
    (
        ops.DeleteObject(ACME),
        {"type": "object", "identifiers": ACME_JSON, "action": "delete"},
        ("object:1:acme",),
        "delete_object",
    ),
    (
        ops.AddObjectRelationships(
            ACME, [Relationship(Email("a@b")), Relationship(CioId("a3"), {"role": "x"})]
        ),
        {
            "type": "object",
            "identifiers": ACME_JSON,
            "action": "add_relationships",
            "cio_relationships": [
                {"identifiers": {"email": "a@b"}},
                {"identifiers": {"cio_id": "a3"}, "relationship_attributes": {"role": "x"}},
            ],
        },
        ("object:1:acme",),
        "add_relationships_object",
    ),
    (
        ops.DeleteObjectRelationships(ACME, ["42", Email("a@b")]),
        {
            "type": "object",
            "identifiers": ACME_JSON,
            "action": "delete_relationships",
            "cio_relationships": [{"identifiers": {"id": "42"}}, {"identifiers": {"email": "a@b"}}],
        },
        ("object:1:acme",),
        "delete_relationships_object",
    ),
]


@pytest.mark.parametrize(("operation", "expected", "keys", "kind"), OPERATIONS)
def test_operation_is_the_vendors_json(
    operation: Any, expected: dict[str, Any], keys: tuple[str, ...], kind: str
) -> None:
    """Each operation is the JSON of the vendor's reference, and goes by version 2 under the right keys."""
    made = entry(operation)
    assert msgspec.json.decode(made.body) == expected
    assert (made.keys, made.kind, made.route) == (keys, kind, TRACK_V2)
    assert made.id == expected.get("id")
    assert made.replay_safe is (kind != "delivery_event")


def test_every_operation_is_covered() -> None:
    """The table above leaves no operation of version 2 out."""
    tested: set[Any] = {type(operation) for operation, *_ in OPERATIONS}
    assert tested == {*get_args(ops.PersonOperation), *get_args(ops.ObjectOperation), ops.ReportDelivery}


def test_same_operation_is_the_same_bytes() -> None:
    """An operation that is encoded again is the same to the byte, so that it is discarded as a duplicate."""
    for operation, *_ in OPERATIONS:
        assert entry(operation) == entry(operation)


# Stamps


def test_stamps_are_the_calls_second() -> None:
    """`identify` tells when a person was seen and `track` when it was called, if they are to."""
    stamping = Encoding()
    assert sent(ops.Identify("42", {"a": 1}), stamping)["attributes"] == {"a": 1, "last_seen_at": 1713484800}
    assert sent(ops.Identify("42"), stamping)["attributes"] == {"last_seen_at": 1713484800}
    assert sent(track(data={"a": 1}), stamping)["attributes"] == {"a": 1, "tracked_at": 1713484800}
    assert sent(track(event=Purchase(price=1)), stamping)["attributes"] == {
        "price": 1,
        "tracked_at": 1713484800,
    }
    assert sent(track(), stamping)["attributes"] == {"tracked_at": 1713484800}


def test_applications_own_stamp_wins() -> None:
    """A stamp that the application gives, in the data or beside it, is not overwritten."""
    stamping = Encoding()
    assert sent(track(data={"tracked_at": 5}), stamping)["attributes"] == {"tracked_at": 5}
    assert sent(track(extra={"tracked_at": 5}), stamping)["attributes"] == {"tracked_at": 5}
    assert sent(ops.Identify("1", {"last_seen_at": 5}), stamping)["attributes"] == {"last_seen_at": 5}
    assert sent(ops.Identify("1", extra={"last_seen_at": None}), stamping)["attributes"] == {
        "last_seen_at": None
    }


def test_only_identify_and_track_are_stamped() -> None:
    """No other operation gets a stamp."""
    for operation, *_ in OPERATIONS:
        if not isinstance(operation, (ops.Identify, ops.Track)):
            assert entry(operation, Encoding()) == entry(operation)


# Ids and times


def test_event_has_an_id_and_a_time_of_its_own() -> None:
    """An event, page or screen gets a ULID and the time when it is made, not when it is encoded."""
    for made in (ops.Track("42", "e"), ops.Page("42", "p"), ops.Screen("42", "s")):
        body = sent(made)
        assert is_ulid(body["id"])
        assert (made.id, made.timestamp) == (body["id"], body["timestamp"])
        assert body["timestamp"] > NOW
    assert ops.Track("42", "e").id != ops.Track("42", "e").id


def test_naive_datetimes_follow_the_setting_everywhere() -> None:
    """One setting decides of naive datetimes in timestamps, data, declared fields, devices and relationships."""
    naive = dt.datetime(2024, 4, 19, tzinfo=dt.UTC).replace(tzinfo=None)
    operations: list[tuple[Any, str]] = [
        (track(timestamp=naive), "timestamp"),
        (track(data={"a": [naive]}), "data.a[0]"),
        (track(event=Purchase(price=1, at=naive)), "event.at"),
        (track(extra={"a": naive}), "extra.a"),
        (ops.Identify("42", timestamp=naive), "timestamp"),
        (ops.AddDevice("42", "t", platform="ios", last_used=naive), "last_used"),
        (ops.AddDevice("42", "t", platform="ios", attributes={"a": naive}), "attributes.a"),
        (ops.AddRelationships("42", [Relationship(ACME, {"a": naive})]), "relationships[0].attributes.a"),
        (ops.IdentifyAnonymous(ACME, "x", None, {"a": naive}), "relationship_attributes.a"),
        (ops.ReportDelivery("d", "opened", "t", timestamp=naive), "timestamp"),
    ]
    for operation, path in operations:
        (line,) = problems(operation)
        assert line.startswith(f"{path}: this datetime has no time zone")
        assert b"1713484800" in entry(operation, Encoding(stamp=False, naive_utc=True)).body


# Refusals


@pytest.mark.parametrize(
    ("operation", "lines"),
    [
        (
            track(person="", event="", data={"a": object()}, id="x", timestamp=-1),
            ["person: ", "event: ", "data.a: ", "id: ", "timestamp: "],
        ),
        (
            track(event=Purchase(price=mistyped("x"), currency=mistyped("GBP")), data={}, extra={"b": b""}),
            ["event.price: ", "event.currency: ", "data: ", "extra.b: "],
        ),
        (track(event=Purchase(price=1), extra={"from": 1, "at": None}), ["extra.from: ", "extra.at: "]),
        (
            ops.Identify(mistyped(5), mistyped([1]), extra=mistyped(5), remove=mistyped("plan"), timestamp=mistyped("x")),
            ["person: ", "attributes: ", "extra: ", "remove: ", "timestamp: "],
        ),
        (
            ops.Identify("1", {"a": 1, "b": "x" * 1001, "n" * 151: 1}, remove=["a"], relationships=[mistyped(5)]),
            ["remove.a: ", f"attributes.{'n' * 40}…: ", "attributes.b: ", "relationships[0]: "],
        ),
        (
            ops.Identify("1", relationships=[Relationship("42"), Relationship(ACME, mistyped(5))]),
            ["relationships[0].to: ", "relationships[1].attributes: "],
        ),
        (
            ops.AddDevice("", "", platform=mistyped("windows"), last_used=True, attributes=mistyped("x")),
            ["person: ", "token: ", "platform: expected one of 'ios', 'android'", "last_used: ", "attributes: "],
        ),
        (ops.DeleteDevice("1", " "), ["token: "]),
        (ops.Merge("1", Id("1")), ["secondary: is the same person as primary"]),
        (ops.Merge(Email("A@b"), Email("a@B")), ["secondary: is the same person as primary"]),
        (ops.Merge(Phone("+14155552671"), ""), ["primary: ", "secondary: "]),
        (ops.Page("", " ", mistyped([]), id="x", timestamp=1e12), ["person: ", "name: ", "data: ", "id: ", "timestamp: "]),
        (ops.Page("1", mistyped(Purchase(price=1))), ["name: "]),
        (
            ops.IdentifyObject(mistyped("acme"), {"a": object()}, [Relationship(Phone("+14155552671"))]),
            ["object: ", "attributes.a: ", "relationships[0].to: "],
        ),
        (ops.IdentifyAnonymous(ACME, "", None, mistyped(5)), ["anonymous_id: ", "relationship_attributes: "]),
        (ops.AddObjectRelationships(ACME, [Relationship(ACME)]), ["relationships[0].to: "]),
        (ops.DeleteRelationships("1", [mistyped("acme"), ACME]), ["relationships[0].to: "]),
        (
            ops.ReportDelivery("", mistyped("clicked"), "", timestamp=mistyped("now")),
            ["delivery_id: ", "metric: expected one of 'opened', 'converted', 'delivered'", "device_token: ", "timestamp: "],
        ),
    ],
)  # fmt: skip
def test_everything_wrong_is_told_at_once(operation: Any, lines: list[str]) -> None:
    """All that is wrong with an operation is in one error, each with the path of its argument."""
    found = problems(operation)
    assert len(found) == len(lines)
    for line in lines:
        assert len([words for words in found if words.startswith(line)]) == 1, (line, found)


def test_error_names_the_operation_and_the_declared_event() -> None:
    """An error says what was refused: the operation, and the event where the application declared it."""
    for operation, subject in (
        (track(event=Purchase(price=mistyped("x"))), "Track 'purchase'"),
        (track(event="purchase", data={"a": b""}), "Track"),
        (ops.Identify("", {}), "Identify"),
        (ops.DeleteObject(mistyped(None)), "DeleteObject"),
    ):
        with pytest.raises(InvalidData) as caught:
            entry(operation)
        assert caught.value.subject == subject
        assert str(caught.value).startswith(f"{subject}: ")


def test_operation_has_its_limit() -> None:
    """32,000 bytes of one operation are taken, and one more is not."""
    frame = len(entry(track(data={"a": ""})).body)
    assert len(entry(track(data={"a": "x" * (32_000 - frame)})).body) == 32_000
    assert len(entry(track(data={"a": "é" * ((32_000 - frame) // 2)})).body) <= 32_000
    for text in ("x" * (32_001 - frame), "é" * ((32_002 - frame) // 2)):
        (line,) = problems(track(data={"a": text}))
        assert line.endswith("bytes; Customer.io takes at most 32000 an operation")


def test_stamp_counts_towards_the_limits() -> None:
    """What is added to an operation counts: with its stamp it must still fit."""
    frame = len(entry(track(data={"a": ""})).body)
    operation = track(data={"a": "x" * (32_000 - frame)})
    assert problems(operation, Encoding()) == ["is 32024 bytes; Customer.io takes at most 32000 an operation"]


# Errors keep quiet

MARK_TEXT = "s3cret-mark"
MARK_NUMBER = 987654321012
MARKS: list[Any] = [
    MARK_TEXT,
    MARK_NUMBER,
    float(MARK_NUMBER),
    -MARK_NUMBER,
    Decimal(MARK_NUMBER),
    MARK_TEXT.encode(),
    [MARK_TEXT],
    {"a": MARK_TEXT},
    (MARK_NUMBER,),
    Address(MARK_TEXT),
    Email(MARK_TEXT),
    Id(MARK_TEXT * 20),
    CioObjectId(MARK_TEXT * 20),
    ObjectId(MARK_TEXT, MARK_TEXT),
    Purchase(price=mistyped(MARK_TEXT), currency=mistyped(MARK_TEXT), at=mistyped(MARK_TEXT)),
    Person(plan=MARK_TEXT * 3, score=mistyped(MARK_TEXT)),
    Relationship(mistyped(MARK_TEXT), mistyped(MARK_TEXT)),
    [Relationship(ACME, {"a": MARK_TEXT.encode()})],
    [MARK_TEXT, {MARK_NUMBER}],
    dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=dt.UTC).replace(tzinfo=None),
    {"a": {"b": [MARK_TEXT, object()]}},
    MARK_TEXT * 4000,
    {"a": MARK_TEXT * 4000},
    {"plan": MARK_TEXT, "score": MARK_TEXT},
]
PLACES: list[Callable[[Any], Any]] = [
    lambda mark: track(person=mark),
    lambda mark: track(event=mark),
    lambda mark: track(data=mark),
    lambda mark: track(event=Purchase(price=1), data=mark),
    lambda mark: track(extra=mark),
    lambda mark: track(event=Purchase(price=mark, from_=mark)),
    lambda mark: track(event=Purchase(price=1, currency=mark, at=mark)),
    lambda mark: track(id=mark),
    lambda mark: track(timestamp=mark),
    lambda mark: ops.Identify("1", mark),
    lambda mark: ops.Identify("1", {"a": mark, "b": b""}),
    lambda mark: ops.Identify("1", Person(plan=mark, score=mark)),
    lambda mark: ops.Identify("1", extra=mark),
    lambda mark: ops.Identify("1", timestamp=mark),
    lambda mark: ops.AddDevice("1", mark, platform=mark, last_used=mark, attributes=mark),
    lambda mark: ops.AddRelationships(mark, [Relationship(mark, mark)]),
    lambda mark: ops.Merge(mark, mark),
    lambda mark: ops.IdentifyAnonymous(mark, mark, mark, mark),
    lambda mark: ops.ReportDelivery(mark, mark, mark, mark),
    lambda mark: ops.Page(mark, mark, mark, id=mark, timestamp=mark),
    ops.DeleteObject,
    lambda mark: ops.AnonymousEvent(anonymous_id=mark, event=mark, data=mark, type=mark, timestamp=mark),
    lambda mark: ops.SubmitForm(mark, mark, mark),
    lambda mark: ops.SubmitForm("f", "1", {"a": mark, "b": b""}),
    lambda mark: ops.AddToSegment(mark, mark, mark),
    lambda mark: ops.AddToSegment(1, [mark]),
    lambda mark: ops.ReportMetric(delivery_id=mark, metric=mark, timestamp=mark, recipient=mark, href=mark),
    lambda mark: ops.ReportPush(delivery_id=mark, event=mark, device_id=mark, timestamp=mark),
    ops.Unsubscribe,
]


def refusal(operation: Any) -> InvalidData | None:
    """Return the error that an operation is refused with, if it is."""
    try:
        entry(operation, Encoding())
    except InvalidData as error:
        return error
    return None


def shown(error: InvalidData) -> str:
    """Return all that may become visible of an error: its texts, its pickle, its traceback and what it came from."""
    told = "".join(traceback.format_exception(error))
    return "".join((str(error), repr(error), told, repr(pickle.dumps(error)), repr(vars(error))))


@given(st.sampled_from(PLACES), st.sampled_from(MARKS))
def test_no_value_is_shown(place: Callable[[Any], Any], mark: Any) -> None:
    """Whatever is wrong, wherever it stands, an error never shows the value."""
    error = refusal(place(mark))
    if error is not None:
        seen = shown(error)
        assert MARK_TEXT not in seen
        assert str(MARK_NUMBER) not in seen
        assert "03:04:05" not in seen
        assert "2024, 1, 2, 3" not in seen
        assert error.__cause__ is None


def test_the_marks_do_get_refused() -> None:
    """Nearly every mark is wrong in nearly every place: the test above tests something."""
    refused = sum(refusal(place(mark)) is not None for place in PLACES for mark in MARKS)
    assert refused > 0.7 * len(PLACES) * len(MARKS)


def test_error_survives_pickling() -> None:
    """An error that crosses processes tells the same there."""
    with pytest.raises(InvalidData) as caught:
        entry(track(person="", id="x"))
    copy = pickle.loads(pickle.dumps(caught.value))
    assert type(copy) is InvalidData
    assert (copy.subject, copy.problems, str(copy)) == (
        caught.value.subject,
        caught.value.problems,
        str(caught.value),
    )


# Awkward input


class SafeText(str):
    """A text of a library's own, as Django's safe strings and numpy's are."""

    __slots__ = ()


class Color(Enum):
    """A choice that is no text."""

    RED = "red"


class Platform(str, Enum):  # noqa: UP042 - the older way, of which a format string shows something else
    """A choice that is a text, too."""

    IOS = "ios"


def test_subclass_of_str_names_a_person() -> None:
    """A person is named by any kind of text, under the key of its plain text."""
    assert entry(track(SafeText("42"))) == entry(track("42"))
    assert entry(track(Id(SafeText("42")))) == entry(track("42"))
    assert entry(track(Platform.IOS)) == entry(track("ios"))


def test_subclass_of_str_is_a_choice() -> None:
    """A platform may be given as any kind of text."""
    assert sent(ops.AddDevice("1", "t", platform=mistyped(SafeText("ios"))))["device"]["platform"] == "ios"


def test_object_of_a_strange_id_is_refused() -> None:
    """A CioObjectId that holds no text is refused, not raised from within."""
    assert problems(ops.DeleteObject(CioObjectId(mistyped(object())))) == [
        "object: cio_object_id attribute must be a string value, got object"
    ]


def test_cio_id_of_the_prefix_alone_is_empty() -> None:
    """`cio_` names nobody."""
    assert len(problems(track(CioId("cio_")))) == 1


@pytest.mark.parametrize("person", ["a\ud800", Email("a\ud800@b"), Id("\udfff")])
def test_identifier_of_half_a_character_is_refused(person: Any) -> None:
    """Two ids that differ only in what UTF-8 cannot hold must not become the same person."""
    assert len(problems(track(person))) == 1


@pytest.mark.parametrize(
    ("operation", "path"),
    [
        (ops.AddDevice("1", "a\ud800", platform="ios"), "token"),
        (ops.DeleteDevice("1", "a\ud800"), "token"),
        (ops.IdentifyAnonymous(ObjectId("1", "o"), "a\ud800"), "anonymous_id"),
        (ops.ReportDelivery("a\ud800", "opened", "d"), "delivery_id"),
        (ops.ReportDelivery("d", "opened", "a\ud800"), "device_token"),
        (ops.AnonymousEvent(anonymous_id="a\ud800", event="e"), "anonymous_id"),
        (ops.AddToSegment(1, ["1", "a\ud800"]), "ids"),
        (ops.RemoveFromSegment(1, ["a\ud800"]), "ids"),
        (ops.SubmitForm("a\ud800", "1"), "form_id"),
        (ops.ReportMetric(delivery_id="a\ud800", metric="opened"), "delivery_id"),
        (ops.ReportPush(delivery_id="a\ud800", event="opened", device_id="d"), "delivery_id"),
        (ops.ReportPush(delivery_id="d", event="opened", device_id="a\ud800"), "device_id"),
        (ops.Unsubscribe("a\ud800"), "delivery_id"),
    ],
)
def test_a_name_of_half_a_character_is_refused(operation: ops.Operation, path: str) -> None:
    """Nor must tokens, deliveries or segments' people become others; the error says which it is, and does not show it."""
    (problem,) = problems(operation)
    assert problem.startswith(f"{path}: ")
    assert problem.endswith(HALF)


@pytest.mark.parametrize("name", ['a"b', "a\nb", "back\\slash", 1, Color.RED])
def test_extra_never_doubles_a_name(name: Any) -> None:
    """A name that the data has is refused in extra, in whatever way it is written."""
    assert len(problems(track(data={str(getattr(name, "value", name)): 1}, extra={name: 2}))) == 1


def test_remove_never_doubles_a_name() -> None:
    """A name that has a value is refused in remove, in whatever way it is written."""
    assert len(problems(ops.Identify("1", {'a"b': 1}, remove=['a"b']))) == 1


@pytest.mark.parametrize("remove", [5, [None], [1.5], [["a"]], [""], [5], {"a": 1}, b"plan"])
def test_remove_takes_names_alone(remove: Any) -> None:
    """What is no list of names is refused with its path."""
    assert all(line.startswith("remove") for line in problems(ops.Identify("1", remove=remove)))


def test_stamp_gives_way_to_a_removal() -> None:
    """An application that removes the stamped attribute gets no stamp."""
    assert sent(ops.Identify("1", remove=["last_seen_at"]), Encoding())["attributes"] == {
        "last_seen_at": None
    }


def test_three_hundred_attributes_fit_beside_the_stamp() -> None:
    """The stamp does not cost the application one of its 300 attributes."""
    assert (
        len(sent(ops.Identify("1", {f"a{number}": 1 for number in range(300)}), Encoding())["attributes"])
        == 300
    )


def test_update_is_sent_once() -> None:
    """`create=False` beside an `_update` of the application's own is refused or sent once, not twice."""
    operation = ops.Identify("1", {"_update": False}, create=False)
    assert problems(operation)


def test_empty_attribute_name_is_refused() -> None:
    """A name must not be empty, however short the rest is."""
    assert problems(ops.Identify("1", {"": 1})) == ["attributes: attribute name cannot be empty"]


@pytest.mark.parametrize(
    "operation",
    [
        ops.Identify("1", relationships=mistyped(Relationship(ACME))),
        ops.AddRelationships("1", mistyped(Relationship(ACME))),
        ops.AddRelationships("1", []),
        ops.DeleteRelationships("1", mistyped(ACME)),
        ops.DeleteRelationships("1", []),
        ops.AddObjectRelationships(ACME, []),
        ops.DeleteObjectRelationships(ACME, "42"),
        ops.DeleteObjectRelationships(ACME, mistyped(Id("42"))),
        ops.DeleteObjectRelationships(ACME, []),
    ],
)
def test_relationships_are_a_list_with_something_in_it(operation: Any) -> None:
    """One text is not many people, one relationship no list, and none at all nothing to send."""
    assert len(problems(operation)) == 1


@pytest.mark.parametrize(
    "operation",
    [
        ops.AddDevice("1", "t", platform="ios", attributes={"a": "x" * 1001}),
        ops.AddRelationships("1", [Relationship(ACME, {"a" * 151: 1})]),
        ops.IdentifyObject(ACME, None, [Relationship("1", {"a": "x" * 1001})]),
        ops.IdentifyAnonymous(ACME, "x", None, {"a": "x" * 1001}),
    ],
)
def test_attributes_of_ties_and_devices_have_limits(operation: Any) -> None:
    """The vendor's limits hold for the attributes of devices and relationships as well."""
    assert len(problems(operation)) == 1


def test_two_wrong_people_are_not_the_same() -> None:
    """A merge of nobody with nobody has two problems and not three."""
    assert len(problems(ops.Merge(mistyped(5), mistyped(6)))) == 2


def test_object_id_is_refused_once() -> None:
    """One wrong id is one problem."""
    assert len(problems(ops.DeleteObject(ObjectId("1", mistyped(object()))))) == 1


@pytest.mark.parametrize(
    "operation",
    [
        track(data={"\x1b[2J": 1}, extra={"\x1b[2J": 1}),
        ops.Identify("1", {"a\nERROR forged": "x" * 1001}),
        ops.Identify("1", {"a\nb": 1}, remove=["a\nb"]),
    ],
)
def test_names_cannot_forge_a_log_line(operation: Any) -> None:
    """A name out of the data is shown without line breaks and escapes."""
    assert [line for line in problems(operation) if not line.isprintable()] == []


def test_nat_is_no_timestamp() -> None:
    """The NaT of pandas, a datetime that is none, is refused like NaN."""

    class NaT(dt.datetime):
        def __eq__(self, other: object) -> bool:
            return False

        def __hash__(self) -> int:
            return 0

        def utcoffset(self) -> None:
            raise ValueError

    assert len(problems(track(timestamp=NaT(2024, 1, 1, tzinfo=dt.UTC)))) == 1
