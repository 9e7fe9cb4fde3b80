"""Conditions on people and objects: for searches, exports and the audiences of broadcasts.

    all_of(in_segment(4), not_(attribute_is("plan", "free")))

Each returns the vendor's own form, so what is built here and what is written by hand can be mixed.
"""

from typing import Any

from ciokit.app.words import Filter
from ciokit.values.scalars import plain_text

__all__ = [
    "all_of",
    "any_of",
    "attribute_is",
    "has_attribute",
    "has_object_attribute",
    "in_segment",
    "not_",
    "object_attribute_is",
]


def in_segment(segment_id: int) -> Filter:
    """Match the people in a segment."""
    return {"segment": {"id": segment_id}}


def attribute_is(field: str, value: str | float | bool) -> Filter:
    """Match people whose attribute has a value."""
    return {"attribute": {"field": field, "operator": "eq", "value": value}}


def has_attribute(field: str) -> Filter:
    """Match people who have an attribute, whatever its value."""
    return {"attribute": {"field": field, "operator": "exists"}}


def object_attribute_is(field: str, value: str | float | bool, *, type_id: int | str) -> Filter:
    """Match objects of a type whose attribute has a value."""
    return _object(field, type_id, operator="eq", value=value)


def has_object_attribute(field: str, *, type_id: int | str) -> Filter:
    """Match objects of a type that have an attribute, whatever its value."""
    return _object(field, type_id, operator="exists")


def _object(field: str, type_id: int | str, **condition: Any) -> Filter:
    return {"object_attribute": {"field": field, "type_id": plain_text(type_id), **condition}}


def all_of(*filters: Filter) -> Filter:
    """Match what satisfies all of the conditions."""
    return {"and": [*filters]}


def any_of(*filters: Filter) -> Filter:
    """Match what satisfies at least one of the conditions."""
    return {"or": [*filters]}


def not_(filter: Filter) -> Filter:
    """Match what does not satisfy the condition, which may itself be an `any_of`."""
    return {"not": filter}
