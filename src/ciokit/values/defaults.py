"""Whether a field has its default, and so is not sent."""

from enum import Enum
from typing import Any, Final, get_origin

import msgspec

__all__ = ["AS_THEY_ARE", "EMPTY", "bare", "equals", "is_default"]

AS_THEY_ARE: Final = frozenset({str, int, float, bool, type(None)})
"""The types whose values are JSON as they are."""
EMPTY: Final = frozenset({list, dict, set})
"""What makes an empty container; a field whose default one of these makes is not sent while it is empty."""


def is_default(value: Any, field: msgspec.structs.FieldInfo) -> bool:
    """Tell whether a field has its default value and so is not sent."""
    default, factory = field.default, bare(field.default_factory)
    if default is not msgspec.NODEFAULT:
        return value is default or equals(value, default)
    return factory in EMPTY and equals(value, factory())


def bare(factory: Any) -> Any:
    """Return the factory of a field's default, `list` for `list[str]`."""
    return get_origin(factory) or factory


def equals(value: Any, other: Any) -> bool:
    """Compare as JSON would: True is not 1, but a tuple is a list, and an Enum its value."""
    if isinstance(value, bool) is not isinstance(other, bool):
        return False
    try:
        plain = type(value) in AS_THEY_ARE and type(other) in AS_THEY_ARE
        return bool(value == other) or (not plain and bool(_comparable(value) == _comparable(other)))
    except Exception:  # noqa: BLE001 - an array or a signalling NaN in place of a value raises at ==, each its own
        return False


def _comparable(value: Any) -> Any:
    value = value.value if isinstance(value, Enum) else value
    return [*value] if isinstance(value, tuple) else value
