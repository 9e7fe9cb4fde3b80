"""Why a value does not fit its annotation: every wrong place at once, each with its path.

The slow and thorough twin of msgspec's own check, which stops at the first mistake and names values in some of its
messages. It runs only when something is wrong, or for types that msgspec cannot check.

What type checkers refuse is refused, with exceptions that arrive as the same JSON: a text that reads as a UUID, date
or time counts as one, an Enum's value as its member, a member as its value, a Decimal as a float, and any array as a
list. A dataclass, attrs class or model is checked by its own library, so only its class is looked at here.
"""

import datetime as dt
import functools
import math
import re
import types
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping, MutableSequence, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal, InvalidOperation, localcontext
from enum import Enum
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    Never,
    NoReturn,
    NotRequired,
    Required,
    TypeGuard,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)
from uuid import UUID

import msgspec

from ciokit.errors import Problem
from ciokit.values.scalars import advice
from ciokit.values.table import DEPTH, is_mapping, join

__all__ = ["LISTS", "MAPPINGS", "find", "name_of", "struct_in", "unwrap"]

LISTS = frozenset({list, Sequence, MutableSequence})
MAPPINGS = frozenset({dict, Mapping, MutableMapping})
_ARRAYS = LISTS | {set, frozenset, AbstractSet, deque, Collection, Iterable}
_QUALIFIERS = frozenset({Final, Required, NotRequired})
_READ_FROM_TEXT = frozenset({UUID, dt.date, dt.time})


def find(value: Any, kind: Any, path: str = "", depth: int = 0) -> Iterator[Problem]:  # noqa: C901 - a branch a kind
    """Yield what is wrong with a value.

    Args:
        value: Anything.
        kind: The annotation it should fit.
        path: Where it stands.
        depth: How deep it stands; what is deeper than the encoder goes is left to the encoder to refuse.

    Yields:
        A problem for each wrong place; none when the value fits.
    """
    kind = unwrap(kind)
    origin, args = get_origin(kind), get_args(kind)
    if kind is Any or kind is object or depth > DEPTH:
        return
    if value.__class__ is not type(value):  # a proxy claims to be what it cannot be sent as
        yield _expected(name_of(kind), value, path)
    elif origin is Annotated:
        yield from _annotated(value, args, path, depth)
    elif origin in {Union, types.UnionType}:
        yield from _union(value, args, path, depth)
    elif origin is Literal:
        yield from _one_of(value, args, path)
    elif origin in _ARRAYS:
        yield from _items(value, args[0] if args else Any, path, depth)
    elif origin is tuple:
        yield from _tuple(value, args, path, depth)
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        yield from _mapping(value, args, path, depth)
    elif (struct := struct_in(kind)) is not None:
        yield from _struct(value, kind, struct, path, depth)
    elif is_typeddict(kind):
        yield from _typed_dict(value, kind, path, depth)
    elif isinstance(kind, TypeVar):
        kinds = kind.__constraints__ or (kind.__bound__ or Any,)
        yield from _union(value, kinds, path, depth)
    elif isinstance(kind, type) and issubclass(kind, Enum):
        if not isinstance(value, kind):
            yield from _one_of(value, tuple(member.value for member in kind), path)
    elif not _fits(value, kind if origin is None else origin):
        yield _expected(name_of(kind), value, path)


def unwrap(kind: Any) -> Any:
    """Return what a `NewType`, a `type X = ...` alias or a qualifier stands for; other annotations as they are.

    What other libraries write into `Annotated` is taken out: it says nothing here, and may have no hash.
    """
    while True:
        origin, args = get_origin(kind), get_args(kind)
        if origin in _QUALIFIERS:
            inner = args[0]
        elif origin is Annotated:
            bounds = tuple(meta for meta in args[1:] if isinstance(meta, msgspec.Meta))
            if bounds:
                return Annotated[(args[0], *bounds)]
            inner = args[0]
        else:
            inner = getattr(kind, "__supertype__", None) or getattr(kind, "__value__", None)
        if inner is None:
            return kind
        kind = inner


def struct_in(kind: Any) -> type[msgspec.Struct] | None:
    """Return the declared class or struct that an annotation is, `Box` for `Box[int]` too."""
    found = get_origin(kind) or kind
    return found if isinstance(found, type) and issubclass(found, msgspec.Struct) else None


def name_of(kind: Any) -> str:
    """Return an annotation as a person would write it."""
    if kind is None or kind is type(None):
        return "None"
    if isinstance(kind, type) and not get_args(kind):
        return kind.__name__
    return re.sub(r"\b(\w+\.)+", "", str(kind))


def _expected(what: str, value: Any, path: str) -> Problem:
    return Problem(path, f"expected {what}, got {type(value).__name__}{advice(value)}")


def _fits(value: Any, kind: Any) -> bool:
    if kind is None:
        return value is None
    if kind in {Never, NoReturn}:
        return False
    if kind in {float, Decimal} and isinstance(value, int):
        return not isinstance(value, bool)
    if kind is float and isinstance(value, Decimal):
        return True
    if kind in _READ_FROM_TEXT and isinstance(value, str):
        return _reads_as(value, kind)
    try:
        fits = isinstance(value, kind)
    except TypeError:  # a protocol, for example: the encoder decides
        return True
    # A datetime is a date and True is an int for Python, but not for whoever reads the data.
    return fits and not (kind in {int, dt.date} and isinstance(value, (bool, dt.datetime)))


def _reads_as(text: str, kind: Any) -> bool:
    try:
        msgspec.convert(text, kind)
    except (msgspec.ValidationError, UnicodeEncodeError):
        return False
    return True


# Bounds


def _annotated(value: Any, args: tuple[Any, ...], path: str, depth: int) -> Iterator[Problem]:
    problems = list(find(value, args[0], path, depth))
    yield from problems
    if not problems:
        for meta in args[1:]:
            if isinstance(meta, msgspec.Meta):
                yield from _out_of_bounds(value, meta, path)


def _out_of_bounds(value: Any, meta: msgspec.Meta, path: str) -> Iterator[Problem]:
    """Hold a value against those bounds that its kind can have: in `int | str` each has its own."""
    bounds: list[tuple[str, bool]] = []
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        bounds = _number_bounds(value, meta)
    elif isinstance(value, (dt.datetime, dt.time)):
        zoned = value.tzinfo is not None
        bounds = [
            ("with a time zone", meta.tz is not True or zoned),
            ("without a time zone", meta.tz is not False or not zoned),
        ]
    elif hasattr(value, "__len__"):
        bounds = _length_bounds(value, meta)
    for words, fits in bounds:
        if not fits:
            yield Problem(path, f"expected {type(value).__name__} {words}")


def _number_bounds(value: Any, meta: msgspec.Meta) -> list[tuple[str, bool]]:
    # NaN is within no bounds; a Decimal would raise when compared.
    is_nan = value.is_nan() if isinstance(value, Decimal) else isinstance(value, float) and math.isnan(value)
    return [
        (f"> {meta.gt}", meta.gt is None or (not is_nan and value > meta.gt)),
        (f">= {meta.ge}", meta.ge is None or (not is_nan and value >= meta.ge)),
        (f"< {meta.lt}", meta.lt is None or (not is_nan and value < meta.lt)),
        (f"<= {meta.le}", meta.le is None or (not is_nan and value <= meta.le)),
        (f"a multiple of {meta.multiple_of}", _is_multiple(value, meta.multiple_of)),
    ]


def _length_bounds(value: Any, meta: msgspec.Meta) -> list[tuple[str, bool]]:
    searched = meta.pattern is not None and isinstance(value, str)
    return [
        (f"of length >= {meta.min_length}", len(value) >= (meta.min_length or 0)),
        (f"of length <= {meta.max_length}", meta.max_length is None or len(value) <= meta.max_length),
        (f"matching {meta.pattern}", not searched or re.search(str(meta.pattern), value) is not None),
    ]


def _is_multiple(value: Any, step: Any) -> bool:
    if step is None:
        return True
    try:
        # The largest double has 309 digits before the point, the smallest 324 behind.
        with localcontext(prec=700):
            number = Decimal(value) if isinstance(value, int) else Decimal(str(value))
            return number % Decimal(str(step)) == 0
    except InvalidOperation:  # infinite, or of a size that no step reaches
        return False


# Alternatives


def _union(value: Any, args: tuple[Any, ...], path: str, depth: int) -> Iterator[Problem]:
    if value is None and type(None) in args:
        return
    kinds = [arg for arg in args if arg is not type(None)]
    tries = [list(find(value, kind, path, depth)) for kind in kinds]
    if all(tries):
        # With one alternative, or a structure among them that came close, its own complaints help most.
        deep = [problems for problems in tries if any(problem.path != path for problem in problems)]
        if len(kinds) == 1:
            yield from tries[0]
        elif deep:
            yield from deep[0]
        else:
            yield _expected(" or ".join(name_of(kind) for kind in args), value, path)


def _one_of(value: Any, choices: tuple[Any, ...], path: str) -> Iterator[Problem]:
    plain = _plain(value)
    if not any(value is choice or (type(plain) is type(choice) and plain == choice) for choice in choices):
        yield Problem(path, "expected one of " + ", ".join(repr(choice) for choice in choices))


def _plain(value: Any) -> Any:
    """Return what a member of an Enum, or a text or whole number of a type of its own, arrives as."""
    value = value.value if isinstance(value, Enum) else value
    if isinstance(value, str):
        return str.__str__(value)
    return int.__index__(value) if isinstance(value, int) and not isinstance(value, bool) else value


# Structures


def _is_array(value: Any) -> TypeGuard[Collection[Any]]:
    return isinstance(value, (list, tuple, deque, AbstractSet))


def _items(value: Any, kind: Any, path: str, depth: int) -> Iterator[Problem]:
    if not _is_array(value):
        yield _expected("a list", value, path)
        return
    for index, item in enumerate(value):
        yield from find(item, kind, f"{path}[{index}]", depth + 1)


def _tuple(value: Any, args: tuple[Any, ...], path: str, depth: int) -> Iterator[Problem]:
    if not _is_array(value):
        yield _expected("a tuple", value, path)
    elif args[1:] == (...,):
        yield from _items(value, args[0], path, depth)
    elif len(value) != len(args):
        yield Problem(path, f"expected {len(args)} items, got {len(value)}")
    else:
        for index, (item, kind) in enumerate(zip(value, args, strict=True)):
            yield from find(item, kind, f"{path}[{index}]", depth + 1)


def _mapping(value: Any, args: tuple[Any, ...], path: str, depth: int) -> Iterator[Problem]:
    if not is_mapping(value):
        yield _expected("a mapping", value, path)
        return
    key_kind, item_kind = (*args, Any, Any)[:2] if len(args) != 1 else (args[0], int)  # Counter[str] counts
    for key, item in value.items():
        for wrong in find(key.value if isinstance(key, Enum) and key_kind is str else key, key_kind):
            yield Problem(path, f"a key: {wrong.message}")
        yield from find(item, item_kind, join(path, _shown(key)), depth + 1)


def _shown(key: Any) -> str:
    """Return a key as a path shows it: by its type, if it is nothing that could be a name."""
    key = key.value if isinstance(key, Enum) else key
    named = isinstance(key, (str, int, UUID)) and not (isinstance(key, int) and key.bit_length() > 64)
    return str(key) if named else type(key).__name__


def _typed_dict(value: Any, kind: Any, path: str, depth: int) -> Iterator[Problem]:
    if not is_mapping(value):
        yield _expected(name_of(kind), value, path)
        return
    for name, hint in get_type_hints(kind, include_extras=True).items():
        # The class knows nothing of qualifiers in annotations that are text.
        optional = get_origin(hint) is NotRequired or (
            name not in kind.__required_keys__ and get_origin(hint) is not Required
        )
        if name in value:
            yield from find(value[name], hint, join(path, name), depth + 1)
        elif not optional:
            yield Problem(join(path, name), "is required")


# A list of thousands asks for each of its items, and msgspec reads the annotations anew at every call. A generic's
# alias is left out: what it is made of may have no hash.
_fields = functools.lru_cache(maxsize=256)(msgspec.structs.fields)


def _struct(value: Any, kind: Any, struct: type[msgspec.Struct], path: str, depth: int) -> Iterator[Problem]:
    fields = _fields(struct) if kind is struct else msgspec.structs.fields(kind)
    if isinstance(value, struct):
        for field in fields:
            yield from find(getattr(value, field.name), field.type, join(path, field.name), depth + 1)
    elif is_mapping(value):
        for field in fields:
            here = join(path, field.name)
            if field.encode_name in value:
                yield from find(value[field.encode_name], field.type, here, depth + 1)
            elif field.required:
                yield Problem(here, "is required")
        for name in value.keys() - {field.encode_name for field in fields}:
            yield Problem(join(path, _shown(name)), f"is no field of {struct.__name__}")
    else:
        yield _expected(name_of(kind), value, path)
