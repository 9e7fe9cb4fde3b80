"""Manual segments and who is in them.

Knows the workspace but nothing of HTTP or of JSON shapes.
"""

from ciokit.sandbox.shapes import Identifier
from ciokit.sandbox.state.records import Segment
from ciokit.sandbox.state.rules import Call
from ciokit.sandbox.state.workspace import Workspace


def change_segment(
    workspace: Workspace, call: Call, segment: Segment, people: list[Identifier], *, add: bool
) -> None:
    """Add people to a manual segment or remove them from it; unknown people are ignored.

    Args:
        workspace: The workspace.
        call: The request.
        segment: The segment.
        people: Whom to add or remove.
        add: Whether to add.
    """
    for who in people:
        person = workspace.people.find(who)
        if person is None:
            workspace.note(call, "unknown_person", "not in the workspace: ignored for the segment", who.value)
        elif add and segment.id not in person.segments:
            segment.members[person.cio_id] = None
            person.segments.append(segment.id)
        elif not add and segment.id in person.segments:
            del segment.members[person.cio_id]
            person.segments.remove(segment.id)


def create(workspace: Workspace, call: Call, name: str, description: str) -> Segment:
    """Create a manual segment.

    Args:
        workspace: The workspace.
        call: The request.
        name: Its name.
        description: What it is for.

    Returns:
        The segment, without people.
    """
    number = workspace.account.next_number("segment")
    segment = Segment(number, name, description, call.now, call.now)
    workspace.segments[number] = segment
    return segment


def delete(workspace: Workspace, segment: Segment) -> None:
    """Delete a manual segment; its people stay.

    Args:
        workspace: The workspace.
        segment: The segment.
    """
    del workspace.segments[segment.id]
    for cio_id in segment.members:
        person = workspace.people.find(Identifier("cio_id", cio_id))
        if person is not None:
            person.segments.remove(segment.id)
