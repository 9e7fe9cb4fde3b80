"""Why a value does not fit its annotation: each kind of annotation, right values and wrong ones with their paths."""

import collections
import dataclasses
import datetime as dt
import enum
import typing
from collections import OrderedDict, defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from types import MappingProxyType
from typing import (
    Annotated,
    Any,
    Final,
    Generic,
    Literal,
    Never,
    NewType,
    NotRequired,
    Optional,
    Protocol,
    Required,
    TypedDict,
    TypeVar,
)
from uuid import UUID

import attrs
import msgspec
import pydantic
import pytest
from typing_extensions import TypeAliasType

from ciokit.events import Attributes, Event, Meta, field
from ciokit.values.misfits import find

UTC_NOW = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
NAIVE_NOW = UTC_NOW.replace(tzinfo=None)
KNOWN_ID = UUID(int=7)

T = TypeVar("T")
Number = TypeVar("Number", int, Decimal)
Name = TypeVar("Name", bound=str)
Score = NewType("Score", int)
Amount = TypeAliasType("Amount", Decimal)


def wrong(value: Any) -> Any:
    """Hide a value from the type checkers, which would refuse it."""
    return value


class Lazy:
    """An alias that stands for itself, as `type Json = dict[str, Json] | ...` of newer Pythons does."""

    @property
    def __value__(self) -> Any:
        return dict[str, Json] | list[Json] | str | int | None


Json: Any = Lazy()


class Color(enum.Enum):
    """Text."""

    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    """Numbers."""

    LOW = 1


class Mixed(enum.Enum):
    """Both, and more."""

    A = "a"
    B = 2
    C = 1.5


class Item(msgspec.Struct):
    """A struct."""

    sku: str
    count: Annotated[int, Meta(ge=1)] = 1
    from_: str = msgspec.field(default="web", name="from")


class Crate(Item):
    """A struct that has more."""

    label: str = ""


class Other(msgspec.Struct):
    """A struct that happens to have the same fields."""

    sku: str
    count: int = 1
    from_: str = "web"


class Node(Event):
    """A struct inside itself."""

    value: int
    left: Optional["Node"] = None
    rest: "list[Node]" = field(default_factory=list["Node"])


class Box(msgspec.Struct, Generic[T]):
    """A generic struct."""

    content: T
    spare: list[T] = []


class Address(TypedDict):
    """A typed dict."""

    city: str
    zip: NotRequired[int]


class Loose(TypedDict, total=False):
    """A typed dict of optional keys, but one."""

    city: str
    country: Required[str]


@dataclasses.dataclass
class Data:
    """A dataclass."""

    value: int


@attrs.define
class Made:
    """An attrs class."""

    value: int


class Model(pydantic.BaseModel):
    """A pydantic model."""

    value: int


class Closable(Protocol):
    """A protocol that cannot be looked for at run time."""

    def close(self) -> None:
        """Close."""


LEGACY = vars(typing)
"""The names of old annotations, which new code may not have but must take."""

FITS: list[tuple[Any, list[Any]]] = [
    (str, ["", "a", Color.RED.value]),
    (int, [0, -1, 2**70, Level.LOW]),
    (float, [0.5, 1, float("nan"), Decimal("0.5")]),
    (bool, [True, False]),
    (None, [None]),
    (Decimal, [Decimal("1.5"), Decimal("NaN"), 1]),
    (dt.datetime, [UTC_NOW, NAIVE_NOW]),
    (dt.date, [dt.date(2024, 1, 1), "2024-01-01"]),
    (dt.time, [dt.time(1), "01:00:00"]),
    (dt.timedelta, [dt.timedelta(1)]),
    (UUID, [KNOWN_ID, str(KNOWN_ID)]),
    (Any, [1, object()]),
    (object, [1, object()]),
    (Color, [Color.RED, "red"]),
    (Level, [Level.LOW, 1]),
    (Mixed, [Mixed.A, Mixed.C, "a", 2, 1.5]),
    (Literal["a", 1] | None, ["a", 1, None]),
    (Literal[Color.RED], [Color.RED]),
    (Literal[True], [True]),
    (Score, [1]),
    (Final[int], [1]),
    (Amount, [Decimal(1)]),
    (Json, ["a", None, {"a": [1, {"b": None}]}]),
    (list[int], [[], [1], (1,), {1}, frozenset({1}), deque([1])]),
    (Sequence[int], [[1], (1,)]),
    (Iterable[int], [[1], (1,)]),
    (Collection[str], [["a"], {"a"}, {"a": 1}.keys()]),
    (AbstractSet[str], [{"a"}, {"a": 1}.keys()]),
    (set[int], [{1}, [1]]),
    (frozenset[int], [frozenset({1})]),
    (deque[int], [deque([1])]),
    (list, [[1, "a", None]]),
    (Sequence, [[1], "text is one"]),
    (LEGACY["List"], [[1]]),
    (LEGACY["Optional"][LEGACY["Dict"][str, int]], [None, {"a": 1}]),
    (tuple[int, str], [(1, "a"), [1, "a"]]),
    (tuple[int, ...], [(), (1,), (1, 2)]),
    (tuple[()], [()]),
    (dict[str, int], [{}, {"a": 1}, OrderedDict(a=1), {Color.RED: 1}]),
    (dict[int, str], [{1: "a"}]),
    (dict[UUID, int], [{KNOWN_ID: 1}]),
    (dict[Color, int], [{Color.RED: 1}, {"blue": 1}]),
    (dict[Literal["a"], int], [{"a": 1}]),
    (Mapping[str, int], [{"a": 1}, MappingProxyType({"a": 1})]),
    (defaultdict[str, int], [defaultdict(int, a=1), {"a": 1}]),
    (collections.Counter[str], [collections.Counter("ab")]),
    (dict, [{1: object()}]),
    (int | str, [1, "a"]),
    (int | None, [1, None]),
    (dt.datetime | str, [UTC_NOW, "2024"]),
    (UUID | int, [KNOWN_ID, 3]),
    (Item | Node | None, [Item("a"), Node(value=1), None]),
    (Item, [Item("a"), Crate("a"), {"sku": "a"}, {"sku": "a", "from": "app"}]),
    (Node, [Node(value=1, left=Node(value=2), rest=[Node(value=3)])]),
    (Box[int], [Box(1), Box(1, [2])]),
    (Box[Box[str]], [Box(Box("a"))]),
    (T, [1, object()]),
    (Name, ["a"]),
    (Number, [1, Decimal(1)]),
    (Address, [{"city": "Rome"}, {"city": "Rome", "zip": 1}, {"city": "Rome", "more": 1}]),
    (Loose, [{"country": "IT"}]),
    (Data, [Data(1)]),
    (Made, [Made(1)]),
    (Model, [Model(value=1)]),
    (Closable, [object()]),
    (Annotated[int, Meta(ge=0, lt=10)], [0, 9, Level.LOW]),
    (Annotated[int | str, Meta(ge=0), Meta(min_length=2)], [1, "ab"]),
    (Annotated[str | None, Meta(max_length=2)], [None, "ab", "é😀"]),
    (Annotated[Decimal, Meta(gt=0)], [Decimal("0.01"), 1, Decimal("inf")]),
    (Annotated[float, Meta(multiple_of=0.1)], [0.3, 0, 1e300, 1]),
    (Annotated[str, Meta(pattern="^a+$")], ["aa"]),
    (Annotated[list[int], Meta(min_length=1, max_length=2)], [[1], [1, 2]]),
    (Annotated[dict[str, int], Meta(max_length=1)], [{"a": 1}]),
    (Annotated[dt.datetime, Meta(tz=True)], [UTC_NOW]),
    (Annotated[int, pydantic.Field(gt=0), "a note", {}], [1]),
    (Annotated[Annotated[int, Meta(ge=0)], Meta(le=5)], [3]),
]
MISFITS: list[tuple[Any, Any, list[str]]] = [
    (str, 5, ["at: expected str, got int"]),
    (str, None, ["at: expected str, got NoneType"]),
    (str, b"x", ["at: expected str, got bytes"]),
    (int, True, ["at: expected int, got bool"]),
    (int, 1.0, ["at: expected int, got float"]),
    (int, "1", ["at: expected int, got str"]),
    (float, True, ["at: expected float, got bool"]),
    (float, "1.5", ["at: expected float, got str"]),
    (bool, 1, ["at: expected bool, got int"]),
    (None, 0, ["at: expected None, got int"]),
    (Decimal, 1.5, ["at: expected Decimal, got float"]),
    (Decimal, "1.5", ["at: expected Decimal, got str"]),
    (Decimal, True, ["at: expected Decimal, got bool"]),
    (dt.datetime, "2024-01-01T00:00:00Z", ["at: expected datetime, got str"]),
    (dt.datetime, dt.date(2024, 1, 1), ["at: expected datetime, got date"]),
    (dt.datetime, 1704067200, ["at: expected datetime, got int"]),
    (dt.date, UTC_NOW, ["at: expected date, got datetime"]),
    (dt.date, "tomorrow", ["at: expected date, got str"]),
    (dt.time, "noon", ["at: expected time, got str"]),
    (dt.timedelta, "PT1S", ["at: expected timedelta, got str"]),
    (dt.timedelta, 5, ["at: expected timedelta, got int"]),
    (UUID, "7", ["at: expected UUID, got str"]),
    (bytes, "aGk=", ["at: expected bytes, got str"]),
    (Never, 1, ["at: expected Never, got int"]),
    (Color, "green", ["at: expected one of 'red', 'blue'"]),
    (Color, Level.LOW, ["at: expected one of 'red', 'blue'"]),
    (Level, True, ["at: expected one of 1"]),
    (Mixed, 2.0, ["at: expected one of 'a', 2, 1.5"]),
    (Literal["a", 1], True, ["at: expected one of 'a', 1"]),
    (Literal["a", 1], "b", ["at: expected one of 'a', 1"]),
    (Literal[True], 1, ["at: expected one of True"]),
    (Literal[Color.RED], Color.BLUE, ["at: expected one of <Color.RED: 'red'>"]),
    (Score, "1", ["at: expected int, got str"]),
    (Amount, 1.5, ["at: expected Decimal, got float"]),
    (Json, {"a": [1, b"x"]}, ["at.a[1]: expected dict[str, "]),
    (list[int], "12", ["at: expected a list, got str"]),
    (list[int], {"a": 1}, ["at: expected a list, got dict"]),
    (list[int], [1, "a", None], ["at[1]: expected int, got str", "at[2]: expected int, got NoneType"]),
    (Iterable[str], "ab", ["at: expected a list, got str"]),
    (Sequence[str], "ab", ["at: expected a list, got str"]),
    (deque[int], deque(["a"]), ["at[0]: expected int, got str"]),
    (tuple[int, str], (1,), ["at: expected 2 items, got 1"]),
    (tuple[int, str], ("a", 1), ["at[0]: expected int, got str", "at[1]: expected str, got int"]),
    (tuple[int, ...], (1, "a"), ["at[1]: expected int, got str"]),
    (tuple[int, ...], 1, ["at: expected a tuple, got int"]),
    (dict[str, int], [1], ["at: expected a mapping, got list"]),
    (dict[str, int], {1: 1, "b": "c"}, ["at: a key: expected str, got int", "at.b: expected int, got str"]),
    (dict[int, str], {"x": "a"}, ["at: a key: expected int, got str"]),
    (dict[Color, int], {"green": 1}, ["at: a key: expected one of 'red', 'blue'"]),
    (dict[Literal["a"], int], {"b": 1}, ["at: a key: expected one of 'a'"]),
    (dict[str, list[int]], {"a": [1, "x"]}, ["at.a[1]: expected int, got str"]),
    (defaultdict[str, int], {"a": "b"}, ["at.a: expected int, got str"]),
    (collections.Counter[str], {"a": "b"}, ["at.a: expected int, got str"]),
    (int | str, 1.5, ["at: expected int or str, got float"]),
    (LEGACY["Union"][int, None], "a", ["at: expected int, got str"]),
    (int | str | None, b"", ["at: expected int or str or None, got bytes"]),
    (dt.datetime | str, 5, ["at: expected datetime or str, got int"]),
    (list[int] | str, [1, "a"], ["at[1]: expected int, got str"]),
    (Item | Node, Item(wrong(5)), ["at.sku: expected str, got int"]),
    (Item | Node, 5, ["at: expected Item or Node, got int"]),
    (Item, Other("a"), ["at: expected Item, got Other"]),
    (Item, 5, ["at: expected Item, got int"]),
    (Item, {}, ["at.sku: is required"]),
    (
        Item,
        {"sku": "a", "from_": "b", "x": 1},
        ["at.from_: is no field of Item", "at.x: is no field of Item"],
    ),
    (Item, {"sku": 1, "count": 0}, ["at.sku: expected str, got int", "at.count: expected int >= 1"]),
    (Crate, Item("a"), ["at: expected Crate, got Item"]),
    (
        Node,
        Node(value=1, left=Node(value=wrong("x")), rest=[Node(value=2, rest=[wrong(5)])]),
        ["at.left.value: expected int, got str", "at.rest[0].rest[0]: expected Node, got int"],
    ),
    (Box[int], Box("a"), ["at.content: expected int, got str"]),
    (Box[int], Box(1, [wrong("a")]), ["at.spare[0]: expected int, got str"]),
    (Box[int], 5, ["at: expected Box[int], got int"]),
    (Name, 5, ["at: expected str, got int"]),
    (Number, "5", ["at: expected int or Decimal, got str"]),
    (Address, 5, ["at: expected Address, got int"]),
    (Address, {}, ["at.city: is required"]),
    (Address, {"city": 1, "zip": "x"}, ["at.city: expected str, got int", "at.zip: expected int, got str"]),
    (Loose, {"city": 5}, ["at.city: expected str, got int", "at.country: is required"]),
    (Data, {"value": 1}, ["at: expected Data, got dict"]),
    (Made, Data(1), ["at: expected Made, got Data"]),
    (Model, None, ["at: expected Model, got NoneType"]),
    (Annotated[int, Meta(ge=0)], -1, ["at: expected int >= 0"]),
    (Annotated[int, Meta(gt=0)], 0, ["at: expected int > 0"]),
    (Annotated[int, Meta(le=5)], 6, ["at: expected int <= 5"]),
    (Annotated[int, Meta(lt=5)], 5, ["at: expected int < 5"]),
    (Annotated[int, Meta(ge=0)], "a", ["at: expected int, got str"]),
    (Annotated[float, Meta(ge=0)], float("nan"), ["at: expected float >= 0"]),
    (Annotated[Decimal, Meta(ge=0)], Decimal("NaN"), ["at: expected Decimal >= 0"]),
    (Annotated[Decimal, Meta(lt=0)], Decimal("sNaN"), ["at: expected Decimal < 0"]),
    (Annotated[Decimal, Meta(ge=0)], Decimal(-1), ["at: expected Decimal >= 0"]),
    (Annotated[int | str, Meta(ge=0), Meta(min_length=2)], -1, ["at: expected int >= 0"]),
    (Annotated[int | str, Meta(ge=0), Meta(min_length=2)], "a", ["at: expected str of length >= 2"]),
    (Annotated[float, Meta(multiple_of=0.1)], 0.35, ["at: expected float a multiple of 0.1"]),
    (Annotated[float, Meta(multiple_of=0.1)], float("inf"), ["at: expected float a multiple of 0.1"]),
    (Annotated[float, Meta(multiple_of=0.1)], float("nan"), ["at: expected float a multiple of 0.1"]),
    (Annotated[str, Meta(max_length=2)], "abc", ["at: expected str of length <= 2"]),
    (
        Annotated[str, Meta(pattern="^a+$", min_length=2)],
        "b",
        ["at: expected str of length >= 2", "at: expected str matching ^a+$"],
    ),
    (Annotated[list[int], Meta(min_length=1)], [], ["at: expected list of length >= 1"]),
    (Annotated[list[int], Meta(max_length=1)], [1, "a"], ["at[1]: expected int, got str"]),
    (Annotated[dt.datetime, Meta(tz=True)], NAIVE_NOW, ["at: expected datetime with a time zone"]),
    (list[Annotated[int, Meta(ge=0)]], [1, -1], ["at[1]: expected int >= 0"]),
    (Annotated[Annotated[int, Meta(ge=0)], Meta(le=5)], 6, ["at: expected int <= 5"]),
]


@pytest.mark.parametrize(("kind", "values"), FITS)
def test_what_fits(kind: Any, values: list[Any]) -> None:
    """Nothing is wrong with a value that fits its annotation."""
    assert [list(find(value, kind, "at")) for value in values] == [[]] * len(values)


@pytest.mark.parametrize(("kind", "value", "expected"), MISFITS)
def test_what_does_not_fit(kind: Any, value: Any, expected: list[str]) -> None:
    """Each wrong place is told with its path, what was expected and the type that came, without the value."""
    found = [str(problem) for problem in find(value, kind, "at")]
    assert len(found) == len(expected)
    assert sorted(
        line[: len(words)] for line, words in zip(sorted(found), sorted(expected), strict=True)
    ) == sorted(expected)


class Order(Attributes):
    """A declared class of many fields."""

    name: str
    amount: Decimal
    item: Item
    when: dt.datetime | None = None
    currency: str = field(default="EUR", name="iso")


def test_all_wrong_fields_come_at_once() -> None:
    """Every wrong field of an instance is told, under the names that the application gave them."""
    order = Order(
        name=wrong(1),
        amount=wrong(2.5),
        item=Item(sku=wrong(None), count=0),
        when=wrong("x"),
        currency=wrong(3),
    )
    assert [str(problem) for problem in find(order, Order)] == [
        "name: expected str, got int",
        "amount: expected Decimal, got float",
        "item.sku: expected str, got NoneType",
        "item.count: expected int >= 1",
        "when: expected datetime, got str",
        "currency: expected str, got int",
    ]


def test_what_is_deeper_than_the_encoder_goes_is_left_to_it() -> None:
    """A struct inside itself, or nested beyond any sense, does not exhaust the stack."""
    rest: list[Node] = []
    loop = Node(value=1, rest=rest)
    rest.append(loop)
    assert list(find(loop, Node)) == []
    deep = Node(value=1)
    for _ in range(5000):
        deep = Node(value=1, left=deep)
    assert list(find(deep, Node)) == []
