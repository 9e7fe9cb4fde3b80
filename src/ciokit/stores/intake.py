"""How entries get into a directory: one write each, and as little else as can be.

Every event pays for this, so the counting is put off: how many entries and bytes were added since the last count
follows from the last number and the size of the file. Until then a limit says, in advance, up to which size of the
file nothing needs attention: no bound, no full file, no full window, nobody to wake.
"""

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from itertools import repeat
from os import write

from ciokit.errors import CiokitError
from ciokit.stores.contract import ENTRY_OVERHEAD, Backlog
from ciokit.stores.errors import StoreFull
from ciokit.stores.exclusion import Exclusion
from ciokit.stores.files import SegmentFiles
from ciokit.stores.journal import encode_entry
from ciokit.stores.segments import Segment, append, cut_back, write_all
from ciokit.stores.window import Held, Window
from ciokit.wire import Entry

__all__ = ["Intake", "Written"]

_NOWHERE = Segment(0, 1 << 62)
"""Stands for a file where there is none: always full."""
_SHORTEST = 24
"""The least bytes that a line has."""
_nothing: deque[Held] = deque(maxlen=0)
"""Takes in what the window does not."""


class Written:
    """Say where entries went: for callers whose entries another thread writes, which an exception may then stop.

    Attributes:
        first: The number of the first one, as the store counts; 0 until all of them are written.
    """

    __slots__ = ("first",)

    def __init__(self) -> None:
        self.first = 0


class Intake:
    """Write entries to the files of a directory.

    Args:
        files: The files.
        window: Where entries go that are next.
        turn: Whose turn it is.
        wake: Called when there is something new to sync.
        durable: Whether what is put amid another call, which can wait for nobody, is synced before that returns.
        base: What the store adds to the numbers in the files.
        last_seq: The greatest number in the files.
        backlog: What waits in them.

    Attributes:
        last_seq: The same, as of now.
        dirty: Whether anything was written since the last sync.
    """

    __slots__ = (
        "_acquire", "_ahead", "_base", "_bytes", "_counted_seq", "_counted_size", "_durable", "_elsewhere", "_entries", "_files",
        "_late", "_limit", "_max_bytes", "_max_entries", "_owned", "_release", "_segment", "_skipped", "_turn", "_wake", "_window", "dirty", "last_seq",
    )  # fmt: skip

    def __init__(
        self,
        files: SegmentFiles,
        window: Window,
        turn: Exclusion,
        *,
        wake: Callable[[], None],
        durable: bool,
        base: int,
        last_seq: int,
        backlog: Backlog,
    ) -> None:
        self.last_seq = last_seq
        self.dirty = False
        self._files = files
        self._window = window
        self._turn = turn
        self._owned = turn.is_mine
        self._acquire = turn.lock.acquire
        self._release = turn.lock.release
        self._late = turn.late
        self._ahead: deque[Held] = _nothing
        self._wake = wake
        self._durable = durable
        self._base = base
        self._entries = backlog.entries
        self._bytes = backlog.bytes
        self._max_bytes = self._max_entries = 0
        self._elsewhere = Backlog(0, 0)
        self._segment = _NOWHERE
        self._counted_size = _NOWHERE.size
        self._counted_seq = last_seq
        self._skipped = 0
        self._limit = 0

    def put(self, entries: Sequence[Entry]) -> int:
        """Write entries; see `Sink.put`. They survive the process, and the machine after the next sync.

        Raises:
            StoreFull: A bound is reached.
            OSError: The disk does not take them.
        """
        try:
            (entry,) = entries
        except ValueError:
            return self.put_many(entries, Written())
        if self._owned():
            return self._put_aside(entries, Written())
        try:
            self._acquire()  # within: a handler that raises here must not keep the lock; `with` costs twice as much
            if self._late:
                self._turn.catch_up()
            seq = self.last_seq = self.last_seq + 1
            try:
                data = encode_entry(seq, entry)
                size = len(data)
                segment = self._segment
                end = segment.size + size
                if end > self._limit:
                    segment = self._make_way(1, size)
                    end = segment.size + size
                short = size - write(segment.fd, data)
                if short:
                    write_all(segment.fd, data[-short:])
            except CiokitError:
                self._skipped += 1
                raise
            except BaseException:
                self._undo(1)
                raise
            # No call in between: nothing interrupts, and a file and its size agree.
            segment.size = end
            seq += self._base
            self._ahead.append((seq, entry, size, segment))
        finally:
            try:  # noqa: SIM105 - a call of Python's own could be kept from it
                self._release()
            except RuntimeError:  # a handler raised while this waited for its turn
                pass
        return seq

    def put_many(self, entries: Sequence[Entry], written: Written) -> int:
        """Write entries with one write; see `put`.

        Args:
            entries: At least one.
            written: Is told when that is done, at the same moment as the count.
        """
        count = len(entries)
        if not count:
            msg = "put needs at least one entry"
            raise ValueError(msg)
        if self._owned():
            return self._put_aside(entries, written)
        with self._turn.lock:
            self._turn.catch_up()
            first = self.last_seq + 1
            self.last_seq = first + count - 1
            try:
                lines = list(map(encode_entry, range(first, first + count), entries))
                data = b"".join(lines)
                segment = self._make_way(count, len(data))
                held = self._held(first, entries, lines, segment)
                append(segment, data)
            except BaseException:
                self._undo(count)
                raise
            # No call in between: what is written and counted is also told, and handed out.
            written.first = first + self._base
            self._ahead.extend(held)
        return written.first

    def _put_aside(self, entries: Sequence[Entry], written: Written) -> int:
        """Write entries to a file of their own, in the middle of another call of the same thread."""
        count = len(entries)
        first = self.last_seq + 1
        self.last_seq = first + count - 1
        self._skipped += count
        lines = [encode_entry(first + place, entry) for place, entry in enumerate(entries)]
        self._check_room(count, sum(map(len, lines)))
        segment = self._files.make()
        append(segment, b"".join(lines))
        segment.unsettled = count
        self._files.set_aside(segment)
        self._wake_once()
        self._turn.late.append(partial(self._take_in, segment, self._held(first, entries, lines, segment)))
        written.first = first + self._base
        if self._durable:
            # Not with the others' sync: who leads that may wait for the call that this one interrupts.
            self._files.sync_alone(segment)
        return written.first

    def _take_in(self, segment: Segment, held: list[Held]) -> None:
        """Count what was put aside; what is put from now on comes after it."""
        self.count()
        size = sum([one[2] for one in held])
        self._files.take_part(segment, size)
        if self._segment.number < segment.number:
            self.stop()
        self._entries += len(held)
        self._bytes += size
        cursor = self._window.cursor
        if cursor is None or segment.number < cursor[0].number:
            self._window.extend(held)

    def _held(self, first: int, entries: Sequence[Entry], lines: list[bytes], segment: Segment) -> list[Held]:
        numbers = range(first + self._base, first + self._base + len(entries))
        return list(zip(numbers, entries, map(len, lines), repeat(segment), strict=False))

    def _wake_once(self) -> None:
        if not self.dirty:
            self.dirty = True
            self._wake()

    # Attention, when a limit says so

    def _make_way(self, count: int, size: int) -> Segment:
        """See to it that entries may be written.

        Args:
            count: How many; they have their numbers.
            size: Their bytes.

        Returns:
            The file to write to.
        """
        self.count(ahead=count)
        self._check_room(count, size)
        segment = self._file_for(size)
        window = self._window
        if window.cursor is None and window.used >= window.limit:
            window.cursor = (segment, segment.size)
        self._wake_once()
        self.set_limit()
        return segment

    def _file_for(self, size: int) -> Segment:
        """Find the file to write to: a new one, when the last is full, or a handler raised while one was begun."""
        segment = self._segment
        if segment.size + size > self._files.segment_bytes or segment is not self._files.active:
            segment = self._files.begin()
            self._go_on_in(segment)
        return segment

    def _check_room(self, count: int, size: int) -> None:
        there = self._elsewhere
        if self._bytes + size > self._max_bytes:
            limit, waiting = self._max_bytes + there.bytes, self._bytes + there.bytes
            raise StoreFull("bytes", limit, waiting, size)  # noqa: EM101 - a fact, no message
        if self._entries + count > self._max_entries:
            limit, waiting = self._max_entries + there.entries, self._entries + there.entries
            raise StoreFull("entries", limit, waiting, count)  # noqa: EM101 - as above

    def count(self, *, ahead: int = 0) -> None:
        """Count what was put since the last time.

        Args:
            ahead: Numbers that are given out, but not written yet.
        """
        # No call: nothing can interrupt.
        segment, window = self._segment, self._window
        entries = self.last_seq - ahead - self._counted_seq - self._skipped
        size = segment.size - self._counted_size
        self._counted_seq = self.last_seq - ahead
        self._counted_size = segment.size
        self._skipped = 0
        self._entries += entries
        self._bytes += size
        self._files.bytes += size
        segment.unsettled += entries
        if window.cursor is None:
            window.used += size + ENTRY_OVERHEAD * entries

    def uncount(self, entries: int, size: int) -> None:
        """Count what waits no more; `set_limit` when all is counted."""
        self._entries -= entries
        # The size of what a vanished file had is a guess; nothing is nothing.
        self._bytes = max(0, self._bytes - size) if self._entries else 0

    def set_limit(self) -> None:
        """Work out how long nothing needs attention; call it after `count` and whenever the cursor has moved."""
        window, size = self._window, self._segment.size
        self._ahead = _nothing if window.cursor else window.held
        room = min(self._max_bytes - self._bytes, (self._max_entries - self._entries) * _SHORTEST)
        if not window.cursor:
            # The more entries share so many bytes, the more memory they take.
            room = min(room, (window.limit - window.used) * _SHORTEST // (_SHORTEST + ENTRY_OVERHEAD))
        self._limit = min(self._files.segment_bytes, size + room) if self.dirty else 0

    def set_bounds(self, max_bytes: int, max_entries: int, elsewhere: Backlog) -> None:
        """Set how much may wait here and elsewhere together."""
        self._elsewhere = elsewhere
        self._max_bytes, self._max_entries = max_bytes - elsewhere.bytes, max_entries - elsewhere.entries
        self._limit = 0

    @property
    def backlog(self) -> Backlog:
        """What waits, as of the last count."""
        return Backlog(self._entries, self._bytes)

    def _go_on_in(self, segment: Segment) -> None:
        self._segment = segment
        self._counted_size = segment.size
        self._limit = 0

    def _undo(self, count: int) -> None:
        """Take back what a put that failed may have written."""
        self._skipped += count
        self._limit = 0
        segment = self._segment
        cut_back(segment)
        if segment.fd < 0 and segment is not _NOWHERE:
            self.stop()

    def stop(self) -> None:
        """Write no more to the file that is written; the next put begins a new one."""
        self.count()
        self._files.retire()
        self._go_on_in(_NOWHERE)

    def synced(self) -> None:
        """Be told that what was written so far is about to be synced, and wake the background for what comes."""
        self.dirty = False
        self._limit = 0

    def unsynced(self) -> None:
        """Be told that something is not on the disk: its sync failed, or it is another process's."""
        self.dirty = True
        self._wake()

    # What became of entries

    def record(self, data: bytes) -> None:
        """Write lines that say what became of entries.

        Raises:
            OSError: The disk does not take them.
        """
        self.count()
        segment = self._file_for(len(data))
        try:
            append(segment, data)
        except OSError:
            self._undo(0)
            raise
        self._counted_size = segment.size
        self._files.bytes += len(data)
        self._wake_once()
