"""The delivery state machine: what goes out next, and what becomes of what went.

It is offered entries, asked for the next batch and told what came back; threads, asyncio, a relay and the tests drive
the same object. Every entry is in one of three places until it is settled:

                    next_batch                    settle
    offer ─► waiting ────────► in flight ───────────────────────► delivered, or rejected with the reason
                                   ▲  │
                       next_batch  │  │ settle: a passing failure, a wrong key, a batch to be split
                                   │  ▼
                                retrying

- A batch goes when `batch_size` entries wait, `flush_interval` after the oldest was offered, or at once after `flush`;
  it then takes along all that may go and fits (`ciokit.dispatch.order`).
- A batch holds the keys of its entries until all of them are settled, also while it waits for its retry. So no two
  batches in flight share a person, and the order of each person's entries survives every failure.
- What the service refuses as a whole (400, 413, ...) is halved until the culprit stands alone. The halves part along
  people where they can, and then go their own ways; halves that share a person go one after the other. A batch that
  keeps failing while others pass is halved too.
- Failures in a row stop everything but one probe at a time; a wrong key stops everything but a slow probe
  (`ciokit.dispatch.breaker`). 429 lowers the rate for all (`ciokit.pacing`). Nothing is rejected for any of these, unless the
  policy bounds the retries.

Pure: no clock, thread, socket, lock or randomness of its own. It knows nothing of where entries are stored. Calls
must not overlap; whoever shares it between threads holds a lock around each.
"""

import math
import sys
from collections.abc import Callable, Sequence
from itertools import chain
from operator import itemgetter

from ciokit.dispatch.batch import Batch, halve, part_if_stuck
from ciokit.dispatch.breaker import Breaker
from ciokit.dispatch.held import Held
from ciokit.dispatch.load import Queued
from ciokit.dispatch.order import Backlog
from ciokit.dispatch.settlement import Pending, Rejection, Settlement, deliver, pause_cause, reject
from ciokit.pacing import Pace
from ciokit.settings import check_range
from ciokit.verdict import Delivered, Outcome, Rejected, Reply, RetryIn, RetryPolicy, judge

__all__ = ["PATIENT", "Batch", "Dispatcher", "Pending", "Queued", "Rejection", "Settlement"]

PATIENT = RetryPolicy(max_retries=sys.maxsize, budget=math.inf)
"""Retry for as long as it takes: an outage never costs an entry."""

PROBED = 8
"""Batches that take turns as the probe. While there are fewer, every second probe carries new entries, later every
eighth: so a few batches that fail for reasons of their own cannot keep the breaker open."""


SEARCH_AFTER = 0.05
"""Seconds for which requests under way are waited for, when all at the front of the queue wait for them: most are back
by then, and to look behind for others costs as much again as to send what is at the front."""


class Dispatcher:
    """Decide what goes out next and what becomes of what went.

    Args:
        policy: How often and how patiently to retry. By default for as long as it takes.
        chance: A source of random numbers from 0 to 1, for the jitter.
        batch_size: Entries that are enough for a batch to go.
        flush_interval: Seconds that an entry waits for company at most.
        rate: Requests a second at most; None for no limit. The default is a fifth of the 1,000 that Customer.io
            documents for the Track API: full batches of it carry more than a process can make, and the workspace's
            other programs have room. Where the service allows less, 429 finds out.
        burst: Requests that may start at once after a quiet time; None for a tenth of a second's worth.
        trip_after: Failures in a row after which only probes go out.
        probe_interval: Seconds between probes while the settings are wrong.

    Raises:
        SettingsError: A setting is out of range.
    """

    def __init__(
        self,
        policy: RetryPolicy = PATIENT,
        *,
        chance: Callable[[], float],
        batch_size: int = 50,
        flush_interval: float = 5.0,
        rate: float | None = 200.0,
        burst: int | None = None,
        trip_after: int = 3,
        probe_interval: float = 60.0,
    ) -> None:
        check_range("batch_size", batch_size, "1 or more", fits=batch_size >= 1)
        check_range("flush_interval", flush_interval, "0 or more seconds", fits=flush_interval >= 0)
        check_range("rate", rate, "more than 0 requests a second, or None", fits=rate is None or rate > 0)
        check_range("burst", burst, "1 or more, or None", fits=burst is None or burst >= 1)
        check_range("trip_after", trip_after, "1 or more", fits=trip_after >= 1)
        check_range("probe_interval", probe_interval, "more than 0 seconds", fits=probe_interval > 0)
        self._policy = policy
        self._chance = chance
        self._flush_interval = flush_interval
        self._flushed_at = -math.inf
        self._backlog = Backlog(batch_size)
        self._held = Held()
        self._serial = 0  # of the newest request
        self._cut_at = 0  # the newest request when the rate was last cut
        self._passes = 0
        self._pace = Pace(rate, burst)
        self._breaker = Breaker(policy, chance, trip_after=trip_after, probe_interval=probe_interval)

    @property
    def count(self) -> int:
        """Return the entries that are not settled."""
        return self._backlog.count + self._held.count

    @property
    def size(self) -> int:
        """Return the bytes of the entries that are not settled, without frames."""
        return self._backlog.size + self._held.size

    @property
    def candidates(self) -> int:
        """Return the entries that no batch holds and that may go, as far as is known."""
        return self._backlog.candidates

    @property
    def blocked(self) -> tuple[int, int]:
        """Return how many entries are known to wait for a batch that holds their people, and their bytes."""
        return self._backlog.blocked

    @property
    def pending(self) -> Pending:
        """Return what is not settled, by place."""
        waiting, held = self._backlog, self._held
        count = sum(len(batch) for batch in held.in_flight.values())
        size = sum(batch.size for batch in held.in_flight.values())
        return Pending(waiting.count, count, held.count - count, waiting.size, size, held.size - size)

    @property
    def paused(self) -> str:
        """Return why nothing but a slow probe goes out (`unauthorized`, ...); empty when it does."""
        return self._breaker.paused

    @property
    def down(self) -> bool:
        """Return whether only probes go out, because of an outage or of wrong settings."""
        return self._breaker.open

    @property
    def rate(self) -> float:
        """Return the requests a second that are allowed at present."""
        return self._pace.rate

    def offer(self, entries: Sequence[Queued], now: float) -> bool:
        """Take entries in.

        Args:
            entries: One or more, each with its number; numbers grow.
            now: The time, in seconds of any clock that does not go back.

        Returns:
            Whether `wake_at` may have come nearer, so that a sleeping sender should ask again.
        """
        return self._backlog.add(entries, now)

    def next_batch(self, now: float) -> Batch | None:
        """Return what to send now, to be settled later.

        Args:
            now: The time.

        Returns:
            The batch; None when there is nothing to send, which `wake_at` says more about.
        """
        if self._next_at() > now:
            return None
        batch = self._choose_probe(now) if self._breaker.open else self._choose(now)
        if batch is None:
            return None
        self._serial += 1
        batch.serial = self._serial
        batch.attempts += 1
        batch.sent_at = now
        if batch.attempts == 1:
            batch.first_sent_at = now
        self._held.in_flight[batch.serial] = batch
        self._breaker.sent(batch.serial)
        self._pace.start(now)
        return batch

    def wake_at(self, now: float) -> float | None:
        """Return when to ask for a batch again.

        Args:
            now: The time.

        Returns:
            The time, `now` for at once; None when there is nothing to ask for until something is offered or settled.
        """
        at = self._next_at()
        return None if at == math.inf else max(at, now)

    def settle(self, batch: Batch, outcome: Outcome, now: float, *, unix_time: float = 0.0) -> Settlement:
        """Take in what came back for a batch.

        Args:
            batch: What was sent.
            outcome: What came back.
            now: The time.
            unix_time: Unix time, to read a `Retry-After` that is a date in an answer that has none of its own.

        Returns:
            What became of its entries.

        Raises:
            ValueError: The batch is not in flight.
        """
        self._held.land(batch)
        verdict = judge(
            outcome,
            self._policy,
            attempt=batch.retries,
            elapsed=now - batch.first_sent_at,
            now=unix_time,
            chance=self._chance(),
        )
        if isinstance(verdict, Delivered):
            return self._deliver(batch, verdict, outcome, now)
        if isinstance(verdict, RetryIn):
            return self._retry(batch, verdict, outcome, now)
        if verdict.retryable:
            return self._give_up(batch, verdict, now)
        if cause := pause_cause(batch, verdict):
            return self._pause(batch, verdict, cause, outcome, now)
        return self._refuse(batch, verdict, now)

    def flush(self, now: float) -> None:
        """Send what has been offered so far without waiting for company.

        Args:
            now: The time.
        """
        self._flushed_at = now

    def resume(self, now: float) -> None:
        """Probe at once, since something has changed, or, while there is no outage, try all again that waits for a retry.

        Args:
            now: The time.
        """
        if self._breaker.open:
            self._breaker.resume(now)
        else:
            self._held.hasten(now)

    def drop_oldest(self) -> Queued | None:
        """Take out the oldest entry that was never sent; when there is none, one that waits for its retry.

        Returns:
            The entry; None when all are in flight.
        """
        item = self._backlog.drop_oldest()
        if item is None and self._held.waiting:
            item, batch = self._held.drop_first()
            if not batch.items:
                self._advance(batch, -math.inf)
        return item

    def drop_rest(self) -> list[Queued]:
        """Take out everything, also what is in flight, and whose answers may no longer be settled."""
        rest = [item for batch in self._held for item in chain(batch.items, *batch.later)]
        self._held = Held()
        while item := self._backlog.drop_oldest():
            rest.append(item)
        return sorted(rest, key=itemgetter(0))

    def pending_before(self, seq: int) -> bool:
        """Return whether any entry with a smaller number is not settled yet.

        Args:
            seq: The number.
        """
        return self._backlog.has_before(seq) or any(
            each < seq for batch in self._held for each, _ in chain(batch.items, *batch.later)
        )

    def _next_at(self) -> float:
        """Return when the next batch may go; infinity when something else must happen first."""
        ready = self._due_at()
        if self._held.waiting:
            ready = min(ready, -math.inf if self._breaker.open else self._held.due_at)
        return max(self._breaker.ready_at, self._pace.ready_at, ready)

    def _due_at(self) -> float:
        """Return when those that wait have company enough or have waited long enough."""
        backlog, in_flight = self._backlog, self._held.in_flight
        if backlog.has_enough():
            due = -math.inf
        else:
            due = backlog.since if backlog.since <= self._flushed_at else backlog.since + self._flush_interval
        if in_flight and backlog.is_front_held():
            oldest = next(iter(in_flight.values()))
            due = max(due, oldest.sent_at + SEARCH_AFTER)
        return due

    def _choose(self, now: float) -> Batch | None:
        return self._held.take_due() if self._held.due_at <= now else self._gather()

    def _choose_probe(self, now: float) -> Batch | None:
        turn = self._breaker.probes % (2 if self._held.waiting < PROBED else PROBED) == 0
        new = not self._held.waiting or (turn and not self._breaker.paused)
        batch = self._gather() if new and self._due_at() <= now else None
        return batch or (self._held.take_stalest() if self._held.waiting else None)

    def _gather(self) -> Batch | None:
        load = self._backlog.gather()
        if load is None:
            return None
        batch = Batch(route=load.route, items=load.items, size=load.payload, keys=load.keys)
        self._held.add(batch)
        return batch

    def _deliver(self, batch: Batch, verdict: Delivered, outcome: Outcome, now: float) -> Settlement:
        self._note_pass(batch, now)
        settlement = deliver(batch, verdict, outcome.status if isinstance(outcome, Reply) else 0)
        self._finish(batch, now)
        return settlement

    def _refuse(self, batch: Batch, verdict: Rejected, now: float) -> Settlement:
        """Find the culprit, or give it up."""
        self._note_pass(batch, now)  # the service works, it only does not want this
        if len(batch) > 1:
            self._try_again(halve(batch), now)
            return Settlement(verdict)
        rejected = reject(batch, batch.items, verdict)
        self._finish(batch, now)
        return Settlement(verdict, rejected=rejected)

    def _give_up(self, batch: Batch, verdict: Rejected, now: float) -> Settlement:
        """Reject what was tried as often as the policy allows."""
        self._note_failure(batch, verdict.status, now)
        rejected = reject(batch, batch.items, verdict)
        self._finish(batch, now)
        return Settlement(verdict, rejected=rejected)

    def _pause(self, batch: Batch, verdict: Rejected, cause: str, outcome: Outcome, now: float) -> Settlement:
        """Keep everything until somebody has put the settings right."""
        self._breaker.pause(batch.serial, cause, now)
        rejected = self._reject_unsafe(batch, outcome)
        self._try_again([batch], now)
        return Settlement(verdict, rejected=rejected, paused=cause)

    def _retry(self, batch: Batch, verdict: RetryIn, outcome: Outcome, now: float) -> Settlement:
        self._note_failure(batch, verdict.status, now)
        if isinstance(outcome, Reply) and "retry-after" in outcome.headers:
            self._pace.hold(now + verdict.seconds)
        rejected = self._reject_unsafe(batch, outcome)
        batch.retries += 1
        self._try_again(part_if_stuck(batch, self._passes), now + verdict.seconds)
        return Settlement(verdict, rejected=rejected)

    def _try_again(self, parts: list[Batch], due: float) -> None:
        for part in parts:
            if part.items:
                self._held.wait(part, due)
            else:
                self._advance(part, due)

    def _reject_unsafe(self, batch: Batch, outcome: Outcome) -> list[Rejection]:
        """Give up what may have been processed and would do harm if sent again; the others of the batch stay."""
        unsafe = [item for item in batch.items if not item[1].replay_safe]
        verdict = judge(outcome, PATIENT, replay_safe=False)
        if not (unsafe and isinstance(verdict, Rejected) and verdict.may_have_arrived):
            return []
        self._held.keep(batch, [item for item in batch.items if item[1].replay_safe])
        return reject(batch, unsafe, verdict)

    def _note_pass(self, batch: Batch, now: float) -> None:
        self._passes += 1
        self._pace.recover(now)
        if self._breaker.passed(batch.serial):
            self._held.hasten(now)

    def _note_failure(self, batch: Batch, status: int, now: float) -> None:
        self._breaker.failed(batch.serial, now)
        if status == 429 and batch.serial > self._cut_at:  # else it was sent before the last cut
            self._pace.cut(now)
            self._cut_at = self._serial

    def _finish(self, batch: Batch, now: float) -> None:
        self._held.let_go(batch)
        self._advance(batch, now)

    def _advance(self, batch: Batch, now: float) -> None:
        """Go on to what waited for these entries: the rest of their batch, or later entries of the same people."""
        if batch.later:
            items, *batch.later = batch.later
            batch.carry(items)
            batch.retries = 0
            self._held.wait(batch, now)
        else:
            self._backlog.release(batch.keys)
