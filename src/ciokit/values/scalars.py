"""The plain form of single values: a Decimal's digits, a datetime's second, the text of what stands in an address."""

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, TypeGuard

__all__ = ["PLAINLY", "advice", "is_text", "plain_decimal", "plain_text", "type_of", "unix_seconds"]

_DOUBLE_DIGITS: Final = 15
_DOUBLE_EXPONENT: Final = 300
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SECOND: Final = dt.timedelta(seconds=1)


type_of: Callable[[Any], type[Any]] = type
"""Return what a value is, which may be other than it claims: `isinstance` believes proxies."""


def is_text(value: Any) -> TypeGuard[str]:
    """Tell whether a value is text, which a proxy of one only claims to be."""
    return issubclass(type_of(value), str)


def advice(value: Any) -> str:
    """Tell, at the end of a refusal, how to make a value of another library plain; nothing if that is not known."""
    kind = type_of(value)
    if value.__class__ is not kind:  # a LocalProxy, a SimpleLazyObject, a mock
        return f"; it stands in for {value.__class__.__name__}: pass the value itself"
    return "; pass what its tolist() returns" if callable(getattr(kind, "tolist", None)) else ""


def plain_decimal(value: Decimal) -> Decimal | str | None:
    """Return a Decimal as what keeps its digits.

    Args:
        value: Of exactly this type.

    Returns:
        Itself, to be written as a number; text, if a reader's double could not hold its digits; None if it is not
        finite.
    """
    if not value.is_finite():
        return None
    fits = len(value.as_tuple().digits) <= _DOUBLE_DIGITS and abs(value.adjusted()) < _DOUBLE_EXPONENT
    return value if fits else str(value)


def plain_text(value: Any) -> str:
    """Return a value as it stands in an address or a form: a member of an Enum as its value, not as its name."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return str.__str__(value)
    return int.__repr__(value) if isinstance(value, int) else str(value)


def unix_seconds(value: dt.datetime) -> int:
    """Return the Unix second that an aware datetime lies in."""
    # Exact, which float seconds of far years are not; and not a subclass's own idea of subtraction.
    return dt.datetime.__sub__(value, _EPOCH) // _SECOND


def _aware_seconds(value: dt.datetime) -> int | None:
    return None if value.utcoffset() is None else unix_seconds(value)


PLAINLY: Final[Mapping[Any, Callable[[Any], Any]]] = {Decimal: plain_decimal, dt.datetime: _aware_seconds}
"""What makes values of exactly these types plain; what gives None has no plain form, or needs a closer look."""
