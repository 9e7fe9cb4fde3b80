"""Reading objects through the App API.

Knows nothing of credentials, faults or sockets.
"""

from typing import Final

from ciokit.sandbox.app.parts import cut, identifiers_of, query_of, read_page, required_text
from ciokit.sandbox.exchange import Reply
from ciokit.sandbox.http.envelopes import app_reply
from ciokit.sandbox.http.routes import Route, Visit
from ciokit.sandbox.shapes import decode_object, refuse
from ciokit.sandbox.state import objects
from ciokit.sandbox.state.filters import read_object_filter, shown
from ciokit.sandbox.state.records import Object


def list_types(visit: Visit) -> Reply:
    """List the object types that are in use: GET /v1/object_types."""
    numbers = sorted({key[0] for key in visit.workspace.objects}, key=int)
    types = [
        {
            "id": number,
            "name": f"Objects {number}",
            "singular_name": f"Object {number}",
            "slug": f"objects_{number}",
            "singular_slug": f"object_{number}",
            "enabled": True,
            "icon": "",
        }
        for number in numbers
    ]
    return app_reply(200, {"types": types})


def search(visit: Visit) -> Reply:
    """Find objects by a filter: POST /v1/objects."""
    page = read_page(visit, 50, 1000)
    body = decode_object(visit.request.body)
    kind = required_text(body, "object_type_id")
    test = read_object_filter(body.get("filter"))
    found = [held for held in visit.workspace.objects.values() if held.object_type_id == kind and test(held)]
    part, following = cut(found, page)
    identifiers = [{"cio_object_id": held.cio_object_id, "object_id": held.object_id} for held in part]
    return app_reply(
        200, {"identifiers": identifiers, "ids": [held.object_id for held in part], "next": following}
    )


def _find(visit: Visit) -> Object:
    kind = query_of(visit).get("id_type") or "object_id"
    held = None
    if kind == "cio_object_id":
        held = objects.find_by_cio_id(visit.workspace, visit.path["object_id"])
    elif kind == "object_id":
        held = visit.workspace.objects.get((visit.path["object_type_id"], visit.path["object_id"]))
    else:
        refuse("id_type must be object_id or cio_object_id", "id_type")
    if held is None:
        refuse("object not found", "object_id", "not_found", 404)
    return held


def attributes(visit: Visit) -> Reply:
    """Read an object's attributes: GET /v1/objects/{object_type_id}/{object_id}/attributes."""
    held = _find(visit)
    view = {
        "attributes": {name: shown(value) for name, value in held.attributes.items()},
        "timestamps": {name: int(held.updated_at) for name in held.attributes},
        "identifiers": {"cio_object_id": held.cio_object_id, "object_id": held.object_id},
        "object_type_id": held.object_type_id,
    }
    return app_reply(200, {"object": view})


def relationships(visit: Visit) -> Reply:
    """List the people of an object: GET /v1/objects/{object_type_id}/{object_id}/relationships."""
    held, page = _find(visit), read_page(visit, 50, 1000)
    key = (held.object_type_id, held.object_id)
    part, following = cut([person for person in visit.workspace.people if key in person.relationships], page)
    views = [
        {"identifiers": identifiers_of(person), "object_type_id": key[0], "object_type_disabled": False}
        for person in part
    ]
    return app_reply(200, {"cio_relationships": views, "next": following})


_OBJECT: Final = "/v1/objects/{object_type_id}/{object_id}"

ROUTES: Final = (
    Route("app", "GET", "/v1/object_types", list_types),
    Route("app", "POST", "/v1/objects", search),
    Route("app", "GET", f"{_OBJECT}/attributes", attributes),
    Route("app", "GET", f"{_OBJECT}/relationships", relationships),
)
