"""A transactional message out of JSON as the App API takes it."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from ciokit.app import (
    Attachment,
    PushDevice,
    SendEmail,
    SendInApp,
    SendInboxMessage,
    SendPush,
    SendSMS,
    SendWhatsApp,
)
from ciokit.app.records.base import fields_of
from ciokit.app.sends import Send
from ciokit.cli.failures import UsageError
from ciokit.cli.given import read_person

__all__ = ["CHANNELS", "make_message", "read_request"]


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    value: str


CHANNELS: Final[Mapping[str, type[Send[Any]]]] = {
    "email": SendEmail,
    "push": SendPush,
    "sms": SendSMS,
    "in_app": SendInApp,
    "inbox_message": SendInboxMessage,
    "whatsapp": SendWhatsApp,
}


def read_request(body: Mapping[str, Any], kind: type[Send[Any]]) -> dict[str, Any]:
    """Read the fields of a message.

    Args:
        body: The JSON, with the API's own names.
        kind: The channel's class.

    Returns:
        The fields by those names, with their values as the class takes them.

    Raises:
        UsageError: If one is not the channel's.
    """
    unknown = sorted(body.keys() - {field.encode_name for field in fields_of(kind)})
    if unknown:
        msg = f"--request: {kind.__name__} has no {', '.join(unknown)}"
        raise UsageError(msg)
    fields = {name: value for name, value in body.items() if value is not None}
    # What is no object is left to the check of the message as a whole, which says so.
    for name, read in _READERS.items():
        if isinstance(fields.get(name), dict):
            fields[name] = read(fields[name])
    if isinstance(fields.get("headers"), (str, list)):
        fields["headers"] = _headers(fields["headers"])
    return fields


def _headers(given: "str | list[Any]") -> dict[str, Any]:
    """Read headers as the API's reference has them: a list of names with values, as JSON text mostly."""
    try:
        listed = (
            msgspec.json.decode(given, type=list[_Header])
            if isinstance(given, str)
            else msgspec.convert(given, list[_Header])
        )
    except (msgspec.DecodeError, RecursionError):
        listed = []
    found = {header.name: header.value for header in listed}
    if not listed or len(found) < len(listed):
        msg = '--request: headers must be an object, or a list like [{"name": ..., "value": ...}] with each name once'
        raise UsageError(msg)
    return found


def _attachments(files: dict[str, Any]) -> list[Attachment]:
    return [Attachment(name, encoded=text) for name, text in files.items()]


def _person(named: dict[str, Any]) -> Any:
    kind, value = next(iter(named.items())) if named else ("", "")
    if len(named) != 1 or kind not in {"id", "email", "cio_id"}:
        msg = "--request: identifiers must have exactly one of id, email and cio_id"
        raise UsageError(msg)
    return read_person(value, kind)


def _device(device: dict[str, Any]) -> PushDevice:
    try:
        return PushDevice(**device)
    except TypeError:
        msg = "--request: custom_device must have token and platform, and may have last_used and attributes"
        raise UsageError(msg) from None


_READERS: Final[Mapping[str, Callable[[dict[str, Any]], Any]]] = {
    "identifiers": _person,
    "attachments": _attachments,
    "custom_device": _device,
}


def make_message(kind: type[Send[Any]], fields: Mapping[str, Any]) -> Send[Any]:
    """Make a message of its fields.

    Args:
        kind: The channel's class.
        fields: Values by the API's names.

    Raises:
        UsageError: If one is missing that the message cannot be without; all that are missing are named.
    """
    given = {
        field.name: fields[field.encode_name] for field in fields_of(kind) if field.encode_name in fields
    }
    missing = [
        _OPTIONS.get(field.name, f"--{field.name}")
        for field in fields_of(kind)
        if field.required and field.name not in given
    ]
    if missing:
        msg = f"missing: {'; '.join(missing)}"
        raise UsageError(msg)
    if kind is SendEmail and given.get("transactional_message_id") is None:
        _check_content(given)
    return kind(**given)


def _check_content(given: Mapping[str, Any]) -> None:
    """Name what an e-mail without a template lacks by its options; the client would name its own arguments."""
    options = {"from_": "--from", "subject": "--subject", "body": "--body"}
    missing = [option for name, option in options.items() if given.get(name) is None]
    if missing:
        msg = f"an e-mail needs --template, or all of --from, --subject and --body; missing: {', '.join(missing)}"
        raise UsageError(msg)


_OPTIONS: Final = {
    "identifiers": "the person (--id, --email or --cio-id)",
    "transactional_message_id": "--template",
}
