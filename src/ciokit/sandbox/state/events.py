"""The events of one workspace: deduplication by ULID, anonymous events and their later joining.

Does not know requests or attribute rules; it is told the event and the person.
"""

from ciokit.sandbox import limits
from ciokit.sandbox.state.records import Event, Person
from ciokit.sandbox.state.retention import trim


class Deduplication:
    """Remember the ULIDs of a workspace, the newest first to stay.

    Args:
        most: How many to remember.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._seen: dict[str, Event | None] = {}
        self.collapsed: int = 0

    def seen(self, ulid: str, attempt: int) -> bool:
        """Tell whether an event arrived before, and count this delivery if so.

        Args:
            ulid: The event's id.
            attempt: The client's `X-Retry-Count`.

        Returns:
            Whether it is a duplicate.
        """
        if ulid not in self._seen:
            return False
        self.collapsed += 1
        first = self._seen[ulid]
        if first is not None:
            first.duplicates += 1
            first.attempts = (*first.attempts[:63], attempt)
        return True

    def remember(self, ulid: str, event: Event) -> None:
        """Remember an event that was accepted.

        Args:
            ulid: Its id.
            event: The event.
        """
        self._seen[ulid] = event
        trim(self._seen, self._most)

    def forget_event(self, event: Event) -> None:
        """Let go of an event's record but remember its id.

        Args:
            event: The event that is no longer kept.
        """
        if event.id is not None and event.id in self._seen:
            self._seen[event.id] = None


class Anonymous:
    """Hold events of people not yet known, and the people who claimed them.

    Args:
        most: How many claimed ids to remember.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: dict[str, list[Event]] = {}
        self._claimed: dict[str, tuple[str, float]] = {}

    def add(self, event: Event, anonymous_id: str) -> None:
        """Keep an anonymous event until somebody claims its id.

        Args:
            event: The event.
            anonymous_id: The id it came with.
        """
        self._waiting.setdefault(anonymous_id, []).append(event)

    def owner(self, anonymous_id: str) -> tuple[str, float] | None:
        """Return who claimed an anonymous id and when.

        Args:
            anonymous_id: The id.

        Returns:
            The person's cio_id and the time, or None.
        """
        return self._claimed.get(anonymous_id)

    def claim(self, anonymous_id: str, person: Person, now: float) -> list[Event]:
        """Give an anonymous id to a person, once, and return the events that join them.

        Args:
            anonymous_id: The id; it must be unclaimed.
            person: The person.
            now: Unix seconds.

        Returns:
            The events of the past 30 days.
        """
        self._claimed[anonymous_id] = (person.cio_id, now)
        trim(self._claimed, self._most)
        waiting = self._waiting.pop(anonymous_id, [])
        return [event for event in waiting if now - event.received_at <= limits.ANONYMOUS_SECONDS]

    def forget_event(self, event: Event) -> None:
        """Let go of an event that is no longer kept.

        Args:
            event: The event.
        """
        waiting = self._waiting.get(event.anonymous_id or "")
        if waiting is not None and event in waiting:
            waiting.remove(event)
            if not waiting:
                del self._waiting[event.anonymous_id or ""]
