"""What is told of SMS."""

from ciokit.webhooks.events.common import MessageEvent

__all__ = [
    "SMSAttempted",
    "SMSBounced",
    "SMSClicked",
    "SMSConverted",
    "SMSDelivered",
    "SMSDrafted",
    "SMSEvent",
    "SMSFailed",
    "SMSReplied",
    "SMSSent",
    "SMSUndeliverable",
]


class SMSEvent(MessageEvent, frozen=True, kw_only=True):
    """An event about an SMS.

    Attributes:
        recipient: The number it went to; of a reply, the number it is from.
    """

    recipient: str | None = None


class SMSDrafted(SMSEvent, frozen=True, kw_only=True):
    """An SMS was drafted."""


class SMSAttempted(SMSEvent, frozen=True, kw_only=True):
    """An SMS could not be sent: an attempt failed.

    Attributes:
        failure_message: The reason.
    """

    failure_message: str | None = None


class SMSSent(SMSEvent, frozen=True, kw_only=True):
    """An SMS was sent.

    Attributes:
        content: The body, where the webhook is set up to tell it.
    """

    content: str | None = None


class SMSDelivered(SMSEvent, frozen=True, kw_only=True):
    """An SMS was delivered."""


class SMSClicked(SMSEvent, frozen=True, kw_only=True):
    """A link in an SMS was clicked.

    Attributes:
        href: The address of the link.
        link_id: The tracked link's number.
    """

    href: str | None = None
    link_id: int | None = None


class SMSConverted(SMSEvent, frozen=True, kw_only=True):
    """A person converted after an SMS."""


class SMSBounced(SMSEvent, frozen=True, kw_only=True):
    """An SMS bounced.

    Attributes:
        failure_message: The reason.
    """

    failure_message: str | None = None


class SMSFailed(SMSEvent, frozen=True, kw_only=True):
    """An SMS failed.

    Attributes:
        failure_message: The reason.
    """

    failure_message: str | None = None


class SMSUndeliverable(SMSEvent, frozen=True, kw_only=True):
    """An SMS was undeliverable.

    Attributes:
        failure_message: The reason.
    """

    failure_message: str | None = None


class SMSReplied(SMSEvent, frozen=True, kw_only=True):
    """A person replied to an SMS.

    Attributes:
        inbound_event_id: The reply.
        to: The number that the reply went to, which the message was from.
    """

    inbound_event_id: str | None = None
    to: str | None = None
