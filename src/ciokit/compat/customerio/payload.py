"""The body of a request: the bytes that the official SDK sends, and a form for what it cannot encode."""

import datetime as dt
import json
import math
from collections.abc import Mapping
from typing import Any, Final, TypeGuard, cast

from ciokit.compat.customerio.errors import CustomerIOException
from ciokit.errors import Problem
from ciokit.values.table import Refusal, Walk, is_mapping, to_json

__all__ = ["body_of", "unix_seconds"]


def body_of(data: Any) -> bytes:
    """Encode a request's data.

    Args:
        data: Names and values. NaN becomes null, and so do infinities, which the SDK fails at; a datetime becomes
            whole Unix seconds, one without a time zone is UTC; what JSON has no form for becomes what it does
            everywhere in ciokit.

    Returns:
        JSON, spaced and escaped as the SDK's.

    Raises:
        CustomerIOException: If something cannot be encoded; it names the place.
    """
    if not is_mapping(data):
        msg = f"not sent: expected a mapping, got {type(data).__name__}"
        raise CustomerIOException(msg)
    try:
        return _encoder.encode(_clean_object(data)).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise _refused(data, error) from None


def _clean_object(data: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return an object's values ready to be encoded; see `body_of`."""
    return {key: _clean(value) for key, value in data.items()}


def _clean(value: Any) -> Any:
    """Return a value ready to be encoded; see `body_of`."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dt.datetime):
        return unix_seconds(value)
    if _is_dict(value):
        return _clean_object(value)
    if isinstance(value, (list, tuple)):
        return [_clean(item) for item in cast("list[Any]", value)]
    return value


def unix_seconds(moment: dt.datetime) -> int:
    """Return whole Unix seconds, cut off towards zero as the SDK does; without a time zone it is UTC."""
    aware = moment if moment.utcoffset() is not None else moment.replace(tzinfo=dt.UTC)
    return int(aware.timestamp())


def _is_dict(value: Any) -> TypeGuard[dict[Any, Any]]:
    return isinstance(value, dict)


def _other(value: Any) -> Any:
    """Return a plain form of what the standard library's encoder does not know."""
    try:
        return json.loads(to_json(value, naive_utc=True))
    except Refusal as refusal:
        raise TypeError from refusal


# The standard library's encoder is the SDK's: it decides on spaces, escapes and keys that are no text.
_encoder: Final = json.JSONEncoder(allow_nan=False, default=_other)


def _refused(data: Mapping[Any, Any], error: Exception) -> CustomerIOException:
    walk = Walk(naive_utc=True)
    try:
        walk.plain(dict(data))
    except RecursionError:
        walk.refuse("", "is nested too deep")
    problems = tuple(walk.problems) or (Problem("", f"cannot be encoded ({type(error).__name__})"),)
    told = "; ".join(str(problem) for problem in problems[:5])
    return CustomerIOException(f"not sent, the data cannot be encoded: {told}", reasons=problems)
