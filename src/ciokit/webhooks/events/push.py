"""What is told of push notifications."""

import msgspec

from ciokit.webhooks.events.common import MessageEvent

__all__ = [
    "PushAttempted",
    "PushBounced",
    "PushClicked",
    "PushConverted",
    "PushDelivered",
    "PushDrafted",
    "PushDropped",
    "PushEvent",
    "PushFailed",
    "PushOpened",
    "PushRecipient",
    "PushSent",
    "PushUndeliverable",
]


class PushRecipient(msgspec.Struct, frozen=True, kw_only=True):
    """Name a device.

    Attributes:
        device_id: The device's token.
        device_platform: `ios` or `android`.
        failure_message: Why it did not take the message, if it did not.
    """

    device_id: str
    device_platform: str | None = None
    failure_message: str | None = None

    def __repr__(self) -> str:
        return f"<PushRecipient {self.device_platform}>"


class PushEvent(MessageEvent, frozen=True, kw_only=True):
    """An event about a push notification.

    Attributes:
        recipients: The devices.
    """

    recipients: tuple[PushRecipient, ...] = ()


class PushDrafted(PushEvent, frozen=True, kw_only=True):
    """A push notification was drafted."""


class PushAttempted(PushEvent, frozen=True, kw_only=True):
    """A push notification could not be sent: an attempt failed.

    Attributes:
        failure_message: The reason.
    """

    failure_message: str | None = None


class PushSent(PushEvent, frozen=True, kw_only=True):
    """A push notification was sent.

    Attributes:
        content: The body, where the webhook is set up to tell it.
    """

    content: str | None = None


class PushDelivered(PushEvent, frozen=True, kw_only=True):
    """A push notification was delivered."""


class PushOpened(PushEvent, frozen=True, kw_only=True):
    """A push notification was opened."""


class PushClicked(PushEvent, frozen=True, kw_only=True):
    """A link in a push notification was clicked.

    Attributes:
        href: The address of the link.
        link_id: The tracked link's number.
    """

    href: str | None = None
    link_id: int | None = None


class PushConverted(PushEvent, frozen=True, kw_only=True):
    """A person converted after a push notification."""


class PushBounced(PushEvent, frozen=True, kw_only=True):
    """A push notification bounced; its recipients say why."""


class PushDropped(PushEvent, frozen=True, kw_only=True):
    """A push notification was dropped; its recipients say why."""


class PushFailed(PushEvent, frozen=True, kw_only=True):
    """A push notification failed.

    Attributes:
        failure_message: The reason.
    """

    failure_message: str | None = None


class PushUndeliverable(PushEvent, frozen=True, kw_only=True):
    """A push notification was undeliverable.

    Attributes:
        failure_message: The reason.
    """

    failure_message: str | None = None
