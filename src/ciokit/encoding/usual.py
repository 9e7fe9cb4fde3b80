"""The usual event in one go: a declared `Event` of a person with a short id, with nothing else beside.

It is what most calls are, so it is worth a way of its own, which costs half of the thorough one (measured). What is
unusual or wrong in any way is left to `ciokit.encoding.track_v2`, which says so; a test holds both to the same bytes.
"""

from collections.abc import Callable
from typing import Any

from ciokit.encoding.drafts import SURELY_SHORT, Encoding
from ciokit.events import Event
from ciokit.limits import ITEM, TIMESTAMP
from ciokit.operations import Track
from ciokit.ulids import is_ulid, new_ulid
from ciokit.values.forms import MISFITS, encode_fitting
from ciokit.values.fragments import json_text
from ciokit.values.table import Refusal
from ciokit.wire import Entry

__all__ = ["encode_present", "encode_usual"]

_UNUSUAL = (*MISFITS, Refusal)
# What has a name is an `Event`; to ask again would cost as much as to look the name up.
_encode_data: Callable[..., bytes | None] = encode_fitting
_names: dict[type[Any], bytes] = {}
"""What follows the person in the JSON of a class's events: the name, up to the id; nothing for a class that is unusual."""
_latest_moment = (-1, -1, b"", b"")


def encode_usual(operation: Track, encoding: Encoding, now: int) -> Entry | None:
    """Check and encode an event.

    Args:
        operation: What is meant.
        encoding: How to encode it.
        now: Unix seconds of the call.

    Returns:
        The entry; None for what is unusual or wrong.
    """
    when, ulid = operation.timestamp, operation.id
    if (
        operation.extra is not None
        or operation.data is not None
        or type(when) is not int
        or not 0 <= when <= TIMESTAMP
        or type(ulid) is not str
        or not is_ulid(ulid)
    ):
        return None
    return _encode(operation.person, operation.event, encoding, ulid, when, now)


def encode_present(person: object, event: object, encoding: Encoding, now: float) -> Entry | None:
    """Check and encode an event of this very moment, whose id is yet to be made.

    Args:
        person: Whom it is of.
        event: What it is.
        encoding: How to encode it.
        now: Unix time of the call.

    Returns:
        The entry; None for what is unusual or wrong.
    """
    second = int(now)
    return _encode(person, event, encoding, new_ulid(int(now * 1000)), second, second)


def _encode(
    person: object, event: object, encoding: Encoding, ulid: str, when: int, now: int
) -> Entry | None:
    named = _names.get(type(event)) or _name(type(event))
    if not named or type(person) is not str or not 0 < len(person) <= SURELY_SHORT or person.isspace():
        return None
    try:
        data = _encode_data(event, naive_utc=encoding.naive_utc)
        identifier = json_text(person)
    except _UNUSUAL:
        return None
    if data is None or len(data) == 2:  # a stamp would stand alone in it
        return None
    known_when, known_now, middle, end = _latest_moment
    if known_when != when or known_now != now:
        middle, end = _write_moment(when, now)
    parts = (
        b'{"type":"person","action":"event","identifiers":{"id":',
        identifier,
        named,
        ulid.encode(),
        middle,
        data[:-1],
        end if encoding.stamp else b"}}",
    )
    body = b"".join(parts)
    return Entry(body, ("id:" + person,), "event", id=ulid) if len(body) <= ITEM else None


def _name(kind: type[Any]) -> bytes:
    """Write and remember the name of a class's events."""
    usual = issubclass(kind, Event) and "tracked_at" not in kind.__struct_encode_fields__
    named = _names[kind] = b'},"name":%b,"id":"' % kind.__event_json__ if usual else b""
    return named


def _write_moment(when: int, now: int) -> tuple[bytes, bytes]:
    """Write what stands between id and data, and the stamp with what closes an event.

    The same second is written many times over, so the last one is kept.
    """
    global _latest_moment  # noqa: PLW0603 - one value, so threads never see half of it
    middle, end = b'","timestamp":%d,"attributes":' % when, b',"tracked_at":%d}}' % now
    _latest_moment = (when, now, middle, end)
    return middle, end
