"""What is told of the webhooks that campaigns and broadcasts send, which are not these reporting webhooks."""

from ciokit.webhooks.events.common import MessageEvent

__all__ = [
    "WebhookAttempted",
    "WebhookClicked",
    "WebhookDrafted",
    "WebhookEvent",
    "WebhookFailed",
    "WebhookSent",
    "WebhookUndeliverable",
]


class WebhookEvent(MessageEvent, frozen=True, kw_only=True):
    """An event about a webhook out of a campaign.

    Attributes:
        recipient: The address it went to.
    """

    recipient: str | None = None


class WebhookDrafted(WebhookEvent, frozen=True, kw_only=True):
    """A webhook out of a campaign was drafted."""


class WebhookAttempted(WebhookEvent, frozen=True, kw_only=True):
    """A webhook out of a campaign could not be sent: an attempt failed.

    Attributes:
        failure_message: The reason.
    """

    failure_message: str | None = None


class WebhookSent(WebhookEvent, frozen=True, kw_only=True):
    """A webhook out of a campaign was sent.

    Attributes:
        content: The body, where the webhook is set up to tell it.
    """

    content: str | None = None


class WebhookClicked(WebhookEvent, frozen=True, kw_only=True):
    """A link in a webhook out of a campaign was clicked.

    Attributes:
        href: The address of the link.
        link_id: The tracked link's number.
    """

    href: str | None = None
    link_id: int | None = None


class WebhookFailed(WebhookEvent, frozen=True, kw_only=True):
    """A webhook out of a campaign failed.

    Attributes:
        failure_message: The reason.
    """

    failure_message: str | None = None


class WebhookUndeliverable(WebhookEvent, frozen=True, kw_only=True):
    """A webhook out of a campaign was undeliverable.

    Attributes:
        failure_message: The reason.
    """

    failure_message: str | None = None
