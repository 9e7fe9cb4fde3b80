"""Whether an instance holds what msgspec would take for something else than the encoder's table does.

Its conversion takes anything with the right attributes for a struct within a struct, and drops what a subclass has
more. It takes a Decimal for a float, NaN too, which is no JSON; 16 bytes for a UUID, which it would write in base 64;
and a set for a list, which it would write unsorted. So a declared class gets a check that these do not occur, made
once from its annotations. What does not pass it is looked at closely.
"""

import types
from collections.abc import Callable, Collection
from decimal import Decimal
from operator import attrgetter
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin
from uuid import UUID

import msgspec

from ciokit.values.misfits import LISTS, MAPPINGS, struct_in, unwrap

__all__ = ["Check", "entered", "exactness", "numbers_of"]

Check: TypeAlias = Callable[[Any], bool]
_Make: TypeAlias = Callable[[Any, tuple[Any, ...]], Check | None]


def exactness(declared: type[msgspec.Struct], *, apart: Collection[str] = ()) -> Check | None:
    """Return what tells whether all values in an instance are such that msgspec does not mistake them.

    Args:
        declared: The class of the instance.
        apart: Fields that are looked at elsewhere: some of `numbers_of`.

    Returns:
        The check, which raises `TypeError`, `ValueError` or `AttributeError` if it meets a value of quite another kind
        than was annotated; None if no annotation asks for one.
    """
    return _all_of([_of_fields(declared, (declared,), make, apart) for make in (_structs, _values)])


def numbers_of(declared: type[msgspec.Struct]) -> tuple[str, ...]:
    """Return the fields that are floats and nothing else: in these alone, and there alone, a Decimal is in the way."""
    fields = msgspec.structs.fields(declared)
    return tuple(field.name for field in fields if _values(field.type, (declared,)) is _no_decimal)


def entered(kind: Any, within: tuple[Any, ...]) -> tuple[Any, ...]:
    """Remember the classes and aliases that a look at an annotation is inside of: these alone can hold themselves."""
    return (*within, kind) if struct_in(kind) or hasattr(kind, "__value__") else within


def _all_of(found: list[Check | None]) -> Check | None:
    checks = [check for check in found if check is not None]
    if len(checks) == 2:
        first, second = checks
        return lambda value: first(value) and second(value)
    if len(checks) < 2:
        return checks[0] if checks else None
    return lambda value: all(check(value) for check in checks)


def _of_fields(
    declared: Any, within: tuple[Any, ...], make: _Make, apart: Collection[str] = ()
) -> Check | None:
    checks = [
        (field.name, make(field.type, within))
        for field in msgspec.structs.fields(declared)
        if field.name not in apart
    ]
    return _all_of([_on_field(name, check) for name, check in checks if check is not None])


def _on_field(name: str, check: Any) -> Check:
    get = attrgetter(name)
    return lambda value: check(get(value))


# Structs: each is exactly of the annotated class


def _structs(kind: Any, within: tuple[Any, ...]) -> Check | None:
    if kind in within:  # checked slowly
        return None
    within, kind = entered(kind, within), unwrap(kind)
    struct = struct_in(kind)
    if struct is not None:
        return _all_of([_is_exactly(struct), _of_fields(kind, within, _structs)])
    origin, args = get_origin(kind), get_args(kind)
    parts = [_structs(arg, within) for arg in args if origin is not Literal]
    known = [part for part in parts if part is not None]
    if not known:
        return None
    if origin is Annotated:
        return known[0]
    if origin in {Union, types.UnionType}:
        return lambda value: value is None or any(part(value) for part in known)
    if origin in MAPPINGS:
        return lambda value: all(map(known[-1], value.values()))
    if origin is tuple and ... not in args:
        return _each(parts)
    return lambda value: all(map(known[0], value))


def _is_exactly(struct: type) -> Check:
    return lambda value: type(value) is struct


def _each(parts: list[Check | None]) -> Check:
    return lambda value: all(part is None or part(item) for part, item in zip(parts, value, strict=True))


# Other values: these checks pass what is not of their kind, so that all alternatives of a union may be asked


def _values(kind: Any, within: tuple[Any, ...]) -> Check | None:
    if kind in within:
        return None
    within, kind = entered(kind, within), unwrap(kind)
    if kind is float:
        return _no_decimal
    if kind is UUID:
        return _no_bytes
    struct = struct_in(kind)
    if struct is not None:
        return _within(struct, _of_fields(kind, within, _values))
    origin, args = get_origin(kind), get_args(kind)
    if not args or origin is Literal:
        return None
    parts = [_values(arg, within) for arg in args if arg is not ...]
    if origin is Annotated or origin in {Union, types.UnionType}:
        return _all_of(parts)
    if origin in MAPPINGS:
        return _in_mapping(*parts)
    if origin is tuple and ... not in args:
        return _in_array(_each(parts) if any(parts) else None)
    if origin is tuple or origin in LISTS:
        return _in_array(_every(parts[0]))
    return None


def _no_decimal(value: Any) -> bool:
    return type(value) is not Decimal


def _no_bytes(value: Any) -> bool:
    return type(value) is not bytes


def _within(struct: type, check: Check | None) -> Check | None:
    return check and (lambda value: type(value) is not struct or check(value))


def _every(check: Check | None) -> Check | None:
    if check is _no_decimal:  # lists of numbers may be long
        return lambda items: Decimal not in set(map(type, items))
    return check and (lambda items: all(map(check, items)))


def _in_array(check: Check | None) -> Check:
    def is_exact(value: Any) -> bool:
        if isinstance(value, (list, tuple)):
            return check is None or check(value)
        return not isinstance(value, (set, frozenset))

    return is_exact


def _in_mapping(key: Check | None, item: Check | None) -> Check | None:
    keys, items = _every(key), _every(item)
    of_items: Check | None = items and (lambda value: items(value.values()))
    return _all_of([keys, of_items])
