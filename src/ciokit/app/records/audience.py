"""What the App API says of segments and objects."""

from collections.abc import Mapping
from typing import Any

from ciokit.app.records.base import Record

__all__ = [
    "CustomerCount",
    "Object",
    "ObjectIdentifiers",
    "ObjectRelationship",
    "ObjectType",
    "Segment",
    "SegmentDependencies",
    "SegmentUse",
]


class Segment(Record, frozen=True, kw_only=True):
    """Hold a segment.

    Attributes:
        id: Its number.
        name: Its name.
        description: Its description.
        state: `events`, `build`, `events_queued`, `build_queued` or `finished`.
        progress: Percent built, while it is being built.
        type: `dynamic` or `manual`.
        tags: Its tags.
        deduplicate_id: Its number and the time of its last change.
        created_at: Unix seconds.
        updated_at: Unix seconds.
    """

    id: int
    name: str = ""
    description: str | None = None
    state: str = ""
    progress: int | None = None
    type: str = ""
    tags: tuple[str, ...] = ()
    deduplicate_id: str | None = None
    created_at: int | None = None
    updated_at: int | None = None


class CustomerCount(Record, frozen=True, kw_only=True):
    """Tell how many people are in a segment.

    Attributes:
        segment_id: The segment's number.
        count: How many.
    """

    segment_id: int | None = None
    count: int


class SegmentUse(Record, frozen=True, kw_only=True):
    """Name what uses a segment, by number.

    Attributes:
        campaigns: Campaigns.
        sent_newsletters: Newsletters that were sent.
        draft_newsletters: Newsletters that were not.
    """

    campaigns: tuple[int, ...] = ()
    sent_newsletters: tuple[int, ...] = ()
    draft_newsletters: tuple[int, ...] = ()


class SegmentDependencies(Record, frozen=True, kw_only=True):
    """Tell what uses a segment.

    Attributes:
        segment_id: The segment's number.
        used_by: What uses it.
    """

    segment_id: int | None = None
    used_by: SegmentUse = SegmentUse()


class ObjectType(Record, frozen=True, kw_only=True):
    """Hold a type of objects.

    Attributes:
        id: The type, a whole number as text.
        name: Its name in the plural.
        singular_name: Its name in the singular.
        slug: Its name in Liquid, in the plural.
        singular_slug: Its name in Liquid, in the singular.
        enabled: Whether it is in use.
        icon: Its icon.
    """

    id: int | str
    name: str = ""
    singular_name: str = ""
    slug: str = ""
    singular_slug: str = ""
    enabled: bool = False
    icon: str | None = None


class ObjectIdentifiers(Record, frozen=True, kw_only=True):
    """Hold the names of an object.

    Attributes:
        object_id: The application's own id.
        cio_object_id: Customer.io's own id.
    """

    object_id: str | None = None
    cio_object_id: str | None = None


class Object(Record, frozen=True, kw_only=True):
    """Hold an object with its attributes.

    Attributes:
        object_type_id: Its type.
        identifiers: Its names.
        attributes: Its attributes.
        timestamps: When each of them last changed, in Unix seconds.
    """

    object_type_id: int | str | None = None
    identifiers: Mapping[str, Any] = {}
    attributes: Mapping[str, Any] = {}
    timestamps: Mapping[str, Any] = {}


class ObjectRelationship(Record, frozen=True, kw_only=True):
    """Hold a relationship of an object to a person.

    Attributes:
        object_type_id: The object's type.
        object_type_disabled: Whether that type is out of use.
        identifiers: The person's names.
        attributes: The relationship's own attributes.
    """

    object_type_id: int | str | None = None
    object_type_disabled: bool = False
    identifiers: Mapping[str, Any] = {}
    attributes: Mapping[str, Any] = {}
