"""Operations that only version 1 of the Track API takes, each in a request of its own.

A telephone number is no identifier in version 1: it would be taken for an id. So people are named by id, e-mail
address or cio_id here.
"""

from collections.abc import Collection, Mapping
from typing import Any, TypeGuard, assert_never

from ciokit import limits
from ciokit import operations as ops
from ciokit.encoding.drafts import HALF, Draft, longest
from ciokit.identifiers import Email, Id
from ciokit.values.fragments import members, merge_objects, object_of, utf8_size
from ciokit.values.scalars import is_text
from ciokit.values.table import has_surrogate
from ciokit.wire import Entry, Route

__all__ = ["encode_single"]

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
            route = Route("POST", f"/unsubscribe/{_path_part(operation.delivery_id, 'delivery_id', draft)}")
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
        anonymous = b'"anonymous_id":%b,' % draft.id_text(operation.anonymous_id, "anonymous_id")
        keys = (f"anonymous_id:{operation.anonymous_id}",)
    body = b'{%b"name":%b,"id":"%b","type":%b,"timestamp":%d,"data":%b}' % (
        anonymous,
        name,
        draft.ulid(operation.id),
        draft.one_of(operation.type, ops.EventType, "type"),
        draft.timestamp(operation.timestamp),
        data,
    )
    return Entry(body, keys, "anonymous_event", Route("POST", "/api/v1/events"), id=operation.id)


def _segment(operation: ops.AddToSegment | ops.RemoveFromSegment, draft: Draft, action: str) -> Entry:
    draft.whole_number(operation.segment_id, "segment_id")
    draft.one_of(operation.id_type, ops.IdType, "id_type")
    ids: Any = operation.ids
    if not _is_list(ids) or not 1 <= len(ids) <= limits.SEGMENT_IDS:
        draft.refuse("ids", f"expected a list of 1 to {limits.SEGMENT_IDS} ids")
        ids = ()
    elif not all(is_text(text) and _is_id(text, longest(operation.id_type)) for text in ids):
        words = f"expected each id to be text of 1 to {longest(operation.id_type)} bytes"
        draft.refuse("ids", f"{words} that is not blank; others are ignored by Customer.io")
        ids = ()
    elif any(map(has_surrogate, ids)):
        draft.refuse("ids", f"one of them {HALF}")
        ids = ()
    path = f"/api/v1/segments/{operation.segment_id}/{action}"
    query = "" if operation.id_type == "id" else f"?id_type={operation.id_type}"
    body = draft.json({"ids": ids}, "ids")
    return Entry(body, (f"segment:{operation.segment_id}",), action, Route("POST", path + query))


def _is_list(value: Any) -> TypeGuard[Collection[Any]]:
    return isinstance(value, Collection) and not isinstance(value, (str, bytes, Mapping))


def _is_id(text: str, most: int) -> bool:
    return bool(text.strip()) and utf8_size(text) <= most


def _form(operation: ops.SubmitForm, draft: Draft) -> Entry:
    fields = draft.object_json(operation.fields, "fields")
    for name in members(fields):
        if name in _FORM_IGNORES:
            draft.refuse(f"fields.{name}", "is ignored by Customer.io; choose another name")
        elif name in {"id", "email"}:
            draft.refuse(f"fields.{name}", "names the person; pass it as person=")
    identifiers, key = b"{}", ""
    if isinstance(operation.person, (str, Id, Email)):
        identifiers, key = draft.person(operation.person)
    else:
        draft.refuse("person", "a form names a person by id or e-mail address")
    route = Route("POST", f"/api/v1/forms/{_path_part(operation.form_id, 'form_id', draft)}/submit")
    # Each is a submission of its own.
    body = object_of({"data": merge_objects(identifiers, fields)})
    return Entry(body, (key,), "form", route, replay_safe=False)


def _metric(operation: ops.ReportMetric, draft: Draft) -> Entry:
    report = {
        "delivery_id": draft.id_text(operation.delivery_id, "delivery_id"),
        "metric": draft.one_of(operation.metric, ops.Metric, "metric"),
    }
    if operation.timestamp is not None:
        report["timestamp"] = b"%d" % draft.timestamp(operation.timestamp)
    for name in ("recipient", "reason", "href"):
        if (value := getattr(operation, name)) is not None:
            report[name] = draft.text(value, name)
    return _report(operation.delivery_id, "metric", "/api/v1/metrics", report)


def _push(operation: ops.ReportPush, draft: Draft) -> Entry:
    report = {
        "delivery_id": draft.id_text(operation.delivery_id, "delivery_id"),
        "event": draft.one_of(operation.event, ops.DeviceMetric, "event"),
        "device_id": draft.id_text(operation.device_id, "device_id"),
    }
    if operation.timestamp is not None:
        report["timestamp"] = b"%d" % draft.timestamp(operation.timestamp)
    return _report(operation.delivery_id, "push_event", "/api/v1/push/events", report)


def _report(delivery_id: str, kind: str, path: str, report: dict[str, bytes]) -> Entry:
    # The vendor states no deduplication for metrics.
    return Entry(
        object_of(report), (f"delivery:{delivery_id}",), kind, Route("POST", path), replay_safe=False
    )


def _path_part(value: Any, where: str, draft: Draft) -> str:
    """Percent-encode a text so that it stays one segment of a path, dots included."""
    from urllib.parse import quote  # not every program reports deliveries

    draft.id_text(value, where)
    quoted = quote(value, safe="", errors="replace") if is_text(value) else ""
    return quoted.replace(".", "%2E") if not quoted.strip(".") else quoted
