"""Operations of version 1: their paths, bodies and rules."""

from collections import deque
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ciokit import operations as ops
from ciokit.encoding.drafts import Encoding
from ciokit.encoding.track_v2 import encode
from ciokit.errors import InvalidData
from ciokit.events import Event
from ciokit.identifiers import CioId, Email, Id, ObjectId, Phone
from ciokit.ulids import is_ulid
from ciokit.wire import Entry

ULID = "01BX5ZZKBKACTAV9WEVGEMMVRY"
NOW = 1_713_484_800.5
PLAIN = Encoding(stamp=False)


class Invited(Event):
    """An event."""

    by: str
    at: int | None = None


def mistyped(value: Any) -> Any:
    """Hide a value from the type checkers, which would refuse it."""
    return value


def entry(operation: Any, encoding: Encoding = PLAIN) -> Entry:
    """Encode an operation as it would be at one moment."""
    return encode(operation, encoding, NOW)


def problems(operation: Any) -> list[str]:
    """Return what an operation is refused for."""
    with pytest.raises(InvalidData) as caught:
        entry(operation)
    return [str(problem) for problem in caught.value.problems]


OPERATIONS: list[tuple[Any, str, Any, tuple[str, ...], str, bool]] = [
    (
        ops.AnonymousEvent(anonymous_id="anon", event=Invited(by="ann"), id=ULID, timestamp=5),
        "/api/v1/events",
        {
            "anonymous_id": "anon",
            "name": "invited",
            "id": ULID,
            "type": "event",
            "timestamp": 5,
            "data": {"by": "ann"},
        },
        ("anonymous_id:anon",),
        "anonymous_event",
        True,
    ),
    (
        ops.AnonymousEvent(event="seen", data={"a": 1}, extra={"b": 2}, type="page", id=ULID, timestamp=5),
        "/api/v1/events",
        {"name": "seen", "id": ULID, "type": "page", "timestamp": 5, "data": {"a": 1, "b": 2}},
        (),
        "anonymous_event",
        True,
    ),
    (
        ops.AddToSegment(7, ["1", "2"]),
        "/api/v1/segments/7/add_customers",
        {"ids": ["1", "2"]},
        ("segment:7",),
        "add_customers",
        True,
    ),
    (
        ops.RemoveFromSegment(7, ("a@b",), "email"),
        "/api/v1/segments/7/remove_customers?id_type=email",
        {"ids": ["a@b"]},
        ("segment:7",),
        "remove_customers",
        True,
    ),
    (
        ops.SubmitForm("f 1", "42", {"name": "Ann"}),
        "/api/v1/forms/f%201/submit",
        {"data": {"id": "42", "name": "Ann"}},
        ("id:42",),
        "form",
        False,
    ),
    (
        ops.SubmitForm("f", Email("A@b")),
        "/api/v1/forms/f/submit",
        {"data": {"email": "A@b"}},
        ("email:a@b",),
        "form",
        False,
    ),
    (
        ops.ReportMetric(
            delivery_id="d", metric="clicked", timestamp=5, recipient="r", reason="because", href="https://x"
        ),
        "/api/v1/metrics",
        {
            "delivery_id": "d",
            "metric": "clicked",
            "timestamp": 5,
            "recipient": "r",
            "reason": "because",
            "href": "https://x",
        },
        ("delivery:d",),
        "metric",
        False,
    ),
    (
        ops.ReportMetric(delivery_id="d", metric="opened"),
        "/api/v1/metrics",
        {"delivery_id": "d", "metric": "opened"},
        ("delivery:d",),
        "metric",
        False,
    ),
    (
        ops.ReportPush(delivery_id="d", event="opened", device_id="t", timestamp=5),
        "/api/v1/push/events",
        {"delivery_id": "d", "event": "opened", "device_id": "t", "timestamp": 5},
        ("delivery:d",),
        "push_event",
        False,
    ),
    (
        ops.Unsubscribe("dgO/+=="),
        "/unsubscribe/dgO%2F%2B%3D%3D",
        {"unsubscribe": True},
        ("delivery:dgO/+==",),
        "unsubscribe",
        True,
    ),
]


@pytest.mark.parametrize(("operation", "path", "body", "keys", "kind", "replay_safe"), OPERATIONS)
def test_operation_is_the_vendors_request(
    operation: Any, path: str, body: Any, keys: tuple[str, ...], kind: str, *, replay_safe: bool
) -> None:
    """Each operation goes to its own path with the vendor's body, and is repeated only where that does no harm."""
    made = entry(operation)
    assert msgspec.json.decode(made.body) == body
    assert (made.route.method, made.route.path, made.route.batch) == ("POST", path, "")
    assert (made.keys, made.kind, made.replay_safe) == (keys, kind, replay_safe)


def test_anonymous_event_is_stamped_and_has_an_id() -> None:
    """An anonymous event gets what a person's gets: a ULID, its time, and the stamp of the call."""
    body = msgspec.json.decode(entry(ops.AnonymousEvent(event="e"), Encoding()).body)
    assert is_ulid(body["id"])
    assert body["timestamp"] > NOW
    assert body["data"] == {"tracked_at": 1713484800}


# Paths


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("plain-1_2~3", "plain-1_2~3"),
        ("a/b", "a%2Fb"),
        ("a+b c", "a%2Bb%20c"),
        ("a@b&c=d?e#f", "a%40b%26c%3Dd%3Fe%23f"),
        (".", "%2E"),
        ("..", "%2E%2E"),
        ("...", "%2E%2E%2E"),
        ("a.b", "a.b"),
        ("../../admin", "..%2F..%2Fadmin"),
        ("100%", "100%25"),
        ("é😀", "%C3%A9%F0%9F%98%80"),
        ("a\r\nHost: evil", "a%0D%0AHost%3A%20evil"),
    ],
)
def test_path_part_stays_one_part(text: str, part: str) -> None:
    """A text in a path is percent-encoded whole: no slash, dot or line break of it is the path's own."""
    assert entry(ops.Unsubscribe(text)).route.path == f"/unsubscribe/{part}"
    assert entry(ops.SubmitForm(text, "1")).route.path == f"/api/v1/forms/{part}/submit"


@given(st.text(min_size=1).filter(str.strip))
@example(".. ")
def test_path_part_comes_back(text: str) -> None:
    """Any text in a path is the same text again at the other side, between the same slashes."""
    path = entry(ops.Unsubscribe(text)).route.path
    assert path.isascii()
    assert path.count("/") == 2
    assert unquote(path.removeprefix("/unsubscribe/")) == text
    assert path.rpartition("/")[2] not in {".", ".."}


# Segments


@pytest.mark.parametrize(
    "ids", [["1"] * 1000, ("1",), {"1"}, frozenset({"1"}), deque(["1"]), {"1": 0}.keys(), ["é" * 75]]
)
def test_segment_takes_one_to_a_thousand_ids(ids: Any) -> None:
    """Up to 1,000 ids of up to 150 bytes are taken, in any kind of list."""
    assert len(msgspec.json.decode(entry(ops.AddToSegment(1, ids)).body)["ids"]) == len(ids)


@pytest.mark.parametrize(
    "ids", [[], ["1"] * 1001, "42", b"42", None, 5, {"1": "2"}, (text for text in ["1"]), [["1"] * 2] * 1001]
)
def test_segment_refuses_what_is_no_list_of_ids(ids: Any) -> None:
    """None, one text, a mapping, a generator and a list too long are refused."""
    assert problems(ops.RemoveFromSegment(1, ids)) == ["ids: expected a list of 1 to 1000 ids"]


@pytest.mark.parametrize(
    "ids", [["1", ""], ["1", " "], [5], [None], ["x" * 151], ["é" * 75 + "x"], [["1"]], [Id("1")]]
)
def test_segment_refuses_wrong_ids(ids: Any) -> None:
    """An id that Customer.io would silently ignore is refused."""
    (line,) = problems(ops.AddToSegment(1, ids))
    assert line.startswith("ids: expected each id to be text of 1 to 150 bytes")


def test_segment_takes_addresses_of_any_length_that_an_attribute_has() -> None:
    """The 150 bytes are of ids; an e-mail address has the 1,000 of an attribute's value."""
    address = "a@" + "x" * 998
    assert msgspec.json.decode(entry(ops.AddToSegment(1, [address], "email")).body) == {"ids": [address]}
    (line,) = problems(ops.AddToSegment(1, ["a@" + "x" * 999], "email"))
    assert line.startswith("ids: expected each id to be text of 1 to 1000 bytes")


def test_segment_tells_everything_at_once() -> None:
    """All that is wrong with a segment call is in one error."""
    assert problems(ops.AddToSegment(0, [], mistyped("phone"))) == [
        "segment_id: expected a whole number from 1",
        "id_type: expected one of 'id', 'email', 'cio_id'",
        "ids: expected a list of 1 to 1000 ids",
    ]
    assert problems(ops.AddToSegment(mistyped("7/../8"), ["1"])) == [
        "segment_id: expected a whole number from 1"
    ]


# Forms


@pytest.mark.parametrize("person", [Phone("+14155552671"), CioId("a3"), ObjectId("1", "a"), None, 5])
def test_form_names_a_person_by_id_or_email(person: Any) -> None:
    """Who is named in another way than a form can is refused once."""
    assert problems(ops.SubmitForm("f", person)) == ["person: a form names a person by id or e-mail address"]


def test_form_refuses_names_that_mean_something_else() -> None:
    """Fields that Customer.io ignores or takes for the person are refused, each by its name."""
    ignored = ("form_id", "form_name", "form_type", "form_url", "form_url_param")
    lines = problems(ops.SubmitForm("f", "1", dict.fromkeys([*ignored, "id", "email"], "x")))
    assert lines == [
        *(f"fields.{name}: is ignored by Customer.io; choose another name" for name in ignored),
        "fields.id: names the person; pass it as person=",
        "fields.email: names the person; pass it as person=",
    ]


def test_form_tells_everything_at_once() -> None:
    """All that is wrong with a form is in one error."""
    assert [line.partition(":")[0] for line in problems(ops.SubmitForm("", "", mistyped([1])))] == [
        "fields",
        "person",
        "form_id",
    ]


# Metrics


def test_metric_tells_everything_once() -> None:
    """Each wrong argument of a metric is told once, with its choices where it has them."""
    assert problems(
        ops.ReportMetric(
            delivery_id=mistyped(object()),
            metric=mistyped("seen"),
            timestamp=-1,
            recipient="",
            reason=mistyped(5),
            href=mistyped(b""),
        )
    ) == [
        "delivery_id: expected text that is not blank",
        "metric: expected one of 'bounced', 'clicked', 'converted', 'deferred', 'delivered', 'dropped', 'opened', 'spammed'",
        "timestamp: not Unix seconds: negative, or so large that it must be milliseconds",
        "recipient: expected text that is not blank",
        "reason: expected text that is not blank",
        "href: expected text that is not blank",
    ]
    assert problems(
        ops.ReportPush(delivery_id=" ", event=mistyped("clicked"), device_id="", timestamp=mistyped("x"))
    ) == [
        "delivery_id: expected text that is not blank",
        "event: expected one of 'opened', 'converted', 'delivered'",
        "device_id: expected text that is not blank",
        "timestamp: expected Unix seconds or a datetime with a time zone, got str",
    ]


def test_anonymous_event_tells_everything_at_once() -> None:
    """All that is wrong with an anonymous event is in one error."""
    operation = ops.AnonymousEvent(
        anonymous_id="",
        event="",
        data=mistyped(5),
        extra={"a": b""},
        type=mistyped("click"),
        id="x",
        timestamp=True,
    )
    assert [line.partition(":")[0] for line in problems(operation)] == [
        "event",
        "data",
        "extra.a",
        "anonymous_id",
        "id",
        "type",
        "timestamp",
    ]
    assert problems(ops.AnonymousEvent(event=Invited(by=mistyped(5), at=mistyped("x")))) == [
        "event.by: expected str, got int",
        "event.at: expected int, got str",
    ]


def test_stamp_counts_towards_the_datas_limit() -> None:
    """Data that only its stamp makes too long is refused here, not by the vendor."""
    operation = ops.AnonymousEvent(event="e", data={"a": "x" * 99_992})
    assert entry(operation).body
    with pytest.raises(InvalidData, match="event data cannot be longer than 100000 bytes"):
        entry(operation, Encoding())
