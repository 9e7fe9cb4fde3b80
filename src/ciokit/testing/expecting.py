"""What a test may expect: an event, by instance, class or name, and which of those that arrived it fits.

Knows the sandbox's records, but not where they come from.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar, cast

import msgspec

from ciokit.encoding.drafts import Encoding
from ciokit.encoding.track_v2 import encode
from ciokit.events import Attributes, Event
from ciokit.operations import Identify, Track
from ciokit.sandbox.state.records import Event as ReceivedEvent
from ciokit.testing.comparing import Difference, compare, show

__all__ = ["EventLike", "EventT", "ExpectedEvent", "attributes_of", "expect", "read_back"]

EventT = TypeVar("EventT", bound=Event)
EventLike: TypeAlias = Event | type[Event] | str
"""An event with its data, a class of events, or an event's name."""
_STAMP: Final = "tracked_at"
"""What a client adds to an event's data unless it was told not to."""
_NOBODY: Final = "nobody"


class ExpectedEvent(NamedTuple):
    """Describe an event that should, or should not, have arrived.

    Args:
        name: Its name.
        data: Its data; None when any will do.
        partial: Whether there may be further data.
        naive_utc: Whether datetimes without a time zone are UTC.
    """

    name: str
    data: Mapping[str, Any] | None
    partial: bool
    naive_utc: bool

    def differences(self, event: ReceivedEvent) -> list[Difference]:
        """Tell where the data of an event of the same name differ.

        Args:
            event: What arrived.

        Returns:
            The differences; none if it is the one.
        """
        if self.data is None:
            return []
        received = event.data
        if _STAMP not in self.data:
            received = {name: value for name, value in received.items() if name != _STAMP}
        return list(compare(self.data, received, partial=self.partial, naive_utc=self.naive_utc))

    def fits(self, event: ReceivedEvent) -> bool:
        """Tell whether an event is the one."""
        return event.name == self.name and not self.differences(event)

    def __str__(self) -> str:
        if self.data is None:
            return f"{self.name} with any data"
        return f"{self.name} {show(self.data)}{' or more' if self.partial else ''}"


def expect(
    event: EventLike,
    data: Mapping[str, Any] | None = None,
    *,
    partial: bool = False,
    naive_utc: bool = False,
) -> ExpectedEvent:
    """Understand what a test says of an event.

    Args:
        event: An instance, a class or a name.
        data: The data, to go with a class or a name.
        partial: Whether there may be further data.
        naive_utc: Whether datetimes without a time zone are UTC.

    Returns:
        The expectation.

    Raises:
        InvalidData: If the instance could not have been sent.
        TypeError: If `data` comes with an instance, which has its own.
    """
    if isinstance(event, Event):
        if data is not None:
            msg = f"{type(event).__name__} has its data already: give the class or the name to go with data"
            raise TypeError(msg)
        return ExpectedEvent(
            type(event).__event_name__, _data_of(event, naive_utc=naive_utc), partial, naive_utc
        )
    name = event if isinstance(event, str) else event.__event_name__
    return ExpectedEvent(name, data, partial, naive_utc)


def _data_of(event: Event, *, naive_utc: bool) -> dict[str, Any]:
    """Return an event's data as they are sent, less the stamp."""
    entry = encode(Track(_NOBODY, event), Encoding(stamp=False, naive_utc=naive_utc), 0.0)
    return cast("dict[str, Any]", msgspec.json.decode(entry.body)["attributes"])


def attributes_of(attributes: Attributes, *, naive_utc: bool = False) -> dict[str, Any]:
    """Return attributes as they are sent, less the stamp.

    Args:
        attributes: An instance.
        naive_utc: Whether datetimes without a time zone are UTC.

    Returns:
        Values by name; those at their default are not sent and not among them.
    """
    entry = encode(Identify(_NOBODY, attributes), Encoding(stamp=False, naive_utc=naive_utc), 0.0)
    return cast("dict[str, Any]", msgspec.json.decode(entry.body)["attributes"])


def read_back(kind: type[EventT], event: ReceivedEvent) -> EventT:
    """Make an instance of its class again from an event that arrived.

    Args:
        kind: The class.
        event: What arrived.

    Returns:
        The instance.

    Raises:
        AssertionError: If what arrived is no such instance; it names the field.
    """
    data = event.data
    if _STAMP not in {field.encode_name for field in msgspec.structs.fields(kind)}:
        data = {name: value for name, value in data.items() if name != _STAMP}
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError:
        pass
    try:  # a datetime went out as Unix seconds
        return msgspec.convert(data, kind, strict=False)
    except msgspec.ValidationError as error:
        msg = f"{event.name} {show(event.data)} is no {kind.__name__}: {error}"
        raise AssertionError(msg) from None
