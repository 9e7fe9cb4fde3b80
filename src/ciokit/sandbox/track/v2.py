"""Track v2: entity and batch, one table of operations by type and action.

Each item of a batch is decoded, checked and applied on its own: a bad one costs itself.
Knows nothing of credentials, faults or sockets.
"""

from collections.abc import Callable
from typing import Any, Final, NoReturn

import msgspec

from ciokit.sandbox import limits
from ciokit.sandbox.exchange import Reply
from ciokit.sandbox.http.routes import Route, Visit
from ciokit.sandbox.http.track_replies import SUCCESS, v2_error, v2_partial
from ciokit.sandbox.shapes import (
    Identifier,
    RefusedError,
    check_event_data,
    check_event_name,
    check_seconds,
    check_ulid,
    decode_object,
    find_too_long,
    is_array,
    is_object,
    is_one_of,
    is_phone,
    refuse,
)
from ciokit.sandbox.state import deliveries, devices, merging, objects, profiles
from ciokit.sandbox.state.kept import SABOTAGED
from ciokit.sandbox.state.profiles import Identify
from ciokit.sandbox.state.records import Rejection
from ciokit.sandbox.track.parts import make_event, read_device, read_merge_side

Item = dict[str, Any]
_TYPES: Final = frozenset({"person", "object", "delivery"})
_DELIVERY_METRICS: Final = frozenset({"opened", "converted", "delivered"})
_SENT_BY_MERGE: Final = frozenset({"primary", "secondary"})


class _Batch(msgspec.Struct):
    batch: list[msgspec.Raw]


_decode_batch: Final = msgspec.json.Decoder(_Batch).decode


def entity(visit: Visit) -> Reply:
    """Do one operation: POST /api/v2/entity."""
    rejection = _apply(visit, visit.request.body, None)
    if rejection is None:
        return SUCCESS
    visit.rejected.append(rejection)
    return v2_error(400, rejection)


def batch(visit: Visit) -> Reply:
    """Do a list of operations: POST /api/v2/batch."""
    body = visit.request.body
    if len(body) > limits.BATCH_BYTES:
        return _refuse_whole(visit, Rejection(None, "invalid", "batch", "batch cannot be larger than 500kb"))
    try:
        items = _decode_batch(body).batch
    except msgspec.ValidationError:
        return _refuse_whole(visit, Rejection(None, "invalid", "batch", "batch must be a list of operations"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _refuse_whole(visit, Rejection(None, "malformed", "", "request body is not valid JSON"))
    for index, item in enumerate(items):
        if visit.sabotage is not None and visit.sabotage(index):
            visit.rejected.append(Rejection(index, SABOTAGED, "", "refused by a sandbox fault"))
            continue
        rejection = _apply(visit, item, index)
        if rejection is not None:
            visit.rejected.append(rejection)
    return v2_partial(visit.rejected) if visit.rejected else SUCCESS


def _refuse_whole(visit: Visit, rejection: Rejection) -> Reply:
    visit.rejected.append(rejection)
    return v2_error(400, rejection)


def _apply(visit: Visit, raw: bytes | msgspec.Raw, index: int | None) -> Rejection | None:
    size = len(memoryview(raw))
    try:
        if size > limits.ITEM_BYTES:
            refuse("operation cannot be larger than 32kb", "", "too_large")
        item = decode_object(raw)
        kind, action = item.get("type"), item.get("action")
        known = isinstance(kind, str) and isinstance(action, str)
        operation = (_OPERATIONS.get((kind, action)) if known else None) or _unknown(item)
        operation(visit, item, size)
    except RefusedError as refused:
        return Rejection(index, refused.reason, refused.field, refused.message)
    return None


def _unknown(item: Item) -> "Operation":
    kind, action = item.get("type"), item.get("action")
    if kind is None and action is None and item.keys() >= _SENT_BY_MERGE:
        return _merge
    if kind is None:
        refuse("type is required", "type", "required")
    if not is_one_of(kind, _TYPES):
        refuse("type must be person, object or delivery", "type")
    if action is not None:
        refuse(f"action is not one of those of type {kind}", "action")
    return refuse("action is required", "action", "required")


def read_person(visit: Visit, value: Any, kinds: tuple[str, ...], field: str = "identifiers") -> Identifier:
    """Check the identifiers of a person.

    Args:
        visit: The request.
        value: The decoded value.
        kinds: Which kinds are allowed here.
        field: Where it stands.

    Returns:
        The one identifier.

    Raises:
        RefusedError: If it is not exactly one identifier of an allowed and enabled kind.
    """
    if not is_object(value) or not value:
        refuse("identifiers is required", field, "required")
    if len(value) != 1:
        refuse("Invalid identifier: exactly one identifier is allowed", field)
    kind, text = next(iter(value.items()))
    path = f"{field}.{kind}"
    if kind not in kinds or (kind != "cio_id" and kind not in visit.workspace.rules.identifiers):
        refuse(f"Invalid identifier: {kind} is not an identifier here", path)
    if text is None:
        _refuse_identifier(kind, path, "cannot be null")
    if not isinstance(text, str):
        _refuse_identifier(kind, path, "must be a string")
    if not text.strip():
        _refuse_identifier(kind, path, "cannot be empty")
    if kind == "id" and len(text.encode()) > limits.IDENTIFIER_BYTES:
        _refuse_identifier(kind, path, "cannot be longer than 150 bytes")
    if kind == "phone" and not is_phone(text):
        _refuse_identifier(kind, path, "must be in E.164 format")
    return Identifier(kind, text)


def _refuse_identifier(kind: str, path: str, why: str) -> NoReturn:
    message = f"Invalid identifier: {kind} {why}"
    refuse(message, path, message)


_ANY: Final = ("id", "email", "phone", "cio_id")
_NO_PHONE: Final = ("id", "email", "cio_id")
"""How the people are named whom an object is related to."""


def _attributes(item: Item) -> dict[str, Any]:
    attributes = item.get("attributes")
    if attributes is None:
        return {}
    if not is_object(attributes):
        refuse("attributes must be an object", "attributes")
    if len(attributes) - ("_update" in attributes) > limits.ATTRIBUTE_COUNT:
        refuse("cannot set more than 300 attributes in one request", "attributes")
    too_long = find_too_long(attributes)
    if too_long is not None:
        name, part, most = too_long
        refuse(f"property {part} cannot be longer than {most} bytes", f"attributes.{name}")
    return attributes


def _identify(visit: Visit, item: Item, _size: int) -> None:
    who = read_person(visit, item.get("identifiers"), _ANY)
    attributes = _attributes(item)
    change = Identify(
        attributes={name: value for name, value in attributes.items() if name != "_update"},
        at=check_seconds(item.get("timestamp"), visit.call.now),
        update_only=attributes.get("_update") is True,
        relationships=tuple(_related_objects(visit, item, required=False)),
    )
    profiles.identify(visit.workspace, visit.call, who, change)


def _delete(visit: Visit, item: Item, _size: int) -> None:
    visit.workspace.delete(visit.call, read_person(visit, item.get("identifiers"), _ANY))


def _suppress(visit: Visit, item: Item, _size: int) -> None:
    visit.workspace.suppress(visit.call, read_person(visit, item.get("identifiers"), _ANY))


def _unsuppress(visit: Visit, item: Item, _size: int) -> None:
    visit.workspace.unsuppress(read_person(visit, item.get("identifiers"), _ANY))


def _event(visit: Visit, item: Item, size: int) -> None:
    identifiers = item.get("identifiers")
    anonymous_id = identifiers.get("anonymous_id") if is_object(identifiers) else None
    who = None if anonymous_id else read_person(visit, identifiers, _ANY)
    found = make_event(
        visit.workspace,
        visit.call.now,
        name=check_event_name(item.get("name")),
        kind=item["action"],
        ulid=check_ulid(item.get("id")),
        timestamp=check_seconds(item.get("timestamp"), visit.call.now),
        data=check_event_data(item.get("attributes"), "attributes"),
        person=who.value if who else None,
        anonymous_id=anonymous_id if isinstance(anonymous_id, str) else None,
        size=size,
    )
    if who is None:
        visit.workspace.track_anonymous(visit.call, found)
    else:
        visit.workspace.track(visit.call, who, found)


def _add_device(visit: Visit, item: Item, _size: int) -> None:
    who = read_person(visit, item.get("identifiers"), _ANY)
    device = item.get("device")
    if not is_object(device):
        refuse("device is required", "device", "required")
    devices.add_device(visit.workspace, visit.call, who, read_device(device, "token"))


def _delete_device(visit: Visit, item: Item, _size: int) -> None:
    who = read_person(visit, item.get("identifiers"), _ANY)
    device = item.get("device")
    token = device.get("token") if is_object(device) else None
    if not isinstance(token, str) or not token:
        refuse("device token cannot be blank", "device.token", "required")
    devices.delete_device(visit.workspace, visit.call, who, token)


def _merge(visit: Visit, item: Item, _size: int) -> None:
    primary = read_merge_side(item.get("primary"), "primary")
    secondary = read_merge_side(item.get("secondary"), "secondary")
    merging.merge(visit.workspace, visit.call, primary, secondary)


def _entries(item: Item, *, required: bool) -> list[tuple[Any, dict[str, Any]]]:
    entries = item.get("cio_relationships")
    if entries is None and not required:
        return []
    if not is_array(entries):
        refuse("cio_relationships must be an array", "cio_relationships", "required")
    found: list[tuple[Any, dict[str, Any]]] = []
    for number, entry in enumerate(entries):
        field = f"cio_relationships[{number}]"
        if not is_object(entry) or not is_object(entry.get("identifiers")):
            refuse("a relationship needs identifiers", f"{field}.identifiers", "required")
        attributes = entry.get("relationship_attributes")
        found.append(
            (entry["identifiers"], objects.check_attributes(attributes, f"{field}.relationship_attributes"))
        )
    return found


def _related_objects(
    visit: Visit, item: Item, *, required: bool
) -> list[tuple[objects.ObjectKey, dict[str, Any]]]:
    entries = enumerate(_entries(item, required=required))
    field = "cio_relationships[{}].identifiers"
    return [(objects.key_of(visit.workspace, ids, field.format(i)), values) for i, (ids, values) in entries]


def _relate(visit: Visit, item: Item, _size: int) -> None:
    who = read_person(visit, item.get("identifiers"), _ANY)
    found = _related_objects(visit, item, required=True)
    person = visit.workspace.find_or_create(visit.call, who)
    if person is not None:
        for key, values in found:
            objects.relate(visit.workspace, visit.call, person, key, values)


def _unrelate(visit: Visit, item: Item, _size: int) -> None:
    who = read_person(visit, item.get("identifiers"), _ANY)
    keys = [key for key, _ in _related_objects(visit, item, required=True)]
    person = visit.workspace.people.find(who)
    if person is not None:
        for key in keys:
            person.relationships.pop(key, None)


def _object_key(visit: Visit, item: Item) -> objects.ObjectKey:
    identifiers = item.get("identifiers")
    if not is_object(identifiers):
        refuse("identifiers is required", "identifiers", "required")
    return objects.key_of(visit.workspace, identifiers)


def _related_people(visit: Visit, item: Item, *, required: bool) -> list[tuple[Identifier, dict[str, Any]]]:
    entries = _entries(item, required=required)
    field = "cio_relationships[{}].identifiers"
    return [
        (read_person(visit, ids, _NO_PHONE, field.format(i)), values)
        for i, (ids, values) in enumerate(entries)
    ]


def _identify_object(visit: Visit, item: Item, _size: int) -> None:
    key = _object_key(visit, item)
    attributes = objects.check_attributes(item.get("attributes"), "attributes")
    people = _related_people(visit, item, required=False)
    objects.identify(visit.workspace, visit.call, key, attributes)
    objects.relate_people(visit.workspace, visit.call, key, people)


def _identify_anonymous(visit: Visit, item: Item, _size: int) -> None:
    key = _object_key(visit, item)
    attributes = objects.check_attributes(item.get("attributes"), "attributes")
    entries = _entries(item, required=False)
    if isinstance(item.get("anonymous_id"), str):
        entries.append(({"anonymous_id": item["anonymous_id"]}, {}))
    objects.identify(visit.workspace, visit.call, key, attributes)
    for identifiers, values in entries:
        if isinstance(identifiers.get("anonymous_id"), str):
            objects.relate_anonymous(visit.workspace, visit.call, key, identifiers["anonymous_id"], values)


def _delete_object(visit: Visit, item: Item, _size: int) -> None:
    objects.delete(visit.workspace, _object_key(visit, item))


def _relate_object(visit: Visit, item: Item, _size: int) -> None:
    people = _related_people(visit, item, required=True)
    objects.relate_people(visit.workspace, visit.call, _object_key(visit, item), people)


def _unrelate_object(visit: Visit, item: Item, _size: int) -> None:
    people = _related_people(visit, item, required=True)
    objects.unrelate_people(visit.workspace, _object_key(visit, item), [who for who, _ in people])


def _delivery(visit: Visit, item: Item, _size: int) -> None:
    identifiers = item.get("identifiers")
    delivery = identifiers.get("id") if is_object(identifiers) else None
    if not isinstance(delivery, str) or not delivery:
        refuse("Invalid identifier: id cannot be null", "identifiers.id")
    name = item.get("name")
    if not is_one_of(name, _DELIVERY_METRICS):
        refuse("name must be opened, converted or delivered", "name")
    attributes = item.get("attributes")
    if not is_object(attributes) or not isinstance(attributes.get("device_token"), str):
        refuse("device_token is required", "attributes.device_token", "required")
    deliveries.report_metric(visit.workspace, visit.call, delivery, name, attributes)


Operation = Callable[[Visit, Item, int], None]

_OPERATIONS: Final[dict[tuple[Any, Any], Operation]] = {
    ("person", "identify"): _identify,
    ("person", "delete"): _delete,
    ("person", "event"): _event,
    ("person", "page"): _event,
    ("person", "screen"): _event,
    ("person", "add_relationships"): _relate,
    ("person", "delete_relationships"): _unrelate,
    ("person", "add_device"): _add_device,
    ("person", "delete_device"): _delete_device,
    ("person", "merge"): _merge,
    ("person", "suppress"): _suppress,
    ("person", "unsuppress"): _unsuppress,
    ("object", "identify"): _identify_object,
    ("object", "identify_anonymous"): _identify_anonymous,
    ("object", "delete"): _delete_object,
    ("object", "add_relationships"): _relate_object,
    ("object", "delete_relationships"): _unrelate_object,
    ("delivery", "event"): _delivery,
}

ROUTES: Final = (
    Route("track", "POST", "/api/v2/entity", entity),
    Route("track", "POST", "/api/v2/batch", batch),
)
