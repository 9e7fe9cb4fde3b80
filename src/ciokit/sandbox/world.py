"""The whole sandbox as a pure function of state and request.

Has no clock, socket, thread or chance of its own: time is passed in and randomness is seeded. One lock makes
it safe to share between the threads of whoever drives it.
"""

from collections import deque
from collections.abc import Mapping
from functools import partial
from random import Random
from typing import Final

import msgspec

from ciokit.errors import SettingsError
from ciokit.sandbox.app import broadcasts, content, imports
from ciokit.sandbox.exchange import Answer, Reply, Request
from ciokit.sandbox.faults.effects import apply_effect
from ciokit.sandbox.faults.rules import FaultRules
from ciokit.sandbox.http.auth import DEFAULT_WORKSPACE, Keyring
from ciokit.sandbox.http.rates import RateLimits
from ciokit.sandbox.reading import ReadableWorld
from ciokit.sandbox.reception import Reception
from ciokit.sandbox.shapes import read_digits
from ciokit.sandbox.state.account import Download
from ciokit.sandbox.state.journal import Journal
from ciokit.sandbox.state.kept import SABOTAGED, Keep, Kept
from ciokit.sandbox.state.records import Event, Outgoing, Posted, RequestRecord
from ciokit.sandbox.state.retention import Retention
from ciokit.sandbox.state.rules import Call, Rules
from ciokit.sandbox.state.workspace import Workspace

_SUPPLIES: Final = {
    "import": imports.supply_import,
    "trigger": broadcasts.supply_trigger,
    "collection": content.supply_collection,
}
_KEPT_HEADERS: Final = frozenset({"content-type", "host", "user-agent", "x-retry-count", "x-strict-mode"})
_HIDDEN_HEADERS: Final = frozenset({"authorization", "cookie", "proxy-authorization"})


class World(ReadableWorld):
    """Be Customer.io: hold its state and answer requests.

    Args:
        keys: Workspace by credential (`site_id:api_key`, App key, Pipelines write key); None accepts any.
        region: `us` or `eu`: where the accounts are.
        seed: Seed of everything that is left to chance.
        rate_limits: Answer 429 where the vendor's rate limits are exceeded.
        retention: How much to keep in memory.
        rules: How the workspaces are set up.

    Raises:
        SettingsError: If the region, the rules or `rate_limits` is none.
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
        super().__init__()
        _check_arguments(region, rules, rate_limits)
        self.region = region
        self.retention: Retention = retention or Retention()
        self.rules: Rules = msgspec.structs.replace(rules or Rules(), region=region)
        self.seed = seed
        self._rate_limits = rate_limits
        self._keyring = Keyring(keys)
        self.keep: Keep | None = None
        self._start(0)

    def reset(self) -> None:
        """Forget everything that happened, and all faults; the seed starts again, positions in the feed go on."""
        with self._lock:
            self._start(self.journal.seq)
            self.journal.announce("reset", None)
            if self.keep is not None:
                self.keep(Kept(kind="reset", at=0.0))

    def _start(self, seq: int) -> None:
        chance = Random(self.seed)  # noqa: S311  # repeats on purpose, guards nothing
        self.journal: Journal = Journal(self.retention, self._forget_event, seq)
        self.faults: FaultRules = FaultRules(
            chance, self._lock, partial(self.journal.announce, "faults", None)
        )
        self._workspaces: dict[str, Workspace] = {}
        for name in self._keyring.names() or [DEFAULT_WORKSPACE]:
            self._add_workspace(name)
        limits = RateLimits() if self._rate_limits else None
        self._reception = Reception(self._keyring, self._workspaces, self.region, limits)
        self._handled = self._rejected = 0
        self._posted: deque[Posted] = deque(maxlen=self.retention.messages)

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
            record.dropped = answer.drop
            self._file(record, answer.reply)
            if self.keep is not None and record.processed and request.method != "GET":
                self.keep(_to_keep(request, record))
            return answer

    def repeat(self, kept: Kept) -> None:
        """Do again what a store kept; in order, this gives the world that the store is of.

        Args:
            kept: A request or a supplied file.
        """
        with self._lock:
            if kept.supplied is not None:
                kind, key, fetched = kept.supplied
                self._supply(kept.workspace, kind, key, kept.body if fetched else None, kept.at)
                return
            self._handled = kept.number
            request = Request(kept.method, kept.path, kept.query, kept.headers, kept.body)
            record = self._record(request, "", kept.at)
            record.workspace = kept.workspace
            reply = self._reception.repeat(request, record, frozenset(kept.sabotaged).__contains__)
            if reply is not None:
                self._file(record, reply)

    def _file(self, record: RequestRecord, reply: Reply) -> None:
        record.status, record.answer, record.answer_headers = reply.status, reply.body, reply.headers
        record.seq = self.journal.next_seq()
        self._rejected += len(record.rejected)
        self.journal.add_request(record)

    def _record(self, request: Request, api: str, now: float) -> RequestRecord:
        headers = request.headers
        return RequestRecord(
            seq=0,
            number=self._handled,
            at=now,
            api=api,
            method=request.method,
            path=request.path,
            query=request.query,
            status=0,
            attempt=read_digits(headers.get("x-retry-count", "")) or 0,
            workspace="",
            headers={name: value for name, value in headers.items() if name not in _HIDDEN_HEADERS},
            body=request.body,
            size=len(request.body),
            rejected=[],
        )

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
            self._supply(download.workspace, download.kind, download.key, content, now)
            if self.keep is not None:
                supplied = (download.kind, download.key, content is not None)
                self.keep(
                    Kept(
                        kind="supply",
                        at=now,
                        workspace=download.workspace,
                        supplied=supplied,
                        body=content or b"",
                    )
                )

    def _supply(
        self, workspace: str, kind: str, key: tuple[int, ...], content: bytes | None, now: float
    ) -> None:
        place = self._workspaces.get(workspace)
        if place is not None:
            _SUPPLIES[kind](place, Call(now), key, content)

    def _add_workspace(self, name: str) -> None:
        number = len(self._workspaces) + 1
        self._workspaces[name] = Workspace(
            name,
            number,
            journal=self.journal,
            retention=self.retention,
            rules=self.rules,
            seed=self.seed,
        )

    def _forget_event(self, event: Event) -> None:
        self._workspaces[event.workspace].forget_event(event)


def _to_keep(request: Request, record: RequestRecord) -> Kept:
    return Kept(
        kind="api",
        at=record.at,
        number=record.number,
        workspace=record.workspace,
        method=request.method,
        path=request.path,
        query=request.query,
        headers={name: value for name, value in request.headers.items() if name in _KEPT_HEADERS},
        sabotaged=[r.index for r in record.rejected if r.reason == SABOTAGED and r.index is not None],
        body=request.body,
    )


def _check_arguments(region: object, rules: object, rate_limits: object) -> None:
    """Refuse what would be taken for something else: a mark of a test is checked by no type checker."""
    for name, value, asked, fits in (
        ("region", region, "us or eu", region in {"us", "eu"}),
        ("rules", rules, "a ciokit.sandbox.Rules", rules is None or isinstance(rules, Rules)),
        ("rate_limits", rate_limits, "True or False", isinstance(rate_limits, bool)),
    ):
        if not fits:
            msg = f"{name} must be {asked}, got {value!r}"
            raise SettingsError(msg)
