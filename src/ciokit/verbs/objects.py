"""The verbs about an object, written once for every client and the outbox; see `ciokit.verbs.person`."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Generic

from ciokit import operations as ops
from ciokit.identifiers import ObjectRef, PersonRef
from ciokit.operations import Data, Operation, Relationship
from ciokit.verbs.person import ResultT

__all__ = ["ObjectVerbs"]


class ObjectVerbs(Generic[ResultT]):
    """Verbs about an object: a company, a course, an account; named by `ObjectId` or `CioObjectId`."""

    @abstractmethod
    def _perform(self, operation: Operation) -> ResultT:
        """Send an operation, or keep it to be sent."""

    def identify_object(
        self,
        object: ObjectRef,
        attributes: Data = None,
        *,
        relationships: Sequence[Relationship] = (),
    ) -> ResultT:
        """Create or update an object.

        Args:
            object: The object; an `ObjectId` creates it if necessary, a `CioObjectId` only updates it.
            attributes: A mapping or declared `Attributes`; a value of None removes the attribute.
            relationships: People to relate it to.
        """
        return self._perform(ops.IdentifyObject(object, attributes, relationships))

    def identify_anonymous(
        self,
        object: ObjectRef,
        anonymous_id: str,
        attributes: Data = None,
        *,
        relationship_attributes: Data = None,
    ) -> ResultT:
        """Create or update an object and relate it to someone who is not identified yet.

        Args:
            object: The object; an `ObjectId` creates it if necessary, a `CioObjectId` only updates it.
            anonymous_id: Gives the relationship to whoever is identified with it later.
            attributes: The object's; a mapping or declared `Attributes`.
            relationship_attributes: The attributes of the relationship.
        """
        return self._perform(ops.IdentifyAnonymous(object, anonymous_id, attributes, relationship_attributes))

    def delete_object(self, object: ObjectRef) -> ResultT:
        """Delete an object and its relationships.

        Args:
            object: The object.
        """
        return self._perform(ops.DeleteObject(object))

    def add_object_relationships(self, object: ObjectRef, relationships: Sequence[Relationship]) -> ResultT:
        """Relate an object to people.

        Args:
            object: The object.
            relationships: The people, each with the attributes of the relationship; a `Phone` is refused here.
        """
        return self._perform(ops.AddObjectRelationships(object, relationships))

    def delete_object_relationships(self, object: ObjectRef, people: Sequence[PersonRef]) -> ResultT:
        """Remove an object's relationships to people.

        Args:
            object: The object.
            people: The people; a `Phone` is refused here.
        """
        return self._perform(ops.DeleteObjectRelationships(object, people))
