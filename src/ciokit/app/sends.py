"""Transactional messages: one class a channel, checked whole before anything is sent.

    class ReceiptData(Attributes):
        order_id: str
        total: Decimal

    class Receipt(SendEmail[ReceiptData]):
        transactional_message_id: int | str | None = "receipt"

    app.send_email(Receipt(to="a@example.com", identifiers="user-1", message_data=ReceiptData(...)))

A field that is left out is left to the template. This module holds what can be asked for; `ciokit.app.send_encoding`
says what may be wrong with it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, Literal, TypeAlias, dataclass_transform

import msgspec
from msgspec import field

from ciokit.app.attachments import Attachments
from ciokit.app.words import Platform, Timestamp
from ciokit.identifiers import CioId, Email, Id
from ciokit.typevars import TypeVar

__all__ = [
    "PushDevice",
    "Send",
    "SendEmail",
    "SendInApp",
    "SendInboxMessage",
    "SendPush",
    "SendSMS",
    "SendWhatsApp",
]

DataT = TypeVar("DataT", default=Any)
"""The data of a template: a mapping, or a class that declares it."""
Recipient: TypeAlias = str | Id | Email | CioId
Addresses: TypeAlias = str | Sequence[str]


class SendMeta(msgspec.StructMeta):
    """Make the classes of messages keyword-only and frozen without saying so each time."""

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> Any:
        """Make a class.

        Args:
            name: Its name.
            bases: Its bases.
            namespace: Its fields and methods.
            options: msgspec's own class options.
        """
        options = {"kw_only": True, "frozen": True, **options}
        return super().__new__(mcls, name, bases, namespace, **options)


# The decorator stands on the class: mypy would take the one of msgspec.Struct before a metaclass's.
@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
class Send(msgspec.Struct, Generic[DataT], frozen=True, metaclass=SendMeta):
    """Hold what messages of all channels have in common.

    Attributes:
        identifiers: The person: an id as text, `Id`, `Email` or `CioId`; an unknown id or address creates one.
        message_data: What the template refers to: a mapping, or an instance of the class that declares it.
        send_at: When it is sent: Unix seconds or a datetime, at most 90 days ahead; a past time means now.
        queue_draft: Whether it is held as a draft.
        disable_message_retention: Whether the service keeps no contents.
        language: The language, instead of the person's own.
    """

    identifiers: Recipient
    message_data: DataT | None = None
    send_at: Timestamp | None = None
    queue_draft: bool | None = None
    disable_message_retention: bool | None = None
    language: str | None = None


class SendEmail(Send[DataT], Generic[DataT]):
    """Send an e-mail, from a template or with its own body, subject and sender; see `Send` for the rest.

    Attributes:
        to: The recipients, at most 15 including `cc` and `bcc`: a list, or text with commas between the addresses.
        transactional_message_id: The template's number or trigger name; everything else given here overrides it.
        from_: The sender, one that the account has verified.
        subject: The subject.
        body: The body in HTML.
        body_plain: The body in plain text.
        body_amp: The body in AMP.
        preheader: The text that an inbox shows after the subject.
        cc: Copies.
        bcc: Blind copies.
        fake_bcc: Whether blind copies are sent as messages of their own.
        reply_to: The address for replies.
        headers: Further headers; names and values are ASCII without spaces.
        attachments: Files, less than 2 MB together in base 64, which is 1.5 MB before encoding: a list of `Attachment`
            or `Path`, or a mapping of names to contents.
        send_to_unsubscribed: Whether it is also sent to people who are unsubscribed.
        tracked: Whether opens and clicks are counted.
        disable_css_preprocessing: Whether CSS is left unchanged.
        auto_create: Whether an unknown trigger name creates an empty template.
    """

    to: Addresses
    transactional_message_id: int | str | None = None
    from_: str | None = field(name="from", default=None)
    subject: str | None = None
    body: str | None = None
    body_plain: str | None = None
    body_amp: str | None = None
    preheader: str | None = None
    cc: Addresses | None = None
    bcc: Addresses | None = None
    fake_bcc: bool | None = None
    reply_to: str | None = None
    headers: Mapping[str, str] | None = None
    attachments: Attachments | None = None
    send_to_unsubscribed: bool | None = None
    tracked: bool | None = None
    disable_css_preprocessing: bool | None = None
    auto_create: bool | None = None


class PushDevice(msgspec.Struct, frozen=True, kw_only=True):
    """Name a device that is added to the person, or changed, when the push is sent.

    Attributes:
        token: The device's token.
        platform: `ios` or `android`.
        last_used: When it was last used.
        attributes: `device_os`, `app_version`, ...
    """

    token: str
    platform: Platform
    last_used: Timestamp | None = None
    attributes: Mapping[str, Any] | None = None


class SendPush(Send[DataT], Generic[DataT]):
    """Send a push; see `Send` for the rest.

    Attributes:
        transactional_message_id: The template's number or trigger name.
        to: `all` devices of the person, the `last_used`, or a device's token; the template's own if omitted.
        title: The title.
        message: The text.
        image_url: A picture.
        link: What a tap opens.
        sound: `default` or `none`, on iOS.
        custom_data: Names and values for the application.
        custom_device: A device to add to the person.
        custom_payload: `ios` and `android`, instead of everything else.
        send_to_unsubscribed: Whether it is also sent to people who are unsubscribed.
        auto_create: Whether an unknown trigger name creates an empty template.
    """

    transactional_message_id: int | str
    to: str | None = None
    title: str | None = None
    message: str | None = None
    image_url: str | None = None
    link: str | None = None
    sound: Literal["default", "none"] | None = None
    custom_data: Mapping[str, Any] | None = None
    custom_device: PushDevice | None = None
    custom_payload: Mapping[Literal["ios", "android"], Any] | None = None
    send_to_unsubscribed: bool | None = None
    auto_create: bool | None = None


class SendSMS(Send[DataT], Generic[DataT]):
    """Send an SMS; see `Send` for the rest.

    Attributes:
        transactional_message_id: The template's number or trigger name.
        to: The number in E.164 form (`+14155552671`), or Liquid (`{{customer.phone}}`).
        from_: The number or sender id it is from, one that the account has verified.
        send_to_unsubscribed: Whether it is also sent to people who are unsubscribed.
        tracked: Whether clicks are counted.
        auto_create: Whether an unknown trigger name creates an empty template.
    """

    transactional_message_id: int | str
    to: str
    from_: str | None = field(name="from", default=None)
    send_to_unsubscribed: bool | None = None
    tracked: bool | None = None
    auto_create: bool | None = None


class SendInApp(Send[DataT], Generic[DataT]):
    """Send a message that shows inside the application; see `Send` for the rest.

    Attributes:
        transactional_message_id: The template's number or trigger name.
        auto_create: Whether an unknown trigger name creates an empty template.
    """

    transactional_message_id: int | str
    auto_create: bool | None = None


class SendInboxMessage(Send[DataT], Generic[DataT]):
    """Send a message to the inbox inside the application; see `Send` for the rest.

    Attributes:
        transactional_message_id: The template's number or trigger name.
        to: Another recipient than the person, which is rarely needed.
        auto_create: Whether an unknown trigger name creates an empty template.
    """

    transactional_message_id: int | str
    to: str | None = None
    auto_create: bool | None = None


class SendWhatsApp(Send[DataT], Generic[DataT]):
    """Send a WhatsApp message; see `Send` for the rest.

    Attributes:
        transactional_message_id: The template's number or trigger name.
        to: The number in E.164 form (`+14155552671`), or Liquid; the template's own if omitted.
        send_to_unsubscribed: Whether it is also sent to people who are unsubscribed.
        tracked: Whether clicks are counted.
    """

    transactional_message_id: int | str
    to: str | None = None
    send_to_unsubscribed: bool | None = None
    tracked: bool | None = None
