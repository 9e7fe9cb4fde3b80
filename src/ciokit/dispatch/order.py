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
import sys
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice

from ciokit.dispatch.arrivals import Arrivals
from ciokit.dispatch.line import NOBODY, Line, is_plain, names_of
from ciokit.dispatch.load import Load, Queued
from ciokit.wire import Route

__all__ = ["Backlog"]

STEP_ASIDE = 4_096
"""Entries that may step aside while one batch is filled, which bounds the time that takes: about a millisecond."""

FRONT = 16
"""Entries that tell whether it is worth while to look behind them."""


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
        self._arrivals = Arrivals()
        self._stood = self._stood_size = 0  # in all lines together
        self._twice = 0  # of them, those counted a second time: a merge stands in two
        self._lines: dict[str, Line] = {}
        # Every key that a batch holds or that has a line: an entry with none of these may go straight from the queue.
        self._closed: set[str] = set()
        self._newly_closed: list[str] = []
        self._step_aside_limit = step_aside
        self._ready: dict[Route, deque[str]] = {}
        self._ready_count = 0
        self._ready_size = 0
        self._ready_first = sys.maxsize
        self._ready_route: Route | None = None
        self._ready_keys: deque[str] = deque()
        self._by_age: list[Queued] = []

    def add(self, entries: Sequence[Queued], now: float) -> bool:
        """Take entries in, and return whether they are the first that may go, or make them enough."""
        queue, ready = self._queue, self._ready_count
        before = len(queue) + ready
        queue.extend(entries)
        self._arrivals.note(entries[-1][0], now)
        self.size += sum([len(entry.body) for _, entry in entries])
        return not before or before < self._enough <= len(queue) + ready

    @property
    def count(self) -> int:
        """Return how many entries wait."""
        return len(self._queue) + self._stood - self._twice

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
        return not any(is_free(entry.keys) for _, entry in islice(self._queue, FRONT))

    @property
    def since(self) -> float:
        """Return when the oldest candidate was offered, or an earlier time; infinity without one."""
        oldest = self._ready_first if self._ready_count else sys.maxsize
        if self._queue:
            oldest = min(oldest, self._queue[0][0])
        return math.inf if oldest == sys.maxsize else self._arrivals.since(oldest)

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
            load.keys.update(*[entry.keys for _, entry in load.items[known:]])
        if load.items:
            self._closed |= load.keys
            self.size -= load.payload
        self._make_ready([key for key in self._newly_closed if key not in load.keys])
        self._newly_closed.clear()
        return load if load.items else None

    def release(self, keys: set[str]) -> None:
        """Let the next entries of these keys go, the oldest first."""
        lines = self._lines
        waiting = keys & lines.keys()
        self._closed -= keys
        self._closed |= waiting
        oldest_first = sorted([(lines[key][0][0], key) for key in waiting])
        self._make_ready([key for _, key in oldest_first])

    def drop_oldest(self) -> Queued | None:
        """Take out the oldest entry, if there is any."""
        if self._lines:
            item = self._oldest_aside()
            names = names_of(item[1])
            self._twice -= len(names) - 1
            for key in names:
                self._drop_first(key)
        elif self._queue:
            item = self._queue.popleft()
        else:
            return None
        self.size -= len(item[1].body)
        return item

    def has_before(self, seq: int) -> bool:
        """Return whether an entry with a smaller number waits."""
        if self._queue and self._queue[0][0] < seq:
            return True
        return any(line[0][0] < seq for line in self._lines.values())

    def _next_route(self) -> Route | None:
        for route, keys in self._ready.items():
            while keys and not self._is_ready(keys[0]):
                keys.popleft()
            if keys:
                self._ready[route] = self._ready.pop(route)  # to the end: routes take turns
                return route
        return self._queue[0][1].route if self._queue else None

    def _is_ready(self, key: str) -> bool:
        line = self._lines.get(key)
        return line is not None and line.ready

    def _take_queue(self, load: Load) -> None:
        """Fill a request from the front of the queue; what may not go along steps aside."""
        # Nearly every entry takes this path: locals, and calls into C alone.
        queue, lines, is_free = self._queue, self._lines, self._closed.isdisjoint
        route, items, limit, item_limit = load.route, load.items, load.limit, load.item_limit
        pull, take, find, size = queue.popleft, items.append, lines.get, load.size
        patience = self._step_aside_limit
        stood = stood_size = 0
        while queue:
            item = pull()
            entry = item[1]
            length = len(entry.body)
            if is_free(entry.keys) and (entry.route is route or entry.route == route):
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
            keys = entry.keys
            line = find(keys[0]) if len(keys) == 1 else None
            if len(keys) != 1 or entry.route is not route or length > item_limit:
                self._step_aside(item)
            elif line is None:  # what _step_aside would do, for most
                line = lines[keys[0]] = Line((item,))
                line.held, line.ready, line.size, line.route = True, False, length, route
                stood += 1
                stood_size += length
            elif line.route is route:
                line.append(item)
                line.size += length
                stood += 1
                stood_size += length
            else:
                self._step_aside(item)
            patience -= 1
            if not patience:
                break
        load.size = size
        self._stood += stood
        self._stood_size += stood_size

    def _take_ready(self, load: Load) -> None:
        """Fill a request from ready lines."""
        keys, lines, items = self._ready.get(load.route), self._lines, load.items
        whole: list[str] = []
        while keys and load.room:
            key = keys.popleft()
            line = lines.get(key)
            if line is None or not line.ready:
                continue  # it was taken along by a merge
            self._unready(line)
            if line.route is load.route and load.size + line.size + len(line) <= load.limit:
                items += line
                load.size += line.size + len(line)
                self._leave(line, len(line), line.size)
                whole.append(key)
                del lines[key]
                continue
            blocked = self._take_line(key, line, load)
            if line and not (blocked or line.held):
                self._make_ready([key])
        if not lines:
            self._by_age.clear()
        load.keys.update(whole)
        self._closed.difference_update(whole)  # so that the queue's may come along

    def _take_line(self, key: str, line: Line, load: Load) -> bool:
        """Fill a request from one line, and return whether a merge waits there for somebody else."""
        while line and load.room:
            taken, size = len(load.items), load.size
            load.take(line, 1)
            if count := len(load.items) - taken:
                self._leave(line, count, load.size - size - count)
                self._hold(key, line, load)
            elif line[0][1].route != load.route:
                break
            elif not self._leads(line[0], load):
                return True
            else:
                self._take_merge(line[0], load)
        return False

    def _join(self, line: Line, item: Queued) -> None:
        line.append(item)
        entry = item[1]
        size = len(entry.body)
        line.size += size
        self._stood += 1
        self._stood_size += size
        if entry.route is not line.route or not is_plain(entry):
            line.route = None
        if line.ready:
            self._ready_count += 1
            self._ready_size += size

    def _leave(self, line: Line, count: int, size: int) -> None:
        """Count no longer what was taken out of a line."""
        line.size -= size
        self._stood -= count
        self._stood_size -= size

    def _leads(self, item: Queued, load: Load) -> bool:
        """Return whether an entry is first in all of its lines and no other batch holds them."""
        lines = [(key, self._lines[key]) for key in item[1].keys]
        return all(line[0] is item and (not line.held or key in load.keys) for key, line in lines)

    def _take_merge(self, item: Queued, load: Load) -> None:
        alone = deque((item,))
        load.take(alone, len(item[1].keys))
        if alone:
            return  # no room
        names = names_of(item[1])
        self._twice -= len(names) - 1
        for key in names:
            line = self._lines[key]
            self._unready(line)
            self._leave(line, 1, len(line.popleft()[1].body))
            self._hold(key, line, load)

    def _hold(self, key: str, line: Line, load: Load) -> None:
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
        self._leave(line, 1, len(line.popleft()[1].body))
        if not line:
            self._forget(key)
            if not line.held:
                self._closed.discard(key)
        elif not line.held:
            self._make_ready([key])  # the dropped one may have been a merge that waited for somebody else

    def _forget(self, key: str) -> None:
        del self._lines[key]
        if not self._lines:
            self._by_age.clear()

    def _step_aside(self, item: Queued) -> None:
        """Put an entry into the lines of its keys."""
        entry = item[1]
        names = names_of(entry)
        for key in names:
            line = self._lines.get(key)
            self._join(self._open(key, entry.route) if line is None else line, item)
        self._twice += len(names) - 1

    def _open(self, key: str, route: Route) -> Line:
        line = self._lines[key] = Line()
        line.held, line.ready, line.size, line.route = True, False, 0, route
        if key not in self._closed:
            # Nobody was known to hold it; whether this very request does shows when it is filled.
            self._closed.add(key)
            self._newly_closed.append(key)
        return line

    def _make_ready(self, keys: Iterable[str]) -> None:
        """Let the lines of these keys go, which no batch holds any more."""
        count = size = 0
        for key in keys:
            line = self._lines[key]
            if line.ready:
                continue
            line.held, line.ready = False, True
            first, entry = line[0]
            if not self._ready_count + count or first < self._ready_first:
                self._ready_first = first
            count += len(line)
            size += line.size
            route = entry.route
            if route is not self._ready_route:  # a route's hash costs more than all the rest
                self._ready_route = route
                self._ready_keys = self._ready.setdefault(route, deque())
            self._ready_keys.append(key)
        self._ready_count += count
        self._ready_size += size

    def _unready(self, line: Line) -> None:
        if line.ready:
            line.ready = False
            self._ready_count -= len(line)
            self._ready_size -= line.size

    def _oldest_aside(self) -> Queued:
        """Find the oldest entry in a line. The sorted list outlives the call: whoever steps aside later is younger."""
        while True:
            while self._by_age:
                item = self._by_age.pop()
                line = self._lines.get(names_of(item[1])[0])
                if line is not None and line[0] is item:
                    return item
            items = {item[0]: item for line in self._lines.values() for item in line}
            self._by_age = [items[seq] for seq in sorted(items, reverse=True)]
