"""The store on disk: what `put` returned for survives the process, and with `durability="power"` the plug.

A spool is a directory that many processes share. Each writes a directory of its own in it; what a process leaves
behind when it ends, however it ends, the next one that polls takes over. It knows no network and no schedule of
deliveries, and what to do when it is full is its user's to say.
"""

import contextlib
import os
from collections.abc import Callable, Iterable, Sequence
from errno import EBADF
from functools import partial
from pathlib import Path

from ciokit.clock import SYSTEM_CLOCK, Clock
from ciokit.errors import ClientClosed
from ciokit.locks import is_mine, new_lock
from ciokit.logs import get_logger
from ciokit.stores.bounds import Durability, check
from ciokit.stores.contract import Backlog, sum_up
from ciokit.stores.dead import DeadLetterWriter
from ciokit.stores.directories import create, process_names
from ciokit.stores.errors import of_the_system, unreadable, unwritable
from ciokit.stores.forks import start_anew_in_children
from ciokit.stores.intake import Written
from ciokit.stores.journal import NUMBERS, Fate, NewerFormat
from ciokit.stores.ledger import Ledger
from ciokit.stores.patience import Patience
from ciokit.stores.recovery import take_over
from ciokit.stores.regaining import regain
from ciokit.stores.root import Root
from ciokit.stores.syncing import Syncer, Waiter
from ciokit.stores.telling import Telling
from ciokit.stores.together import Put, write_together
from ciokit.wire import Entry

__all__ = ["Durability", "Spool"]

_log = get_logger("ciokit")
_OWN = NUMBERS
"""What is added to the numbers in this process's own files; adopted entries are numbered below it."""
_ADOPT_EVERY = 5.0
_PATIENCE = 1.0  # for the thread that syncs, at the end: the system may not let it run any more


class Spool:
    """Keep entries in files; the store of an outbox with `spool=`.

    Args:
        directory: The spool, shared by all processes of the application; made with mode 0700 if it is not there.
        durability: `process`: an entry is written when `put` returns, and on the disk within a second. `power`: it
            is on the disk when `put` returns; callers that wait at the same time share one sync.
        max_bytes: The most bytes of entries that wait, those of dead processes included; the files take up to twice
            that and four segments.
        max_entries: The most entries that wait.
        segment_bytes: The size at which a new file is begun.
        window_bytes: The most memory for entries that are not yet handed out, for each process directory.
        max_dead_bytes: The size of all dead letters above which the oldest file of them is deleted.
        sync_interval: Seconds from a put to the sync that follows in the background.
        insist_on_network_fs: Accept a directory on a network file system, which is otherwise refused.
        clock: Names directories and dates dead letters.
        log: Logs, with the arguments of `logging.Logger.log`; it is called under locks, and must not wait for any.

    Attributes:
        lost: Entries that were kept and then could not be read: the disk had damaged them.

    Raises:
        SettingsError: A setting is out of range, or the directory cannot be trusted.
        StoreUnwritable: The directory cannot be made, or this process may not write there.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        *,
        durability: Durability = "process",
        max_bytes: int = 1_000_000_000,
        max_entries: int = 10_000_000,
        segment_bytes: int = 16_000_000,
        window_bytes: int = 32_000_000,
        max_dead_bytes: int = 256_000_000,
        sync_interval: float = 0.5,
        insist_on_network_fs: bool = False,
        clock: Clock = SYSTEM_CLOCK,
        log: Callable[..., None] = _log.log,
    ) -> None:
        self.directory: str = str(Path(directory).absolute())
        check(
            durability,
            max_bytes=max_bytes,
            max_entries=max_entries,
            segment_bytes=segment_bytes,
            window_bytes=window_bytes,
            max_dead_bytes=max_dead_bytes,
        )
        self.durability = durability
        self._power = durability == "power"
        self.max_dead_bytes = max_dead_bytes
        self.max_bytes = max_bytes
        self.max_entries = max_entries
        self._segment_bytes = segment_bytes
        self._window_bytes = window_bytes
        self._sync_interval = sync_interval
        self._clock = clock
        self._closed = False
        self._root = Root(self.directory, insist_on_network_fs=insist_on_network_fs)
        self._telling = Telling(self.directory, clock, log)
        self._patience = Patience(clock, self._telling)
        self.lost: int = 0
        self._begin()
        self._root.open()
        self._root.close()  # opened again at first use: nothing is inherited by processes that are forked before
        start_anew_in_children(self)

    def _begin(self) -> None:
        """Start with nothing open, as at first and in a forked child."""
        # Re-entrant: a signal handler may come here while its own thread is here.
        self._opening = new_lock()
        self._polling_lock = new_lock()
        self._own: Ledger | None = None
        self._own_base = _OWN
        self._put: Callable[[Sequence[Entry]], int] = self._way_in()
        self._adopted: tuple[Ledger, ...] = ()
        self._ended: Sequence[Ledger] = ()
        self._next_base = 0
        self._adopt_at = float("-inf")
        self._syncer = Syncer(self._flush, self._telling.unsynced, interval=self._sync_interval)
        self._ledger = partial(
            Ledger,
            bury=self._bury,
            gives_up=self._patience.is_over,
            wake=self._syncer.wake,
            durable=self._power,
            segment_bytes=self._segment_bytes,
            window_bytes=self._window_bytes,
        )
        self._mine = self._syncer.leads, is_mine(self._opening), is_mine(self._polling_lock)
        self._dead = DeadLetterWriter(
            self._clock, file_bytes=self._segment_bytes, max_bytes=self.max_dead_bytes
        )

    def put(self, entries: Sequence[Entry]) -> int:
        """Keep entries, all of them or none; see `Sink.put`."""
        tried = False
        while True:
            put = self._put  # another one when this process has moved to a new directory
            try:
                return put(entries)
            except ClientClosed:
                if self._closed or put is self._put:
                    raise
            except OSError as error:
                if not of_the_system(error):
                    raise
                closed, tried = error.errno == EBADF and not tried, True
                if self.interrupted() or not (self._start_over() or closed or put is not self._put):
                    raise unwritable(self.directory, error) from error

    def _way_in(self) -> Callable[[Sequence[Entry]], int]:
        return self._put_on_disk if self._power else self._put_first

    def _put_on_disk(self, entries: Sequence[Entry]) -> int:
        if self.interrupted():
            # Others may wait for the call that this one interrupts, so it waits for none of them.
            first = (self._own or self._open_own()).put(entries)
            self._syncer.sync_at_once()
            return first
        one = Put(entries)
        self._syncer.wait(one)
        return one.first

    def _put_first(self, entries: Sequence[Entry]) -> int:
        return self._open_own().put(entries)

    def _write(self, entries: Sequence[Entry], written: Written) -> int:
        return (self._own or self._open_own()).put_many(entries, written)

    def _open_own(self) -> Ledger:
        with self._opening:
            if self._own is not None:
                return self._own
            if self._closed:
                msg = "the spool is closed; open a new one"
                raise ClientClosed(msg)
            owned = create(self._root.open(), self._clock.time())
            return self._take_own(self._ledger(owned, base=self._own_base))

    def _take_own(self, ledger: Ledger) -> Ledger:
        self._share_bounds(ledger)  # before anything can be put
        if self._own is not None:  # an interrupting signal handler was here first
            ledger.close()
            return self._own
        self._own = ledger  # with no call since the question: nothing can come between
        if not self._power:
            self._put = ledger.put  # for speed: straight there from now on
        return ledger

    def _start_over(self) -> bool:
        """Begin anew where somebody deleted or closed the directory that is in use; tell whether it was so."""
        with self._opening:
            regained = regain(self._ledgers(), self._root)
            own = self._own
            if own is None or not own.owned.gone or own.interrupted():
                return regained
            own.leave()
            # What memory has of it goes out before what is new, and has the lower numbers.
            self._adopted, self._own_base = (*self._adopted, own), own.newest
            self._own, self._put = None, self._way_in()
        self._telling.deleted(own.owned.name, own.pending.entries)
        return True

    def _bury(self, entries: list[Entry], fate: Fate) -> None:
        self._dead.bury(self._root.fd, entries, fate, durable=self._power)

    def _share_bounds(self, own: Ledger | None) -> None:
        """Leave to this process's own entries what those that it adopted do not take."""
        if own is not None:
            adopted = sum_up(ledger.pending for ledger in self._adopted)
            own.set_bounds(self.max_bytes, self.max_entries, adopted)

    def poll(self, limit_entries: int, limit_bytes: int) -> list[tuple[int, Entry]]:
        """Hand out the next entries in order, each once; see `Source.poll`.

        What dead processes left behind comes first. The first call, and one about every five seconds, looks for
        that, and reads all of it before it returns (about two seconds for a million entries). Amid another
        call of the same thread, for which others may wait, nothing is handed out.
        """
        if self.interrupted():  # others may wait for the call that this one comes amid
            return []
        with self._polling_lock:
            try:
                if self._clock.monotonic() >= self._adopt_at:
                    self.adopt()
                return self._take(limit_entries, limit_bytes)
            except OSError as error:
                raise unreadable(self.directory, error) from error

    def _take(self, limit_entries: int, limit_bytes: int) -> list[tuple[int, Entry]]:
        taken: list[tuple[int, Entry]] = []
        for ledger in self._ledgers():
            more = ledger.take(limit_entries - len(taken), limit_bytes, first=not taken)
            lost, ledger.lost = ledger.lost, 0
            self.lost += lost
            limit_bytes -= sum(len(entry.body) for _, entry in more)
            taken += more
            self._telling.ledger(ledger, self._dead.discarded)
            if not ledger.drained:
                break
        return taken

    def _ledgers(self) -> list[Ledger]:
        own = self._own  # first, for one that is deleted comes among the adopted before it goes from here
        adopted = self._adopted
        return [*adopted] if own is None or own in adopted else [*adopted, own]

    def adopt(self) -> int:
        """Take over what dead processes left behind.

        Returns:
            How many entries.
        """
        with self._polling_lock:
            self._adopt_at = self._clock.monotonic() + _ADOPT_EVERY
            mine = {ledger.owned.name for ledger in self._ledgers()}
            with self._opening:
                regain(self._ledgers(), self._root)
                root_fd = self._root.open()
            names = [name for name in process_names(root_fd) if name not in mine]
            return sum(self._adopt(name) for name in names if not self._closed)

    def _adopt(self, name: str) -> int:
        try:
            taken = take_over(self._root.fd, name, lambda: self._closed)
        except (OSError, NewerFormat) as error:
            self._telling.not_adopted(name, error)
            return 0
        if taken is None:
            return 0
        owned, remains = taken
        self._telling.took_over(name, remains)
        ledger = self._ledger(owned, base=self._next_base, remains=remains)
        if not remains.entries:
            ledger.close()
            return 0
        self._next_base += remains.last_seq
        with self._opening:
            self._adopted = (*self._adopted, ledger)
            self._share_bounds(self._own)
        return remains.entries

    def settle(self, fates: Iterable[Fate]) -> None:
        """Record what became of entries; see `Source.settle`.

        Rejected ones become dead letters. When the disk does not take what is to be recorded, that is logged and
        tried again; until then a crash would cause repeats, which Customer.io discards by their ids.
        """
        own = self._own  # first, see `_ledgers`
        if not self._adopted:
            if own is not None:
                own.settle(fates)
                self._telling.ledger(own, self._dead.discarded)
            return
        fates = list(fates)
        for ledger in self._ledgers():
            ledger.settle(fates)
            self._telling.ledger(ledger, self._dead.discarded)
        if not self.interrupted():  # else the next one does, for it may wait for others
            self._let_go()

    def _let_go(self) -> None:
        """Delete adopted directories of which nothing is left."""
        with self._opening:
            done = [ledger for ledger in self._adopted if not ledger.pending.entries]
            self._adopted = tuple(ledger for ledger in self._adopted if ledger not in done)
            self._share_bounds(self._own)
        for ledger in done:
            ledger.close()

    def log_with(self, log: Callable[..., None]) -> None:
        """Log by other means from now on; see the argument of that name."""
        self._telling.log = log

    def interrupted(self) -> bool:
        """Return whether this comes amid another call of the same thread; see `Store.interrupted`."""
        leads, opens, polls = self._mine  # one by one, for each put with `power` asks
        if leads() or opens() or polls() or ((own := self._own) is not None and own.interrupted()):
            return True
        return bool(self._adopted) and any(ledger.interrupted() for ledger in self._adopted)

    @property
    def pending(self) -> Backlog:
        """What waits to be delivered by this process: its own entries, and those that it took over."""
        return sum_up(ledger.pending for ledger in self._ledgers())

    @property
    def unburied(self) -> Backlog:
        """Which part of that is refused, and waits only for the disk to take it as dead letters."""
        return sum_up(ledger.unburied for ledger in self._ledgers())

    @property
    def last_seq(self) -> int:
        """The number of the newest entry of this process; adopted ones are numbered below all of its own."""
        own = self._own
        return self._own_base if own is None else own.newest

    def sync(self, timeout: float | None = None) -> bool:
        """Bring everything that was put to the disk, so that it survives the machine.

        Args:
            timeout: Seconds to wait at most for a sync that is under way.

        Returns:
            Whether that is done; it cannot be amid another call of the same thread, for which others may wait.

        Raises:
            StoreUnwritable: The disk does not take it.
        """
        if any(ledger.interrupted() for ledger in self._ledgers()):
            return False
        try:
            return self._syncer.wait(Waiter(), timeout)
        except OSError as error:
            raise unwritable(self.directory, error) from error

    def _flush(self, waiters: Sequence[Waiter], interrupting: bool) -> None:
        if not interrupting:
            self._start_over()
        if waiters:
            write_together(waiters, self._write)
        for ledger in (*self._ledgers(), *self._ended):
            # What is put amid a call of the ledger is synced with that put.
            if (ledger.dirty or interrupting) and not ledger.interrupted():
                ledger.sync(keep_open=interrupting)
        self._dead.sync()

    def close(self) -> None:
        """Sync and let go; what was not settled is adopted by the next process that polls."""
        self._closed = True  # first, so that a poll that reads a long queue ends
        with self._polling_lock:
            syncer, ledgers = self._syncer, self._ledgers()
            # What was put by now may be waited for: by the sync of which the end is a part.
            self._ended = *self._ended, *ledgers
            self._adopted, self._own, self._put = (), None, self._way_in()
            syncer.stop(_PATIENCE)
            regain(ledgers, self._root)
            for ledger in ledgers:
                ledger.close()
                if ledger.unsynced is not None:
                    self._telling.unsynced(ledger.unsynced)
            with contextlib.suppress(OSError):
                self._dead.close()
            self._root.close()

    def start_anew(self) -> None:
        """Start with nothing, as in a forked child: what is open here is the parent's, and only closed."""
        for ledger in self._ledgers():
            ledger.forget()
        self._dead.forget()
        self._root.close()
        self._begin()
