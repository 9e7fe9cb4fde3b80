"""Track v1: from each endpoint's path and body to what it does in the workspace.

Wording and limits are the vendor's. Knows nothing of credentials, faults or sockets.
"""

from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from ciokit.sandbox import limits, profiles
from ciokit.sandbox.exchange import Reply
from ciokit.sandbox.profiles import Identify
from ciokit.sandbox.records import Device, Event, Relationship
from ciokit.sandbox.routes import Route, Visit
from ciokit.sandbox.shapes import (
    Identifier,
    check_event_data,
    check_event_name,
    check_seconds,
    check_ulid,
    decode_object,
    is_array,
    is_email,
    is_integer,
    is_object,
    refuse,
    wrong_attribute,
)
from ciokit.sandbox.track_replies import NO_CONTENT, SUCCESS, track_reply
from ciokit.sandbox.workspace import Workspace

PLATFORMS: Final = ("ios", "android")
_EVENT_TYPES: Final = frozenset({"page", "screen"})
_RESERVED: Final = frozenset({"_timestamp", "_update", "cio_relationships"})


def read_identifier(text: str) -> Identifier:
    """Tell what kind of identifier stands in a path, by its shape.

    Args:
        text: The decoded path segment.

    Returns:
        The identifier.

    Raises:
        RefusedError: It is blank, or longer than 150 bytes.
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
    added, removed = _relationships(body.get("cio_relationships"))
    change = Identify(
        attributes={name: value for name, value in body.items() if name not in _RESERVED},
        at=check_seconds(body.get("_timestamp"), visit.call.now, "_timestamp"),
        update_only=body.get("_update") is True,
        relationships=added,
        removed=removed,
    )
    profiles.identify(visit.workspace, visit.call, who, change)
    return SUCCESS


def _check_attributes(body: dict[str, Any]) -> None:
    if len(body) > limits.ATTRIBUTE_COUNT:
        refuse("cannot identify more than 300 attributes in one request", "attributes")
    if "id" in body:
        _check_id(body["id"])
    wrong = wrong_attribute(body)
    if wrong is None:
        return
    name, part = wrong
    if part == "name":
        refuse("attribute name cannot be longer than 150 bytes", name)
    refuse(f"value for attribute '{name}' cannot be longer than 1000 bytes", name)


def _check_id(value: Any) -> None:
    if not isinstance(value, str):
        refuse("id attribute must be a string value", "id")
    if not value:
        refuse("id attribute cannot be an empty string", "id")
    if len(value.encode()) > limits.IDENTIFIER_BYTES:
        refuse("id attribute cannot be longer than 150 bytes", "id")


def _relationships(value: Any) -> tuple[tuple[Relationship, ...], tuple[tuple[str, str], ...]]:
    if value is None:
        return (), ()
    if not is_object(value) or value.get("action") not in {"add_relationships", "delete_relationships"}:
        refuse("cio_relationships needs action add_relationships or delete_relationships")
    entries = value.get("relationships")
    if not is_array(entries):
        refuse("cio_relationships.relationships must be an array", "cio_relationships")
    found = tuple(_relationship(entry) for entry in entries)
    if value["action"] == "add_relationships":
        return found, ()
    return (), tuple((entry.object_type_id, entry.object_id) for entry in found)


def _relationship(entry: Any) -> Relationship:
    identifiers = entry.get("identifiers") if is_object(entry) else None
    if not is_object(entry) or not is_object(identifiers):
        refuse("a relationship needs identifiers", "cio_relationships")
    type_id, object_id = identifiers.get("object_type_id"), identifiers.get("object_id")
    if not isinstance(type_id, str) or not isinstance(object_id, str):
        refuse("a relationship needs object_type_id and object_id", "cio_relationships")
    attributes = entry.get("relationship_attributes")
    return Relationship(type_id, object_id, attributes if is_object(attributes) else {})


def delete(visit: Visit) -> Reply:
    """Delete a person: DELETE /customers/{identifier}."""
    visit.workspace.delete(read_identifier(visit.path["identifier"]))
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
    visit.workspace.track(visit.call, who, _read_event(visit, visit.path["identifier"], None))
    return SUCCESS


def anonymous_event(visit: Visit) -> Reply:
    """Track an event of somebody not yet known: POST /events."""
    body = decode_object(visit.request.body)
    anonymous_id = body.get("anonymous_id")
    if anonymous_id is not None and not isinstance(anonymous_id, str):
        refuse("anonymous_id must be a string", "anonymous_id")
    found = _read_event(visit, None, (anonymous_id or "").strip() or None)
    visit.workspace.track_anonymous(visit.call, found)
    return SUCCESS


def _read_event(visit: Visit, person: str | None, anonymous_id: str | None) -> Event:
    body = decode_object(visit.request.body)
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


def make_event(
    workspace: Workspace,
    now: float,
    *,
    name: str,
    kind: Any,
    ulid: str | None,
    timestamp: float,
    data: dict[str, Any],
    person: str | None,
    anonymous_id: str | None,
    size: int,
) -> Event:
    """Make an event that has not been placed yet.

    Args:
        workspace: Where it arrived.
        now: When it arrived.
        name: Checked name.
        kind: `page` and `screen` stay; anything else becomes `event`.
        ulid: Checked id, or None.
        timestamp: When it happened.
        data: Checked data.
        person: The identifier as the sender wrote it.
        anonymous_id: The anonymous id it came with.
        size: Bytes it was received in.

    Returns:
        The event, without owner and number.
    """
    return Event(
        seq=0,
        id=ulid,
        name=name,
        type=kind if isinstance(kind, str) and kind in _EVENT_TYPES else "event",
        timestamp=timestamp,
        received_at=now,
        data=data,
        person=person,
        cio_id=None,
        anonymous_id=anonymous_id,
        attempts=(0,),
        duplicates=0,
        request=0,
        workspace=workspace.name,
        size=size,
    )


def add_device(visit: Visit) -> Reply:
    """Add or update a device: PUT /customers/{identifier}/devices."""
    who = read_identifier(visit.path["identifier"])
    device = decode_object(visit.request.body).get("device")
    if not is_object(device):
        refuse("device must be an object", "device", "required")
    visit.workspace.add_device(visit.call, who, read_device(device, "id"))
    return SUCCESS


def read_device(device: dict[str, Any], token_field: str) -> Device:
    """Check a device as a sender describes it.

    Args:
        device: The decoded object.
        token_field: `id` in Track v1, `token` in Track v2.

    Returns:
        The device.

    Raises:
        RefusedError: Token or platform is missing or wrong, or last_used is no integer.
    """
    token, platform = device.get(token_field), device.get("platform")
    if not isinstance(token, str) or not token:
        refuse(f"device {token_field} cannot be blank", f"device.{token_field}", "required")
    if platform not in PLATFORMS:
        refuse("device platform must be ios or android", "device.platform")
    last_used = device.get("last_used")
    if last_used is not None and not is_integer(last_used):
        last_used = int(last_used) if isinstance(last_used, str) and last_used.isdecimal() else None
        if last_used is None:
            refuse("device last_used must be an integer of Unix seconds", "device.last_used")
    named = {token_field, "platform", "last_used", "attributes"}
    flat = {name: value for name, value in device.items() if name not in named}
    attributes = device.get("attributes")
    return Device(token, platform, last_used, {**flat, **(attributes if is_object(attributes) else {})})


def delete_device(visit: Visit) -> Reply:
    """Delete a device: DELETE /customers/{identifier}/devices/{device_id}."""
    who = read_identifier(visit.path["identifier"])
    visit.workspace.delete_device(visit.call, who, visit.path["device_id"])
    return SUCCESS


def merge(visit: Visit) -> Reply:
    """Merge two people: POST /merge_customers."""
    body = decode_object(visit.request.body)
    primary = read_merge_side(body.get("primary"), "primary")
    secondary = read_merge_side(body.get("secondary"), "secondary")
    profiles.merge(visit.workspace, visit.call, primary, secondary)
    return SUCCESS


def read_merge_side(value: Any, field: str) -> Identifier:
    """Check one side of a merge.

    Args:
        value: The decoded value.
        field: `primary` or `secondary`.

    Returns:
        The identifier.

    Raises:
        RefusedError: It does not hold exactly one of id, email and cio_id.
    """
    if not is_object(value) or len(value) != 1:
        refuse(f"{field} must have exactly one of id, email and cio_id", field)
    kind, text = next(iter(value.items()))
    if kind not in {"id", "email", "cio_id"} or not isinstance(text, str) or not text:
        refuse(f"{field} must have exactly one of id, email and cio_id", f"{field}.{kind}")
    return Identifier(kind, text.removeprefix("cio_") if kind == "cio_id" else text)


def add_to_segment(visit: Visit) -> Reply:
    """Add people to a manual segment: POST /segments/{segment_id}/add_customers."""
    return _change_segment(visit, add=True)


def remove_from_segment(visit: Visit) -> Reply:
    """Remove people from a manual segment: POST /segments/{segment_id}/remove_customers."""
    return _change_segment(visit, add=False)


def _change_segment(visit: Visit, *, add: bool) -> Reply:
    ids = decode_object(visit.request.body).get("ids")
    if not is_array(ids) or not all(isinstance(value, str) for value in ids):
        refuse("ids must be an array of strings", "ids", "required")
    if not 1 <= len(ids) <= limits.SEGMENT_IDS:
        refuse("ids must have 1 to 1000 entries", "ids")
    kind = dict(parse_qsl(visit.request.query)).get("id_type", "id")
    if kind not in {"id", "email", "cio_id"}:
        refuse("id_type must be id, email or cio_id", "id_type")
    number = visit.path["segment_id"]
    segment = visit.workspace.segments.get(int(number)) if number.isdecimal() and len(number) < 19 else None
    if segment is None:
        refuse("segment does not exist or is not a manual segment", "segment_id")
    people = [Identifier(kind, value.removeprefix("cio_") if kind == "cio_id" else value) for value in ids]
    visit.workspace.change_segment(visit.call, segment, people, add=add)
    return SUCCESS


def region(visit: Visit) -> Reply:
    """Say in which region the account is: GET /accounts/region."""
    name = visit.workspace.rules.region
    host = "track-eu" if name == "eu" else "track"
    body = {"url": f"https://{host}.customer.io", "region": name, "environment_id": visit.workspace.number}
    return track_reply(200, body)


def submit_form(visit: Visit) -> Reply:
    """Submit a form: POST /forms/{form_id}/submit."""
    form = visit.workspace.submit_form(visit.path["form_id"])
    data = decode_object(visit.request.body).get("data")
    if not is_object(data):
        refuse("data must be an object", "data", "required")
    for name, value in data.items():
        if not isinstance(value, str):
            refuse(f"form value {name} must be a string", f"data.{name}")
    given = [Identifier(kind, data[kind]) for kind in ("id", "email") if data.get(kind)]
    if len(given) != 1:
        refuse("data must have exactly one of id and email", "data")
    attributes = {name: value for name, value in data.items() if name not in _FORM_KEYS}
    profiles.identify(
        visit.workspace, visit.call, given[0], Identify(attributes=attributes, at=visit.call.now)
    )
    form.submissions.append(data)
    return NO_CONTENT


_FORM_KEYS: Final = frozenset({"form_id", "form_name", "form_type", "form_url", "form_url_param"})


def metric(visit: Visit) -> Reply:
    """Report a delivery metric: POST /metrics."""
    body = decode_object(visit.request.body)
    delivery, name = body.get("delivery_id"), body.get("metric")
    if not isinstance(delivery, str) or not delivery:
        refuse("delivery_id cannot be blank", "delivery_id", "required")
    if name not in METRICS:
        refuse("metric is not one that can be reported", "metric")
    details = {key: value for key, value in body.items() if key not in {"delivery_id", "metric"}}
    visit.workspace.report_metric(visit.call, delivery, name, details)
    return SUCCESS


METRICS: Final = frozenset(
    {
        "bounced",
        "clicked",
        "converted",
        "deferred",
        "delivered",
        "dropped",
        "opened",
        "spammed",
        "unsubscribed",
    }
)


def push_event(visit: Visit) -> Reply:
    """Report a push metric from a device: POST /push/events."""
    body = decode_object(visit.request.body)
    delivery, name = body.get("delivery_id"), body.get("event")
    if name is not None and name not in {"opened", "converted", "delivered"}:
        refuse("event must be opened, converted or delivered", "event")
    if isinstance(delivery, str) and isinstance(name, str):
        details = {key: value for key, value in body.items() if key not in {"delivery_id", "event"}}
        visit.workspace.report_metric(visit.call, delivery, name, details)
    return SUCCESS


def unsubscribe(visit: Visit) -> Reply:
    """Unsubscribe the person a delivery went to: POST /unsubscribe/{delivery_id}."""
    content_type = visit.request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        refuse("Content-Type must be application/json", "Content-Type")
    if decode_object(visit.request.body).get("unsubscribe") is not True:
        refuse("unsubscribe must be true", "unsubscribe")
    delivery = visit.path["delivery_id"]
    visit.workspace.report_metric(visit.call, delivery, "unsubscribed", {})
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
    Route("track", "POST", "/api/v1/segments/{segment_id}/add_customers", add_to_segment),
    Route("track", "POST", "/api/v1/segments/{segment_id}/remove_customers", remove_from_segment),
    Route("track", "POST", "/api/v1/forms/{form_id}/submit", submit_form),
    Route("track", "POST", "/api/v1/metrics", metric, public=True),
    Route("track", "POST", "/api/v1/push/events", push_event, public=True),
    Route("track", "POST", "/push/events", push_event, public=True),
    Route("track", "POST", "/unsubscribe/{delivery_id}", unsubscribe, public=True),
    Route("track", "GET", "/api/v1/accounts/region", region),
)
