"""Who may go next: the entries that no batch holds, in an order that keeps each person's own.

New entries stand in one queue. A batch is filled from its front, and an entry is passed over for two reasons: another
batch holds one of its keys, or an earlier entry of the key was passed over. (A third is rare: it goes to another
route.) Such an entry steps aside into the line of its key, where later ones of the same key join it, and is not
looked at again until the batch that holds the key is settled. Then the line as a whole is ready, and the next batch is
filled from ready lines before the queue. So an entry is handled at most twice, however long the queue and however much
of it is one person's.

A merge has two keys and stands in two lines. It goes when it is first in both and no other batch holds either.

Pure. It knows nothing of requests, answers or time, save that each entry was offered at one.
"""

import math
from collections import deque
from collections.abc import Iterable
from itertools import islice

from ciokit.dispatch.load import Load, Queued
from ciokit.wire import Entry, Route

__all__ = ["Backlog"]

STEP_ASIDE = 4_096
"""Entries that may step aside while one batch is filled, which bounds the time that takes: about a millisecond."""

FRONT = 16
"""Entries that tell whether it is worth while to look behind them."""

NOBODY = ("\0",)
"""The line of entries that are about nobody, if they have to stand in one. It is never held: they have no order."""


class _Line(deque[Queued]):
    """Hold the entries of one key that stepped aside, in order.

    Attributes:
        held: Whether a batch holds the key.
        ready: Whether the line is among those that may go.
        size: Bytes of their bodies.
        route: Where all of them go; None if one of them cannot simply travel with the others.
    """

    __slots__ = ("held", "ready", "route", "size")

    held: bool
    ready: bool
    size: int
    route: Route | None


def _names(entry: Entry) -> Iterable[str]:
    """Return the lines that an entry stands in."""
    return dict.fromkeys(entry.keys or NOBODY)


class Backlog:
    """Keep what waits.

    Args:
        enough: Entries that are worth a request.
        step_aside: Entries that may step aside while one request is filled.

    Attributes:
        size: Bytes of the bodies of all that wait.
    """

    def __init__(self, enough: int, step_aside: int = STEP_ASIDE) -> None:
        self.size = 0
        self._enough = enough
        self._queue: deque[Queued] = deque()
        self._aside = 0
        self._stood = self._stood_size = 0  # in all lines together: a merge stands in two
        self._lines: dict[str, _Line] = {}
        # Every key that a batch holds or that has a line: an entry with none of these may go straight from the queue.
        self._closed: set[str] = set()
        self._newly_closed: list[str] = []
        self._step_aside_limit = step_aside
        self._ready: dict[Route, deque[str]] = {}
        self._ready_count = 0
        self._ready_size = 0
        self._ready_since = math.inf
        self._ready_route: Route | None = None
        self._ready_keys: deque[str] = deque()
        self._by_age: list[Queued] = []

    def add(self, entries: Iterable[tuple[int, Entry]], now: float) -> bool:
        """Take entries in, and return whether they are the first that may go, or make them enough."""
        queue, size = self._queue, self.size
        before = len(queue) + self._ready_count
        for seq, entry in entries:
            queue.append(Queued(seq, entry, now))
            size += len(entry.body)
        self.size = size
        return not before or before < self._enough <= len(queue) + self._ready_count

    @property
    def count(self) -> int:
        """Return how many entries wait."""
        return len(self._queue) + self._aside

    @property
    def blocked(self) -> tuple[int, int]:
        """Return how many entries wait for a batch that holds somebody of theirs, and the bytes of their bodies.

        A merge counts once for each of its people.
        """
        return self._stood - self._ready_count, self._stood_size - self._ready_size

    @property
    def candidates(self) -> int:
        """Return how many entries may go, as far as is known."""
        return len(self._queue) + self._ready_count

    def has_enough(self) -> bool:
        """Return whether as many entries may go, as far as is known, as are worth a request."""
        return len(self._queue) + self._ready_count >= self._enough

    def is_front_held(self) -> bool:
        """Return whether all that may go, as far as is known, are in the queue behind a front of held keys."""
        if self._ready_count or not self._queue:
            return False
        is_free = self._closed.isdisjoint
        return not any(is_free(item.entry.keys) for item in islice(self._queue, FRONT))

    @property
    def since(self) -> float:
        """Return when the oldest candidate was offered, or an earlier time; infinity without one."""
        ready_since = self._ready_since if self._ready_count else math.inf
        return min(ready_since, self._queue[0].offered_at) if self._queue else ready_since

    def gather(self) -> Load | None:
        """Fill a request with all that may go together, and hold its keys until they are released.

        Returns:
            The filled request; None when nothing may go, or nothing was found yet in a long queue of held keys.
        """
        route = self._next_route()
        if route is None:
            return None
        load = Load(route)
        self._take_ready(load)
        if load.room:
            known = len(load.items)
            self._take_queue(load)
            load.keys.update(*[item.entry.keys for item in load.items[known:]])
        if load.items:
            self._closed |= load.keys
            self.size -= load.payload
        for key in self._newly_closed:
            line = self._lines[key]
            line.held = key in load.keys
            self._make_ready(key, line)
        self._newly_closed.clear()
        return load if load.items else None

    def release(self, keys: set[str]) -> None:
        """Let the next entries of these keys go, the oldest first."""
        lines = self._lines
        waiting = keys & lines.keys()
        self._closed -= keys
        self._closed |= waiting
        for _, key in sorted([(lines[key][0].seq, key) for key in waiting]):
            line = lines[key]
            line.held = False
            self._make_ready(key, line)

    def drop_oldest(self) -> Queued | None:
        """Take out the oldest entry, if there is any."""
        if self._lines:
            item = self._oldest_aside()
            self._aside -= 1
            for key in _names(item.entry):
                self._drop_first(key)
        elif self._queue:
            item = self._queue.popleft()
        else:
            return None
        self.size -= len(item.entry.body)
        return item

    def has_before(self, seq: int) -> bool:
        """Return whether an entry with a smaller number waits."""
        if self._queue and self._queue[0].seq < seq:
            return True
        return any(line[0].seq < seq for line in self._lines.values())

    def _next_route(self) -> Route | None:
        for route, keys in self._ready.items():
            while keys and not self._is_ready(keys[0]):
                keys.popleft()
            if keys:
                self._ready[route] = self._ready.pop(route)  # to the end: routes take turns
                return route
        return self._queue[0].entry.route if self._queue else None

    def _is_ready(self, key: str) -> bool:
        line = self._lines.get(key)
        return line is not None and line.ready

    def _take_queue(self, load: Load) -> None:
        """Fill a request from the front of the queue; what may not go along steps aside."""
        # Nearly every entry takes this path: locals, and calls into C alone.
        queue, lines, is_free = self._queue, self._lines, self._closed.isdisjoint
        route, items, limit, item_limit = load.route, load.items, load.limit, load.item_limit
        pull, take, size = queue.popleft, items.append, load.size
        patience = self._step_aside_limit
        while queue:
            item = pull()
            entry = item.entry
            if is_free(entry.keys) and (entry.route is route or entry.route == route):
                length = len(entry.body)
                grown = size + length + 1
                if grown <= limit and length <= item_limit:
                    take(item)
                    size = grown
                    continue
                load.room = False
                if items:
                    queue.appendleft(item)
                else:
                    take(item)
                    size = grown
                break
            line = lines.get(entry.keys[0]) if len(entry.keys) == 1 else None
            length = len(entry.body)
            plain = line is not None and not line.ready and line.route is entry.route is route
            if line is None or not plain or length > item_limit:
                self._step_aside(item)
            else:  # the same, for most
                line.append(item)
                line.size += length
                self._aside += 1
                self._stood += 1
                self._stood_size += length
            patience -= 1
            if not patience:
                break
        load.size = size

    def _take_ready(self, load: Load) -> None:
        """Fill a request from ready lines."""
        keys = self._ready.get(load.route)
        while keys and load.room:
            key = keys.popleft()
            line = self._lines.get(key)
            if line is None or not line.ready:
                continue  # it was taken along by a merge
            self._unready(line)
            if line.route is load.route and load.size + line.size + len(line) <= load.limit:
                self._take_whole(key, line, load)
                continue
            blocked = self._take_line(key, line, load)
            if line and not blocked:
                self._make_ready(key, line)

    def _take_whole(self, key: str, line: _Line, load: Load) -> None:
        load.items += line
        load.size += line.size + len(line)
        load.keys.add(key)
        self._aside -= len(line)
        self._leave(line, len(line), line.size)
        self._forget(key)
        self._closed.discard(key)  # so that the queue's may come along

    def _take_line(self, key: str, line: _Line, load: Load) -> bool:
        """Fill a request from one line, and return whether a merge waits there for somebody else."""
        while line and load.room:
            taken, size = len(load.items), load.size
            load.take(line, 1)
            if count := len(load.items) - taken:
                self._aside -= count
                self._leave(line, count, load.size - size - count)
                self._hold(key, line, load)
            elif line[0].entry.route != load.route:
                break
            elif not self._leads(line[0], load):
                return True
            else:
                self._take_merge(line[0], load)
        return False

    def _join(self, line: _Line, item: Queued) -> None:
        line.append(item)
        entry = item.entry
        size = len(entry.body)
        line.size += size
        self._stood += 1
        self._stood_size += size
        if entry.route is not line.route or len(entry.keys) != 1 or 0 < entry.route.item_limit < size:
            line.route = None

    def _leave(self, line: _Line, count: int, size: int) -> None:
        """Count no longer what was taken out of a line."""
        line.size -= size
        self._stood -= count
        self._stood_size -= size

    def _leads(self, item: Queued, load: Load) -> bool:
        """Return whether an entry is first in all of its lines and no other batch holds them."""
        lines = [(key, self._lines[key]) for key in item.entry.keys]
        return all(line[0] is item and (not line.held or key in load.keys) for key, line in lines)

    def _take_merge(self, item: Queued, load: Load) -> None:
        alone = deque((item,))
        load.take(alone, len(item.entry.keys))
        if alone:
            return  # no room
        self._aside -= 1
        for key in _names(item.entry):
            line = self._lines[key]
            self._unready(line)
            self._leave(line, 1, len(line.popleft().entry.body))
            self._hold(key, line, load)

    def _hold(self, key: str, line: _Line, load: Load) -> None:
        """Let a request hold a key, from whose line it has taken entries."""
        if key not in NOBODY:
            line.held = True
            load.keys.add(key)
        if not line:
            self._forget(key)
            self._closed.discard(key)  # so that the queue's may come along

    def _drop_first(self, key: str) -> None:
        line = self._lines[key]
        self._unready(line)
        self._leave(line, 1, len(line.popleft().entry.body))
        if line:
            self._make_ready(key, line)  # the dropped one may have been a merge that waited for somebody else
            return
        self._forget(key)
        if not line.held:
            self._closed.discard(key)

    def _forget(self, key: str) -> None:
        del self._lines[key]
        if not self._lines:
            self._by_age.clear()

    def _step_aside(self, item: Queued) -> None:
        """Put an entry into the lines of its keys."""
        for key in item.entry.keys or NOBODY:
            line = self._lines.get(key)
            if line is None:
                line = self._open(key, item.entry.route)
            elif line[-1] is item:  # a person merged with itself
                continue
            self._join(line, item)
            if line.ready:
                self._ready_count += 1
                self._ready_size += len(item.entry.body)
        self._aside += 1

    def _open(self, key: str, route: Route) -> _Line:
        line = self._lines[key] = _Line()
        line.held, line.ready, line.size, line.route = True, False, 0, route
        if key not in self._closed:
            # Nobody was known to hold it; whether this very request does shows when it is filled.
            self._closed.add(key)
            self._newly_closed.append(key)
        return line

    def _make_ready(self, key: str, line: _Line) -> None:
        if line.held or line.ready:
            return
        first = line[0]
        line.ready = True
        if not self._ready_count or first.offered_at < self._ready_since:
            self._ready_since = first.offered_at
        self._ready_count += len(line)
        self._ready_size += line.size
        route = first.entry.route
        if route is not self._ready_route:  # a route's hash costs more than all the rest
            self._ready_route = route
            self._ready_keys = self._ready.setdefault(route, deque())
        self._ready_keys.append(key)

    def _unready(self, line: _Line) -> None:
        if line.ready:
            line.ready = False
            self._ready_count -= len(line)
            self._ready_size -= line.size

    def _oldest_aside(self) -> Queued:
        """Find the oldest entry in a line. The sorted list outlives the call: whoever steps aside later is younger."""
        while True:
            while self._by_age:
                item = self._by_age.pop()
                line = self._lines.get(next(iter(_names(item.entry))))
                if line is not None and line[0] is item:
                    return item
            items = {item.seq: item for line in self._lines.values() for item in line}
            self._by_age = [items[seq] for seq in sorted(items, reverse=True)]
