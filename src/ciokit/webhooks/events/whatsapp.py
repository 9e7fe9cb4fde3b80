"""What is told of WhatsApp messages."""

from ciokit.webhooks.events.common import MessageEvent

__all__ = [
    "WhatsAppAttempted",
    "WhatsAppBounced",
    "WhatsAppClicked",
    "WhatsAppConverted",
    "WhatsAppDelivered",
    "WhatsAppDrafted",
    "WhatsAppDropped",
    "WhatsAppEvent",
    "WhatsAppFailed",
    "WhatsAppOpened",
    "WhatsAppReplied",
    "WhatsAppSent",
    "WhatsAppUndeliverable",
]


class WhatsAppEvent(MessageEvent, frozen=True, kw_only=True):
    """An event about a WhatsApp message.

    Attributes:
        recipient: The number it went to; of a reply, the number it is from.
    """

    recipient: str | None = None


class WhatsAppDrafted(WhatsAppEvent, frozen=True, kw_only=True):
    """A WhatsApp message was drafted."""


class WhatsAppAttempted(WhatsAppEvent, frozen=True, kw_only=True):
    """A WhatsApp message could not be sent: an attempt failed.

    Attributes:
        failure_message: The reason.
    """

    failure_message: str | None = None


class WhatsAppSent(WhatsAppEvent, frozen=True, kw_only=True):
    """A WhatsApp message was sent.

    Attributes:
        content: The body, where the webhook is set up to tell it.
    """

    content: str | None = None


class WhatsAppDelivered(WhatsAppEvent, frozen=True, kw_only=True):
    """A WhatsApp message was delivered."""


class WhatsAppOpened(WhatsAppEvent, frozen=True, kw_only=True):
    """A WhatsApp message was opened."""


class WhatsAppClicked(WhatsAppEvent, frozen=True, kw_only=True):
    """A link in a WhatsApp message was clicked.

    Attributes:
        href: The address of the link.
        link_id: The tracked link's number.
    """

    href: str | None = None
    link_id: int | None = None


class WhatsAppConverted(WhatsAppEvent, frozen=True, kw_only=True):
    """A person converted after a WhatsApp message."""


class WhatsAppBounced(WhatsAppEvent, frozen=True, kw_only=True):
    """A WhatsApp message bounced.

    Attributes:
        failure_message: The reason.
    """

    failure_message: str | None = None


class WhatsAppDropped(WhatsAppEvent, frozen=True, kw_only=True):
    """A WhatsApp message was dropped.

    Attributes:
        failure_message: The reason.
    """

    failure_message: str | None = None


class WhatsAppFailed(WhatsAppEvent, frozen=True, kw_only=True):
    """A WhatsApp message failed.

    Attributes:
        failure_message: The reason.
    """

    failure_message: str | None = None


class WhatsAppUndeliverable(WhatsAppEvent, frozen=True, kw_only=True):
    """A WhatsApp message was undeliverable.

    Attributes:
        failure_message: The reason.
    """

    failure_message: str | None = None


class WhatsAppReplied(WhatsAppEvent, frozen=True, kw_only=True):
    """A person replied to a WhatsApp message.

    Attributes:
        inbound_event_id: The reply.
        to: The number that the reply went to, which the message was from.
    """

    inbound_event_id: str | None = None
    to: str | None = None
