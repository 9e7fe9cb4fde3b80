"""One workspace: its state, and what an operation does to events, people and suppression.

Attributes are in `profiles`, other things in modules of their names. Knows nothing of HTTP or of JSON shapes.
"""

import hashlib
from collections import deque
from typing import Any, Final

from ciokit.sandbox import limits
from ciokit.sandbox.shapes import Identifier, RefusedError
from ciokit.sandbox.state.account import Account, Download
from ciokit.sandbox.state.events import Anonymous, Deduplication
from ciokit.sandbox.state.journal import Journal
from ciokit.sandbox.state.people import People
from ciokit.sandbox.state.records import (
    Change,
    Event,
    Form,
    Message,
    Metric,
    Object,
    Outgoing,
    Person,
    Segment,
    Warned,
)
from ciokit.sandbox.state.retention import Retention
from ciokit.sandbox.state.rules import Call, Rules

_NAME_CHARACTERS: Final = 300
"""What a warning keeps of a name: an email address in a path has no limit."""


class Workspace:
    """Hold one workspace.

    Args:
        name: Its name.
        number: Its number, from 1 (`environment_id`).
        journal: Where events and warnings are kept, shared by all workspaces.
        retention: How much to keep.
        rules: How it is set up.
        seed: What the ids that Customer.io gives are drawn from.
    """

    def __init__(
        self,
        name: str,
        number: int,
        *,
        journal: Journal,
        retention: Retention,
        rules: Rules,
        seed: int,
    ) -> None:
        self.name = name
        self.number = number
        self.rules = rules
        self.retention = retention
        self.journal = journal
        self.people: People = People(name, retention.people)
        self.objects: dict[tuple[str, str], Object] = {}
        self.object_keys: dict[str, tuple[str, str]] = {}
        self.anonymous_objects: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
        self.segments: dict[int, Segment] = {}
        self.forms: dict[str, Form] = {}
        self.metrics: list[Metric] = []
        self.optouts: dict[str, list[tuple[str, str]]] = {}
        self.messages: dict[str, Message] = {}
        self.queued: int = 0
        self.message_bytes: int = 0
        self.account: Account = Account()
        self.outgoing: deque[Outgoing] = deque(maxlen=retention.messages)
        self.downloads: deque[Download] = deque(maxlen=retention.messages)
        self._seed = seed
        self._drawing = 0
        self._drawn = 0
        self._drawn_outside = 0
        self.deduplication: Deduplication = Deduplication(retention.ulids)
        self.anonymous: Anonymous = Anonymous(retention.people)

    def note(self, call: Call, kind: str, message: str, person: str | None = None) -> None:
        """Record a quirk that changes nothing for the sender.

        Args:
            call: The request.
            kind: Short name of the quirk.
            message: What happened.
            person: Whom it concerns.
        """
        seq = self.journal.next_seq()
        whom = person if person is None else person[:_NAME_CHARACTERS]
        self.journal.add_warning(Warned(seq, call.now, kind, message, whom, call.request, self.name))

    def note_time(self, call: Call, timestamp: float, person: str | None) -> None:
        """Record a time that was hardly meant in seconds, as which it is read.

        Args:
            call: The request.
            timestamp: When an event or a change happened.
            person: Whom it concerns.
        """
        if timestamp >= limits.FAR_SECONDS:
            message = "the timestamp is read in seconds: as such it is beyond the year 5000"
            self.note(call, "timestamp_not_seconds", message, person)

    def discard(
        self, call: Call, kind: str, message: str, person: str | None = None, field: str = ""
    ) -> None:
        """Record that the vendor would silently discard something; call it before anything is changed.

        Args:
            call: The request.
            kind: Short name of the quirk.
            message: What is discarded and why.
            person: Whom it concerns.
            field: The field concerned.

        Raises:
            RefusedError: If the workspace is strict.
        """
        self.note(call, kind, message, person)
        if self.rules.strict:
            raise RefusedError(message, field, kind)

    def draw(self, call: Call, size: int) -> bytes:
        """Draw bytes that look random and are the same whenever the same request is done again.

        Args:
            call: The request.
            size: How many bytes, at most 32.

        Returns:
            The bytes; never the same twice within a workspace.
        """
        text = f"{self._seed}/{self.name}/{call.request}/{self.next_serial(call)}"
        return hashlib.sha256(text.encode()).digest()[:size]

    def next_serial(self, call: Call) -> int:
        """Return a number that is new within the request.

        Args:
            call: The request; what is done without one shares the number 0.

        Returns:
            A number from 1.
        """
        if call.request == 0:
            self._drawn_outside += 1
            return self._drawn_outside
        if call.request != self._drawing:
            self._drawing, self._drawn = call.request, 0
        self._drawn += 1
        return self._drawn

    def is_blocked(self, call: Call, who: Identifier) -> bool:
        """Tell whether an operation must be ignored because its person is suppressed.

        Args:
            call: The request.
            who: The person as the sender named them.

        Returns:
            Whether to ignore it.
        """
        if self.people.blocked(who) is None:
            return False
        self.discard(call, "suppressed", "the person is suppressed: the call is ignored", who.value)
        return True

    def find_or_create(self, call: Call, who: Identifier) -> Person | None:
        """Find the person an operation is for; an unknown id, email or phone makes a new person.

        Args:
            call: The request.
            who: The person as the sender named them.

        Returns:
            The person; None when the operation must be ignored.
        """
        person = self.people.find(who)
        if person is not None:
            return person
        if self.is_blocked(call, who):
            return None
        if who.kind == "cio_id":
            self.discard(call, "unknown_cio_id", "no person has this cio_id: the call is dropped", who.value)
            return None
        message = "no identify came before: a profile without attributes is created"
        self.note(call, "not_identified", message, who.value)
        return self.create(call, who)

    def create(self, call: Call, who: Identifier) -> Person:
        """Create a person.

        Args:
            call: The request.
            who: Their first identifier.

        Returns:
            The person.
        """
        cio_id = f"{self.number:02x}06{call.request:06x}{self.next_serial(call):04x}"
        person = self.people.create(who, cio_id, call.now)
        person.attributes[who.kind] = who.value
        person.history[who.kind] = [Change(who.value, call.now, call.request)]
        eldest = self.people.eldest()
        if eldest is not None:
            self.note(call, "people_retention", "too many people: the oldest was let go", eldest.id)
            self.remove(eldest)
        self.journal.announce("person", person)
        return person

    def remove(self, person: Person) -> None:
        """Remove a person; the events they sent stay in the event log.

        Args:
            person: The person.
        """
        self.people.remove(person)
        for segment in person.segments:
            if segment in self.segments:
                self.segments[segment].members.pop(person.cio_id, None)
        self.journal.announce("person_deleted", person)

    def delete(self, call: Call, who: Identifier) -> None:
        """Delete a person if there is one.

        Args:
            call: The request.
            who: The person as the sender named them.
        """
        person = self.people.find(who)
        if person is not None:
            self.remove(person)
        elif not self.is_blocked(call, who):
            self.note(call, "unknown_person", "no such person: nothing is deleted", who.value)

    def suppress(self, call: Call, who: Identifier) -> None:
        """Delete a person and block their identifiers.

        Args:
            call: The request.
            who: The person as the sender named them.
        """
        person = self.people.find(who)
        if person is not None:
            self.remove(person)
        elif self.people.blocked(who) is not None or who.kind == "cio_id":
            return
        self.people.block(who, person, call.now)

    def unsuppress(self, who: Identifier) -> None:
        """Free a suppressed person's identifiers; restores nothing.

        Args:
            who: The person as the sender named them.
        """
        self.people.unblock(who)

    def track(self, call: Call, who: Identifier, event: Event) -> None:
        """Give an event to a person, once for each ULID.

        Args:
            call: The request.
            who: The person as the sender named them.
            event: The event; its owner and its numbers are filled in here.
        """
        if event.id is not None and self.deduplication.seen(event.id, call.attempt):
            return
        person = self.find_or_create(call, who)
        if person is None:
            return
        event.cio_id = person.cio_id
        person.events.append(event)
        self._keep(call, event)
        if event.id is None and call.attempt:
            message = "a retried event without id may be counted twice"
            self.note(call, "retry_without_id", message, who.value)

    def track_anonymous(self, call: Call, event: Event) -> None:
        """Keep an anonymous event, or give it to the person who claimed its id a moment ago.

        Args:
            call: The request.
            event: The event; without anonymous_id it is an invite and never joins anybody.
        """
        if event.id is not None and self.deduplication.seen(event.id, call.attempt):
            return
        if event.anonymous_id is not None:
            self._place_anonymous(call, event, event.anonymous_id)
        self._keep(call, event)

    def _place_anonymous(self, call: Call, event: Event, anonymous_id: str) -> None:
        owner = self.anonymous.owner(anonymous_id)
        if owner is None:
            self.anonymous.add(event, anonymous_id)
            return
        person = self.people.find(Identifier("cio_id", owner[0]))
        if person is not None and call.now - owner[1] <= limits.LATE_ANONYMOUS_SECONDS:
            event.cio_id = person.cio_id
            person.events.append(event)
        else:
            self.discard(
                call,
                "late_anonymous_event",
                "the anonymous id was claimed more than 5 minutes ago: the event joins nobody",
                anonymous_id,
            )

    def _keep(self, call: Call, event: Event) -> None:
        self.note_time(call, event.timestamp, event.person)
        event.seq = self.journal.next_seq()
        event.request = call.request
        if call.attempt:
            event.attempts = (call.attempt,)
        if event.id is not None:
            self.deduplication.remember(event.id, event)
        self.journal.add_event(event)

    def forget_event(self, event: Event) -> None:
        """Let go of an event that the log no longer keeps.

        Args:
            event: The event.
        """
        self.deduplication.forget_event(event)
        if event.cio_id is None:
            self.anonymous.forget_event(event)
            return
        person = self.people.find(Identifier("cio_id", event.cio_id))
        if person is not None and event in person.events:
            person.events.remove(event)
