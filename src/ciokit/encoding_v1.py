"""Operations that only version 1 of the Track API takes, each in a request of its own.

A telephone number is no identifier in version 1: it would be taken for an id. So people are named by id, e-mail
address or cio_id here.
"""

from typing import Any, assert_never

import msgspec

from ciokit import limits
from ciokit import operations as ops
from ciokit.drafts import Draft
from ciokit.identifiers import Email, Id
from ciokit.wire import Entry, Route

__all__ = ["encode_single"]

_METRICS = ("bounced", "clicked", "converted", "deferred", "delivered", "dropped", "opened", "spammed")
_DEVICE_METRICS = ("opened", "converted", "delivered")
_EVENT_TYPES = ("event", "page", "screen")
_ID_TYPES = ("id", "email", "cio_id")
_FORM_IGNORES = frozenset({"form_id", "form_name", "form_type", "form_url", "form_url_param"})


def encode_single(operation: ops.SingleOperation, draft: Draft) -> Entry:
    """Check an operation of version 1 and turn it into what is sent.

    Args:
        operation: What is meant.
        draft: Where problems are noted.

    Returns:
        The entry, with a route of its own.
    """
    match operation:
        case ops.AnonymousEvent():
            return _anonymous_event(operation, draft)
        case ops.AddToSegment():
            return _segment(operation, draft, "add_customers")
        case ops.RemoveFromSegment():
            return _segment(operation, draft, "remove_customers")
        case ops.SubmitForm():
            return _form(operation, draft)
        case ops.ReportMetric():
            return _metric(operation, draft)
        case ops.ReportPush():
            return _push(operation, draft)
        case ops.Unsubscribe():
            draft.text(operation.delivery_id, "delivery_id")
            route = Route("POST", f"/unsubscribe/{_segment_of_path(operation.delivery_id)}")
            return Entry(
                b'{"unsubscribe":true}', (f"delivery:{operation.delivery_id}",), "unsubscribe", route
            )
        case _:
            assert_never(operation)


def _anonymous_event(operation: ops.AnonymousEvent, draft: Draft) -> Entry:
    name, data = draft.event_parts(operation.event, operation.data, operation.extra)
    anonymous = b""
    keys: tuple[str, ...] = ()
    if operation.anonymous_id is not None:
        anonymous = b'"anonymous_id":%b,' % draft.text(operation.anonymous_id, "anonymous_id")
        keys = (f"anonymous_id:{operation.anonymous_id}",)
    body = b'{%b"name":%b,"id":"%b","type":%b,"timestamp":%d,"data":%b%b}' % (
        anonymous,
        name,
        draft.ulid(operation.id),
        draft.one_of(operation.type, _EVENT_TYPES, "type"),
        draft.timestamp(operation.timestamp),
        data[:-1],
        draft.stamp(data, b'"tracked_at"'),
    )
    return Entry(body, keys, "anonymous_event", Route("POST", "/api/v1/events"), id=operation.id)


def _segment(operation: ops.AddToSegment | ops.RemoveFromSegment, draft: Draft, action: str) -> Entry:
    draft.whole_number(operation.segment_id, "segment_id")
    draft.one_of(operation.id_type, _ID_TYPES, "id_type")
    ids: Any = operation.ids
    if isinstance(ids, str) or not 1 <= len(ids) <= limits.SEGMENT_IDS:
        draft.refuse("ids", f"expected a list of 1 to {limits.SEGMENT_IDS} ids")
    elif any(not isinstance(text, str) or not text.strip() for text in ids):
        draft.refuse(
            "ids", "expected each id to be text that is not blank; others are ignored by Customer.io"
        )
    path = f"/api/v1/segments/{operation.segment_id}/{action}"
    query = "" if operation.id_type == "id" else f"?id_type={operation.id_type}"
    body = draft.json({"ids": ids}, "ids")
    return Entry(body, (f"segment:{operation.segment_id}",), action, Route("POST", path + query))


def _form(operation: ops.SubmitForm, draft: Draft) -> Entry:
    fields = draft.object_json(operation.fields, "fields")
    names = msgspec.json.decode(fields, type=dict[str, msgspec.Raw])
    for name in names:
        if name in _FORM_IGNORES:
            draft.refuse(f"fields.{name}", "is ignored by Customer.io; choose another name")
        elif name in {"id", "email"}:
            draft.refuse(f"fields.{name}", "names the person; pass it as person=")
    if not isinstance(operation.person, (str, Id, Email)):
        draft.refuse("person", "a form names a person by id or e-mail address")
    identifiers, key = draft.person(operation.person)
    draft.text(operation.form_id, "form_id")
    data = identifiers if not names else b"%b,%b" % (identifiers[:-1], fields[1:])
    route = Route("POST", f"/api/v1/forms/{_segment_of_path(operation.form_id)}/submit")
    # Each is a submission of its own.
    return Entry(b'{"data":%b}' % data, (key,), "form", route, replay_safe=False)


def _metric(operation: ops.ReportMetric, draft: Draft) -> Entry:
    draft.text(operation.delivery_id, "delivery_id")
    draft.one_of(operation.metric, _METRICS, "metric")
    body: dict[str, Any] = {"delivery_id": operation.delivery_id, "metric": operation.metric}
    if operation.timestamp is not None:
        body["timestamp"] = draft.timestamp(operation.timestamp)
    for name in ("recipient", "reason", "href"):
        if (value := getattr(operation, name)) is not None:
            draft.text(value, name)
            body[name] = value
    return _unauthenticated(operation.delivery_id, "metric", "/api/v1/metrics", draft.json(body, ""))


def _push(operation: ops.ReportPush, draft: Draft) -> Entry:
    draft.text(operation.delivery_id, "delivery_id")
    draft.text(operation.device_id, "device_id")
    draft.one_of(operation.event, _DEVICE_METRICS, "event")
    body: dict[str, Any] = {
        "delivery_id": operation.delivery_id,
        "event": operation.event,
        "device_id": operation.device_id,
    }
    if operation.timestamp is not None:
        body["timestamp"] = draft.timestamp(operation.timestamp)
    return _unauthenticated(operation.delivery_id, "push_event", "/api/v1/push/events", draft.json(body, ""))


def _unauthenticated(delivery_id: str, kind: str, path: str, body: bytes) -> Entry:
    # The vendor states no deduplication for metrics.
    return Entry(body, (f"delivery:{delivery_id}",), kind, Route("POST", path), replay_safe=False)


def _segment_of_path(text: str) -> str:
    """Percent-encode a text so that it stays one segment of a path, dots included."""
    from urllib.parse import quote  # not every program reports deliveries

    quoted = quote(str(text), safe="")
    return quoted.replace(".", "%2E") if quoted.strip(".") == "" else quoted
