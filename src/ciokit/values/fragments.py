"""Pieces of encoded JSON: looked into, joined and stamped without being decoded where that can be helped."""

from collections.abc import Mapping

import msgspec

__all__ = [
    "digits",
    "has_key",
    "json_text",
    "members",
    "merge_objects",
    "object_of",
    "stamp_after",
    "utf8_size",
]

_latest_digits = (0, b"0")
_latest_stamps: tuple[int, dict[bytes, bytes]] = (0, {})

json_text = msgspec.json.Encoder().encode
"""Write a text as JSON; a lone surrogate raises UnicodeEncodeError."""


def stamp_after(encoded: bytes, name: bytes, now: int) -> bytes:
    """Return what adds a time to encoded data under a quoted name, where data[:-1] leaves off.

    That is the closing brace alone if the application set the name itself.
    """
    if name in encoded and name[1:-1].decode() in members(encoded):
        return b"}"
    if len(encoded) == 2:
        return b"%b:%d}" % (name, now)
    second, stamps = _latest_stamps
    if second != now:
        stamps = _new_second(now)
    return stamps.get(name) or stamps.setdefault(name, b",%b:%d}" % (name, now))


def _new_second(now: int) -> dict[bytes, bytes]:
    """Begin with the stamps of another second; each is written many times over, so those of the last one are kept."""
    global _latest_stamps  # noqa: PLW0603 - one value, so threads never see half of it
    stamps: dict[bytes, bytes] = {}
    _latest_stamps = (now, stamps)
    return stamps


def digits(number: int) -> bytes:
    """Write a time in seconds; the same second is written many times over, so the last one is kept."""
    global _latest_digits  # noqa: PLW0603 - one value, so threads never see half of it
    known, text = _latest_digits
    if known != number:
        text = b"%d" % number
        _latest_digits = (number, text)
    return text


def utf8_size(text: str) -> int:
    """Return how many bytes a text takes; half of a character, which takes none, counts as one."""
    return len(text.encode("utf-8", "replace"))


def object_of(members: Mapping[str, bytes]) -> bytes:
    """Write a JSON object of encoded values; the names are plain ones of an API."""
    return b"{%b}" % b",".join(b'"%b":%b' % (name.encode(), value) for name, value in members.items())


def merge_objects(first: bytes, second: bytes) -> bytes:
    """Join two encoded JSON objects whose names differ."""
    if len(first) <= 2:
        return second
    return first if len(second) <= 2 else b"%b,%b" % (first[:-1], second[1:])


def members(encoded: bytes) -> dict[str, msgspec.Raw]:
    """Return the names of an encoded JSON object, each with its value as it is encoded."""
    return msgspec.json.decode(encoded, type=dict[str, msgspec.Raw])


def has_key(encoded: bytes, name: str) -> bool:
    """Tell whether an encoded JSON object has a name at its top level."""
    try:
        quoted = json_text(name)
    except UnicodeEncodeError:  # half a character is in no JSON
        return False
    return quoted in encoded and name in members(encoded)  # the quick look nearly always settles it
