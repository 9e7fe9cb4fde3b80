"""What is told of e-mails."""

from collections.abc import Mapping
from typing import Any

from ciokit.webhooks.events.common import MessageEvent

__all__ = [
    "EmailAttempted",
    "EmailBounced",
    "EmailClicked",
    "EmailConverted",
    "EmailDelivered",
    "EmailDrafted",
    "EmailDropped",
    "EmailEvent",
    "EmailFailed",
    "EmailOpened",
    "EmailSent",
    "EmailSpammed",
    "EmailUndeliverable",
    "EmailUnsubscribed",
]


class EmailEvent(MessageEvent, frozen=True, kw_only=True):
    """An event about an e-mail.

    Attributes:
        recipient: The address it went to.
        subject: Its subject.
    """

    recipient: str | None = None
    subject: str | None = None


class EmailDrafted(EmailEvent, frozen=True, kw_only=True):
    """An e-mail was drafted."""


class EmailAttempted(EmailEvent, frozen=True, kw_only=True):
    """An e-mail could not be sent: an attempt failed.

    Attributes:
        failure_message: The reason.
    """

    failure_message: str | None = None


class EmailSent(EmailEvent, frozen=True, kw_only=True):
    """An e-mail was sent.

    Attributes:
        content: The body, where the webhook is set up to tell it.
        headers: Its own headers, each with a list of values, where the webhook is set up to tell them.
    """

    content: str | None = None
    headers: Mapping[str, Any] | None = None


class EmailDelivered(EmailEvent, frozen=True, kw_only=True):
    """An e-mail was delivered."""


class EmailOpened(EmailEvent, frozen=True, kw_only=True):
    """An e-mail was opened, by a person or a machine.

    Attributes:
        proxied: Whether a proxy fetched it that hides who the person is.
        prefetched: Whether a provider or a known machine fetched it.
        synthetic: Whether the opening is inferred from a click.
    """

    proxied: bool | None = None
    prefetched: bool | None = None
    synthetic: bool | None = None


class EmailClicked(EmailEvent, frozen=True, kw_only=True):
    """A link in an e-mail was clicked, by a person or a machine.

    Attributes:
        href: The address of the link.
        link_id: The tracked link's number.
        machine: Whether a machine clicked.
    """

    href: str | None = None
    link_id: int | None = None
    machine: bool | None = None


class EmailConverted(EmailEvent, frozen=True, kw_only=True):
    """A person converted after an e-mail."""


class EmailUnsubscribed(EmailEvent, frozen=True, kw_only=True):
    """A person unsubscribed through an e-mail."""


class EmailBounced(EmailEvent, frozen=True, kw_only=True):
    """An e-mail bounced.

    Attributes:
        failure_message: The reason.
    """

    failure_message: str | None = None


class EmailDropped(EmailEvent, frozen=True, kw_only=True):
    """An e-mail was dropped.

    Attributes:
        failure_message: The reason.
    """

    failure_message: str | None = None


class EmailSpammed(EmailEvent, frozen=True, kw_only=True):
    """A person marked an e-mail as spam."""


class EmailFailed(EmailEvent, frozen=True, kw_only=True):
    """An e-mail failed.

    Attributes:
        failure_message: The reason.
    """

    failure_message: str | None = None


class EmailUndeliverable(EmailEvent, frozen=True, kw_only=True):
    """An e-mail was undeliverable.

    Attributes:
        failure_message: The reason.
    """

    failure_message: str | None = None
