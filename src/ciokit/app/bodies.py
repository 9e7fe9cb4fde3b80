"""Bodies that have more fields than a method's parameters can bear: what is given is sent, what is left out is not.

`UNSET` tells a field that is left out from one that is None, where the service takes null.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType, field

from ciokit.app.records.base import fields_of
from ciokit.app.words import Filter, Timestamp, Window
from ciokit.encoding.drafts import Draft

__all__ = [
    "ActionContent",
    "DataIndexAttribute",
    "DataIndexEvent",
    "DesignStudioContent",
    "DesignStudioEnvelope",
    "EmailNewsletter",
    "InAppNewsletter",
    "InboxNewsletter",
    "NewNewsletter",
    "NewsletterContent",
    "NewsletterFields",
    "OptoutChange",
    "PushNewsletter",
    "SmsNewsletter",
    "TransactionalContent",
    "WebhookNewsletter",
    "encode_fields",
]


class OptoutChange(msgspec.Struct, frozen=True, kw_only=True):
    """Opt a person out of a sender's messages, or in again.

    Attributes:
        from_: The sender's number or id.
        optout: True to opt out of its messages, False to opt in again.
        channel: `sms` or `whatsapp`.
    """

    from_: str = field(name="from")
    optout: bool
    channel: Literal["sms", "whatsapp"] = "sms"


class ActionContent(msgspec.Struct, frozen=True, kw_only=True):
    """Change a message of a campaign or a broadcast; what is left out stays as it is.

    Attributes:
        body: The body; one that was made with the drag-and-drop editor cannot be changed.
        body_amp: The body in AMP.
        body_json: The body of a visual editor.
        subject: The subject.
        preheader_text: The text that an inbox shows after the subject.
        from_id: The sender identity.
        reply_to_id: The sender identity for replies; None for none.
        recipient: The recipient, often as Liquid.
        sending_state: `automatic`, `draft` or `off`.
        headers: Names and values: `[{"name": ..., "value": ...}]`; for a webhook, JSON text of the same.
        image_url: The image, for MMS.
        url: The address, for webhooks.
        method: The method, for webhooks.
        sender_identity_id: The number to send from, for WhatsApp.
        send_to_unsubscribed: Whether it is also sent to people who are unsubscribed, for WhatsApp.
        tracked: Whether links are tracked, for WhatsApp.
    """

    body: str | None = None
    body_amp: str | None = None
    body_json: str | None = None
    subject: str | None = None
    preheader_text: str | None = None
    from_id: int | None = None
    reply_to_id: int | UnsetType | None = UNSET
    recipient: str | None = None
    sending_state: Literal["automatic", "draft", "off"] | None = None
    headers: str | Sequence[Mapping[str, str]] | None = None
    image_url: str | None = None
    url: str | None = None
    method: Literal["get", "post", "put", "delete", "patch"] | None = None
    sender_identity_id: int | None = None
    send_to_unsubscribed: bool | None = None
    tracked: bool | None = None


class NewsletterContent(msgspec.Struct, frozen=True, kw_only=True):
    """Change a variant of a newsletter; what is left out stays as it is.

    Attributes:
        body: The body; one that was made with an editor cannot be changed.
        body_amp: The body in AMP.
        body_plain: The body in plain text.
        body_json: The body of an in-app or inbox message, as JSON text.
        subject: The subject, or the title of a push.
        preheader_text: The text that an inbox shows after the subject.
        from_id: The sender identity.
        reply_to_id: The sender identity for replies; None for none.
        recipient: The recipient, often as Liquid.
        headers: Names and values: `[{"name": ..., "value": ...}]`.
    """

    body: str | None = None
    body_amp: str | None = None
    body_plain: str | None = None
    body_json: str | None = None
    subject: str | None = None
    preheader_text: str | None = None
    from_id: int | None = None
    reply_to_id: int | UnsetType | None = UNSET
    recipient: str | None = None
    headers: Sequence[Mapping[str, str]] | None = None


class TransactionalContent(msgspec.Struct, frozen=True, kw_only=True):
    """Change a variant of a transactional message; what is left out stays as it is.

    Attributes:
        body: The body; one that was made with the drag-and-drop editor cannot be changed.
        body_amp: The body in AMP.
        subject: The subject.
        preheader_text: The text that an inbox shows after the subject.
        from_id: The sender identity.
        reply_to_id: The sender identity for replies; None for none.
        headers: Names and values: `[{"name": ..., "value": ...}]`.
    """

    body: str | None = None
    body_amp: str | None = None
    subject: str | None = None
    preheader_text: str | None = None
    from_id: int | None = None
    reply_to_id: int | UnsetType | None = UNSET
    headers: Sequence[Mapping[str, str]] | None = None


class DesignStudioContent(msgspec.Struct, frozen=True, kw_only=True):
    """Write what a Design Studio e-mail says; content that is left out keeps its default language's.

    Attributes:
        subject: The subject.
        preheader_text: The text that an inbox shows after the subject.
        html: The body.
        amp: The body in AMP.
        text: The body in plain text.
    """

    subject: str | None = None
    preheader_text: str | None = None
    html: str | None = None
    amp: str | None = None
    text: str | None = None


class DesignStudioEnvelope(msgspec.Struct, frozen=True, kw_only=True):
    """Write whom a Design Studio e-mail is from and to.

    Attributes:
        from_id: The sender identity.
        reply_to_id: The sender identity for replies.
        recipient: The recipient, often as Liquid.
        cc: Copies.
        bcc: Blind copies.
        fake_bcc: Whether blind copies are sent as messages of their own.
        headers: Names and values: `[{"name": ..., "value": ...}]`.
    """

    from_id: int | None = None
    reply_to_id: int | None = None
    recipient: str | None = None
    cc: str | None = None
    bcc: str | None = None
    fake_bcc: bool | None = None
    headers: Sequence[Mapping[str, Any]] | None = None


class DataIndexAttribute(msgspec.Struct, frozen=True, kw_only=True):
    """Describe an attribute.

    Attributes:
        name: Its name.
        description: What it means.
        object_type_id: The object type, for an attribute of objects.
        is_relationship: Whether it is an attribute of relationships.
        event_name: The event, for an attribute of an event's data.
        privacy_level: How it is protected, where the account can do that.
    """

    name: str
    description: str | None = None
    object_type_id: int | None = None
    is_relationship: bool | None = None
    event_name: str | None = None
    privacy_level: int | None = None


class DataIndexEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Describe an event.

    Attributes:
        name: Its name.
        description: What it means.
    """

    name: str
    description: str | None = None


class NewsletterFields(msgspec.Struct, frozen=True, kw_only=True):
    """Describe what newsletters of all channels have in common.

    Attributes:
        name: Its name, at most 190 characters.
        recipients: Who gets it.
        send_now: Whether it is sent at once; not with `scheduled_at`.
        scheduled_at: When it is sent, in the future; not with `send_now`.
        subscription_topic_id: The topic it belongs to; needed where there is a subscription centre.
        rate_limit_email_rate: The most messages in a period, of whatever channel.
        rate_limit_time_period: The period in seconds: 60, 3600 or 86400.
        rate_limit_spread: Whether messages are spread over the period.
    """

    type: ClassVar[str] = ""
    name: str
    recipients: Filter
    send_now: bool | None = None
    scheduled_at: Timestamp | None = None
    subscription_topic_id: int | None = None
    rate_limit_email_rate: int | None = None
    rate_limit_time_period: Window | None = None
    rate_limit_spread: bool | None = None


class EmailNewsletter(NewsletterFields, frozen=True, kw_only=True):
    """Describe a newsletter by e-mail; see `NewsletterFields` for the rest.

    Attributes:
        subject: The subject.
        body: The body in HTML.
        body_plain: The body in plain text; made from the HTML if omitted.
        preheader_text: The text that an inbox shows after the subject.
        layout_id: The layout around the body; the workspace's own if omitted.
        from_: The sender, as a sender identity's `address` has it; not with `from_id`.
        from_id: The sender identity; not with `from_`.
    """

    type: ClassVar[str] = "email"
    subject: str
    body: str
    body_plain: str | None = None
    preheader_text: str | None = None
    layout_id: int | None = None
    from_: str | None = field(name="from", default=None)
    from_id: int | None = None


class SmsNewsletter(NewsletterFields, frozen=True, kw_only=True):
    """Describe a newsletter by SMS; see `NewsletterFields` for the rest.

    Attributes:
        body: The text.
    """

    type: ClassVar[str] = "twilio"
    body: str


class PushNewsletter(NewsletterFields, frozen=True, kw_only=True):
    """Describe a newsletter by push, with a title, a text or both; see `NewsletterFields` for the rest.

    Attributes:
        subject: The title.
        body: The text.
    """

    type: ClassVar[str] = "push"
    subject: str | None = None
    body: str | None = None


class InAppNewsletter(NewsletterFields, frozen=True, kw_only=True):
    """Describe a newsletter inside the application; see `NewsletterFields` for the rest.

    Attributes:
        body_json: The message, as JSON text.
    """

    type: ClassVar[str] = "in_app"
    body_json: str


class InboxNewsletter(NewsletterFields, frozen=True, kw_only=True):
    """Describe a newsletter to the inbox inside the application; see `NewsletterFields` for the rest.

    Attributes:
        body_json: The message, as JSON text.
    """

    type: ClassVar[str] = "inbox"
    body_json: str


class WebhookNewsletter(NewsletterFields, frozen=True, kw_only=True):
    """Describe a newsletter that calls an address for each person; see `NewsletterFields` for the rest.

    Attributes:
        url: The address.
        request_method: The method.
        body: The body.
    """

    type: ClassVar[str] = "webhook"
    url: str
    request_method: Literal["DELETE", "GET", "POST", "PUT", "PATCH"]
    body: str


NewNewsletter: TypeAlias = (
    EmailNewsletter | SmsNewsletter | PushNewsletter | InAppNewsletter | InboxNewsletter | WebhookNewsletter
)


def encode_fields(value: msgspec.Struct, draft: Draft, *, times: tuple[str, ...] = ()) -> dict[str, bytes]:
    """Encode the fields of a struct that are not at their defaults.

    Args:
        value: The struct.
        draft: Gathers what is wrong.
        times: Fields that are times, sent as Unix seconds.

    Returns:
        JSON by the names that the service knows.
    """
    encoded: dict[str, bytes] = {}
    for found in fields_of(type(value)):
        item = getattr(value, found.name)
        if item is found.default:
            continue
        if found.name in times:
            encoded[found.encode_name] = b"%d" % draft.timestamp(item, found.name)
        else:
            encoded[found.encode_name] = draft.json(item, found.name)
    return encoded
