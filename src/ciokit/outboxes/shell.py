"""What both outboxes are made of: the store, the dispatcher, the senders and what is done when there is no room."""

import _thread
import contextlib
import os
import random
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, NoReturn, Protocol, TypeVar

from ciokit.dispatch import PATIENT, Dispatcher
from ciokit.errors import ClientClosed, SettingsError
from ciokit.logs import get_logger
from ciokit.outboxes.aside import Aside
from ciokit.outboxes.courier import Attempt
from ciokit.outboxes.hosts import threads_run
from ciokit.outboxes.lifetime import hook_into_exit, keep, let_go, watch
from ciokit.outboxes.options import Overflow, check_choice, check_client, check_hooks, check_numbers
from ciokit.outboxes.reports import DeliveredHook, DroppedHook, Hooks, OutboxStats, RejectedHook, Reports
from ciokit.outboxes.senders import Senders
from ciokit.settings import check_kind
from ciokit.stores.contract import Backlog, Store
from ciokit.stores.errors import StoreFull
from ciokit.stores.memory import MemoryStore
from ciokit.verdict import RetryPolicy
from ciokit.wire import Entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from ciokit.stores.spool import Durability, Spool

__all__ = ["OutboxShell", "Overflow"]

logger = get_logger("ciokit.outbox")

_OVERFLOWS: Final = ("block", "raise", "drop_new", "drop_old")
_NO_THREADS: Final = (
    "uWSGI lets no thread of Python run, so nothing is delivered in the background: set enable-threads = true, and "
    "use uwsgi instead of pyuwsgi; until then entries are sent by flush and close, and by calls that find the outbox full"
)
_NO_WORKER_YET: Final = (
    "uWSGI has not forked its workers yet, and its master runs no thread of Python and no exit hook: what is put now is "
    "sent by flush and close alone; call flush() at the end of what is loaded, or set lazy-apps = true"
)

OperationT = TypeVar("OperationT")
AskedT_contra = TypeVar("AskedT_contra", contravariant=True)


class Client(Protocol[AskedT_contra]):
    """Encode and send; `TrackClient` is one, and `PipelinesClient` another."""

    attempt: Attempt

    @property
    def url(self) -> str:
        """The address that it speaks to."""
        ...

    def encode(self, operation: AskedT_contra) -> Entry:
        """Check an operation and return what is sent."""
        ...


class OutboxShell(Generic[OperationT]):
    """Keep entries and have them delivered; how a verb waits for room is up to the subclass."""

    def __init__(
        self,
        client: Client[OperationT],
        *,
        spool: "str | os.PathLike[str] | Spool | None" = None,
        durability: "Durability" = "process",
        batch_size: int = 50,
        flush_interval: float = 5.0,
        senders: int = 4,
        rate: float | None = 200.0,
        max_bytes: int | None = None,
        max_entries: int | None = None,
        overflow: Overflow = "block",
        block_timeout: float = 5.0,
        exit_timeout: float = 5.0,
        retry: RetryPolicy = PATIENT,
        on_delivered: DeliveredHook | None = None,
        on_rejected: RejectedHook | None = None,
        on_dropped: DroppedHook | None = None,
    ) -> None:
        check_choice("overflow", overflow, _OVERFLOWS)
        check_numbers(
            batch_size=batch_size,
            flush_interval=flush_interval,
            senders=senders,
            rate=rate,
            max_bytes=max_bytes,
            max_entries=max_entries,
            block_timeout=block_timeout,
            exit_timeout=exit_timeout,
        )
        check_hooks(on_delivered=on_delivered, on_rejected=on_rejected, on_dropped=on_dropped)
        check_kind("retry", retry, RetryPolicy, "RetryPolicy(max_retries=5)")
        check_client(client)
        self.exit_timeout = exit_timeout
        self._client = client
        self._aside = Aside()
        self._store = _open_store(spool, durability, max_bytes, max_entries, self._aside.say)
        self._overflow = overflow
        self._block_timeout = block_timeout
        self._hooks = Hooks(on_delivered, on_rejected, on_dropped)
        self._new_dispatcher = partial(
            Dispatcher,
            retry,
            chance=random.random,
            batch_size=batch_size,
            flush_interval=flush_interval,
            rate=rate,
        )
        self._new_senders = partial(
            Senders, self._store, self._aside, threads=senders, batch_size=batch_size, in_memory=spool is None
        )
        self._waits_for_disk = getattr(self._store, "durability", "") == "power"
        self._closed = False
        self._closing = threading.Lock()
        self._done: bool | None = None
        self._left: Backlog | None = None
        self._begin_here()
        watch(self)

    def start_anew(self) -> None:
        """Begin with fresh threads, locks and counts in a forked child.

        What the parent has not sent is the parent's to send; the store sees to its own.
        """
        self._senders.abandon()
        self._aside.start_anew()
        self._begin_here()

    def _begin_here(self) -> None:
        self._reports = Reports(self._hooks, time.monotonic)
        self._dispatcher = self._new_dispatcher()
        self._counts = OutboxStats()
        self._turning_away: set[int] = set()
        attempt = self._client.attempt
        self._senders = self._new_senders(self._dispatcher, attempt, self._reports, begin=_begin)

    @property
    def url(self) -> str:
        """The address that the outbox delivers to."""
        return self._client.url

    def _time(self) -> float:
        return time.time()

    def _put(self, entry: Entry) -> None:
        """Keep an entry; raise `StoreFull` when there is no room."""
        seq = self._store.put((entry,))
        senders = self._senders
        if seq >= senders.ring_at:
            senders.ring()

    def _check_open(self) -> None:
        if self._closed:
            msg = "this outbox is closed; make a new one"
            raise ClientClosed(msg)

    def _is_amid_own_work(self) -> bool:
        """Tell whether this call comes amid a request, a turn or a log line of this outbox, in the same thread."""
        return self._senders.interrupts() or self._reports.is_logging()

    def _turn_away(self, entry: Entry) -> None:
        """Drop what comes after the end from amid the outbox's own work, which an error would end; else raise.

        A log handler that puts would otherwise make every request of a close fail, for the HTTP library logs, too.
        """
        if not self._is_amid_own_work():
            self._check_open()
        self._reports.note_dropped("closed")
        me = threading.get_ident()
        if me not in self._turning_away:  # the hook and the log handler may put again
            self._turning_away.add(me)
            try:
                self._reports.tell_dropped([entry], "closed")
            finally:
                self._turning_away.discard(me)

    # When there is no room

    def _waits(self, full: StoreFull) -> bool:
        """Tell whether a verb waits for room; raise what it is to raise, and send what waits without company.

        Nobody waits amid the outbox's own work: in hooks, and in what interrupts it.
        """
        if self._overflow == "raise" or not full.fits_when_empty:
            raise full
        if self._overflow != "block" or self._senders.is_inside() or self._senders.interrupts():
            return False
        self._senders.hurry(self._store.last_seq)
        return True

    def _settle_overflow(self, entry: Entry) -> None:
        """Drop the oldest entries for a new one, or the new one itself."""
        while self._overflow == "drop_old" and (oldest := self._senders.drop_oldest()):
            self._reports.tell_dropped([oldest], "full")
            if self._fits(entry):
                return
        self._reports.note_dropped("full")
        self._reports.tell_dropped([entry], "full")

    def _fits(self, entry: Entry) -> bool:
        """Try to keep an entry."""
        try:
            self._put(entry)
        except StoreFull:
            return False
        return True

    # What is told

    def stats(self) -> OutboxStats:
        """Return the counts, which obey accepted = delivered + rejected + dropped + pending.

        A signal handler or a destructor that interrupts the outbox's own work gets those of the previous call.
        """
        if not self._senders.interrupts():
            self._counts = self._count()
        return self._counts

    def _count(self) -> OutboxStats:
        with self._senders.turn.lock:
            reports, dispatcher = self._reports, self._dispatcher
            waiting, places = self._left or self._waiting(), dispatcher.pending
            dropped = reports.sum_dropped()
            if lost := self._store.lost:
                dropped["damaged"] = lost
            settled = reports.delivered + reports.rejected + sum(dropped.values())
            return OutboxStats(
                accepted=settled + waiting.entries,
                delivered=reports.delivered,
                rejected=reports.rejected,
                dropped=dropped,
                pending=waiting.entries,
                pending_bytes=waiting.bytes,
                in_flight=places.in_flight,
                retrying=places.retrying,
                requests=reports.requests,
                retries=reports.retries,
                rate=dispatcher.rate,
                paused=dispatcher.paused,
                down=dispatcher.down,
                trouble=reports.trouble,
            )

    def _waiting(self) -> Backlog:
        """Say what is still to be delivered: what is refused, and a spool cannot keep as a dead letter yet, is not."""
        pending, refused = self._store.pending, self._store.unburied
        return Backlog(pending.entries - refused.entries, pending.bytes - refused.bytes)

    def resume(self) -> None:
        """Try again at once, after the settings or the network have changed, instead of at the next probe."""
        if not self._senders.interrupts():
            with self._senders.turn.lock:
                self._dispatcher.resume(time.monotonic())
            self._senders.ring()

    # The end

    def hurry(self, within: float) -> None:
        """Deliver what waits within so many seconds; what is left goes on in the background."""
        if self._senders.begun:
            self._flush(within)

    def end(self, within: float) -> None:
        """Deliver what waits within so many seconds, for the process ends."""
        if self._senders.begun:
            if self._senders.is_free(within):  # a thread that will never run again may have its turn
                self._close(within, lend_a_hand=True)
            return
        # Nothing was said here, so there is no reason to look for what dead processes left in the spool.
        self._closed = True
        if self._closing.acquire(blocking=False):
            self._store.close()
            self._done = True

    def drain(self, timeout: float | None) -> bool:
        """Do what `flush` does, in whatever thread asks: for a test, which waits for both kinds of outbox alike."""
        return self._flush(timeout)

    def _flush(self, timeout: float | None) -> bool:
        deadline = None if timeout is None else time.monotonic() + timeout
        return self._senders.flush(self._store.last_seq, deadline)

    def _close(self, timeout: float | None, *, lend_a_hand: bool = False) -> bool:
        deadline = None if timeout is None else time.monotonic() + timeout
        self._closed = True
        if self._senders.interrupts():
            # Amid work that a close waits for. Not threading.Thread: to start one takes locks that it may hold.
            # Where none can be had, the next close does it, or the exit's.
            with contextlib.suppress(RuntimeError):
                _thread.start_new_thread(self._close, (timeout,))
            return False
        if not self._closing.acquire(blocking=False):  # for good: one close does all of it
            done = self._done
            return self._senders.flush(self._store.last_seq, deadline) if done is None else done
        try:
            done = self._done = self._wind_up(deadline, lend_a_hand=lend_a_hand)
        finally:
            if self._done is None:  # interrupted, so the next close, or the exit's, is to do it
                self._closing.release()
        if self._senders.begun:
            self._reports.tell_closed(self.stats())
        return done

    def _wind_up(self, deadline: float | None, *, lend_a_hand: bool) -> bool:
        done = self._senders.flush(self._store.last_seq, deadline, lend_a_hand=lend_a_hand)
        self._senders.stop(deadline)
        done &= self._let_go_of_rest()
        self._store.close()
        return done

    def _let_go_of_rest(self) -> bool:
        """Leave what is left in the spool, or drop it from memory and tell; return whether nothing was left."""
        if isinstance(self._store, MemoryStore):
            self._store.seal()
            dropped = self._senders.drop_rest()
            self._reports.tell_dropped(dropped, "closed")
            return not dropped
        with self._senders.turn.lock:
            left, self._left = self._store.pending, self._waiting()
        return not left.entries

    def __del__(self) -> None:
        # What it holds was accepted, so it outlives the application's interest: until that is delivered, or the end.
        senders: Senders | None = getattr(self, "_senders", None)
        if senders is None or self._closed or not senders.begun or senders.pid != os.getpid():
            return
        keep(self)
        senders.leave(self._leave)

    def _leave(self) -> None:
        try:
            self._close(0.0)
        finally:
            let_go(self)

    def __reduce__(self) -> NoReturn:
        msg = f"{type(self).__name__} holds threads and entries, and is not pickled or copied: make one where it is used"
        raise TypeError(msg)

    def __repr__(self) -> str:
        if "_closed" not in vars(self):  # an error tracker shows it, when its settings were refused
            return f"<{type(self).__name__}, refused>"
        where = "memory" if isinstance(self._store, MemoryStore) else "spool"
        return f"<{type(self).__name__} {where} to {self._client.url}{', closed' if self._closed else ''}>"


def _begin(again: bool) -> bool | None:
    """Prepare the process for an outbox in use, and return whether threads run here; None where that shows later."""
    hook_into_exit()
    may_run = threads_run()
    if may_run is False:
        logger.error(_NO_THREADS)
    elif may_run is None and not again:
        logger.warning(_NO_WORKER_YET)
    return may_run


def _open_store(
    spool: "str | os.PathLike[str] | Spool | None",
    durability: "Durability",
    max_bytes: int | None,
    max_entries: int | None,
    log: "Callable[..., None]",
) -> Store:
    bounds = {"max_bytes": max_bytes, "max_entries": max_entries}
    given: dict[str, Any] = {name: bound for name, bound in bounds.items() if bound is not None}
    if spool is None:
        if durability != "process":
            msg = f"durability must be 'process' where there is no spool, got {durability!r}"
            raise SettingsError(msg)
        return MemoryStore(**given)
    from ciokit.stores.spool import Spool

    if isinstance(spool, Spool):
        if given:
            msg = f"{' and '.join(given)}: a Spool has bounds of its own; give them to it"
            raise SettingsError(msg)
        spool.log_with(log)
        return spool
    if not os.fspath(spool):
        msg = "spool must be a directory's name, got an empty one; None keeps entries in memory"
        raise SettingsError(msg)
    return Spool(spool, durability=durability, log=log, **given)
