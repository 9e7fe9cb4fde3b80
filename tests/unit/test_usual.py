"""The usual event in one go: the same bytes as the thorough way, or nothing."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ciokit import Attributes, Email, Event, InvalidData, Outbox, Track, TrackClient, field, new_ulid
from ciokit.encoding.drafts import Draft, Encoding
from ciokit.encoding.track_v2 import _encode  # pyright: ignore[reportPrivateUsage]
from ciokit.encoding.usual import encode_present, encode_usual


class Opened(Event, name="Opened é"):
    issue: int
    where: str | None = None
    score: float | None = None


class Viewed(Event):
    where: str | None = None


class Stamped(Event):
    at: int = field(name="tracked_at")


class Paid(Event):
    total: Decimal
    at: dt.datetime | None = None
    per_day: tuple[Decimal, ...] = ()


@given(
    person=st.text(min_size=1, max_size=60),
    issue=st.integers(),
    where=st.none() | st.text(max_size=20),
    score=st.none() | st.floats(),
    when=st.integers(-5, 10**12),
    now=st.integers(0, 2 * 10**9),
    stamp=st.booleans(),
)
def test_the_usual_way_and_the_thorough_way_make_the_same_bytes(
    *, person: str, issue: int, where: str | None, score: float | None, when: int, now: int, stamp: bool
) -> None:
    """What the usual way encodes is byte for byte what the thorough way encodes, without a problem."""
    operation = Track(person, Opened(issue=issue, where=where, score=score), timestamp=when)
    usual = encode_usual(operation, Encoding(stamp=stamp), now)
    draft = Draft(Encoding(stamp=stamp), now)
    thorough = _encode(operation, draft)
    if usual is not None:
        assert usual == thorough
        assert not draft.problems


@given(
    total=st.decimals(),
    at=st.none() | st.datetimes(timezones=st.none() | st.timezones()),
    per_day=st.lists(st.decimals(), max_size=3).map(tuple),
    naive_utc=st.booleans(),
)
def test_money_and_moments_are_the_same_bytes_both_ways(
    *, total: Decimal, at: dt.datetime | None, per_day: tuple[Decimal, ...], naive_utc: bool
) -> None:
    """Values that msgspec cannot write itself come out of both ways alike; a wrong one is left to the thorough way."""
    encoding = Encoding(naive_utc=naive_utc)
    operation = Track("user-1", Paid(total=total, at=at, per_day=per_day), timestamp=5)
    usual = encode_usual(operation, encoding, 7)
    draft = Draft(encoding, 7)
    thorough = _encode(operation, draft)
    wrong = at is not None and at.tzinfo is None and not naive_utc
    assert (usual is None) == wrong == bool(draft.problems)
    if usual is not None:
        assert usual == thorough


@pytest.mark.parametrize(
    "operation",
    [
        Track("user-1", Opened(issue="x")),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        Track("user-1", Opened(issue=1), extra={"a": 1}),
        Track("user-1", Opened(issue=1), {"a": 1}),
        Track("user-1", "Opened", {"a": 1}),
        Track(Email("a@example.com"), Opened(issue=1)),
        Track("", Opened(issue=1)),
        Track("  ", Opened(issue=1)),
        Track("\ud800", Opened(issue=1)),
        Track("x" * 38, Opened(issue=1)),
        Track("user-1", Opened(issue=1), id="no ulid"),
        Track("user-1", Opened(issue=1), timestamp=1.5),
        Track("user-1", Opened(issue=1), timestamp=-1),
        Track("user-1", Opened(issue=1), timestamp=True),
        Track("user-1", Opened(issue=1, where="x" * 40_000)),
        Track("user-1", Viewed()),
        Track("user-1", Stamped(at=1)),
        Track("user-1", Paid(total="1")),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        Track("user-1", Paid(total=Decimal(1), at=dt.datetime(2026, 1, 1))),  # noqa: DTZ001 - naive is the case
        Track("user-1", Viewed, {"a": 1}),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ],
)
def test_what_is_unusual_is_left_to_the_thorough_way(operation: Any) -> None:
    """Nothing unusual, wrong or oversize is encoded here."""
    assert encode_usual(operation, Encoding(), 1) is None


def test_the_usual_event_is_encoded_here() -> None:
    """A declared event of a person with a short id takes the short way, so the test above compares something."""
    entry = encode_usual(Track("user-1", Opened(issue=1), id=new_ulid(), timestamp=5), Encoding(), 7)
    assert entry is not None
    assert entry.body.endswith(b'"timestamp":5,"attributes":{"issue":1,"tracked_at":7}}')


def test_one_class_does_not_lend_its_ways_to_another() -> None:
    """Each event carries its own name, whichever was encoded before, and the time of its own second."""
    for event, now, end in (
        (Opened(issue=1), 7, b'{"issue":1,"tracked_at":7}}'),
        (Viewed(where="x"), 8, b'{"where":"x","tracked_at":8}}'),
        (Opened(issue=2), 8, b'{"issue":2,"tracked_at":8}}'),
    ):
        entry = encode_usual(Track("user-1", event), Encoding(), now)
        assert entry is not None
        assert b'"name":%b,' % event.__event_json__ in entry.body
        assert entry.body.endswith(end)


@given(
    person=st.text(max_size=60),
    issue=st.integers() | st.text(max_size=3),
    where=st.none() | st.text(max_size=20),
    now=st.floats(0, 2e9),
    stamp=st.booleans(),
)
def test_an_event_of_this_moment_is_encoded_as_its_operation_would_be(
    *, person: str, issue: Any, where: str | None, now: float, stamp: bool
) -> None:
    """The shortest way makes an id and a time, and else the same bytes; what it leaves aside the usual way leaves too."""
    event = Opened(issue=issue, where=where)
    entry = encode_present(person, event, Encoding(stamp=stamp), now)
    ulid = new_ulid(int(now * 1000)) if entry is None or entry.id is None else entry.id
    operation = Track(person, event, id=ulid, timestamp=int(now))
    assert entry == encode_usual(operation, Encoding(stamp=stamp), int(now))


class Closed(Event):
    why: str


def test_an_outbox_takes_the_events_of_its_catalogue_alone() -> None:
    """The short way refuses what the client is not bound to, and a catalogue that is none, as the long way does."""
    with TrackClient[Attributes, Opened]("site", "key", base_url="http://127.0.0.1:9") as bound:
        assert bound.encode_now("user-1", Opened(issue=1)) is not None
        assert bound.encode_now("user-1", Closed(why="x")) is None
        outbox = Outbox(bound, senders=0)
        with pytest.raises(InvalidData, match="bound to a catalogue; expected Opened, got Closed"):
            outbox.track("user-1", Closed(why="x"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        outbox.close(0)
    kind: Any = TrackClient
    with kind[str, int]("site", "key", base_url="http://127.0.0.1:9") as wrong:
        assert wrong.encode_now("user-1", Opened(issue=1)) is None
