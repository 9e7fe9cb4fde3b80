"""The parts of an operation, checked and encoded: identifiers, names, times, attributes.

A `Draft` gathers every problem of one operation, so that all are told at once. The rules are the vendor's; where it
has words for one, they are used.
"""

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any, Final, cast, get_args

import msgspec

from ciokit import limits
from ciokit.errors import InvalidData, Problem
from ciokit.events import Attributes, Event, wrong_event_name
from ciokit.identifiers import CioId, CioObjectId, Email, Id, ObjectId, Phone
from ciokit.ulids import is_ulid
from ciokit.values.forms import encode_declared
from ciokit.values.fragments import json_text, members, merge_objects, object_of, stamp_after, utf8_size
from ciokit.values.scalars import is_text, type_of
from ciokit.values.table import NAIVE, Refusal, has_surrogate, is_mapping, to_json
from ciokit.wire import Entry

__all__ = ["HALF", "SURELY_SHORT", "Draft", "Encoding", "longest", "wrong_phone"]

_E164 = re.compile(r"\+[1-9][0-9]{1,14}", re.ASCII)
_TYPE_ID = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)
_EMPTY = b"{}"

SURELY_SHORT = limits.IDENTIFIER // 4
"""Characters that cannot be too many bytes, whatever they are."""
HALF: Final = "has half of a character (a lone surrogate), which cannot be sent"


class Encoding(msgspec.Struct, frozen=True, kw_only=True):
    """Say how operations are encoded.

    Attributes:
        stamp: Whether `identify` adds `last_seen_at` and `track` adds `tracked_at`, Unix seconds of the call.
        naive_utc: Whether datetimes without a time zone are UTC instead of a mistake.
    """

    stamp: bool = True
    naive_utc: bool = False


class Draft:
    """Check and encode the parts of one operation, and remember what is wrong.

    Args:
        encoding: How to encode.
        now: Unix time of the call.

    Attributes:
        encoding: How to encode.
        now: Unix seconds of the call.
        problems: What is wrong so far.
    """

    __slots__ = ("encoding", "now", "problems")

    def __init__(self, encoding: Encoding, now: float) -> None:
        self.encoding = encoding
        self.now = int(now)
        self.problems: list[Problem] = []

    def refuse(self, path: str, message: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(path, message))

    def finish(self, subject: str) -> None:
        """Raise `InvalidData` if anything was wrong."""
        if self.problems:
            raise InvalidData(subject, tuple(self.problems))

    def complete(self, entry: Entry, operation: object) -> Entry:
        """Return an operation's entry, or raise `InvalidData` with all that is wrong with it.

        Args:
            entry: What the operation became.
            operation: What was meant, for the words of an error.
        """
        limit = entry.route.item_limit
        if not self.problems and limit and len(entry.body) > limit:
            self.refuse("", f"is {len(entry.body)} bytes; Customer.io takes at most {limit} an operation")
        if self.problems:
            self.finish(_subject(operation))
        return entry

    # Identifiers

    def person(self, person: Any, path: str = "person", *, phone: bool = True) -> tuple[bytes, str]:
        """Return a person's identifiers as JSON, and the key that orders what is about them.

        Args:
            person: Whom.
            path: Where it stands.
            phone: Whether the API takes telephone numbers here (merges and relationships do not).
        """
        kind, value = "id", person
        if isinstance(person, (Id, Email, Phone, CioId)):
            kind, value = person.key, person.value
        elif not is_text(person):
            name = type(person).__name__
            self.refuse(path, f"expected an id as text, Id, Email, Phone or CioId, got {name}")
            return _EMPTY, ""
        if kind == "phone" and not phone:
            words = "a telephone number cannot name a person here; use an id, an e-mail address or a cio_id"
            self.refuse(path, words)
            return _EMPTY, ""
        if kind == "cio_id" and is_text(value):
            value = value.removeprefix("cio_")
        text = self.identifier(kind, value, path)
        key = text.lower() if kind == "email" else text
        return b'{"%b":%b}' % (kind.encode(), json_text(text)), f"{kind}:{key}" if text else ""

    def identifier(self, kind: str, value: Any, path: str) -> str:
        """Return an identifier as plain text; empty if it is none.

        Args:
            kind: What it is called in words, and what it is checked as: `email` and `phone` have a form.
            value: The identifier.
            path: Where it stands.
        """
        if not is_text(value):
            self.refuse(path, f"{kind} attribute must be a string value, got {type(value).__name__}")
            return ""
        text = str.__str__(value)  # libraries have texts of their own, which show otherwise
        if not text or text.isspace():
            words = f"{kind} attribute cannot be an empty string"
        elif kind == "phone" and wrong_phone(text):
            words = wrong_phone(text)
        elif kind == "email" and not 0 < text.find("@") < len(text) - 1:
            words = "an e-mail address has an @ with text on both sides"
        elif len(text) > SURELY_SHORT and utf8_size(text) > longest(kind):
            words = f"{kind} cannot be longer than {longest(kind)} bytes"
        elif not text.isascii() and has_surrogate(text):
            words = f"{kind} {HALF}"
        else:
            return text
        self.refuse(path, words)
        return ""

    def related_person(self, person: Any, path: str) -> tuple[bytes, str]:
        """Return a person's identifiers for a relationship, where a telephone number is not taken."""
        return self.person(person, path, phone=False)

    def object(self, ref: Any, path: str = "object") -> tuple[bytes, str]:
        """Return an object's identifiers as JSON, and the key that orders what is about it.

        Args:
            ref: Which object.
            path: Where it stands.
        """
        if isinstance(ref, CioObjectId):
            text = self.identifier("cio_object_id", ref.value, path)
            return object_of({"cio_object_id": json_text(text)}), f"cio_object:{text}"
        if not isinstance(ref, ObjectId):
            self.refuse(path, f"expected ObjectId or CioObjectId, got {type(ref).__name__}")
            return _EMPTY, ""
        type_id: Any = ref.type_id
        if not (is_text(type_id) and _TYPE_ID.fullmatch(type_id)):
            self.refuse(f"{path}.type_id", 'an object type is a whole number from 1 as text, like "1"')
            return _EMPTY, ""
        text = self.identifier("object_id", ref.object_id, f"{path}.object_id")
        identifiers = {"object_type_id": json_text(str.__str__(type_id)), "object_id": json_text(text)}
        return object_of(identifiers), f"object:{type_id}:{text}"

    # Names and times

    def event_name(self, name: Any, path: str = "event") -> bytes:
        """Return an event's, page's or screen's name as JSON."""
        if not is_text(name):
            self.refuse(path, f"expected an Event or a name as text, got {type(name).__name__}")
        elif message := wrong_event_name(name):
            self.refuse(path, message)
        else:
            return self.json(name, path)
        return b'""'

    def ulid(self, text: Any, path: str = "id") -> bytes:
        """Return an event's id as JSON, without the quotes."""
        if type(text) is str and is_ulid(text):
            return text.encode()
        words = "expected a ULID: 26 characters of Crockford's base 32 in upper case, see new_ulid()"
        self.refuse(path, words)
        return b""

    def timestamp(self, when: Any, path: str = "timestamp") -> int:
        """Return a time as Unix seconds."""
        if type(when) is int and 0 <= when <= limits.TIMESTAMP:
            return when
        seconds: Any = when
        if isinstance(when, dt.datetime) and when == when:  # noqa: PLR0124 - NaT, the NaN of datetimes, goes on below
            if when.utcoffset() is None:
                if not self.encoding.naive_utc:
                    self.refuse(path, NAIVE)
                    return 0
                when = when.replace(tzinfo=dt.UTC)
            seconds = when.timestamp()
        kind = type_of(seconds)
        if kind is bool or not issubclass(kind, (int, float)) or seconds != seconds:  # noqa: PLR0124 - NaN
            self.refuse(path, f"expected Unix seconds or a datetime with a time zone, got {kind.__name__}")
        elif not 0 <= seconds <= limits.TIMESTAMP:
            self.refuse(path, "not Unix seconds: negative, or so large that it must be milliseconds")
        else:
            return int(seconds)
        return 0

    def whole_number(self, value: Any, path: str) -> None:
        """Check a number that counts or names something from 1 on."""
        kind = type_of(value)
        if kind is bool or not issubclass(kind, int) or value < 1:
            self.refuse(path, "expected a whole number from 1")

    def text(self, value: Any, path: str) -> bytes:
        """Return a required text as JSON."""
        if not is_text(value) or not value.strip():
            self.refuse(path, "expected text that is not blank")
            return b'""'
        return self.json(value, path)

    def id_text(self, value: Any, path: str) -> bytes:
        """Return a required text that names something as JSON: what cannot be sent whole would name another thing."""
        if is_text(value) and has_surrogate(value):
            self.refuse(path, HALF)
            return b'""'
        return self.text(value, path)

    def one_of(self, value: Any, literal: Any, path: str) -> bytes:
        """Return a text as JSON that is one of those a `Literal` has."""
        choices: tuple[str, ...] = get_args(literal)
        if not is_text(value) or str.__str__(value) not in choices:
            self.refuse(path, "expected one of " + ", ".join(repr(choice) for choice in choices))
            return b'""'
        return json_text(str.__str__(value))

    def listed(self, value: Any, path: str, *, empty: bool = False) -> Sequence[Any]:
        """Return a list, which one text or one thing alone is not."""
        if not issubclass(type_of(value), (list, tuple)):
            self.refuse(path, f"expected a list, got {type(value).__name__}")
        elif not value and not empty:
            self.refuse(path, "expected a list with something in it")
        else:
            return cast("Sequence[Any]", value)
        return ()

    # Data and attributes

    def json(self, value: Any, path: str) -> bytes:
        """Return any value as JSON, by the encoder's table."""
        try:
            return to_json(value, path, naive_utc=self.encoding.naive_utc)
        except Refusal as refusal:
            self.problems += refusal.problems
            return b"null"

    def object_json(self, value: Any, path: str) -> bytes:
        """Return a value that becomes a JSON object, such as attributes or an event's data; None is an empty one."""
        if value is None:
            return _EMPTY
        if issubclass(type_of(value), (Event, Attributes)):
            try:
                return encode_declared(value, naive_utc=self.encoding.naive_utc)
            except Refusal as refusal:
                return self._refused(refusal, path)
        before = len(self.problems)
        encoded = self.json(value, path)
        if encoded[:1] != b"{":
            if len(self.problems) == before:
                self.refuse(
                    path,
                    f"expected a mapping, dataclass, attrs instance or model, got {type(value).__name__}",
                )
            return _EMPTY
        return encoded

    def _refused(self, refusal: Refusal, path: str) -> bytes:
        self.problems += [
            Problem(f"{path}.{found.path}" if found.path else path, found.message)
            for found in refusal.problems
        ]
        return _EMPTY

    def with_extra(self, encoded: bytes, value: Any, extra: Any) -> bytes:
        """Add `extra={...}` to encoded data, and refuse names that are there already."""
        if not is_mapping(extra):
            self.refuse("extra", f"expected a mapping, got {type(extra).__name__}")
            return encoded
        more = self.object_json(extra, "extra")
        taken = {*getattr(value, "__struct_encode_fields__", ()), *members(encoded)}
        for name in members(more):
            if name in taken:
                self.refuse(f"extra.{name}", "is a field of the data already; set it there")
        return merge_objects(encoded, more)

    def event_parts(self, event: Any, data: Any, extra: Any, path: str = "data") -> tuple[bytes, bytes]:
        """Return an event's name and its data as JSON, declared or loose, and stamped."""
        given = path
        if isinstance(event, Event) and issubclass(type_of(event), Event):
            name, path = event.__event_json__, "event"
            try:
                encoded = encode_declared(event, naive_utc=self.encoding.naive_utc)
            except Refusal as refusal:
                encoded = self._refused(refusal, path)
            if data is not None:
                self.refuse(given, "goes with an event's name; add to an Event's own data with extra={...}")
        else:
            name = self.event_name(event)
            encoded = self.object_json(data, path)
        if extra is not None:
            encoded = self.with_extra(encoded, event if data is None else data, extra)
        encoded = self.stamped(encoded, b'"tracked_at"')
        if len(encoded) > limits.EVENT_DATA:
            self.refuse(path, f"event data cannot be longer than {limits.EVENT_DATA} bytes")
        return name, encoded

    def stamped(self, encoded: bytes, name: bytes) -> bytes:
        """Add the time of the call to encoded data under a quoted name, unless the application set it."""
        return encoded[:-1] + stamp_after(encoded, name, self.now) if self.encoding.stamp else encoded

    def attributes(self, value: Any, path: str = "attributes") -> bytes:
        """Return attributes as JSON, within the vendor's limits."""
        encoded = self.object_json(value, path)
        self.check_attributes(encoded, path)
        return encoded

    def check_attributes(self, encoded: bytes, path: str = "attributes") -> int:
        """Hold attributes against the vendor's limits on their number, names and values.

        Returns:
            How many there are; 0 for so few that it does not matter.
        """
        if len(encoded) <= limits.ATTRIBUTE_NAME and b'""' not in encoded:
            return 0  # too short for any of the limits
        found = members(encoded)
        if len(found) > limits.ATTRIBUTES:
            self.refuse(path, f"cannot identify more than {limits.ATTRIBUTES} attributes in one request")
        for name, raw in found.items():
            shown = name if len(name) <= 40 else f"{name[:40]}…"
            if not name:
                self.refuse(path, "attribute name cannot be empty")
            if utf8_size(name) > limits.ATTRIBUTE_NAME:
                words = f"attribute name cannot be longer than {limits.ATTRIBUTE_NAME} bytes"
                self.refuse(f"{path}.{shown}", words)
            if _value_size(raw) > limits.ATTRIBUTE_VALUE:
                words = f"value for attribute '{shown}' cannot be longer than {limits.ATTRIBUTE_VALUE} bytes"
                self.refuse(f"{path}.{shown}", words)
        return len(found)


def longest(kind: str) -> int:
    """Return how many bytes an identifier of a kind may have; an address is an attribute and has no limit of its own."""
    return limits.ATTRIBUTE_VALUE if kind in ("email", "anonymous_id") else limits.IDENTIFIER


def wrong_phone(number: str) -> str:
    """Tell what is wrong with a telephone number; nothing if it is right."""
    is_e164 = _E164.fullmatch(number) is not None
    return (
        "" if is_e164 else "a telephone number is written in E.164 form: +, country code, number, no spaces"
    )


def _subject(operation: object) -> str:
    """Name an operation in an error: by its kind, and by the event's name where the application declared one."""
    kind = type(operation).__name__
    event = getattr(operation, "event", None)
    if isinstance(event, Event) and issubclass(type_of(event), Event):
        return f"{kind} {type(event).__event_name__!r}"
    return kind


def _value_size(raw: msgspec.Raw) -> int:
    encoded = bytes(raw)
    if len(encoded) > limits.ATTRIBUTE_VALUE and encoded[:1] == b'"':
        return utf8_size(msgspec.json.decode(encoded, type=str))  # escapes are not counted
    return len(encoded)
