"""The one encoder: what each Python value becomes in the JSON that Customer.io gets.

==================================  ===========================================================================
Python                              JSON
==================================  ===========================================================================
str, and subclasses                 string; a lone surrogate becomes U+FFFD
bool, None, int                     true/false, null, a number with all its digits
float, and subclasses               number; NaN and infinities become null
Decimal                             number with its own digits where a double holds them (15 significant digits),
                                    else a string, so that no digit is lost; NaN and infinities become null
datetime with a time zone           integer Unix seconds, rounded down
datetime without one                refused, unless a setting declares such datetimes to be UTC
date, time                          ISO 8601 string
timedelta                           number of seconds
UUID                                string with hyphens
Enum                                its value, by the same rules
dict and other mappings             object; keys are strings, Enums of strings, integers or UUIDs
list, tuple, set, frozenset, deque  array; a set of strings or numbers is sorted
Event, Attributes, msgspec Struct   object of its fields, without those left at their defaults; its tag, if it has one
dataclass, attrs, pydantic model    object of its fields
bytes, bytearray, memoryview        refused
anything else                       refused, naming the path
==================================  ===========================================================================

Refusals are collected with their paths, not raised one by one. This module knows nothing of events, clients or
Customer.io's limits.
"""

import datetime as dt
import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from enum import Enum
from typing import Any, Final, TypeGuard, cast
from uuid import UUID

import msgspec

from ciokit.errors import Problem
from ciokit.values.defaults import AS_THEY_ARE, is_default
from ciokit.values.scalars import advice, plain_decimal, type_of, unix_seconds

__all__ = [
    "DEPTH",
    "MOST_PROBLEMS",
    "Refusal",
    "Walk",
    "has_form",
    "has_surrogate",
    "is_mapping",
    "join",
    "to_json",
]

DEPTH: Final = 64
"""The deepest nesting that is taken; what goes deeper is a mistake."""
MOST_PROBLEMS: Final = 100
"""Refusals that are told of one value; a list of a million bad items must not make a million messages."""
NAME_LENGTH: Final = 60
"""Characters of a name that a path shows: names may come from data, too."""

NAIVE = (
    "this datetime has no time zone; pass one that has, e.g. datetime.now(timezone.utc), "
    "or declare such datetimes UTC with naive_datetimes='utc'"
)
_NAMES = frozenset({str})
_SCRUBBED = frozenset({str, int})


class Refusal(Exception):  # noqa: N818 - never leaves the package: it carries problems from a hook to the caller
    """Carry the problems of one value out of a msgspec hook."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(*self.problems)


class Walk:
    """Turn loose values into plain ones and collect what was refused.

    Args:
        naive_utc: Whether a datetime without a time zone is UTC instead of a mistake.

    Attributes:
        problems: What was refused so far.
    """

    __slots__ = ("_open", "naive_utc", "problems", "scrub")

    def __init__(self, *, naive_utc: bool = False, scrub: bool = False) -> None:
        self.naive_utc = naive_utc
        self.problems: list[Problem] = []
        self.scrub = scrub
        self._open: set[int] = set()

    def plain(self, value: Any, path: str = "", depth: int = 0) -> Any:
        """Return a value made of str, int, float, bool, None, finite Decimal, list and dict alone.

        Args:
            value: Anything.
            path: Where it stands, for the problems.
            depth: How deep it stands.

        Returns:
            The plain value; None in place of what was refused.
        """
        kind = type_of(value)
        if kind in AS_THEY_ARE and not (self.scrub and kind in _SCRUBBED):
            return value
        if depth > DEPTH:
            self.refuse(path, f"nested deeper than {DEPTH} levels")
            return None
        convert = _BY_TYPE.get(kind) or _find(kind)
        if convert in _FLAT:
            return convert(self, value, path, depth)
        # Without this, two references back to a parent would be followed 2**64 times before the depth ends them.
        if id(value) in self._open:
            self.refuse(path, "contains itself")
            return None
        self._open.add(id(value))
        plain = convert(self, value, path, depth)
        self._open.discard(id(value))
        return plain

    def refuse(self, path: str, message: str) -> None:
        """Note that the value at a path cannot be sent; of very many, the first are kept."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(path, message))


def to_json(value: Any, path: str = "", *, naive_utc: bool = False) -> bytes:
    """Encode any value by the table above.

    Args:
        value: Anything.
        path: Where it stands, for the problems.
        naive_utc: Whether a datetime without a time zone is UTC.

    Returns:
        JSON.

    Raises:
        Refusal: If something in it has no form in JSON; it has all problems.
    """
    try:
        if _is_flat(value):
            return _encoder.encode(value)
        walk = Walk(naive_utc=naive_utc)
        plain = walk.plain(value, path)
        if not walk.problems:
            return _encoder.encode(plain)
    except ValueError:  # half of a character, or a number of more digits than Python writes
        walk = Walk(naive_utc=naive_utc, scrub=True)
        plain = walk.plain(value, path)
    if walk.problems:
        raise Refusal(walk.problems)
    return _encoder.encode(plain)


def _is_flat(value: Any) -> bool:
    """Tell whether a value is what a walk would make of it, as most loose data are: texts and numbers by name."""
    plain = type_of(value) is dict and AS_THEY_ARE.issuperset(map(type_of, value.values()))
    return plain and _NAMES.issuperset(map(type_of, value))


def _unknown(walk: Walk, value: Any, path: str, _depth: int) -> None:
    words = advice(value) or "; pass text, a number, a datetime, a list or a dict"
    walk.refuse(path, f"{type(value).__name__} has no form in JSON{words}")


def _bytes(walk: Walk, value: Any, path: str, _depth: int) -> None:
    name = type(value).__name__
    walk.refuse(path, f"{name} cannot be sent; decode it to text, or encode it in base64, first")


def _str(_walk: Walk, value: str, _path: str, _depth: int) -> str:
    text = str.__str__(value)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if has_surrogate(text) else text


def _int(walk: Walk, value: int, path: str, _depth: int) -> int:
    number = int.__index__(value)
    _digits(walk, number, path)
    return number


def _digits(walk: Walk, number: int, path: str) -> str:
    try:
        return int.__repr__(number)
    except ValueError:
        walk.refuse(path, f"a whole number of more than {sys.get_int_max_str_digits()} digits cannot be sent")
        return ""


def _float(_walk: Walk, value: float, _path: str, _depth: int) -> float:
    return float.__float__(value)


def _decimal(_walk: Walk, value: Decimal, _path: str, _depth: int) -> Decimal | str | None:
    # A subclass may print itself in another way; the digits must be the number's own.
    return plain_decimal(Decimal(value))


def _datetime(walk: Walk, value: dt.datetime, path: str, _depth: int) -> int | None:
    if value != value:  # noqa: PLR0124 - NaT, the NaN of datetimes, is no equal of itself
        return None
    if value.utcoffset() is None:
        if not walk.naive_utc:
            walk.refuse(path, NAIVE)
            return None
        value = value.replace(tzinfo=dt.UTC)
    return unix_seconds(value)


def _iso(_walk: Walk, value: dt.date | dt.time, _path: str, _depth: int) -> str:
    return value.isoformat()


def _seconds(_walk: Walk, value: dt.timedelta, _path: str, _depth: int) -> float:
    seconds = value.total_seconds()
    return int(seconds) if seconds.is_integer() else seconds


def _uuid(_walk: Walk, value: UUID, _path: str, _depth: int) -> str:
    return str(value)


def _enum(walk: Walk, value: Enum, path: str, depth: int) -> Any:
    return walk.plain(value.value, path, depth + 1)


def _list(walk: Walk, value: Iterable[Any], path: str, depth: int) -> list[Any]:
    return [
        item
        if type(item) in AS_THEY_ARE and not walk.scrub
        else walk.plain(item, f"{path}[{index}]", depth + 1)
        for index, item in enumerate(value)
    ]


def _set(walk: Walk, value: AbstractSet[Any], path: str, depth: int) -> list[Any]:
    items = _list(walk, value, path, depth)
    try:
        return sorted(items)
    except (TypeError, ArithmeticError):  # mixed kinds have no order, nor has NaN beside a Decimal
        return items


def _mapping(walk: Walk, value: Mapping[Any, Any], path: str, depth: int) -> dict[str, Any]:
    scrub = walk.scrub
    result: dict[str, Any] = {}
    for key, item in value.items():
        name = key if type(key) is str and not scrub else _key(walk, key, path)
        if name is None:
            continue
        if name in result:
            walk.refuse(join(path, name), "two keys become this one name")
        if type(item) in AS_THEY_ARE and not scrub:
            result[name] = item
        else:
            result[name] = walk.plain(item, join(path, name), depth + 1)
    return result


def _key(walk: Walk, key: Any, path: str) -> str | None:
    if isinstance(key, Enum):
        key = key.value
    kind = type_of(key)  # what a proxy claims to be has no way into the text
    if issubclass(kind, str):
        return _str(walk, key, path, 0)
    if issubclass(kind, int) and kind is not bool:
        return _digits(walk, int.__index__(key), path) or None
    if issubclass(kind, UUID):
        return str(key)
    walk.refuse(path, f"a key is {kind.__name__}; keys must be text")
    return None


def _struct(walk: Walk, value: msgspec.Struct, path: str, depth: int) -> dict[str, Any]:
    config = value.__struct_config__
    result: dict[str, Any] = {config.tag_field: config.tag} if config.tag_field else {}
    for field in msgspec.structs.fields(value):
        item = getattr(value, field.name)
        if not is_default(item, field):
            result[field.encode_name] = walk.plain(item, join(path, field.name), depth + 1)
    return result


def _dataclass(walk: Walk, value: Any, path: str, depth: int) -> dict[str, Any]:
    import dataclasses  # loaded already, by whoever made this class

    return _members(walk, value, (field.name for field in dataclasses.fields(value)), path, depth)


def _attrs(walk: Walk, value: Any, path: str, depth: int) -> dict[str, Any]:
    declared: tuple[Any, ...] = cast("Any", type(value)).__attrs_attrs__
    return _members(walk, value, (field.name for field in declared), path, depth)


def _members(walk: Walk, value: Any, names: Iterable[str], path: str, depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in names:
        if hasattr(value, name):
            found[name] = getattr(value, name)
        else:  # a field that `__init__` does not take, and nobody has set
            walk.refuse(join(path, name), "was never set")
    return _mapping(walk, found, path, depth)


def _pydantic(walk: Walk, value: Any, path: str, depth: int) -> Any:
    # A model of its own kind may fail to dump, or warn of values and name them: neither must get out.
    try:
        dumped = value.model_dump(by_alias=True, warnings=False)
    except Exception as error:  # noqa: BLE001 - serializers are the application's and may raise anything
        walk.refuse(path, f"{type(value).__name__} cannot be dumped: {type(error).__name__}")
        return None
    return walk.plain(dumped, path, depth + 1)


_encoder = msgspec.json.Encoder(decimal_format="number")

_Converter = Callable[[Walk, Any, str, int], Any]
_FLAT: frozenset[Any] = frozenset({_str, _int, _float, _decimal, _datetime, _iso, _seconds, _uuid})
_BY_TYPE: dict[type, _Converter] = {str: _str, dict: _mapping, list: _list, tuple: _list}
_BY_CLASS: tuple[tuple[type | tuple[type, ...], _Converter], ...] = (
    (Enum, _enum),  # before str and int: an Enum may be both
    (str, _str),
    (bool, _int),
    (int, _int),
    (float, _float),
    (Decimal, _decimal),
    (dt.datetime, _datetime),  # before date: a datetime is one
    ((dt.date, dt.time), _iso),
    (dt.timedelta, _seconds),
    (UUID, _uuid),
    (msgspec.Struct, _struct),
    (Mapping, _mapping),
    (AbstractSet, _set),
    ((list, tuple, deque), _list),
    ((bytes, bytearray, memoryview), _bytes),
)


def _find(kind: type) -> _Converter:
    """Find and remember the rule for a type met for the first time; other libraries are told by their marks."""
    rule = next((rule for classes, rule in _BY_CLASS if issubclass(kind, classes)), None)
    if rule is None and hasattr(kind, "__dataclass_fields__"):
        rule = _dataclass
    if rule is None and hasattr(kind, "__attrs_attrs__"):
        rule = _attrs
    if rule is None and hasattr(kind, "__pydantic_fields__"):
        rule = _pydantic
    found = rule or _unknown
    if len(_BY_TYPE) < 1024:  # classes made on the fly must not fill the memory
        _BY_TYPE[kind] = found
    return found


def has_form(kind: type) -> bool:
    """Tell whether values of a class can be sent."""
    return _find(kind) not in {_unknown, _bytes}


def has_surrogate(text: str) -> bool:
    """Tell whether a text has half of a character, which UTF-8 cannot hold."""
    return not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text)


def is_mapping(value: Any) -> TypeGuard[Mapping[Any, Any]]:
    """Tell whether a value is a mapping, whatever its keys and values are."""
    return isinstance(value, Mapping)


def join(path: str, name: str) -> str:
    """Extend a path by a name, cut and cleaned so that it is fit for a log line."""
    if len(name) > NAME_LENGTH or not name.isprintable():
        shown = "".join(
            char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in name[:NAME_LENGTH]
        )
        name = shown if len(name) <= NAME_LENGTH else f"{shown}…"
    return f"{path}.{name}" if path else name
