"""Checks of decoded JSON: what is an object, an array, an integer; and the error a wrong value raises.

Knows no path and no state; the Track and App modules say which field is which.
"""

import re
from collections.abc import Container
from typing import Any, Final, NamedTuple, NoReturn, Self, TypeGuard

import msgspec

from ciokit.sandbox import limits

_ULID: Final = re.compile(r"[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
_E164: Final = re.compile(r"\+[1-9][0-9]{1,14}")
_decode: Final = msgspec.json.Decoder().decode
_MOST_DIGITS: Final = 18
"""Digits of the longest number in a text; Python itself reads no more than some thousands."""
_MOST_SECONDS: Final = 2**63
"""JSON has larger integers, time has not; none of them may reach arithmetic with floats."""


class RefusedError(Exception):
    """Refuse an operation with what the vendor would say.

    Args:
        message: Text for a person.
        field: Path of the wrong field; empty when it is the whole.
        reason: Short machine-readable reason.
        status: HTTP status for an operation sent alone.
    """

    def __init__(self, message: str, field: str = "", reason: str = "invalid", status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.reason = reason
        self.status = status


def refuse(message: str, field: str = "", reason: str = "invalid", status: int = 400) -> NoReturn:
    """Refuse an operation.

    Args:
        message: Text for a person.
        field: Path of the wrong field; empty when it is the whole.
        reason: Short machine-readable reason.
        status: HTTP status for an operation sent alone.

    Raises:
        RefusedError: Always.
    """
    raise RefusedError(message, field, reason, status)


class Identifier(NamedTuple):
    """Name a person by one of their identifiers."""

    kind: str
    value: str

    @classmethod
    def read(cls, kind: str, text: str) -> Self:
        """Name a person as a sender does, who may write a cio_id with its prefix or without.

        Args:
            kind: `id`, `email`, `phone` or `cio_id`.
            text: The identifier as sent.

        Returns:
            The identifier; a cio_id has no prefix.
        """
        return cls(kind, text.removeprefix("cio_") if kind == "cio_id" else text)


class TooLong(NamedTuple):
    """Name an attribute that is too long.

    Args:
        name: The attribute.
        part: Which part of it is: `name` or `value`.
        most: How many bytes that part may have.
    """

    name: str
    part: str
    most: int


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Tell whether a decoded value is a JSON object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Tell whether a decoded value is a JSON array."""
    return isinstance(value, list)


def is_integer(value: object) -> TypeGuard[int]:
    """Tell whether a decoded value is a JSON integer; true and false are not."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_one_of(value: object, allowed: Container[str]) -> TypeGuard[str]:
    """Tell whether a decoded value is one of some words."""
    return isinstance(value, str) and value in allowed


def is_http_url(value: object) -> TypeGuard[str]:
    """Tell whether a decoded value is an address that can be fetched or posted to."""
    return isinstance(value, str) and value.startswith(("http://", "https://"))


def is_email(value: str) -> bool:
    """Tell whether text has the shape of an email address."""
    return _EMAIL.fullmatch(value) is not None


def is_phone(value: str) -> bool:
    """Tell whether text is a phone number in E.164 form."""
    return _E164.fullmatch(value) is not None


def read_digits(text: str) -> int | None:
    """Read a number out of a path, a query or a text.

    Args:
        text: What may be a number.

    Returns:
        The number; None if it is not written in 1 to 18 ASCII digits.
    """
    is_number = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
    return int(text) if is_number else None


def decode_object(body: bytes) -> dict[str, Any]:
    """Decode a request body that must be a JSON object; an empty body is an empty object.

    Args:
        body: The bytes of the request.

    Returns:
        The decoded object.

    Raises:
        RefusedError: If the bytes are no JSON, or no object.
    """
    if not body:
        return {}
    try:
        value = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        refuse("request body is not valid JSON", reason="malformed")
    if not is_object(value):
        refuse("request body must be a JSON object", reason="malformed")
    return value


def check_ulid(value: Any, field: str = "id") -> str | None:
    """Check the ULID that deduplicates an event.

    Args:
        value: The decoded value; None when the event has none.
        field: Where it stands.

    Returns:
        The ULID in upper case, or None.

    Raises:
        RefusedError: If it is not 26 characters of Crockford's base32.
    """
    if value is None:
        return None
    if not isinstance(value, str) or _ULID.fullmatch(value) is None:
        refuse("id must be a valid ULID", field)
    return value.upper()


def check_seconds(value: Any, default: float, field: str = "timestamp") -> float:
    """Check a Unix timestamp in whole seconds.

    Args:
        value: The decoded value; None means the default.
        default: Seconds to use when there is none.
        field: Where it stands.

    Returns:
        The timestamp.

    Raises:
        RefusedError: If it is no integer, or one of more than 64 bits.
    """
    if value is None:
        return default
    if not is_integer(value) or abs(value) >= _MOST_SECONDS:
        refuse(f"{field} must be an integer of Unix seconds", field)
    return value


def check_event_name(value: Any) -> str:
    """Check the name of an event.

    Args:
        value: The decoded value.

    Returns:
        The name without leading and trailing spaces.

    Raises:
        RefusedError: If it is missing, blank, no string, or longer than 100 bytes.
    """
    if value is None:
        refuse("event name must not be blank", "name", "required")
    if not isinstance(value, str):
        refuse("event name must be a string", "name")
    name = value.strip()
    if not name:
        refuse("event name must not be blank", "name", "required")
    if len(name) * 4 > limits.EVENT_NAME_BYTES and len(name.encode()) > limits.EVENT_NAME_BYTES:
        refuse("event name cannot be longer than 100 bytes", "name")
    return name


def check_event_data(value: Any, field: str) -> dict[str, Any]:
    """Check the data of an event.

    Args:
        value: The decoded value; None means no data.
        field: `data` in Track v1, `attributes` in Track v2.

    Returns:
        The data.

    Raises:
        RefusedError: If it is no object.
    """
    if value is None:
        return {}
    if not is_object(value):
        message = f'event {field} must be a hash (e.g., send "{field}":{{}} instead of "{field}":"")'
        refuse(message, field)
    return value


def find_too_long(attributes: dict[str, Any]) -> TooLong | None:
    """Find the first attribute whose name or value is too long.

    Args:
        attributes: Attribute values by name.

    Returns:
        The attribute, or None.
    """
    for name, value in attributes.items():
        if len(name) * 4 > limits.ATTRIBUTE_NAME_BYTES and len(name.encode()) > limits.ATTRIBUTE_NAME_BYTES:
            return TooLong(name, "name", limits.ATTRIBUTE_NAME_BYTES)
        if _value_bytes(value) > limits.ATTRIBUTE_VALUE_BYTES and name not in _UNMEASURED:
            return TooLong(name, "value", limits.ATTRIBUTE_VALUE_BYTES)
    return None


_UNMEASURED: Final = frozenset({"cio_relationships", "cio_subscription_preferences"})


def _value_bytes(value: Any) -> int:
    if isinstance(value, str):
        return len(value) if len(value) * 4 <= limits.ATTRIBUTE_VALUE_BYTES else len(value.encode())
    if isinstance(value, (dict, list)):
        return len(msgspec.json.encode(value))
    return 0
