"""The parts of an operation: identifiers, names, times and data, each at its limit and one over it."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ciokit.encoding.drafts import Draft, Encoding
from ciokit.errors import InvalidData
from ciokit.events import Attributes, Event
from ciokit.identifiers import CioId, CioObjectId, Email, Id, ObjectId, Phone
from ciokit.values.fragments import digits, has_key, merge_objects
from ciokit.values.table import NAIVE

NOW = 1_700_000_000.75


class Bought(Event):
    """An event."""

    sku: str
    count: int = 1


class Person(Attributes):
    """Attributes."""

    email: str


def draft(*, naive_utc: bool = False, stamp: bool = True) -> Draft:
    """Begin a draft."""
    return Draft(Encoding(naive_utc=naive_utc, stamp=stamp), NOW)


def mistyped(value: Any) -> Any:
    """Hide a value from the type checkers, which would refuse it."""
    return value


def wrong(started: Draft) -> list[str]:
    """Return what a draft found wrong."""
    return [str(problem) for problem in started.problems]


def decoded(encoded: bytes) -> Any:
    """Decode what a draft made."""
    return msgspec.json.decode(encoded)


# Identifiers


@pytest.mark.parametrize(
    ("person", "identifiers", "key"),
    [
        ("42", {"id": "42"}, "id:42"),
        (" 42 ", {"id": " 42 "}, "id: 42 "),
        (Id("42"), {"id": "42"}, "id:42"),
        (Id("cio_42"), {"id": "cio_42"}, "id:cio_42"),
        (Email("Ann@Example.com"), {"email": "Ann@Example.com"}, "email:ann@example.com"),
        (Phone("+14155552671"), {"phone": "+14155552671"}, "phone:+14155552671"),
        (CioId("a3000001"), {"cio_id": "a3000001"}, "cio_id:a3000001"),
        (CioId("cio_a3000001"), {"cio_id": "a3000001"}, "cio_id:a3000001"),
        ('"é😀\\\n/+ ', {"id": '"é😀\\\n/+ '}, 'id:"é😀\\\n/+ '),
        ("x" * 150, {"id": "x" * 150}, "id:" + "x" * 150),
        (Email("a@" + "x" * 998), {"email": "a@" + "x" * 998}, "email:a@" + "x" * 998),
        ("é" * 75, {"id": "é" * 75}, "id:" + "é" * 75),
        (Email("a@" + "x" * 148), {"email": "a@" + "x" * 148}, "email:a@" + "x" * 148),
    ],
)
def test_person_has_one_identifier(person: Any, identifiers: dict[str, str], key: str) -> None:
    """Each kind of identifier is sent under its own key, and orders what is about the same person alike."""
    started = draft()
    encoded, found = started.person(person)
    assert (decoded(encoded), found, wrong(started)) == (identifiers, key, [])


@pytest.mark.parametrize(
    ("person", "words"),
    [
        ("", "id attribute cannot be an empty string"),
        (" \t", "id attribute cannot be an empty string"),
        (Id(""), "id attribute cannot be an empty string"),
        ("x" * 151, "id cannot be longer than 150 bytes"),
        ("é" * 75 + "x", "id cannot be longer than 150 bytes"),
        ("😀" * 38, "id cannot be longer than 150 bytes"),
        (5, "expected an id as text, Id, Email, Phone or CioId, got int"),
        (None, "expected an id as text, Id, Email, Phone or CioId, got NoneType"),
        (b"42", "expected an id as text, Id, Email, Phone or CioId, got bytes"),
        ({"id": "42"}, "expected an id as text, Id, Email, Phone or CioId, got dict"),
        (Bought(sku="x"), "expected an id as text, Id, Email, Phone or CioId, got Bought"),
        (ObjectId("1", "a"), "expected an id as text, Id, Email, Phone or CioId, got ObjectId"),
        (Id(mistyped(5)), "id attribute must be a string value, got int"),
        (Email(mistyped(None)), "email attribute must be a string value, got NoneType"),
        (Email(""), "email attribute cannot be an empty string"),
        (Email("ann"), "an e-mail address has an @ with text on both sides"),
        (Email("@example.com"), "an e-mail address has an @ with text on both sides"),
        (Email("ann@"), "an e-mail address has an @ with text on both sides"),
        (Email("a@" + "x" * 999), "email cannot be longer than 1000 bytes"),
        (Email("a@" + "é" * 499 + "x"), "email cannot be longer than 1000 bytes"),
        (Phone("14155552671"), "a telephone number is written in E.164 form"),
        (Phone("+1 415 555 2671"), "a telephone number is written in E.164 form"),
        (Phone("+0415"), "a telephone number is written in E.164 form"),
        (Phone("+1234567890123456"), "a telephone number is written in E.164 form"),
        (Phone("+١٤١٥"), "a telephone number is written in E.164 form"),
        (CioId(""), "cio_id attribute cannot be an empty string"),
    ],
)
def test_wrong_person_is_refused_in_words(person: Any, words: str) -> None:
    """A person who is nobody, or named in the wrong way, is refused with the vendor's words where it has them."""
    started = draft()
    started.person(person, "primary")
    (line,) = wrong(started)
    assert line.startswith(f"primary: {words}")


def test_phone_is_refused_where_the_api_takes_none() -> None:
    """Merges and relationships do not take telephone numbers, right as they may be."""
    started = draft()
    started.person(Phone("+14155552671"), "secondary", phone=False)
    started.related_person(Phone("+14155552671"), "relationships[0].to")
    assert [line.partition(":")[0] for line in wrong(started)] == ["secondary", "relationships[0].to"]
    assert all("a telephone number cannot name a person here" in line for line in wrong(started))


@given(st.text(min_size=1, max_size=160))
def test_any_text_is_an_id_or_refused(text: str) -> None:
    """Whatever text names a person, it arrives as it is, or is refused for being blank or too long."""
    started = draft()
    encoded, key = started.person(text)
    if not text.strip() or len(text.encode()) > 150:
        assert len(started.problems) == 1
    else:
        assert (decoded(encoded), key, wrong(started)) == ({"id": text}, f"id:{text}", [])


@pytest.mark.parametrize(
    ("ref", "identifiers", "key"),
    [
        (ObjectId("1", "acme"), {"object_type_id": "1", "object_id": "acme"}, "object:1:acme"),
        (ObjectId("1234567890", "x" * 150), {"object_type_id": "1234567890", "object_id": "x" * 150}, None),
        (CioObjectId("obb7fd050101"), {"cio_object_id": "obb7fd050101"}, "cio_object:obb7fd050101"),
    ],
)
def test_object_has_its_identifiers(ref: Any, identifiers: dict[str, str], key: str | None) -> None:
    """An object is named by its type and id, or by Customer.io's own id."""
    started = draft()
    encoded, found = started.object(ref)
    assert (decoded(encoded), wrong(started)) == (identifiers, [])
    assert key is None or found == key


@pytest.mark.parametrize(
    ("ref", "line"),
    [
        ("acme", "object: expected ObjectId or CioObjectId, got str"),
        (Id("acme"), "object: expected ObjectId or CioObjectId, got Id"),
        (None, "object: expected ObjectId or CioObjectId, got NoneType"),
        (ObjectId("0", "a"), "object.type_id: an object type is a whole number from 1"),
        (ObjectId("01", "a"), "object.type_id: an object type is a whole number from 1"),
        (ObjectId("-1", "a"), "object.type_id: an object type is a whole number from 1"),
        (ObjectId("\u0661", "a"), "object.type_id: an object type is a whole number from 1"),
        (ObjectId("company", "a"), "object.type_id: an object type is a whole number from 1"),
        (ObjectId(mistyped(1), "a"), "object.type_id: an object type is a whole number from 1"),
        (ObjectId("1", ""), "object.object_id: object_id attribute cannot be an empty string"),
        (ObjectId("1", "x" * 151), "object.object_id: object_id cannot be longer than 150 bytes"),
        (ObjectId("1", mistyped(5)), "object.object_id: object_id attribute must be a string value"),
        (CioObjectId(""), "object: cio_object_id attribute cannot be an empty string"),
        (CioObjectId(mistyped(None)), "object: cio_object_id attribute must be a string value"),
    ],
)
def test_wrong_object_is_refused(ref: Any, line: str) -> None:
    """An object without a right type, id or form is refused at the part that is wrong."""
    started = draft()
    started.object(ref)
    (found,) = wrong(started)
    assert found.startswith(line)


# Names, ids and times


@pytest.mark.parametrize("name", ["x" * 100, "é" * 50, " a ", '"quoted"', "😀" * 25, "\ud800"])
def test_event_name_up_to_the_limit(name: str) -> None:
    """100 bytes of a name are taken; what is in it arrives."""
    started = draft()
    assert decoded(started.event_name(name)) == name.replace("\ud800", "\ufffd")
    assert wrong(started) == []


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("", "event: event name must not be blank"),
        ("  ", "event: event name must not be blank"),
        ("x" * 101, "event: event name cannot be longer than 100 bytes"),
        ("é" * 50 + "x", "event: event name cannot be longer than 100 bytes"),
        (None, "event: expected an Event or a name as text, got NoneType"),
        (Bought, "event: expected an Event or a name as text, got DeclaredMeta"),
        (b"bought", "event: expected an Event or a name as text, got bytes"),
    ],
)
def test_wrong_event_name_is_refused(name: Any, line: str) -> None:
    """A blank, overlong or strange name is refused, in the vendor's words where it has them."""
    started = draft()
    started.event_name(name)
    assert wrong(started) == [line]


@pytest.mark.parametrize(
    "text", ["00000000000000000000000000", "01BX5ZZKBKACTAV9WEVGEMMVRY", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"]
)
def test_ulid_is_taken(text: str) -> None:
    """A ULID is sent as it is."""
    assert draft().ulid(text) == text.encode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "01bx5zzkbkactav9wevgemmvry",
        "01BX5ZZKBKACTAV9WEVGEMMVR",
        "01BX5ZZKBKACTAV9WEVGEMMVRYX",
        "81BX5ZZKBKACTAV9WEVGEMMVRY",
        "01BX5ZZKBKACTAV9WEVGEMMVRI",
        "01BX5ZZKBKACTAV9WEVGEMMVRY\n",
        "\u06601BX5ZZKBKACTAV9WEVGEMMVRY",
        "1c3c6f5e-7d0e-4f4d-9a0b-0f3f8f5f1a11",
        b"01BX5ZZKBKACTAV9WEVGEMMVRY",
        5,
        None,
    ],
)
def test_what_is_no_ulid_is_refused(text: Any) -> None:
    """What Customer.io would not take as a ULID is refused, since it would deduplicate nothing."""
    started = draft()
    started.ulid(text)
    assert [line[:19] for line in wrong(started)] == ["id: expected a ULID"]


UTC_NOW = dt.datetime(2024, 4, 19, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("when", "seconds"),
    [
        (0, 0),
        (1713484800, 1713484800),
        (1713484800.999, 1713484800),
        (99_999_999_999, 99_999_999_999),
        (UTC_NOW, 1713484800),
        (UTC_NOW.astimezone(dt.timezone(dt.timedelta(hours=-8))), 1713484800),
        (UTC_NOW.replace(microsecond=999_999), 1713484800),
        (dt.datetime(2024, 10, 27, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1), 1729992600),
    ],
)
def test_timestamp_is_whole_seconds(when: Any, seconds: int) -> None:
    """Seconds and aware datetimes become whole Unix seconds, never a later one."""
    started = draft()
    assert (started.timestamp(when), wrong(started)) == (seconds, [])


@pytest.mark.parametrize(
    ("when", "words"),
    [
        (1713484800000, "not Unix seconds"),
        (100_000_000_000, "not Unix seconds"),
        (-1, "not Unix seconds"),
        (-0.5, "not Unix seconds"),
        (float("inf"), "not Unix seconds"),
        (UTC_NOW.replace(year=1969), "not Unix seconds"),
        (UTC_NOW.replace(year=9999), "not Unix seconds"),
        (True, "expected Unix seconds or a datetime with a time zone, got bool"),
        (float("nan"), "expected Unix seconds or a datetime with a time zone, got float"),
        ("1713484800", "expected Unix seconds or a datetime with a time zone, got str"),
        (UTC_NOW.date(), "expected Unix seconds or a datetime with a time zone, got date"),
        (None, "expected Unix seconds or a datetime with a time zone, got NoneType"),
        (UTC_NOW.replace(tzinfo=None), NAIVE),
    ],
)
def test_wrong_timestamp_is_refused(when: Any, words: str) -> None:
    """Milliseconds, times before 1970, datetimes without a zone and what is no time are refused."""
    started = draft()
    started.timestamp(when, "last_used")
    (line,) = wrong(started)
    assert line.startswith(f"last_used: {words}")


def test_naive_timestamp_may_be_utc() -> None:
    """The setting that declares naive datetimes UTC holds for timestamps too."""
    started = draft(naive_utc=True)
    assert (started.timestamp(UTC_NOW.replace(tzinfo=None)), wrong(started)) == (1713484800, [])


def test_digits_are_those_of_the_number() -> None:
    """The last number is remembered, and no other is taken for it."""
    assert [digits(number) for number in (0, 5, 5, 6, 5, 10**10)] == [
        b"0",
        b"5",
        b"5",
        b"6",
        b"5",
        b"10000000000",
    ]


@pytest.mark.parametrize("value", [0, -1, True, 1.0, "1", None])
def test_whole_number_from_one(value: Any) -> None:
    """What counts or names something is a whole number from 1."""
    started = draft()
    started.whole_number(5, "segment_id")
    assert wrong(started) == []
    started.whole_number(value, "segment_id")
    assert wrong(started) == ["segment_id: expected a whole number from 1"]


@pytest.mark.parametrize("value", ["", " ", None, 5, b"x"])
def test_text_is_not_blank(value: Any) -> None:
    """A required text is text, and not blank."""
    started = draft()
    assert decoded(started.text("é", "token")) == "é"
    started.text(value, "token")
    assert wrong(started) == ["token: expected text that is not blank"]


# Data


def test_data_of_each_kind_becomes_an_object() -> None:
    """None, a mapping, an event and attributes all are an object."""
    started = draft()
    values: list[Any] = [None, {}, {"a": 1}, Bought(sku="x"), Bought(sku="x", count=2), Person(email="e")]
    objects = [{}, {}, {"a": 1}, {"sku": "x"}, {"sku": "x", "count": 2}, {"email": "e"}]
    assert [decoded(started.object_json(value, "data")) for value in values] == objects
    assert wrong(started) == []


@pytest.mark.parametrize("value", ["x", 5, [1], (), True, Bought])
def test_data_that_is_no_object_is_refused(value: Any) -> None:
    """Text, numbers and lists are no data, and are told to be none once."""
    started = draft()
    assert started.object_json(value, "data") == b"{}"
    (line,) = wrong(started)
    assert line.startswith("data: ")


def test_problems_of_data_have_their_path() -> None:
    """What is wrong inside data is told under the argument's name and the field's."""
    started = draft()
    started.object_json({"a": [object()]}, "data")
    started.object_json(Bought(sku=mistyped(5)), "event")
    assert [line.partition(":")[0] for line in wrong(started)] == ["data.a[0]", "event.sku"]


def test_extra_adds_and_does_not_replace() -> None:
    """Further data is added; a name that the data has, or that its class declares, is refused."""
    started = draft()
    event = Bought(sku="x")
    encoded = started.with_extra(started.object_json(event, "event"), event, {"color": "red"})
    assert (decoded(encoded), wrong(started)) == ({"sku": "x", "color": "red"}, [])
    started.with_extra(b'{"sku":"x"}', event, {"sku": "y", "count": 5, "free": 1})
    started.with_extra(b'{"a":1}', None, {"a": 2})
    started.with_extra(b"{}", None, [("a", 1)])
    assert wrong(started) == [
        "extra.sku: is a field of the data already; set it there",
        "extra.count: is a field of the data already; set it there",
        "extra.a: is a field of the data already; set it there",
        "extra: expected a mapping, got list",
    ]


@pytest.mark.parametrize(
    ("encoded", "stamped"),
    [
        (b"{}", {"tracked_at": 1_700_000_000}),
        (b'{"a":1}', {"a": 1, "tracked_at": 1_700_000_000}),
        (b'{"tracked_at":5}', {"tracked_at": 5}),
        (b'{"tracked_at":null,"a":1}', {"tracked_at": None, "a": 1}),
        (b'{"a":{"tracked_at":5}}', {"a": {"tracked_at": 5}, "tracked_at": 1_700_000_000}),
        (b'{"a":"tracked_at"}', {"a": "tracked_at", "tracked_at": 1_700_000_000}),
    ],
)
def test_stamp_is_the_calls_second(encoded: bytes, stamped: dict[str, Any]) -> None:
    """The stamp is the second of the call, unless the application set that name itself."""
    assert decoded(draft().stamped(encoded, b'"tracked_at"')) == stamped
    assert draft(stamp=False).stamped(encoded, b'"tracked_at"') == encoded


def test_stamps_of_two_seconds_are_apart() -> None:
    """What is kept of one second's stamp is not used in another, nor for another name."""
    for now in (100, 101, 100):
        started = Draft(Encoding(), now)
        assert started.stamped(b'{"a":1}', b'"tracked_at"') == b'{"a":1,"tracked_at":%d}' % now
        assert started.stamped(b'{"a":1}', b'"last_seen_at"') == b'{"a":1,"last_seen_at":%d}' % now


# Limits of attributes


@pytest.mark.parametrize(
    "attributes",
    [
        {f"a{number}": 1 for number in range(300)},
        {"n" * 150: 1},
        {"é" * 75: 1},
        {"a": "v" * 1000},
        {"a": "é" * 500},
        {"a": '"' * 1000},
        {"a": "\n" * 1000},
        {"a": [1] * 499},
    ],
)
def test_attributes_up_to_the_limits(attributes: dict[str, Any]) -> None:
    """300 attributes, names of 150 and values of 1,000 bytes are taken; escapes do not count."""
    started = draft()
    started.check_attributes(started.object_json(attributes, "attributes"))
    assert wrong(started) == []


@pytest.mark.parametrize(
    ("attributes", "line"),
    [
        ({f"a{number}": 1 for number in range(301)}, "attributes: cannot identify more than 300 attributes in one request"),
        ({"n" * 151: 1}, f"attributes.{'n' * 40}…: attribute name cannot be longer than 150 bytes"),
        ({"é" * 75 + "x": 1}, f"attributes.{'é' * 40}…: attribute name cannot be longer than 150 bytes"),
        ({"plan": "v" * 1001}, "attributes.plan: value for attribute 'plan' cannot be longer than 1000 bytes"),
        ({"plan": "é" * 500 + "x"}, "attributes.plan: value for attribute 'plan' cannot be longer than 1000 bytes"),
        ({"plan": [1] * 500}, "attributes.plan: value for attribute 'plan' cannot be longer than 1000 bytes"),
        ({"plan": {"a": "v" * 1000}}, "attributes.plan: value for attribute 'plan' cannot be longer than 1000 bytes"),
        ({"": "x" * 200}, "attributes: attribute name cannot be empty"),
    ],
)  # fmt: skip
def test_attributes_over_a_limit_are_refused(attributes: dict[str, Any], line: str) -> None:
    """One more attribute or byte is refused, in the vendor's words, naming the attribute and not its value."""
    started = draft()
    started.check_attributes(started.object_json(attributes, "attributes"))
    assert wrong(started) == [line]


def test_event_data_has_its_limit() -> None:
    """100,000 bytes of data are taken and one more is not."""
    for size, lines in ((99_992, []), (99_993, ["data: event data cannot be longer than 100000 bytes"])):
        started = draft(stamp=False)
        _, encoded = started.event_parts("bought", {"a": "x" * size}, None)
        assert len(encoded) - size == 8
        assert wrong(started) == lines


# Joining


@given(
    st.dictionaries(st.text(max_size=4), st.integers(), max_size=4),
    st.dictionaries(st.text(max_size=4), st.text()),
)
def test_joined_objects_have_the_names_of_both(first: dict[str, Any], second: dict[str, Any]) -> None:
    """Two objects without a name in common become one with the names of both, in order."""
    second = {name: value for name, value in second.items() if name not in first}
    joined = merge_objects(msgspec.json.encode(first), msgspec.json.encode(second))
    assert list(decoded(joined).items()) == [*first.items(), *second.items()]


@given(st.dictionaries(st.sampled_from(["a", "ab", "b", "é", " "]), st.text(max_size=3)), st.text(max_size=2))
def test_names_are_found_at_the_top_alone(found: dict[str, str], name: str) -> None:
    """A name counts where it is a name of the object itself, not in a value or deeper."""
    encoded = msgspec.json.encode(found | {"inner": {name: name}, "list": [name]})
    assert has_key(encoded, name) is (name in found)
    assert has_key(encoded, "inner")


# The whole


def test_finish_tells_everything_at_once() -> None:
    """A draft without problems finishes, one with problems raises them all."""
    started = draft()
    started.finish("Track")
    started.refuse("person", "one")
    started.refuse("", "two")
    with pytest.raises(InvalidData) as caught:
        started.finish("Track")
    assert str(caught.value) == "Track: 2 problems\n  - person: one\n  - two"
    assert caught.value.subject == "Track"
