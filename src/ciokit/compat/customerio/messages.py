"""The transactional messages, one class a channel, as the official SDK has them."""

import base64
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from ciokit.compat.customerio.errors import CustomerIOException

__all__ = [
    "Message",
    "SendEmailRequest",
    "SendInAppRequest",
    "SendInboxMessageRequest",
    "SendPushRequest",
    "SendSMSRequest",
    "SendWhatsAppRequest",
]

_COMMON: Final = (
    "transactional_message_id",
    "identifiers",
    "disable_message_retention",
    "queue_draft",
    "message_data",
    "send_at",
    "language",
)


class Message:
    """Hold the fields of a message; those that are None are not sent."""

    _wire: ClassVar[Mapping[str, str]]
    """Each field with its name on the wire, in the order of the wire."""

    def _to_dict(self) -> dict[str, Any]:
        """Return what is sent."""
        return {
            name: value
            for field, name in self._wire.items()
            if (value := getattr(self, field, None)) is not None
        }

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"  # whom it goes to and what it says is not for a log


def _wire(*names: str, **renamed: str) -> Mapping[str, str]:
    """Return fields of a message with their names on the wire; those of all messages come first."""
    return {name: renamed.get(name, name) for name in (*_COMMON, *names)}


class SendEmailRequest(Message):
    """Ask for an e-mail.

    Args:
        transactional_message_id: The template's number or trigger name.
        to: Whom it goes to.
        identifiers: The person: one of id, email and cio_id.
        _from: The sender.
        headers: Further headers.
        reply_to: Where answers go.
        cc: Copies.
        bcc: Blind copies.
        subject: The subject.
        preheader: The preview text.
        body: The body in HTML.
        body_plain: The body in plain text.
        body_amp: The body in AMP.
        fake_bcc: Whether blind copies are messages of their own.
        disable_message_retention: Whether the content is not kept.
        send_to_unsubscribed: Whether it goes to people who want no messages.
        tracked: Whether openings and clicks are counted.
        queue_draft: Whether it waits as a draft.
        message_data: Data for Liquid.
        attachments: Files in base 64 by their names; see `attach`.
        disable_css_preprocessing: Whether CSS stays as it is.
        send_at: When to send it, in Unix seconds.
        language: The language of the template.
    """

    _wire = _wire(
        "_from",
        "to",
        "headers",
        "reply_to",
        "cc",
        "bcc",
        "subject",
        "preheader",
        "body",
        "body_plain",
        "body_amp",
        "fake_bcc",
        "send_to_unsubscribed",
        "tracked",
        "attachments",
        "disable_css_preprocessing",
        _from="from",
    )

    def __init__(
        self,
        transactional_message_id: int | str | None = None,
        to: Any = None,
        identifiers: Any = None,
        _from: Any = None,
        headers: Any = None,
        reply_to: Any = None,
        cc: Any = None,
        bcc: Any = None,
        subject: Any = None,
        preheader: Any = None,
        body: Any = None,
        body_plain: Any = None,
        body_amp: Any = None,
        fake_bcc: Any = None,
        disable_message_retention: Any = None,
        send_to_unsubscribed: Any = None,
        tracked: Any = None,
        queue_draft: Any = None,
        message_data: Any = None,
        attachments: Any = None,
        disable_css_preprocessing: Any = None,
        send_at: Any = None,
        language: Any = None,
    ) -> None:
        self.transactional_message_id = transactional_message_id
        self.to = to
        self.identifiers = identifiers
        self._from = _from
        self.headers = headers
        self.reply_to = reply_to
        self.cc = cc
        self.bcc = bcc
        self.subject = subject
        self.preheader = preheader
        self.body = body
        self.body_plain = body_plain
        self.body_amp = body_amp
        self.fake_bcc = fake_bcc
        self.disable_message_retention = disable_message_retention
        self.send_to_unsubscribed = send_to_unsubscribed
        self.tracked = tracked
        self.queue_draft = queue_draft
        self.message_data = message_data
        self.attachments: Any = attachments
        self.disable_css_preprocessing = disable_css_preprocessing
        self.send_at = send_at
        self.language = language

    def attach(self, name: str, content: str | bytes, encode: bool = True) -> None:
        """Attach a file.

        Args:
            name: The file's name.
            content: What is in it.
            encode: Whether it is put into base 64 here; off where it is already.

        Raises:
            CustomerIOException: If there is a file of that name.
        """
        files: dict[str, Any] = self.attachments or {}
        if name in files:
            msg = f"attachment {name} already exists"
            raise CustomerIOException(msg)
        if encode:
            raw = content.encode() if isinstance(content, str) else content
            content = base64.b64encode(raw).decode()
        files[name] = content
        self.attachments = files


class SendPushRequest(Message):
    """Ask for a push notification.

    Args:
        transactional_message_id: The template's number or trigger name.
        to: Whom it goes to.
        identifiers: The person: one of id, email and cio_id.
        title: The title.
        message: The text.
        disable_message_retention: Whether the content is not kept.
        send_to_unsubscribed: Whether it goes to people who want no messages.
        queue_draft: Whether it waits as a draft.
        message_data: Data for Liquid.
        send_at: When to send it, in Unix seconds.
        language: The language of the template.
        image_url: A picture.
        link: Where a tap leads.
        custom_data: Names and values for the application.
        custom_payload: The payload as a whole, by platform.
        device: A device to add to the person.
        sound: The sound.
    """

    _wire = _wire(
        "to",
        "send_to_unsubscribed",
        "title",
        "message",
        "image_url",
        "link",
        "custom_data",
        "custom_payload",
        "device",
        "sound",
        device="custom_device",
    )

    def __init__(
        self,
        transactional_message_id: int | str | None = None,
        to: Any = None,
        identifiers: Any = None,
        title: Any = None,
        message: Any = None,
        disable_message_retention: Any = None,
        send_to_unsubscribed: Any = None,
        queue_draft: Any = None,
        message_data: Any = None,
        send_at: Any = None,
        language: Any = None,
        image_url: Any = None,
        link: Any = None,
        custom_data: Any = None,
        custom_payload: Any = None,
        device: Any = None,
        sound: Any = None,
    ) -> None:
        self.transactional_message_id = transactional_message_id
        self.to = to
        self.identifiers = identifiers
        self.title = title
        self.message = message
        self.disable_message_retention = disable_message_retention
        self.send_to_unsubscribed = send_to_unsubscribed
        self.queue_draft = queue_draft
        self.message_data = message_data
        self.send_at = send_at
        self.language = language
        self.image_url = image_url
        self.link = link
        self.custom_data = custom_data
        self.custom_payload = custom_payload
        self.device = device
        self.sound = sound


class SendSMSRequest(Message):
    """Ask for an SMS.

    Args:
        transactional_message_id: The template's number or trigger name.
        to: Whom it goes to.
        identifiers: The person: one of id, email and cio_id.
        disable_message_retention: Whether the content is not kept.
        send_to_unsubscribed: Whether it goes to people who want no messages.
        queue_draft: Whether it waits as a draft.
        message_data: Data for Liquid.
        send_at: When to send it, in Unix seconds.
        language: The language of the template.
    """

    _wire = _wire("to", "send_to_unsubscribed")

    def __init__(
        self,
        transactional_message_id: int | str | None = None,
        to: Any = None,
        identifiers: Any = None,
        disable_message_retention: Any = None,
        send_to_unsubscribed: Any = None,
        queue_draft: Any = None,
        message_data: Any = None,
        send_at: Any = None,
        language: Any = None,
    ) -> None:
        self.transactional_message_id = transactional_message_id
        self.to = to
        self.identifiers = identifiers
        self.disable_message_retention = disable_message_retention
        self.send_to_unsubscribed = send_to_unsubscribed
        self.queue_draft = queue_draft
        self.message_data = message_data
        self.send_at = send_at
        self.language = language


class SendWhatsAppRequest(Message):
    """Ask for a WhatsApp message.

    Args:
        transactional_message_id: The template's number or trigger name.
        to: Whom it goes to.
        identifiers: The person: one of id, email and cio_id.
        tracked: Whether openings and clicks are counted.
        disable_message_retention: Whether the content is not kept.
        send_to_unsubscribed: Whether it goes to people who want no messages.
        queue_draft: Whether it waits as a draft.
        message_data: Data for Liquid.
        send_at: When to send it, in Unix seconds.
        language: The language of the template.
    """

    _wire = _wire("to", "send_to_unsubscribed", "tracked")

    def __init__(
        self,
        transactional_message_id: int | str | None = None,
        to: Any = None,
        identifiers: Any = None,
        tracked: Any = None,
        disable_message_retention: Any = None,
        send_to_unsubscribed: Any = None,
        queue_draft: Any = None,
        message_data: Any = None,
        send_at: Any = None,
        language: Any = None,
    ) -> None:
        self.transactional_message_id = transactional_message_id
        self.to = to
        self.identifiers = identifiers
        self.tracked = tracked
        self.disable_message_retention = disable_message_retention
        self.send_to_unsubscribed = send_to_unsubscribed
        self.queue_draft = queue_draft
        self.message_data = message_data
        self.send_at = send_at
        self.language = language


class SendInboxMessageRequest(Message):
    """Ask for a message to the inbox.

    Args:
        transactional_message_id: The template's number or trigger name.
        identifiers: The person: one of id, email and cio_id.
        disable_message_retention: Whether the content is not kept.
        queue_draft: Whether it waits as a draft.
        message_data: Data for Liquid.
        send_at: When to send it, in Unix seconds.
        language: The language of the template.
    """

    _wire = _wire()

    def __init__(
        self,
        transactional_message_id: int | str | None = None,
        identifiers: Any = None,
        disable_message_retention: Any = None,
        queue_draft: Any = None,
        message_data: Any = None,
        send_at: Any = None,
        language: Any = None,
    ) -> None:
        self.transactional_message_id = transactional_message_id
        self.identifiers = identifiers
        self.disable_message_retention = disable_message_retention
        self.queue_draft = queue_draft
        self.message_data = message_data
        self.send_at = send_at
        self.language = language


class SendInAppRequest(Message):
    """Ask for an in-app message.

    Args:
        transactional_message_id: The template's number or trigger name.
        identifiers: The person: one of id, email and cio_id.
        disable_message_retention: Whether the content is not kept.
        queue_draft: Whether it waits as a draft.
        message_data: Data for Liquid.
        send_at: When to send it, in Unix seconds.
        language: The language of the template.
    """

    _wire = _wire()

    def __init__(
        self,
        transactional_message_id: int | str | None = None,
        identifiers: Any = None,
        disable_message_retention: Any = None,
        queue_draft: Any = None,
        message_data: Any = None,
        send_at: Any = None,
        language: Any = None,
    ) -> None:
        self.transactional_message_id = transactional_message_id
        self.identifiers = identifiers
        self.disable_message_retention = disable_message_retention
        self.queue_draft = queue_draft
        self.message_data = message_data
        self.send_at = send_at
        self.language = language
