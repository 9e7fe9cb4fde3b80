"""What is told of people and their subscriptions."""

from ciokit.webhooks.events.common import MessageEvent

__all__ = ["CustomerEvent", "CustomerPreferencesChanged", "CustomerSubscribed", "CustomerUnsubscribed"]


class CustomerEvent(MessageEvent, frozen=True, kw_only=True):
    """An event about a person; the message that it came about through is known for preferences alone.

    Attributes:
        email_address: The person's e-mail address.
    """

    email_address: str | None = None


class CustomerSubscribed(CustomerEvent, frozen=True, kw_only=True):
    """A person subscribed: the attribute `unsubscribed` became false."""


class CustomerUnsubscribed(CustomerEvent, frozen=True, kw_only=True):
    """A person unsubscribed: the attribute `unsubscribed` became true."""


class CustomerPreferencesChanged(CustomerEvent, frozen=True, kw_only=True):
    """A person's subscription preferences changed (`cio_subscription_preferences_changed`).

    Attributes:
        content: The preferences, as JSON in a string.
    """

    content: str | None = None
