"""A webhook's body as an event.

Whatever is new becomes an event all the same: a type of object that is not known, a metric, a field, or another type
of value. Only what names no event at all is refused.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeGuard, cast

import msgspec

from ciokit.webhooks.errors import InvalidPayload
from ciokit.webhooks.events import KINDS, ReportingEvent, UnknownEvent

__all__ = ["parse"]

_ENVELOPE = frozenset(ReportingEvent.__struct_fields__)
_LAST_SECOND = 253_402_300_799
"""The end of the year 9999: no datetime is later."""


def parse(body: bytes | bytearray | memoryview | str) -> ReportingEvent:
    """Parse a webhook without checking who sent it; `receive` does both.

    Args:
        body: The body.

    Returns:
        The event: of the class of its type of object and metric; of the type's own class (`EmailEvent`) if the
        metric is new, and an `UnknownEvent` if the type is. A field whose value is of another type than is documented
        is None; it is in `raw` as it came.

    Raises:
        InvalidPayload: If it is not JSON, or does not say which event it is, of what and when.
    """
    raw = _decoded(body)
    # The vendor's schema calls it `object_type_type` once.
    object_type = raw.get("object_type", raw.get("object_type_type"))
    problems = [
        *(f"{name} is no text" for name in ("event_id", "metric") if not _is_text(raw.get(name))),
        *(() if _is_text(object_type) else ("object_type is no text",)),
        *(() if _is_seconds(raw.get("timestamp")) else ("timestamp is no count of Unix seconds",)),
        *(() if _is_object(raw.get("data")) else ("data is no object",)),
    ]
    if problems:
        msg = f"this is no reporting webhook: {'; '.join(problems)}"
        raise InvalidPayload(msg)
    kind = _kind(cast("str", object_type), raw["metric"])
    return kind(
        event_id=raw["event_id"],
        object_type=cast("str", object_type),
        metric=raw["metric"],
        timestamp=raw["timestamp"],
        raw=raw,
        **_known(kind, raw["data"]),
    )


def _decoded(body: bytes | bytearray | memoryview | str) -> dict[str, Any]:
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        msg = "this is no reporting webhook: the body is not JSON"
        raise InvalidPayload(msg) from None
    if not _is_object(decoded):
        msg = "this is no reporting webhook: the body is no JSON object"
        raise InvalidPayload(msg)
    return decoded


def _kind(object_type: str, metric: str) -> type[ReportingEvent]:
    if object_type not in KINDS:
        return UnknownEvent
    general, metrics = KINDS[object_type]
    return metrics.get(metric, general)


def _known(kind: type[ReportingEvent], data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a class that are there and are what they should be."""
    known: dict[str, Any] = {}
    for name, declared in _fields(kind).items():
        if name in data:
            try:
                known[name] = msgspec.convert(data[name], declared, strict=False)
            except (msgspec.ValidationError, RecursionError):
                continue
    return known


@cache
def _fields(kind: type[ReportingEvent]) -> dict[str, Any]:
    return {field.name: field.type for field in msgspec.structs.fields(kind) if field.name not in _ENVELOPE}


def _is_text(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value)


def _is_seconds(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LAST_SECOND


def _is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)
