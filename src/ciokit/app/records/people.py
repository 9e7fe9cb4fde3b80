"""What the App API says of people: who they are, what they did, what they want to hear of."""

from collections.abc import Mapping
from typing import Any

from msgspec import field

from ciokit.app.records.base import Record

__all__ = [
    "Activity",
    "Customer",
    "CustomerDevice",
    "CustomerIdentifiers",
    "CustomerOptouts",
    "CustomerPreferences",
    "CustomerRelationship",
    "CustomerSegment",
    "Optout",
    "PreferenceHeader",
    "TopicPreference",
]


class CustomerIdentifiers(Record, frozen=True, kw_only=True):
    """Hold the names of a person; those that the workspace does not use are None.

    Attributes:
        id: The application's own id.
        email: The e-mail address.
        cio_id: Customer.io's own id, without the prefix `cio_`.
    """

    id: str | None = None
    email: str | None = None
    cio_id: str | None = None


class CustomerDevice(Record, frozen=True, kw_only=True):
    """Hold a device of a person.

    Attributes:
        id: The device's token.
        platform: `ios` or `android`.
        last_used: Unix seconds.
        attributes: `device_os`, `app_version`, `push_enabled`, ...
    """

    id: str
    platform: str = ""
    last_used: int | None = None
    attributes: Mapping[str, Any] = {}


class Customer(Record, frozen=True, kw_only=True):
    """Hold a person with attributes and devices.

    Attributes:
        id: The application's own id.
        identifiers: All of the person's names.
        attributes: The attributes; the service returns the values as text.
        timestamps: When each attribute last changed, in Unix seconds; the vendor calls this deprecated.
        unsubscribed: Whether the person is unsubscribed.
        devices: The devices.
    """

    id: str | None = None
    identifiers: CustomerIdentifiers = CustomerIdentifiers()
    attributes: Mapping[str, Any] = {}
    timestamps: Mapping[str, int] = {}
    unsubscribed: bool = False
    devices: tuple[CustomerDevice, ...] = ()


class Activity(Record, frozen=True, kw_only=True):
    """Hold one thing that a person did or that happened to one.

    Attributes:
        id: The activity's id.
        type: `event`, `page`, `attribute_change`, `sent_email`, ...
        timestamp: Unix seconds.
        customer_id: The application's own id of the person.
        customer_identifiers: All of the person's names.
        name: The event's name, for events and screens.
        url: The address, for pages.
        data: The event's data, or each changed attribute with its values before and after.
        delivery_id: The message, where it is about one.
        delivery_type: `email`, `ios`, `android` or `phone`.
    """

    id: str
    type: str = ""
    timestamp: int | None = None
    customer_id: str | None = None
    customer_identifiers: CustomerIdentifiers = CustomerIdentifiers()
    name: str | None = None
    url: str | None = None
    data: Any = None
    delivery_id: str | None = None
    delivery_type: str | None = None


class CustomerSegment(Record, frozen=True, kw_only=True):
    """Name a segment that a person is in.

    Attributes:
        id: The segment's number.
        name: Its name.
        description: Its description.
    """

    id: int
    name: str = ""
    description: str | None = None


class CustomerRelationship(Record, frozen=True, kw_only=True):
    """Hold a relationship of a person to an object.

    Attributes:
        object_type_id: The object's type.
        identifiers: `object_id` and `cio_object_id`.
        attributes: The relationship's own attributes.
        timestamps: When each of them last changed, in Unix seconds.
    """

    object_type_id: int | str | None = None
    identifiers: Mapping[str, Any] = {}
    attributes: Mapping[str, Any] = {}
    timestamps: Mapping[str, Any] = {}


class TopicPreference(Record, frozen=True, kw_only=True):
    """Tell whether a person subscribes to a topic.

    Attributes:
        id: The topic.
        subscribed: Whether the person is subscribed.
        name: The topic's name, translated where a language was asked for.
        description: Its description.
    """

    id: int | str | None = None
    subscribed: bool = False
    name: str = ""
    description: str | None = None


class PreferenceHeader(Record, frozen=True, kw_only=True):
    """Hold the words above a subscription centre.

    Attributes:
        title: The title.
        subtitle: The subtitle.
    """

    title: str = ""
    subtitle: str | None = None


class CustomerPreferences(Record, frozen=True, kw_only=True):
    """Hold a person's subscription preferences.

    Attributes:
        id: The application's own id.
        identifiers: All of the person's names.
        topics: The topics of the subscription centre.
        unsubscribed: Whether the person is unsubscribed from all messages.
        header: The words above the subscription centre.
    """

    id: str | None = None
    identifiers: CustomerIdentifiers = CustomerIdentifiers()
    topics: tuple[TopicPreference, ...] = ()
    unsubscribed: bool = False
    header: PreferenceHeader | None = None


class Optout(Record, frozen=True, kw_only=True):
    """Name a sender from which a person has opted out.

    Attributes:
        channel: `sms` or `whatsapp`.
        from_: The sender's number or id.
    """

    channel: str = ""
    from_: str = field(name="from", default="")


class CustomerOptouts(Record, frozen=True, kw_only=True):
    """Hold the opt-outs of one person.

    Attributes:
        customer_id: The application's own id.
        cio_id: Customer.io's own id.
        optouts: The senders.
    """

    customer_id: str | None = None
    cio_id: str | None = None
    optouts: tuple[Optout, ...] = ()
