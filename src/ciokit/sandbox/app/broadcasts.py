"""Triggering broadcasts: the audience variants, their errors, and what became of a trigger.

Knows nothing of credentials, faults or sockets; a file that a trigger names is fetched by the shell.
"""

from typing import Any, Final, NamedTuple

import msgspec

from ciokit.sandbox import limits
from ciokit.sandbox.app.parts import cut, flag, number, read_page
from ciokit.sandbox.exchange import Reply
from ciokit.sandbox.http.envelopes import app_error, app_reply
from ciokit.sandbox.http.routes import Route, Visit
from ciokit.sandbox.shapes import Identifier, decode_object, is_array, is_http_url, is_object, refuse
from ciokit.sandbox.state.account import Broadcast, Download, Trigger
from ciokit.sandbox.state.filters import read_filter
from ciokit.sandbox.state.messages import Outline, queue_message
from ciokit.sandbox.state.records import Person
from ciokit.sandbox.state.retention import trim
from ciokit.sandbox.state.rules import Call
from ciokit.sandbox.state.workspace import Workspace

Body = dict[str, Any]

_AUDIENCES: Final = ("recipients", "emails", "ids", "per_user_data", "data_file_url")
_LISTS: Final = ("emails", "ids", "per_user_data")
_LIMITED: Final = frozenset({"ids", "per_user_data"})
"""The vendor states no limit for emails."""


class _Receiver(NamedTuple):
    person: Person
    data: Body


def trigger(visit: Visit) -> Reply:
    """Trigger a broadcast: POST /v1/campaigns/{broadcast_id}/triggers."""
    broadcast = _find_broadcast(visit)
    body = decode_object(visit.request.body)
    audience = _check(body)
    account = visit.workspace.account
    made = Trigger(
        id=account.next_number(f"trigger {broadcast.id}"),
        broadcast_id=broadcast.id,
        created_at=visit.call.now,
        processed_at=None,
        audience=audience or "default",
        data=body.get("data") or {},
        options={name: value for name, value in body.items() if name not in _LISTS},
    )
    account.triggers[broadcast.id, made.id] = made
    trim(account.triggers, visit.workspace.retention.messages)
    if audience == "data_file_url":
        key = (broadcast.id, made.id)
        visit.workspace.downloads.append(
            Download("trigger", visit.workspace.name, key, body["data_file_url"])
        )
        return app_reply(200, {"id": made.id})
    entries = [_entry(audience, value) for value in body[audience]] if audience in _LISTS else None
    run_trigger(visit.workspace, visit.call, made, entries)
    return _failed(made) if made.errors else app_reply(200, {"id": made.id})


def _find_broadcast(visit: Visit) -> Broadcast:
    account = visit.workspace.account
    wanted = number(visit.path["broadcast_id"], "broadcast_id")
    found = account.broadcasts.get(wanted)
    if found is None and visit.workspace.rules.create_unknown and wanted:
        found = account.broadcasts[wanted] = Broadcast(
            wanted, f"Broadcast {wanted}", created_at=visit.call.now
        )
        trim(account.broadcasts, visit.workspace.retention.messages)
    if found is None:
        refuse(f"broadcast with id {wanted} does not exist", "broadcast_id", "not_found", 404)
    return found


def _failed(made: Trigger) -> Reply:
    detail = (
        "Errors were found while processing per user data (ids, emails or json data). "
        f"More detail available from the errors endpoint for trigger {made.id}"
    )
    return app_error(422, detail, "/data/attributes/per_user_data")


def _check(body: Body) -> str | None:
    for name in ("email_add_duplicates", "email_ignore_missing", "id_ignore_missing"):
        flag(body, name)
    if body.get("data") is not None and not is_object(body["data"]):
        refuse("data must be an object", "data")
    given = [name for name in _AUDIENCES if body.get(name) is not None]
    if len(given) > 1:
        refuse(f"only one audience is allowed, not {' and '.join(given)}", given[1])
    if not given:
        return None
    name, value = given[0], body[given[0]]
    if name == "recipients":
        read_filter(value, "recipients")
    elif name == "data_file_url":
        if not is_http_url(value):
            refuse("data_file_url must be an http or https URL", name)
    elif not is_array(value):
        refuse(f"{name} must be an array", name)
    elif name in _LIMITED and len(value) > limits.BROADCAST_ITEMS:
        refuse(f"{name} cannot have more than {limits.BROADCAST_ITEMS} entries", name)
    return name


def _entry(audience: str | None, value: Any) -> Any:
    if audience == "ids":
        return {"id": value}
    return {"email": value} if audience == "emails" else value


def run_trigger(workspace: Workspace, call: Call, made: Trigger, entries: list[Any] | None) -> None:
    """Queue the messages of a trigger, all of them or, when an entry is wrong, none.

    Args:
        workspace: The workspace.
        call: The request.
        made: The trigger.
        entries: One object with id or email for each receiver; None for the audience that the filter says.
    """
    broadcast = workspace.account.broadcasts[made.broadcast_id]
    if entries is None:
        receivers = _by_filter(workspace, made, broadcast)
    else:
        receivers = _by_entries(workspace, made, entries)
    if made.errors:
        return
    for receiver in receivers:
        outline = Outline(
            channel=broadcast.channel,
            recipient=receiver.person.email,
            template=broadcast.id,
            template_name=broadcast.name,
            origin="broadcast",
            content=broadcast.content,
            data={**made.data, **receiver.data},
            request_body={},
            trigger_id=made.id,
            undeliverable=receiver.person.unsubscribed,
        )
        queue_message(workspace, call, receiver.person, outline)
    made.sent, made.processed_at = len(receivers), call.now


def _by_filter(workspace: Workspace, made: Trigger, broadcast: Broadcast) -> list[_Receiver]:
    chosen = made.options.get("recipients") or broadcast.recipients
    if chosen is None:
        return []
    test = read_filter(chosen, "recipients")
    return [_Receiver(person, {}) for person in workspace.people if test(person)]


def _by_entries(workspace: Workspace, made: Trigger, entries: list[Any]) -> list[_Receiver]:
    receivers: list[_Receiver] = []
    seen: set[str] = set()
    for line, entry in enumerate(entries, 1):
        problem = _add(workspace, made, entry, receivers, seen)
        if problem is not None:
            made.errors.append(f"line {line}: {problem}")
    return receivers


def _add(
    workspace: Workspace, made: Trigger, entry: Any, receivers: list[_Receiver], seen: set[str]
) -> str | None:
    """Add the receiver an entry names, or say what is wrong with it."""
    keys = [kind for kind in ("id", "email") if is_object(entry) and entry.get(kind) is not None]
    if not is_object(entry) or len(keys) != 1:
        return "exactly one of id and email is needed"
    kind, value = keys[0], entry[keys[0]]
    if not isinstance(value, str) or not value:
        return f"{kind} must be a string"
    if entry.get("data") is not None and not is_object(entry["data"]):
        return "data must be an object"
    person = workspace.people.find(Identifier(kind, value))
    if person is None:
        return None if flag(made.options, f"{kind}_ignore_missing") else f"no person has this {kind}"
    if kind == "email" and person.cio_id in seen and not flag(made.options, "email_add_duplicates"):
        return None
    seen.add(person.cio_id)
    receivers.append(_Receiver(person, entry.get("data") or {}))
    return None


def supply_trigger(workspace: Workspace, call: Call, key: tuple[int, ...], content: bytes | None) -> None:
    """Go on with a trigger whose file was fetched.

    Args:
        workspace: The workspace.
        call: On whose behalf.
        key: Broadcast and trigger.
        content: The file, JSON Lines; None when it could not be fetched.
    """
    made = workspace.account.triggers.get((key[0], key[1]))
    if made is None:
        return
    if content is None:
        made.errors.append("data_file_url could not be fetched")
        return
    entries: list[Any] = []
    for line in content.splitlines():
        if line.strip():
            try:
                entries.append(msgspec.json.decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                entries.append(None)
    run_trigger(workspace, call, made, entries)


def _find_trigger(visit: Visit) -> Trigger:
    broadcast_id = number(visit.path["broadcast_id"], "broadcastID")
    trigger_id = number(visit.path["trigger_id"], "triggerID")
    found = visit.workspace.account.triggers.get((broadcast_id, trigger_id))
    if found is None:
        refuse("trigger does not exist", "trigger_id", "not_found", 404)
    return found


def _view(made: Trigger) -> Body:
    return {
        "id": made.id,
        "broadcast_id": made.broadcast_id,
        "created_at": int(made.created_at),
        "processed_at": None if made.processed_at is None else int(made.processed_at),
    }


def status(visit: Visit) -> Reply:
    """Say what became of a trigger: GET /v1/campaigns/{broadcast_id}/triggers/{trigger_id}."""
    return app_reply(200, _view(_find_trigger(visit)))


def errors(visit: Visit) -> Reply:
    """List a trigger's errors: GET /v1/campaigns/{broadcast_id}/triggers/{trigger_id}/errors."""
    part, following = cut(_find_trigger(visit).errors, read_page(visit, 50, 1000))
    return app_reply(200, {"errors": part, "next": following})


def list_triggers(visit: Visit) -> Reply:
    """List a broadcast's triggers: GET /v1/broadcasts/{broadcast_id}/triggers."""
    wanted = number(visit.path["broadcast_id"], "broadcastID")
    account = visit.workspace.account
    if wanted not in account.broadcasts:
        refuse(f"broadcast with id {wanted} does not exist", "broadcast_id", "not_found", 404)
    found = [_view(made) for made in account.triggers.values() if made.broadcast_id == wanted]
    return app_reply(200, {"triggers": found})


_TRIGGERS: Final = "/v1/campaigns/{broadcast_id}/triggers"

ROUTES: Final = (
    Route("app", "POST", _TRIGGERS, trigger),
    Route("app", "GET", f"{_TRIGGERS}/{{trigger_id}}", status),
    Route("app", "GET", f"{_TRIGGERS}/{{trigger_id}}/errors", errors),
    Route("app", "GET", "/v1/broadcasts/{broadcast_id}/triggers", list_triggers),
)
