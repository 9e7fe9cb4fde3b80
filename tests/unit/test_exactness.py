"""Odd values in declared fields: whatever the annotation, the quick way sends what the encoder's table says, or nothing.

msgspec's conversion takes more than it checks for, and writes some of it in ways of its own. Here every value of a long
list is put into a field of every kind.
"""

import datetime as dt
import enum
import json
import typing
from collections import deque
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import numpy as np
import pytest

from ciokit import operations as ops
from ciokit.encoding.drafts import Encoding
from ciokit.encoding.track_v2 import encode
from ciokit.errors import InvalidData
from ciokit.events import DeclaredMeta, Event, Meta
from ciokit.identifiers import Email, ObjectId
from ciokit.values.forms import encode_declared
from ciokit.values.misfits import find
from ciokit.values.scalars import type_of
from ciokit.values.table import Refusal, to_json

MOMENT = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
KNOWN = UUID(int=7)


class Word(enum.StrEnum):
    """Texts."""

    A = "a"


class Color(enum.Enum):
    """Texts that are no str."""

    A = "a"
    RED = "red"


class Level(enum.IntEnum):
    """Numbers."""

    LOW = 1


class Lenient(enum.Enum):
    """An Enum that makes something of every value."""

    A = "a"

    @classmethod
    def _missing_(cls, value: object) -> "Lenient":
        return cls.A


class Rights(enum.Flag):
    """Flags, which make members of sums."""

    READ = 1
    WRITE = 2


class Text(str):
    """A text of a library's own, as a safe string is."""

    __slots__ = ()


class Whole(int):
    """A whole number of a library's own."""


class Real(float):
    """A number of a library's own."""


class Money(Decimal):
    """A Decimal of a library's own."""


class Moment(dt.datetime):
    """A datetime of a library's own, as pandas, pendulum and freezegun have them."""


class Day(dt.date):
    """A date of a library's own."""


class Proxy:
    """What stands in for a value, as a LocalProxy of werkzeug, a SimpleLazyObject of Django or a mock does."""

    def __init__(self, value: Any) -> None:
        self._value = value

    @property  # type: ignore[misc]
    def __class__(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        return type_of(self._value)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._value, name)


class Price(Event):
    """A struct within a struct."""

    amount: float
    id: UUID | None = None


class Sale(Price):
    """A struct that has more."""

    percent: float = 0


KINDS: list[Any] = [
    *(str, int, float, bool, None, Decimal, UUID, dt.datetime, dt.date, dt.time, dt.timedelta, Any),
    *(Word, Color, Level, Lenient, Rights),
    *(Literal["a", "b"], Literal[1, 2], Literal["a", 1] | None, Literal[Word.A], Literal[True]),
    *(
        float | None,
        float | str,
        int | str,
        UUID | None,
        UUID | int,
        Literal["a"] | int,
        Decimal | str | None,
    ),
    *(
        list[float],
        list[str],
        list[int],
        list[UUID],
        list[Lenient],
        list[list[float]],
        list,
        vars(typing)["List"],
        Sequence[str],
    ),
    *(tuple[float, str], tuple[float, ...], tuple[int, ...], tuple[()], tuple, set[str], frozenset[float]),
    *(
        dict[str, float],
        dict[str, Any],
        dict[UUID, float],
        dict[Word, int],
        dict[Lenient, int],
        dict[int, float],
    ),
    *(dict, Mapping[str, list[str]], dict[Literal["a"], int], dict[str, UUID] | None, list[float] | str),
    *(
        Price,
        Price | None,
        Price | float,
        list[Price],
        list[Price | float],
        dict[str, Price],
        tuple[Price, float],
    ),
    Annotated[float, Meta(ge=0)],
    Annotated[float | None, Meta(ge=0)],
    Annotated[list[float], Meta(max_length=2)],
    Annotated[str, Meta(max_length=3)],
    Annotated[Decimal, Meta(multiple_of=0.5)],
]
VALUES: list[Any] = [
    *(None, True, 0, 1, -1, 10**30, 0.5, -0.0, float("nan"), float("inf"), 1j),
    *("", "a", "red", "abcd", "a\0", "a\ud800", b"a", b"sixteen bytes ok", bytearray(b"a"), memoryview(b"a")),
    *(Decimal("0.5"), Decimal(1), Decimal("1E+400"), Decimal("1.23456789012345678901")),
    *(Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Money("0.5"), Money("NaN")),
    *(KNOWN, str(KNOWN), KNOWN.hex, str(UUID(int=2**128 - 1)).upper(), KNOWN.urn),
    *(MOMENT, MOMENT.replace(tzinfo=None), MOMENT.date(), MOMENT.time(), MOMENT - MOMENT),
    *("2024-01-01", "20240101", "2024-01-01T00:00:00Z", "01:00:00", "01:00:00Z", "25:00:00", "PT1S"),
    *(Word.A, Color.A, Color.RED, Level.LOW, Lenient.A, Rights.READ, Rights.READ | Rights.WRITE, Rights(0)),
    *(Text("a"), Whole(1), Real(0.5), Real("nan"), Moment(2024, 1, 1, tzinfo=dt.UTC), Day(2024, 1, 1)),
    *(np.int64(1), np.float64(0.5), np.float32(0.5), np.bool_(1), np.str_("a"), np.array([1]), np.array(1)),
    *([], [1], ["a"], (0.5, "a"), [0.5, 1], {1: 2}.keys(), {1: 2}.values(), range(3), deque([1]), iter(())),
    *([Decimal("NaN")], [Decimal("0.5")], [[Decimal("NaN")]], (Decimal("NaN"), "a"), [b"sixteen bytes ok"]),
    *({"b", "a", "d", "c"}, frozenset({77, 3, 100, 1}), {0.5}, [{"b", "a", "c"}], [["a"], None], [True]),
    *(
        {},
        {"a": 1},
        {"a": 0.5},
        {"a": Decimal("NaN")},
        {"a": True},
        {"a": {"b", "a"}},
        {"a": b"sixteen bytes ok"},
    ),
    *({1: 0.5}, {True: 0.5}, {KNOWN: 0.5}, {Word.A: 1}, {Level.LOW: 1}, {None: 1}, {b"a": 1}, {"a\ud800": 1}),
    *({Word.A: 1, "a": 2}, {"x": 1}, MappingProxyType({"a": 1}), {"amount": 0.5}, {"amount": Decimal("NaN")}),
    *(Price(amount=0.5), Sale(amount=0.5), [Price(amount=1), Sale(amount=2)], {"a": Sale(amount=1)}),
    Price(amount=Decimal("NaN")),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Price(amount=1, id=b"sixteen bytes ok"),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    [Price(amount=Decimal("NaN"))],  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    (Price(amount=1), Decimal("NaN")),
    *map(Proxy, ("a", 1, 0.5, KNOWN, MOMENT, [1], {"a": 1}, Price(amount=1))),
    *(10**5000, Whole(10**5000), [10**5000], {"a": 10**5000}, {10**5000: 1}),
    *(msgspec.UNSET, msgspec.Raw(b"1"), object(), UUID, str, len, ..., ValueError("a")),
]


def expected(value: Any, kind: Any) -> Any:
    """Return what the two thorough ways say of a value: its JSON, or None if it must be refused."""
    try:
        encoded = to_json(value)
    except Refusal:
        return None
    return None if list(find(value, kind)) else encoded


def sent(value: Any, kind: Any) -> Any:
    """Return what a declared class of one field sends, or None if it refuses the value."""
    declared: Any = DeclaredMeta(
        "Odd", (Event,), {"__annotations__": {"value": kind}, "__module__": __name__}
    )
    try:
        return encode_declared(declared(value=value)).removeprefix(b'{"value":')[:-1]
    except Refusal:
        return None


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_every_value_is_sent_as_the_table_says_or_refused(kind: Any) -> None:
    """No value of any kind is taken for another, made into what is no JSON, or lets msgspec's own errors out."""
    answers = [
        (index, type_of(value), sent(value, kind), expected(value, kind))
        for index, value in enumerate(VALUES)
    ]
    assert [answer for answer in answers if answer[2] != answer[3]] == []


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_what_is_sent_is_json(value: Any) -> None:
    """Nothing that is sent holds a NaN or half a character, which no reader of JSON takes."""
    for kind in KINDS:
        encoded = sent(value, kind)
        if encoded is not None:
            json.loads(encoded.decode(), parse_constant=pytest.fail)


SAME: list[tuple[Any, Any, bytes]] = [
    (Literal["a", "b"], Text("a"), b'"a"'),
    (Literal["a", "b"], Word.A, b'"a"'),
    (Literal["a", "b"], np.str_("a"), b'"a"'),
    (Literal[1, 2], Level.LOW, b"1"),
    (Literal[1, 2], Whole(2), b"2"),
    (Color, Text("a"), b'"a"'),
    (Color, Word.A, b'"a"'),
    (float, Whole(1), b"1"),
    (float, Level.LOW, b"1"),
    (float, Decimal("0.5"), b"0.5"),
    (float, Decimal("NaN"), b"null"),
    (float, Decimal("sNaN"), b"null"),
    (list[float], [Decimal("Infinity")], b"[null]"),
    (list[str], {"c", "a", "b"}, b'["a","b","c"]'),
    (dt.datetime, Moment(2024, 1, 1, tzinfo=dt.UTC), b"1704067200"),
]
OTHER: list[tuple[Any, Any, str]] = [
    (Literal["a", "b"], Text("c"), "value: expected one of 'a', 'b'"),
    (Literal[1, 2], True, "value: expected one of 1, 2"),
    (UUID, b"sixteen bytes ok", "value: expected UUID, got bytes"),
    (UUID, "a\ud800", "value: expected UUID, got str"),
    (dt.date, "a\ud800", "value: expected date, got str"),
    (Lenient, "b", "value: expected one of 'a'"),
    (Rights, 3, "value: expected one of 1, 2"),
    (dict[str, int], range(3), "value: expected a mapping, got range"),
    (int, np.int64(1), "value: expected int, got int64; pass what its tolist() returns"),
    (Any, np.array([1]), "value: ndarray has no form in JSON; pass what its tolist() returns"),
    (str, Proxy("a"), "value: expected str, got Proxy; it stands in for str: pass the value itself"),
    (
        list[int],
        Proxy([1]),
        "value: expected list[int], got Proxy; it stands in for list: pass the value itself",
    ),
    (Any, {Proxy("a"): 1}, "value: a key is Proxy; keys must be text"),
    (int, 10**5000, "value: a whole number of more than 4300 digits cannot be sent"),
    (dict[int, str], {10**5000: 1}, "value.int: expected str, got int"),
    (Annotated[dt.datetime, Meta(tz=False)], MOMENT, "value: expected datetime without a time zone"),
    (Annotated[int, Meta(multiple_of=2)], 10**5000 + 1, "value: expected int a multiple of 2"),
]


@pytest.mark.parametrize(("kind", "value", "encoded"), SAME)
def test_what_arrives_as_the_same_json_is_taken(kind: Any, value: Any, encoded: bytes) -> None:
    """A value of another type that arrives as the same JSON is no mistake."""
    assert sent(value, kind) == encoded


@pytest.mark.parametrize(("kind", "value", "problem"), OTHER, ids=lambda part: type(part).__name__)
def test_what_does_not_is_refused_in_words(kind: Any, value: Any, problem: str) -> None:
    """What msgspec alone would have taken, or failed at, is refused with its path."""
    declared: Any = DeclaredMeta(
        "Odd", (Event,), {"__annotations__": {"value": kind}, "__module__": __name__}
    )
    with pytest.raises(Refusal) as caught:
        encode_declared(declared(value=value))
    assert problem in [str(found) for found in caught.value.problems]


def test_no_part_of_an_operation_takes_a_proxy_for_what_it_claims_to_be() -> None:
    """A stand-in for text, a list or a time is refused by its type, and raises no error of Python's own."""
    stand_in: Any = Proxy
    proxied: list[ops.Operation] = [
        ops.Track(stand_in("user-1"), "a"),
        ops.Track(Email(stand_in("a@example.com")), "a"),
        ops.Track("user-1", stand_in("a")),
        ops.Track("user-1", stand_in(Price(amount=1))),
        ops.Track("user-1", "a", stand_in({"b": 1})),
        ops.Track("user-1", "a", extra=stand_in({"b": 1})),
        ops.Track("user-1", "a", timestamp=stand_in(5)),
        ops.Identify("user-1", remove=[stand_in("a")]),
        ops.Identify("user-1", remove=stand_in(["a"])),
        ops.AddDevice("user-1", token=stand_in("t"), platform=stand_in("ios")),
        ops.DeleteObject(ObjectId(stand_in("1"), stand_in("acme"))),
        ops.AddToSegment(stand_in(1), [stand_in("user-1")]),
    ]
    for operation in proxied:
        with pytest.raises(InvalidData):
            encode(operation, Encoding(), 1.0)


def test_unreadable_annotation_has_no_empty_path() -> None:
    """What concerns a whole event is told of the event."""
    unread: Any = DeclaredMeta(
        "Odd", (Event,), {"__annotations__": {"value": "Missing"}, "__module__": __name__}
    )
    with pytest.raises(InvalidData, match="event: the annotations cannot be read"):
        encode(ops.Track("user-1", unread(value=1)), Encoding(), 1.0)
