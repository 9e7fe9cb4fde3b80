"""What happened, in order and bounded: events, requests, warnings, and the feed that followers read.

Knows the records but not how they came about.
"""

from collections import deque
from collections.abc import Callable, Mapping
from itertools import islice, takewhile
from typing import Any, Final, NamedTuple

from ciokit.sandbox.state.records import Event, RequestRecord, Warned
from ciokit.sandbox.state.retention import Bounded, Retention

_HEAD_BYTES: Final = 2000
"""What a request's path and headers have beside its body; what is more weighs as much as a body, and goes with it."""


class FeedEntry(NamedTuple):
    """Point to one thing that happened."""

    seq: int
    kind: str
    record: Any


class Journal:
    """Number everything that happens and keep the newest of it.

    Args:
        retention: How much to keep.
        forget_event: Called with each event that is let go.
        seq: Number of the last thing that happened before.
    """

    def __init__(self, retention: Retention, forget_event: Callable[[Event], None], seq: int = 0) -> None:
        self.seq: int = seq
        self.events: Bounded[Event] = Bounded(retention.events, retention.event_bytes, forget_event)
        self.requests: deque[RequestRecord] = deque(maxlen=retention.requests)
        self.warnings: deque[Warned] = deque(maxlen=retention.warnings)
        self.feed: deque[FeedEntry] = deque(maxlen=retention.feed)
        self.events_added: int = 0
        self.warnings_added: int = 0
        self._bodies: Bounded[RequestRecord] = Bounded(
            retention.requests, retention.request_bytes, _drop_body
        )

    def next_seq(self) -> int:
        """Return the number of the next thing that happens."""
        self.seq += 1
        return self.seq

    def add_event(self, event: Event) -> None:
        """Keep an event.

        Args:
            event: The event, numbered.
        """
        self.events_added += 1
        self.events.append(event, event.size)
        self.feed.append(FeedEntry(event.seq, "event", event))

    def add_request(self, record: RequestRecord) -> None:
        """Keep a request and, within bounds, its body and its answer.

        Args:
            record: The request, numbered.
        """
        self.requests.append(record)
        head = len(record.path) + len(record.query) + _weigh(record.headers)
        weight = record.size + len(record.answer or b"") + max(0, head - _HEAD_BYTES)
        if weight:
            self._bodies.append(record, weight)
        self.feed.append(FeedEntry(record.seq, "request", record))

    def add_warning(self, warned: Warned) -> None:
        """Keep a warning.

        Args:
            warned: The warning, numbered.
        """
        self.warnings_added += 1
        self.warnings.append(warned)
        self.feed.append(FeedEntry(warned.seq, "warning", warned))

    def feed_after(self, after: int, most: int) -> tuple[list[FeedEntry], bool]:
        """Return the feed's entries after a position, oldest first.

        Args:
            after: The `seq` of the last entry seen.
            most: How many entries at most.

        Returns:
            The entries, and whether older ones that nobody saw may have been let go.
        """
        newer = list(takewhile(lambda entry: entry.seq > after, reversed(self.feed)))
        return newer[::-1][:most], len(newer) == self.feed.maxlen

    def newest_after(self, after: int, most: int) -> tuple[list[FeedEntry], bool]:
        """Return the newest of the feed's entries after a position, oldest first.

        Args:
            after: The `seq` of the last entry seen.
            most: How many entries at most.

        Returns:
            The entries, and whether older ones were left out.
        """
        newer = list(takewhile(lambda entry: entry.seq > after, islice(reversed(self.feed), most + 1)))
        return newer[:most][::-1], len(newer) > most

    def announce(self, kind: str, record: Any) -> None:
        """Tell followers about something that is kept elsewhere.

        Args:
            kind: `person`, `message`, ...
            record: What changed.
        """
        self.feed.append(FeedEntry(self.next_seq(), kind, record))


def _weigh(headers: Mapping[str, str]) -> int:
    return sum(len(name) + len(value) for name, value in headers.items())


def _drop_body(record: RequestRecord) -> None:
    record.body = record.answer = None
    record.path, record.query = record.path[:_HEAD_BYTES], record.query[:_HEAD_BYTES]
    if _weigh(record.headers) > _HEAD_BYTES:
        record.headers = {}
