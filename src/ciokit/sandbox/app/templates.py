"""Contents of transactional messages through the App API.

Knows nothing of credentials, faults or sockets.
"""

from typing import Any, Final

from ciokit.sandbox.app.parts import number
from ciokit.sandbox.exchange import Reply
from ciokit.sandbox.http.envelopes import app_reply
from ciokit.sandbox.http.routes import Route, Visit
from ciokit.sandbox.shapes import decode_object, refuse
from ciokit.sandbox.state.account import Template

_TEXTS: Final = ("from", "reply_to", "subject", "body", "body_amp", "preheader_text", "headers")


def _find(visit: Visit) -> Template:
    found = visit.workspace.account.templates.get(number(visit.path["transactional_id"], "transactional_id"))
    if found is None:
        refuse("transactional message not found", "transactional_id", "not_found", 404)
    return found


def _view(held: Template) -> dict[str, Any]:
    texts = {name: held.content.get("preheader" if name == "preheader_text" else name, "") for name in _TEXTS}
    return {
        "id": held.id,
        "name": held.name,
        "created": int(held.created_at),
        "updated": int(held.created_at),
        "language": "",
        "type": held.channel,
        **texts,
    }


def list_contents(visit: Visit) -> Reply:
    """List a message's contents, of which there is one: GET /v1/transactional/{transactional_id}/contents."""
    return app_reply(200, {"contents": [_view(_find(visit))]})


def put_content(visit: Visit) -> Reply:
    """Change a message's content: PUT /v1/transactional/{transactional_id}/content/{content_id}."""
    held = _find(visit)
    if number(visit.path["content_id"], "content_id") != held.id:
        refuse("content not found", "content_id", "not_found", 404)
    body = decode_object(visit.request.body)
    for name in _TEXTS:
        if body.get(name) is not None and not isinstance(body[name], (str, list)):
            refuse(f"{name} must be a string", name)
    changed = {
        "preheader" if name == "preheader_text" else name: body[name] for name in _TEXTS if name in body
    }
    held.content.update(changed)
    return app_reply(200, {"content": _view(held)})


ROUTES: Final = (
    Route("app", "GET", "/v1/transactional/{transactional_id}/contents", list_contents),
    Route("app", "PUT", "/v1/transactional/{transactional_id}/content/{content_id}", put_content),
)
