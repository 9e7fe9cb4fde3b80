"""The verbs about a person, written once for every client and the outbox.

Each verb builds an operation and hands it on. What it returns is the shell's: a receipt, an awaitable of one, or
nothing. A verb that is given something wrong raises `InvalidData` at once, asynchronous or not.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Generic, overload

from ciokit import operations as ops
from ciokit.events import Attributes, Event
from ciokit.identifiers import ObjectRef, PersonRef
from ciokit.operations import Data, Operation, Platform, Relationship, Timestamp
from ciokit.typevars import TypeVar
from ciokit.ulids import new_ulid

__all__ = ["AttributesT", "EventT", "PersonVerbs", "ResultT", "moment"]

ResultT = TypeVar("ResultT")
AttributesT = TypeVar("AttributesT", bound=Attributes, default=Attributes)
EventT = TypeVar("EventT", bound=Event, default=Event)


def moment(now: float, id: str | None, timestamp: Timestamp | None) -> tuple[str, Timestamp]:
    """Return an event's ULID and time, which are those of the call unless they were given."""
    return new_ulid(int(now * 1000)) if id is None else id, int(now) if timestamp is None else timestamp


class PersonVerbs(Generic[ResultT, AttributesT, EventT]):
    """Verbs about a person.

    The person is a plain string, which is an id, or an `Id`, `Email`, `Phone` or `CioId`. A verb raises `InvalidData`
    for whatever the vendor would refuse or silently discard.
    """

    @abstractmethod
    def _perform(self, operation: Operation) -> ResultT:
        """Send an operation, or keep it to be sent."""

    @abstractmethod
    def _time(self) -> float:
        """Return Unix time."""

    def _track_now(self, person: PersonRef, event: Event | str) -> ResultT:
        """Record what most calls of `track` record: an event, and nothing said beside; a shell may know a shorter way."""
        ulid, when = moment(self._time(), None, None)
        return self._perform(ops.Track(person, event, None, extra=None, id=ulid, timestamp=when))

    @overload
    def identify(
        self,
        person: PersonRef,
        attributes: AttributesT,
        *,
        extra: Mapping[str, Any] | None = None,
        remove: Sequence[str] = (),
        relationships: Sequence[Relationship] = (),
        timestamp: Timestamp | None = None,
        create: bool = True,
    ) -> ResultT: ...

    @overload
    def identify(
        self: "PersonVerbs[ResultT, Attributes, EventT]",
        person: PersonRef,
        attributes: Data = None,
        *,
        extra: Mapping[str, Any] | None = None,
        remove: Sequence[str] = (),
        relationships: Sequence[Relationship] = (),
        timestamp: Timestamp | None = None,
        create: bool = True,
    ) -> ResultT: ...

    def identify(
        self,
        person: PersonRef,
        attributes: Data = None,
        *,
        extra: Mapping[str, Any] | None = None,
        remove: Sequence[str] = (),
        relationships: Sequence[Relationship] = (),
        timestamp: Timestamp | None = None,
        create: bool = True,
    ) -> ResultT:
        """Create or update a person.

        Args:
            person: The person.
            attributes: The declared attributes; a client without a catalogue also takes a mapping, dataclass, attrs
                instance or pydantic model. At most 300, each name 150 and each value 1,000 bytes.
            extra: Further attributes, in addition to the declared ones.
            remove: Names of attributes to remove from the person.
            relationships: Objects to relate the person to.
            timestamp: When the change happened, to order rapid updates.
            create: False only updates a person who exists already.

        Returns:
            What the client returns for a delivered or accepted operation.

        Raises:
            InvalidData: If something is wrong or over a limit.
        """
        return self._perform(
            ops.Identify(
                person,
                attributes,
                extra=extra,
                remove=remove,
                relationships=relationships,
                timestamp=timestamp,
                create=create,
            )
        )

    @overload
    def track(
        self,
        person: PersonRef,
        event: EventT,
        *,
        extra: Mapping[str, Any] | None = None,
        id: str | None = None,
        timestamp: Timestamp | None = None,
    ) -> ResultT: ...

    @overload
    def track(
        self: "PersonVerbs[ResultT, AttributesT, Event]",
        person: PersonRef,
        event: str,
        data: Data = None,
        *,
        extra: Mapping[str, Any] | None = None,
        id: str | None = None,
        timestamp: Timestamp | None = None,
    ) -> ResultT: ...

    def track(
        self,
        person: PersonRef,
        event: Event | str,
        data: Data = None,
        *,
        extra: Mapping[str, Any] | None = None,
        id: str | None = None,
        timestamp: Timestamp | None = None,
    ) -> ResultT:
        """Record what a person did.

        Args:
            person: The person.
            event: The declared event; a client without a catalogue also takes a name, at most 100 bytes.
            data: The event's data, when `event` is a name.
            extra: Further data, in addition to the declared fields.
            id: A ULID by which Customer.io discards duplicates; a new one by default.
            timestamp: When it happened; now by default. Only events of the past 72 hours trigger campaigns.

        Returns:
            What the client returns for a delivered or accepted operation.

        Raises:
            InvalidData: If something is wrong or over a limit.
        """
        if data is None and extra is None and id is None and timestamp is None:
            return self._track_now(person, event)
        ulid, when = moment(self._time(), id, timestamp)
        return self._perform(ops.Track(person, event, data, extra=extra, id=ulid, timestamp=when))

    def page(
        self,
        person: PersonRef,
        name: str,
        data: Data = None,
        *,
        id: str | None = None,
        timestamp: Timestamp | None = None,
    ) -> ResultT:
        """Record that a person saw a page.

        Args:
            person: The person.
            name: The page's address or title, at most 100 bytes.
            data: Further data about the visit: a mapping, dataclass, attrs instance or pydantic model.
            id: A ULID by which Customer.io discards duplicates; a new one by default.
            timestamp: When it was seen; now by default.
        """
        ulid, when = moment(self._time(), id, timestamp)
        return self._perform(ops.Page(person, name, data, id=ulid, timestamp=when))

    def screen(
        self,
        person: PersonRef,
        name: str,
        data: Data = None,
        *,
        id: str | None = None,
        timestamp: Timestamp | None = None,
    ) -> ResultT:
        """Record that a person saw a screen of an app.

        Args:
            person: The person.
            name: The screen's name, at most 100 bytes.
            data: Further data about the visit: a mapping, dataclass, attrs instance or pydantic model.
            id: A ULID by which Customer.io discards duplicates; a new one by default.
            timestamp: When it was seen; now by default.
        """
        ulid, when = moment(self._time(), id, timestamp)
        return self._perform(ops.Screen(person, name, data, id=ulid, timestamp=when))

    def delete(self, person: PersonRef) -> ResultT:
        """Delete a person; a later `identify` creates them again.

        Args:
            person: The person.
        """
        return self._perform(ops.Delete(person))

    def suppress(self, person: PersonRef) -> ResultT:
        """Delete a person, and have Customer.io refuse their identifiers from now on.

        Args:
            person: The person.
        """
        return self._perform(ops.Suppress(person))

    def unsuppress(self, person: PersonRef) -> ResultT:
        """Have Customer.io accept a suppressed person's identifiers again; nothing is restored.

        Args:
            person: The person.
        """
        return self._perform(ops.Unsuppress(person))

    def merge(self, primary: PersonRef, secondary: PersonRef) -> ResultT:
        """Merge a duplicate person into another, for good.

        Args:
            primary: The person who remains; must exist already, otherwise nothing happens. A `Phone` is refused here.
            secondary: The person who is merged into the primary and deleted. A `Phone` is refused here, too.
        """
        return self._perform(ops.Merge(primary, secondary))

    def add_device(
        self,
        person: PersonRef,
        token: str,
        *,
        platform: Platform,
        last_used: Timestamp | None = None,
        attributes: Data = None,
    ) -> ResultT:
        """Add a device to a person, or update it.

        Args:
            person: The device's owner.
            token: The device's token.
            platform: `ios` or `android`.
            last_used: When the device was last used.
            attributes: `device_os`, `app_version`, ...
        """
        return self._perform(
            ops.AddDevice(person, token, platform=platform, last_used=last_used, attributes=attributes)
        )

    def delete_device(self, person: PersonRef, token: str) -> ResultT:
        """Remove a device from a person.

        Args:
            person: The device's owner.
            token: The device's token.
        """
        return self._perform(ops.DeleteDevice(person, token))

    def add_relationships(self, person: PersonRef, relationships: Sequence[Relationship]) -> ResultT:
        """Relate a person to objects.

        Args:
            person: The person.
            relationships: The objects, each with the attributes of the relationship.
        """
        return self._perform(ops.AddRelationships(person, relationships))

    def delete_relationships(self, person: PersonRef, objects: Sequence[ObjectRef]) -> ResultT:
        """Remove a person's relationships to objects.

        Args:
            person: The person.
            objects: The objects, as `ObjectId` or `CioObjectId`.
        """
        return self._perform(ops.DeleteRelationships(person, objects))
