"""Segments through the App API; the sandbox has manual ones only.

Knows nothing of credentials, faults or sockets.
"""

from typing import Any, Final

from ciokit.sandbox.app.parts import cut, identifiers_of, number, read_page, required_text
from ciokit.sandbox.exchange import Reply
from ciokit.sandbox.http.envelopes import app_empty, app_reply
from ciokit.sandbox.http.routes import Route, Visit
from ciokit.sandbox.shapes import Identifier, decode_object, is_object, refuse
from ciokit.sandbox.state import segments
from ciokit.sandbox.state.records import Segment


def view(segment: Segment) -> dict[str, Any]:
    """Show a segment as the App API does.

    Args:
        segment: The segment.

    Returns:
        Its fields.
    """
    return {
        "id": segment.id,
        "deduplicate_id": f"{segment.id}:{int(segment.updated_at)}",
        "name": segment.name,
        "description": segment.description,
        "state": "finished",
        "progress": None,
        "type": "manual",
        "tags": [],
        "created_at": int(segment.created_at),
        "updated_at": int(segment.updated_at),
    }


def _find(visit: Visit) -> Segment:
    found = visit.workspace.segments.get(number(visit.path["segment_id"], "segment_id"))
    if found is None:
        refuse("segment not found", "segment_id", "not_found", 404)
    return found


def list_segments(visit: Visit) -> Reply:
    """List segments: GET /v1/segments."""
    return app_reply(200, {"segments": [view(segment) for segment in visit.workspace.segments.values()]})


def create(visit: Visit) -> Reply:
    """Create a manual segment: POST /v1/segments."""
    wanted = decode_object(visit.request.body).get("segment")
    if not is_object(wanted):
        refuse("segment is required", "segment", "required")
    name, description = required_text(wanted, "name"), wanted.get("description") or ""
    if not isinstance(description, str):
        refuse("description must be a string", "segment.description")
    return app_reply(200, {"segment": view(segments.create(visit.workspace, visit.call, name, description))})


def get(visit: Visit) -> Reply:
    """Read a segment: GET /v1/segments/{segment_id}."""
    return app_reply(200, {"segment": view(_find(visit))})


def delete(visit: Visit) -> Reply:
    """Delete a segment: DELETE /v1/segments/{segment_id}."""
    segments.delete(visit.workspace, _find(visit))
    return app_empty()


def count(visit: Visit) -> Reply:
    """Count a segment's people: GET /v1/segments/{segment_id}/customer_count."""
    segment = _find(visit)
    return app_reply(200, {"segment_id": segment.id, "count": len(segment.members)})


def membership(visit: Visit) -> Reply:
    """List a segment's people: GET /v1/segments/{segment_id}/membership."""
    segment = _find(visit)
    part, following = cut(list(segment.members), read_page(visit, 1000, 30_000))
    found = [visit.workspace.people.find(Identifier("cio_id", cio_id)) for cio_id in part]
    people = [person for person in found if person is not None]
    ids = [person.id for person in people if person.id is not None]
    answer = {
        "segment_id": segment.id,
        "ids": ids,
        "identifiers": [identifiers_of(person) for person in people],
    }
    return app_reply(200, {**answer, "next": following})


def used_by(visit: Visit) -> Reply:
    """Say what uses a segment, which is nothing here: GET /v1/segments/{segment_id}/used_by."""
    nothing: dict[str, list[int]] = {"campaigns": [], "sent_newsletters": [], "draft_newsletters": []}
    return app_reply(200, {"segment_id": _find(visit).id, "used_by": nothing})


_SEGMENT: Final = "/v1/segments/{segment_id}"

ROUTES: Final = (
    Route("app", "GET", "/v1/segments", list_segments),
    Route("app", "POST", "/v1/segments", create),
    Route("app", "GET", _SEGMENT, get),
    Route("app", "DELETE", _SEGMENT, delete),
    Route("app", "GET", f"{_SEGMENT}/customer_count", count),
    Route("app", "GET", f"{_SEGMENT}/membership", membership),
    Route("app", "GET", f"{_SEGMENT}/used_by", used_by),
)
