"""Exports through the App API: made at once, shown as pending first, downloaded as CSV.

Knows nothing of credentials, faults or sockets.
"""

import csv
import io
from collections.abc import Iterable
from typing import Any, Final

from ciokit.sandbox.app.messages import settle
from ciokit.sandbox.app.parts import flag, number
from ciokit.sandbox.exchange import Reply
from ciokit.sandbox.http.envelopes import app_reply
from ciokit.sandbox.http.routes import Route, Visit
from ciokit.sandbox.shapes import decode_object, is_array, is_integer, read_digits, refuse
from ciokit.sandbox.state.account import Export
from ciokit.sandbox.state.filters import read_filter, shown
from ciokit.sandbox.state.records import Message, Person
from ciokit.sandbox.state.retention import trim

_SOURCES: Final = ("newsletter_id", "campaign_id", "transactional_message_id", "action_id", "template_id")
_METRICS: Final = frozenset(
    [
        "created",
        "attempted",
        "sent",
        "delivered",
        "opened",
        "clicked",
        "converted",
        "bounced",
        "spammed",
        "unsubscribed",
        "dropped",
        "failed",
        "undeliverable",
    ]
)
_MOST_EXPORTS: Final = 100
_LINK_SECONDS: Final = 15 * 60.0


def export_customers(visit: Visit) -> Reply:
    """Export people: POST /v1/exports/customers."""
    test = read_filter(decode_object(visit.request.body).get("filters"), "filters")
    people = [person for person in visit.workspace.people if test(person)]
    return _make(visit, "customers", "people", _people_csv(people), len(people))


def _people_csv(people: list[Person]) -> bytes:
    names = sorted({name for person in people for name in person.attributes} - {"id", "email"})
    rows = (
        [person.id, person.email, person.cio_id, *(shown(person.attributes.get(n)) for n in names)]
        for person in people
    )
    return _csv(["id", "email", "cio_id", *names], rows)


def _csv(header: list[str], rows: Iterable[list[Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def export_deliveries(visit: Visit) -> Reply:
    """Export deliveries: POST /v1/exports/deliveries."""
    body = decode_object(visit.request.body)
    given = [name for name in _SOURCES if body.get(name) is not None]
    if len(given) != 1:
        refuse(
            "exactly one of newsletter_id, campaign_id, transactional_message_id and action_id is needed",
            "body",
        )
    for name in (given[0], "start", "end"):
        if body.get(name) is not None and not is_integer(body[name]):
            refuse(f"{name} must be an integer", name)
    if body.get("metric") is not None and body["metric"] not in tuple(_METRICS):
        refuse("metric is not one that can be exported", "metric")
    if body.get("attributes") is not None and not is_array(body["attributes"]):
        refuse("attributes must be an array", "attributes")
    drafts = flag(body, "drafts")
    held = [settle(message, visit.call.now) for message in visit.workspace.messages.values()]
    messages = [message for message in held if _matches(message, given[0], body, drafts=drafts)]
    return _make(visit, "deliveries", "deliveries", _deliveries_csv(messages), len(messages))


def _matches(message: Message, source: str, body: dict[str, Any], *, drafts: bool) -> bool:
    origin = {"transactional_message_id": "transactional", "action_id": "broadcast"}.get(source)
    return (
        message.origin == origin
        and message.template == body[source]
        and (message.state == "drafted") is drafts
        and (body.get("metric") is None or body["metric"] in message.metrics)
        and (body.get("start") is None or message.queued_at >= body["start"])
        and (body.get("end") is None or message.queued_at <= body["end"])
    )


def _deliveries_csv(messages: list[Message]) -> bytes:
    names = sorted(_METRICS)
    rows = (
        [
            entry.delivery_id,
            entry.channel,
            entry.cio_id,
            entry.recipient,
            *(entry.metrics.get(n, "") for n in names),
        ]
        for entry in messages
    )
    return _csv(["delivery_id", "type", "cio_id", "recipient", *names], rows)


def _make(visit: Visit, kind: str, description: str, content: bytes, total: int) -> Reply:
    account = visit.workspace.account
    now = visit.call.now
    made = Export(account.next_number("export"), kind, f"Export of {description}", total, content, now, now)
    account.exports[made.id] = made
    trim(account.exports, _MOST_EXPORTS)
    return app_reply(200, {"export": _view(made)})


def _view(made: Export) -> dict[str, Any]:
    return {
        "id": made.id,
        "user_id": 1,
        "user_email": "sandbox@example.com",
        "total": made.total,
        "deduplicate_id": f"{made.id}:{int(made.updated_at)}",
        "type": made.type,
        "failed": False,
        "description": made.description,
        "downloads": made.downloads,
        "created_at": int(made.created_at),
        "updated_at": int(made.updated_at),
        "status": made.status,
    }


def _find(visit: Visit) -> Export:
    found = visit.workspace.account.exports.get(number(visit.path["export_id"], "export_id"))
    if found is None:
        refuse("export not found", "export_id", "not_found", 404)
    found.status = "done"
    return found


def list_exports(visit: Visit) -> Reply:
    """List exports, null when there is none: GET /v1/exports."""
    views = [_view(made) for made in visit.workspace.account.exports.values()]
    return app_reply(200, {"exports": views or None})


def get(visit: Visit) -> Reply:
    """Read an export, which is done by then: GET /v1/exports/{export_id}."""
    return app_reply(200, {"export": _view(_find(visit))})


def download(visit: Visit) -> Reply:
    """Give a link to an export's file for 15 minutes: GET /v1/exports/{export_id}/download."""
    made = _find(visit)
    made.secret = visit.workspace.draw(visit.call, 16).hex()
    made.secret_until = visit.call.now + _LINK_SECONDS
    host = visit.request.headers.get("host", "localhost")
    path = f"/_sandbox/exports/{visit.workspace.number}/{made.id}/{made.secret}"
    return app_reply(200, {"url": f"{visit.request.scheme}://{host}{path}"})


def file(visit: Visit) -> Reply:
    """Give an export's file to whoever has its link."""
    place = next((place for place in visit.places if str(place.number) == visit.path["workspace"]), None)
    export_id = read_digits(visit.path["export_id"])
    made = None if place is None or export_id is None else place.account.exports.get(export_id)
    if made is None or not _is_open(made, visit):
        refuse("the link is unknown or has expired", "", "not_found", 404)
    made.downloads += 1
    return Reply(200, {"content-type": "text/csv; charset=utf-8"}, made.content)


def _is_open(made: Export, visit: Visit) -> bool:
    is_its_link = bool(made.secret) and made.secret == visit.path["secret"]
    return is_its_link and visit.call.now <= made.secret_until


ROUTES: Final = (
    Route("app", "GET", "/v1/exports", list_exports),
    Route("app", "POST", "/v1/exports/customers", export_customers),
    Route("app", "POST", "/v1/exports/deliveries", export_deliveries),
    Route("app", "GET", "/v1/exports/{export_id}", get),
    Route("app", "GET", "/v1/exports/{export_id}/download", download),
    Route("", "GET", "/_sandbox/exports/{workspace}/{export_id}/{secret}", file, public=True),
)
