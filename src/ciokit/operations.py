"""Everything that can be asked of the Track API, as frozen data.

The verbs of the clients build these; `batch` takes them as they are. An operation is what the application means;
`ciokit.encoding` turns it into what is sent. An event's ULID and time are set when the operation is made, so sending the
same operation again is discarded as a duplicate by Customer.io.
"""

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import msgspec

from ciokit.events import Attributes, Event
from ciokit.identifiers import ObjectRef, PersonRef
from ciokit.ulids import new_ulid

__all__ = [
    "AddDevice",
    "AddObjectRelationships",
    "AddRelationships",
    "AddToSegment",
    "AnonymousEvent",
    "Data",
    "Delete",
    "DeleteDevice",
    "DeleteObject",
    "DeleteObjectRelationships",
    "DeleteRelationships",
    "Identify",
    "IdentifyAnonymous",
    "IdentifyObject",
    "Merge",
    "Operation",
    "Page",
    "Relationship",
    "RemoveFromSegment",
    "ReportDelivery",
    "ReportMetric",
    "ReportPush",
    "Screen",
    "SubmitForm",
    "Suppress",
    "Timestamp",
    "Track",
    "Unsubscribe",
    "Unsuppress",
]

Data: TypeAlias = Any
"""A mapping, dataclass, attrs instance, pydantic model, `Event` or `Attributes`: anything that becomes an object."""
Timestamp: TypeAlias = int | float | dt.datetime
"""Unix seconds, or a datetime with a time zone."""
Platform: TypeAlias = Literal["ios", "android"]
DeviceMetric: TypeAlias = Literal["opened", "converted", "delivered"]
Metric: TypeAlias = Literal[
    "bounced", "clicked", "converted", "deferred", "delivered", "dropped", "opened", "spammed"
]
IdType: TypeAlias = Literal["id", "email", "cio_id"]
EventType: TypeAlias = Literal["event", "page", "screen"]


def _now() -> int:
    return int(time.time())


class Relationship(msgspec.Struct, frozen=True):
    """Tie a person and an object together.

    Attributes:
        to: The other side: an object for a person, a person for an object.
        attributes: The attributes of the relationship.
    """

    to: ObjectRef | PersonRef
    attributes: Data = None


class _OfPerson(msgspec.Struct, frozen=True):
    person: PersonRef


class _OfObject(msgspec.Struct, frozen=True):
    object: ObjectRef


class _IdentifyPerson(_OfPerson, frozen=True):
    attributes: Attributes | Data = None


class Identify(_IdentifyPerson, frozen=True, kw_only=True):
    """Create or update a person.

    Attributes:
        person: The person.
        attributes: Their attributes: declared `Attributes`, a mapping, dataclass, attrs instance or model.
        extra: Further attributes, in addition to the declared ones.
        remove: Names of attributes to remove from the person.
        relationships: Objects to relate the person to.
        timestamp: When the change happened, to order rapid updates; left to Customer.io when None.
        create: False only updates a person who exists already.
    """

    extra: Mapping[str, Any] | None = None
    remove: Sequence[str] = ()
    relationships: Sequence[Relationship] = ()
    timestamp: Timestamp | None = None
    create: bool = True


class Delete(_OfPerson, frozen=True):
    """Delete a person; a later identify creates them again."""


class Suppress(_OfPerson, frozen=True):
    """Delete a person and refuse their identifiers from now on."""


class Unsuppress(_OfPerson, frozen=True):
    """Accept a suppressed person's identifiers again; nothing is restored."""


class _NamedEvent(_OfPerson, frozen=True):
    event: Event | str
    data: Data = None


class Track(_NamedEvent, frozen=True, kw_only=True, gc=False):
    """Record what a person did.

    Attributes:
        person: The person.
        event: An `Event`, or a name to go with `data`.
        data: The event's data, when `event` is a name.
        extra: Further data, in addition to the declared fields.
        id: A ULID, by which Customer.io discards duplicates.
        timestamp: When it happened.
    """

    extra: Mapping[str, Any] | None = None
    id: str = msgspec.field(default_factory=new_ulid)
    timestamp: Timestamp = msgspec.field(default_factory=_now)


class _Seen(_OfPerson, frozen=True):
    name: str
    data: Data = None


class Page(_Seen, frozen=True, kw_only=True):
    """Record that a person saw a page.

    Attributes:
        person: The person.
        name: The page's address or title.
        data: Further data about the visit.
        id: A ULID, by which Customer.io discards duplicates.
        timestamp: When it was seen.
    """

    id: str = msgspec.field(default_factory=new_ulid)
    timestamp: Timestamp = msgspec.field(default_factory=_now)


class Screen(_Seen, frozen=True, kw_only=True):
    """Record that a person saw a screen of an app; the rest is as with `Page`."""

    id: str = msgspec.field(default_factory=new_ulid)
    timestamp: Timestamp = msgspec.field(default_factory=_now)


class _Device(_OfPerson, frozen=True):
    token: str


class AddDevice(_Device, frozen=True, kw_only=True):
    """Add a device to a person, or update it.

    Attributes:
        person: The device's owner.
        token: The device's token.
        platform: `ios` or `android`.
        last_used: When the device was last used.
        attributes: `device_os`, `app_version`, ...
    """

    platform: Platform
    last_used: Timestamp | None = None
    attributes: Data = None


class DeleteDevice(_Device, frozen=True):
    """Remove a device from a person."""


class AddRelationships(_OfPerson, frozen=True):
    """Relate a person to objects.

    Attributes:
        person: The person.
        relationships: The objects, each with the attributes of the relationship.
    """

    relationships: Sequence[Relationship]


class DeleteRelationships(_OfPerson, frozen=True):
    """Remove a person's relationships to objects."""

    objects: Sequence[ObjectRef]


class Merge(msgspec.Struct, frozen=True):
    """Merge a duplicate person into another, for good.

    Attributes:
        primary: The person who remains; must exist already. Not a `Phone`.
        secondary: The person who is merged into the primary and deleted. Not a `Phone`.
    """

    primary: PersonRef
    secondary: PersonRef


class IdentifyObject(_OfObject, frozen=True):
    """Create or update an object.

    Attributes:
        object: The object; an `ObjectId` creates it if necessary, a `CioObjectId` only updates it.
        attributes: Its attributes.
        relationships: People to relate it to.
    """

    attributes: Attributes | Data = None
    relationships: Sequence[Relationship] = ()


class IdentifyAnonymous(_OfObject, frozen=True):
    """Create or update an object and relate it to someone who is not identified yet.

    Attributes:
        object: The object.
        anonymous_id: Gives the relationship to whoever is identified with it later.
        attributes: The object's attributes.
        relationship_attributes: The attributes of the relationship.
    """

    anonymous_id: str
    attributes: Attributes | Data = None
    relationship_attributes: Data = None


class DeleteObject(_OfObject, frozen=True):
    """Delete an object."""


class AddObjectRelationships(_OfObject, frozen=True):
    """Relate an object to people."""

    relationships: Sequence[Relationship]


class DeleteObjectRelationships(_OfObject, frozen=True):
    """Remove an object's relationships to people."""

    people: Sequence[PersonRef]


class ReportDelivery(msgspec.Struct, frozen=True):
    """Report what became of a push message on a device."""

    delivery_id: str
    metric: DeviceMetric
    device_token: str
    timestamp: Timestamp | None = None


class AnonymousEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Record what someone not yet identified did; without `anonymous_id` it is an invite.

    Attributes:
        anonymous_id: Joins the event to the person who is identified with it within 30 days.
        event: An `Event`, or a name to go with `data`.
        data: The event's data, when `event` is a name.
        extra: Further data, in addition to the declared fields.
        type: `event`, `page` or `screen`.
        id: A ULID, by which Customer.io discards duplicates.
        timestamp: When it happened.
    """

    anonymous_id: str | None = None
    event: Event | str
    data: Data = None
    extra: Mapping[str, Any] | None = None
    type: EventType = "event"
    id: str = msgspec.field(default_factory=new_ulid)
    timestamp: Timestamp = msgspec.field(default_factory=_now)


class _Segment(msgspec.Struct, frozen=True):
    segment_id: int
    ids: Sequence[str]
    id_type: IdType = "id"


class AddToSegment(_Segment, frozen=True):
    """Add people to a manual segment that exists.

    Attributes:
        segment_id: The segment's number.
        ids: 1 to 1,000 identifiers of people, all of one type.
        id_type: `id`, `email` or `cio_id`.
    """


class RemoveFromSegment(_Segment, frozen=True):
    """Remove people from a manual segment; the rest is as with `AddToSegment`."""


class SubmitForm(msgspec.Struct, frozen=True):
    """Submit a form; an unknown form is created.

    Attributes:
        form_id: The form.
        person: Who filled it in: an id or an e-mail address.
        fields: What was filled in, as text.
    """

    form_id: str
    person: PersonRef
    fields: Mapping[str, Any] = {}


class ReportMetric(msgspec.Struct, frozen=True, kw_only=True):
    """Report what became of a message whose channel does not report it by itself.

    Attributes:
        delivery_id: The delivery, as the message carries it.
        metric: What became of it.
        timestamp: When it happened; left to Customer.io when None.
        recipient: The address or device that it reached.
        reason: Why it bounced or was dropped.
        href: The link that was clicked.
    """

    delivery_id: str
    metric: Metric
    timestamp: Timestamp | None = None
    recipient: str | None = None
    reason: str | None = None
    href: str | None = None


class ReportPush(msgspec.Struct, frozen=True, kw_only=True):
    """Report a push event to the endpoint that the mobile SDKs use."""

    delivery_id: str
    event: DeviceMetric
    device_id: str
    timestamp: Timestamp | None = None


class Unsubscribe(msgspec.Struct, frozen=True):
    """Unsubscribe whoever got a delivery, as a custom unsubscribe page does."""

    delivery_id: str


PersonOperation: TypeAlias = (
    Identify
    | Delete
    | Suppress
    | Unsuppress
    | Track
    | Page
    | Screen
    | AddDevice
    | DeleteDevice
    | AddRelationships
    | DeleteRelationships
    | Merge
)
ObjectOperation: TypeAlias = (
    IdentifyObject | IdentifyAnonymous | DeleteObject | AddObjectRelationships | DeleteObjectRelationships
)
SingleOperation: TypeAlias = (
    AnonymousEvent | AddToSegment | RemoveFromSegment | SubmitForm | ReportMetric | ReportPush | Unsubscribe
)
"""What the Track API takes only one at a time, by its version 1."""
Operation: TypeAlias = PersonOperation | ObjectOperation | ReportDelivery | SingleOperation
