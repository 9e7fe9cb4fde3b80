"""The App API's transactional sends, with the vendor's checks in their order: account, body, fields, template.

Knows nothing of credentials, faults or sockets.
"""

import base64
import binascii
from typing import Any, Final, NoReturn

from ciokit.sandbox import limits
from ciokit.sandbox.app.parts import flag
from ciokit.sandbox.exchange import Reply
from ciokit.sandbox.http.envelopes import app_reply
from ciokit.sandbox.http.routes import Route, Visit
from ciokit.sandbox.shapes import (
    Identifier,
    RefusedError,
    check_seconds,
    decode_object,
    is_integer,
    is_object,
    is_one_of,
    is_phone,
    read_digits,
    refuse,
)
from ciokit.sandbox.state import devices
from ciokit.sandbox.state.account import Template
from ciokit.sandbox.state.messages import Outline, queue_message
from ciokit.sandbox.state.records import Person
from ciokit.sandbox.state.retention import trim
from ciokit.sandbox.track.parts import read_device

Body = dict[str, Any]

_REASONS: Final = {
    "unconfirmed": "Account owner's email address is not confirmed.",
    "unapproved": "Account is not yet approved for sending.",
    "do_not_send": 'Workspace is set to "Do Not Send."',
    "unauthorized": "Account is not authorized for transactional messaging. Contact win@customer.io for support.",
}
_CHANNELS: Final = {
    "sms": "SMS",
    "in_app": "In-app",
    "inbox_message": "Inbox",
    "push": "Push",
    "whatsapp": "WhatsApp",
}
_FLAGS: Final = (
    "disable_message_retention",
    "send_to_unsubscribed",
    "queue_draft",
    "auto_create",
    "tracked",
    "fake_bcc",
    "disable_css_preprocessing",
)
_TEXTS: Final = [
    "cc",
    "bcc",
    "reply_to",
    "from",
    "subject",
    "preheader",
    "body",
    "body_plain",
    "body_amp",
    "language",
    "title",
    "message",
    "image_url",
    "link",
    "sound",
]
_NAME_CHARACTERS: Final = 190
_FORBIDDEN_FILES: Final = frozenset(
    [
        "bat",
        "bin",
        "chm",
        "cmd",
        "com",
        "cpl",
        "dll",
        "exe",
        "hlp",
        "hta",
        "inf",
        "jar",
        "js",
        "jse",
        "lnk",
        "msi",
        "pif",
        "ps1",
        "reg",
        "scr",
        "sct",
        "sh",
        "shs",
        "vb",
        "vbe",
        "vbs",
        "wsf",
    ]
)
_RECIPIENT_REQUIRED: Final = frozenset({"email", "sms", "whatsapp"})
_CONTENT: Final = [
    "from",
    "reply_to",
    "bcc",
    "cc",
    "subject",
    "preheader",
    "body",
    "body_plain",
    "body_amp",
    "headers",
    "title",
    "message",
    "image_url",
    "link",
    "sound",
    "custom_data",
    "custom_payload",
]


def send(visit: Visit) -> Reply:
    """Send a transactional message: POST /v1/send/{channel}."""
    channel = visit.request.path.rpartition("/")[2]
    _check_account(visit, channel)
    body = _read_body(visit)
    _check_types(body)
    who = _read_identifiers(body)
    recipient = _read_recipient(channel, body)
    send_at = _read_send_at(body, visit.call.now)
    if channel == "email":
        _check_email(visit, body)
    template = _find_template(visit, channel, body)
    person = _find_person(visit, who)
    if channel == "push" and body.get("custom_device") is not None:
        devices.add_device(visit.workspace, visit.call, who, _custom_device(body))
    message = queue_message(
        visit.workspace,
        visit.call,
        person,
        Outline(
            channel=channel,
            recipient=recipient,
            template=template.id,
            template_name=template.name,
            origin="transactional",
            content=template.content | {name: body[name] for name in _CONTENT if body.get(name) is not None},
            data=body.get("message_data") or {},
            request_body=body,
            size=len(visit.request.body),
            send_at=send_at,
            draft=flag(body, "queue_draft"),
            undeliverable=person.suppressed
            or (person.unsubscribed and not flag(body, "send_to_unsubscribed", default=True)),
        ),
    )
    answer: Body = {"delivery_id": message.delivery_id, "queued_at": int(visit.call.now)}
    if send_at is not None and send_at > visit.call.now:
        answer["send_at"] = int(send_at)
    return app_reply(200, answer)


def _check_account(visit: Visit, channel: str) -> None:
    rules = visit.workspace.rules
    if rules.sending != "allowed":
        refuse(_REASONS[rules.sending], reason="forbidden", status=403)
    if channel not in rules.channels:
        name = _CHANNELS.get(channel, "Email")
        refuse(f"{name} messaging is not enabled for your workspace.", reason="forbidden", status=403)


def _read_body(visit: Visit) -> Body:
    malformed = "Request entity must be JSON encoded and not exceed 2048 KB."
    try:
        body = decode_object(visit.request.body or b"!")
    except RefusedError:
        refuse(malformed, reason="malformed")
    attachments = body.get("attachments")
    if is_object(attachments):
        _check_attachments(attachments)
    if len(visit.request.body) > limits.SEND_BYTES:
        refuse(malformed, reason="too_large")
    return body


def _check_attachments(attachments: Body) -> None:
    total = 0
    for name, content in attachments.items():
        extension = name.rpartition(".")[2].lower()
        if extension in _FORBIDDEN_FILES:
            message = f"Forbidden file type {extension} for attachment {name}."
            refuse(message, f"attachments.{name}", "forbidden", 403)
        try:
            base64.b64decode(content, validate=True)
        except (binascii.Error, TypeError, ValueError):
            refuse(f'Attachment must be base64 encoded: "{name}"', f"attachments.{name}")
        total += len(content)
    if total >= limits.ATTACHMENT_BYTES:
        refuse("Total attachment size exceeds the limit", "attachments", "too_large", 413)


def _check_types(body: Body) -> None:
    for name in _FLAGS:
        flag(body, name)
    for name in _TEXTS:
        if body.get(name) is not None and not isinstance(body[name], str):
            refuse(f"{name} must be a string", name)
    for name in ("message_data", "attachments", "custom_payload"):
        if body.get(name) is not None and not is_object(body[name]):
            refuse(f"{name} must be an object", name)


def _missing(name: str) -> NoReturn:
    refuse(f"Missing required field: {name}", name, "required")


def _read_identifiers(body: Body) -> Identifier:
    value = body.get("identifiers")
    if value is None:
        _missing("identifiers")
    if not is_object(value) or len(value) != 1:
        refuse("identifiers must have exactly one of id, email and cio_id", "identifiers")
    kind, text = next(iter(value.items()))
    if (
        not is_one_of(kind, ("id", "email", "cio_id"))
        or not isinstance(text, (str, int))
        or not str(text).strip()
    ):
        refuse("identifiers must have exactly one of id, email and cio_id", f"identifiers.{kind}")
    if len(str(text).encode()) > limits.IDENTIFIER_BYTES:
        refuse(f"{kind} cannot be longer than {limits.IDENTIFIER_BYTES} bytes", f"identifiers.{kind}")
    return Identifier.read(kind, str(text))


def _read_recipient(channel: str, body: Body) -> str | None:
    to = body.get("to")
    if to is None:
        if channel in _RECIPIENT_REQUIRED:
            _missing("to")
        return "all" if channel == "push" else None
    if not isinstance(to, str) or not to.strip():
        refuse("to must be a string that is not blank", "to")
    if channel in {"sms", "whatsapp"} and "{{" not in to and not is_phone(to):
        refuse("Invalid phone number format. Phone numbers must be in E.164 format.", "to")
    return to


def _read_send_at(body: Body, now: float) -> float | None:
    value = body.get("send_at")
    if value is None:
        return None
    seconds = check_seconds(value, now, "send_at")
    if seconds - now > limits.SEND_AHEAD_SECONDS:
        refuse("send_at cannot be more than 90 days ahead", "send_at")
    return float(seconds)


def _check_email(visit: Visit, body: Body) -> None:
    lists = (body.get(name) or "" for name in ("to", "cc", "bcc"))
    recipients = [entry for text in lists for entry in text.split(",") if entry.strip()]
    if len(recipients) > limits.EMAIL_RECIPIENTS:
        refuse(f"to, cc and bcc cannot have more than {limits.EMAIL_RECIPIENTS} recipients", "to")
    if body.get("transactional_message_id") is None:
        for name in ("body", "subject", "from"):
            if not body.get(name):
                _missing(name)
    sender, domains = body.get("from"), visit.workspace.rules.verified_domains
    if sender and domains is not None and sender.rpartition("@")[2].strip("> ").lower() not in domains:
        refuse('"from" address domain has not been verified.', "from")
    if body.get("headers") is not None:
        _check_headers(body["headers"])


def _check_headers(value: Any) -> None:
    """Check headers as the vendor's schema has them, a JSON string of names and values, or as SDKs do, an object."""
    if isinstance(value, str):
        try:
            entries: list[Any] = decode_object(b'{"h":' + value.encode() + b"}").get("h") or []
        except RefusedError:
            refuse("headers must be a JSON array of names and values", "headers")
        names = [entry.get("name") if is_object(entry) else None for entry in entries]
    elif is_object(value):
        names = list(value)
    else:
        refuse("headers must be a JSON array of names and values", "headers")
    for name in names:
        if not isinstance(name, str) or not name or not name.isascii() or " " in name:
            refuse("header names must be ASCII without spaces", "headers")


def _find_template(visit: Visit, channel: str, body: Body) -> Template:
    account, value = visit.workspace.account, body.get("transactional_message_id")
    if value is None:
        if channel != "email":
            _missing("transactional_message_id")
        return account.templates.get(1) or Template(1, "API", channel)
    if not is_integer(value) and not isinstance(value, str):
        refuse("transactional_message_id must be an integer or a string", "transactional_message_id")
    name = str(value)
    number = read_digits(name)
    found = account.find_template(name) if number is None else account.templates.get(number)
    if found is not None and found.channel == channel:
        return found
    creates_named = flag(body, "auto_create") and number is None
    if found is not None and creates_named:
        refuse(f"the name {name} is taken by a message of another channel", "transactional_message_id")
    creates = visit.workspace.rules.create_unknown or creates_named
    if found is not None or not creates or len(name) > _NAME_CHARACTERS:
        refuse('"transactional_message_id" not found.', "transactional_message_id", "not_found")
    if number is None:
        number = account.free_template_id()
    template = Template(number, name, channel, created_at=visit.call.now)
    account.templates[number] = template
    trim(account.templates, visit.workspace.retention.messages)
    return template


def _find_person(visit: Visit, who: Identifier) -> Person:
    """Find the receiver; an unknown id or email makes a new person."""
    person = visit.workspace.people.find(who) or visit.workspace.people.blocked(who)
    if person is not None:
        return person
    if who.kind == "cio_id":
        refuse("identifiers name nobody", "identifiers.cio_id", "not_found")
    return visit.workspace.create(visit.call, who)


def _custom_device(body: Body) -> Any:
    device = body["custom_device"]
    if not is_object(device):
        refuse("custom_device must be an object", "custom_device")
    return read_device(device, "token")


ROUTES: Final = tuple(
    Route("app", "POST", f"/v1/send/{channel}", send)
    for channel in ("email", "push", "sms", "in_app", "inbox_message", "whatsapp")
)
