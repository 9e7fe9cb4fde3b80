"""Reporting webhooks through the App API.

Knows nothing of credentials, faults or sockets; posting is the shell's business.
"""

from typing import Any, Final

from ciokit.sandbox.app.parts import flag, number, required_text
from ciokit.sandbox.exchange import Reply
from ciokit.sandbox.http.envelopes import app_reply
from ciokit.sandbox.http.routes import Route, Visit
from ciokit.sandbox.shapes import decode_object, is_array, is_http_url, refuse
from ciokit.sandbox.state.account import Webhook
from ciokit.sandbox.state.retention import trim

_NAME_CHARACTERS: Final = 190
_MOST_WEBHOOKS: Final = 1000
_KINDS: Final = ("customer", "email", "push", "in_app", "sms", "slack", "webhook", "whatsapp")


def _view(held: Webhook) -> dict[str, Any]:
    return {
        "name": held.name,
        "id": held.id,
        "endpoint": held.endpoint,
        "disabled": held.disabled,
        "full_resolution": held.full_resolution,
        "with_content": held.with_content,
        "events": held.events,
    }


def _read(visit: Visit, webhook_id: int) -> Webhook:
    body = decode_object(visit.request.body)
    name = required_text(body, "name")
    if len(name) > _NAME_CHARACTERS:
        refuse(f"name cannot be longer than {_NAME_CHARACTERS} characters", "name")
    endpoint = required_text(body, "endpoint")
    if not is_http_url(endpoint):
        refuse("endpoint must be an http or https URL", "endpoint")
    events = body.get("events")
    if not is_array(events) or not events or not all(_is_event(event) for event in events):
        refuse("events must be an array of at least one event name, such as email_sent", "events")
    return Webhook(
        webhook_id,
        name,
        endpoint,
        events,
        disabled=flag(body, "disabled"),
        full_resolution=flag(body, "full_resolution"),
        with_content=flag(body, "with_content"),
    )


def _is_event(event: Any) -> bool:
    return isinstance(event, str) and event.startswith(tuple(f"{kind}_" for kind in _KINDS))


def _find(visit: Visit) -> Webhook:
    found = visit.workspace.account.webhooks.get(number(visit.path["webhook_id"], "webhook_id"))
    if found is None:
        refuse("webhook not found", "webhook_id", "not_found", 404)
    return found


def list_webhooks(visit: Visit) -> Reply:
    """List reporting webhooks: GET /v1/reporting_webhooks."""
    return app_reply(
        200, {"reporting_webhooks": [_view(held) for held in visit.workspace.account.webhooks.values()]}
    )


def create(visit: Visit) -> Reply:
    """Create a reporting webhook: POST /v1/reporting_webhooks."""
    account = visit.workspace.account
    held = _read(visit, account.next_number("webhook"))
    account.webhooks[held.id] = held
    trim(account.webhooks, _MOST_WEBHOOKS)
    return app_reply(200, _view(held))


def get(visit: Visit) -> Reply:
    """Read a reporting webhook: GET /v1/reporting_webhooks/{webhook_id}."""
    return app_reply(200, _view(_find(visit)))


def update(visit: Visit) -> Reply:
    """Replace a reporting webhook: PUT /v1/reporting_webhooks/{webhook_id}."""
    held = _read(visit, _find(visit).id)
    visit.workspace.account.webhooks[held.id] = held
    return app_reply(200, _view(held))


def delete(visit: Visit) -> Reply:
    """Delete a reporting webhook: DELETE /v1/reporting_webhooks/{webhook_id}."""
    del visit.workspace.account.webhooks[_find(visit).id]
    return app_reply(200, {})


_WEBHOOK: Final = "/v1/reporting_webhooks/{webhook_id}"

ROUTES: Final = (
    Route("app", "GET", "/v1/reporting_webhooks", list_webhooks),
    Route("app", "POST", "/v1/reporting_webhooks", create),
    Route("app", "GET", _WEBHOOK, get),
    Route("app", "PUT", _WEBHOOK, update),
    Route("app", "DELETE", _WEBHOOK, delete),
)
