"""What may be wrong with a transactional message, and the body it becomes.

The rules are the vendor's (App API reference, `Send messages`). All that is wrong is told at once.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from typing import Any, Final, TypeAlias, TypeGuard, get_args

import msgspec

from ciokit.app.attachments import encode_attachments
from ciokit.app.endpoint import Encode
from ciokit.app.records.base import fields_of
from ciokit.app.sends import PushDevice, Send, SendEmail, SendInboxMessage, SendPush, SendSMS, SendWhatsApp
from ciokit.app.words import Platform
from ciokit.encoding.drafts import Draft, wrong_phone
from ciokit.values.fragments import object_of
from ciokit.values.misfits import find
from ciokit.values.table import is_mapping
from ciokit.wire import JSON

__all__ = ["RECIPIENTS", "REQUEST", "SEND_AHEAD", "encoder_of"]

RECIPIENTS: Final = 15
"""Addresses of one e-mail in `to`, `cc` and `bcc` together."""
REQUEST: Final = 2_048_000
"""Bytes of a message as a whole: "not exceed 2048 KB", read as in `ciokit.limits`."""
SEND_AHEAD: Final = 90 * 86_400
"""Seconds that `send_at` may lie ahead: 90 days."""

_PLAIN: Final = frozenset({str, bool})
_ADDRESSES: Final = ("to", "cc", "bcc")
_HEADER = re.compile(r"[!-~]+", re.ASCII)
_Encoder: TypeAlias = Callable[[Any, str, Draft], bytes]


def encoder_of(kind: type[Send[Any]]) -> Encode:
    """Return what checks and encodes messages of a channel.

    Args:
        kind: The channel's class.
    """
    return partial(_encode, kind)


def _encode(kind: type[Send[Any]], given: Mapping[str, Any], draft: Draft) -> tuple[bytes, str]:
    request: Any = given["request"]
    if not _is_of(request, kind):
        draft.refuse("", f"expected {kind.__name__}, got {type(request).__name__}")
        return b"", JSON
    fields: dict[str, bytes] = {}
    for found in fields_of(type(request)):
        value = getattr(request, found.name)
        # A default of a class that an application derives is sent; what is None is left to the template.
        if value is not None or found.required:
            fields[found.encode_name] = _field(found, value, draft)
    _check_together(request, draft)
    body = object_of(fields)
    if len(body) > REQUEST and not draft.problems:
        draft.refuse("", f"is {len(body)} bytes in all; Customer.io takes at most {REQUEST}")
    return body, JSON


def _is_of(request: Any, kind: Any) -> TypeGuard[Send[Any]]:
    return isinstance(request, kind)


def _field(found: msgspec.structs.FieldInfo, value: Any, draft: Draft) -> bytes:
    if found.name == "message_data":
        return _data(found.type, value, draft)
    encoder = _ENCODERS.get(found.name)
    if encoder is not None:
        return encoder(value, found.name, draft)
    # The usual case first: a look at the whole annotation costs ten times as much.
    if type(value) not in _PLAIN or type(value) not in get_args(found.type):
        problems = list(find(value, found.type, found.name))
        draft.problems += problems
        if problems:
            return b"null"
    if found.name in _ADDRESSES:
        value = ", ".join(_texts(value))
    return draft.json(value, found.name)


# Fields ---------------------------------------------------------------------------------------------------------------


def _data(kind: Any, value: Any, draft: Draft) -> bytes:
    declared = [arg for arg in get_args(kind) if isinstance(arg, type) and issubclass(arg, msgspec.Struct)]
    if declared and not isinstance(value, tuple(declared)):
        draft.refuse("message_data", f"expected {declared[0].__name__}, got {type(value).__name__}")
        return b"{}"
    return draft.object_json(value, "message_data")


def _identifiers(value: Any, path: str, draft: Draft) -> bytes:
    return draft.person(value, path, phone=False)[0]


def _template(value: Any, path: str, draft: Draft) -> bytes:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        draft.refuse(path, f"expected the template's number or trigger name, got {type(value).__name__}")
    elif (
        not value or (isinstance(value, str) and not value.strip()) or (isinstance(value, int) and value < 1)
    ):
        draft.refuse(path, "expected a number from 1 or a trigger name that is not blank")
    else:
        return draft.json(value, path)
    return b"null"


def _send_at(value: Any, path: str, draft: Draft) -> bytes:
    seconds = draft.timestamp(value, path)
    if seconds > draft.now + SEND_AHEAD:
        draft.refuse(path, "can be at most 90 days ahead")
    return b"%d" % seconds


def _headers(value: Any, path: str, draft: Draft) -> bytes:
    problems = list(find(value, Mapping[str, str], path))
    draft.problems += problems
    if problems:
        return b"{}"
    for name, text in value.items():
        if not _HEADER.fullmatch(name) or not _HEADER.fullmatch(text):
            draft.refuse(f"{path}.{name[:40]}", "names and values are ASCII without spaces, and not empty")
    return draft.json(value, path)


def _device(value: Any, path: str, draft: Draft) -> bytes:
    if not isinstance(value, PushDevice):
        draft.refuse(path, f"expected a PushDevice, got {type(value).__name__}")
        return b"{}"
    device = {
        "token": draft.id_text(value.token, f"{path}.token"),
        "platform": draft.one_of(value.platform, Platform, f"{path}.platform"),
    }
    if value.last_used is not None:
        device["last_used"] = b"%d" % draft.timestamp(value.last_used, f"{path}.last_used")
    if value.attributes is not None:
        device["attributes"] = draft.object_json(value.attributes, f"{path}.attributes")
    return object_of(device)


def _payload(value: Any, path: str, draft: Draft) -> bytes:
    encoded = draft.object_json(value, path)
    if is_mapping(value) and not {"ios", "android"} >= value.keys():
        draft.refuse(path, "has ios, android or both, and nothing else")
    return encoded


def _attachments(value: Any, _path: str, draft: Draft) -> bytes:
    return encode_attachments(value, draft)


_ENCODERS: Final[Mapping[str, _Encoder]] = {
    "attachments": _attachments,
    "custom_device": _device,
    "custom_payload": _payload,
    "headers": _headers,
    "identifiers": _identifiers,
    "send_at": _send_at,
    "transactional_message_id": _template,
}


# Fields together ------------------------------------------------------------------------------------------------------


def _check_together(request: Send[Any], draft: Draft) -> None:
    if isinstance(request, SendEmail):
        _check_email(request, draft)
    if isinstance(request, (SendSMS, SendWhatsApp)):
        _check_number(request.to, "to", draft)
    if isinstance(request, (SendPush, SendInboxMessage)) and isinstance(request.to, str):
        draft.id_text(request.to, "to")
    if isinstance(request, SendSMS) and isinstance(request.from_, str) and request.from_.startswith("+"):
        _check_number(request.from_, "from_", draft)
    if getattr(request, "auto_create", None) and not isinstance(_template_of(request), str):
        draft.refuse(
            "auto_create", "takes a trigger name as transactional_message_id; for a number it is ignored"
        )


def _template_of(request: Any) -> Any:
    return request.transactional_message_id


def _check_email(request: SendEmail[Any], draft: Draft) -> None:
    if request.transactional_message_id is None:
        needed = {"body": request.body, "subject": request.subject, "from_": request.from_}
        missing = [name for name, value in needed.items() if value is None]
        if missing:
            words = "needs transactional_message_id, or all of body, subject and from_; there is no "
            draft.refuse("", words + " and no ".join(missing))
    fields = {name: getattr(request, name) for name in _ADDRESSES}
    count = sum(
        len(list(_addresses(value, name, draft))) for name, value in fields.items() if value is not None
    )
    if count > RECIPIENTS:
        draft.refuse(
            "to", f"cc and bcc have {count} addresses together; Customer.io takes at most {RECIPIENTS}"
        )


def _addresses(value: Any, path: str, draft: Draft) -> Iterator[str]:
    """Yield the addresses of a field, and refuse what is none."""
    if not isinstance(value, Collection):
        return  # its type was refused before
    texts = _texts(value)
    if not texts:
        draft.refuse(path, "names nobody")
    for text in texts:
        if not isinstance(text, str):
            continue
        for address in _split(text):
            if not address:
                draft.refuse(path, "has an address that is empty")
            yield address


def _texts(value: Any) -> Collection[Any]:
    """Return the texts of a field that has one or several, in whatever collection."""
    return [value] if isinstance(value, str) else value


def _split(text: str) -> list[str]:
    """Split at the commas that are not inside quotes: a display name may have one."""
    parts, quoted = [""], False
    for char in text:
        quoted ^= char == '"'
        if char == "," and not quoted:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts]


def _check_number(number: Any, path: str, draft: Draft) -> None:
    if isinstance(number, str) and "{{" not in number and (words := wrong_phone(number)):
        draft.refuse(path, words)
