"""The rest of Track v1: manual segments, forms, delivery metrics, unsubscribes, the account's region.

Knows nothing of credentials, faults or sockets.
"""

import re
from typing import Any, Final
from urllib.parse import parse_qsl

from ciokit.sandbox import limits
from ciokit.sandbox.exchange import Reply
from ciokit.sandbox.http.routes import Route, Visit
from ciokit.sandbox.http.track_replies import NO_CONTENT, SUCCESS, track_reply
from ciokit.sandbox.shapes import (
    Identifier,
    decode_object,
    is_array,
    is_object,
    is_one_of,
    read_digits,
    refuse,
)
from ciokit.sandbox.state import deliveries, profiles, segments
from ciokit.sandbox.state.profiles import Identify
from ciokit.sandbox.state.records import Form
from ciokit.sandbox.state.retention import trim
from ciokit.sandbox.state.workspace import Workspace

_FORM_KEYS: Final = frozenset({"form_id", "form_name", "form_type", "form_url", "form_url_param"})
_DELIVERY_ID: Final = re.compile(r"[A-Za-z0-9_=-]{1,200}")
_METRICS: Final = {
    "email": {"bounced", "clicked", "converted", "deferred", "delivered", "dropped", "opened", "spammed"},
    "webhook": {"bounced", "clicked", "converted", "deferred", "delivered", "dropped", "opened", "spammed"},
    "in_app": {"clicked", "converted", "opened"},
    "inbox_message": {"clicked", "converted", "opened"},
    "push": {"converted", "delivered", "opened"},
    "slack": {"clicked", "converted", "delivered", "opened"},
    "sms": {"bounced", "clicked", "delivered", "opened"},
}
_ANY_METRIC: Final = frozenset(name for names in _METRICS.values() for name in names)


def add_to_segment(visit: Visit) -> Reply:
    """Add people to a manual segment: POST /segments/{segment_id}/add_customers."""
    return _change_segment(visit, add=True)


def remove_from_segment(visit: Visit) -> Reply:
    """Remove people from a manual segment: POST /segments/{segment_id}/remove_customers."""
    return _change_segment(visit, add=False)


def _change_segment(visit: Visit, *, add: bool) -> Reply:
    ids = decode_object(visit.request.body).get("ids")
    if not is_array(ids) or not all(isinstance(value, str) for value in ids):
        refuse("ids must be an array of strings", "ids", "required")
    if not 1 <= len(ids) <= limits.SEGMENT_IDS:
        refuse("ids must have 1 to 1000 entries", "ids")
    kind = dict(parse_qsl(visit.request.query)).get("id_type", "id")
    if kind not in {"id", "email", "cio_id"}:
        refuse("id_type must be id, email or cio_id", "id_type")
    number = read_digits(visit.path["segment_id"])
    segment = None if number is None else visit.workspace.segments.get(number)
    if segment is None:
        refuse("segment does not exist or is not a manual segment", "segment_id")
    people = [Identifier.read(kind, value) for value in ids]
    segments.change_segment(visit.workspace, visit.call, segment, people, add=add)
    return SUCCESS


def region(visit: Visit) -> Reply:
    """Say in which region the account is: GET /accounts/region."""
    name = visit.workspace.rules.region
    host = "track-eu" if name == "eu" else "track"
    body = {"url": f"https://{host}.customer.io", "region": name, "environment_id": visit.workspace.number}
    return track_reply(200, body)


def submit_form(visit: Visit) -> Reply:
    """Submit a form: POST /forms/{form_id}/submit."""
    workspace = visit.workspace
    form = workspace.forms.setdefault(visit.path["form_id"], Form(visit.path["form_id"]))
    trim(workspace.forms, workspace.retention.people)
    data = decode_object(visit.request.body).get("data")
    if not is_object(data):
        refuse("data must be an object", "data", "required")
    for name, value in data.items():
        if not isinstance(value, str):
            refuse(f"form value {name} must be a string", f"data.{name}")
    given = [Identifier(kind, data[kind]) for kind in ("id", "email") if data.get(kind)]
    if len(given) != 1:
        refuse("data must have exactly one of id and email", "data")
    attributes = {name: value for name, value in data.items() if name not in _FORM_KEYS}
    profiles.identify(
        visit.workspace, visit.call, given[0], Identify(attributes=attributes, at=visit.call.now)
    )
    form.submissions.append(data)
    del form.submissions[: -workspace.retention.warnings]
    return NO_CONTENT


def metric(visit: Visit) -> Reply:
    """Report a delivery metric: POST /metrics."""
    body = decode_object(visit.request.body)
    delivery, name = body.get("delivery_id"), body.get("metric")
    if not isinstance(delivery, str) or not delivery:
        refuse("delivery_id cannot be blank", "delivery_id", "required")
    if not is_one_of(name, _ANY_METRIC):
        refuse("metric is not one that can be reported", "metric")
    details = {key: value for key, value in body.items() if key not in {"delivery_id", "metric"}}
    _report(visit, delivery, name, details)
    return SUCCESS


def push_event(visit: Visit) -> Reply:
    """Report a push metric from a device: POST /push/events."""
    body = decode_object(visit.request.body)
    delivery, name = body.get("delivery_id"), body.get("event")
    if name is not None and not is_one_of(name, _METRICS["push"]):
        refuse("event must be opened, converted or delivered", "event")
    if isinstance(delivery, str) and isinstance(name, str):
        details = {key: value for key, value in body.items() if key not in {"delivery_id", "event"}}
        _report(visit, delivery, name, details)
    return SUCCESS


def _report(visit: Visit, delivery: str, name: str, details: dict[str, Any]) -> None:
    workspace = _holder(visit, delivery)
    message = workspace.messages.get(delivery)
    if message is not None and name not in _METRICS.get(message.channel, _ANY_METRIC):
        why = f"{name} is not a metric of the channel {message.channel}"
        workspace.discard(visit.call, "metric_of_other_channel", why, delivery, "metric")
        return
    deliveries.report_metric(workspace, visit.call, delivery, name, details)


def _holder(visit: Visit, delivery: str) -> Workspace:
    """Find the workspace that sent a delivery: these calls need no credentials."""
    places = (place for place in visit.places if delivery in place.messages)
    return next(places, visit.workspace)


def unsubscribe(visit: Visit) -> Reply:
    """Unsubscribe the person a delivery went to: POST /unsubscribe/{delivery_id}."""
    content_type = visit.request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        refuse("Content-Type must be application/json", "Content-Type")
    delivery = visit.path["delivery_id"]
    if _DELIVERY_ID.fullmatch(delivery) is None:
        refuse("delivery_id is malformed", "delivery_id")
    if decode_object(visit.request.body).get("unsubscribe") is not True:
        refuse("unsubscribe must be true", "unsubscribe")
    deliveries.unsubscribe(_holder(visit, delivery), visit.call, delivery)
    return SUCCESS


ROUTES: Final = (
    Route("track", "POST", "/api/v1/segments/{segment_id}/add_customers", add_to_segment),
    Route("track", "POST", "/api/v1/segments/{segment_id}/remove_customers", remove_from_segment),
    Route("track", "POST", "/api/v1/forms/{form_id}/submit", submit_form),
    Route("track", "POST", "/api/v1/metrics", metric, public=True),
    Route("track", "POST", "/api/v1/push/events", push_event, public=True),
    Route("track", "POST", "/push/events", push_event, public=True),
    Route("track", "POST", "/unsubscribe/{delivery_id}", unsubscribe, public=True),
    Route("track", "GET", "/api/v1/accounts/region", region),
)
