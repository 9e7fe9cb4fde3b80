"""Mistakes in a declared class itself: each is told when the class is made, with class and field."""

import collections.abc
import dataclasses
import datetime as dt
import enum
import ipaddress
import numbers
import os
import pathlib
import types
from collections.abc import Callable, Generator, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Generic, Literal, NewType, Protocol, TypedDict, TypeVar
from uuid import UUID

import msgspec
import pydantic
import pytest

from ciokit.encoding.drafts import Encoding
from ciokit.encoding.track_v2 import encode
from ciokit.errors import InvalidData
from ciokit.events import Attributes, DeclaredMeta, Event, Meta, field
from ciokit.operations import Track

T = TypeVar("T")
Score = NewType("Score", int)
Blob = NewType("Blob", bytes)


class Money:
    """A class of an application's own; one built on it may be a dataclass."""


class Closable(Protocol):
    """A protocol."""

    def close(self) -> None:
        """Close."""


class Address(TypedDict):
    """A typed dict."""

    city: str


class Color(enum.Enum):
    """Texts."""

    RED = "red"


class Item(Attributes):
    """A struct within a struct."""

    sku: str
    parts: "list[Item]" = field(default_factory=list["Item"])


class Box(msgspec.Struct, Generic[T]):
    """A generic struct."""

    content: T


def declare(kind: Any, **namespace: Any) -> Any:
    """Make an event of one field."""
    return DeclaredMeta(
        "Odd", (Event,), {"__annotations__": {"value": kind}, "__module__": __name__, **namespace}
    )


def told(make: Callable[[], Any]) -> list[str]:
    """Return what a class is refused for."""
    with pytest.raises(InvalidData) as caught:
        make()
    assert caught.value.subject.startswith("class ")
    return [str(problem) for problem in caught.value.problems]


NEVER: list[tuple[Any, str]] = [
    *((kind, f"value: {kind.__name__} cannot be sent") for kind in (complex, bytes, bytearray, memoryview)),
    *((kind, f"value: {kind.__name__} cannot be sent") for kind in (type, range, slice, Exception, Fraction)),
    (types.ModuleType, "value: module cannot be sent"),
    (types.FunctionType, "value: function cannot be sent"),
    (pathlib.Path, "value: Path cannot be sent"),
    (ipaddress.IPv4Address, "value: IPv4Address cannot be sent"),
    (Blob, "value: bytes cannot be sent"),
    (type[int], "value: type[int] cannot be sent"),
    (Callable[[], int], "value: Callable[[], int] cannot be sent"),
    (vars(collections.abc)["Callable"], "value: Callable cannot be sent"),
    (Iterator[int], "value: Iterator[int] cannot be sent"),
    (Generator[int, None, None], "value: Generator[int, None, None] cannot be sent"),
    (int | bytes, "value: bytes cannot be sent"),
    (bytes | None, "value: bytes cannot be sent"),
    (list[complex], "value: complex cannot be sent"),
    (dict[str, list[bytes]], "value: bytes cannot be sent"),
    (tuple[int, bytes], "value: bytes cannot be sent"),
    (Annotated[bytes, Meta(max_length=3)], "value: bytes cannot be sent"),
    (Literal[b"a"], "value: bytes cannot be sent"),
    (dict[float, int], "value: float cannot be a key; keys are text, Enums of text, whole numbers or UUIDs"),
    (dict[bool, int], "value: bool cannot be a key; keys are text, Enums of text, whole numbers or UUIDs"),
    (
        Mapping[tuple[int, int], int],
        "value: tuple[int, int] cannot be a key; keys are text, Enums of text, whole numbers or UUIDs",
    ),
    (5, "value: the annotation is not a type"),
    ([int], "value: the annotation is not a type"),
    ({"a": int}, "value: the annotation is not a type"),
    (Annotated[str, Meta(ge=1)], "value: ge applies to numbers, not to str"),
    (Annotated[int, Meta(max_length=3)], "value: max_length applies to text and containers, not to int"),
    (Annotated[list[str], Meta(pattern="a")], "value: pattern applies to text, not to list[str]"),
    (Annotated[dt.date, Meta(tz=True)], "value: tz applies to datetimes and times, not to date"),
    (Annotated[dt.timedelta, Meta(ge=0)], "value: ge applies to numbers, not to timedelta"),
    (Annotated[bool, Meta(ge=0)], "value: ge applies to numbers, not to bool"),
]
FINE: list[Any] = [
    *(
        str,
        int,
        float,
        bool,
        None,
        Decimal,
        UUID,
        dt.datetime,
        dt.date,
        dt.time,
        dt.timedelta,
        Any,
        object,
        T,
        Score,
    ),
    *(
        list,
        dict,
        tuple,
        set,
        list[Any],
        dict[str, Any],
        dict[Any, int],
        dict[int | str, int],
        dict[UUID, int],
    ),
    *(dict[Color, int], dict[Literal["a"], int], dict[Annotated[str, Meta(min_length=1)], int]),
    *(Color, enum.Enum, Literal["a", 1, True], Literal[Color.RED], collections.Counter[str]),
    *(Item, Item | None, Box[int], Box, Address, Closable, Money, numbers.Number, os.PathLike),
    *(int | msgspec.UnsetType, Annotated[int, "a note"], Annotated[int, pydantic.Field(gt=0)]),
    *(Annotated[int | str, Meta(ge=0), Meta(min_length=2)], Annotated[str | None, Meta(pattern="a")]),
    *(Annotated[list[int], Meta(max_length=1)], Annotated[dict[str, int], Meta(max_length=1)]),
    *(Annotated[dt.datetime, Meta(tz=True)], Annotated[Any, Meta(ge=1)], Annotated[Score, Meta(ge=1)]),
]


@pytest.mark.parametrize(("kind", "problem"), NEVER)
def test_what_no_value_can_make_good_is_told(kind: Any, problem: str) -> None:
    """A field of which no value could be sent, or whose bounds bound nothing, is refused with its name."""
    assert problem in told(lambda: declare(kind))


@pytest.mark.parametrize("kind", FINE, ids=str)
def test_what_some_value_fits_is_taken(kind: Any) -> None:
    """Nothing else is refused: what only a value can tell is left to it."""
    assert declare(kind).__event_name__ == "odd"


DEFAULTS: list[tuple[Any, Any, str]] = [
    (int, "a", "value: its default: expected int, got str"),
    (str, None, "value: its default: expected str, got NoneType; add `| None` to the annotation"),
    (dt.datetime, None, "value: its default: expected datetime, got NoneType; add `| None` to the annotation"),
    (Literal["a"], "b", "value: its default: expected one of 'a'"),
    (Annotated[int, Meta(ge=1)], 0, "value: its default: expected int >= 1"),
    (int, len, "value: its default: expected int, got builtin_function_or_method"),
    (list[int], dataclasses.field(default_factory=list), "value: has a default made by another library's field(); use ciokit's field()"),
    (list[int], pydantic.Field(default_factory=list), "value: has a default made by another library's field(); use ciokit's field()"),
    (list[int], [1], "value: a mutable default would be shared by all instances; use field(default_factory=...)"),
    (dict[str, int], {"a": 1}, "value: a mutable default would be shared by all instances; use field(default_factory=...)"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "default", "problem"), DEFAULTS)
def test_a_default_fits_its_field(kind: Any, default: Any, problem: str) -> None:
    """A default that would be refused with every event, or be shared by all, is refused with its field."""
    assert told(lambda: declare(kind, value=default)) == [problem]


@pytest.mark.parametrize(
    ("kind", "default"),
    [(int | None, None), (float, 1), (list[int], []), (int, field(default_factory=int)), (Color, "red")],
)
def test_a_right_default_is_taken(kind: Any, default: Any) -> None:
    """What would be taken from a caller is taken as a default."""
    declare(kind, value=default)()


class Base(Event):
    """What others are built on."""

    kind: str
    at: int = 1


def made(**namespace: Any) -> Any:
    """Make a class on another one."""
    return DeclaredMeta("Odd", (Base,), {"__module__": __name__, **namespace})


def test_a_field_is_not_hidden_by_what_is_no_field() -> None:
    """A default without its type, a property or a class variable would be sent in place of what was given."""
    hidden = ["kind: hides a field of a base class; to change its default, repeat its type"]
    assert told(lambda: made(kind="a")) == hidden
    assert told(lambda: made(kind=property(id))) == hidden
    assert told(lambda: made(kind="a", __annotations__={"kind": ClassVar[str]})) == hidden
    changed = made(kind="a", __annotations__={"kind": str})
    assert (changed().kind, changed(kind="b").kind) == ("a", "b")
    assert made(of_the_class="a")(kind="b").of_the_class == "a"


@pytest.mark.parametrize("name", ["__event_name__", "__event_json__", "__struct_fields__"])
def test_names_of_pythons_own_are_no_fields(name: str) -> None:
    """A field cannot take the place of what a class is made of."""
    assert f"{name}: is reserved by Python or ciokit; choose another name" in told(
        lambda: DeclaredMeta("Odd", (Event,), {"__annotations__": {name: str}, "__module__": __name__})
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": 5}, "name: expected text, got int"),
        ({"nmae": "a"}, "'nmae' is an invalid keyword argument"),
        ({"rename": "snake"}, "rename='snake' is unsupported"),
        ({"rename": {"value": ""}.get}, "value: has an empty name on the wire"),
        ({"tag": "a", "tag_field": "value"}, "conflicts with an existing field"),
    ],
)
def test_wrong_options_name_the_class(options: Any, words: str) -> None:
    """What msgspec refuses is said of the class that it refused."""
    with pytest.raises(InvalidData, match=words) as caught:
        DeclaredMeta("Odd", (Event,), {"__annotations__": {"value": int}, "__module__": __name__}, **options)
    assert caught.value.subject == "class Odd"


def test_all_mistakes_come_at_once() -> None:
    """Who declares a class wrong in three ways is told so once."""
    annotations = {"a": bytes, "b": int, "c": complex}
    assert told(
        lambda: DeclaredMeta(
            " ", (Event,), {"__annotations__": annotations, "__module__": __name__, "b": "x"}, name=" "
        )
    ) == [
        "name: event name must not be blank",
        "a: bytes cannot be sent",
        "b: its default: expected int, got str",
        "c: complex cannot be sent",
    ]


def test_instances_may_be_referred_to_weakly() -> None:
    """`weakref=True` needs no further option, as `dict=True` needs none."""
    DeclaredMeta("Odd", (Event,), {"__module__": __name__}, weakref=True)


def test_what_could_not_be_read_yet_is_told_at_first_use() -> None:
    """An annotation that names what is defined further below is looked at when the first event is sent."""
    later = declare("Later | None", value=5)
    globals()["Later"] = str
    try:
        with pytest.raises(InvalidData, match=r"event\.value: its default: expected str, got int"):
            encode(Track("user-1", later(value="a")), Encoding(), 1.0)
    finally:
        del globals()["Later"]


def test_annotations_that_fail_are_told() -> None:
    """Whatever reading an annotation raises is no error of Python's own, when an event is sent."""
    for annotation in ("list[", "os.nowhere", "int | 'a'"):
        odd = declare(annotation)
        with pytest.raises(InvalidData, match="event: the annotations cannot be read: "):
            encode(Track("user-1", odd(value=1)), Encoding(), 1.0)
