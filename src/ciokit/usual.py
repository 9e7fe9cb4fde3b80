"""The usual event in one go: a declared `Event` of a person with a short id, with nothing else beside.

It is what most calls are, so it is worth a way of its own, which costs half of the thorough one (measured). What is
unusual or wrong in any way is left to `ciokit.encoding`, which says so; a test holds both to the same bytes.
"""

from ciokit import limits
from ciokit.drafts import SURELY_SHORT, Encoding
from ciokit.events import Event
from ciokit.forms import encode_declared
from ciokit.fragments import digits, json_text, stamp_after
from ciokit.operations import Track
from ciokit.ulids import is_ulid
from ciokit.values import Refusal
from ciokit.wire import Entry

__all__ = ["encode_usual"]

_TRACKED_AT = b'"tracked_at"'


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
    if (
        operation.extra is not None
        or operation.data is not None
        or type(person) is not str
        or not 0 < len(person) <= SURELY_SHORT
        or person.isspace()
        or type(when) is not int
        or not 0 <= when <= limits.TIMESTAMP
        or not isinstance(event, Event)
        or type(ulid) is not str
        or not is_ulid(ulid)
    ):
        return None
    try:
        data = encode_declared(event, naive_utc=encoding.naive_utc)
        identifier = json_text(person)
    except (Refusal, UnicodeEncodeError):
        return None
    parts = (
        b'{"type":"person","action":"event","identifiers":{"id":',
        identifier,
        b'},"name":',
        event.__event_json__,
        b',"id":"',
        ulid.encode(),
        b'","timestamp":',
        digits(when),
        b',"attributes":',
        data[:-1],
        stamp_after(data, _TRACKED_AT, now) if encoding.stamp else b"}",
        b"}",
    )
    body = b"".join(parts)
    return Entry(body, ("id:" + person,), "event", id=ulid) if len(body) <= limits.ITEM else None
