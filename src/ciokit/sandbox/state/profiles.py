"""Identities and attributes of people: the rules of creation, update, conflict and order in time.

Knows the workspace but nothing of HTTP or of JSON shapes. Merging is in `merging`.
"""

from typing import Any, Final

import msgspec

from ciokit.sandbox import limits
from ciokit.sandbox.shapes import Identifier, is_integer, is_object
from ciokit.sandbox.state import objects, reporting
from ciokit.sandbox.state.objects import ObjectKey
from ciokit.sandbox.state.records import Change, Person
from ciokit.sandbox.state.rules import Call
from ciokit.sandbox.state.workspace import Workspace

_PREFERENCES: Final = "cio_subscription_preferences"
_IDENTIFIERS: Final = ("id", "email", "phone")
_NOT_ATTRIBUTES: Final = frozenset({"id", "email", "phone", "cio_id", "anonymous_id"})
_CONFLICT: Final = "Attribute Update Failure: another person has this {}"
_FIXED: Final = "Attribute Update Failure: {} is already set; change it with a call by cio_id"
_FULL: Final = "Attribute Update Failure: a person has at most 300 attributes; {} is dropped"


class Identify(msgspec.Struct, frozen=True, kw_only=True):
    """Hold one identify operation.

    Args:
        attributes: Attribute values by name; None and an empty string remove.
        at: When the change happened, Unix seconds.
        update_only: Never create a person.
        relationships: Relationships to add, with their attributes.
        removed: Relationships to remove.
    """

    attributes: dict[str, Any]
    at: float
    update_only: bool = False
    relationships: tuple[tuple[ObjectKey, dict[str, Any]], ...] = ()
    removed: tuple[ObjectKey, ...] = ()


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
    if person is None and _is_ignored(workspace, call, who, change):
        return None
    accepted = [entry for entry in given if _may_set(workspace, call, who, person, entry)]
    created = person is None
    if person is None:
        person = workspace.create(call, who)
    elif who.kind != "cio_id" and getattr(person, who.kind) is None:
        workspace.people.rename(person, who)
    for entry in accepted:
        workspace.people.rename(person, entry)
    set_attributes(workspace, call, person, change)
    for key, attributes in change.relationships:
        objects.relate(workspace, call, person, key, attributes)
    for key in change.removed:
        person.relationships.pop(key, None)
    if created and person.email is None:
        message = "the person has no email address: email cannot reach them"
        workspace.note(call, "profile_without_email", message, who.value)
    workspace.note_time(call, change.at, who.value)
    person.updated_at = call.now
    workspace.journal.announce("person", person)
    return person


def _given(attributes: dict[str, Any]) -> list[Identifier]:
    pairs = ((kind, attributes.get(kind)) for kind in _IDENTIFIERS)
    return [Identifier(kind, value) for kind, value in pairs if isinstance(value, str) and value]


def _by_attributes(workspace: Workspace, who: Identifier, given: list[Identifier]) -> Person | None:
    """Find a known person named in the attributes who has no identifier of the path's kind yet."""
    if who.kind == "cio_id":
        return None
    for identifier in given:
        person = workspace.people.find(identifier)
        if person is not None and getattr(person, who.kind) is None:
            return person
    return None


def _is_ignored(workspace: Workspace, call: Call, who: Identifier, change: Identify) -> bool:
    if workspace.is_blocked(call, who):
        return True
    if who.kind == "cio_id":
        workspace.discard(call, "unknown_cio_id", "no person has this cio_id: the call is dropped", who.value)
        return True
    if change.update_only:
        workspace.discard(call, "update_only", "_update is true and nobody matches: ignored", who.value)
        return True
    return False


def _may_set(
    workspace: Workspace, call: Call, who: Identifier, person: Person | None, identifier: Identifier
) -> bool:
    """Tell whether an identifier in the attributes is taken, and say why not; nothing is changed yet."""
    kind, value = identifier
    current: str | None = (
        (who.value if who.kind == kind else None) if person is None else getattr(person, kind)
    )
    holder = workspace.people.find(identifier)
    if holder is not None and holder is person:
        return current != value
    if holder is None and current is not None and current.lower() == value.lower() and kind == "email":
        return False
    if current == value:
        return False
    if holder is not None:
        workspace.discard(call, "attribute_update_failure", _CONFLICT.format(kind), who.value, kind)
    elif workspace.people.blocked(identifier) is not None:
        workspace.discard(call, "suppressed", f"{kind} is suppressed and cannot be set", who.value, kind)
    elif current is None or who.kind == "cio_id" or _is_changeable(workspace, who, kind):
        return True
    else:
        workspace.discard(call, "attribute_update_failure", _FIXED.format(kind), who.value, kind)
    return False


def _is_changeable(workspace: Workspace, who: Identifier, kind: str) -> bool:
    return kind == "phone" or (kind == "email" and who.kind == "id" and workspace.rules.email_updates_by_id)


def set_attributes(workspace: Workspace, call: Call, person: Person, change: Identify) -> None:
    """Set and remove attributes of a person, each unless it was changed later than this call.

    Args:
        workspace: The workspace.
        call: The request.
        person: The person; identifiers are already set.
        change: What to set.
    """
    for name, value in change.attributes.items():
        if name == "anonymous_id":
            _claim(workspace, call, person, value)
        elif name.startswith(_PREFERENCES + "."):
            _set(workspace, call, person, _PREFERENCES, _with_topic(person, name, value), change.at)
        elif name not in _NOT_ATTRIBUTES:
            _set(workspace, call, person, name, value, change.at)
    for kind in _IDENTIFIERS:
        value = getattr(person, kind)
        if person.attributes.get(kind) != value:
            _set(workspace, call, person, kind, value, change.at)


def _set(workspace: Workspace, call: Call, person: Person, name: str, value: Any, at: float) -> None:
    value = None if value == "" else value
    history = person.history.get(name)
    if history and at < history[-1].at:
        message = f"attribute {name} was changed later than this call's timestamp: the older value is dropped"
        workspace.note(call, "stale_attribute", message, _name_of(person))
        return
    if value == person.attributes.get(name) and (history or value is None):
        return
    if name not in person.attributes and len(person.attributes) >= limits.ATTRIBUTE_COUNT:
        workspace.discard(call, "attribute_update_failure", _FULL.format(name), _name_of(person), name)
        return
    _record(person, name, Change(value, at, call.request), workspace.retention.changes)
    if name == "unsubscribed":
        _subscribe(workspace, call, person, is_unsubscribed(value))
    elif name == _PREFERENCES and value is not None:
        reporting.report_customer(workspace, call, person, f"{_PREFERENCES}_changed", value)
    elif name == "created_at" and value is not None and not _is_date(value):
        message = "created_at is not an integer of Unix seconds before the year 5000: it is no useful date"
        workspace.note(call, "created_at_not_seconds", message, _name_of(person))


def _subscribe(workspace: Workspace, call: Call, person: Person, out: bool) -> None:
    if person.unsubscribed != out:
        person.unsubscribed = out
        reporting.report_customer(workspace, call, person, "unsubscribed" if out else "subscribed")


def _is_date(value: Any) -> bool:
    return is_integer(value) and value < limits.FAR_SECONDS


def _record(person: Person, name: str, change: Change, most: int) -> None:
    history = person.history.setdefault(name, [])
    history.append(change)
    del history[:-most]
    if change.value is None:
        person.attributes.pop(name, None)
    else:
        person.attributes[name] = change.value


def _name_of(person: Person) -> str:
    return person.id or person.email or person.phone or person.cio_id


def is_unsubscribed(value: Any) -> bool:
    """Tell whether a value of `unsubscribed` unsubscribes.

    Args:
        value: The decoded value.

    Returns:
        True for true, 1, "1" and "true" in any case; nothing else unsubscribes.
    """
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
            workspace.note(call, "anonymous_id_reused", message, _name_of(person))
        return
    for event in workspace.anonymous.claim(value, person, call.now):
        event.cio_id = person.cio_id
        person.events.append(event)
    person.events.sort(key=lambda event: event.seq)
    person.attributes["anonymous_id"] = value
    objects.carry_over(workspace, call, person, value)
