"""Audience filters: and, or, not, segment, attribute; who they choose among the people.

Knows the workspace's people, nothing of HTTP.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from ciokit.sandbox import limits
from ciokit.sandbox.shapes import is_array, is_integer, is_object, is_one_of, refuse
from ciokit.sandbox.state.records import Person

Test = Callable[[Person], bool]


def read_filter(value: Any, field: str = "filter", depth: int = 0) -> Test:
    """Read a filter of people.

    Args:
        value: The decoded filter: an object with exactly one of and, or, not, segment, attribute.
        field: Where it stands.
        depth: How deep it is nested.

    Returns:
        A test of one person.

    Raises:
        RefusedError: It is no filter.
    """
    if not is_object(value) or len(value) != 1:
        refuse(f"{field} must have exactly one of and, or, not, segment and attribute", field)
    if depth > limits.FILTER_DEPTH:
        refuse(f"{field} is nested too deep", field)
    kind, inner = next(iter(value.items()))
    where = f"{field}.{kind}"
    if kind in {"and", "or"}:
        return _read_group(kind, inner, where, depth)
    if kind == "not":
        negated = read_filter(inner, where, depth + 1)
        return lambda person: not negated(person)
    if kind == "segment":
        return _read_segment(inner, where)
    if kind == "attribute":
        return _read_attribute(inner, where)
    return refuse(f"{field} must have exactly one of and, or, not, segment and attribute", where)


def _read_group(kind: str, inner: Any, field: str, depth: int) -> Test:
    if not is_array(inner) or not inner:
        refuse(f"{field} must be an array of filters", field)
    tests = [read_filter(entry, f"{field}[{index}]", depth + 1) for index, entry in enumerate(inner)]
    combine = all if kind == "and" else any
    return lambda person: combine(test(person) for test in tests)


def _read_segment(inner: Any, field: str) -> Test:
    number = inner.get("id") if is_object(inner) else None
    if not is_integer(number):
        refuse(f"{field}.id must be an integer", f"{field}.id")
    return lambda person: number in person.segments


def _read_attribute(inner: Any, field: str) -> Test:
    name = inner.get("field") if is_object(inner) else None
    if not is_object(inner) or not isinstance(name, str):
        refuse(f"{field}.field is required", f"{field}.field", "required")
    operator = inner.get("operator")
    if not is_one_of(operator, ("eq", "exists")):
        refuse(f"{field}.operator must be eq or exists", f"{field}.operator")
    if operator == "exists":
        return lambda person: person.attributes.get(name) is not None
    wanted = shown(inner.get("value"))
    return lambda person: name in person.attributes and shown(person.attributes[name]) == wanted


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
