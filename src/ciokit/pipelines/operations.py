"""Everything that can be asked of the Pipelines API, as frozen data.

The verbs of the clients build these; `batch` takes them as they are. The words are the vendor's: traits, properties,
context. A message id and a time are set when the operation is made, so that every attempt carries the same.
"""

import time
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from ciokit.events import Attributes, Event
from ciokit.identifiers import Email, Id, ObjectId, UserRef
from ciokit.operations import Data, Platform, Timestamp
from ciokit.ulids import new_ulid

__all__ = [
    "AddDevice",
    "Alias",
    "ContentAction",
    "Delete",
    "DeleteDevice",
    "DeleteObject",
    "DeleteRelationship",
    "Group",
    "Identify",
    "Integrations",
    "Operation",
    "Page",
    "Platform",
    "ReportContent",
    "ReportDelivery",
    "ReportedMetric",
    "Screen",
    "Suppress",
    "Track",
    "Unsuppress",
]

Integrations: TypeAlias = Mapping[str, bool]
"""Which destinations get a call: by name, and `All` for those that are not named."""
ReportedMetric: TypeAlias = Literal["delivered", "clicked", "converted", "opened"]
ContentAction: TypeAlias = Literal["viewed_content", "clicked_content"]


class _Call(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what every call may carry.

    Attributes:
        message_id: Names the call; every attempt carries the same one.
        timestamp: When it happened.
        context: What is known of the circumstances: `ip`, `locale`, `page`, ...
        integrations: Which destinations get it; all if omitted.
    """

    message_id: str = msgspec.field(default_factory=new_ulid)
    timestamp: Timestamp = msgspec.field(default_factory=time.time)
    context: Mapping[str, Any] | None = None
    integrations: Integrations | None = None


class _OfUser(_Call, frozen=True):
    user: UserRef


class _OfKnownUser(_Call, frozen=True):
    user: str | Id


class _IdentifyUser(_Call, frozen=True):
    user: UserRef | Email
    traits: Attributes | Data = None


class Identify(_IdentifyUser, frozen=True, kw_only=True):
    """Create or update a person.

    Attributes:
        user: The person; an `Email` identifies them by that trait alone.
        traits: Their attributes.
        extra: Further traits, in addition to the declared ones.
        anonymous_id: Their previous anonymous id; what was recorded for it becomes theirs.
    """

    extra: Mapping[str, Any] | None = None
    anonymous_id: str | None = None


class _TrackUser(_OfUser, frozen=True):
    event: Event | str
    properties: Data = None


class Track(_TrackUser, frozen=True, kw_only=True):
    """Record what somebody did.

    Attributes:
        user: The person.
        event: An `Event`, or a name to go with `properties`.
        properties: The event's data, when `event` is a name.
        extra: Further data, in addition to the declared fields.
    """

    extra: Mapping[str, Any] | None = None


class _Seen(_OfUser, frozen=True):
    name: str | None = None
    properties: Data = None


class Page(_Seen, frozen=True):
    """Record that somebody saw a page.

    Attributes:
        user: The person.
        name: The page's name.
        properties: `url`, `path`, `title`, `referrer`, `search`, `category`, ...
    """


class Screen(_Seen, frozen=True):
    """Record that somebody saw a screen of an app.

    Attributes:
        user: The person.
        name: The screen's name.
        properties: Further data about the visit.
    """


class _GroupUser(_OfUser, frozen=True):
    group: str | ObjectId
    traits: Attributes | Data = None


class Group(_GroupUser, frozen=True, kw_only=True):
    """Create or update an object and relate somebody to it.

    Attributes:
        user: The person.
        group: The object; a plain string is one of type 1.
        traits: The object's attributes.
        relationship_attributes: The attributes of the relationship.
    """

    relationship_attributes: Data = None


class Alias(_Call, frozen=True):
    """Merge the user or visitor behind an id into another user.

    Attributes:
        previous: The user or anonymous id that is merged.
        user: The user who remains.
    """

    previous: UserRef
    user: str | Id


class _AddedDevice(_OfKnownUser, frozen=True):
    token: str


class AddDevice(_AddedDevice, frozen=True, kw_only=True):
    """Add a device to a person, or update it.

    Attributes:
        user: The device's owner.
        token: The device's token.
        platform: `ios` or `android`.
        attributes: `app_version`, `push_enabled`, ...
    """

    platform: Platform
    attributes: Data = None


class DeleteDevice(_OfKnownUser, frozen=True):
    """Remove a device from a person.

    Attributes:
        user: The device's owner.
        token: The device's token.
    """

    token: str


class Delete(_OfKnownUser, frozen=True):
    """Delete a person; a later identify creates them again.

    Attributes:
        user: The person.
    """


class Suppress(_OfKnownUser, frozen=True):
    """Delete a person and refuse their identifiers from now on.

    Attributes:
        user: The person.
    """


class Unsuppress(_OfKnownUser, frozen=True):
    """Accept a suppressed person's identifiers again; nothing is restored.

    Attributes:
        user: The person.
    """


class DeleteRelationship(_OfKnownUser, frozen=True):
    """Remove a person's relationship to an object.

    Attributes:
        user: The person.
        group: The object; a plain string is one of type 1.
    """

    group: str | ObjectId


class DeleteObject(_Call, frozen=True):
    """Delete an object.

    Attributes:
        group: The object; a plain string is one of type 1.
    """

    group: str | ObjectId


class _Delivery(_Call, frozen=True):
    delivery_id: str
    metric: ReportedMetric


class ReportDelivery(_Delivery, frozen=True, kw_only=True):
    """Report what became of a message.

    Attributes:
        delivery_id: The delivery.
        metric: `delivered`, `clicked`, `converted` or `opened`.
        recipient: The address or device that it reached.
        reason: The reason, if there is one.
        action_value: The answer to an in-app message.
        href: The link that was clicked.
    """

    recipient: str | None = None
    reason: str | None = None
    action_value: str | None = None
    href: str | None = None


class _Content(_Call, frozen=True):
    action: ContentAction


class ReportContent(_Content, frozen=True, kw_only=True):
    """Report that somebody who is not identified saw or clicked an anonymous message.

    Attributes:
        action: `viewed_content` or `clicked_content`.
        content_id: The content.
        template_id: Its template.
    """

    content_id: int | None = None
    template_id: int | None = None


Operation: TypeAlias = (
    Identify
    | Track
    | Page
    | Screen
    | Group
    | Alias
    | AddDevice
    | DeleteDevice
    | Delete
    | Suppress
    | Unsuppress
    | DeleteRelationship
    | DeleteObject
    | ReportDelivery
    | ReportContent
)
