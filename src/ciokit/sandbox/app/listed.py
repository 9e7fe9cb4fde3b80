"""What the App API lists and the sandbox only holds: campaigns, newsletters, broadcasts, templates, senders.

Such things come from the account's setup (see `account`); nothing here sends. Operations that the sandbox does
not model say so with 501. Knows nothing of credentials, faults or sockets.
"""

from collections.abc import Callable, Mapping
from typing import Final

from ciokit.sandbox.app.messages import find_origin
from ciokit.sandbox.app.parts import cut, number, query_of, read_page
from ciokit.sandbox.app.unmodelled import OPERATIONS
from ciokit.sandbox.exchange import Reply
from ciokit.sandbox.http.envelopes import app_empty, app_error, app_reply
from ciokit.sandbox.http.routes import Operation, Route, Visit
from ciokit.sandbox.shapes import refuse
from ciokit.sandbox.state.account import Broadcast, Document, Template
from ciokit.sandbox.state.retention import trim
from ciokit.sandbox.state.workspace import Workspace

_METRICS: Final = [
    "attempted",
    "bounced",
    "clicked",
    "human_clicked",
    "prefetch_clicked",
    "converted",
    "created",
    "deferred",
    "delivered",
    "drafted",
    "failed",
    "opened",
    "human_opened",
    "prefetch_opened",
    "sent",
    "spammed",
    "suppressed",
    "undeliverable",
    "topic_unsubscribed",
    "unsubscribed",
]
_PERIODS: Final = {"hours": 3600, "days": 86_400, "weeks": 604_800, "months": 2_629_800}
_STEPS: Final = {"hours": 24, "days": 45, "weeks": 12, "months": 121}
_ESP_TYPES: Final = ("blocks", "bounces", "spam_reports", "invalid_emails")


def _template(held: Template) -> Document:
    return {
        "id": held.id,
        "name": held.name,
        "description": "",
        "send_to_unsubscribed": True,
        "link_tracking": True,
        "open_tracking": True,
        "hide_message_body": False,
        "queue_drafts": False,
        "created_at": int(held.created_at),
        "updated_at": int(held.created_at),
    }


def _broadcast(held: Broadcast) -> Document:
    return {
        "id": held.id,
        "deduplicate_id": f"{held.id}:{int(held.created_at)}",
        "name": held.name,
        "type": "triggered_broadcast",
        "created": int(held.created_at),
        "updated": int(held.created_at),
        "active": True,
        "state": "running",
        "actions": [{"id": held.id, "type": held.channel}],
        "msg_template_ids": [{"id": held.id, "type": held.channel}],
        "first_started": int(held.created_at),
        "tags": [],
    }


_Read = Callable[[Workspace], Mapping[int, Document]]


def _templates(workspace: Workspace) -> dict[int, Document]:
    return {key: _template(held) for key, held in workspace.account.templates.items()}


def _broadcasts(workspace: Workspace) -> dict[int, Document]:
    return {key: _broadcast(held) for key, held in workspace.account.broadcasts.items()}


def _lister(read: _Read, name: str) -> Operation:
    def list_documents(visit: Visit) -> Reply:
        page = read_page(visit, 1000, 10_000)
        part, following = cut(list(read(visit.workspace).values()), page)
        return app_reply(200, {name: part, "next": following})

    return list_documents


def _getter(read: _Read, name: str, parameter: str) -> Operation:
    def get_document(visit: Visit) -> Reply:
        found = read(visit.workspace).get(number(visit.path[parameter], parameter))
        if found is None:
            refuse(f"{name} not found", parameter, "not_found", 404)
        return app_reply(200, {name: found} if name else found)

    return get_document


def delete_newsletter(visit: Visit) -> Reply:
    """Delete a newsletter: DELETE /v1/newsletters/{newsletter_id}."""
    wanted = number(visit.path["newsletter_id"], "newsletter_id")
    if visit.workspace.account.newsletters.pop(wanted, None) is None:
        refuse("newsletter not found", "newsletter_id", "not_found", 404)
    return app_empty()


def template_metrics(visit: Visit) -> Reply:
    """Count what a transactional message became: GET /v1/transactional/{transactional_id}/metrics."""
    return _count(visit, "transactional", number(visit.path["transactional_id"], "transactional_id"))


def broadcast_metrics(visit: Visit) -> Reply:
    """Count what a broadcast's messages became: GET /v1/broadcasts/{broadcast_id}/metrics."""
    return _count(visit, "broadcast", number(visit.path["broadcast_id"], "broadcast_id"))


def _count(visit: Visit, origin: str, template: int) -> Reply:
    find_origin(visit, origin, template)
    query = query_of(visit)
    period = query.get("period") or "days"
    if period not in _PERIODS:
        refuse("period must be hours, days, weeks or months", "period")
    steps = number(query.get("steps") or str(_STEPS[period]), "steps")
    if not 1 <= steps <= _STEPS[period]:
        refuse(f"steps must be between 1 and {_STEPS[period]}", "steps")
    series = {name: [0] * steps for name in _METRICS}
    for message in visit.workspace.messages.values():
        if message.origin == origin and message.template == template:
            for name, at in message.metrics.items():
                age = int((visit.call.now - at) // _PERIODS[period])
                if name in series and 0 <= age < steps:
                    series[name][steps - 1 - age] += 1
    return app_reply(200, {"metric": {"series": series}})


def workspaces(visit: Visit) -> Reply:
    """List the workspaces: GET /v1/workspaces."""
    views = [
        {
            "id": place.number,
            "name": place.name,
            "messages_sent": place.queued,
            "billable_messages_sent": place.queued,
            "people": len(place.people),
            "object_types": len({key[0] for key in place.objects}),
            "objects": len(place.objects),
        }
        for place in visit.places
    ]
    return app_reply(200, {"workspaces": views})


def ip_addresses(_visit: Visit) -> Reply:
    """List addresses that requests come from, which is this machine: GET /v1/info/ip_addresses."""
    return app_reply(200, {"ip_addresses": ["127.0.0.1"]})


def search_suppression(visit: Visit) -> Reply:
    """Find an address among the suppressed ones: GET /v1/esp/search_suppression/{email_address}."""
    email = visit.path["email_address"].lower()
    found = [key for key in visit.workspace.account.esp_suppressions if key[1] == email]
    return _suppressions(visit, found[0][0] if found else "", found)


def list_suppressions(visit: Visit) -> Reply:
    """List suppressed addresses of a type: GET /v1/esp/suppression/{suppression_type}."""
    kind = _esp_type(visit)
    query = query_of(visit)
    offset, limit = number(query.get("offset") or "0", "offset"), number(query.get("limit") or "100", "limit")
    found = [key for key in visit.workspace.account.esp_suppressions if key[0] == kind]
    return _suppressions(visit, kind, found[offset : offset + min(limit, 1000)])


def _suppressions(visit: Visit, category: str, keys: list[tuple[str, str]]) -> Reply:
    held = visit.workspace.account.esp_suppressions
    views = [{"created": int(held[key]), "email": key[1], "reason": "", "status": ""} for key in keys]
    return app_reply(200, {"category": category, "suppressions": views})


def suppress(visit: Visit) -> Reply:
    """Suppress an address: POST /v1/esp/suppression/{suppression_type}/{email_address}."""
    key = (_esp_type(visit), visit.path["email_address"].lower())
    held = visit.workspace.account.esp_suppressions
    held[key] = visit.call.now
    trim(held, visit.workspace.retention.people)
    return app_reply(200, {})


def unsuppress(visit: Visit) -> Reply:
    """Free an address: DELETE /v1/esp/suppression/{suppression_type}/{email_address}."""
    key = (_esp_type(visit), visit.path["email_address"].lower())
    visit.workspace.account.esp_suppressions.pop(key, None)
    return app_empty()


def _esp_type(visit: Visit) -> str:
    kind = visit.path["suppression_type"]
    if kind not in _ESP_TYPES:
        refuse(f"suppression_type must be one of {', '.join(_ESP_TYPES)}", "suppression_type")
    return kind


def unmodelled(visit: Visit) -> Reply:
    """Say that the vendor has this operation and the sandbox does not."""
    message = (
        f"{visit.request.method} {visit.request.path}: the vendor has this operation, the sandbox does not"
    )
    visit.workspace.note(visit.call, "not_modelled", message)
    return app_error(501, "the sandbox does not model this operation")


_LISTED: Final[tuple[tuple[str, str, str, str, _Read], ...]] = (
    ("campaigns", "campaigns", "campaign", "campaign_id", lambda workspace: workspace.account.campaigns),
    (
        "newsletters",
        "newsletters",
        "newsletter",
        "newsletter_id",
        lambda workspace: workspace.account.newsletters,
    ),
    ("broadcasts", "broadcasts", "broadcast", "broadcast_id", _broadcasts),
    ("transactional", "messages", "message", "transactional_id", _templates),
    (
        "sender_identities",
        "sender_identities",
        "sender_identity",
        "sender_id",
        lambda w: w.account.sender_identities,
    ),
)
_ESP: Final = "/v1/esp/suppression/{suppression_type}"

ROUTES: Final = (
    *(Route("app", "GET", f"/v1/{path}", _lister(read, many)) for path, many, _, _, read in _LISTED),
    *(
        Route("app", "GET", f"/v1/{path}/{{{parameter}}}", _getter(read, one, parameter))
        for path, _, one, parameter, read in _LISTED
    ),
    Route(
        "app", "GET", "/v1/subscription_topics", _lister(lambda workspace: workspace.account.topics, "topics")
    ),
    Route("app", "DELETE", "/v1/newsletters/{newsletter_id}", delete_newsletter),
    Route("app", "GET", "/v1/transactional/{transactional_id}/metrics", template_metrics),
    Route("app", "GET", "/v1/broadcasts/{broadcast_id}/metrics", broadcast_metrics),
    Route("app", "GET", "/v1/workspaces", workspaces),
    Route("app", "GET", "/v1/info/ip_addresses", ip_addresses),
    Route("app", "GET", "/v1/esp/search_suppression/{email_address}", search_suppression),
    Route("app", "GET", _ESP, list_suppressions),
    Route("app", "POST", f"{_ESP}/{{email_address}}", suppress),
    Route("app", "DELETE", f"{_ESP}/{{email_address}}", unsuppress),
    *(Route("app", method, template, unmodelled) for method, template in OPERATIONS),
)
