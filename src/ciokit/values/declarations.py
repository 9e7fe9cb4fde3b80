"""What is wrong with a declared class itself, told when it is made and not by the first event that is sent."""

import datetime as dt
import sys
import types
from abc import ABCMeta
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Generator,
    Iterator,
    Mapping,
    Sized,
)
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, ForwardRef, Literal, TypeVar, Union, get_args, get_origin
from uuid import UUID

import msgspec

from ciokit.errors import Problem
from ciokit.values.exactness import entered
from ciokit.values.misfits import find, name_of, unwrap
from ciokit.values.scalars import type_of
from ciokit.values.table import has_form

__all__ = ["fields_of", "mistakes"]

_NEVER_SENT: frozenset[Any] = frozenset(
    {
        *(AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Coroutine, Generator, Iterator),
        type,
    }
)
_BOUNDS = {
    "number": ("gt", "ge", "lt", "le", "multiple_of"),
    "length": ("min_length", "max_length"),
    "text": ("pattern",),
    "time": ("tz",),
}
_BOUNDED = {
    "number": "numbers",
    "length": "text and containers",
    "text": "text",
    "time": "datetimes and times",
}
_FIELDS_OF_OTHERS = frozenset({"Field", "FieldInfo", "_CountingAttr"})


def fields_of(declared: Any) -> tuple[msgspec.structs.FieldInfo, ...] | str:
    """Return the fields of a declared class with their annotations read, or why these cannot be read."""
    try:
        return msgspec.structs.fields(declared)
    except Exception as error:  # noqa: BLE001 - annotations are code of the application's
        return (
            f"the annotations cannot be read: {error}; import it at run time, too, not only for type checkers, and "
            "define it outside of functions"
        )


def mistakes(declared: Any) -> list[Problem]:
    """Return what is wrong with a declared class.

    Args:
        declared: An `Event` or `Attributes`.

    Returns:
        A problem for each mistake, its path the field; what only its use can tell is left out.
    """
    own: dict[str, Any] = declared.__dict__
    found = [
        Problem(name, "hides a field of a base class; to change its default, repeat its type")
        for base in declared.__mro__[1:]
        if isinstance(base, msgspec.StructMeta) and base is not msgspec.Struct
        for name in base.__struct_fields__
        if name in own and not isinstance(own[name], types.MemberDescriptorType)
    ]
    for name, wire in zip(declared.__struct_fields__, declared.__struct_encode_fields__, strict=True):
        if name.startswith("__") and name.endswith("__"):
            found.append(Problem(name, "is reserved by Python or ciokit; choose another name"))
        if not wire:
            found.append(Problem(name, "has an empty name on the wire"))
    # To read annotations costs an import, which a program without classes of its own need not pay for.
    fields = fields_of(declared) if declared.__struct_fields__ else ()
    if not isinstance(fields, str):
        for field in fields:
            found += (Problem(field.name, words) for words in _of_field(field))
    return [*dict.fromkeys(found)]


def _of_field(field: msgspec.structs.FieldInfo) -> list[str]:
    found = list(_of_kind(field.type, ()))
    if found or field.default is msgspec.NODEFAULT:
        return found
    if type_of(field.default).__name__ in _FIELDS_OF_OTHERS:
        return ["has a default made by another library's field(); use ciokit's field()"]
    advice = "; add `| None` to the annotation" if field.default is None else ""
    return [f"its default: {problem}{advice}" for problem in find(field.default, field.type)]


def _of_kind(kind: Any, within: tuple[Any, ...]) -> list[str]:
    """Tell what no value can make good in an annotation."""
    if isinstance(kind, (list, dict, set)):
        return ["the annotation is not a type"]
    if isinstance(kind, (str, ForwardRef)) or kind in within:
        return []
    within, kind = entered(kind, within), unwrap(kind)
    origin, args = get_origin(kind), get_args(kind)
    if origin is Literal:
        wrong = [value for value in args if not isinstance(value, (str, int, Enum, types.NoneType))]
        return [f"{type(value).__name__} cannot be sent" for value in wrong]
    if (origin or kind) in _NEVER_SENT:
        return [f"{name_of(kind)} cannot be sent"]
    if origin is None:
        return _of_class(kind)
    found = (
        [words for arg in args if arg is not ... for words in _of_kind(arg, within)]
        if origin is not Annotated
        else []
    )
    if origin is Annotated:
        found = _of_kind(args[0], within) or _of_bounds(args[0], args[1:])
    elif isinstance(origin, type) and issubclass(origin, Mapping) and args and not _is_key(args[0]):
        found.append(
            f"{name_of(args[0])} cannot be a key; keys are text, Enums of text, whole numbers or UUIDs"
        )
    return found


def _of_class(kind: Any) -> list[str]:
    if kind is not Any and isinstance(kind, type):
        # What is not of Python itself, or is abstract, may have subclasses that can be sent.
        module, abstract = kind.__module__.partition(".")[0], getattr(kind, "__abstractmethods__", ())
        theirs = module in sys.stdlib_module_names and module != "numbers" and not abstract
        sendable = kind in {object, types.NoneType} or getattr(kind, "_is_protocol", False) or has_form(kind)
        return [f"{kind.__name__} cannot be sent"] if theirs and not sendable else []
    known = (
        kind is None or isinstance(kind, TypeVar) or type(kind).__module__ in {"typing", "typing_extensions"}
    )
    return [] if known else ["the annotation is not a type"]


def _is_key(kind: Any) -> bool:
    kind = unwrap(kind)
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _is_key(args[0])
    if origin in {Union, types.UnionType}:
        return all(map(_is_key, args))
    base: Any = origin or kind
    if not isinstance(base, type) or base in {object, Any}:
        return True
    return base is not bool and issubclass(base, (str, int, UUID, Enum))


def _of_bounds(kind: Any, metas: tuple[Any, ...]) -> list[str]:
    kind = unwrap(kind)
    union = get_origin(kind) in {Union, types.UnionType}
    sorts = [_sorts(alternative) for alternative in (get_args(kind) if union else (kind,))]
    if None in sorts:
        return []
    there = {sort for some in sorts for sort in some or ()}
    return [
        f"{name} applies to {_BOUNDED[sort]}, not to {name_of(kind)}"
        for meta in metas
        for sort, names in _BOUNDS.items()
        for name in names
        if getattr(meta, name, None) is not None and sort not in there
    ]


def _sorts(kind: Any) -> tuple[str, ...] | None:
    """Return what a class has that can be bounded; None if that is not known."""
    kind = unwrap(kind)
    base: Any = get_origin(kind) or kind
    if not isinstance(base, type) or base is Any or issubclass(base, Enum) or isinstance(base, ABCMeta):
        return None
    if issubclass(base, str):
        return "text", "length"
    if issubclass(base, (int, float, Decimal)):
        return ("number",) if base is not bool else ()
    if issubclass(base, (dt.datetime, dt.time)):
        return ("time",)
    if issubclass(base, (dt.date, dt.timedelta, UUID, types.NoneType)):
        return ()
    return ("length",) if issubclass(base, Sized) else None
