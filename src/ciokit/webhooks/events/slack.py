"""What is told of Slack messages."""

from ciokit.webhooks.events.common import MessageEvent

__all__ = [
    "SlackAttempted",
    "SlackClicked",
    "SlackDrafted",
    "SlackEvent",
    "SlackFailed",
    "SlackSent",
    "SlackUndeliverable",
]


class SlackEvent(MessageEvent, frozen=True, kw_only=True):
    """An event about a Slack message.

    Attributes:
        recipient: The channel or person it went to.
    """

    recipient: str | None = None


class SlackDrafted(SlackEvent, frozen=True, kw_only=True):
    """A Slack message was drafted."""


class SlackAttempted(SlackEvent, frozen=True, kw_only=True):
    """A Slack message could not be sent: an attempt failed.

    Attributes:
        failure_message: The reason.
    """

    failure_message: str | None = None


class SlackSent(SlackEvent, frozen=True, kw_only=True):
    """A Slack message was sent.

    Attributes:
        content: The body, where the webhook is set up to tell it.
    """

    content: str | None = None


class SlackClicked(SlackEvent, frozen=True, kw_only=True):
    """A link in a Slack message was clicked.

    Attributes:
        href: The address of the link.
        link_id: The tracked link's number.
    """

    href: str | None = None
    link_id: int | None = None


class SlackFailed(SlackEvent, frozen=True, kw_only=True):
    """A Slack message failed.

    Attributes:
        failure_message: The reason.
    """

    failure_message: str | None = None


class SlackUndeliverable(SlackEvent, frozen=True, kw_only=True):
    """A Slack message was undeliverable.

    Attributes:
        failure_message: The reason.
    """

    failure_message: str | None = None
