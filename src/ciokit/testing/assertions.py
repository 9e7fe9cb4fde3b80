"""Assertions on what arrived at a sandbox. Each claims what it found, and `assert_nothing_else_sent` looks at the rest.

The words of a failure are made in `failures`.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from ciokit.events import Attributes
from ciokit.identifiers import PersonRef
from ciokit.sandbox.state.records import Event as ReceivedEvent
from ciokit.sandbox.state.records import Message, Person
from ciokit.settings import Settings
from ciokit.testing import failures
from ciokit.testing.arrivals import Arrivals, check_channel, named
from ciokit.testing.comparing import compare
from ciokit.testing.expecting import EventLike, ExpectedEvent, attributes_of, expect

__all__ = ["Assertions", "Data"]

Data: TypeAlias = Mapping[str, Any]


class Assertions(Arrivals):
    """Assert on what arrived."""

    def assert_tracked(
        self,
        person: PersonRef | None,
        event: EventLike,
        data: Data | None = None,
        /,
        *,
        partial: bool = False,
        times: int | None = None,
    ) -> None:
        """Fail unless an event of a person arrived.

        An instance is compared field by field, as it would be sent; so are name and data. The stamp that a client
        adds (`tracked_at`) counts only where the test expects it.

        Args:
            person: The person; None for anybody, including anonymous people.
            event: An instance, a class or a name.
            data: The data, to go with a class or a name; any by default. A value may be one of Python's, or an
                object that knows what it equals (`pytest.approx`, `unittest.mock.ANY`).
            partial: Whether the event may have further data.
            times: The exact number of times; by default, at least once.

        Raises:
            AssertionError: With what was expected, the nearest that arrived, and all that arrived for the person.
        """
        __tracebackhide__ = True
        wanted = self._expect(event, data, partial=partial)
        events = self._events(person)
        found = [event for event in events if wanted.fits(event)]
        if (not found) if times is None else (len(found) != times):
            others = self._events(None)
            raise self._failure(failures.not_tracked(person, wanted, events, len(found), times, others))
        self._claimed.update(event.seq for event in found)

    def assert_not_tracked(
        self,
        person: PersonRef | None,
        event: EventLike | None = None,
        data: Data | None = None,
        /,
        *,
        partial: bool = False,
    ) -> None:
        """Fail if an event of a person arrived.

        Args:
            person: The person; None for anybody.
            event: An instance, a class or a name; any event by default.
            data: The data, to go with a class or a name; any by default.
            partial: Whether an event with further data counts too.

        Raises:
            AssertionError: With what arrived.
        """
        __tracebackhide__ = True
        events = self._events(person)
        if event is None:
            found, what = events, "an event"
        else:
            wanted = self._expect(event, data, partial=partial)
            found, what = [event for event in events if wanted.fits(event)], str(wanted)
        if found:
            raise self._failure(failures.tracked(person, what, found))

    def assert_tracked_in_order(self, person: PersonRef | None, /, *events: EventLike) -> None:
        """Fail unless these events of a person arrived in this order, perhaps with others in between.

        Args:
            person: The person; None for anybody.
            events: Instances, classes or names.

        Raises:
            AssertionError: With the first that is missing from its place, and all that arrived.
        """
        __tracebackhide__ = True
        arrived = self._events(person)
        rest = iter(arrived)
        found: list[ReceivedEvent] = []
        wanted = [self._expect(event) for event in events]
        for position, one in enumerate(wanted):
            match = next((event for event in rest if one.fits(event)), None)
            if match is None:
                raise self._failure(failures.out_of_order(person, wanted, position, arrived, found))
            found.append(match)
        self._claimed.update(event.seq for event in found)

    def assert_identified(self, person: PersonRef, attributes: Attributes | Data | None = None, /) -> None:
        """Fail unless a person exists and has these attributes.

        Args:
            person: The person.
            attributes: An instance, or values by name; the person may have others. What is left at its default in
                an instance is not sent and not compared.

        Raises:
            AssertionError: With each attribute that differs.
        """
        __tracebackhide__ = True
        found = self.person(person)
        if found is None or found.suppressed:
            raise self._failure(failures.unknown(person, found, self.world.people()))
        naive_utc = _naive_utc()
        if isinstance(attributes, Attributes):
            wanted = attributes_of(attributes, naive_utc=naive_utc)
        else:
            wanted = dict(attributes or {})
        differences = list(compare(wanted, found.attributes, partial=True, naive_utc=naive_utc))
        if differences:
            raise self._failure(failures.other_attributes(person, differences, found))
        self._claimed_people.add(found.cio_id)

    def assert_not_identified(self, person: PersonRef, /) -> None:
        """Fail if a person exists, even if only because of an event.

        Args:
            person: The person.

        Raises:
            AssertionError: With their attributes.
        """
        __tracebackhide__ = True
        found = self.person(person)
        if found is not None and not found.suppressed:
            raise self._failure(failures.known(person, found))

    def assert_action(self, person: PersonRef | None, name: str, /, *, times: int | None = None) -> None:
        """Fail unless something was done to a person or an object, beside events, attributes and messages.

        Args:
            person: The person it names, by any identifier; None for anybody, and for objects.
            name: `delete`, `suppress`, `unsuppress`, `merge`, `add_device`, `delete_device`, `add_relationships`,
                `identify_object`, ...; or method and path, for what has no such name.
            times: The exact number of times; by default, at least once.

        Raises:
            AssertionError: With what was done.
        """
        __tracebackhide__ = True
        found = self.actions(person, name)
        if (not found) if times is None else (len(found) != times):
            raise self._failure(failures.not_done(person, name, self.actions(), len(found), times))
        self._claimed_actions.update(action.key for action in found)

    def assert_sent(
        self,
        channel: str | None = None,
        /,
        *,
        to: str | None = None,
        person: PersonRef | None = None,
        template: int | str | None = None,
        data: Data | None = None,
        content: Data | None = None,
        partial: bool = True,
        times: int | None = None,
    ) -> None:
        """Fail unless a message was sent.

        Args:
            channel: `email`, `push`, `sms`, `in_app`, `inbox_message` or `whatsapp`; any if omitted.
            to: The recipient as the application wrote it.
            person: The person it was for.
            template: The transactional message, by number or trigger name, or the broadcast.
            data: The message data.
            content: Subject, body, sender and so on, by name.
            partial: Whether data and content may have more than is named here.
            times: The exact number of times; by default, at least once.

        Raises:
            AssertionError: With the nearest message that was sent, and what differs.
            ValueError: If there is no such channel.
        """
        __tracebackhide__ = True
        check_channel(channel)
        messages = self.messages()
        wanted = {"channel": channel, "to": to, "template": template, "data": data, "content": content}
        if person is not None:
            somebody = self.person(person)
            wanted["person"] = named(person) if somebody is None else somebody.cio_id
        wanted = {name: value for name, value in wanted.items() if value is not None}
        compared = [
            (message, list(_message_differences(wanted, message, partial=partial))) for message in messages
        ]
        found = [message for message, differences in compared if not differences]
        if (not found) if times is None else (len(found) != times):
            raise self._failure(failures.not_sent(wanted, compared, len(found), times))
        self._claimed.update(message.seq for message in found)

    def assert_nothing_sent(self) -> None:
        """Fail if anything at all arrived, good or refused.

        Raises:
            AssertionError: With the requests that came.
        """
        __tracebackhide__ = True
        self._settle()
        if requests := self.world.requests:
            raise self._failure(failures.requested(requests))

    def assert_nothing_else_sent(self) -> None:
        """Fail if anything arrived that no assertion of this test has found: events, people, messages, actions.

        A person counts when they were given attributes, and is found by `assert_identified`; one who is only known
        by an event does not count. Actions (deletions, devices, merges, ...) are found by `assert_action`.

        Raises:
            AssertionError: With what else arrived.
        """
        __tracebackhide__ = True
        events = [event for event in self._events(None) if event.seq not in self._claimed]
        messages = [message for message in self.messages() if message.seq not in self._claimed]
        people = [
            person
            for person in self.world.people()
            if person.cio_id not in self._claimed_people and _was_identified(person)
        ]
        actions = [action for action in self.actions() if action.key not in self._claimed_actions]
        if events or messages or people or actions:
            raise self._failure(failures.sent_too(events, messages, people, actions))

    def assert_nothing_refused(self) -> None:
        """Fail if the sandbox refused anything that was sent, as Customer.io would.

        Raises:
            AssertionError: With each refusal in Customer.io's words.
        """
        __tracebackhide__ = True
        self._settle()
        refused = failures.refusals(self.world.requests)
        if refused:
            raise AssertionError("\n".join(["Customer.io would have refused:", *refused]))

    def _expect(self, event: EventLike, data: Data | None = None, *, partial: bool = False) -> ExpectedEvent:
        return expect(event, data, partial=partial, naive_utc=_naive_utc())

    def _failure(self, lines: list[str]) -> AssertionError:
        """Put a failure together, with what may explain it: refusals, and what has not been delivered yet."""
        refused = failures.refusals(self.world.requests)
        if refused:
            lines += ["", "Customer.io would have refused:", *refused]
        waiting = sum(outbox.stats().pending for outbox in self._outboxes())
        if waiting:
            lines += ["", f"An outbox still holds {waiting} undelivered; see its stats(), or flush() longer."]
        return AssertionError("\n".join(lines))


def _naive_utc() -> bool:
    return Settings.load().naive_utc


def _was_identified(person: Person) -> bool:
    """Tell whether anything but the first identifier, which an event brings too, was said of a person."""
    return len(person.history) > 1


def _message_differences(wanted: Data, message: Message, *, partial: bool) -> Any:
    got = {
        "channel": message.channel,
        "to": message.recipient,
        "template": message.template,
        "data": message.data,
        "content": message.content,
        "person": message.cio_id,
    }
    if isinstance(wanted.get("template"), str):
        got["template"] = message.request_body.get("transactional_message_id")
    for name, value in wanted.items():
        yield from compare(value, got[name], partial=partial, naive_utc=_naive_utc(), path=name)
