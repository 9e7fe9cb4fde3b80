"""What the App API says of single messages."""

from collections.abc import Mapping
from typing import Any

from msgspec import field

from ciokit.app.records.base import Record
from ciokit.app.records.people import CustomerIdentifiers

__all__ = [
    "ArchivedMessage",
    "LiveNotification",
    "LiveNotificationDelivery",
    "LiveNotificationId",
    "Message",
    "Sent",
]


class Sent(Record, frozen=True, kw_only=True):
    """Tell that the service took a transactional message.

    Attributes:
        delivery_id: The message's id, by which `messages.get` finds it.
        queued_at: When the service took the request, in Unix seconds.
        send_at: When it will be sent, in Unix seconds, if a time to come was asked for.
    """

    delivery_id: str
    queued_at: int | None = None
    send_at: int | None = None


class Message(Record, frozen=True, kw_only=True):
    """Hold what became of a message to one person.

    Attributes:
        id: The delivery's id.
        type: `email`, `push`, `twilio`, ...
        customer_id: The application's own id of the person.
        customer_identifiers: All of the person's names.
        recipient: The address, number or token.
        subject: The subject.
        metrics: When it was `sent`, `delivered`, `opened`, ..., in Unix seconds.
        created: Unix seconds.
        failure_message: Why it failed, if it did.
        forgotten: Whether the service keeps no contents.
        campaign_id: The campaign it is part of.
        action_id: The campaign's or broadcast's action.
        parent_action_id: The action it is a variant of.
        newsletter_id: The newsletter it is part of.
        content_id: The newsletter's variant.
        broadcast_id: The broadcast it is part of.
        trigger_event_id: The event that triggered the campaign.
        message_template_id: The template.
        tracked_responses: Answers to an in-app survey, where they were asked for.
        deduplicate_id: The id and the time of the last change.
    """

    id: str
    type: str = ""
    customer_id: str | None = None
    customer_identifiers: CustomerIdentifiers = CustomerIdentifiers()
    recipient: str | None = None
    subject: str | None = None
    metrics: Mapping[str, int] = {}
    created: int | None = None
    failure_message: str | None = None
    forgotten: bool = False
    campaign_id: int | None = None
    action_id: int | None = None
    parent_action_id: int | None = None
    newsletter_id: int | None = None
    content_id: int | None = None
    broadcast_id: int | None = None
    trigger_event_id: str | None = None
    message_template_id: int | None = None
    tracked_responses: Mapping[str, Any] | None = None
    deduplicate_id: str | None = None


class ArchivedMessage(Record, frozen=True, kw_only=True):
    """Hold the contents of a message that was sent.

    Attributes:
        id: The delivery's id.
        body: The body.
        from_: The sender's address.
        reply_to: The address for replies.
        recipient: The address, number or token.
        subject: The subject.
        cc: Copies.
        bcc: Blind copies.
        fake_bcc: Whether blind copies were sent as messages of their own.
        preheader_text: The text that an inbox shows after the subject.
        url: The address, for webhooks.
        request_method: The method, for webhooks.
        headers: The headers.
        forgotten: Whether the service keeps no contents.
    """

    id: str
    body: str | None = None
    from_: str | None = field(name="from", default=None)
    reply_to: str | None = None
    recipient: str | None = None
    subject: str | None = None
    cc: str | None = None
    bcc: str | None = None
    fake_bcc: bool = False
    preheader_text: str | None = None
    url: str | None = None
    request_method: str | None = None
    headers: Any = None
    forgotten: bool = False


class LiveNotificationId(Record, frozen=True, kw_only=True):
    """Name a live notification.

    Attributes:
        instance_id: Its ULID.
    """

    instance_id: str


class LiveNotificationDelivery(Record, frozen=True, kw_only=True):
    """Hold the last message of a live notification.

    Attributes:
        id: The delivery's id.
        operation: What it did.
        status: What became of it.
        source: Where it came from.
        created_at: Unix seconds.
    """

    id: str | None = None
    operation: str | None = None
    status: str | None = None
    source: str | None = None
    created_at: int | None = None


class LiveNotification(Record, frozen=True, kw_only=True):
    """Hold the state of a live notification.

    Attributes:
        instance_id: Its ULID.
        notification_type: Its type.
        platform: `ios` or `android`.
        state: `active`, `ended`, `expired` or `failed`.
        failure_reason: Why it failed, if it did.
        started_at: Unix seconds.
        ended_at: Unix seconds.
        expires_at: Unix seconds.
        last_delivery: Its last message.
    """

    instance_id: str
    notification_type: str = ""
    platform: str = ""
    state: str = ""
    failure_reason: str | None = None
    started_at: int | None = None
    ended_at: int | None = None
    expires_at: int | None = None
    last_delivery: LiveNotificationDelivery | None = None
