"""The threads that deliver: a short loop around the store, the dispatcher and one attempt at a time.

    store.poll ─► dispatcher.offer ─► next_batch ─► attempt ─► settle ─► store.settle, reports

Threads start at first use. Those with nothing to do wait for a bell; at most one of them, the lookout, waits with a
time limit, so that an idle process wakes up once and not once a thread. Without threads (`senders=0`) the same loop
runs in whoever calls `flush` or `close`.
"""

import logging
import math
import threading
import time
from queue import Empty, SimpleQueue
from typing import Final, Protocol

from ciokit.dispatch import Dispatcher
from ciokit.dispatch.batch import Batch
from ciokit.dispatch.settlement import Settlement
from ciokit.outboxes.reports import Reports, reason_of
from ciokit.stores.contract import Store
from ciokit.stores.journal import Fate
from ciokit.verdict import NoReply, Outcome

__all__ = ["NEVER", "Attempt", "Senders"]

NEVER: Final = 1 << 62
"""A sequence number that no entry reaches."""
WINDOW_ENTRIES: Final = 50_000
WINDOW_BYTES: Final = 16_000_000
"""What the dispatcher holds at most of what may go or is on its way; the rest of a backlog stays in the store."""
BLOCKED_ENTRIES: Final = 200_000
BLOCKED_BYTES: Final = 64_000_000
"""What it holds at most besides, of people who wait for a request of theirs: they must not take the others' room. A
store in memory has it in memory anyway, so there it may hold all."""
_CALM: Final = 1.0
"""Seconds that a sender rests after a mistake of its own."""
LOOK_AROUND: Final = 30.0
"""Seconds after which an idle lookout asks the store again, which may have taken over a dead process's entries."""

logger = logging.getLogger("ciokit.outbox")


class Attempt(Protocol):
    """Send one request once; `TrackClient.attempt` is one."""

    def __call__(
        self, method: str, path: str, body: bytes, *, retries: int = 0, timeout: float | None = None
    ) -> Outcome:
        """Send, and say what came back."""
        ...


class Senders:
    """Deliver what a store holds.

    Args:
        store: Where the entries are.
        dispatcher: Decides.
        attempt: Sends.
        reports: Tells the application.
        threads: How many requests may be under way; 0 sends only within `flush` and `close`.
        batch_size: Entries that are enough for a batch.
        in_memory: Whether the store has its entries in memory.

    Attributes:
        ring_at: The sequence number from which on a put must ring the bell.
        lock: Guards the dispatcher, the counts and the two conditions below.
        changed: Told whenever entries were settled.
    """

    def __init__(
        self,
        store: Store,
        dispatcher: Dispatcher,
        attempt: Attempt,
        reports: Reports,
        *,
        threads: int,
        batch_size: int,
        in_memory: bool,
    ) -> None:
        self.ring_at = 0
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.store = store
        self._dispatcher = dispatcher
        self._attempt = attempt
        self._reports = reports
        self._wanted = threads
        self._batch_size = batch_size
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._most_blocked = (NEVER, NEVER) if in_memory else (BLOCKED_ENTRIES, BLOCKED_BYTES)
        self._lookout_until = math.inf
        self._idle = 0
        self._seen = 0
        self._flush_to = 0
        self._stopping = False
        self._settling = True

    # Called by whoever puts

    def ring(self) -> None:
        """Wake a sender, and start the threads at the first call.

        Safe in signal handlers and destructors: nothing here waits for a lock that this thread may hold.
        """
        self.ring_at = NEVER
        if len(self._threads) < self._wanted and not self._stopping:
            self._start()
        self._bell.put(None)

    def _start(self) -> None:
        if not self.lock.acquire(blocking=False):
            return  # whoever holds it is a sender, or will ring again
        try:
            while len(self._threads) < self._wanted:
                name = f"ciokit-sender-{len(self._threads) + 1}"
                thread = threading.Thread(target=self._run, name=name, daemon=True)
                thread.start()
                self._threads.append(thread)
        except RuntimeError:  # the interpreter is shutting down: `close` delivers on the exiting thread
            self._wanted = len(self._threads)
        finally:
            self.lock.release()

    # The loop

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._work(None)
            except Exception:  # whatever it was, the entries that wait are still to be sent
                logger.exception("a sender of the outbox failed; it goes on")
                self._rest(
                    time.monotonic() + _CALM, None
                )  # a mistake of ours must not become a busy loop, nor hold up a close

    def _work(self, deadline: float | None) -> bool:
        """Send one batch, or wait until there may be one; return whether a batch was sent."""
        with self.lock:
            now = time.monotonic()
            self.feed(now)
            batch = self._dispatcher.next_batch(now)
            until = self._plan(now) if batch is None else None
            if batch is not None and self._idle and self._is_nobody_looking(now):
                self._bell.put(None)  # there is more to do: another may look
        if batch is None:
            self._rest(until, deadline)
            return False
        self._deliver(batch, deadline)
        return True

    def feed(self, now: float) -> None:
        """Give the dispatcher what the store has, as far as its window goes."""
        dispatcher = self._dispatcher
        while True:
            room, space = self._window()
            entries = self.store.poll(room, space) if room > 0 and space > 0 else None
            if not entries:
                return
            dispatcher.offer(entries, now)
            if entries[0][0] <= self._flush_to:
                dispatcher.flush(now)
            self._seen = max(self._seen, entries[-1][0])

    def _window(self) -> tuple[int, int]:
        """Return how many entries, and bytes of them, the dispatcher may still be given."""
        dispatcher = self._dispatcher
        count, size = dispatcher.blocked
        most_count, most_size = self._most_blocked
        return (
            WINDOW_ENTRIES - dispatcher.count + min(count, most_count),
            WINDOW_BYTES - dispatcher.size + min(size, most_size),
        )

    def _is_nobody_looking(self, now: float) -> bool:
        """Return whether a batch may go before the lookout wakes up."""
        at = self._dispatcher.wake_at(now)
        return at is not None and at < self._lookout_until

    def _plan(self, now: float) -> float | None:
        """Say from which put on to ring, and until when to rest: None for as long as it takes."""
        candidates = self._dispatcher.candidates
        missing = self._batch_size - candidates if candidates else 1
        # With enough of them, what they wait for is not another entry.
        self.ring_at = self._seen + missing if missing > 0 else NEVER
        before = self._seen
        self.feed(now)
        if self._seen != before:
            return now  # something came while the bell was not to be rung
        at = self._dispatcher.wake_at(now)
        until = now + LOOK_AROUND if at is None else min(at, now + LOOK_AROUND)
        if until >= self._lookout_until:
            return None
        self._lookout_until = until
        return until

    def _rest(self, until: float | None, deadline: float | None) -> None:
        ends = [end for end in (until, deadline) if end is not None]
        wait = max(0.0, min(ends) - time.monotonic()) if ends else None
        with self.lock:
            self._idle += 1
        try:
            if wait is None or wait > 0:
                self._bell.get(timeout=wait)
        except Empty:
            pass
        finally:
            with self.lock:
                self._idle -= 1
                if until == self._lookout_until:
                    self._lookout_until = math.inf

    def _deliver(self, batch: Batch, deadline: float | None) -> None:
        timeout = None if deadline is None else max(0.05, deadline - time.monotonic())
        try:
            outcome = self._attempt(
                batch.route.method, batch.path, batch.body(), retries=batch.attempts - 1, timeout=timeout
            )
        except Exception as error:
            logger.exception("an attempt failed in a way that is not the network's")
            outcome = NoReply(f"the request could not be made ({type(error).__name__})")
        with self.lock:
            if not self._settling:
                return  # closed meanwhile: the store keeps what it has, or has told what it dropped
            settlement = self._dispatcher.settle(batch, outcome, time.monotonic(), unix_time=time.time())
            self._reports.requests += 1
            self._reports.retries += batch.attempts > 1
            self._reports.count(settlement)
            self.store.settle(_fates(settlement))
            self.changed.notify_all()
        self._reports.tell(settlement, batch.attempts)

    # Flushing and stopping

    def flush(self, to: int, deadline: float | None) -> bool:
        """Deliver everything up to a sequence number without waiting for company.

        Args:
            to: The number.
            deadline: The time.monotonic() to give up at; None for never.

        Returns:
            Whether everything is settled.
        """
        with self.lock:
            self._flush_to = max(self._flush_to, to)
            self._dispatcher.flush(time.monotonic())
        if not self._threads and self._wanted and not self._is_done(to):
            self.ring()
        while not self._is_done(to):
            now = time.monotonic()
            if deadline is not None and now >= deadline:
                return False
            if self._threads:
                self._bell.put(None)
                with self.changed:
                    if not self._is_done(to):
                        self.changed.wait(1.0 if deadline is None else min(1.0, deadline - now))
            else:
                self._work(deadline if deadline is not None else now + 1.0)
        return True

    def _is_done(self, to: int) -> bool:
        with self.lock:
            self.feed(time.monotonic())
            unseen = self._seen < to and self.store.pending.entries > self._dispatcher.count
            return not unseen and not self._dispatcher.pending_before(to + 1)

    def stop(self, deadline: float | None) -> None:
        """End the threads; those in the middle of a request are left to end by themselves after the deadline."""
        self._stopping = True
        for _ in self._threads:
            self._bell.put(None)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
        with self.lock:
            self._settling = False


def _fates(settlement: Settlement) -> list[Fate]:
    fates: list[Fate] = []
    if settlement.delivered:
        fates.append(Fate("delivered", [item.seq for item in settlement.delivered]))
    for rejection in settlement.rejected:
        status, attempts = rejection.status, rejection.attempts
        fates.append(Fate("rejected", (rejection.queued.seq,), reason_of(rejection), status, attempts))
    return fates
