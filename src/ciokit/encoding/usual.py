"""The usual event in one go: a declared `Event` of a person with a short id, with nothing else beside.

It is what most calls are, so it is worth a way of its own, which costs half of the thorough one (measured). What is
unusual or wrong in any way is left to `ciokit.encoding.track_v2`, which says so; a test holds both to the same bytes.
"""

from typing import Any

from ciokit.encoding.drafts import SURELY_SHORT, Encoding
from ciokit.events import Event
from ciokit.limits import ITEM, TIMESTAMP
from ciokit.operations import Track
from ciokit.ulids import is_ulid
from ciokit.values.forms import MISFITS, encode_fitting
from ciokit.values.fragments import digits, json_text
from ciokit.values.table import Refusal
from ciokit.wire import Entry

__all__ = ["encode_usual"]

_UNUSUAL = (*MISFITS, Refusal)
_names: dict[type[Any], bytes] = {}
"""What follows the person in the JSON of a class's events: the name, up to the id; nothing for a class that is unusual."""
_latest_end = (-1, b"")


def encode_usual(operation: Track, encoding: Encoding, now: int) -> Entry | None:
    """Check and encode an event.

    Args:
        operation: What is meant.
        encoding: How to encode it.
        now: Unix seconds of the call.

    Returns:
        The entry; None for what is unusual or wrong.
    """
    person, event, when, ulid = operation.person, operation.event, operation.timestamp, operation.id
    named = _names.get(type(event)) or _name(type(event))
    if (
        not (named and isinstance(event, Event))
        or operation.extra is not None
        or operation.data is not None
        or type(person) is not str
        or not 0 < len(person) <= SURELY_SHORT
        or person.isspace()
        or type(when) is not int
        or not 0 <= when <= TIMESTAMP
        or type(ulid) is not str
        or not is_ulid(ulid)
    ):
        return None
    try:
        data = encode_fitting(event, naive_utc=encoding.naive_utc)
        identifier = json_text(person)
    except _UNUSUAL:
        return None
    if data is None or len(data) == 2:  # a stamp would stand alone in it
        return None
    parts = (
        b'{"type":"person","action":"event","identifiers":{"id":',
        identifier,
        named,
        ulid.encode(),
        b'","timestamp":',
        digits(when),
        b',"attributes":',
        data[:-1],
        _end(now) if encoding.stamp else b"}}",
    )
    body = b"".join(parts)
    return Entry(body, ("id:" + person,), "event", id=ulid) if len(body) <= ITEM else None


def _name(kind: type[Any]) -> bytes:
    """Write and remember the name of a class's events."""
    usual = issubclass(kind, Event) and "tracked_at" not in kind.__struct_encode_fields__
    named = _names[kind] = b'},"name":%b,"id":"' % kind.__event_json__ if usual else b""
    return named


def _end(now: int) -> bytes:
    """Write the stamp and what closes an event; the same second is written many times over, so the last one is kept."""
    global _latest_end  # noqa: PLW0603 - one value, so threads never see half of it
    known, end = _latest_end
    if known != now:
        end = b',"tracked_at":%d}}' % now
        _latest_end = (now, end)
    return end
