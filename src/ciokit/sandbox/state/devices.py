"""Push devices of people.

Knows the workspace but nothing of HTTP or of JSON shapes.
"""

from ciokit.sandbox.shapes import Identifier
from ciokit.sandbox.state.records import Device
from ciokit.sandbox.state.rules import Call
from ciokit.sandbox.state.workspace import Workspace


def add_device(workspace: Workspace, call: Call, who: Identifier, device: Device) -> None:
    """Add or update a person's device.

    Args:
        workspace: The workspace.
        call: The request.
        who: The person as the sender named them.
        device: The device.
    """
    person = workspace.find_or_create(call, who)
    if person is None:
        return
    known = person.devices.get(device.token)
    if known is not None:
        device.attributes = {**known.attributes, **device.attributes}
        device.last_used = known.last_used if device.last_used is None else device.last_used
    person.devices[device.token] = device
    person.updated_at = call.now
    workspace.journal.announce("person", person)


def delete_device(workspace: Workspace, call: Call, who: Identifier, token: str) -> None:
    """Delete a person's device if they have it.

    Args:
        workspace: The workspace.
        call: The request.
        who: The person as the sender named them.
        token: The device's token.
    """
    person = workspace.people.find(who)
    if person is None or person.devices.pop(token, None) is None:
        workspace.note(call, "unknown_device", "the person has no such device: nothing is deleted", who.value)
