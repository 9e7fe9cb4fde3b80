"""Declared classes: the quick way and the thorough way agree, and nothing a field holds is lost or taken for another."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import enum
import itertools
import json
from collections import deque
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, NewType, TypedDict, TypeVar
from uuid import UUID

import attrs
import msgspec
import pydantic
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ciokit.events import Attributes, DeclaredMeta, Event, Meta, field
from ciokit.values.defaults import equals
from ciokit.values.forms import encode_declared
from ciokit.values.misfits import find
from ciokit.values.table import MOST_PROBLEMS, NAIVE, Refusal, to_json

UTC_NOW = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
T = TypeVar("T")
Score = NewType("Score", int)


class Color(enum.Enum):
    """Text."""

    RED = "red"
    BLUE = "blue"


class Mixed(enum.Enum):
    """Text and numbers."""

    A = "a"
    B = 2
    C = 1.5


class Item(Event):
    """A struct."""

    sku: str
    count: int = 1
    at: dt.datetime | None = None


class Crate(Item):
    """An item that has more to say."""

    label: str = ""
    inner: Item | None = None


class Lookalike(msgspec.Struct, kw_only=True):
    """No item, though it has all that an item has, and more."""

    sku: str
    count: int = 1
    at: dt.datetime | None = None
    secret: str = "secret"


class Tree(Event):
    """A struct inside itself."""

    value: int
    rest: list[Tree] = field(default_factory=list["Tree"])
    left: Tree | None = None


class Box(msgspec.Struct, Generic[T]):
    """A generic struct."""

    content: T


class Card(msgspec.Struct, tag="card", kw_only=True):
    """A struct that says what it is."""

    last: int


class Cash(msgspec.Struct, tag="cash", tag_field="kind"):
    """Another."""

    note: str = "x"


class Address(TypedDict):
    """A typed dict."""

    city: str


@dataclasses.dataclass
class Data:
    """A dataclass."""

    value: Any


@attrs.define
class Made:
    """An attrs class."""

    value: Any


class Model(pydantic.BaseModel):
    """A pydantic model."""

    value: Any


def wrong(value: Any) -> Any:
    """Hide a value from the type checkers, which would refuse it."""
    return value


_numbers = itertools.count()


def declare(kind: Any, **options: Any) -> Any:
    """Declare an event of one field, whose default is given by `default`."""
    names = {"__annotations__": {"value": kind}, "__module__": __name__}
    if "default" in options:
        names["value"] = options.pop("default")
    return DeclaredMeta(f"Made{next(_numbers)}", (Event,), names, **options)


def sent(instance: msgspec.Struct, *, naive_utc: bool = False) -> Any:
    """Return what arrives of an instance, and hold the quick way against the thorough way."""
    encoded = encode_declared(instance, naive_utc=naive_utc)
    arrived = json.loads(encoded)
    assert arrived == json.loads(to_json(instance, naive_utc=naive_utc))
    assert list(find(instance, type(instance))) == []
    return arrived


def problems(instance: msgspec.Struct) -> list[str]:
    """Return all that is wrong with an instance."""
    with pytest.raises(Refusal) as caught:
        encode_declared(instance)
    return [str(problem) for problem in caught.value.problems]


# Agreement, over kinds that are generated


class Kind(msgspec.Struct):
    """An annotation with values that fit it, and values that do not, each with the path of what is wrong."""

    annotation: Any
    right: st.SearchStrategy[Any]
    wrong: st.SearchStrategy[tuple[Any, str]]


def leaf(annotation: Any, right: st.SearchStrategy[Any], *others: Any) -> Kind:
    """Make a kind without parts."""
    return Kind(annotation, right, st.sampled_from([(value, "") for value in (object(), b"x", *others)]))


ZONES = st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=-8))])
TEXTS = st.text(max_size=5)
LEAVES = [
    leaf(str, TEXTS | st.just("\ud800"), 5, None),
    leaf(int, st.integers(), True, 1.5, "1", None),
    leaf(float, st.floats() | st.integers(-9, 9) | st.just(Decimal("0.5")), True, "1"),
    leaf(bool, st.booleans(), 1, "true"),
    leaf(Decimal, st.decimals() | st.integers(), 1.5, "1", True),
    leaf(dt.datetime, st.datetimes(timezones=ZONES), "2024-01-01T00:00:00Z", 5, UTC_NOW.replace(tzinfo=None)),
    leaf(dt.date, st.dates(), UTC_NOW, "tomorrow", 5),
    leaf(dt.time, st.times() | st.times(timezones=ZONES), "noon", 5),
    leaf(dt.timedelta, st.timedeltas(), "PT1S", 5),
    leaf(UUID, st.uuids(), "x", 5),
    leaf(Color, st.sampled_from([*Color, "red"]), "green", 5),
    leaf(Mixed, st.sampled_from([*Mixed, "a", 2, 1.5]), "b", 3, 2.0),
    leaf(Literal["a", 1], st.sampled_from(["a", 1]), "b", True, 1.0),
    leaf(Literal[Color.RED], st.just(Color.RED), Color.BLUE, "red"),
    leaf(Score, st.integers(), "1", True),
    leaf(Any, st.integers() | TEXTS | st.just(UTC_NOW)),
    leaf(UUID | int, st.uuids() | st.integers(), "x", 1.5, True),
    leaf(dt.datetime | str, st.datetimes(timezones=ZONES) | TEXTS, 5, UTC_NOW.replace(tzinfo=None)),
    leaf(Decimal | str | None, st.decimals() | TEXTS | st.none(), 1.5),
    leaf(Annotated[int, Meta(ge=0, lt=10)], st.integers(0, 9), -1, 10, "a"),
    leaf(Annotated[float, Meta(gt=0)], st.floats(0.1), 0, -1.5, float("nan")),
    leaf(
        Annotated[Decimal, Meta(ge=0)], st.decimals(0, 9), Decimal(-1), Decimal("NaN"), Decimal("sNaN"), 0.5
    ),
    leaf(Annotated[str, Meta(max_length=3, pattern="^a*$")], st.sampled_from(["", "a", "aaa"]), "aaaa", "b"),
    leaf(Data, st.builds(Data, st.integers()), {"value": 1}, Made(1)),
    leaf(Made, st.builds(Made, TEXTS), 5),
    leaf(Model, st.builds(Model, value=TEXTS), 5),
    Kind(
        Address,
        st.builds(Address, city=TEXTS),
        st.sampled_from([({"city": 5}, ".city"), ({}, ".city"), (5, "")]),
    ),
    Kind(
        Item,
        st.builds(Item, sku=TEXTS, count=st.integers(0, 2), at=st.none() | st.just(UTC_NOW)),
        st.sampled_from(
            [
                (Item(sku=wrong(5)), ".sku"),
                (Item(sku="a", at=wrong(5)), ".at"),
                (Lookalike(sku="a"), ""),
                (Crate(sku="a", count=wrong("x")), ".count"),
                (5, ""),
            ]
        ),
    ),
    Kind(
        Tree,
        st.recursive(
            st.builds(Tree, value=st.integers()),
            lambda inner: st.builds(Tree, value=st.integers(), rest=st.lists(inner, max_size=2), left=inner),
            max_leaves=4,
        ),
        st.sampled_from(
            [
                (Tree(value=1, rest=[Tree(value=wrong("x"))]), ".rest[0].value"),
                (Tree(value=1, left=Tree(value=2, left=wrong(Item(sku="a")))), ".left.left"),
            ]
        ),
    ),
]


def in_list(inner: Kind) -> Kind:
    """Make a list of a kind."""
    return Kind(
        list[inner.annotation],  # type: ignore[name-defined]
        st.lists(inner.right, max_size=3) | st.lists(inner.right, max_size=3).map(tuple),
        st.one_of(
            st.tuples(inner.right, inner.wrong).map(lambda both: ([both[0], both[1][0]], "[1]" + both[1][1])),
            st.sampled_from([(wrong(5), ""), (wrong("text"), "")]),
        ),
    )


def in_dict(inner: Kind) -> Kind:
    """Make a mapping to a kind."""
    return Kind(
        dict[str, inner.annotation],  # type: ignore[name-defined]
        st.dictionaries(TEXTS, inner.right, max_size=3),
        st.one_of(
            inner.wrong.map(lambda bad: ({"k": bad[0]}, ".k" + bad[1])),
            inner.right.map(lambda good: ({5: good}, "")),
            st.sampled_from([(wrong(5), ""), (wrong("text"), "")]),
        ),
    )


def in_tuple(inner: Kind) -> Kind:
    """Make a tuple with a kind in it."""
    return Kind(
        tuple[str, inner.annotation],  # type: ignore[name-defined]
        st.tuples(TEXTS, inner.right),
        st.one_of(
            inner.wrong.map(lambda bad: (("a", bad[0]), "[1]" + bad[1])),
            st.sampled_from([(("a",), ""), (5, "")]),
        ),
    )


def optional(inner: Kind) -> Kind:
    """Make a kind that may be None."""
    return Kind(
        inner.annotation | None, st.none() | inner.right, inner.wrong.filter(lambda bad: bad[0] is not None)
    )


def in_struct(inner: Kind) -> Kind:
    """Make a struct with a kind in it."""
    made: Any = declare(inner.annotation)
    return Kind(
        made,
        inner.right.map(lambda value: made(value=value)),
        st.one_of(
            inner.wrong.map(lambda bad: (made(value=bad[0]), ".value" + bad[1])), st.just((Item(sku="a"), ""))
        ),
    )


KINDS = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.one_of(*(inner.map(wrap) for wrap in (in_list, in_dict, in_tuple, optional, in_struct))),
    max_leaves=3,
)


@given(KINDS, st.data())
def test_right_values_are_sent_as_the_encoder_says(kind: Kind, data: st.DataObject) -> None:
    """A declared class sends what the encoder's table says of it, whatever its fields are, and finds nothing wrong."""
    declared = declare(kind.annotation)
    sent(declared(value=data.draw(kind.right)))


@given(KINDS, st.data())
def test_wrong_values_are_refused_where_they_are(kind: Kind, data: st.DataObject) -> None:
    """A value that is wrong in one place is refused with that place's path, and with no other."""
    value, path = data.draw(kind.wrong)
    assert {line.partition(":")[0] for line in problems(declare(kind.annotation)(value=value))} == {
        f"value{path}"
    }


@given(KINDS, st.data())
def test_defaults_are_not_sent(kind: Kind, data: st.DataObject) -> None:
    """A field that equals its default is not sent, an equal value that was made anew neither; any other is."""
    default, value = data.draw(kind.right), data.draw(kind.right)
    assume(not (default == [] and value == ()))  # may be sent or not: it is the same
    try:
        declared = declare(kind.annotation, default=default)
    except (TypeError, ValueError):
        return  # msgspec takes no mutable defaults
    assert sent(declared()) == {}
    left_out = sent(declared(value=value)) == {}
    if equals(value, default):
        assert left_out
    if left_out:
        assert json.loads(to_json(value)) == json.loads(to_json(default))


# What was got wrong before, or easily could be


def test_subclass_in_a_field_keeps_what_it_has_more() -> None:
    """An instance of a subclass, which fits, is sent whole and not cut to the annotated class."""
    crate = Crate(sku="a", label="fragile", inner=Crate(sku="b", label="soft"))
    inner = {"sku": "b", "label": "soft"}
    assert sent(declare(Item)(value=crate)) == {"value": {"sku": "a", "label": "fragile", "inner": inner}}
    assert sent(declare(list[Item])(value=[Item(sku="c"), crate]))["value"][1]["inner"] == inner
    assert (
        sent(declare(dict[str, Item | None])(value={"a": crate, "b": None}))["value"]["a"]["inner"] == inner
    )
    assert sent(declare(tuple[int, Item])(value=(1, crate)))["value"][1]["inner"] == inner


def test_lookalike_is_refused() -> None:
    """Another class with the same attributes is no instance of the annotated one."""
    for kind, value, path in (
        (Item, Lookalike(sku="a"), "value"),
        (list[Item], [Lookalike(sku="a")], "value[0]"),
        (Item | None, Lookalike(sku="a"), "value"),
        (Mapping[str, Item], {"k": Lookalike(sku="a")}, "value.k"),
    ):
        assert problems(declare(kind)(value=value)) == [f"{path}: expected Item, got Lookalike"]


def test_mapping_for_a_struct_is_checked_as_one() -> None:
    """A mapping in a struct's place is taken if it fits, and a name that is no field is refused, not dropped."""
    declared = declare(Item)
    assert sent(declared(value={"sku": "a", "at": UTC_NOW})) == {"value": {"sku": "a", "at": 1704067200}}
    assert problems(declared(value={"sku": 5, "color": "red"})) == [
        "value.sku: expected str, got int",
        "value.color: is no field of Item",
    ]


def test_struct_in_itself_is_checked_all_the_way() -> None:
    """What is wrong deep inside a struct that holds its own kind is found."""
    tree = Tree(value=1, rest=[Tree(value=2, left=Tree(value=wrong("x")))])
    assert problems(tree) == ["rest[0].left.value: expected int, got str"]
    assert sent(Tree(value=1, rest=[Tree(value=2)])) == {"value": 1, "rest": [{"value": 2}]}


def test_loop_and_depth_are_refused() -> None:
    """A struct that holds itself, or is nested beyond any sense, is refused and exhausts nothing."""
    rest: list[Tree] = []
    loop = Tree(value=1, rest=rest)
    rest.append(loop)
    assert problems(loop) == ["rest[0]: contains itself"]
    deep = Tree(value=1)
    for _ in range(5000):
        deep = Tree(value=1, left=deep)
    assert [line.partition(": ")[2] for line in problems(deep)] == ["nested deeper than 64 levels"]


def test_generic_struct_is_checked_by_its_argument() -> None:
    """`Box[int]` takes no text."""
    declared = declare(Box[int])
    assert sent(declared(value=Box(1))) == {"value": {"content": 1}}
    assert problems(declared(value=Box("a"))) == ["value.content: expected int, got str"]
    assert sent(declare(Box[dt.datetime])(value=Box(UTC_NOW))) == {"value": {"content": 1704067200}}


class Pair(Event, Generic[T]):
    """A generic event."""

    left: T
    right: T


def test_generic_event_takes_anything() -> None:
    """A generic event's own fields are as open as their type variable, and encoded by the table."""
    assert sent(Pair(left=UTC_NOW, right=Decimal("1.50"))) == {"left": 1704067200, "right": 1.5}
    assert problems(Pair(left=1, right=object())) == [
        "right: object has no form in JSON; pass text, a number, a datetime, a list or a dict"
    ]


def test_union_of_structs_is_checked_by_the_class() -> None:
    """In a union of structs each is held against its own class."""
    declared = declare(Item | Tree)
    assert sent(declared(value=Tree(value=1))) == {"value": {"value": 1}}
    assert problems(declared(value=Tree(value=wrong("x")))) == ["value.value: expected int, got str"]


def test_tag_of_a_struct_is_sent() -> None:
    """A struct that msgspec tags tells its kind in a union, alone, and as loose data."""
    declared = declare(Card | Cash)
    assert sent(declared(value=Card(last=1))) == {"value": {"type": "card", "last": 1}}
    assert sent(declared(value=Cash())) == {"value": {"kind": "cash"}}
    assert sent(declare(Card)(value=Card(last=1))) == {"value": {"type": "card", "last": 1}}
    assert sent(declare(int, tag="made")(value=1)) == {"type": "made", "value": 1}
    assert json.loads(to_json([Cash()])) == [{"kind": "cash"}]


@pytest.mark.parametrize("factory", [list, list[int], dict, dict[str, int], set, set[int]])
def test_empty_containers_are_defaults(factory: Any) -> None:
    """A field whose default is an empty container is not sent while it is empty, however the factory is written."""
    declared = declare(Any, default=field(default_factory=factory))
    assert sent(declared()) == {}
    assert sent(declared(value=factory())) == {}
    assert sent(declared(value=0)) == {"value": 0}
    assert sent(declared(value=None)) == {"value": None}


def test_made_defaults_are_sent() -> None:
    """A default that a function makes may be another each time, so it is sent."""
    assert sent(declare(str, default=field(default_factory=lambda: "made"))()) == {"value": "made"}


@pytest.mark.parametrize(
    ("kind", "default", "same", "other", "arrives"),
    [
        (int, 1, 1, True, None),
        (bool, False, False, True, True),
        (float, 1.0, 1, 2, 2),
        (Any, 1, 1.0, True, True),
        (Any, True, True, 1, 1),
        (str, "a", "a", "b", "b"),
        (str | None, "a", "a", None, None),
        (Any, None, None, False, False),
        (dt.datetime | str | None, None, None, UTC_NOW, 1704067200),
        (dt.datetime | str | None, "now", "now", None, None),
        (Annotated[Decimal | None, Meta(ge=0)], None, None, Decimal(1), 1),
        (Item | Tree | None, None, None, Item(sku="a"), {"sku": "a"}),
        (Tree | None, None, None, Tree(value=1), {"value": 1}),
        (Sequence[int], (), [], [1], [1]),
        (Decimal, Decimal("1.50"), Decimal("1.5"), Decimal("1.51"), 1.51),
        (
            dt.datetime,
            UTC_NOW,
            UTC_NOW.astimezone(dt.timezone(dt.timedelta(hours=3))),
            UTC_NOW.replace(year=1970),
            0,
        ),
        (Color, Color.RED, "red", Color.BLUE, "blue"),
        (Item, Item(sku="a"), Item(sku="a"), Item(sku="b"), {"sku": "b"}),
        (tuple[Item, ...], (Item(sku="a"),), (Item(sku="a"),), (), []),
        (tuple[dt.datetime, ...], (UTC_NOW,), (UTC_NOW.replace(),), (), []),
        (frozenset[str], frozenset({"a"}), frozenset({"a"}), frozenset({"b"}), ["b"]),
    ],
)
def test_default_of_each_kind(kind: Any, default: Any, same: Any, other: Any, arrives: Any) -> None:
    """A default of any kind is left out, by its value; another value is sent, None and False too."""
    declared = declare(kind, default=default)
    assert sent(declared()) == {}
    assert sent(declared(value=same)) == {}
    if other is True and kind is int:
        assert problems(declared(value=other)) == ["value: expected int, got bool"]
    else:
        assert sent(declared(value=other)) == {"value": arrives}


class Base(Event):
    """An event to build on."""

    shop: str
    when: dt.datetime | None = None


class Bought(Base, rename="camel"):
    """An event that adds fields, and renames its own."""

    order_id: str
    paid_by: Literal["card", "cash"] = "card"
    from_: Annotated[str, Meta(min_length=1)] = field(name="from")


def test_inherited_and_renamed_fields() -> None:
    """Fields of a base come first, renamed ones go by their new name, and problems go by the application's."""
    event = Bought(shop="s", order_id="o", from_="web", paid_by="cash")
    assert list(sent(event).items()) == [("shop", "s"), ("orderId", "o"), ("paidBy", "cash"), ("from", "web")]
    bad = Bought(shop=wrong(1), order_id=wrong(2), from_="", paid_by=wrong("x"), when=wrong("now"))
    assert problems(bad) == [
        "shop: expected str, got int",
        "when: expected datetime, got str",
        "order_id: expected str, got int",
        "paid_by: expected one of 'card', 'cash'",
        "from_: expected str of length >= 1",
    ]


def test_naive_datetimes_follow_the_setting() -> None:
    """A datetime without a zone is refused or UTC, at the top, in a struct and in a list, and told once."""
    naive = UTC_NOW.replace(tzinfo=None)
    declared = declare(list[Item | None])
    instance = declared(value=[Item(sku="a", at=naive), None])
    assert problems(instance) == [f"value[0].at: {NAIVE}"]
    assert sent(instance, naive_utc=True) == {"value": [{"sku": "a", "at": 1704067200}, None]}
    assert problems(Base(shop="s", when=naive)) == [f"when: {NAIVE}"]


def test_text_with_lone_surrogates_is_sent() -> None:
    """Text that UTF-8 cannot hold is sent with the replacement character, by the quick way's own detour."""
    assert sent(Item(sku="a\ud800")) == {"sku": "a\ufffd"}
    assert sent(declare(dict[str, str])(value={"\udfff": "b"})) == {"value": {"\ufffd": "b"}}


class Named(enum.Enum):
    """Text."""

    A = "a"


KEYS: list[tuple[Any, Any, str]] = [
    (Any, Decimal(1), "value: a key is Decimal; keys must be text"),
    (Any, 1.5, "value: a key is float; keys must be text"),
    (Any, dt.date(2026, 1, 1), "value: a key is date; keys must be text"),
    (Any, UTC_NOW, "value: a key is datetime; keys must be text"),
    (Mixed, "x", "value: a key: expected one of 'a', 2, 1.5"),
    (Named, "x", "value: a key: expected one of 'a'"),
    (Literal["a"], "b", "value: a key: expected one of 'a'"),
    (Annotated[str, Meta(max_length=1)], "ab", "value: a key: expected str of length <= 1"),
]


@pytest.mark.parametrize(("kind", "key", "problem"), KEYS)
@pytest.mark.parametrize("mapping", [dict, Mapping])
def test_keys_that_cannot_be_names_are_refused(mapping: Any, kind: Any, key: Any, problem: str) -> None:
    """A key that the table has no name for, or that does not fit, is refused in a declared class as elsewhere."""
    assert problems(declare(mapping[kind, int])(value={key: 1})) == [problem]


@pytest.mark.parametrize(
    ("kind", "key", "name"),
    [
        (str, "a", "a"),
        (int, 1, "1"),
        (UUID, UUID(int=1), str(UUID(int=1))),
        (Named, Named.A, "a"),
        (Mixed, Mixed.B, "2"),
        (Score, Score(2), "2"),
        (Literal["a", "b"], "a", "a"),
        (int | str, 1, "1"),
        (Any, UUID(int=1), str(UUID(int=1))),
    ],
)
def test_keys_that_are_names_are_sent(kind: Any, key: Any, name: str) -> None:
    """What the table has a name for is sent under it."""
    assert sent(declare(dict[kind, int])(value={key: 1})) == {"value": {name: 1}}


def test_two_keys_that_become_one_name_are_refused() -> None:
    """Where keys may be of two types, none of them is lost to another one's name."""
    assert problems(declare(dict[int | str, int])(value={1: 1, "1": 2})) == [
        "value.1: two keys become this one name"
    ]


class SafeText(str):
    """A text of a library's own."""

    __slots__ = ()


def test_subclasses_of_plain_types_are_sent() -> None:
    """What is a str, an int or a float by inheritance fits and is sent as one."""

    class Real(float):
        pass

    assert sent(declare(str)(value=SafeText("a"))) == {"value": "a"}
    assert sent(declare(float)(value=Real(1.5))) == {"value": 1.5}
    assert sent(declare(int)(value=enum.IntEnum("N", {"A": 3}).A)) == {"value": 3}  # type: ignore[attr-defined]
    assert sent(declare(list[str])(value=[SafeText("a")])) == {"value": ["a"]}
    assert sent(declare(dict[str, int])(value=collections.OrderedDict(a=1))) == {"value": {"a": 1}}
    assert sent(declare(Sequence[int])(value=deque([1]))) == {"value": [1]}


def test_numbers_of_any_size_are_sent() -> None:
    """A whole number beyond 64 bits fits `int`."""
    assert encode_declared(declare(int)(value=10**30)) == b'{"value":1' + b"0" * 30 + b"}"


class Vague(msgspec.Struct):
    """An array as numpy's: comparing it gives no bool."""

    def __eq__(self, other: object) -> Any:
        raise ValueError("ambiguous")  # noqa: EM101 - as numpy says it

    def __hash__(self) -> int:
        return 0


def test_values_that_cannot_be_compared_are_refused() -> None:
    """An array in place of a value is refused by its type, whatever its `==` does."""
    for default in ({}, {"default": None}, {"default": 5}):
        assert problems(declare(int | None, **default)(value=Vague())) == ["value: expected int, got Vague"]


def test_unreadable_annotation_is_told_by_name() -> None:
    """A type that was imported for type checkers alone is named, with what to do, at every call."""
    unread = declare("Missing")
    for _ in range(2):
        (line,) = problems(unread(value=1))
        assert "'Missing' is not defined" in line
        assert "import it at run time" in line


def test_wrong_fields_are_bounded() -> None:
    """A list of a thousand wrong items makes an error that a person can read."""
    assert len(problems(declare(list[int])(value=["x"] * 10_000))) == MOST_PROBLEMS


def test_array_like_class_is_an_object_all_the_same() -> None:
    """An event that msgspec would write as an array is written as the object that Customer.io needs."""
    assert sent(declare(int, array_like=True)(value=1)) == {"value": 1}


def test_plain_structs_need_no_options() -> None:
    """A struct without msgspec's option to leave defaults out leaves them out here."""

    class Line(msgspec.Struct):
        sku: str
        note: str | None = None

    assert sent(declare(list[Line])(value=[Line("a"), Line("b", "n")])) == {
        "value": [{"sku": "a"}, {"sku": "b", "note": "n"}]
    }


class Person(Attributes):
    """A flat class."""

    email: str
    age: int | None = None
    tags: list[str] = field(default_factory=list[str])


def test_flat_class_is_checked() -> None:
    """A class of plain fields is encoded as it is, which must not weaken its checks."""
    assert sent(Person(email="x", age=3)) == {"email": "x", "age": 3}
    assert problems(Person(email=wrong(None), age=wrong("3"), tags=wrong([1]))) == [
        "email: expected str, got NoneType",
        "age: expected int, got str",
        "tags[0]: expected str, got int",
    ]
