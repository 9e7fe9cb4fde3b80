"""The store in memory: nothing faster, and nothing left after the process.

It knows no disk and no thread. Where it keeps what it keeps is this process, so what was not settled by then is lost.
"""

import threading
from collections import deque
from collections.abc import Iterable, Sequence

from ciokit.errors import ClientClosed, SettingsError
from ciokit.stores.contract import ENTRY_OVERHEAD, Backlog, Fate
from ciokit.stores.errors import StoreFull
from ciokit.stores.forks import start_anew_in_children
from ciokit.stores.turns import holds
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
        # Re-entrant: a signal handler or a destructor may put while this thread is in a put.
        self._lock = threading.RLock()
        self._mine = threading.Condition(self._lock)
        self._waiting: deque[tuple[int, Entry]] = deque()
        self._out: dict[int, int] = {}
        self._last = 0
        self._settled = 0
        self._bytes = 0

    def put(self, entries: Sequence[Entry]) -> int:
        """Keep entries, all of them or none; see `Sink.put`."""
        if len(entries) != 1:
            return self._put_many(entries)
        entry = entries[0]
        size = len(entry.body) + ENTRY_OVERHEAD
        with self._lock:
            # What may interrupt this thread and put does so after a call: no call between reading and writing back.
            seq = self._last + 1
            used = self._bytes + size
            if used > self.max_bytes or seq - self._settled > self.max_entries or self._closed:
                raise self._refusal(1, size)
            self._last = seq
            self._bytes = used
            self._waiting.append((seq, entry))
        return seq

    def _put_many(self, entries: Sequence[Entry]) -> int:
        count = len(entries)
        if not count:
            msg = "put needs at least one entry"
            raise ValueError(msg)
        size = sum(len(entry.body) for entry in entries) + ENTRY_OVERHEAD * count
        with self._lock:
            last = self._last + count
            used = self._bytes + size
            if used > self.max_bytes or last - self._settled > self.max_entries or self._closed:
                raise self._refusal(count, size)
            self._last = last
            self._bytes = used
            self._waiting.extend(zip(range(last - count + 1, last + 1), entries, strict=True))
        return last - count + 1

    def _refusal(self, count: int, size: int) -> Exception:
        if self._closed:
            return ClientClosed("the store is closed; open a new one")
        waiting = self._last - self._settled
        if waiting + count > self.max_entries:
            return StoreFull("entries", self.max_entries, waiting, count)
        return StoreFull("bytes", self.max_bytes, self._bytes, size)

    def poll(self, limit_entries: int, limit_bytes: int) -> list[tuple[int, Entry]]:
        """Hand out the next entries in order, each once; see `Source.poll`."""
        out: list[tuple[int, Entry]] = []
        room = limit_bytes
        with self._lock:
            waiting = self._waiting
            while waiting and len(out) < limit_entries:
                numbered = waiting.popleft()
                size = len(numbered[1].body)
                if size > room and out:
                    waiting.appendleft(numbered)
                    break
                room -= size
                self._out[numbered[0]] = size + ENTRY_OVERHEAD
                out.append(numbered)
        return out

    def settle(self, fates: Iterable[Fate]) -> None:
        """Forget entries; see `Source.settle`."""
        with self._lock:
            for fate in fates:
                for seq in fate.seqs:
                    size = self._out.pop(seq, None)
                    if size is not None:
                        self._settled += 1
                        self._bytes -= size

    def interrupted(self) -> bool:
        """Return whether this comes amid another call of the same thread; see `Store.interrupted`."""
        return holds(self._mine)

    @property
    def pending(self) -> Backlog:
        """What waits."""
        with self._lock:
            return Backlog(self._last - self._settled, self._bytes)

    @property
    def last_seq(self) -> int:
        """The number of the newest entry."""
        return self._last

    def sync(self, timeout: float | None = None) -> bool:  # noqa: ARG002 - the contract's
        """Do nothing: memory is where this store keeps things."""
        return True

    def seal(self) -> None:
        """Take no more entries; what waits is still handed out."""
        with self._lock:
            self._closed = True

    def close(self) -> None:
        """Take no more entries; what was not settled is lost."""
        with self._lock:
            self._closed = True
            self._waiting.clear()
            self._out.clear()
            self._settled, self._bytes = self._last, 0
