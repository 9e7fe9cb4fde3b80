"""Track calls of the Pipelines API whose event name makes them something other than an event.

Knows the workspace but nothing of HTTP.
"""

from collections.abc import Callable
from typing import Any, Final

from ciokit.sandbox.http.routes import Visit
from ciokit.sandbox.pipelines.parts import Item, Step, read_caller, text
from ciokit.sandbox.shapes import Identifier, is_object, is_one_of, refuse
from ciokit.sandbox.state import deliveries, devices, objects
from ciokit.sandbox.state.records import Device
from ciokit.sandbox.track.parts import PLATFORMS

_CONTENT_ACTIONS: Final = frozenset({"viewed_content", "clicked_content"})
_REPORTED: Final = frozenset({"delivered", "clicked", "converted", "opened"})


def read(visit: Visit, item: Item) -> Step | None:
    """Read a track call as a semantic event.

    Args:
        visit: The request.
        item: The call.

    Returns:
        What the call does, or None when it is an ordinary event.

    Raises:
        RefusedError: If it is a semantic event and something it needs is missing.
    """
    name = item.get("event")
    reader = _READERS.get(name) if isinstance(name, str) else None
    return None if reader is None else reader(visit, item)


def _person(item: Item) -> Identifier:
    who = read_caller(item).who
    if who is None:
        refuse("userId is required", "userId", "required")
    return who


def _properties(item: Item) -> dict[str, Any]:
    properties = item.get("properties")
    return properties if is_object(properties) else {}


def _device(item: Item) -> dict[str, Any]:
    context = item.get("context")
    device = context.get("device") if is_object(context) else None
    return device if is_object(device) else {}


def _token(item: Item) -> str:
    token = text(_device(item), "token")
    if token is None:
        refuse("context.device.token is required", "context.device.token", "required")
    return token


def _read_device(visit: Visit, item: Item) -> Step:
    who, token, described = _person(item), _token(item), _device(item)
    platform = described.get("type")
    if not isinstance(platform, str) or not is_one_of(platform.lower(), PLATFORMS):
        refuse("context.device.type must be ios or android", "context.device.type")
    attributes = {**{k: v for k, v in described.items() if k not in {"token", "type"}}, **_properties(item)}
    device = Device(token, platform.lower(), visit.call.now, attributes)
    return lambda: devices.add_device(visit.workspace, visit.call, who, device)


def _read_device_deleted(visit: Visit, item: Item) -> Step:
    who, token = _person(item), _token(item)
    return lambda: devices.delete_device(visit.workspace, visit.call, who, token)


def _read_deleted(visit: Visit, item: Item) -> Step:
    who = _person(item)
    return lambda: visit.workspace.delete(visit.call, who)


def _read_suppressed(visit: Visit, item: Item) -> Step:
    who = _person(item)
    return lambda: visit.workspace.suppress(visit.call, who)


def _read_unsuppressed(visit: Visit, item: Item) -> Step:
    who = _person(item)
    return lambda: visit.workspace.unsuppress(who)


def _object_key(visit: Visit, item: Item) -> objects.ObjectKey:
    properties = _properties(item)
    object_id, kind = text(properties, "objectId"), text(properties, "objectTypeId") or "1"
    return objects.key_of(visit.workspace, {"object_type_id": kind, "object_id": object_id}, "properties")


def _read_relationship_deleted(visit: Visit, item: Item) -> Step:
    who, key = _person(item), _object_key(visit, item)
    return lambda: objects.unrelate_people(visit.workspace, key, [who])


def _read_object_deleted(visit: Visit, item: Item) -> Step:
    key = _object_key(visit, item)
    return lambda: objects.delete(visit.workspace, key)


def _read_delivery(visit: Visit, item: Item) -> Step:
    properties = _properties(item)
    delivery, metric = text(properties, "deliveryId"), properties.get("metric")
    if delivery is None:
        refuse("properties.deliveryId is required", "properties.deliveryId", "required")
    if not is_one_of(metric, _REPORTED):
        refuse("properties.metric must be delivered, clicked, converted or opened", "properties.metric")
    details = {name: value for name, value in properties.items() if name not in {"deliveryId", "metric"}}
    return lambda: deliveries.report_metric(visit.workspace, visit.call, delivery, metric, details)


def _read_content(visit: Visit, item: Item) -> Step:
    """Read what became of an anonymous message; the vendor's schema requires activityType and describes actionType."""
    properties = _properties(item)
    action = properties.get("actionType", properties.get("activityType"))
    if not is_one_of(action, _CONTENT_ACTIONS):
        refuse("properties.actionType must be viewed_content or clicked_content", "properties.actionType")
    content = text(properties, "contentId") or ""
    return lambda: deliveries.report_content(visit.workspace, visit.call, content, action, properties)


_READERS: Final[dict[str, Callable[[Visit, Item], Step]]] = {
    "Device Created or Updated": _read_device,
    "Device Deleted": _read_device_deleted,
    "User Deleted": _read_deleted,
    "Delete Person": _read_deleted,
    "User Suppressed": _read_suppressed,
    "User Unsuppressed": _read_unsuppressed,
    "Relationship Deleted": _read_relationship_deleted,
    "Object Deleted": _read_object_deleted,
    "Report Delivery Event": _read_delivery,
    "Report Content Event": _read_content,
}
