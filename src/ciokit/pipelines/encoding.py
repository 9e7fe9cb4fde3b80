"""Operations into entries: what an application means, as the bytes that the Pipelines API takes.

All calls share one route: a batch mixes them freely, and one alone goes to the path of its type.
"""

import datetime as dt
import time
from typing import Any, Final, assert_never

import msgspec

from ciokit.encoding.drafts import Draft, Encoding
from ciokit.identifiers import AnonymousId, CioObjectId, Email, Id, ObjectId
from ciokit.pipelines import operations as ops
from ciokit.ulids import is_ulid
from ciokit.values.fragments import has_key, json_text, members, merge_objects, object_of
from ciokit.values.table import is_mapping
from ciokit.wire import PIPELINES, Entry

__all__ = ["PipelinesEncoding", "encode", "path_of"]

_TYPES: Final = frozenset({"identify", "page", "screen", "group", "alias"})
_RAW = msgspec.json.Encoder().encode


class PipelinesEncoding(Encoding, frozen=True, kw_only=True):
    """Say how calls are encoded.

    Attributes:
        context: What every call's context has, as JSON; a call's own comes first.
        integrations: What every call says of the destinations, as JSON; a call's own comes first.
    """

    context: bytes = b"{}"
    integrations: bytes = b"{}"


class _Parts(msgspec.Struct, frozen=True):
    """Hold what is a call's own: its type, its members as JSON, whom it is about, and a device for its context."""

    type: str
    kind: str
    members: tuple[bytes, ...]
    keys: tuple[str, ...]
    device: bytes = b""


def path_of(entry: Entry) -> str:
    """Return where an entry goes alone: its type is the end of the path."""
    return entry.route.path + (entry.kind if entry.kind in _TYPES else "track")


def encode(operation: ops.Operation, encoding: PipelinesEncoding, now: float) -> Entry:
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
    draft = Draft(encoding, now)
    parts = _parts(operation, draft)
    body = (
        b'{"type":"',
        parts.type.encode(),
        b'"',
        *parts.members,
        b',"messageId":',
        _named(operation, draft),
        b',"timestamp":"',
        _moment(operation.timestamp, draft),
        b'"',
        _context(operation, parts.device, encoding, draft),
        _integrations(operation.integrations, encoding, draft),
        b"}",
    )
    # Nothing is said of repeated calls but that every SDK repeats them under the same messageId.
    entry = Entry(b"".join(body), parts.keys, parts.kind, PIPELINES, operation.message_id)
    return draft.complete(entry, operation)


def _parts(operation: ops.Operation, draft: Draft) -> _Parts:  # noqa: C901 - a branch an operation
    match operation:
        case ops.Track():
            who, key = _user(operation.user, draft)
            name, data = draft.event_parts(
                operation.event, operation.properties, operation.extra, "properties"
            )
            return _Parts("track", "event", (who, b',"event":', name, b',"properties":', data), (key,))
        case ops.Identify():
            return _identify(operation, draft)
        case ops.Page() | ops.Screen():
            return _seen(operation, draft)
        case ops.Group():
            return _group(operation, draft)
        case ops.Alias():
            return _alias(operation, draft)
        case ops.AddDevice():
            return _add_device(operation, draft)
        case ops.DeleteDevice():
            device = b'{"token":%b}' % draft.id_text(operation.token, "token")
            return _about_user(operation, draft, "Device Deleted", "delete_device", device=device)
        case ops.Delete():
            return _about_user(operation, draft, "User Deleted", "delete")
        case ops.Suppress():
            return _about_user(operation, draft, "User Suppressed", "suppress")
        case ops.Unsuppress():
            return _about_user(operation, draft, "User Unsuppressed", "unsuppress")
        case ops.DeleteRelationship():
            named, key = _named_object(operation.group, draft)
            return _about_user(operation, draft, "Relationship Deleted", "delete_relationships", named, key)
        case ops.DeleteObject():
            named, key = _named_object(operation.group, draft)
            return _about_nobody(operation, draft, "Object Deleted", "delete_object", named, key)
        case ops.ReportDelivery():
            return _report_delivery(operation, draft)
        case ops.ReportContent():
            return _report_content(operation, draft)
        case _:
            assert_never(operation)


# Whom a call is about


def _user(user: Any, draft: Draft, path: str = "user") -> tuple[bytes, str]:
    """Return what names somebody, as a member of the call, and the key that orders what is about them."""
    if isinstance(user, AnonymousId):
        text = draft.identifier("anonymous_id", user.value, path)
        return b',"anonymousId":' + json_text(text), f"anonymous_id:{text}"
    return _known_user(user, draft, path, "a user's id as text, Id or AnonymousId")


def _known_user(
    user: Any, draft: Draft, path: str = "user", asked: str = "a user's id as text or Id"
) -> tuple[bytes, str]:
    value = user.value if isinstance(user, Id) else user
    if not isinstance(user, (str, Id)):
        draft.refuse(path, f"expected {asked}, got {type(user).__name__}")
        return b"", ""
    text = draft.identifier("id", value, path)
    return b',"userId":' + json_text(text), f"id:{text}"


def _object(group: Any, draft: Draft) -> tuple[str, bytes, str]:
    """Return an object's type and id, and the key that orders what is about it."""
    ref = ObjectId("1", group) if isinstance(group, str) else group
    if not isinstance(ref, ObjectId):
        words = f"expected ObjectId, got {type(ref).__name__}"
        if isinstance(ref, CioObjectId):
            words = "the Pipelines API knows no cio_object_id; name the object by ObjectId"
        draft.refuse("group", words)
        return "1", b'""', ""
    before = len(draft.problems)
    _, key = draft.object(ref, "group")
    if len(draft.problems) > before:
        return "1", b'""', ""
    return ref.type_id, json_text(ref.object_id), key


def _named_object(group: Any, draft: Draft) -> tuple[bytes, str]:
    """Return the properties that name an object, and its key."""
    type_id, object_id, key = _object(group, draft)
    return b'{"objectId":%b,"objectTypeId":%b}' % (object_id, type_id.encode()), key


# Calls


def _identify(operation: ops.Identify, draft: Draft) -> _Parts:
    traits = draft.object_json(operation.traits, "traits")
    if operation.extra is not None:
        traits = draft.with_extra(traits, operation.traits, operation.extra)
    draft.check_attributes(traits, "traits")
    who, key, traits = _identified(operation.user, traits, draft)
    keys = [key]
    if operation.anonymous_id is not None:
        anonymous = draft.identifier("anonymous_id", operation.anonymous_id, "anonymous_id")
        if isinstance(operation.user, AnonymousId):
            draft.refuse("anonymous_id", "goes with a user's id; user= is an AnonymousId already")
        who += b',"anonymousId":' + json_text(anonymous)
        keys.append(f"anonymous_id:{anonymous}")
    traits = draft.stamped(traits, b'"last_seen_at"')
    return _Parts("identify", "identify", (who, b',"traits":', traits), tuple(keys))


def _identified(user: Any, traits: bytes, draft: Draft) -> tuple[bytes, str, bytes]:
    if not isinstance(user, Email):
        return *_user(user, draft), traits
    email = draft.identifier("email", user.value, "user")
    if not has_key(traits, "email"):
        traits = merge_objects(b'{"email":%b}' % json_text(email), traits)
    elif bytes(members(traits)["email"]) != json_text(email):
        draft.refuse("traits.email", "is another address than the Email that names the person")
    # An empty userId is what the reference asks for where the e-mail address names the person.
    return b',"userId":""', f"email:{email.lower()}", traits


def _seen(operation: ops.Page | ops.Screen, draft: Draft) -> _Parts:
    kind = type(operation).__name__.lower()
    who, key = _user(operation.user, draft)
    if operation.name is not None:
        who += b',"name":' + draft.event_name(operation.name, "name")
    properties = draft.object_json(operation.properties, "properties")
    return _Parts(kind, kind, (who, b',"properties":', properties), (key,))


def _group(operation: ops.Group, draft: Draft) -> _Parts:
    who, person = _user(operation.user, draft)
    type_id, object_id, key = _object(operation.group, draft)
    traits = draft.attributes(operation.traits, "traits")
    for name, instead in (
        ("object_type_id", "group=ObjectId(...)"),
        ("relationshipAttributes", "relationship_attributes="),
    ):
        if has_key(traits, name):
            draft.refuse(f"traits.{name}", f"is what {instead} says")
    traits = merge_objects(traits, b'{"object_type_id":"%b"}' % type_id.encode())
    if operation.relationship_attributes is not None:
        related = draft.attributes(operation.relationship_attributes, "relationship_attributes")
        traits = merge_objects(traits, b'{"relationshipAttributes":%b}' % related)
    return _Parts("group", "group", (who, b',"groupId":', object_id, b',"traits":', traits), (person, key))


def _alias(operation: ops.Alias, draft: Draft) -> _Parts:
    who, key = _known_user(operation.user, draft)
    named, former = _user(operation.previous, draft, "previous")
    keys = [key, former]
    if isinstance(operation.previous, str):  # it may be either, so it waits for both
        keys.append(f"anonymous_id:{operation.previous}")
    if former == key and former:
        draft.refuse("previous", "is the same person as user")
    previous = named.partition(b":")[2]
    return _Parts("alias", "alias", (b',"previousId":', previous, who), tuple(keys))


# Semantic events: a track call whose name makes it something else


def _semantic(who: bytes, event: str, properties: bytes) -> tuple[bytes, ...]:
    return (who, b',"event":"', event.encode(), b'","properties":', properties)


def _about_user(
    operation: Any,
    draft: Draft,
    event: str,
    kind: str,
    properties: bytes = b"{}",
    *others: str,
    device: bytes = b"",
) -> _Parts:
    who, key = _known_user(operation.user, draft)
    return _Parts("track", kind, _semantic(who, event, properties), (key, *others), device)


def _about_nobody(
    operation: Any, draft: Draft, event: str, kind: str, properties: bytes, *keys: str
) -> _Parts:
    # A track call wants somebody; a name that belongs to this call alone is nobody's.
    who = b',"anonymousId":' + _named(operation, draft)
    return _Parts("track", kind, _semantic(who, event, properties), keys)


def _add_device(operation: ops.AddDevice, draft: Draft) -> _Parts:
    device = b'{"token":%b,"type":%b}' % (
        draft.id_text(operation.token, "token"),
        draft.one_of(operation.platform, ops.Platform, "platform"),
    )
    properties = draft.attributes(operation.attributes)
    return _about_user(operation, draft, "Device Created or Updated", "add_device", properties, device=device)


def _report_delivery(operation: ops.ReportDelivery, draft: Draft) -> _Parts:
    said = {
        "deliveryId": draft.id_text(operation.delivery_id, "delivery_id"),
        "metric": draft.one_of(operation.metric, ops.ReportedMetric, "metric"),
    }
    for name, wire in (
        ("recipient", "recipient"),
        ("reason", "reason"),
        ("action_value", "actionValue"),
        ("href", "href"),
    ):
        if (value := getattr(operation, name)) is not None:
            said[wire] = draft.text(value, name)
    key = f"delivery:{operation.delivery_id}"
    return _about_nobody(operation, draft, "Report Delivery Event", "delivery_event", object_of(said), key)


def _report_content(operation: ops.ReportContent, draft: Draft) -> _Parts:
    action = draft.one_of(operation.action, ops.ContentAction, "action")
    # The reference requires the one name and describes the other.
    said = {"actionType": action, "activityType": action}
    for name, wire in (("content_id", "contentId"), ("template_id", "templateId")):
        if (value := getattr(operation, name)) is not None:
            draft.whole_number(value, name)
            said[wire] = draft.json(value, name)
    return _about_nobody(operation, draft, "Report Content Event", "content_event", object_of(said))


# What every call may carry


def _named(operation: ops.Operation, draft: Draft) -> bytes:
    name = operation.message_id
    if type(name) is str and is_ulid(name):  # as nearly every one is; it needs no look at what is in it
        return b'"%b"' % name.encode()
    return draft.id_text(name, "message_id")


def _moment(when: Any, draft: Draft) -> bytes:
    """Write a time in ISO 8601, to the millisecond."""
    seconds = draft.timestamp(when)
    thousandths = 0
    if isinstance(when, dt.datetime):
        thousandths = when.microsecond // 1000
    elif isinstance(when, float) and when > seconds:
        thousandths = int((when - seconds) * 1000)
    return b"%b.%03dZ" % (_second(seconds), thousandths)


_latest_second = (-1, b"")


def _second(seconds: int) -> bytes:
    """Write a second; the same one is written many times over, so the last is kept."""
    global _latest_second  # noqa: PLW0603 - one value, so threads never see half of it
    known, text = _latest_second
    if known != seconds:
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)).encode()
        _latest_second = (seconds, text)
    return text


def _context(operation: ops.Operation, device: bytes, encoding: PipelinesEncoding, draft: Draft) -> bytes:
    context = encoding.context
    if operation.context is not None:
        context = _over(context, draft.object_json(operation.context, "context"))
    if device:
        known = members(context)
        given = bytes(known.pop("device", b"{}"))
        if given[:1] != b"{":
            draft.refuse("context.device", "expected a mapping")
            given = b"{}"
        for name in members(device):
            if has_key(given, name):
                draft.refuse(f"context.device.{name}", "is what the verb's own argument says")
        context = merge_objects(_RAW(known), b'{"device":%b}' % merge_objects(device, given))
    return b',"context":' + context if len(context) > 2 else b""


def _integrations(given: Any, encoding: PipelinesEncoding, draft: Draft) -> bytes:
    integrations = encoding.integrations
    if given is not None:
        integrations = _over(integrations, integrations_json(given, draft))
    return b',"integrations":' + integrations if len(integrations) > 2 else b""


def integrations_json(given: Any, draft: Draft) -> bytes:
    """Return which destinations get a call, as JSON."""
    if not is_mapping(given) or not all(isinstance(value, bool) for value in given.values()):
        draft.refuse("integrations", "expected a mapping of names to true or false")
        return b"{}"
    return draft.object_json(given, "integrations")


def _over(common: bytes, own: bytes) -> bytes:
    """Lay a call's own members over those of every call."""
    if len(common) <= 2:
        return own
    return _RAW({**members(common), **members(own)})
