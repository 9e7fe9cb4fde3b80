"""Identities and attributes of people: the rules of creation, update, conflict, order in time, and merging.

Knows the workspace but nothing of HTTP or of JSON shapes.
"""

from typing import Any

import msgspec

from ciokit.sandbox import limits
from ciokit.sandbox.records import Change, Person, Relationship
from ciokit.sandbox.shapes import Identifier, is_object
from ciokit.sandbox.workspace import Call, Workspace

_PREFERENCES = "cio_subscription_preferences"
_CONFLICT = "Attribute Update Failure: another person has this {}"
_FIXED = "Attribute Update Failure: {} is already set; change it with a call by cio_id"


class Identify(msgspec.Struct, frozen=True, kw_only=True):
    """Hold one identify operation.

    Args:
        attributes: Attribute values by name; None and an empty string remove.
        at: When the change happened, Unix seconds.
        update_only: Never create a person.
        relationships: Relationships to add.
        removed: Relationships to remove, by (object type, object id).
    """

    attributes: dict[str, Any]
    at: float
    update_only: bool = False
    relationships: tuple[Relationship, ...] = ()
    removed: tuple[tuple[str, str], ...] = ()


def identify(workspace: Workspace, call: Call, who: Identifier, change: Identify) -> Person | None:
    """Create or update a person.

    Args:
        workspace: The workspace.
        call: The request.
        who: The person as the sender named them.
        change: What to set.

    Returns:
        The person; None when the call was ignored.
    """
    given = _given(change.attributes)
    person = workspace.people.find(who) or _by_attributes(workspace, who, given)
    if person is None:
        if change.update_only:
            if not workspace.is_blocked(call, who):
                workspace.discard(
                    call, "update_only", "_update is true and nobody matches: ignored", who.value
                )
            return None
        person = workspace.find_or_create(call, who)
        if person is None:
            return None
    elif who.kind != "cio_id" and getattr(person, who.kind) is None:
        workspace.people.rename(person, who)
    for identifier in given:
        _set_identifier(workspace, call, who, person, identifier)
    _set_attributes(workspace, call, person, change)
    person.updated_at = call.now
    workspace.journal.announce("person", person)
    return person


def _given(attributes: dict[str, Any]) -> list[Identifier]:
    kinds = ("id", "email", "phone")
    return [
        Identifier(kind, value) for kind in kinds if isinstance(value := attributes.get(kind), str) and value
    ]


def _by_attributes(workspace: Workspace, who: Identifier, given: list[Identifier]) -> Person | None:
    """Find a known person named in the attributes who has no identifier of the path's kind yet."""
    if who.kind == "cio_id":
        return None
    for identifier in given:
        person = workspace.people.find(identifier)
        if person is not None and getattr(person, who.kind) is None:
            return person
    return None


def _set_identifier(
    workspace: Workspace, call: Call, who: Identifier, person: Person, identifier: Identifier
) -> None:
    kind, value = identifier
    current: str | None = getattr(person, kind)
    holder = workspace.people.find(identifier)
    if holder is person:
        if current != value:
            workspace.people.rename(person, identifier)
        return
    if holder is not None:
        workspace.discard(call, "attribute_update_failure", _CONFLICT.format(kind), who.value, kind)
    elif workspace.people.blocked(identifier) is not None:
        workspace.discard(call, "suppressed", f"{kind} is suppressed and cannot be set", who.value, kind)
    elif current is None or who.kind == "cio_id" or _may_change_email(workspace, who, kind):
        workspace.people.rename(person, identifier)
    else:
        workspace.discard(call, "attribute_update_failure", _FIXED.format(kind), who.value, kind)


def _may_change_email(workspace: Workspace, who: Identifier, kind: str) -> bool:
    return kind in {"email", "phone"} and who.kind == "id" and workspace.rules.email_updates_by_id


def _set_attributes(workspace: Workspace, call: Call, person: Person, change: Identify) -> None:
    for name, value in change.attributes.items():
        if name == "anonymous_id":
            _claim(workspace, call, person, value)
        elif name.startswith(_PREFERENCES + "."):
            _set_attribute(workspace, call, person, _PREFERENCES, _with_topic(person, name, value), change.at)
        elif name not in {"id", "email", "phone", "cio_id"}:
            _set_attribute(workspace, call, person, name, value, change.at)
    for kind in ("id", "email", "phone"):
        value = getattr(person, kind)
        if person.attributes.get(kind) != value:
            _set_attribute(workspace, call, person, kind, value, change.at)
    for relationship in change.relationships:
        person.relationships[relationship.object_type_id, relationship.object_id] = relationship
    for key in change.removed:
        person.relationships.pop(key, None)


def _set_attribute(
    workspace: Workspace, call: Call, person: Person, name: str, value: Any, at: float
) -> None:
    value = None if value == "" else value
    history = person.history.setdefault(name, [])
    if history and at < history[-1].at:
        message = f"attribute {name} was changed later than this call's timestamp: the older value is dropped"
        workspace.note(call, "stale_attribute", message, person.id or person.email)
        return
    if value == person.attributes.get(name) and history:
        return
    history.append(Change(value, at, call.request))
    del history[: -workspace.retention.changes]
    if value is None:
        person.attributes.pop(name, None)
    else:
        person.attributes[name] = value
    if name == "unsubscribed":
        person.unsubscribed = _is_unsubscribed(value)


def _is_unsubscribed(value: Any) -> bool:
    """Tell whether a value unsubscribes: true, 1, "1" and "true" in any case do; nothing else does."""
    return value is True or value == 1 or (isinstance(value, str) and value.lower() in {"true", "1"})


def _with_topic(person: Person, name: str, value: Any) -> dict[str, Any]:
    """Return the person's preferences with one dotted key changed."""
    current = person.attributes.get(_PREFERENCES)
    preferences: dict[str, Any] = dict(current) if is_object(current) else {}
    here = preferences
    *parents, last = name.split(".")[1:]
    for parent in parents:
        inner = here.get(parent)
        here[parent] = dict(inner) if is_object(inner) else {}
        here = here[parent]
    here[last] = value
    return preferences


def _claim(workspace: Workspace, call: Call, person: Person, value: Any) -> None:
    if not isinstance(value, str) or not value or not workspace.rules.event_merging:
        return
    owner = workspace.anonymous.owner(value)
    if owner is not None:
        if owner[0] != person.cio_id:
            message = "the anonymous id was claimed by another person and cannot be used again"
            workspace.note(call, "anonymous_id_reused", message, person.id or person.email)
        return
    for event in workspace.anonymous.claim(value, person, call.now):
        event.cio_id = person.cio_id
        person.events.append(event)
    person.events.sort(key=lambda event: event.seq)
    person.attributes["anonymous_id"] = value


def merge(workspace: Workspace, call: Call, primary: Identifier, secondary: Identifier) -> None:
    """Merge one person into another, who must exist; the secondary is deleted.

    Args:
        workspace: The workspace.
        call: The request.
        primary: Who stays.
        secondary: Who goes.
    """
    stays, goes = workspace.people.find(primary), workspace.people.find(secondary)
    if stays is None or goes is None or stays is goes:
        missing = primary if stays is None else secondary
        message = "merge does nothing: " + (
            "both identifiers name one person" if stays is goes and stays else "one of the two does not exist"
        )
        workspace.discard(call, "merge_without_effect", message, missing.value)
        return
    workspace.remove(goes)
    for kind in ("id", "email", "phone"):
        value: str | None = getattr(goes, kind)
        if getattr(stays, kind) is None and value is not None:
            workspace.people.rename(stays, Identifier(kind, value))
    inherited = {name: value for name, value in goes.attributes.items() if name not in stays.attributes}
    _set_attributes(workspace, call, stays, Identify(attributes=inherited, at=call.now))
    _inherit(workspace, call, stays, goes)
    workspace.journal.announce("person", stays)


def _inherit(workspace: Workspace, call: Call, stays: Person, goes: Person) -> None:
    for event in goes.events:
        if call.now - event.timestamp <= limits.MERGED_EVENT_SECONDS:
            event.cio_id = stays.cio_id
            stays.events.append(event)
    stays.events.sort(key=lambda event: event.seq)
    for segment in goes.segments:
        if segment in workspace.segments and segment not in stays.segments:
            workspace.segments[segment].members[stays.cio_id] = None
            stays.segments.append(segment)
    stays.devices = {**goes.devices, **stays.devices}
    stays.relationships = {**goes.relationships, **stays.relationships}
    stays.updated_at = call.now
