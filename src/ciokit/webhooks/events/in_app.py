"""What is told of messages inside the application."""

from ciokit.webhooks.events.common import MessageEvent

__all__ = [
    "InAppAttempted",
    "InAppClicked",
    "InAppConverted",
    "InAppDrafted",
    "InAppEvent",
    "InAppFailed",
    "InAppOpened",
    "InAppSent",
    "InAppUndeliverable",
]


class InAppEvent(MessageEvent, frozen=True, kw_only=True):
    """An event about an in-app message.

    Attributes:
        recipient: The person's id or e-mail address.
    """

    recipient: str | None = None


class InAppDrafted(InAppEvent, frozen=True, kw_only=True):
    """An in-app message was drafted."""


class InAppAttempted(InAppEvent, frozen=True, kw_only=True):
    """An in-app message could not be sent: an attempt failed.

    Attributes:
        failure_message: The reason.
    """

    failure_message: str | None = None


class InAppSent(InAppEvent, frozen=True, kw_only=True):
    """An in-app message was sent.

    Attributes:
        content: The body, where the webhook is set up to tell it.
    """

    content: str | None = None


class InAppOpened(InAppEvent, frozen=True, kw_only=True):
    """An in-app message was opened."""


class InAppClicked(InAppEvent, frozen=True, kw_only=True):
    """A person clicked or tapped in an in-app message.

    Attributes:
        href: The address of the link.
        link_id: The tracked link's number.
        tracked_response: The action's name.
    """

    href: str | None = None
    link_id: int | None = None
    tracked_response: str | None = None


class InAppConverted(InAppEvent, frozen=True, kw_only=True):
    """A person converted after an in-app message."""


class InAppFailed(InAppEvent, frozen=True, kw_only=True):
    """An in-app message failed.

    Attributes:
        failure_message: The reason.
    """

    failure_message: str | None = None


class InAppUndeliverable(InAppEvent, frozen=True, kw_only=True):
    """An in-app message was undeliverable.

    Attributes:
        failure_message: The reason.
    """

    failure_message: str | None = None
