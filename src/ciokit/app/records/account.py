"""What the App API says of a workspace: senders, webhooks, the subscription centre, addresses that bounced."""

from ciokit.app.records.base import Record

__all__ = [
    "ReportingWebhook",
    "SenderIdentity",
    "SenderUse",
    "SubscriptionCenterToken",
    "SubscriptionChannel",
    "SubscriptionTopic",
    "Suppression",
    "Workspace",
]


class Workspace(Record, frozen=True, kw_only=True):
    """Hold a workspace; the counts are refreshed about once an hour.

    Attributes:
        id: Its number.
        name: Its name.
        messages_sent: Messages of this billing period.
        billable_messages_sent: Those that are billed.
        people: People in it.
        object_types: Types of objects in it.
        objects: Objects in it.
    """

    id: int
    name: str = ""
    messages_sent: int = 0
    billable_messages_sent: int = 0
    people: int = 0
    object_types: int = 0
    objects: int = 0


class SenderIdentity(Record, frozen=True, kw_only=True):
    """Hold a sender.

    Attributes:
        id: Its number.
        name: Its name.
        email: Its e-mail address.
        phone: Its telephone number.
        address: Name and address as a message shows them.
        template_type: `email` or `phone`.
        auto_generated: Whether the service made it.
        hidden: Whether it is hidden.
        deduplicate_id: Its number and the time of its last change.
    """

    id: int
    name: str = ""
    email: str | None = None
    phone: str | None = None
    address: str | None = None
    template_type: str = ""
    auto_generated: bool = False
    hidden: bool = False
    deduplicate_id: str | None = None


class SenderUse(Record, frozen=True, kw_only=True):
    """Name what uses a sender, by number.

    Attributes:
        campaigns: Campaigns.
        sent_newsletters: Newsletters that were sent.
        draft_newsletters: Newsletters that were not.
    """

    campaigns: tuple[int, ...] = ()
    sent_newsletters: tuple[int, ...] = ()
    draft_newsletters: tuple[int, ...] = ()


class ReportingWebhook(Record, frozen=True, kw_only=True):
    """Hold a reporting webhook.

    Attributes:
        id: Its number.
        name: Its name.
        endpoint: The address it posts to.
        events: What it reports: `email_sent`, `customer_unsubscribed`, ...
        type: `webhook` or `js`.
        disabled: Whether it is off.
        full_resolution: Whether each occurrence is reported, and not only the first.
        with_content: Whether a message's contents are sent along.
    """

    id: int | None = None
    name: str = ""
    endpoint: str = ""
    events: tuple[str, ...] = ()
    type: str | None = None
    disabled: bool = False
    full_resolution: bool = False
    with_content: bool = False


class SubscriptionCenterToken(Record, frozen=True, kw_only=True):
    """Give a person access to the subscription centre for 24 hours.

    Attributes:
        token: The token; whoever has it may change what the person subscribes to.
        url: The subscription centre's address with it.
    """

    token: str
    url: str | None = None


class SubscriptionTopic(Record, frozen=True, kw_only=True):
    """Hold a topic of the subscription centre.

    Attributes:
        id: Its number.
        identifier: Its name in preferences: `topic_1`.
        name: Its name.
        description: Its description.
        subscribed_by_default: Whether people without a preference are subscribed to it.
    """

    id: int | str
    identifier: str | None = None
    name: str = ""
    description: str | None = None
    subscribed_by_default: bool = False


class SubscriptionChannel(Record, frozen=True, kw_only=True):
    """Hold a channel of the subscription centre.

    Attributes:
        id: Its number.
        type: `email`, `twilio`, `push`, `in_app`, ...
        name: Its name.
        description: Its description.
        subscribed_by_default: Whether people without a preference are subscribed to it.
    """

    id: int | str
    type: str = ""
    name: str = ""
    description: str | None = None
    subscribed_by_default: bool = False


class Suppression(Record, frozen=True, kw_only=True):
    """Hold an address that the e-mail service does not deliver to.

    Attributes:
        email: The address.
        reason: The reason.
        status: The status that the e-mail service recorded, usually `550`.
        created: Unix seconds.
    """

    email: str
    reason: str | None = None
    status: str | None = None
    created: int | None = None
