"""Why a value does not fit its annotation: every wrong place at once, each with its path.

The slow and thorough twin of msgspec's own check, which stops at the first mistake and names values in some of its
messages. It runs only when something is wrong, or for types that msgspec cannot check.
"""

import datetime as dt
import re
import types
from collections.abc import Iterator, Mapping, MutableMapping, MutableSequence, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from ciokit.errors import Problem
from ciokit.values import is_mapping, join

__all__ = ["LISTS", "MAPPINGS", "SETS", "find", "unwrap"]

LISTS = frozenset({list, Sequence, MutableSequence})
SETS = frozenset({set, frozenset, AbstractSet})
MAPPINGS = frozenset({dict, Mapping, MutableMapping})


def find(value: Any, kind: Any, path: str = "") -> Iterator[Problem]:  # noqa: C901 - a branch a kind of annotation
    """Yield what is wrong with a value.

    Args:
        value: Anything.
        kind: The annotation it should fit.
        path: Where it stands.

    Yields:
        A problem for each wrong place; none when the value fits.
    """
    kind = unwrap(kind)
    origin, args = get_origin(kind), get_args(kind)
    if kind is Any or kind is object:
        return
    if origin is Annotated:
        yield from _annotated(value, args, path)
    elif origin in {Union, types.UnionType}:
        yield from _union(value, args, path)
    elif origin is Literal:
        yield from _one_of(value, args, path)
    elif origin in LISTS or origin in SETS:
        yield from _items(value, [args[0]] * len(value) if _is_list(value) else None, path)
    elif origin is tuple:
        yield from _tuple(value, args, path)
    elif origin in MAPPINGS:
        yield from _mapping(value, args[1], path)
    elif isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield from _struct(value, kind, path)
    elif isinstance(kind, type) and issubclass(kind, Enum):
        if not isinstance(value, kind):
            yield from _one_of(value, tuple(member.value for member in kind), path)
    elif not _fits(value, kind):
        yield _expected(name_of(kind), value, path)


def unwrap(kind: Any) -> Any:
    """Return what a `NewType` or a `type X = ...` alias stands for; other annotations as they are."""
    while (inner := getattr(kind, "__supertype__", None) or getattr(kind, "__value__", None)) is not None:
        kind = inner
    return kind


def name_of(kind: Any) -> str:
    """Return an annotation as a person would write it."""
    if kind is None or kind is type(None):
        return "None"
    if isinstance(kind, type) and not get_args(kind):
        return kind.__name__
    return re.sub(r"\b(\w+\.)+", "", str(kind))


def _expected(what: str, value: Any, path: str) -> Problem:
    return Problem(path, f"expected {what}, got {type(value).__name__}")


def _fits(value: Any, kind: Any) -> bool:
    if kind is None or kind is type(None):
        return value is None
    if kind is Decimal and type(value) is int:
        return True
    if isinstance(kind, type) and isinstance(value, kind):
        # A datetime is a date and True is an int for Python, but not for whoever reads the data.
        return not (kind is int and isinstance(value, bool)) and not (
            kind is dt.date and isinstance(value, dt.datetime)
        )
    if isinstance(kind, type) and kind.__module__ not in {"builtins", "datetime", "uuid"}:
        return False
    try:
        msgspec.convert(value, kind)
    except (msgspec.ValidationError, TypeError):
        return False
    return True


def _annotated(value: Any, args: tuple[Any, ...], path: str) -> Iterator[Problem]:
    problems = list(find(value, args[0], path))
    yield from problems
    if not problems and value is not None:
        for meta in args[1:]:
            if isinstance(meta, msgspec.Meta):
                yield from _out_of_bounds(value, meta, path)


def _out_of_bounds(value: Any, meta: msgspec.Meta, path: str) -> Iterator[Problem]:
    bounds: tuple[tuple[str, Any, bool], ...] = (
        (f"> {meta.gt}", meta.gt, meta.gt is None or value > meta.gt),
        (f">= {meta.ge}", meta.ge, meta.ge is None or value >= meta.ge),
        (f"< {meta.lt}", meta.lt, meta.lt is None or value < meta.lt),
        (f"<= {meta.le}", meta.le, meta.le is None or value <= meta.le),
        (f"a multiple of {meta.multiple_of}", meta.multiple_of, _is_multiple(value, meta.multiple_of)),
        (
            f"of length >= {meta.min_length}",
            meta.min_length,
            meta.min_length is None or len(value) >= meta.min_length,
        ),
        (
            f"of length <= {meta.max_length}",
            meta.max_length,
            meta.max_length is None or len(value) <= meta.max_length,
        ),
        (
            f"matching {meta.pattern}",
            meta.pattern,
            meta.pattern is None or re.search(meta.pattern, value) is not None,
        ),
        ("with a time zone", meta.tz, meta.tz is not True or value.tzinfo is not None),
    )
    for words, _, fits in bounds:
        if not fits:
            yield Problem(path, f"expected {type(value).__name__} {words}")


def _is_multiple(value: Any, step: Any) -> bool:
    return step is None or Decimal(str(value)) % Decimal(str(step)) == 0


def _union(value: Any, args: tuple[Any, ...], path: str) -> Iterator[Problem]:
    if value is None and type(None) in args:
        return
    kinds = [arg for arg in args if arg is not type(None)]
    tries = [list(find(value, kind, path)) for kind in kinds]
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
    if not any(type(value) is type(choice) and value == choice for choice in choices):
        yield Problem(path, "expected one of " + ", ".join(repr(choice) for choice in choices))


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple, set, frozenset))


def _items(value: Any, kinds: Sequence[Any] | None, path: str) -> Iterator[Problem]:
    if kinds is None:
        yield _expected("a list", value, path)
        return
    for index, (item, kind) in enumerate(zip(value, kinds, strict=True)):
        yield from find(item, kind, f"{path}[{index}]")


def _tuple(value: Any, args: tuple[Any, ...], path: str) -> Iterator[Problem]:
    if not _is_list(value):
        yield _expected("a tuple", value, path)
    elif args[1:] == (...,):
        yield from _items(value, [args[0]] * len(value), path)
    elif len(value) != len(args):
        yield Problem(path, f"expected {len(args)} items, got {len(value)}")
    else:
        yield from _items(value, args, path)


def _mapping(value: Any, kind: Any, path: str) -> Iterator[Problem]:
    if not is_mapping(value):
        yield _expected("a mapping", value, path)
        return
    for key, item in value.items():
        if not isinstance(key, (str, Enum)):
            yield Problem(path, f"a key is {type(key).__name__}; keys must be text")
        else:
            yield from find(item, kind, join(path, str(key)))


def _struct(value: Any, kind: type[msgspec.Struct], path: str) -> Iterator[Problem]:
    by_name = isinstance(value, Mapping)
    if not by_name and not isinstance(value, kind):
        yield _expected(kind.__name__, value, path)
        return
    for field in msgspec.structs.fields(kind):
        here = join(path, field.name)
        if not by_name:
            yield from find(getattr(value, field.name), field.type, here)
        elif field.encode_name in value:
            yield from find(value[field.encode_name], field.type, here)
        elif field.required:
            yield Problem(here, "is required")
