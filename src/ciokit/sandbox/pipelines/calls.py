"""The Pipelines API: identify, track, page, screen, group, alias and batch.

A call is read and checked first and done afterwards. What is wrong is answered with 200 and a warning, as the
vendor does, unless the sender asks for strict mode. Knows nothing of credentials, faults or sockets.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, TypeVar

import msgspec

from ciokit.sandbox import limits
from ciokit.sandbox.exchange import Reply
from ciokit.sandbox.http.routes import Route, Visit
from ciokit.sandbox.http.track_replies import SUCCESS, track_reply
from ciokit.sandbox.pipelines import semantic_events
from ciokit.sandbox.pipelines.parts import Caller, Item, Step, read_caller, text
from ciokit.sandbox.shapes import (
    Identifier,
    RefusedError,
    check_event_data,
    check_event_name,
    decode_object,
    find_too_long,
    is_object,
    is_one_of,
    refuse,
)
from ciokit.sandbox.state import merging, objects, profiles
from ciokit.sandbox.state.profiles import Identify
from ciokit.sandbox.state.records import Rejection
from ciokit.sandbox.track.parts import make_event

T = TypeVar("T")
_KINDS: Final = ("identify", "track", "page", "screen", "group", "alias")


def is_strict(visit: Visit) -> bool:
    """Tell whether the sender wants validation failures answered.

    Args:
        visit: The request.

    Returns:
        Whether `X-Strict-Mode: 1` was sent.
    """
    return visit.request.headers.get("x-strict-mode") == "1"


def answer_refusals(visit: Visit) -> Reply:
    """Answer a request of which something was refused: 400 in strict mode, else 200 and a warning for each.

    Args:
        visit: The request with what was refused.

    Returns:
        The reply.
    """
    for rejection in visit.rejected:
        where = "" if rejection.index is None else f"batch item {rejection.index}: "
        message = f"{where}{rejection.message}: dropped, although the answer is 200"
        if not is_strict(visit):
            visit.workspace.note(visit.call, "dropped_by_pipelines", message)
    if not is_strict(visit):
        return SUCCESS
    return track_reply(400, {"meta": {"errors": [rejection.message for rejection in visit.rejected]}})


def single(visit: Visit) -> Reply:
    """Do one call: POST /v1/identify and so on; the path says which."""
    kind = visit.request.path.rpartition("/")[2]
    step = _try(visit, None, partial(_read_sized, visit, kind, visit.request.body))
    if step is not None:
        _try(visit, None, step)
    return answer_refusals(visit) if visit.rejected else SUCCESS


def batch(visit: Visit) -> Reply:
    """Do a list of calls: POST /v1/batch; in strict mode all or none."""
    found = _try(visit, None, partial(_read_batch, visit))
    if found is None:
        return answer_refusals(visit)
    shared = found.context if is_object(found.context) else {}
    steps = [
        _try(visit, index, partial(_read_sized, visit, None, item, shared))
        for index, item in enumerate(found.batch)
    ]
    if visit.rejected and is_strict(visit):
        return answer_refusals(visit)
    for index, step in enumerate(steps):
        if step is not None:
            _try(visit, index, step)
    return answer_refusals(visit) if visit.rejected else SUCCESS


def _try(visit: Visit, index: int | None, step: Callable[[], T]) -> T | None:
    try:
        return step()
    except RefusedError as refused:
        visit.rejected.append(Rejection(index, refused.reason, refused.field, refused.message))
        return None


class _Batch(msgspec.Struct):
    batch: list[msgspec.Raw]
    context: Any = None


_decode_batch: Final = msgspec.json.Decoder(_Batch).decode


def _read_batch(visit: Visit) -> _Batch:
    if len(visit.request.body) > limits.BATCH_BYTES:
        refuse("batch cannot be larger than 500KB", "batch", "too_large")
    try:
        return _decode_batch(visit.request.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        refuse("batch must be a JSON object with a list of calls", "batch", "malformed")


def _read_sized(
    visit: Visit, kind: str | None, raw: bytes | msgspec.Raw, shared: dict[str, Any] | None = None
) -> Step:
    """Read a call; a batch shares its own context with all of its calls."""
    size = len(memoryview(raw))
    if size > limits.ITEM_BYTES:
        refuse("call cannot be larger than 32KB", "", "too_large")
    item = decode_object(raw)
    kind = kind or item.get("type")
    if not is_one_of(kind, _KINDS):
        refuse(f"type must be one of {', '.join(_KINDS)}", "type")
    if shared:
        own = item.get("context")
        item["context"] = {**shared, **own} if is_object(own) else shared
    return _READERS[kind](visit, item, kind, size)


def _seconds(item: Item, now: float) -> float:
    value = item.get("timestamp") or item.get("originalTimestamp")
    if value is None:
        return now
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        refuse("timestamp must be in ISO 8601 format", "timestamp")
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def _read_identify(visit: Visit, item: Item, _kind: str, _size: int) -> Step:
    caller = read_caller(item)
    traits = check_traits(item.get("traits"))
    at = _seconds(item, visit.call.now)
    who = caller.who or _by_email(traits)
    if who is None:
        return lambda: _note_anonymous(visit, caller)
    attributes = {
        ("created_at" if name == "createdAt" else name): _plain(name, value) for name, value in traits.items()
    }
    if caller.anonymous_id is not None:
        attributes["anonymous_id"] = caller.anonymous_id
    return lambda: profiles.identify(visit.workspace, visit.call, who, Identify(attributes=attributes, at=at))


def check_traits(value: Any) -> dict[str, Any]:
    """Check traits as attributes.

    Args:
        value: The decoded value; None means none.

    Returns:
        The traits.

    Raises:
        RefusedError: If they are no object, too many, or one is too long.
    """
    if value is None:
        return {}
    if not is_object(value):
        refuse("traits must be an object", "traits")
    if len(value) > limits.ATTRIBUTE_COUNT:
        refuse("cannot set more than 300 traits in one call", "traits")
    too_long = find_too_long(value)
    if too_long is not None:
        name, part, most = too_long
        refuse(f"trait {part} cannot be longer than {most} bytes", f"traits.{name}")
    return value


def _plain(name: str, value: Any) -> Any:
    """Turn `createdAt` into the Unix seconds of `created_at`."""
    if name != "createdAt" or not isinstance(value, str):
        return value
    try:
        return int(_seconds({"timestamp": value}, 0.0))
    except RefusedError:
        return value


def _by_email(traits: dict[str, Any]) -> Identifier | None:
    email = traits.get("email")
    return Identifier("email", email) if isinstance(email, str) and email else None


def _note_anonymous(visit: Visit, caller: Caller) -> None:
    message = "an identify without userId and email changes nobody"
    visit.workspace.note(visit.call, "anonymous_identify", message, caller.anonymous_id)


def _read_track(visit: Visit, item: Item, kind: str, size: int) -> Step:
    semantic = semantic_events.read(visit, item)
    if semantic is not None:
        return semantic
    return _read_event(visit, item, kind, size, item.get("event"))


def _read_view(visit: Visit, item: Item, kind: str, size: int) -> Step:
    properties = item.get("properties")
    shown = properties if is_object(properties) else {}
    name = item.get("name") or shown.get("url") or shown.get("path") or kind
    return _read_event(visit, item, kind, size, name)


def _read_event(visit: Visit, item: Item, kind: str, size: int, name: Any) -> Step:
    caller = read_caller(item, or_group=kind == "track")
    event = make_event(
        visit.workspace,
        visit.call.now,
        name=check_event_name(name),
        kind=kind,
        ulid=None,
        timestamp=_seconds(item, visit.call.now),
        data=check_event_data(item.get("properties"), "properties"),
        person=caller.who.value if caller.who else None,
        anonymous_id=caller.anonymous_id,
        size=size,
    )
    event.message_id = text(item, "messageId")
    who = caller.who
    if who is None:
        return lambda: visit.workspace.track_anonymous(visit.call, event)
    return lambda: visit.workspace.track(visit.call, who, event)


def _read_group(visit: Visit, item: Item, _kind: str, _size: int) -> Step:
    caller = read_caller(item)
    group = text(item, "groupId")
    if group is None:
        refuse("groupId is required", "groupId", "required")
    traits = dict(item["traits"]) if is_object(item.get("traits")) else {}
    kind = (
        traits.pop("object_type_id", None)
        or traits.pop("objectTypeId", None)
        or item.get("objectTypeId")
        or "1"
    )
    related = objects.check_attributes(
        traits.pop("relationshipAttributes", None), "traits.relationshipAttributes"
    )
    key = objects.key_of(visit.workspace, {"object_type_id": str(kind), "object_id": group}, "traits")
    attributes = objects.check_attributes(traits, "traits")
    return lambda: _relate(visit, caller, key, attributes, related)


def _relate(
    visit: Visit, caller: Caller, key: objects.ObjectKey, attributes: dict[str, Any], related: dict[str, Any]
) -> None:
    objects.identify(visit.workspace, visit.call, key, attributes)
    if caller.who is not None:
        objects.relate_people(visit.workspace, visit.call, key, [(caller.who, related)])
    elif caller.anonymous_id is not None:
        objects.relate_anonymous(visit.workspace, visit.call, key, caller.anonymous_id, related)


def _read_alias(visit: Visit, item: Item, _kind: str, _size: int) -> Step:
    previous, user = text(item, "previousId"), text(item, "userId")
    if previous is None:
        refuse("previousId is required", "previousId", "required")
    if user is None:
        refuse("userId is required", "userId", "required")
    return lambda: _alias(visit, Identifier("id", previous), Identifier("id", user))


def _alias(visit: Visit, previous: Identifier, user: Identifier) -> None:
    if visit.workspace.people.find(previous) is not None:
        merging.merge(visit.workspace, visit.call, user, previous)
        return
    change = Identify(attributes={"anonymous_id": previous.value}, at=visit.call.now)
    profiles.identify(visit.workspace, visit.call, user, change)


_READERS: Final[dict[str, Callable[[Visit, Item, str, int], Step]]] = {
    "identify": _read_identify,
    "track": _read_track,
    "page": _read_view,
    "screen": _read_view,
    "group": _read_group,
    "alias": _read_alias,
}

ROUTES: Final = (
    *(Route("pipelines", "POST", f"/v1/{kind}", single) for kind in _KINDS),
    Route("pipelines", "POST", "/v1/batch", batch),
)
