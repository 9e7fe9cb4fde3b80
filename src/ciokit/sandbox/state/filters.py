"""Filters: and, or, not, and what people and objects are chosen by.

Knows the records, nothing of HTTP.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeAlias, TypeVar

import msgspec

from ciokit.sandbox import limits
from ciokit.sandbox.shapes import is_array, is_integer, is_object, is_one_of, refuse
from ciokit.sandbox.state.records import Object, Person


class _Described(Protocol):
    attributes: dict[str, Any]


ThingT = TypeVar("ThingT")
Test: TypeAlias = Callable[[ThingT], bool]
_Readers: TypeAlias = Mapping[str, Callable[[Any, str], Test[ThingT]]]
"""Read what a filter may ask of one thing, by the name that it has in the filter."""


def read_filter(value: Any, field: str = "filter") -> Test[Person]:
    """Read a filter of people.

    Args:
        value: The decoded filter: an object with exactly one of and, or, not, segment, attribute.
        field: Where it stands.

    Returns:
        A test of one person.

    Raises:
        RefusedError: If it is no filter.
    """
    return _read(value, _OF_PEOPLE, field, 0)


def read_object_filter(value: Any, field: str = "filter") -> Test[Object]:
    """Read a filter of objects.

    Args:
        value: The decoded filter: an object with exactly one of and, or, not, object_attribute.
        field: Where it stands.

    Returns:
        A test of one object.

    Raises:
        RefusedError: If it is no filter.
    """
    return _read(value, _OF_OBJECTS, field, 0)


def _read(value: Any, readers: _Readers[ThingT], field: str, depth: int) -> Test[ThingT]:
    *others, last = "and", "or", "not", *readers
    wanted = f"{field} must have exactly one of {', '.join(others)} and {last}"
    if not is_object(value) or len(value) != 1:
        refuse(wanted, field)
    if depth > limits.FILTER_DEPTH:
        refuse(f"{field} is nested too deep", field)
    kind, inner = next(iter(value.items()))
    where = f"{field}.{kind}"
    if kind in {"and", "or"}:
        return _read_group(kind, inner, readers, where, depth)
    if kind == "not":
        negated = _read(inner, readers, where, depth + 1)
        return lambda thing: not negated(thing)
    if kind not in readers:
        refuse(wanted, where)
    return readers[kind](inner, where)


def _read_group(kind: str, inner: Any, readers: _Readers[ThingT], field: str, depth: int) -> Test[ThingT]:
    if not is_array(inner) or not inner:
        refuse(f"{field} must be an array of filters", field)
    tests = [_read(entry, readers, f"{field}[{index}]", depth + 1) for index, entry in enumerate(inner)]
    combine = all if kind == "and" else any
    return lambda thing: combine(test(thing) for test in tests)


def _read_segment(inner: Any, field: str) -> Test[Person]:
    number = inner.get("id") if is_object(inner) else None
    if not is_integer(number):
        refuse(f"{field}.id must be an integer", f"{field}.id")
    return lambda person: number in person.segments


def _read_attribute(inner: Any, field: str) -> Test[_Described]:
    name = inner.get("field") if is_object(inner) else None
    if not is_object(inner) or not isinstance(name, str):
        refuse(f"{field}.field is required", f"{field}.field", "required")
    operator = inner.get("operator")
    if not is_one_of(operator, ("eq", "exists")):
        refuse(f"{field}.operator must be eq or exists", f"{field}.operator")
    if operator == "exists":
        return lambda thing: thing.attributes.get(name) is not None
    wanted = shown(inner.get("value"))
    return lambda thing: name in thing.attributes and shown(thing.attributes[name]) == wanted


_OF_PEOPLE: Final[_Readers[Person]] = {"segment": _read_segment, "attribute": _read_attribute}
_OF_OBJECTS: Final[_Readers[Object]] = {"object_attribute": _read_attribute}


def shown(value: Any) -> str:
    """Return a value as the App API shows it: text.

    Args:
        value: An attribute's value.

    Returns:
        The text; objects and arrays as JSON.
    """
    if isinstance(value, str):
        return value
    if value is True or value is False:
        return "true" if value else "false"
    if value is None:
        return ""
    return msgspec.json.encode(value).decode()
