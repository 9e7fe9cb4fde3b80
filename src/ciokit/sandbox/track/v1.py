"""Track v1: from each endpoint's path and body to what it does in the workspace.

Wording and limits are the vendor's. Knows nothing of credentials, faults or sockets.
"""

from typing import Any, Final

import msgspec

from ciokit.sandbox import limits
from ciokit.sandbox.exchange import Reply
from ciokit.sandbox.http.routes import Route, Visit
from ciokit.sandbox.http.track_replies import SUCCESS
from ciokit.sandbox.shapes import (
    Identifier,
    check_event_data,
    check_event_name,
    check_seconds,
    check_ulid,
    decode_object,
    find_too_long,
    is_array,
    is_email,
    is_object,
    is_one_of,
    refuse,
)
from ciokit.sandbox.state import devices, merging, objects, profiles
from ciokit.sandbox.state.objects import ObjectKey
from ciokit.sandbox.state.profiles import Identify
from ciokit.sandbox.state.records import Event
from ciokit.sandbox.state.workspace import Workspace
from ciokit.sandbox.track.parts import make_event, read_device, read_merge_side

_RELATIONSHIP_ACTIONS: Final = frozenset({"add_relationships", "delete_relationships"})
_RESERVED: Final = frozenset({"_timestamp", "_update", "cio_relationships"})


def read_identifier(text: str) -> Identifier:
    """Tell what kind of identifier stands in a path, by its shape.

    Args:
        text: The decoded path segment.

    Returns:
        The identifier.

    Raises:
        RefusedError: If it is blank, or longer than 150 bytes.
    """
    if not text.strip():
        refuse("id attribute must be present", "id", "required")
    if text.startswith("cio_"):
        return Identifier("cio_id", text[4:])
    if is_email(text):
        return Identifier("email", text)
    if len(text.encode()) > limits.IDENTIFIER_BYTES:
        refuse("id attribute cannot be longer than 150 bytes", "id")
    return Identifier("id", text)


def identify(visit: Visit) -> Reply:
    """Create or update a person: PUT /customers/{identifier}."""
    who = read_identifier(visit.path["identifier"])
    body = decode_object(visit.request.body)
    _check_attributes(body)
    action, related = _relationships(visit.workspace, body.get("cio_relationships"))
    change = Identify(
        attributes={name: value for name, value in body.items() if name not in _RESERVED},
        at=check_seconds(body.get("_timestamp"), visit.call.now, "_timestamp"),
        update_only=body.get("_update") is True,
        relationships=tuple(related) if action == "add_relationships" else (),
        removed=tuple(key for key, _ in related) if action == "delete_relationships" else (),
    )
    profiles.identify(visit.workspace, visit.call, who, change)
    return SUCCESS


def _check_attributes(body: dict[str, Any]) -> None:
    if len(body) > limits.ATTRIBUTE_COUNT and len(body.keys() - _RESERVED) > limits.ATTRIBUTE_COUNT:
        refuse("cannot identify more than 300 attributes in one request", "attributes")
    if "id" in body:
        _check_id(body["id"])
    too_long = find_too_long(body)
    if too_long is not None:
        name, part, most = too_long
        subject = "attribute name" if part == "name" else f"value for attribute '{name}'"
        refuse(f"{subject} cannot be longer than {most} bytes", name)


def _check_id(value: Any) -> None:
    if not isinstance(value, str):
        refuse("id attribute must be a string value", "id")
    if not value:
        refuse("id attribute cannot be an empty string", "id")
    if len(value.encode()) > limits.IDENTIFIER_BYTES:
        refuse("id attribute cannot be longer than 150 bytes", "id")


def _relationships(workspace: Workspace, value: Any) -> tuple[str, list[tuple[ObjectKey, dict[str, Any]]]]:
    if value is None:
        return "", []
    field = "cio_relationships"
    action = value.get("action") if is_object(value) else None
    if not is_object(value) or not is_one_of(action, _RELATIONSHIP_ACTIONS):
        refuse("cio_relationships needs action add_relationships or delete_relationships", f"{field}.action")
    entries = value.get("relationships")
    if not is_array(entries):
        refuse("cio_relationships.relationships must be an array", f"{field}.relationships")
    return action, [
        _relationship(workspace, entry, f"{field}.relationships[{i}]") for i, entry in enumerate(entries)
    ]


def _relationship(workspace: Workspace, entry: Any, field: str) -> tuple[ObjectKey, dict[str, Any]]:
    identifiers = entry.get("identifiers") if is_object(entry) else None
    if not is_object(entry) or not is_object(identifiers):
        refuse("a relationship needs identifiers", f"{field}.identifiers", "required")
    attributes = objects.check_attributes(
        entry.get("relationship_attributes"), f"{field}.relationship_attributes"
    )
    return objects.key_of(workspace, identifiers, f"{field}.identifiers"), attributes


def delete(visit: Visit) -> Reply:
    """Delete a person: DELETE /customers/{identifier}."""
    visit.workspace.delete(visit.call, read_identifier(visit.path["identifier"]))
    return SUCCESS


def suppress(visit: Visit) -> Reply:
    """Delete a person and block the identifiers: POST /customers/{identifier}/suppress."""
    visit.workspace.suppress(visit.call, read_identifier(visit.path["identifier"]))
    return SUCCESS


def unsuppress(visit: Visit) -> Reply:
    """Free a suppressed person's identifiers: POST /customers/{identifier}/unsuppress."""
    visit.workspace.unsuppress(read_identifier(visit.path["identifier"]))
    return SUCCESS


def event(visit: Visit) -> Reply:
    """Track an event of a person: POST /customers/{identifier}/events."""
    who = read_identifier(visit.path["identifier"])
    body = decode_object(visit.request.body)
    visit.workspace.track(visit.call, who, _read_event(visit, body, visit.path["identifier"], None))
    return SUCCESS


def anonymous_event(visit: Visit) -> Reply:
    """Track an event of somebody not yet known: POST /events."""
    body = decode_object(visit.request.body)
    anonymous_id = body.get("anonymous_id")
    if anonymous_id is not None and not isinstance(anonymous_id, str):
        refuse("anonymous_id must be a string", "anonymous_id")
    found = _read_event(visit, body, None, (anonymous_id or "").strip() or None)
    visit.workspace.track_anonymous(visit.call, found)
    return SUCCESS


def _read_event(visit: Visit, body: dict[str, Any], person: str | None, anonymous_id: str | None) -> Event:
    data = check_event_data(body.get("data"), "data")
    size = len(visit.request.body)
    if size > limits.EVENT_DATA_BYTES and len(msgspec.json.encode(data)) > limits.EVENT_DATA_BYTES:
        refuse("event data cannot be longer than 100000 bytes", "data")
    return make_event(
        visit.workspace,
        visit.call.now,
        name=check_event_name(body.get("name")),
        kind=body.get("type"),
        ulid=check_ulid(body.get("id")),
        timestamp=check_seconds(body.get("timestamp"), visit.call.now),
        data=data,
        person=person,
        anonymous_id=anonymous_id,
        size=size,
    )


def add_device(visit: Visit) -> Reply:
    """Add or update a device: PUT /customers/{identifier}/devices."""
    who = read_identifier(visit.path["identifier"])
    device = decode_object(visit.request.body).get("device")
    if not is_object(device):
        refuse("device must be an object", "device", "required")
    devices.add_device(visit.workspace, visit.call, who, read_device(device, "id"))
    return SUCCESS


def delete_device(visit: Visit) -> Reply:
    """Delete a device: DELETE /customers/{identifier}/devices/{device_id}."""
    who = read_identifier(visit.path["identifier"])
    devices.delete_device(visit.workspace, visit.call, who, visit.path["device_id"])
    return SUCCESS


def merge(visit: Visit) -> Reply:
    """Merge two people: POST /merge_customers."""
    body = decode_object(visit.request.body)
    primary = read_merge_side(body.get("primary"), "primary")
    secondary = read_merge_side(body.get("secondary"), "secondary")
    merging.merge(visit.workspace, visit.call, primary, secondary)
    return SUCCESS


_CUSTOMER: Final = "/api/v1/customers/{identifier}"

ROUTES: Final = (
    Route("track", "PUT", _CUSTOMER, identify),
    Route("track", "DELETE", _CUSTOMER, delete),
    Route("track", "PUT", f"{_CUSTOMER}/devices", add_device),
    Route("track", "DELETE", f"{_CUSTOMER}/devices/{{device_id}}", delete_device),
    Route("track", "POST", f"{_CUSTOMER}/suppress", suppress),
    Route("track", "POST", f"{_CUSTOMER}/unsuppress", unsuppress),
    Route("track", "POST", f"{_CUSTOMER}/events", event),
    Route("track", "POST", "/api/v1/events", anonymous_event),
    Route("track", "POST", "/api/v1/merge_customers", merge),
)
