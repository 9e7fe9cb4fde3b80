"""What arrived at a sandbox, for a test to read: events, people, messages, and which of it no assertion has found yet.

Outboxes of this process that deliver to the sandbox are emptied before anything is read.
"""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any, Final, cast, overload

from ciokit.events import Event
from ciokit.identifiers import PersonRef
from ciokit.outboxes.lifetime import living
from ciokit.outboxes.shell import OutboxShell
from ciokit.sandbox.faults.rules import ActiveFault, Effect, FaultRule
from ciokit.sandbox.state.records import Event as ReceivedEvent
from ciokit.sandbox.state.records import Message, Person
from ciokit.sandbox.world import World
from ciokit.settings import Api
from ciokit.testing.actions import Action, actions_of
from ciokit.testing.expecting import EventT, read_back
from ciokit.testing.webhooks import SignedWebhook, message_webhook, sign_webhook

__all__ = ["Arrivals", "check_channel", "named"]

_FLUSH_SECONDS: Final = 5.0
_CHANNELS: Final = ("email", "push", "sms", "in_app", "inbox_message", "whatsapp")


def named(person: PersonRef) -> str:
    """Return the identifier of a person as a sandbox is asked for it."""
    if isinstance(person, str):
        return person
    return f"cio_{person.value.removeprefix('cio_')}" if person.key == "cio_id" else person.value


def check_channel(channel: str | None) -> None:
    """Refuse a channel that no message can have: to look for it would find nothing, whatever was sent."""
    if channel is not None and channel not in _CHANNELS:
        message = f"channel: {channel!r} is none of {', '.join(_CHANNELS)}"
        raise ValueError(message)


class Arrivals:
    """Read what arrived at a sandbox, and have it misbehave.

    Args:
        world: The sandbox's world, for all that has no method here: people, segments, requests, warnings, ...
        urls: The addresses that it answers for.

    Attributes:
        world: The sandbox's world.
        flush_timeout: Seconds that a read or an assertion waits for an outbox at most.
    """

    def __init__(self, world: World, urls: Iterable[str]) -> None:
        self.world = world
        self.flush_timeout = _FLUSH_SECONDS
        self._urls = frozenset(urls)
        self._claimed: set[int] = set()
        self._claimed_people: set[str] = set()
        self._claimed_actions: set[tuple[int, int]] = set()

    # What arrived

    @overload
    def events(self, person: PersonRef | None, kind: type[EventT], /) -> list[EventT]: ...

    @overload
    def events(self, person: PersonRef | None = None, kind: str | None = None, /) -> list[ReceivedEvent]: ...

    def events(self, person: PersonRef | None = None, kind: Any = None, /) -> list[Any]:
        """Return the events that arrived, oldest first.

        Args:
            person: Of one person only; None for all, the anonymous included.
            kind: A class, to get instances of it again; or a name; or None for all.

        Returns:
            Instances of the class, or the sandbox's records (`name`, `data`, `timestamp`, `id`, ...).

        Raises:
            AssertionError: If an event of the class's name is no instance of it; it names the field.
        """
        if isinstance(kind, type):
            found = self._events(person, cast("type[Event]", kind).__event_name__)
            return [read_back(cast("type[Event]", kind), event) for event in found]
        return self._events(person, kind)

    def messages(self, person: PersonRef | None = None, channel: str | None = None, /) -> list[Message]:
        """Return the messages that the App API took, oldest first.

        Args:
            person: To one person only.
            channel: `email`, `push`, `sms`, `in_app`, `inbox_message` or `whatsapp`; None for all.

        Returns:
            The sandbox's records (`recipient`, `template`, `content`, `data`, `delivery_id`, ...).

        Raises:
            ValueError: If there is no such channel.
        """
        check_channel(channel)
        self._settle()
        return self.world.messages(None if person is None else named(person), channel)

    def person(self, person: PersonRef) -> Person | None:
        """Return a person with all attributes.

        Args:
            person: The person.

        Returns:
            The sandbox's record (`attributes`, `devices`, `segments`, `suppressed`, ...); None if they are unknown.
        """
        self._settle()
        return self.world.person(named(person))

    def actions(self, person: PersonRef | None = None, name: str | None = None, /) -> list[Action]:
        """Return what was done beside events, people's attributes and messages, oldest first.

        Args:
            person: Only what names this person, by any identifier; None for all.
            name: `delete`, `suppress`, `unsuppress`, `merge`, `add_device`, `delete_device`, `add_relationships`,
                `identify_object`, ...; None for all.

        Returns:
            The actions (`name`, `about`).
        """
        self._settle()
        found = actions_of(self.world.requests)
        if person is not None:
            names = self._names_of(person)
            found = [action for action in found if names & {one.lower() for one in action.about}]
        return [action for action in found if name is None or action.name == name]

    def flush(self, timeout: float | None = None) -> bool:
        """Have every outbox of this process that delivers to this sandbox deliver what it holds.

        Assertions and reads do so by themselves.

        Args:
            timeout: Seconds to wait at most for each; `flush_timeout` if omitted.

        Returns:
            Whether nothing is left.
        """
        seconds = self.flush_timeout if timeout is None else timeout
        outboxes = [outbox for outbox in self._outboxes() if outbox.stats().pending]
        left = [outbox for outbox in outboxes if not outbox.drain(seconds)]
        return not left

    def reset(self) -> None:
        """Forget all faults and everything that arrived, with what outboxes still hold."""
        self._empty_outboxes()
        self.world.reset()
        self._claimed.clear()
        self._claimed_people.clear()
        self._claimed_actions.clear()

    # What goes wrong

    def fail(
        self,
        status: int = 503,
        *,
        times: int | None = None,
        api: Api | None = None,
        path: str = "*",
        retry_after: int | None = None,
    ) -> ActiveFault:
        """Answer with an error from now on.

        Args:
            status: The HTTP status.
            times: How often; None until `reset` or the test's end.
            api: `track`, `app` or `pipelines`; None for all.
            path: Which paths, with `*` for anything.
            retry_after: Seconds in a Retry-After header.

        Returns:
            The fault; its `hits` tell how often it struck.
        """
        effect = Effect(status=status, retry_after=retry_after)
        return self.add_fault(FaultRule(api=api, path=path, effect=effect, times=times))

    def add_fault(self, rule: FaultRule) -> ActiveFault:
        """Switch any fault on: a dropped connection, delays, a script, partial refusals, ...

        Args:
            rule: Which requests go wrong, how, and for how long.

        Returns:
            The fault.
        """
        return self.world.faults.add(rule, self._now())

    # What the vendor says

    def webhook(self, event: dict[str, Any]) -> SignedWebhook:
        """Return a reporting webhook with a valid signature, to be posted to the application under test.

        Args:
            event: The body: `{"event_id": ..., "object_type": "email", "metric": "opened", "data": {...}}`.

        Returns:
            Its body, its headers and the signing key.
        """
        return sign_webhook(event, self._now())

    def message_webhook(self, message: Message, metric: str = "sent") -> SignedWebhook:
        """Return the reporting webhook about a message that was sent, with a valid signature.

        Args:
            message: One of `messages()`.
            metric: What became of it: `sent`, `delivered`, `opened`, `clicked`, `bounced`, ...

        Returns:
            Its body, its headers and the signing key.
        """
        return message_webhook(self.world, message, metric, self._now())

    # For the assertions

    @abstractmethod
    def _now(self) -> float:
        """Return Unix time."""

    def _events(self, person: PersonRef | None, name: str | None = None) -> list[ReceivedEvent]:
        self._settle()
        if person is None:
            return self.world.events(None, name)
        who = named(person)
        somebody = self.world.person(who)
        if somebody is not None and not somebody.suppressed:
            return self.world.events(who, name)
        # Of somebody who is gone the events stay, under the name that they came with.
        return [event for event in self.world.events(None, name) if event.person == who]

    def _settle(self) -> None:
        self.flush()

    def _names_of(self, person: PersonRef) -> set[str]:
        """Return all identifiers of a person that are known, in lower case, with the given one."""
        who = named(person)
        found = self.world.person(who)
        names = [who.removeprefix("cio_")]
        if found is not None:
            names += [name for name in (found.id, found.email, found.phone, found.cio_id) if name]
        return {name.lower() for name in names}

    def _empty_outboxes(self) -> None:
        """Have everything delivered, whatever was made to fail, so that nothing is left to the next test."""
        self.world.faults.remove()
        for outbox in self._outboxes():
            outbox.resume()
        self.flush()

    def _outboxes(self) -> list[OutboxShell[Any]]:
        shells: list[OutboxShell[Any]] = [outbox for outbox in living() if isinstance(outbox, OutboxShell)]
        return [shell for shell in shells if shell.url in self._urls]
