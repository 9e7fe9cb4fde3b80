"""Collections and snippets through the App API.

Knows nothing of credentials, faults or sockets; a collection's URL is fetched by the shell.
"""

from typing import Any, Final

import msgspec

from ciokit.sandbox.app.parts import number, required_text
from ciokit.sandbox.exchange import Reply
from ciokit.sandbox.http.envelopes import app_empty, app_reply
from ciokit.sandbox.http.routes import Route, Visit
from ciokit.sandbox.shapes import RefusedError, decode_object, is_array, is_http_url, is_object, refuse
from ciokit.sandbox.state.account import Collection, Download, Snippet
from ciokit.sandbox.state.retention import trim
from ciokit.sandbox.state.rules import Call
from ciokit.sandbox.state.workspace import Workspace

_MOST_COLLECTIONS: Final = 1000


def _view(held: Collection) -> dict[str, Any]:
    schema = sorted({name for row in held.rows if is_object(row) for name in row})
    return {
        "id": held.id,
        "name": held.name,
        "bytes": len(msgspec.json.encode(held.rows)),
        "rows": len(held.rows),
        "schema": schema,
        "created_at": int(held.created_at),
        "updated_at": int(held.updated_at),
    }


def _find(visit: Visit) -> Collection:
    found = visit.workspace.account.collections.get(number(visit.path["collection_id"], "collection_id"))
    if found is None:
        refuse("collection not found", "collection_id", "not_found", 404)
    return found


def list_collections(visit: Visit) -> Reply:
    """List collections: GET /v1/collections."""
    return app_reply(
        200, {"collections": [_view(held) for held in visit.workspace.account.collections.values()]}
    )


def create_collection(visit: Visit) -> Reply:
    """Create a collection: POST /v1/collections."""
    body = decode_object(visit.request.body)
    name = required_text(body, "name")
    rows, url = _read_source(body)
    if rows is None and url is None:
        refuse("data or url is required", "data", "required")
    account, now = visit.workspace.account, visit.call.now
    held = Collection(account.next_number("collection"), name, rows or [], url, now, now)
    account.collections[held.id] = held
    trim(account.collections, _MOST_COLLECTIONS)
    _fetch(visit, held)
    return app_reply(200, {"collection": _view(held)})


def _read_source(body: dict[str, Any]) -> tuple[list[Any] | None, str | None]:
    rows, url = body.get("data"), body.get("url")
    if rows is not None and (not is_array(rows) or not all(is_object(row) for row in rows)):
        refuse("data must be an array of objects", "data")
    if url is not None and not is_http_url(url):
        refuse("url must be an http or https URL", "url")
    if rows is not None and url is not None:
        refuse("only one of data and url is allowed", "url")
    return rows, url


def _fetch(visit: Visit, held: Collection) -> None:
    if held.url is not None:
        visit.workspace.downloads.append(Download("collection", visit.workspace.name, (held.id,), held.url))


def update_collection(visit: Visit) -> Reply:
    """Change a collection: PUT /v1/collections/{collection_id}."""
    held, body = _find(visit), decode_object(visit.request.body)
    rows, url = _read_source(body)
    if body.get("name") is not None:
        held.name = required_text(body, "name")
    if rows is not None:
        held.rows, held.url = rows, None
    if url is not None:
        held.url = url
        _fetch(visit, held)
    held.updated_at = visit.call.now
    return app_reply(200, {"collection": _view(held)})


def get_collection(visit: Visit) -> Reply:
    """Read about a collection: GET /v1/collections/{collection_id}."""
    return app_reply(200, {"collection": _view(_find(visit))})


def delete_collection(visit: Visit) -> Reply:
    """Delete a collection: DELETE /v1/collections/{collection_id}."""
    del visit.workspace.account.collections[_find(visit).id]
    return app_empty()


def get_rows(visit: Visit) -> Reply:
    """Read a collection's rows: GET /v1/collections/{collection_id}/content."""
    return app_reply(200, _find(visit).rows)


def replace_rows(visit: Visit) -> Reply:
    """Replace a collection's rows: PUT /v1/collections/{collection_id}/content."""
    held = _find(visit)
    held.rows = _decode_rows(visit.request.body)
    held.updated_at = visit.call.now
    return app_reply(200, {"collection": _view(held)})


def _decode_rows(body: bytes) -> list[Any]:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        refuse("request body is not valid JSON", reason="malformed")
    rows = value.get("data") if is_object(value) else value
    if not is_array(rows) or not all(is_object(row) for row in rows):
        refuse("the content must be an array of objects", "data")
    return rows


def supply_collection(workspace: Workspace, call: Call, key: tuple[int, ...], content: bytes | None) -> None:
    """Fill a collection whose file was fetched.

    Args:
        workspace: The workspace.
        call: On whose behalf.
        key: Number of the collection.
        content: The file, a JSON array of objects; None when it could not be fetched.
    """
    held = workspace.account.collections.get(key[0])
    if held is None or content is None:
        return
    try:
        held.rows, held.updated_at = _decode_rows(content), call.now
    except RefusedError as refused:
        workspace.note(call, "collection_not_filled", refused.message, held.name)


def list_snippets(visit: Visit) -> Reply:
    """List snippets: GET /v1/snippets."""
    held = visit.workspace.account.snippets.values()
    return app_reply(200, {"snippets": [_snippet(entry) for entry in held]})


def _snippet(held: Snippet) -> dict[str, Any]:
    return {"name": held.name, "value": held.value, "updated_at": int(held.updated_at)}


def put_snippet(visit: Visit) -> Reply:
    """Create or change a snippet: PUT and POST /v1/snippets."""
    body = decode_object(visit.request.body)
    name, value = required_text(body, "name"), body.get("value")
    if len(name) > 150:
        refuse("name cannot be longer than 150 characters", "name")
    if not isinstance(value, str):
        refuse("value must be a string", "value", "required")
    held = Snippet(name, value, visit.call.now)
    visit.workspace.account.snippets[name] = held
    trim(visit.workspace.account.snippets, _MOST_COLLECTIONS)
    return app_reply(200, {"snippet": _snippet(held)})


def delete_snippet(visit: Visit) -> Reply:
    """Delete a snippet that no template uses: DELETE /v1/snippets/{snippet_name}."""
    account, name = visit.workspace.account, visit.path["snippet_name"]
    if name not in account.snippets:
        refuse("snippet not found", "snippet_name", "not_found", 404)
    contents = [template.content for template in account.templates.values()]
    contents += [broadcast.content for broadcast in account.broadcasts.values()]
    if any(f"snippets.{name}" in str(text) for content in contents for text in content.values()):
        refuse("snippet is in use", "snippet_name", "in_use")
    del account.snippets[name]
    return app_empty()


_COLLECTION: Final = "/v1/collections/{collection_id}"

ROUTES: Final = (
    Route("app", "GET", "/v1/collections", list_collections),
    Route("app", "POST", "/v1/collections", create_collection),
    Route("app", "GET", _COLLECTION, get_collection),
    Route("app", "PUT", _COLLECTION, update_collection),
    Route("app", "DELETE", _COLLECTION, delete_collection),
    Route("app", "GET", f"{_COLLECTION}/content", get_rows),
    Route("app", "PUT", f"{_COLLECTION}/content", replace_rows),
    Route("app", "GET", "/v1/snippets", list_snippets),
    Route("app", "PUT", "/v1/snippets", put_snippet),
    Route("app", "POST", "/v1/snippets", put_snippet),
    Route("app", "DELETE", "/v1/snippets/{snippet_name}", delete_snippet),
)
