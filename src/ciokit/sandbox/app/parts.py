"""Parts that the operations of the App API share: bodies, paging, numbers in paths, looking up people.

Knows shapes and the workspace's people, not what the operations do.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl

from ciokit.sandbox.http.routes import Visit
from ciokit.sandbox.shapes import Identifier, is_phone, read_digits, refuse
from ciokit.sandbox.state.records import Person

T = TypeVar("T")
_ID_TYPES = ("id", "email", "cio_id", "phone")


class Page(NamedTuple):
    """Say which part of a list is asked for."""

    start: int
    limit: int


def query_of(visit: Visit) -> dict[str, str]:
    """Return the query's values by name.

    Args:
        visit: The request.

    Returns:
        The decoded values; the last of a repeated name.
    """
    return dict(parse_qsl(visit.request.query, keep_blank_values=True))


def number(value: str, name: str) -> int:
    """Read a number from a path or a query.

    Args:
        value: The decoded text.
        name: Name of the parameter, for the error.

    Returns:
        The number.

    Raises:
        RefusedError: If it is no number.
    """
    found = read_digits(value)
    if found is None:
        refuse(f"{name} is invalid", name)
    return found


def read_page(visit: Visit, default: int, most: int) -> Page:
    """Read `start` and `limit`.

    Args:
        visit: The request.
        default: Limit when none is given.
        most: Largest limit.

    Returns:
        The page.

    Raises:
        RefusedError: If one of them is wrong.
    """
    query = query_of(visit)
    limit = read_digits(query.get("limit") or str(default))
    if limit is None or not 1 <= limit <= most:
        refuse(f"limit must be between 1 and {most}", "limit")
    return Page(number(query.get("start") or "0", "start"), limit)


def cut(items: Sequence[T], page: Page) -> tuple[list[T], str]:
    """Cut a page out of a list.

    Args:
        items: The whole list.
        page: Which part.

    Returns:
        The part, and the `start` of the next one, empty at the end.
    """
    end = page.start + page.limit
    return list(items[page.start : end]), str(end) if end < len(items) else ""


def identifiers_of(person: Person) -> dict[str, Any]:
    """Return a person's identifiers as the App API shows them.

    Args:
        person: The person.

    Returns:
        email, id and cio_id.
    """
    return {"email": person.email, "id": person.id, "cio_id": person.cio_id}


def find_customer(visit: Visit) -> Person:
    """Find the person in the path by the kind that `id_type` says.

    Args:
        visit: The request.

    Returns:
        The person.

    Raises:
        RefusedError: If there is none, or the kind is unknown.
    """
    kind = query_of(visit).get("id_type") or "id"
    value = visit.path["customer_id"]
    if kind not in _ID_TYPES:
        refuse("id_type must be id, email, cio_id or phone", "id_type")
    if kind == "phone" and ("phone" not in visit.workspace.rules.identifiers or not is_phone(value)):
        refuse("phone is not enabled, or is not in E.164 format", "id_type")
    person = visit.workspace.people.find(Identifier.read(kind, value))
    if person is None:
        refuse("customer not found", "customer_id", "not_found", 404)
    return person


def flag(body: dict[str, Any], name: str, *, default: bool = False) -> bool:
    """Read a boolean field.

    Args:
        body: The decoded body.
        name: The field.
        default: What a missing field means.

    Returns:
        The value.

    Raises:
        RefusedError: If it is no boolean.
    """
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        refuse(f"{name} must be true or false", name)
    return value


def required_text(body: dict[str, Any], name: str) -> str:
    """Read a text field that must not be blank.

    Args:
        body: The decoded body.
        name: The field.

    Returns:
        The text.

    Raises:
        RefusedError: If it is missing, blank or no text.
    """
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        refuse(f"{name} is required", name, "required")
    return value
