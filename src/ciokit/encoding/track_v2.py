"""Operations into entries: what an application means, as the bytes that version 2 of the Track API takes."""

from collections.abc import Callable, Sequence
from typing import Any, assert_never

from ciokit import limits
from ciokit import operations as ops
from ciokit.encoding.drafts import Draft, Encoding
from ciokit.encoding.track_v1 import encode_single
from ciokit.encoding.usual import encode_usual
from ciokit.values.fragments import digits, has_key, merge_objects
from ciokit.values.scalars import is_text
from ciokit.wire import Entry

__all__ = ["encode"]


def encode(operation: ops.Operation, encoding: Encoding, now: float) -> Entry:
    """Check an operation and turn it into what is sent.

    Args:
        operation: What is meant.
        encoding: How to encode it.
        now: Unix time of the call.

    Returns:
        The entry; every retry and every store carries these bytes.

    Raises:
        InvalidData: If anything is wrong or over a limit, with all of it.
    """
    if type(operation) is ops.Track and (usual := encode_usual(operation, encoding, int(now))) is not None:
        return usual
    draft = Draft(encoding, now)
    return draft.complete(_encode(operation, draft), operation)


def _encode(operation: ops.Operation, draft: Draft) -> Entry:  # noqa: C901 - a branch an operation
    match operation:
        case ops.Track():
            return _track(operation, draft)
        case ops.Identify():
            return _identify(operation, draft)
        case ops.Page() | ops.Screen():
            return _seen(operation, draft)
        case ops.Delete() | ops.Suppress() | ops.Unsuppress():
            return _person(operation, draft, type(operation).__name__.lower())
        case ops.AddDevice():
            return _add_device(operation, draft)
        case ops.DeleteDevice():
            device = b',"device":{"token":%b}' % draft.id_text(operation.token, "token")
            return _person(operation, draft, "delete_device", device)
        case ops.AddRelationships():
            ties = draft.listed(operation.relationships, "relationships")
            return _person(operation, draft, "add_relationships", _ties(ties, draft, draft.object))
        case ops.DeleteRelationships():
            ties = [ops.Relationship(to) for to in draft.listed(operation.objects, "objects")]
            return _person(operation, draft, "delete_relationships", _ties(ties, draft, draft.object))
        case ops.Merge():
            return _merge(operation, draft)
        case ops.IdentifyObject() | ops.IdentifyAnonymous():
            return _identify_object(operation, draft)
        case ops.DeleteObject():
            return _object(operation, draft, "delete")
        case ops.AddObjectRelationships():
            ties = draft.listed(operation.relationships, "relationships")
            return _object(operation, draft, "add_relationships", _ties(ties, draft, draft.related_person))
        case ops.DeleteObjectRelationships():
            ties = [ops.Relationship(to) for to in draft.listed(operation.people, "people")]
            return _object(operation, draft, "delete_relationships", _ties(ties, draft, draft.related_person))
        case ops.ReportDelivery():
            return _delivery(operation, draft)
        case (
            ops.AnonymousEvent()
            | ops.AddToSegment()
            | ops.RemoveFromSegment()
            | ops.SubmitForm()
            | ops.ReportMetric()
            | ops.ReportPush()
            | ops.Unsubscribe()
        ):
            return encode_single(operation, draft)
        case _:
            assert_never(operation)


def _track(operation: ops.Track, draft: Draft) -> Entry:
    identifiers, key = draft.person(operation.person)
    name, data = draft.event_parts(operation.event, operation.data, operation.extra)
    parts = (
        b'{"type":"person","action":"event","identifiers":',
        identifiers,
        b',"name":',
        name,
        b',"id":"',
        draft.ulid(operation.id),
        b'","timestamp":',
        digits(draft.timestamp(operation.timestamp)),
        b',"attributes":',
        data,
        b"}",
    )
    return Entry(b"".join(parts), (key,), "event", id=operation.id)


def _seen(operation: ops.Page | ops.Screen, draft: Draft) -> Entry:
    identifiers, key = draft.person(operation.person)
    kind = type(operation).__name__.lower()
    body = (
        b'{"type":"person","action":"%b","identifiers":%b,"name":%b,"id":"%b","timestamp":%d,"attributes":%b}'
        % (
            kind.encode(),
            identifiers,
            draft.event_name(operation.name, "name"),
            draft.ulid(operation.id),
            draft.timestamp(operation.timestamp),
            draft.object_json(operation.data, "data"),
        )
    )
    return Entry(body, (key,), kind, id=operation.id)


def _identify(operation: ops.Identify, draft: Draft) -> Entry:
    encoded = draft.object_json(operation.attributes, "attributes")
    if operation.extra is not None:
        encoded = draft.with_extra(encoded, operation.attributes, operation.extra)
    if operation.remove:
        encoded = merge_objects(encoded, _removals(operation, draft, encoded))
    # The stamp takes no place of the application's own.
    if draft.check_attributes(encoded) < limits.ATTRIBUTES:
        encoded = draft.stamped(encoded, b'"last_seen_at"')
    if not operation.create:
        encoded = merge_objects(encoded, _update_only(draft, encoded))
    rest = b',"attributes":%b' % encoded
    if operation.timestamp is not None:
        rest += b',"timestamp":%d' % draft.timestamp(operation.timestamp)
    ties = draft.listed(operation.relationships, "relationships", empty=True)
    return _person(operation, draft, "identify", rest + _ties(ties, draft, draft.object))


def _removals(operation: ops.Identify, draft: Draft, encoded: bytes) -> bytes:
    names = draft.listed(operation.remove, "remove")
    for index, name in enumerate(names):
        if not is_text(name) or not name:
            draft.refuse(f"remove[{index}]", "expected an attribute's name as text")
        elif has_key(encoded, name):
            draft.refuse(f"remove.{name}", "is also given a value in this call")
    return draft.json({name: None for name in names if is_text(name) and name}, "remove")


def _update_only(draft: Draft, encoded: bytes) -> bytes:
    if has_key(encoded, "_update"):
        draft.refuse("attributes._update", "is what create=False says; leave one of them out")
    return b'{"_update":true}'


def _person(operation: Any, draft: Draft, action: str, rest: bytes = b"") -> Entry:
    identifiers, key = draft.person(operation.person)
    body = b'{"type":"person","action":"%b","identifiers":%b%b}' % (action.encode(), identifiers, rest)
    return Entry(body, (key,), action)


def _add_device(operation: ops.AddDevice, draft: Draft) -> Entry:
    token = draft.id_text(operation.token, "token")
    device = b'{"token":%b,"platform":%b' % (
        token,
        draft.one_of(operation.platform, ops.Platform, "platform"),
    )
    if operation.last_used is not None:
        device += b',"last_used":%d' % draft.timestamp(operation.last_used, "last_used")
    if operation.attributes is not None:
        device += b',"attributes":%b' % draft.attributes(operation.attributes)
    return _person(operation, draft, "add_device", b',"device":%b}' % device)


def _merge(operation: ops.Merge, draft: Draft) -> Entry:
    primary, key = draft.person(operation.primary, "primary", phone=False)
    secondary, other = draft.person(operation.secondary, "secondary", phone=False)
    if key and key == other:
        draft.refuse("secondary", "is the same person as primary")
    body = b'{"type":"person","action":"merge","primary":%b,"secondary":%b}' % (primary, secondary)
    return Entry(body, (key, other), "merge")


def _object(operation: Any, draft: Draft, action: str, rest: bytes = b"") -> Entry:
    identifiers, key = draft.object(operation.object)
    body = b'{"type":"object","action":"%b","identifiers":%b%b}' % (action.encode(), identifiers, rest)
    return Entry(body, (key,), f"{action}_object")


def _identify_object(operation: ops.IdentifyObject | ops.IdentifyAnonymous, draft: Draft) -> Entry:
    rest = b',"attributes":%b' % draft.attributes(operation.attributes)
    if isinstance(operation, ops.IdentifyObject):
        ties = draft.listed(operation.relationships, "relationships", empty=True)
        rest += _ties(ties, draft, draft.related_person)
        return _object(operation, draft, "identify", rest)
    tie = b'{"identifiers":{"anonymous_id":%b}' % draft.id_text(operation.anonymous_id, "anonymous_id")
    tie += _tie_attributes(operation.relationship_attributes, "relationship_attributes", draft)
    return _object(operation, draft, "identify_anonymous", rest + b',"cio_relationships":[%b]' % tie)


def _ties(ties: Sequence[Any], draft: Draft, other: Callable[[Any, str], tuple[bytes, str]]) -> bytes:
    """Encode relationships; `other` encodes the identifiers of the side that each one names."""
    encoded: list[bytes] = []
    for index, tie in enumerate(ties):
        path = f"relationships[{index}]"
        if not isinstance(tie, ops.Relationship):
            draft.refuse(path, f"expected a Relationship, got {type(tie).__name__}")
            continue
        identifiers, _ = other(tie.to, f"{path}.to")
        attributes = _tie_attributes(tie.attributes, f"{path}.attributes", draft)
        encoded.append(b'{"identifiers":%b%b' % (identifiers, attributes))
    return b',"cio_relationships":[%b]' % b",".join(encoded) if ties else b""


def _tie_attributes(attributes: ops.Data, path: str, draft: Draft) -> bytes:
    if attributes is None:
        return b"}"
    return b',"relationship_attributes":%b}' % draft.attributes(attributes, path)


def _delivery(operation: ops.ReportDelivery, draft: Draft) -> Entry:
    delivery = draft.id_text(operation.delivery_id, "delivery_id")
    body = (
        b'{"type":"delivery","action":"event","identifiers":{"id":%b},"name":%b,"attributes":{"device_token":%b}%b}'
        % (
            delivery,
            draft.one_of(operation.metric, ops.DeviceMetric, "metric"),
            draft.id_text(operation.device_token, "device_token"),
            b"" if operation.timestamp is None else b',"timestamp":%d' % draft.timestamp(operation.timestamp),
        )
    )
    # The vendor states no deduplication for metrics.
    return Entry(body, (f"delivery:{operation.delivery_id}",), "delivery_event", replay_safe=False)
