"""Objects and their relationships to people.

Knows the workspace but nothing of HTTP.
"""

from typing import Any, Final

import msgspec

from ciokit.sandbox import limits
from ciokit.sandbox.shapes import Identifier, find_too_long, is_object, read_digits, refuse
from ciokit.sandbox.state.records import Object, Person, Relationship
from ciokit.sandbox.state.retention import trim
from ciokit.sandbox.state.rules import Call
from ciokit.sandbox.state.workspace import Workspace

_SURELY_SMALL: Final = 80
"""So many attributes of the largest size stay below the limit of all of them."""
_FULL: Final = "Attribute Update Failure: more than 300 attributes together; what this call brings is dropped"
_LARGE: Final = "Attribute Update Failure: more than 100kb together; what this call brings is dropped"

ObjectKey = tuple[str, str]
"""Object type id and object id."""


def find_by_cio_id(workspace: Workspace, cio_object_id: str) -> Object | None:
    """Find an object by Customer.io's own id.

    Args:
        workspace: The workspace.
        cio_object_id: The id.

    Returns:
        The object, or None.
    """
    key = workspace.object_keys.get(cio_object_id)
    return None if key is None else workspace.objects.get(key)


def identify(workspace: Workspace, call: Call, key: ObjectKey, attributes: dict[str, Any]) -> Object:
    """Create or update an object; null and the empty string remove an attribute.

    Args:
        workspace: The workspace.
        call: The request.
        key: The object.
        attributes: Attribute values by name.

    Returns:
        The object.
    """
    found = workspace.objects.get(key)
    if found is None:
        cio_object_id = f"ob{workspace.number:02x}{call.request:06x}{workspace.next_serial(call):04x}"
        found = Object(cio_object_id, key[0], key[1])
        workspace.objects[key] = found
        workspace.object_keys[found.cio_object_id] = key
        trim(workspace.object_keys, workspace.retention.objects)
        trim(workspace.objects, workspace.retention.objects)
    put_attributes(workspace, call, found.attributes, attributes)
    found.updated_at = call.now
    workspace.journal.announce("object", found)
    return found


def put_attributes(workspace: Workspace, call: Call, held: dict[str, Any], changes: dict[str, Any]) -> None:
    """Apply changes to attributes of an object or a relationship; all or, where they are too many, none.

    Args:
        workspace: The workspace.
        call: The request.
        held: What is set; changed in place.
        changes: New values; null and the empty string remove.
    """
    wanted = {name: value for name, value in {**held, **changes}.items() if value is not None and value != ""}
    if len(wanted) > limits.ATTRIBUTE_COUNT:
        workspace.discard(call, "attribute_update_failure", _FULL)
    elif len(wanted) > _SURELY_SMALL and _size(wanted) > limits.OBJECT_ATTRIBUTES_BYTES:
        workspace.discard(call, "attribute_update_failure", _LARGE)
    else:
        held.clear()
        held.update(wanted)


def _size(attributes: dict[str, Any]) -> int:
    return len(msgspec.json.encode(attributes))


def delete(workspace: Workspace, key: ObjectKey) -> None:
    """Delete an object and its relationships.

    Args:
        workspace: The workspace.
        key: The object.
    """
    found = workspace.objects.pop(key, None)
    if found is None:
        return
    for person in workspace.people:
        person.relationships.pop(key, None)
    workspace.journal.announce("object_deleted", found)


def relate(
    workspace: Workspace, call: Call, person: Person, key: ObjectKey, attributes: dict[str, Any]
) -> None:
    """Relate a person to an object, which is created if unknown.

    Args:
        workspace: The workspace.
        call: The request.
        person: The person.
        key: The object.
        attributes: Attributes of the relationship.
    """
    if key not in workspace.objects:
        identify(workspace, call, key, {})
    relationship = person.relationships.get(key)
    if relationship is None:
        relationship = person.relationships[key] = Relationship(key[0], key[1])
    put_attributes(workspace, call, relationship.attributes, attributes)
    person.updated_at = call.now


def relate_people(
    workspace: Workspace, call: Call, key: ObjectKey, people: list[tuple[Identifier, dict[str, Any]]]
) -> None:
    """Relate an object to people; unknown people are created.

    Args:
        workspace: The workspace.
        call: The request.
        key: The object.
        people: The people with the attributes of each relationship.
    """
    for who, attributes in people:
        person = workspace.find_or_create(call, who)
        if person is not None:
            relate(workspace, call, person, key, attributes)


def unrelate_people(workspace: Workspace, key: ObjectKey, people: list[Identifier]) -> None:
    """Remove relationships of an object to people.

    Args:
        workspace: The workspace.
        key: The object.
        people: The people; unknown ones are ignored.
    """
    for who in people:
        person = workspace.people.find(who)
        if person is not None:
            person.relationships.pop(key, None)


def relate_anonymous(
    workspace: Workspace, call: Call, key: ObjectKey, anonymous_id: str, attributes: dict[str, Any]
) -> None:
    """Relate an object to somebody not yet known, or to the person who already claimed the anonymous id.

    Args:
        workspace: The workspace.
        call: The request.
        key: The object.
        anonymous_id: The anonymous id.
        attributes: Attributes of the relationship.
    """
    owner = workspace.anonymous.owner(anonymous_id)
    person = None if owner is None else workspace.people.find(Identifier("cio_id", owner[0]))
    if person is not None:
        relate(workspace, call, person, key, attributes)
        return
    workspace.anonymous_objects.setdefault(anonymous_id, {})[key] = attributes
    trim(workspace.anonymous_objects, workspace.retention.objects)


def carry_over(workspace: Workspace, call: Call, person: Person, anonymous_id: str) -> None:
    """Give a person the relationships made under the anonymous id they claimed.

    Args:
        workspace: The workspace.
        call: The request.
        person: The person.
        anonymous_id: The id.
    """
    for key, attributes in workspace.anonymous_objects.pop(anonymous_id, {}).items():
        relate(workspace, call, person, key, attributes)


def key_of(workspace: Workspace, identifiers: dict[str, Any], field: str = "identifiers") -> ObjectKey:
    """Find which object identifiers name.

    Args:
        workspace: The workspace.
        identifiers: `object_type_id` and `object_id`, or `cio_object_id`.
        field: Where they stand.

    Returns:
        The object's key.

    Raises:
        RefusedError: If they name no object.
    """
    cio_object_id = identifiers.get("cio_object_id")
    if isinstance(cio_object_id, str) and cio_object_id:
        found = find_by_cio_id(workspace, cio_object_id)
        if found is None:
            refuse("no object has this cio_object_id", f"{field}.cio_object_id", "not_found")
        return found.object_type_id, found.object_id
    type_id = _text(identifiers, "object_type_id", field)
    if not read_digits(type_id):
        refuse("object_type_id must be an integer of 1 or more, as a string", f"{field}.object_type_id")
    return type_id, _text(identifiers, "object_id", field)


def _text(identifiers: dict[str, Any], name: str, field: str) -> str:
    value = identifiers.get(name)
    if value is not None and not isinstance(value, str):
        refuse(f"Invalid identifier: {name} must be a string", f"{field}.{name}")
    if not value:
        refuse(f"Invalid identifier: {name} cannot be null", f"{field}.{name}", "required")
    if len(value.encode()) > limits.IDENTIFIER_BYTES:
        refuse(f"Invalid identifier: {name} cannot be longer than 150 bytes", f"{field}.{name}")
    return value


def check_attributes(value: Any, field: str) -> dict[str, Any]:
    """Check the attributes of an object or a relationship.

    Args:
        value: The decoded value; None means none.
        field: Where it stands.

    Returns:
        The attributes.

    Raises:
        RefusedError: If it is no object, has more than 300 attributes or 100 KB, or one of them is too long.
    """
    if value is None:
        return {}
    if not is_object(value):
        refuse("attributes must be an object", field)
    if len(value) > limits.ATTRIBUTE_COUNT:
        refuse("cannot set more than 300 attributes in one request", field)
    too_long = find_too_long(value)
    if too_long is not None:
        name, part, most = too_long
        refuse(f"property {part} cannot be longer than {most} bytes", f"{field}.{name}")
    if len(value) > _SURELY_SMALL and _size(value) > limits.OBJECT_ATTRIBUTES_BYTES:
        refuse("attributes cannot be larger than 100kb", field)
    return value
