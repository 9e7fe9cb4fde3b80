"""One process's directory at work: entries go in, are handed out, and are settled.

What waits is on disk; memory holds the entries that are out, and a window of those that come next. It knows nothing
of other processes, of when to sync, or of what to do when it is full.
"""

import sys
from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeAlias

import msgspec

from ciokit.locks import new_lock
from ciokit.stores.contract import Backlog
from ciokit.stores.directories import Owned
from ciokit.stores.exclusion import Exclusion
from ciokit.stores.files import SegmentFiles
from ciokit.stores.intake import Intake
from ciokit.stores.journal import Fate, encode_entry, encode_fate
from ciokit.stores.recovery import Remains
from ciokit.stores.replay import SeqSet
from ciokit.stores.segments import Segment
from ciokit.stores.window import Ahead, Held, Window, read_ahead
from ciokit.wire import Entry

__all__ = ["Bury", "GivesUp", "Ledger"]

Bury: TypeAlias = Callable[[list[Entry], Fate], None]
GivesUp: TypeAlias = Callable[[Owned, Segment, int, OSError], bool]

_MOST_OWED = 1 << 20


class Ledger:
    """Keep the entries of one process directory.

    Args:
        owned: The directory, locked.
        bury: Keeps dead letters; raises OSError when the disk does not take them.
        gives_up: Asked whether to pass over what is left of a file that cannot be read.
        wake: Called when there is something new to sync.
        durable: Whether what is put amid another call is synced before that returns.
        base: What the store adds to the numbers in the files.
        segment_bytes: The size at which a new file is begun.
        window_bytes: The most memory for entries that are not yet handed out.
        remains: What the directory has, when another process left it behind.

    Attributes:
        put: Writes entries; see `Intake.put`.
        put_many: Writes entries, and tells when; see `Intake.put_many`.
        last_seq: The greatest number that another process left behind.
        interrupted: Tells whether this comes amid another call of the same thread.
        is_closed: Tells whether somebody else in the process closed its files.
        damaged: Lines that could not be read when their turn came.
        deleted: Whether somebody deleted a file while it was written.
        lost: Entries that none of the lines that could be read has.
        trouble: The last error of the disk that no caller was told.
        unsynced: Why what was left at the end is not on the disk.
    """

    def __init__(
        self,
        owned: Owned,
        *,
        bury: Bury,
        gives_up: GivesUp,
        wake: Callable[[], None],
        durable: bool,
        base: int,
        segment_bytes: int,
        window_bytes: int,
        remains: Remains | None = None,
    ) -> None:
        remains = remains or Remains([], SeqSet())
        self.owned = owned
        self.last_seq = remains.last_seq
        self.damaged = self.lost = 0
        self.deleted = False
        self.trouble: OSError | None = None
        self.unsynced: OSError | None = None
        self._bury = bury
        self._gives_up = gives_up
        self._base = base
        self._turn = Exclusion()
        self._files = SegmentFiles(owned, remains.segments, segment_bytes)
        self._window = Window(window_bytes, (remains.segments[0], 0) if remains.entries else None)
        self._intake = Intake(
            self._files,
            self._window,
            self._turn,
            wake=wake,
            durable=durable,
            base=base,
            last_seq=remains.last_seq,
            backlog=Backlog(remains.entries, remains.bytes),
        )
        self.put = self._intake.put
        self.put_many = self._intake.put_many
        self.interrupted = self._turn.is_mine
        self.is_closed = self._files.is_closed
        self.set_bounds = self._intake.set_bounds
        self._settled = remains.settled
        self._out: dict[int, Held] = {}
        self._owed = b""
        self._lost_bytes = 0
        self._unburied: list[Fate] = []
        self._compact_above = 4 * segment_bytes
        self._compacting = False
        # Held while files are deleted or synced, so that none is closed under that.
        self._cleaning = new_lock()
        self._syncing = new_lock()
        if remains.entries:
            self._intake.unsynced()

    @property
    def newest(self) -> int:
        """The number of the newest entry, as the store counts."""
        return self._base + self._intake.last_seq

    @property
    def dirty(self) -> bool:
        """Whether something was written since the last sync."""
        return self._intake.dirty

    @property
    def drained(self) -> bool:
        """Whether everything is handed out."""
        return self._window.drained

    @property
    def pending(self) -> Backlog:
        """What waits."""
        if self._turn.is_mine():
            return self._intake.backlog
        with self._turn.lock:
            self._turn.catch_up()
            self._intake.count()
            return self._intake.backlog

    @property
    def unburied(self) -> Backlog:
        """Which part of that is refused, and not kept as dead letters yet."""
        with self._turn.lock:
            refused = [self._out[seq][2] for fate in self._unburied for seq in fate.seqs if seq in self._out]
        return Backlog(len(refused), sum(refused))

    # Out

    def take(self, limit_entries: int, limit_bytes: int, *, first: bool = True) -> list[tuple[int, Entry]]:
        """Hand out entries; see `Source.poll`. One caller at a time.

        Args:
            limit_entries: The most entries.
            limit_bytes: The most bytes of their bodies.
            first: Whether nothing was taken before: then one entry may be larger than that.

        Raises:
            OSError: A file cannot be read, and nothing was taken; what is taken is out, so its caller must learn of it.
        """
        taken: list[tuple[int, Entry]] = []
        while True:
            if self._turn.is_mine():
                return taken
            with self._turn.lock:
                self._turn.catch_up()
                self._intake.count()
                room = limit_entries - len(taken)
                held = self._window.take(room, limit_bytes, oversize=first and not taken)
                self._out.update([(one[0], one) for one in held])
                self._intake.set_limit()
            taken += [(one[0], one[1]) for one in held]
            limit_bytes -= sum([len(one[1].body) for one in held])
            if len(taken) >= limit_entries or self._window.held:
                return taken
            try:
                if not self._read_on():
                    return taken
            except OSError:
                if first and not taken:
                    raise
                return taken  # the next call meets the error again

    def _read_on(self) -> bool:
        """Fill the window from the files; tell whether there was anything to read."""
        cursor = self._window.cursor
        if cursor is None:
            return False
        segment, offset = cursor
        ahead = Ahead([], offset)
        if offset < segment.size:
            try:
                ahead = read_ahead(self.owned.fd, segment, offset, self._base, self._settled)
            except OSError as error:
                error.filename = f"{self.owned.name}/{segment.name}"  # which a read does not say
                if not self._gives_up(self.owned, segment, offset, error):
                    raise
                ahead = Ahead([], segment.size, lost_bytes=segment.size - offset)
        if self._turn.is_mine():
            return False
        with self._turn.lock:
            self._turn.catch_up()
            self._intake.count()
            self._window.extend(ahead.held)
            self._window.cursor = self._next_place(segment, ahead.offset)
            self.damaged += ahead.lost
            self._lost_bytes += ahead.lost_bytes
            if self._lost_bytes and ahead.offset >= segment.size:
                self._lose(segment)
            self._leave_deleted()
            self._intake.set_limit()
        return True

    def _next_place(self, segment: Segment, offset: int) -> tuple[Segment, int] | None:
        if offset < segment.size:
            return segment, offset
        return (following, 0) if (following := self._files.after(segment.number)) else None

    def _lose(self, segment: Segment) -> None:
        """Count what a file that was read to its end should have had: a damaged line may be no entry that waits."""
        held = (*self._window.held, *self._out.values())
        there = sum(one[3] is segment for one in held)
        lost, segment.unsettled = segment.unsettled - there, there
        self.lost += lost
        self.damaged = max(self.damaged, lost)  # the lines of a file that vanished, nobody has seen
        self._intake.uncount(lost, self._lost_bytes if lost else 0)
        self._lost_bytes = 0

    # What became of them

    def settle(self, fates: Iterable[Fate]) -> None:
        """Record what became of entries; see `Source.settle`. Never raises for the disk's sake."""
        if self._turn.is_mine():
            self._turn.late.append(partial(self._settle, list(fates)))
            return
        with self._turn.lock:
            self._turn.catch_up()
            self._settle(fates)
        if not self._compacting and self._cleaning.acquire(blocking=False):
            try:
                self._files.sweep()
                self._compact()
            finally:
                self._compacting = False
                self._cleaning.release()

    def _settle(self, fates: Iterable[Fate]) -> None:
        self._intake.count()
        retried, self._unburied = self._unburied, []
        for fate in (*retried, *fates):
            held = [one for seq in fate.seqs if (one := self._out.pop(seq, None)) is not None]
            if not held or not self._buried(fate, held):
                continue
            for one in held:
                one[3].unsettled -= 1
            self._intake.uncount(len(held), sum([one[2] for one in held]))
            numbers = [one[0] - self._base for one in held]
            self._owed += encode_fate(msgspec.structs.replace(fate, seqs=numbers))
        self._record()
        self._drop_settled()
        self._intake.set_limit()

    def _drop_settled(self) -> None:
        if not self._compacting:  # else they are about to be replaced
            active = self._files.active
            self._files.drop_settled(active.number if active else sys.maxsize)

    def _buried(self, fate: Fate, held: list[Held]) -> bool:
        """Keep dead letters; when that fails, the entries wait on until it is tried again."""
        if fate.outcome != "rejected":
            return True
        try:
            self._bury([one[1] for one in held], fate)
        except OSError as error:
            self.trouble = error
            self._out.update([(one[0], one) for one in held])
            self._unburied.append(fate)
            return False
        return True

    def _record(self) -> None:
        """Write what became of entries; what cannot be written costs repeats after a crash, and no entry."""
        data = self._owed
        if not data:
            return
        try:
            self._intake.record(data)
            self._owed = b""
        except OSError as error:
            self.trouble = None if self.owned.gone else error  # gone, there is nothing that could come again
            self._owed = data if len(data) < _MOST_OWED else b""

    def _compact(self) -> None:
        """Write the last entries of the oldest files to one new file, where that frees more than it keeps."""
        if self._turn.is_mine():
            return
        with self._turn.lock:
            spare = self._files.bytes - self._intake.backlog.bytes
            if spare < self._compact_above:
                return
            self._compacting = True  # no file goes from now on but by this
            old = self._files.before(self._frontier())
            last = old[-1].number if old else 0
            held = [one for one in self._out.values() if one[3].number <= last]
        if 2 * sum([one[2] for one in held]) >= sum([segment.size for segment in old]):
            self._compacting = False
            self._compact_above = spare + 4 * self._files.segment_bytes
            return
        try:
            self._replace(old, held)
        except OSError as error:
            self.trouble = error
        finally:
            self._compacting = False
        with self._turn.lock:
            self._drop_settled()  # with what was settled meanwhile
        self._files.sweep()

    def _replace(self, old: list[Segment], held: list[Held]) -> None:
        new = self._files.replace(old, (encode_entry(one[0] - self._base, one[1]) for one in held))
        with self._turn.lock:
            for seq, entry, size, _ in held:
                if seq in self._out:  # not settled meanwhile
                    self._out[seq] = (seq, entry, size, new)
                    new.unsettled += 1
            self._files.replaced(old, new)
            self._compact_above = 4 * self._files.segment_bytes

    def _frontier(self) -> int:
        """Find the first file whose entries are not all out or settled."""
        window, active = self._window, self._files.active
        places = [active, window.first, window.cursor[0] if window.cursor else None]
        return min((segment.number for segment in places if segment), default=sys.maxsize)

    # On the disk, and the end

    def sync(self, *, keep_open: bool = False) -> None:
        """Bring everything written so far to the disk; one caller at a time.

        Raises:
            OSError: The disk does not take it.
        """
        with self._syncing:
            if self.unsynced is not None:
                raise self.unsynced
            try:
                if not self._turn.is_mine():  # else a put is under way, whose write may be yet to come
                    with self._turn.lock:
                        self._intake.synced()
                self._files.sync(self._turn, keep_open=keep_open)
                if not self._turn.is_mine():
                    with self._turn.lock:
                        self._leave_deleted()
            except BaseException:  # a handler's, too: else the next sync would pass this directory over
                self._intake.unsynced()
                raise

    def _leave_deleted(self) -> None:
        """Write to a new file where somebody deleted the last: from that, nothing can be read back."""
        if self._files.deleted:
            self.deleted = True
            self._intake.stop()

    def leave(self) -> None:
        """Write no more to what is open: somebody deleted the directory, or closed it."""
        with self._turn.lock:
            self._intake.stop()
            self._files.let_go_of_closed()

    def close(self) -> None:
        """Sync and let go of the directory, or delete it when nothing waits in it."""
        with self._cleaning, self._syncing, self._turn.lock:
            self._turn.catch_up()
            self._intake.count()
            self._record()
            self._intake.stop()
            self._sync_last()
            self._files.close()
            self._turn.catch_up()  # with what came just before that
            self._window.clear()
            self._out.clear()
            if self._intake.backlog.entries:
                self.owned.release()
            else:
                self._files.delete_all()
                self.owned.remove()

    def _sync_last(self) -> None:
        """Sync what is left behind; whoever still waits for that learns what has become of it by `sync`."""
        try:
            if self._intake.backlog.entries:
                self._files.sync(self._turn)
            self._intake.dirty = False
        except OSError as error:
            self.unsynced = error

    def forget(self) -> None:
        """Let go of the files in a forked child; they stay the parent's."""
        self._files.close()
        self.owned.release()
