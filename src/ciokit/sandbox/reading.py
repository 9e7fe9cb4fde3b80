"""What can be read of a world: people, events, messages, requests, warnings, counts and the live feed.

Every read is a snapshot, taken under the world's lock. Changes nothing.
"""

from collections import deque

from ciokit.locks import new_lock
from ciokit.sandbox.faults.rules import FaultRules
from ciokit.sandbox.shapes import Identifier, is_email
from ciokit.sandbox.state.journal import FeedEntry, Journal
from ciokit.sandbox.state.records import Event, Message, Person, Posted, RequestRecord, Warned
from ciokit.sandbox.state.workspace import Workspace


class ReadableWorld:
    """Hold the parts of a world that are read; `World` fills and changes them."""

    faults: FaultRules
    journal: Journal
    _posted: deque[Posted]
    _workspaces: dict[str, Workspace]
    _handled: int
    _rejected: int

    def __init__(self) -> None:
        self._lock = new_lock()

    def people(self, workspace: str | None = None) -> list[Person]:
        """Return the people, oldest first.

        Args:
            workspace: Of one workspace only.

        Returns:
            The people; suppressed ones are no longer among them.
        """
        with self._lock:
            return [person for place in self._places(workspace) for person in place.people]

    def person(self, identifier: str, workspace: str | None = None) -> Person | None:
        """Find a person by id, email, phone or `cio_` and cio_id.

        Args:
            identifier: The identifier.
            workspace: In one workspace only.

        Returns:
            The person; what is left of one who is suppressed; or None.
        """
        with self._lock:
            for place in self._places(workspace):
                for who in _candidates(identifier):
                    found = place.people.find(who) or place.people.blocked(who)
                    if found is not None:
                        return found
            return None

    def events(
        self, person: str | None = None, name: str | None = None, *, workspace: str | None = None
    ) -> list[Event]:
        """Return the retained events, oldest first.

        Args:
            person: Of one person only, named by any identifier.
            name: Of one name only.
            workspace: Of one workspace only.

        Returns:
            The events.
        """
        with self._lock:
            if person is None:
                found = list(self.journal.events)
            else:
                somebody = self.person(person, workspace)
                found = list(somebody.events) if somebody is not None else []
            return [
                event
                for event in found
                if (name is None or event.name == name)
                and (workspace is None or event.workspace == workspace)
            ]

    def event_names(self, workspace: str | None = None) -> list[str]:
        """Return the names of the retained events, each once and in the order of the alphabet."""
        return sorted({event.name for event in self.events(workspace=workspace)})

    def messages(
        self, person: str | None = None, channel: str | None = None, *, workspace: str | None = None
    ) -> list[Message]:
        """Return the retained messages, oldest first.

        Args:
            person: To one person only, named by any identifier.
            channel: On one channel only: `email`, `push`, `sms`, `in_app`, `inbox_message` or `whatsapp`.
            workspace: Of one workspace only.

        Returns:
            The messages.
        """
        with self._lock:
            somebody = None if person is None else self.person(person, workspace)
            return [
                message
                for place in self._places(workspace)
                for message in place.messages.values()
                if (person is None or (somebody is not None and message.cio_id == somebody.cio_id))
                and (channel is None or message.channel == channel)
            ]

    def message(self, delivery_id: str) -> Message | None:
        """Find a message by the id of its delivery.

        Args:
            delivery_id: The id.

        Returns:
            The message, or None if there is none, or none any more.
        """
        with self._lock:
            held = (place.messages.get(delivery_id) for place in self._workspaces.values())
            return next((message for message in held if message is not None), None)

    @property
    def posted(self) -> list[Posted]:
        """What became of the reporting webhooks, oldest first."""
        with self._lock:
            return list(self._posted)

    @property
    def requests(self) -> list[RequestRecord]:
        """The retained requests, oldest first."""
        with self._lock:
            return list(self.journal.requests)

    @property
    def warnings(self) -> list[Warned]:
        """What the vendor would silently have discarded or misread, oldest first."""
        with self._lock:
            return list(self.journal.warnings)

    @property
    def workspace_names(self) -> list[str]:
        """Names of the workspaces; calls without credentials are for the first."""
        return list(self._workspaces)

    def workspace(self, name: str | None = None) -> Workspace:
        """Return a workspace's state.

        Args:
            name: Its name; None for the first.

        Returns:
            The workspace.
        """
        return next(iter(self._workspaces.values())) if name is None else self._workspaces[name]

    def stats(self) -> dict[str, int]:
        """Count what the world holds and what happened.

        Returns:
            Counts by name; `events` and `warnings` are those still kept, their totals all there were.
        """
        with self._lock:
            places = self._workspaces.values()
            return {
                "people": sum(len(place.people) for place in places),
                "events": len(self.journal.events),
                "duplicates_collapsed": sum(place.deduplication.collapsed for place in places),
                "messages": sum(place.queued for place in places),
                "requests": self._handled,
                "rejected": self._rejected,
                "warnings": len(self.journal.warnings),
                "faults": self.faults.applied,
                "events_total": self.journal.events_added,
                "warnings_total": self.journal.warnings_added,
            }

    def _places(self, workspace: str | None) -> list[Workspace]:
        return list(self._workspaces.values()) if workspace is None else [self._workspaces[workspace]]

    def feed(self, after: int, most: int, *, newest: bool = False) -> tuple[list[FeedEntry], bool]:
        """Return what happened after a position, oldest first.

        Args:
            after: The `seq` of the last entry seen; entries that are no longer kept are left out.
            most: How many entries at most.
            newest: Whether to leave out the oldest of them, rather than the newest, where there are more.

        Returns:
            The entries, and whether older ones that nobody saw may have been let go or left out.
        """
        with self._lock:
            return self.journal.newest_after(after, most) if newest else self.journal.feed_after(after, most)

    @property
    def seq(self) -> int:
        """The position of the last thing that happened."""
        return self.journal.seq


def _candidates(identifier: str) -> list[Identifier]:
    if identifier.startswith("cio_"):
        return [Identifier("cio_id", identifier[4:])]
    kinds = ("email", "id") if is_email(identifier) else ("id", "phone", "cio_id")
    return [Identifier(kind, identifier) for kind in kinds]
