"""`ciokit send`: one transactional message to one person, by any channel."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from ciokit.cli.answers import AsJson, asking, print_json, when
from ciokit.cli.failures import UsageError
from ciokit.cli.given import Data, read_json, read_pairs, read_person, read_time

if TYPE_CHECKING:
    from ciokit.app.records import Sent

__all__ = ["app"]

_WHOM, _WHAT, _HOW = "Recipient", "Message", "Delivery"


def _option(panel: str, help_: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=help_, rich_help_panel=panel, show_default=False, **more)


PersonId: TypeAlias = Annotated[str | None, _option(_WHOM, "The person, by id.", "--id", metavar="ID")]
PersonEmail: TypeAlias = Annotated[
    str | None, _option(_WHOM, "The person, by e-mail address.", "--email", metavar="ADDRESS")
]
PersonCioId: TypeAlias = Annotated[
    str | None, _option(_WHOM, "The person, by Customer.io's own id.", "--cio-id", metavar="ID")
]
Template: TypeAlias = Annotated[
    str | None, _option(_WHAT, "The template's number or trigger name.", metavar="NUMBER|NAME")
]
Request: TypeAlias = Annotated[
    str | None,
    _option(
        _WHAT,
        "The message as the App API takes it, as JSON; - reads it from stdin. Options override its fields.",
        metavar="FILE",
    ),
]
SendAt: TypeAlias = Annotated[
    str | None,
    _option(_HOW, "When it is sent: Unix seconds or ISO 8601, at most 90 days ahead.", metavar="TIME"),
]
Draft: TypeAlias = Annotated[bool, _option(_HOW, "Hold it as a draft.", "--draft")]
Language: TypeAlias = Annotated[str | None, _option(_HOW, "The language, instead of the person's own.")]
To: TypeAlias = Annotated[str | None, _option(_WHOM, "The telephone number in E.164 form: +14155552671.")]
Sender: TypeAlias = Annotated[
    str | None, _option(_WHAT, "The sender, one that the account has verified.", "--from")
]

app = typer.Typer(no_args_is_help=True)


@app.callback()
def send() -> None:
    """Send one transactional message: from a template, or an e-mail with its own text.

    It is sent once: if no response came, or the failure may have occurred after the message was accepted, nothing is
    sent again, and the error says so.
    """


@app.command("email", short_help="Send an e-mail.")
def email(
    *,
    to: Annotated[list[str] | None, _option(_WHOM, "An address it goes to; may be repeated.")] = None,
    cc: Annotated[list[str] | None, _option(_WHOM, "A copy; may be repeated.")] = None,
    bcc: Annotated[list[str] | None, _option(_WHOM, "A blind copy; may be repeated.")] = None,
    reply_to: Annotated[str | None, _option(_WHOM, "The address for replies.")] = None,
    id: PersonId = None,
    email: PersonEmail = None,
    cio_id: PersonCioId = None,
    template: Template = None,
    data: Data = None,
    sender: Sender = None,
    subject: Annotated[str | None, _option(_WHAT, "The subject.")] = None,
    body: Annotated[str | None, _option(_WHAT, "The body in HTML.")] = None,
    body_plain: Annotated[str | None, _option(_WHAT, "The body in plain text.")] = None,
    preheader: Annotated[str | None, _option(_WHAT, "What an inbox shows after the subject.")] = None,
    header: Annotated[
        list[str] | None, _option(_WHAT, "A further header; may be repeated.", metavar="NAME=VALUE")
    ] = None,
    attach: Annotated[
        list[Path] | None, _option(_WHAT, "A file to attach; may be repeated.", metavar="FILE")
    ] = None,
    request: Request = None,
    send_at: SendAt = None,
    draft: Draft = False,
    language: Language = None,
    as_json: AsJson = False,
) -> None:
    """Send an e-mail: from a template, or with --from, --subject and --body.

    The person is given by --id, --email or --cio-id; by default it is the one whose address is given by --to.
    """
    if not (id or email or cio_id) and to and len(to) == 1:
        email = to[0]
    fields = {
        "to": to or None,
        "cc": cc or None,
        "bcc": bcc or None,
        "reply_to": reply_to,
        "from": sender,
        "subject": subject,
        "body": body,
        "body_plain": body_plain,
        "preheader": preheader,
        "headers": read_pairs("--header", header, as_text=True) or None,
        "attachments": [_attached(path) for path in attach or ()] or None,
    }
    common = _common(template, data, send_at, language, draft=draft)
    _send("email", request, {**fields, **common, **_whom(id, email, cio_id)}, as_json=as_json)


@app.command("push", short_help="Send a push.")
def push(
    *,
    to: Annotated[str | None, _option(_WHOM, "all devices, the last_used one, or a device's token.")] = None,
    id: PersonId = None,
    email: PersonEmail = None,
    cio_id: PersonCioId = None,
    template: Template = None,
    data: Data = None,
    title: Annotated[str | None, _option(_WHAT, "The title.")] = None,
    message: Annotated[str | None, _option(_WHAT, "The text.")] = None,
    link: Annotated[str | None, _option(_WHAT, "What a tap opens.")] = None,
    image_url: Annotated[str | None, _option(_WHAT, "A picture.")] = None,
    request: Request = None,
    send_at: SendAt = None,
    draft: Draft = False,
    language: Language = None,
    as_json: AsJson = False,
) -> None:
    """Send a push to a person's devices."""
    fields = {"to": to, "title": title, "message": message, "link": link, "image_url": image_url}
    common = _common(template, data, send_at, language, draft=draft)
    _send("push", request, {**fields, **common, **_whom(id, email, cio_id)}, as_json=as_json)


@app.command("sms", short_help="Send an SMS.")
def sms(
    *,
    to: To = None,
    id: PersonId = None,
    email: PersonEmail = None,
    cio_id: PersonCioId = None,
    template: Template = None,
    data: Data = None,
    sender: Sender = None,
    request: Request = None,
    send_at: SendAt = None,
    draft: Draft = False,
    language: Language = None,
    as_json: AsJson = False,
) -> None:
    """Send an SMS to a person."""
    common = _common(template, data, send_at, language, draft=draft)
    fields = {"to": to, "from": sender, **common, **_whom(id, email, cio_id)}
    _send("sms", request, fields, as_json=as_json)


@app.command("in-app", short_help="Send a message that shows inside the application.")
def in_app(
    *,
    id: PersonId = None,
    email: PersonEmail = None,
    cio_id: PersonCioId = None,
    template: Template = None,
    data: Data = None,
    request: Request = None,
    send_at: SendAt = None,
    draft: Draft = False,
    language: Language = None,
    as_json: AsJson = False,
) -> None:
    """Send a message that shows inside the application."""
    common = _common(template, data, send_at, language, draft=draft)
    _send("in_app", request, {**common, **_whom(id, email, cio_id)}, as_json=as_json)


@app.command("inbox", short_help="Send a message to the inbox inside the application.")
def inbox(
    *,
    id: PersonId = None,
    email: PersonEmail = None,
    cio_id: PersonCioId = None,
    template: Template = None,
    data: Data = None,
    request: Request = None,
    send_at: SendAt = None,
    draft: Draft = False,
    language: Language = None,
    as_json: AsJson = False,
) -> None:
    """Send a message to the inbox inside the application."""
    common = _common(template, data, send_at, language, draft=draft)
    _send("inbox_message", request, {**common, **_whom(id, email, cio_id)}, as_json=as_json)


@app.command("whatsapp", short_help="Send a WhatsApp message.")
def whatsapp(
    *,
    to: To = None,
    id: PersonId = None,
    email: PersonEmail = None,
    cio_id: PersonCioId = None,
    template: Template = None,
    data: Data = None,
    request: Request = None,
    send_at: SendAt = None,
    draft: Draft = False,
    language: Language = None,
    as_json: AsJson = False,
) -> None:
    """Send a WhatsApp message to a person."""
    common = _common(template, data, send_at, language, draft=draft)
    _send("whatsapp", request, {"to": to, **common, **_whom(id, email, cio_id)}, as_json=as_json)


def _common(
    template: str | None,
    data: Sequence[str] | None,
    send_at: str | None,
    language: str | None,
    *,
    draft: bool,
) -> dict[str, Any]:
    number = template is not None and template.isascii() and template.isdigit()
    return {
        "transactional_message_id": int(template or "0") if number else template,
        "message_data": read_pairs("--data", data) or None,
        "send_at": read_time("--send-at", send_at),
        "queue_draft": draft or None,
        "language": language,
    }


def _whom(id: str | None, email: str | None, cio_id: str | None) -> dict[str, Any]:
    named = {
        kind: text for kind, text in (("id", id), ("email", email), ("cio_id", cio_id)) if text is not None
    }
    if len(named) > 1:
        msg = "name the person once: --id, --email or --cio-id"
        raise UsageError(msg)
    for kind, text in named.items():
        return {"identifiers": read_person(text, kind)}
    return {}


def _attached(path: Path) -> Any:
    from ciokit.app import Attachment

    if not path.is_file():
        msg = f"--attach: {path}: no such file"
        raise UsageError(msg)
    return Attachment.from_path(path)


def _send(channel: str, request: str | None, options: dict[str, Any], *, as_json: bool) -> None:
    from ciokit.cli.requests import CHANNELS, make_message, read_request

    kind = CHANNELS[channel]
    fields = {} if request is None else read_request(read_json(request), kind)
    given = {name: value for name, value in options.items() if value is not None}
    if "message_data" in given and isinstance(data := fields.get("message_data"), dict):
        given["message_data"] = {**data, **given["message_data"]}
    message: Any = make_message(kind, {**fields, **given})
    with asking() as client:
        sent: Sent = getattr(client, f"send_{channel}")(message)
    if as_json:
        print_json(sent)
        return
    due = f", to be sent {when(sent.send_at)}" if sent.send_at else ""
    print(f"taken as delivery {sent.delivery_id}{due}")
