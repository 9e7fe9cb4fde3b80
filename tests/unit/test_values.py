"""What each Python value becomes in JSON: the whole table, and that nothing else ever gets out."""

import dataclasses
import datetime as dt
import enum
import json
import math
from collections import ChainMap, Counter, OrderedDict, UserDict, defaultdict, deque
from collections.abc import Callable, Collection
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, NamedTuple, NoReturn, TypeGuard
from uuid import UUID
from zoneinfo import ZoneInfo

import attrs
import msgspec
import pydantic
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ciokit.errors import Problem
from ciokit.events import Attributes, Event, field
from ciokit.values.defaults import equals
from ciokit.values.table import (
    DEPTH,
    MOST_PROBLEMS,
    NAIVE,
    NAME_LENGTH,
    Refusal,
    Walk,
    is_mapping,
    join,
    to_json,
)

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
NO_ZONE = EPOCH.replace(year=2024, tzinfo=None)
BAD: Any = object()
KNOWN_ID = UUID("12345678-1234-5678-1234-567812345678")


class Text(str):
    """A text of a library's own, as Django's safe strings are."""

    __slots__ = ()

    def __str__(self) -> str:
        return "not what it is"


class Whole(int):
    """A whole number that prints in a way of its own."""

    def __str__(self) -> str:
        return "not what it is"


class Real(float):
    """A number as numpy's float64, which is a float too."""


class Money(Decimal):
    """A Decimal that prints in a way of its own."""

    def __str__(self) -> str:
        return "EUR"


class NotATime(dt.datetime):
    """A datetime that is none, as pandas' NaT: no equal of itself."""

    def __eq__(self, other: object) -> bool:
        return False

    def __ne__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


class Odd(dt.datetime):
    """A datetime whose subtraction is a library's own, as pendulum's."""

    def __sub__(self, other: Any) -> NoReturn:
        raise AssertionError


class Color(enum.Enum):
    """An Enum of text."""

    RED = "red"


class Mixed(enum.Enum):
    """An Enum of all sorts."""

    WHEN = dt.date(2024, 1, 2)
    MANY = (1, 2)
    NOTHING = math.nan


class Level(enum.IntEnum):
    """An Enum that is an int."""

    HIGH = 3


class Plan(enum.StrEnum):
    """An Enum that is a str."""

    PRO = "pro"


class Right(enum.Flag):
    """A set of flags."""

    READ = 1
    WRITE = 2


class Pair(NamedTuple):
    """A named tuple."""

    left: int
    right: Decimal


class Item(msgspec.Struct):
    """A struct of the application's own."""

    sku: str
    count: int = 1
    tags: list[str] = msgspec.field(default_factory=list[str])
    note: str | None = msgspec.field(default=None, name="remark")


class Bought(Event):
    """A declared event."""

    item: Item
    at: dt.datetime | None = None
    from_: str = field(default="web", name="from")


class Person(Attributes):
    """Declared attributes."""

    email: str


@dataclasses.dataclass
class Address:
    """A dataclass."""

    city: str
    since: dt.date | None = None


@attrs.define
class Owner:
    """An attrs class."""

    name: str
    homes: list[Address] = attrs.Factory(list[Address])


class Account(pydantic.BaseModel):
    """A pydantic model, with an alias and a computed field."""

    id: UUID
    opened: dt.datetime = pydantic.Field(serialization_alias="openedAt")
    hidden: str = pydantic.Field(default="x", exclude=True)

    @pydantic.computed_field
    def year(self) -> int:
        """Return the year."""
        return self.opened.year


def refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python's parser would take though JSON has none."""
    raise AssertionError(name)


def strict(encoded: bytes) -> Any:
    """Decode by a parser that is not the encoder's own, and refuse what JSON does not have."""

    def no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len({name for name, _ in pairs}) == len(pairs)
        return dict(pairs)

    return json.loads(encoded.decode(), parse_constant=refuse_constant, object_pairs_hook=no_twins)


def sent(value: Any, *, naive_utc: bool = False) -> Any:
    """Return what arrives of a value."""
    return strict(to_json(value, naive_utc=naive_utc))


def problems(value: Any, path: str = "", *, naive_utc: bool = False) -> list[tuple[str, str]]:
    """Return the paths and messages of what is refused."""
    with pytest.raises(Refusal) as caught:
        to_json(value, path, naive_utc=naive_utc)
    return [(problem.path, problem.message) for problem in caught.value.problems]


TABLE: list[tuple[Any, str]] = [
    ("text", '"text"'),
    ('a"\\\n\x00é€😀\u2028', '"a\\"\\\\\\n\\u0000é€😀\u2028"'),
    (Text("text"), '"text"'),
    ("lone \ud800 high", '"lone \ufffd high"'),
    ("lone \udfff low", '"lone \ufffd low"'),
    ("\ud83d\ude00", '"😀"'),
    ({"\ud800": ["\udc00", {"b": "\ud800"}]}, '{"\ufffd":["\ufffd",{"b":"\ufffd"}]}'),
    (True, "true"),
    (False, "false"),
    (None, "null"),
    (0, "0"),
    (-(2**63) - 1, "-9223372036854775809"),
    (2**64, "18446744073709551616"),
    (10**40, "1" + "0" * 40),
    (Whole(7), "7"),
    (1.5, "1.5"),
    (Real(2.25), "2.25"),
    (1e308, "1e308"),
    (math.nan, "null"),
    (math.inf, "null"),
    (-math.inf, "null"),
    (Real("nan"), "null"),
    (Decimal("19.90"), "19.90"),
    (Decimal("0.1"), "0.1"),
    (Decimal("-0.0"), "-0.0"),
    (Decimal("123456789012.345"), "123456789012.345"),
    (Decimal("123456789012.3456"), '"123456789012.3456"'),
    (Decimal("0.1234567890123456789"), '"0.1234567890123456789"'),
    (Decimal("1E+299"), "1E+299"),
    (Decimal("1E+300"), '"1E+300"'),
    (Decimal("1E-300"), '"1E-300"'),
    (Decimal("NaN"), "null"),
    (Decimal("sNaN"), "null"),
    (Decimal("-Infinity"), "null"),
    (Money("3.50"), "3.50"),
    (EPOCH, "0"),
    (dt.datetime(2024, 4, 19, 0, 0, 0, 999_999, tzinfo=dt.UTC), "1713484800"),
    (dt.datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=dt.UTC), "-1"),
    (dt.datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=dt.UTC), "253402300799"),
    (dt.datetime.min.replace(tzinfo=dt.timezone(dt.timedelta(hours=23))), "-62135679600"),
    (dt.datetime(2024, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=-8))), "1704096000"),
    (Odd(2024, 1, 1, tzinfo=dt.UTC), "1704067200"),
    (NotATime(2024, 1, 1), "null"),
    (NotATime(2024, 1, 1, tzinfo=dt.UTC), "null"),
    (dt.date(2024, 2, 29), '"2024-02-29"'),
    (dt.date(1, 1, 1), '"0001-01-01"'),
    (dt.time(12, 30), '"12:30:00"'),
    (dt.time(12, 30, 0, 5), '"12:30:00.000005"'),
    (dt.time(12, 30, tzinfo=dt.UTC), '"12:30:00+00:00"'),
    (dt.timedelta(minutes=2), "120"),
    (dt.timedelta(seconds=-1.5), "-1.5"),
    (dt.timedelta(days=-1), "-86400"),
    (KNOWN_ID, '"12345678-1234-5678-1234-567812345678"'),
    (Color.RED, '"red"'),
    (Mixed.WHEN, '"2024-01-02"'),
    (Mixed.MANY, "[1,2]"),
    (Mixed.NOTHING, "null"),
    (Level.HIGH, "3"),
    (Plan.PRO, '"pro"'),
    (Right.READ | Right.WRITE, "3"),
    ({}, "{}"),
    ({"a": {"b": [1]}}, '{"a":{"b":[1]}}'),
    ({Color.RED: 1, 7: 2, Whole(8): 3, KNOWN_ID: 4, Text("t"): 5, Level.HIGH: 6, Plan.PRO: 7},
     '{"red":1,"7":2,"8":3,"12345678-1234-5678-1234-567812345678":4,"t":5,"3":6,"pro":7}'),
    (OrderedDict(a=1), '{"a":1}'),
    (defaultdict(int, a=1), '{"a":1}'),
    (Counter("aab"), '{"a":2,"b":1}'),
    (ChainMap({"a": 1}, {"a": 2}), '{"a":1}'),
    (UserDict({"a": 1}), '{"a":1}'),
    (MappingProxyType({"a": 1}), '{"a":1}'),
    ([1, [2]], "[1,[2]]"),
    ((1, Decimal("2.50")), "[1,2.50]"),
    (deque([1]), "[1]"),
    (Pair(1, Decimal("0.5")), "[1,0.5]"),
    ({3, 1, 2}, "[1,2,3]"),
    (frozenset({"b", "a"}), '["a","b"]'),
    ({"k": 1}.keys(), '["k"]'),
    ({1, 2.5, Decimal("0.5")}, "[0.5,1,2.5]"),
    (Item("a"), '{"sku":"a"}'),
    (Item("a", 2, ["x"], "n"), '{"sku":"a","count":2,"tags":["x"],"remark":"n"}'),
    (Bought(item=Item("a"), at=EPOCH, from_="app"), '{"item":{"sku":"a"},"at":0,"from":"app"}'),
    (Bought(item=Item("a", count=1)), '{"item":{"sku":"a"}}'),
    (Person(email="x"), '{"email":"x"}'),
    (Address("Rome"), '{"city":"Rome","since":null}'),
    (Owner("n", [Address("Rome", dt.date(2024, 1, 1))]),
     '{"name":"n","homes":[{"city":"Rome","since":"2024-01-01"}]}'),
    (Account(id=KNOWN_ID, opened=EPOCH),
     '{"id":"12345678-1234-5678-1234-567812345678","openedAt":0,"year":1970}'),
    (pydantic.RootModel[list[int]]([1, 2]), "[1,2]"),
    (pydantic.RootModel[dict[str, Any]]({"a": EPOCH}), '{"a":0}'),
]  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), TABLE)
def test_the_table(value: Any, expected: str) -> None:
    """Each kind of value becomes exactly what the table says, alone and inside other values."""
    assert to_json(value) == expected.encode()
    assert to_json({"a": [value]}) == b'{"a":[%b]}' % expected.encode()
    strict(to_json(value))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (b"x", "bytes cannot be sent"),
        (bytearray(b"x"), "bytearray cannot be sent"),
        (memoryview(b"x"), "memoryview cannot be sent"),
        (object(), "object has no form in JSON"),
        (1j, "complex has no form in JSON"),
        (Fraction(1, 3), "Fraction has no form in JSON"),
        (PurePosixPath("secret"), "PurePosixPath has no form in JSON"),
        (range(3), "range has no form in JSON"),
        ((number for number in (1, 2)), "generator has no form in JSON"),
        (ValueError("secret"), "ValueError has no form in JSON"),
        (len, "builtin_function_or_method has no form in JSON"),
        (Item, "StructMeta has no form in JSON"),
        (Address, "type has no form in JSON"),
        (Color, "EnumType has no form in JSON"),
        (pydantic.SecretStr("secret"), "SecretStr has no form in JSON"),
        (NO_ZONE, NAIVE),
        ({None: 1}, "a key is NoneType"),
        ({True: 1}, "a key is bool"),
        ({1.5: 1}, "a key is float"),
        ({(1, 2): 1}, "a key is tuple"),
        ({b"k": 1}, "a key is bytes"),
        ({Mixed.MANY: 1}, "a key is tuple"),
        ({dt.date(2024, 1, 1): 1}, "a key is date"),
    ],
)
def test_what_has_no_form_is_refused(value: Any, words: str) -> None:
    """What JSON has no form for is refused where it stands, by its type and without its value."""
    for around, path in ((value, "data"), ([{"x": value}], "data[0].x")):
        ((where, message),) = problems(around, "data")
        assert where == path
        assert message.startswith(words)
        assert "secret" not in message


def test_naive_datetimes_can_be_declared_utc() -> None:
    """A setting makes a datetime without a zone UTC, and leaves one that has a zone as it is."""
    tokyo = dt.datetime(2024, 1, 1, 9, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert sent([NO_ZONE, tokyo], naive_utc=True) == [1704067200, 1704067200]


def test_all_refusals_come_at_once() -> None:
    """Everything that is wrong is told together, each with its path."""
    value = {
        "a": object(),
        "b": [1, b"x", {"c": NO_ZONE}],
        "d": Address(BAD),
        "e": Item(sku=BAD),
        "f": {None: 1},
    }
    assert [path for path, _ in problems(value, "x")] == [
        "x.a",
        "x.b[1]",
        "x.b[2].c",
        "x.d.city",
        "x.e.sku",
        "x.f",
    ]


def test_refusals_are_bounded() -> None:
    """A long list of bad items makes no longer an error than a person reads."""
    assert len(problems([object()] * 10_000)) == MOST_PROBLEMS


def test_bad_keys_are_not_taken_for_twins() -> None:
    """Two keys that cannot be sent are each told as that, not as one name."""
    assert problems({None: 1, 1.5: 2, "": 3}) == [
        ("", "a key is NoneType; keys must be text"),
        ("", "a key is float; keys must be text"),
    ]


@pytest.mark.parametrize(
    "twins",
    [
        {1: "a", "1": "b"},
        {Color.RED: 1, "red": 2},
        {KNOWN_ID: 1, str(KNOWN_ID): 2},
        dict.fromkeys(["lone \ud800", "lone \ufffd"]),
        dict.fromkeys(map(chr, (0xD800, 0xDFFF))),
    ],
)
def test_two_keys_that_become_one_are_refused(twins: dict[Any, Any]) -> None:
    """Two keys that would be one name in JSON are refused, since one value would be lost."""
    ((path, message),) = problems({"in": twins})
    assert path.startswith("in.")
    assert message == "two keys become this one name"


# Loops and depth


def nested(depth: int, wrap: Callable[[Any], Any] = lambda inner: [inner]) -> Any:
    """Build a value nested so many levels deep."""
    value: Any = "x"
    for _ in range(depth):
        value = wrap(value)
    return value


def test_depth_is_bounded() -> None:
    """What is nested as deep as allowed is sent; one level more, or as deep as the stack, is refused."""
    assert sent(nested(DEPTH + 1)) == nested(DEPTH + 1)
    for depth in (DEPTH + 2, 5000):
        ((path, message),) = problems(nested(depth, lambda inner: {"a": inner}))
        assert path == ".".join("a" * (DEPTH + 1))
        assert message == f"nested deeper than {DEPTH} levels"


@dataclasses.dataclass
class Node:
    """A part of a tree that knows its parent, as ORM objects do."""

    parent: "Node | None" = None
    children: list["Node"] = dataclasses.field(default_factory=list["Node"])


def test_loops_are_refused_where_they_close() -> None:
    """A value inside itself is refused at once, however many ways lead back."""
    tree = Node()
    tree.children = [Node(tree) for _ in range(10)]
    assert problems(tree) == [(f"children[{index}].parent", "contains itself") for index in range(10)]
    around: list[Any] = []
    around += [around, around, {"a": around}]
    assert [path for path, _ in problems(around)] == ["[0]", "[1]", "[2].a"]


def test_one_value_in_two_places_is_no_loop() -> None:
    """The same object may stand in many places."""
    shared = {"a": [1]}
    assert sent([shared, shared, {"b": shared}]) == [shared, shared, {"b": shared}]


class Stubborn(pydantic.BaseModel):
    """A model whose own serializer fails, naming the value."""

    mail: str

    @pydantic.field_serializer("mail")
    def fail(self, value: str) -> str:
        """Fail as an application's own code may."""
        raise ArithmeticError(value)


def test_model_that_cannot_be_dumped_is_refused() -> None:
    """A pydantic model whose dump fails is refused by its type, without the words of the failure."""
    ((path, message),) = problems({"link": Stubborn(mail="secret")})
    assert path == "link"
    assert message.startswith("Stubborn cannot be dumped: ")
    assert "secret" not in message


def test_loop_through_a_model_is_refused() -> None:
    """A pydantic model inside itself is refused whatever pydantic makes of it."""

    class Link(pydantic.BaseModel):
        next: Any = None

    link = Link()
    link.next = [link]
    assert len(problems({"link": link})) == 1


def test_model_with_wrong_values_warns_of_nothing() -> None:
    """Pydantic's warning would show the value in a log; it is silent, and the value is sent as it is."""
    account = Account.model_construct(id="not a uuid", opened=EPOCH)
    assert sent(account) == {"id": "not a uuid", "openedAt": 0, "year": 1970}


def test_fields_never_set_are_refused() -> None:
    """A field that neither `__init__` nor anybody else has set is named, whoever made the class."""

    @dataclasses.dataclass
    class Data:
        done: int = dataclasses.field(init=False)

    @attrs.define
    class Made:
        done: int = attrs.field(init=False)

    assert problems({"a": Data(), "b": Made()}) == [("a.done", "was never set"), ("b.done", "was never set")]


# Paths


def test_paths_are_fit_for_a_log_line() -> None:
    """A name out of the data cannot forge a line, hide behind escapes, or fill the log."""
    for name in ("a\nERROR forged", "\x1b[2J", "\ud800", "\u2028", "\u202e"):
        ((path, _),) = problems({name: object()}, "data")
        assert path.isprintable()
        assert path.startswith("data.")
    ((path, _),) = problems({"k" * 100_000: object()})
    assert path == "k" * NAME_LENGTH + "…"
    assert join("", "k" * NAME_LENGTH) == "k" * NAME_LENGTH
    assert join("a", "b c") == "a.b c"


# Properties

ZONES = st.sampled_from(
    [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe",
                                 "Africa/Monrovia", "Pacific/Apia", "America/St_Johns")]
    + [dt.timezone(dt.timedelta(seconds=offset)) for offset in (-86399, -1, 0, 1, 20_700, 86399)]
)  # fmt: skip

AUTUMN = dt.datetime(2024, 10, 27, 2, 30, tzinfo=dt.UTC).replace(tzinfo=None)
LATEST = dt.datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=dt.UTC).replace(tzinfo=None)


@example({"half": "\ud800"})
@example({"\ud800": 1, "name": 2})
@given(
    st.dictionaries(
        st.text(st.characters()),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    )
)
def test_flat_data_are_encoded_as_others_are(value: dict[str, Any]) -> None:
    """A dict of texts and numbers, which no walk looks into, becomes what the same mapping of another kind does."""

    def outcome(given: Any) -> bytes | tuple[Problem, ...]:
        try:
            return to_json(given, "data")
        except Refusal as refusal:
            return refusal.problems

    assert outcome(value) == outcome(OrderedDict(value))


@given(moment=st.datetimes(), zone=ZONES, fold=st.sampled_from([0, 1]))
@example(moment=AUTUMN, zone=ZoneInfo("Europe/Berlin"), fold=0)
@example(moment=AUTUMN, zone=ZoneInfo("Europe/Berlin"), fold=1)
@example(moment=AUTUMN.replace(month=3, day=31), zone=ZoneInfo("Europe/Berlin"), fold=0)
@example(moment=AUTUMN.replace(year=1969, microsecond=1), zone=dt.UTC, fold=0)
@example(moment=AUTUMN.replace(year=1970), zone=ZoneInfo("Africa/Monrovia"), fold=0)
@example(moment=LATEST, zone=dt.UTC, fold=0)
def test_aware_datetimes_are_unix_seconds(moment: dt.datetime, zone: dt.tzinfo, fold: int) -> None:
    """An aware datetime is its Unix second by plain arithmetic, in any zone, in a repeated hour, before 1970."""
    aware = moment.replace(tzinfo=zone, fold=fold)
    offset = aware.utcoffset()
    assert offset is not None
    days = moment.toordinal() - dt.date(1970, 1, 1).toordinal()
    seconds = days * 86400 + moment.hour * 3600 + moment.minute * 60 + moment.second
    shift = offset.days * 86400 + offset.seconds
    assert offset.microseconds == 0
    assert sent(aware) == seconds - shift


def test_repeated_hour_is_two_hours() -> None:
    """The two half past twos of the night when clocks go back are an hour apart."""
    twice = dt.datetime(2024, 10, 27, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert sent([twice, twice.replace(fold=1)]) == [1729989000, 1729992600]


@given(st.decimals())
@example(Decimal("1E-299"))
@example(Decimal("0E+1000"))
@example(Decimal("100000000000000.0"))
def test_decimals_lose_no_digit(value: Decimal) -> None:
    """A Decimal that a double holds is a number that gives it back; any other is a text of all its digits."""
    encoded = to_json(value)
    if not value.is_finite():
        assert encoded == b"null"
    elif encoded[:1] == b'"':
        assert Decimal(json.loads(encoded)) == value
        assert str(value) == json.loads(encoded)
        assert len(value.as_tuple().digits) > 15 or abs(value.adjusted()) >= 300
    else:
        assert len(value.as_tuple().digits) <= 15
        there = float(encoded)
        assert Decimal(encoded.decode()) == value
        assert value == 0 or f"{Decimal(repr(there)):.14e}" == f"{value:.14e}"


@given(st.floats())
def test_floats_come_back(value: float) -> None:
    """A finite number arrives as the same number, any other as null."""
    arrived = sent(value)
    assert arrived == (value if math.isfinite(value) else None)


@given(st.integers())
def test_whole_numbers_keep_all_digits(value: int) -> None:
    """A whole number of any size arrives whole."""
    assert sent(value) == value


@given(st.timedeltas())
def test_durations_are_seconds(value: dt.timedelta) -> None:
    """A timedelta is its seconds, whole where they are."""
    arrived = sent(value)
    assert arrived == value.total_seconds()
    assert isinstance(arrived, int) is value.total_seconds().is_integer()


TEXTS = st.text(st.characters(codec=None, exclude_categories=()), max_size=6)
SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    TEXTS,
    TEXTS.map(Text),
    st.decimals(),
    st.datetimes(timezones=ZONES),
    st.dates(),
    st.times(),
    st.timedeltas(),
    st.uuids(),
    st.sampled_from([Color.RED, *Mixed, Level.HIGH, Plan.PRO]),
    st.floats().map(Real),
    st.integers().map(Whole),
)
KEYS: st.SearchStrategy[Any] = st.one_of(
    TEXTS, st.integers(), st.uuids(), st.sampled_from([Color.RED, Plan.PRO])
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS
    | st.frozensets(st.one_of(st.integers(), st.floats(), st.decimals(allow_nan=False), TEXTS), max_size=4),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.lists(inner, max_size=4).map(deque),
        st.dictionaries(KEYS, inner, max_size=4),
        st.builds(Address, inner),
        st.builds(Owner, inner),
        st.builds(Item, inner),
    ),
    max_leaves=10,
)


def scrubbed(text: str) -> str:
    """Return a text with its surrogate pairs joined and lone ones replaced, found out independently."""
    return bytes(text, "utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def is_list(value: Any) -> TypeGuard[Collection[Any]]:
    """Tell whether a value is an array in JSON."""
    return isinstance(value, (list, tuple, deque, frozenset))


def plain_scalar(value: Any) -> Any:
    """Say what should arrive of a value without parts."""
    if isinstance(value, enum.Enum):
        return plain(value.value)
    if isinstance(value, str):
        return scrubbed("".join(value))
    if isinstance(value, float):
        return float(repr(value + 0.0)) if math.isfinite(value) else None
    if isinstance(value, Decimal):
        if not value.is_finite():
            return None
        fits = len(value.as_tuple().digits) <= 15 and abs(value.adjusted()) < 300
        return json.loads(str(value)) if fits else str(value)
    if isinstance(value, dt.datetime):
        return (value - EPOCH) // dt.timedelta(microseconds=1) // 10**6
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if isinstance(value, (bool, type(None))):
        return value
    return value + 0 if isinstance(value, int) else str(value)


def plain(value: Any) -> Any:
    """Say what should arrive of a value, by rules written down once more and without regard for speed."""
    if isinstance(value, (Address, Owner, Item)):
        names = {Address: ("city", "since"), Owner: ("name", "homes"), Item: ("sku",)}
        return {name: plain(getattr(value, name)) for name in names[type(value)]}
    if is_mapping(value):
        return {scrubbed(str(plain_scalar(key))): plain(item) for key, item in value.items()}
    if is_list(value):
        return [plain(item) for item in value]
    return plain_scalar(value)


def same(arrived: Any, expected: Any) -> bool:
    """Compare, and let a set arrive in any order."""
    if is_list(expected):
        if not is_list(arrived) or len(arrived) != len(expected):
            return False
        return all(any(same(a, b) for b in expected) for a in arrived)
    if is_mapping(expected):
        return (
            isinstance(arrived, dict)
            and expected.keys() == arrived.keys()
            and all(same(arrived[name], expected[name]) for name in expected)
        )
    numbers = {type(arrived), type(expected)} <= {int, float}
    return bool(arrived == expected) and (numbers or type(arrived) is type(expected))


@given(VALUES)
def test_encoding_is_total(value: Any) -> None:
    """Whatever is built of known types is sent as strict JSON that says what went in, unless two keys become one."""
    walk = Walk()
    walk.scrub = True
    walk.plain(value)
    if walk.problems:
        assert {problem.message for problem in walk.problems} == {"two keys become this one name"}
        problems(value)
    else:
        assert same(sent(value), plain(value))


@given(VALUES, st.sampled_from([object(), b"x", 1j, NO_ZONE]), st.data())
def test_one_bad_value_is_found_anywhere(value: Any, bad: Any, data: st.DataObject) -> None:
    """A value that has no form is refused with the path that leads to it, wherever it is put."""
    path, around = "", bad
    for _ in range(data.draw(st.integers(0, 5))):
        if data.draw(st.booleans()):
            around, path = [value, around], f"[1]{path}"
        else:
            around, path = {"other": value, "k": around}, f".k{path}"
    with pytest.raises(Refusal) as caught:
        to_json(around, "root")
    found = [
        problem for problem in caught.value.problems if problem.message != "two keys become this one name"
    ]
    assert [problem.path for problem in found] == [f"root{path}"]


# What the rest of the package leans on


def test_walk_collects() -> None:
    """A walk goes on after a refusal, puts null in its place, and keeps the problem."""
    walk = Walk()
    assert walk.plain({"a": b"", "b": (1,)}, "data") == {"a": None, "b": [1]}
    assert walk.problems == [
        Problem("data.a", "bytes cannot be sent; decode it to text, or encode it in base64, first")
    ]


class Array:
    """An array as numpy's: comparing it gives no bool."""

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> Any:
        return self

    def __bool__(self) -> bool:
        msg = "ambiguous"
        raise ValueError(msg)


def test_equality_is_jsons() -> None:
    """Numbers are equal across their types, True is no number, and what cannot be compared is not equal."""
    assert equals(1, 1.0)
    assert equals(Decimal("1.50"), Decimal("1.5"))
    assert equals((1, 2), [1, 2])
    assert not equals((1, 2), [1, 3])
    assert equals("red", Color.RED)
    assert equals(Mixed.MANY, [1, 2])
    assert not equals(True, 1)
    assert not equals(0, False)
    assert not equals(Array(), None)
    assert not equals(Decimal("sNaN"), Decimal(0))


def test_default_check_survives_arrays() -> None:
    """An array in place of a field's value is refused by name, not by its own complaint about truth."""
    array: Any = Array()
    assert problems(Item("a", count=array))[0][0] == "count"
