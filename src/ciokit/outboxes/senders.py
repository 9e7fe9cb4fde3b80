"""The threads that deliver: a short loop around the store, the dispatcher and one attempt at a time.

    store.poll ─► dispatcher.offer ─► next_batch ─► attempt ─► settle ─► store.settle, reports

Threads start at first use. Those with nothing to do wait for a bell; at most one of them, the lookout, waits with a
time limit, so that an idle process wakes up once and not once a thread. Without threads (`senders=0`) the same loop
runs in whoever calls `flush` or `close`.

What the application runs amid its own code (signal handlers, destructors, log handlers, hooks) may call any of this
while its thread is inside it: it learns that it interrupts, and does not wait for itself.
"""

import math
import os
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from ciokit.dispatch import Dispatcher
from ciokit.dispatch.batch import Batch
from ciokit.dispatch.settlement import Settlement
from ciokit.outboxes.aside import Aside
from ciokit.outboxes.changes import Changes
from ciokit.outboxes.courier import INTERRUPTED, Attempt, Courier
from ciokit.outboxes.crew import Crew
from ciokit.outboxes.fates import fates_of
from ciokit.outboxes.reports import Reports
from ciokit.stores.contract import Store
from ciokit.stores.errors import StoreError
from ciokit.stores.journal import Fate
from ciokit.verdict import Outcome
from ciokit.wire import Entry

__all__ = ["NEVER", "Senders"]

NEVER: Final = 1 << 62
"""A sequence number that no entry reaches."""
WINDOW_ENTRIES: Final = 25_000
WINDOW_BYTES: Final = 8_000_000
"""What the dispatcher holds at most of what may go or is on its way; the rest of a backlog stays in the store."""
BLOCKED_ENTRIES: Final = 100_000
BLOCKED_BYTES: Final = 32_000_000
"""What it holds at most besides, of people who wait for a request of theirs: they must not take the others' room. A
store in memory has it in memory anyway, so there it may hold all."""
_CALM: Final = 1.0
"""Seconds that a sender rests after a mistake of its own, and that a flush waits at most before it looks again."""
_MOST_CALM: Final = 30.0
"""Seconds to which the rest grows while the store cannot be read."""
LOOK_AROUND: Final = 30.0
"""Seconds after which an idle lookout asks the store again, which may have taken over a dead process's entries."""


class Senders:
    """Deliver what a store holds.

    Args:
        store: Where the entries are.
        aside: Keeps what must not be logged amid a turn.
        dispatcher: Decides.
        attempt: Sends.
        reports: Tells the application.
        threads: How many requests may be under way; 0 sends only within `flush` and `close`.
        batch_size: Entries that are enough for a batch.
        in_memory: Whether the store has its entries in memory.
        begin: Called before the first entry is delivered, as a `Crew` does.

    Attributes:
        ring_at: The sequence number from which on a put must ring the bell.
        turn: Whose turn it is to use the dispatcher and the counts.
        changes: Told of each answer, for those who wait.
        is_inside: Tells whether this is a sender's thread, as it is within hooks.
        helps: Tells whether others deliver while this thread waits.
        pid: The process that it works in.
    """

    def __init__(
        self,
        store: Store,
        aside: Aside,
        dispatcher: Dispatcher,
        attempt: Attempt,
        reports: Reports,
        *,
        threads: int,
        batch_size: int,
        in_memory: bool,
        begin: Callable[[bool], bool | None],
    ) -> None:
        self.ring_at = 0
        self.turn = aside.turn
        self._aside = aside
        self.pid = os.getpid()
        self.store = store
        self._dispatcher = dispatcher
        self._courier = Courier(attempt, reports)
        self._reports = reports
        self._batch_size = batch_size
        self._crew = Crew(threads, begin)
        self.is_inside, self.helps = self._crew.is_inside, self._crew.helps
        self.changes = Changes()
        self._most_blocked = (NEVER, NEVER) if in_memory else (BLOCKED_ENTRIES, BLOCKED_BYTES)
        self._telling: set[int] = set()
        self._lookout_at = math.inf
        self._idle = 0
        self._seen = 0
        self._flush_to = 0
        self._settling = True
        self._read_at = -math.inf
        self._rest_from_reading = 0.0
        self._leave: Callable[[], object] | None = None

    # Called by whoever puts

    def ring(self) -> None:
        """Wake a sender, and start the threads at the first call.

        Safe in signal handlers and destructors: nothing here waits for a lock that this thread may hold.
        """
        self.ring_at = NEVER
        if not self._crew.ring(self._work_safely):
            self.ring_at = 0

    @property
    def begun(self) -> bool:
        """Return whether anything was put or flushed in this process."""
        return self._crew.begun

    def interrupts(self) -> bool:
        """Return whether this call interrupts another of its thread, so that it must wait for nobody.

        Somebody may have a turn and wait for the store, amid whose work this is; or this is amid a request.
        """
        return self._courier.is_away() or self.turn.is_mine() or self.store.interrupted()

    # The loop

    def _work_safely(self) -> None:
        try:
            self._work(None)
            if (leave := self._leave) and not self.store.pending.entries:
                self._leave = None  # it holds the outbox, which is to go with the last of its threads
                leave()
        except BaseException:  # noqa: BLE001 - whatever it was, the entries that wait are still to be sent
            self._reports.tell_trouble("sender", "a sender of the outbox failed; it goes on", traceback=True)
            self._crew.sleep(_CALM)  # a mistake of ours must not become a busy loop, nor hold up a close

    def _work(self, deadline: float | None, *, patience: float = math.inf) -> bool:
        """Send one request, or rest until there is one to send; return whether one was sent."""
        with self.turn.lock:
            now = time.monotonic()
            self.feed(now)
            if self._leave:
                self._dispatcher.flush(now)  # also what was taken up before the outbox was forgotten
            batch = self._dispatcher.next_batch(now)
            until = self._settle_down(now) if batch is None else now
            if batch is not None:
                self._call_another(now)
        if batch is not None:
            self._deliver(batch, deadline)
            return True
        self._aside.speak()
        if until > now:
            self._rest(until, min(deadline or math.inf, now + patience))
        return False

    def feed(self, now: float) -> None:
        """Give the dispatcher what the store has, as far as its window goes; the caller has its turn."""
        dispatcher = self._dispatcher
        while self._settling and now >= self._read_at:
            room, space = self._window()
            try:
                entries = self.store.poll(room, space) if room > 0 and space > 0 else None
            except StoreError as error:
                self._wait_to_read(now, error)
                return
            self._rest_from_reading = 0.0
            if not entries:
                return
            dispatcher.offer(entries, now)
            if entries[0][0] <= self._flush_to:
                dispatcher.flush(now)
            self._seen = max(self._seen, entries[-1][0])

    def _wait_to_read(self, now: float, error: StoreError) -> None:
        """Leave a store alone for a while that cannot be read: a disk that fails may take seconds to say so."""
        self._rest_from_reading = min(max(_CALM, 2 * self._rest_from_reading), _MOST_CALM)
        self._read_at = now + self._rest_from_reading
        words = "the outbox cannot read what waits, and tries again: %s"
        self._aside.later(partial(self._reports.tell_trouble, "read", words, error))

    def _window(self) -> tuple[int, int]:
        """Return how many entries, and bytes of them, the dispatcher may still be given."""
        dispatcher = self._dispatcher
        (count, size), (most_count, most_size) = dispatcher.blocked, self._most_blocked
        return (
            WINDOW_ENTRIES - dispatcher.count + min(count, most_count),
            WINDOW_BYTES - dispatcher.size + min(size, most_size),
        )

    def _settle_down(self, now: float) -> float:
        """Say from which put on to ring, and return until when to rest; the caller has its turn."""
        if self._listen(now):
            return now
        at = self._dispatcher.wake_at(now)
        until = now + LOOK_AROUND if at is None else min(at, now + LOOK_AROUND)
        if self._read_at > now:
            until = min(until, self._read_at)
        if until <= now:
            return now
        self._idle += 1
        if until >= self._lookout_at:
            return math.inf  # the lookout wakes before that
        self._lookout_at = until
        return until

    def _listen(self, now: float) -> bool:
        """Say from which put on to ring, and return whether something came while the bell was not to be rung."""
        candidates = self._dispatcher.candidates
        missing = self._batch_size - candidates if candidates else 1
        # With enough of them, what they wait for is not another entry.
        self.ring_at = self._seen + missing if missing > 0 else NEVER
        before = self._seen
        self.feed(now)
        return self._seen != before

    def _call_another(self, now: float) -> None:
        """Wake another sender if there is more to do, or nobody looks out while this one is away."""
        if not self._idle:
            return
        self._listen(now)  # who woke this one lets nobody ring, which those who rest do not change
        at = self._dispatcher.wake_at(now)
        if self._lookout_at == math.inf or (at is not None and at < self._lookout_at):
            self._crew.ring(self._work_safely)

    def _rest(self, until: float, limit: float) -> None:
        try:
            self._crew.sleep(min(until, limit) - time.monotonic())
        finally:
            with self.turn.lock:
                self._idle -= 1
                if self._lookout_at == until:
                    self._lookout_at = math.inf

    def _deliver(self, batch: Batch, deadline: float | None) -> None:
        # Whatever ends this thread's work (Ctrl-C amid a flush, a greenlet that is killed) must not leave the batch on
        # its way for ever: nobody else would settle it, and its people would wait.
        outcome: Outcome = INTERRUPTED
        try:
            self._aside.speak()
            outcome = self._courier.send(batch, deadline)
        finally:
            self._settle(batch, outcome)

    def _settle(self, batch: Batch, outcome: Outcome) -> None:
        with self.turn.lock:
            if not self._settling:
                return  # closed meanwhile: the store keeps what it has, or has told what it dropped
            settlement = self._dispatcher.settle(batch, outcome, time.monotonic(), unix_time=time.time())
            self._reports.requests += 1
            self._reports.retries += batch.attempts > 1
            self._reports.count(settlement)
            self.store.settle(fates_of(settlement))
            self._telling.add(threading.get_ident())
        self._tell(settlement, batch.attempts)

    def _tell(self, settlement: Settlement, attempts: int) -> None:
        """Call the hooks, after those who wait for room, and before those who wait for a flush."""
        try:
            self._aside.speak()
            self.changes.announce()
            self._reports.tell(settlement, attempts)
        finally:
            with self.turn.lock:
                self._telling.discard(threading.get_ident())
            self.changes.announce()

    # Waiting, flushing and stopping

    def wait(self, since: int, deadline: float | None) -> None:
        """Wait until something changes, or for a moment; where no threads deliver, deliver something.

        Args:
            since: What `changes.count` was when there was still a reason to wait.
            deadline: The time.monotonic() to give up at; None for never.
        """
        if self.helps():
            left = _CALM if deadline is None else min(_CALM, deadline - time.monotonic())
            self.changes.wait(since, max(0.0, left))
        else:
            self._work(deadline, patience=_CALM)

    def hurry(self, to: int) -> None:
        """Deliver everything up to a sequence number without waiting for company; not where it `interrupts`."""
        with self.turn.lock:
            self._flush_to = max(self._flush_to, to)
            self._dispatcher.flush(time.monotonic())
        self.ring()

    def flush(self, to: int, deadline: float | None, *, lend_a_hand: bool = False) -> bool:
        """Deliver everything up to a sequence number without waiting for company.

        Args:
            to: The number.
            deadline: The time.monotonic() to give up at; None for never.
            lend_a_hand: Whether the calling thread sends, too: at a process's end the others may not run any more.

        Returns:
            Whether everything is settled, and its hooks were called.
        """
        if self.interrupts():
            return False  # what it interrupts cannot go on meanwhile
        if not self.begun and self._is_done(to):
            return True
        self.hurry(to)
        while True:
            before = self.changes.count
            if self._is_done(to):
                return True
            now = time.monotonic()
            if not self._settling or (deadline is not None and now >= deadline):
                return False
            if lend_a_hand and self._work(deadline, patience=0.0):
                continue
            if self._idle:
                self._crew.ring(self._work_safely)
            self.wait(before, deadline)

    def is_free(self, within: float) -> bool:
        """Return whether it can be this thread's turn within so many seconds."""
        if not self.turn.lock.acquire(timeout=within):
            return False
        self.turn.lock.release()
        return True

    def _is_done(self, to: int) -> bool:
        with self.turn.lock:
            self.feed(time.monotonic())
            unseen = self._seen < to and self.store.pending.entries > self._dispatcher.count
            # A hook that waits for hooks would wait for itself.
            untold = self._telling and threading.get_ident() not in self._telling
            done = not (unseen or untold or self._dispatcher.pending_before(to + 1))
        self._aside.speak()
        return done

    def stop(self, deadline: float | None) -> None:
        """End the threads; those in the middle of a request are left to end by themselves after the deadline."""
        self._crew.stop(deadline)
        with self.turn.lock:
            self._settling = False
        self.changes.announce()

    def leave(self, done: Callable[[], object]) -> None:
        """Deliver at once what waits and call `done` then; the application has forgotten its outbox. Takes no lock."""
        self._leave = done
        self._crew.ring(self._work_safely)

    def abandon(self) -> None:
        """Do nothing more, for this is a forked child and what is here is the parent's; takes no lock."""
        self._crew.stopping = True
        self._settling = False

    def drop_oldest(self) -> Entry | None:
        """Give up the oldest entry that is not on its way, for want of room; None when there is none."""
        if self.interrupts():
            return None
        with self.turn.lock:
            self.feed(time.monotonic())
            oldest = self._dispatcher.drop_oldest()
            if oldest is not None:
                self.store.settle([Fate("dropped", (oldest[0],), "full")])
                self._reports.count_dropped(1, "full")
        self._aside.speak()
        return None if oldest is None else oldest[1]

    def drop_rest(self) -> list[Entry]:
        """Give up everything that is left at the end, what is on its way included; the threads are stopped."""
        with self.turn.lock:
            rest = self._dispatcher.drop_rest()
            rest += self.store.poll(NEVER, NEVER)
            self.store.settle([Fate("dropped", [seq for seq, _ in rest], "closed")])
            self._reports.count_dropped(len(rest), "closed")
        return [entry for _, entry in rest]
