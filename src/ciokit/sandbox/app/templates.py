"""Contents of transactional messages through the App API.

Knows nothing of credentials, faults or sockets.
"""

from typing import Any, Final

from ciokit.sandbox.app.parts import number
from ciokit.sandbox.exchange import Reply
from ciokit.sandbox.http.envelopes import app_empty, app_reply
from ciokit.sandbox.http.routes import Route, Visit
from ciokit.sandbox.shapes import decode_object, is_array, is_object, refuse
from ciokit.sandbox.state.account import Template

_TEXTS: Final = ("from", "reply_to", "subject", "body", "body_amp", "preheader_text", "headers")
_CHANNELS: Final = ("email", "twilio", "push", "in_app", "inbox", "whatsapp")


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


def list_channels(_visit: Visit) -> Reply:
    """List the channels people subscribe to: GET /v1/subscription_channels."""
    channels = [
        {"id": position, "type": kind, "name": kind, "description": "", "subscribed_by_default": True}
        for position, kind in enumerate(_CHANNELS, 1)
    ]
    return app_reply(200, {"channels": channels})


def describe_attributes(visit: Visit) -> Reply:
    """Take descriptions of attributes: POST /v1/data_index/attributes."""
    return _describe(visit, "attributes")


def describe_events(visit: Visit) -> Reply:
    """Take descriptions of events: POST /v1/data_index/events."""
    return _describe(visit, "events")


def _describe(visit: Visit, name: str) -> Reply:
    entries = decode_object(visit.request.body).get(name)
    wanted = f"{name} must be an array of 1 to 100 objects"
    if not is_array(entries):
        refuse(wanted, name)
    if not 1 <= len(entries) <= 100 or not all(is_object(entry) for entry in entries):
        refuse(wanted, name, status=422)
    return app_empty()


ROUTES: Final = (
    Route("app", "GET", "/v1/transactional/{transactional_id}/contents", list_contents),
    Route("app", "PUT", "/v1/transactional/{transactional_id}/content/{content_id}", put_content),
    Route("app", "GET", "/v1/subscription_channels", list_channels),
    Route("app", "POST", "/v1/data_index/attributes", describe_attributes),
    Route("app", "POST", "/v1/data_index/events", describe_events),
)
