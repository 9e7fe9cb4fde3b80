"""The whole sandbox as a pure function of state and request.

Has no clock, socket, thread or chance of its own: time is passed in and randomness is seeded. One lock makes
it safe to share between the threads of whoever drives it.
"""

import threading
from collections import deque
from collections.abc import Mapping
from functools import partial
from random import Random
from typing import Final

import msgspec

from ciokit.sandbox import app_broadcasts, app_content, app_imports
from ciokit.sandbox.account import Download
from ciokit.sandbox.auth import DEFAULT_WORKSPACE, Keyring
from ciokit.sandbox.effects import apply_effect
from ciokit.sandbox.exchange import Answer, Reply, Request
from ciokit.sandbox.faults import FaultRules
from ciokit.sandbox.journal import FeedEntry, Journal
from ciokit.sandbox.rates import RateLimits
from ciokit.sandbox.reception import Reception
from ciokit.sandbox.records import Event, Message, Outgoing, Person, Posted, RequestRecord, Warned
from ciokit.sandbox.retention import Retention
from ciokit.sandbox.rules import Call, Rules
from ciokit.sandbox.shapes import Identifier, is_email
from ciokit.sandbox.workspace import Workspace

_SUPPLIES: Final = {
    "import": app_imports.supply_import,
    "trigger": app_broadcasts.supply_trigger,
    "collection": app_content.supply_collection,
}
_HIDDEN_HEADERS: Final = frozenset({"authorization", "cookie", "proxy-authorization"})


class World:
    """Be Customer.io: hold its state and answer requests.

    Args:
        keys: Workspace by credential (`site_id:api_key`, App key, Pipelines write key); None accepts any.
        region: `us` or `eu`: where the accounts are.
        seed: Seed of everything that is left to chance.
        rate_limits: Answer 429 where the vendor's rate limits are exceeded.
        retention: How much to keep in memory.
        rules: How the workspaces are set up.
    """

    def __init__(
        self,
        *,
        keys: Mapping[str, str] | None = None,
        region: str = "us",
        seed: int = 0,
        rate_limits: bool = False,
        retention: Retention | None = None,
        rules: Rules | None = None,
    ) -> None:
        self.region = region
        self.retention = retention or Retention()
        self.rules = msgspec.structs.replace(rules or Rules(), region=region)
        self._seed = seed
        self._rate_limits = rate_limits
        self._keyring = Keyring(keys)
        self._lock = threading.RLock()
        self._start(0)

    def reset(self) -> None:
        """Forget everything that happened, and all faults; the seed starts again, positions in the feed go on."""
        with self._lock:
            self._start(self.journal.seq)
            self.journal.announce("reset", None)

    def _start(self, seq: int) -> None:
        chance = Random(self._seed)  # noqa: S311  # repeats on purpose, guards nothing
        self.journal = Journal(self.retention, self._forget_event, seq)
        self.faults = FaultRules(chance, self._lock, partial(self.journal.announce, "faults", None))
        self._workspaces: dict[str, Workspace] = {}
        for name in self._keyring.names() or [DEFAULT_WORKSPACE]:
            self._add_workspace(name)
        limits = RateLimits() if self._rate_limits else None
        self._reception = Reception(self._keyring, self._workspaces, self.region, limits)
        self._handled = self._rejected = 0
        self._posted: deque[Posted] = deque(maxlen=self.retention.messages)

    def feed(self, after: int, most: int) -> tuple[list[FeedEntry], bool]:
        """Return what happened after a position, oldest first.

        Args:
            after: The `seq` of the last entry seen; entries that are no longer kept are left out.
            most: How many entries at most.

        Returns:
            The entries, and whether older ones that nobody saw may have been let go.
        """
        with self._lock:
            return self.journal.feed_after(after, most)

    @property
    def seq(self) -> int:
        """The position of the last thing that happened."""
        return self.journal.seq

    def handle(self, request: Request, now: float) -> Reply:
        """Answer a request as the vendor's server would.

        Args:
            request: The request.
            now: Unix seconds.

        Returns:
            The reply, faults included; a fault that needs the wire is seen by `answer` alone.
        """
        return self.answer(request, now).reply

    def answer(self, request: Request, now: float) -> Answer:
        """Answer a request, and say what is to be done on the wire.

        Args:
            request: The request.
            now: Unix seconds.

        Returns:
            The reply with delay, drop and drip.
        """
        with self._lock:
            self._handled += 1
            api, found = self._reception.find(request)
            record = self._record(request, api, now)
            fault = self.faults.choose(api, request.method, request.path, now)
            if fault is None:
                answer = Answer(self._reception.reply(request, api, found, record))
            else:
                record.fault = fault.number
                process = partial(self._reception.reply, request, api, found, record)
                answer = apply_effect(fault, api, request.target, process)
            record.status = answer.reply.status
            record.dropped = answer.drop
            record.seq = self.journal.next_seq()
            self._rejected += len(record.rejected)
            self.journal.add_request(record)
            return answer

    def _record(self, request: Request, api: str, now: float) -> RequestRecord:
        headers = request.headers
        attempt = headers.get("x-retry-count", "0")
        return RequestRecord(
            seq=0,
            number=self._handled,
            at=now,
            api=api,
            method=request.method,
            path=request.path,
            query=request.query,
            status=0,
            attempt=int(attempt) if attempt.isdecimal() and len(attempt) < 10 else 0,
            workspace="",
            headers={name: value for name, value in headers.items() if name not in _HIDDEN_HEADERS},
            body=request.body,
            size=len(request.body),
            rejected=[],
        )

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

    def take_outgoing(self) -> list[Outgoing]:
        """Hand over the reporting webhooks that wait to be posted.

        Returns:
            The webhooks, oldest first; they are no longer kept here.
        """
        with self._lock:
            return [
                place.outgoing.popleft() for place in self._places(None) for _ in range(len(place.outgoing))
            ]

    def note_posted(self, outgoing: Outgoing, status: int | None, error: str | None, now: float) -> None:
        """Record what became of a reporting webhook.

        Args:
            outgoing: The webhook.
            status: The status answered, if any.
            error: Why there was no answer.
            now: Unix seconds.
        """
        with self._lock:
            self._posted.append(Posted(self.journal.next_seq(), now, outgoing.url, status, error))

    @property
    def posted(self) -> list[Posted]:
        """What became of the reporting webhooks, oldest first."""
        with self._lock:
            return list(self._posted)

    def take_downloads(self) -> list[Download]:
        """Hand over what waits for a file: imports, triggers and collections by URL.

        Returns:
            What to fetch; answer each with `supply`.
        """
        with self._lock:
            return [
                place.downloads.popleft() for place in self._places(None) for _ in range(len(place.downloads))
            ]

    def supply(self, download: Download, content: bytes | None, now: float) -> None:
        """Go on with what waited for a file.

        Args:
            download: What was asked for.
            content: The file's bytes; None when it could not be fetched.
            now: Unix seconds.
        """
        with self._lock:
            place = self._workspaces[download.workspace]
            _SUPPLIES[download.kind](place, Call(now), download.key, content)

    @property
    def requests(self) -> list[RequestRecord]:
        """The retained requests, oldest first."""
        with self._lock:
            return list(self.journal.requests)

    @property
    def warnings(self) -> list[Warned]:
        """What the vendor would have discarded or misread in silence, oldest first."""
        with self._lock:
            return list(self.journal.warnings)

    @property
    def workspace_names(self) -> list[str]:
        """Names of the workspaces, the first is the one that calls without credentials are for."""
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
            Counts by name.
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
            }

    def _places(self, workspace: str | None) -> list[Workspace]:
        return list(self._workspaces.values()) if workspace is None else [self._workspaces[workspace]]

    def _add_workspace(self, name: str) -> None:
        number = len(self._workspaces) + 1
        self._workspaces[name] = Workspace(
            name,
            number,
            journal=self.journal,
            retention=self.retention,
            rules=self.rules,
            seed=self._seed,
        )

    def _forget_event(self, event: Event) -> None:
        self._workspaces[event.workspace].forget_event(event)


def _candidates(identifier: str) -> list[Identifier]:
    if identifier.startswith("cio_"):
        return [Identifier("cio_id", identifier[4:])]
    kinds = ("email", "id") if is_email(identifier) else ("id", "phone", "cio_id")
    return [Identifier(kind, identifier) for kind in kinds]
