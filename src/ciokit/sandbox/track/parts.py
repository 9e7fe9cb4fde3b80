"""Parts of operations that Track v1 and v2 read alike: events, devices, the sides of a merge.

Knows shapes and limits, not paths or state.
"""

from typing import Any, Final

from ciokit.sandbox.shapes import Identifier, is_integer, is_object, is_one_of, read_digits, refuse
from ciokit.sandbox.state.records import Device, Event
from ciokit.sandbox.state.workspace import Workspace

PLATFORMS: Final = ("ios", "android")
_EVENT_TYPES: Final = frozenset({"page", "screen"})


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
        type=kind if is_one_of(kind, _EVENT_TYPES) else "event",
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


def read_device(device: dict[str, Any], token_field: str) -> Device:
    """Check a device as a sender describes it.

    Args:
        device: The decoded object.
        token_field: `id` in Track v1, `token` in Track v2.

    Returns:
        The device.

    Raises:
        RefusedError: If token or platform is missing or wrong, or last_used is no integer.
    """
    token, platform = device.get(token_field), device.get("platform")
    if not isinstance(token, str) or not token:
        refuse(f"device {token_field} cannot be blank", f"device.{token_field}", "required")
    if not is_one_of(platform, PLATFORMS):
        refuse("device platform must be ios or android", "device.platform")
    last_used = device.get("last_used")
    if last_used is not None and not is_integer(last_used):
        last_used = read_digits(last_used) if isinstance(last_used, str) else None
        if last_used is None:
            refuse("device last_used must be an integer of Unix seconds", "device.last_used")
    named = {token_field, "platform", "last_used", "attributes"}
    flat = {name: value for name, value in device.items() if name not in named}
    attributes = device.get("attributes")
    return Device(token, platform, last_used, {**flat, **(attributes if is_object(attributes) else {})})


def read_merge_side(value: Any, field: str) -> Identifier:
    """Check one side of a merge.

    Args:
        value: The decoded value.
        field: `primary` or `secondary`.

    Returns:
        The identifier.

    Raises:
        RefusedError: If it does not hold exactly one of id, email and cio_id.
    """
    if not is_object(value) or len(value) != 1:
        refuse(f"{field} must have exactly one of id, email and cio_id", field)
    kind, text = next(iter(value.items()))
    if kind not in {"id", "email", "cio_id"} or not isinstance(text, str) or not text:
        refuse(f"{field} must have exactly one of id, email and cio_id", f"{field}.{kind}")
    return Identifier.read(kind, text)
