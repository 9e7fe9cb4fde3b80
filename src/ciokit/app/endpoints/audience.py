"""Operations on segments and objects."""

from typing import Final

from ciokit.app.answers import Many, Nothing, One, Paged
from ciokit.app.endpoint import Endpoint, body, path
from ciokit.app.endpoints.shared import PAGE_SIZE, START, page_size
from ciokit.app.records import (
    CustomerCount,
    CustomerIdentifiers,
    Object,
    ObjectIdentifiers,
    ObjectRelationship,
    ObjectType,
    Segment,
    SegmentDependencies,
)
from ciokit.app.words import Filter, Number, ObjectIdRef, ObjectTypeId, PageSize30k

RESOURCES: Final = {
    "segments": "Read segments and who is in them; make manual ones. People are added to those by the Track API.",
    "objects": "Find objects, and read their attributes and who is related to them.",
}

_SEGMENT = path("segment_id", Number, "The segment's number.")
_OBJECT_TYPE = path("object_type_id", ObjectTypeId, "The object's type.")
_OBJECT = path("object_id", ObjectIdRef, "The object; a plain string is the application's own id.")

SEGMENTS_LIST = Endpoint(
    kind="segments.list",
    method="GET",
    path="/v1/segments",
    doc="List the segments.",
    answer=Many(Segment, "segments"),
    returns="All of them.",
)
SEGMENTS_CREATE = Endpoint(
    kind="segments.create",
    method="POST",
    path="/v1/segments",
    doc="Create an empty manual segment.",
    params=(
        body("name", str, "Its name.", required=True, positional=True),
        body("description", str, "Its description."),
    ),
    wrap="segment",
    answer=One(Segment, "segment"),
    returns="The segment.",
)
SEGMENTS_GET = Endpoint(
    kind="segments.get",
    method="GET",
    path="/v1/segments/{segment_id}",
    doc="Read a segment.",
    params=(_SEGMENT,),
    answer=One(Segment, "segment"),
    returns="The segment.",
)
SEGMENTS_DELETE = Endpoint(
    kind="segments.delete",
    method="DELETE",
    path="/v1/segments/{segment_id}",
    doc="Delete a manual segment.",
    params=(_SEGMENT,),
    answer=Nothing(),
)
SEGMENTS_CUSTOMER_COUNT = Endpoint(
    kind="segments.customer_count",
    method="GET",
    path="/v1/segments/{segment_id}/customer_count",
    doc="Count the people in a segment.",
    params=(_SEGMENT,),
    answer=One(CustomerCount),
    returns="How many there are.",
)
SEGMENTS_MEMBERSHIP = Endpoint(
    kind="segments.membership",
    method="GET",
    path="/v1/segments/{segment_id}/membership",
    doc="List the people in a segment.",
    params=(_SEGMENT, page_size(PageSize30k, "30,000", "1,000"), START),
    answer=Paged(CustomerIdentifiers, "identifiers"),
    returns="Their names.",
)
SEGMENTS_USED_BY = Endpoint(
    kind="segments.used_by",
    method="GET",
    path="/v1/segments/{segment_id}/used_by",
    doc="List what uses a segment.",
    params=(_SEGMENT,),
    answer=One(SegmentDependencies),
    returns="Campaigns and newsletters, by number.",
)
OBJECTS_TYPES = Endpoint(
    kind="objects.types",
    method="GET",
    path="/v1/object_types",
    doc="List the types of objects.",
    answer=Many(ObjectType, "types"),
    returns="All of them.",
)
OBJECTS_FIND = Endpoint(
    kind="objects.find",
    method="POST",
    path="/v1/objects",
    doc="Search the objects of a type by attribute.",
    params=(
        body("object_type_id", ObjectTypeId, "The type.", required=True, positional=True, as_text=True),
        body("filter", Filter, "The condition; see `ciokit.app.filters`.", required=True, positional=True),
        PAGE_SIZE,
        START,
    ),
    answer=Paged(ObjectIdentifiers, "identifiers"),
    returns="Their names.",
    safe=True,
)
OBJECTS_ATTRIBUTES = Endpoint(
    kind="objects.attributes",
    method="GET",
    path="/v1/objects/{object_type_id}/{object_id}/attributes",
    doc="Read an object's attributes.",
    params=(_OBJECT_TYPE, _OBJECT),
    answer=One(Object, "object"),
    returns="The object.",
)
OBJECTS_RELATIONSHIPS = Endpoint(
    kind="objects.relationships",
    method="GET",
    path="/v1/objects/{object_type_id}/{object_id}/relationships",
    doc="List the people who are related to an object.",
    params=(_OBJECT_TYPE, _OBJECT, PAGE_SIZE, START),
    answer=Paged(ObjectRelationship, "cio_relationships"),
    returns="The relationships.",
)
