"""Objects and their relationships to people.

Knows the workspace but nothing of HTTP or of JSON shapes.
"""

from typing import Any

from ciokit.sandbox.records import Object, Person, Relationship
from ciokit.sandbox.shapes import Identifier, refuse
from ciokit.sandbox.workspace import Call, Workspace

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
    return next((found for found in workspace.objects.values() if found.cio_object_id == cio_object_id), None)


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
        number = len(workspace.objects) + 1
        found = Object(f"ob{workspace.number:02x}{call.request:06x}{number:06x}", key[0], key[1])
        workspace.objects[key] = found
    put_attributes(found.attributes, attributes)
    workspace.journal.announce("object", found)
    return found


def put_attributes(held: dict[str, Any], changes: dict[str, Any]) -> None:
    """Apply changes to attributes of an object or a relationship.

    Args:
        held: What is set; changed in place.
        changes: New values; null and the empty string remove.
    """
    for name, value in changes.items():
        if value is None or value == "":
            held.pop(name, None)
        else:
            held[name] = value


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
    put_attributes(relationship.attributes, attributes)
    person.updated_at = call.now


def relate_from_object(
    workspace: Workspace,
    call: Call,
    key: ObjectKey,
    people: list[tuple[Identifier, dict[str, Any]]],
    *,
    add: bool,
) -> None:
    """Add or remove relationships of an object to people.

    Args:
        workspace: The workspace.
        call: The request.
        key: The object.
        people: The people with the attributes of each relationship.
        add: Whether to add.
    """
    for who, attributes in people:
        if add:
            person = workspace.find_or_create(call, who)
            if person is not None:
                relate(workspace, call, person, key, attributes)
        else:
            known = workspace.people.find(who)
            if known is not None:
                known.relationships.pop(key, None)


def key_of(workspace: Workspace, identifiers: dict[str, Any]) -> ObjectKey:
    """Find which object identifiers name.

    Args:
        workspace: The workspace.
        identifiers: `object_type_id` and `object_id`, or `cio_object_id`.

    Returns:
        The object's key.

    Raises:
        RefusedError: They name no object.
    """
    cio_object_id = identifiers.get("cio_object_id")
    if isinstance(cio_object_id, str) and cio_object_id:
        found = find_by_cio_id(workspace, cio_object_id)
        if found is None:
            refuse("no object has this cio_object_id", "identifiers.cio_object_id", "not_found")
        return found.object_type_id, found.object_id
    for field in ("object_type_id", "object_id"):
        value = identifiers.get(field)
        if not isinstance(value, str) or not value:
            refuse(f"Invalid identifier: {field} cannot be null", f"identifiers.{field}")
    type_id: str = identifiers["object_type_id"]
    if not type_id.isdecimal() or int(type_id) < 1:
        refuse("object_type_id must be an integer of 1 or more, as a string", "identifiers.object_type_id")
    return type_id, identifiers["object_id"]
