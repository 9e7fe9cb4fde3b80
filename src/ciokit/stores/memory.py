"""The store in memory: nothing faster, and nothing left after the process.

It knows no disk and no thread. Where it keeps what it keeps is this process, so what was not settled by then is lost.
"""

from collections import deque
from collections.abc import Iterable, Sequence

from ciokit.errors import ClientClosed, SettingsError
from ciokit.locks import is_mine, new_lock
from ciokit.stores.contract import ENTRY_OVERHEAD, Backlog, Fate
from ciokit.stores.errors import StoreFull
from ciokit.stores.forks import start_anew_in_children
from ciokit.wire import Entry

__all__ = ["MemoryStore"]


class MemoryStore:
    """Keep entries in memory.

    Args:
        max_bytes: The most bytes to hold, the objects around the bodies included.
        max_entries: The most entries to hold.
    """

    def __init__(self, *, max_bytes: int = 64_000_000, max_entries: int = 1_000_000) -> None:
        for name, value in (("max_bytes", max_bytes), ("max_entries", max_entries)):
            if value < 1:
                msg = f"{name} must be at least 1, got {value}"
                raise SettingsError(msg)
        self.max_bytes = max_bytes
        self.max_entries = max_entries
        self._closed = False
        self.start_anew()
        start_anew_in_children(self)

    def start_anew(self) -> None:
        """Forget everything, as in a forked child: what waits is the parent's to send."""
        # Two, so that whoever puts never waits for whoever sends, and neither is taken while the other is held.
        # Re-entrant: a signal handler or a destructor may put while this thread is in a put.
        self._put_lock = new_lock()
        self._acquire, self._release = self._put_lock.acquire, self._put_lock.release
        self._out_lock = new_lock()
        self._mine = is_mine(self._put_lock), is_mine(self._out_lock)
        self._waiting: deque[tuple[int, Entry]] = deque()
        self._last = self._put_bytes = 0
        self._out: dict[int, Entry] = {}
        self._settled = self._settled_bytes = 0

    def put(self, entries: Sequence[Entry]) -> int:
        """Keep entries, all of them or none; see `Sink.put`."""
        if len(entries) != 1:
            return self._put_many(entries)
        entry = entries[0]
        size = len(entry.body) + ENTRY_OVERHEAD
        try:
            self._acquire()  # within: a handler that raises here must not keep the lock; `with` costs twice as much
            # What may interrupt this thread and put does so after a call: no call between reading and writing back.
            seq = self._last + 1
            put = self._put_bytes + size
            if (
                put - self._settled_bytes > self.max_bytes
                or seq - self._settled > self.max_entries
                or self._closed
            ):
                raise self._refusal(1, size)
            self._last = seq
            self._put_bytes = put
            self._waiting.append((seq, entry))
        finally:
            try:  # noqa: SIM105 - a call of Python's own could be kept from it
                self._release()
            except RuntimeError:  # a handler raised while this waited for its turn
                pass
        return seq

    def _put_many(self, entries: Sequence[Entry]) -> int:
        count = len(entries)
        if not count:
            msg = "put needs at least one entry"
            raise ValueError(msg)
        size = sum(len(entry.body) for entry in entries) + ENTRY_OVERHEAD * count
        with self._put_lock:
            last = self._last + count
            put = self._put_bytes + size
            if (
                put - self._settled_bytes > self.max_bytes
                or last - self._settled > self.max_entries
                or self._closed
            ):
                raise self._refusal(count, size)
            self._last = last
            self._put_bytes = put
            self._waiting.extend(zip(range(last - count + 1, last + 1), entries, strict=True))
        return last - count + 1

    def _refusal(self, count: int, size: int) -> Exception:
        if self._closed:
            return ClientClosed("the store is closed; open a new one")
        waiting = self._last - self._settled
        if waiting + count > self.max_entries:
            return StoreFull("entries", self.max_entries, waiting, count)
        return StoreFull("bytes", self.max_bytes, self._put_bytes - self._settled_bytes, size)

    def poll(self, limit_entries: int, limit_bytes: int) -> list[tuple[int, Entry]]:
        """Hand out the next entries in order, each once; see `Source.poll`."""
        with self._out_lock:
            waiting = self._waiting  # which others only append to
            count = min(len(waiting), limit_entries)
            if self._put_bytes - self._settled_bytes <= limit_bytes:  # all that there is would fit
                pull = waiting.popleft
                out = [pull() for _ in range(count)]
            else:
                out = _pull(waiting, count, limit_bytes)
            self._out.update(out)
        return out

    def settle(self, fates: Iterable[Fate]) -> None:
        """Forget entries; see `Source.settle`."""
        with self._out_lock:
            forget = self._out.pop
            for fate in fates:
                gone = [entry for seq in fate.seqs if (entry := forget(seq, None)) is not None]
                size = sum([len(entry.body) for entry in gone]) + ENTRY_OVERHEAD * len(gone)
                self._settled += len(gone)
                self._settled_bytes += size

    def interrupted(self) -> bool:
        """Return whether this comes amid another call of the same thread; see `Store.interrupted`."""
        return any(mine() for mine in self._mine)

    @property
    def lost(self) -> int:
        """None: memory is read as it was written."""
        return 0

    @property
    def unburied(self) -> Backlog:
        """Nothing: memory keeps no dead letters."""
        return Backlog(0, 0)

    @property
    def pending(self) -> Backlog:
        """What waits."""
        with self._out_lock:
            settled, settled_bytes = self._settled, self._settled_bytes
            return Backlog(self._last - settled, self._put_bytes - settled_bytes)

    @property
    def last_seq(self) -> int:
        """The number of the newest entry."""
        return self._last

    def sync(self, timeout: float | None = None) -> bool:  # noqa: ARG002 - the contract's
        """Do nothing: memory is where this store keeps things."""
        return True

    def seal(self) -> None:
        """Take no more entries; what waits is still handed out."""
        with self._put_lock:
            self._closed = True

    def close(self) -> None:
        """Take no more entries; what was not settled is lost."""
        self.seal()
        with self._out_lock:
            self._waiting.clear()
            self._out.clear()
            self._settled, self._settled_bytes = self._last, self._put_bytes


def _pull(waiting: deque[tuple[int, Entry]], count: int, room: int) -> list[tuple[int, Entry]]:
    """Take at most so many entries, and bytes of them, from the front of a queue; one in any case."""
    out: list[tuple[int, Entry]] = []
    for _ in range(count):
        room -= len(waiting[0][1].body)
        if room < 0 and out:
            break
        out.append(waiting.popleft())
    return out
