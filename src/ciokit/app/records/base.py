"""What an answer becomes: a struct of the fields that are known, with everything else kept beside them.

An answer is read in one native pass. Only if it has a field that is not known, or a value of another type than the
documented one, is it read again slowly, and what does not fit goes into `extra`: a field that the service adds or
changes costs nobody a call.
"""

import types
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeGuard, TypeVar, Union, get_args, get_origin

import msgspec

__all__ = ["Record", "fields_of", "read_record"]

RecordT = TypeVar("RecordT", bound="Record")

fields_of = lru_cache(maxsize=512)(msgspec.structs.fields)
"""Return the fields of a struct's class; msgspec reads the annotations anew each time, which costs as much as a call."""


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hold what the service says of one thing.

    Attributes:
        extra: Fields that are not known here, and values whose types are not the documented ones.
    """

    # The name on the wire is one that no service sends, so that its own `extra` would not be taken for this one.
    extra: Mapping[str, Any] = msgspec.field(default_factory=dict[str, Any], name="(extra)")


def read_record(value: Any, kind: type[RecordT]) -> RecordT:
    """Read a record out of decoded JSON, however little of it fits.

    Args:
        value: What was decoded.
        kind: The record's class.

    Returns:
        The record.

    Raises:
        msgspec.ValidationError: If it is no object, or lacks what nothing can be done without.
    """
    if not isinstance(value, Mapping):
        msg = f"expected an object for {kind.__name__}"
        raise msgspec.ValidationError(msg)
    left: dict[str, Any] = {**value}
    known: dict[str, Any] = {}
    for field in fields_of(kind):
        if field.name == "extra":
            continue
        if field.encode_name in left:
            _take(field, left, known)
        elif field.required:
            msg = f"{kind.__name__} without {field.encode_name}"
            raise msgspec.ValidationError(msg)
    return kind(**known, extra=left)


def _take(field: msgspec.structs.FieldInfo, left: dict[str, Any], known: dict[str, Any]) -> None:
    """Move a value to where it belongs, if it fits; null in place of a list or a number is as good as nothing."""
    value = left[field.encode_name]
    try:
        known[field.name] = _fit(value, field.type)
    except msgspec.ValidationError:
        if field.required:
            # A number that came as text is as good; an error would have a call made again that was taken.
            known[field.name] = msgspec.convert(value, field.type, strict=False)
        elif value is not None:
            return
    del left[field.encode_name]


def _fit(value: Any, kind: Any) -> Any:
    """Return a value as its annotation has it."""
    origin, args = get_origin(kind), get_args(kind)
    if _is_record(kind):
        return read_record(value, kind)
    if origin in {Union, types.UnionType} and value is not None:
        inner = [arg for arg in args if arg is not type(None)]
        return _fit(value, inner[0]) if len(inner) == 1 else msgspec.convert(value, kind)
    if origin is tuple and isinstance(value, list):
        items: list[Any] = [*value]
        return tuple(_fit(item, args[0]) for item in items)
    return msgspec.convert(value, kind)


def _is_record(kind: Any) -> TypeGuard[type[Record]]:
    return isinstance(kind, type) and issubclass(kind, Record)
