"""What happens when one person is merged into another.

Knows the workspace but nothing of HTTP or of JSON shapes.
"""

from ciokit.sandbox import limits
from ciokit.sandbox.shapes import Identifier
from ciokit.sandbox.state import profiles
from ciokit.sandbox.state.profiles import Identify
from ciokit.sandbox.state.records import Person
from ciokit.sandbox.state.rules import Call
from ciokit.sandbox.state.workspace import Workspace


def merge(workspace: Workspace, call: Call, primary: Identifier, secondary: Identifier) -> None:
    """Merge one person into another, who must exist; the secondary is deleted.

    Args:
        workspace: The workspace.
        call: The request.
        primary: Who stays.
        secondary: Who goes.
    """
    stays, goes = workspace.people.find(primary), workspace.people.find(secondary)
    if stays is None or goes is None:
        missing, side = (primary, "primary") if stays is None else (secondary, "secondary")
        message = f"merge does nothing: the {side} does not exist"
        workspace.discard(call, "merge_without_effect", message, missing.value, side)
        return
    if stays is goes:
        message = "merge does nothing: both sides are one person"
        workspace.discard(call, "merge_without_effect", message, secondary.value, "secondary")
        return
    workspace.remove(goes)
    for kind in ("id", "email", "phone"):
        value: str | None = getattr(goes, kind)
        if getattr(stays, kind) is None and value is not None:
            workspace.people.rename(stays, Identifier(kind, value))
    inherited = {name: value for name, value in goes.attributes.items() if name not in stays.attributes}
    inherited.pop("anonymous_id", None)
    profiles.set_attributes(workspace, call, stays, Identify(attributes=inherited, at=call.now))
    _inherit(workspace, call, stays, goes)
    workspace.journal.announce("person", stays)


def _inherit(workspace: Workspace, call: Call, stays: Person, goes: Person) -> None:
    for event in goes.events:
        if call.now - event.timestamp <= limits.MERGED_EVENT_SECONDS:
            event.cio_id = stays.cio_id
            stays.events.append(event)
    stays.events.sort(key=lambda event: event.seq)
    for number in goes.segments:
        segment = workspace.segments.get(number)
        if segment is not None and number not in stays.segments:
            segment.members[stays.cio_id] = None
            stays.segments.append(number)
    stays.devices = {**goes.devices, **stays.devices}
    stays.relationships = {**goes.relationships, **stays.relationships}
    stays.updated_at = call.now
    for message in workspace.messages.values():
        if message.cio_id == goes.cio_id:
            message.cio_id = stays.cio_id
