"""Fill one request: which entries of a queue go along, measured on the bytes that will be sent.

Pure. It knows nothing of who may go; it is told.
"""

import sys
from collections import deque
from collections.abc import Callable

import msgspec

from ciokit.wire import FRAME, Entry, Route

__all__ = ["Load", "Queued"]


class Queued(msgspec.Struct, frozen=True, gc=False):
    """Hold an entry on its way.

    Attributes:
        seq: Its number in the order of offering; the store knows it by this.
        entry: What will be sent.
        offered_at: When it was offered.
    """

    seq: int
    entry: Entry
    offered_at: float


class Load:
    """Fill one request.

    Attributes:
        route: Where it goes.
        items: The entries, in order.
        keys: Whom they are about.
        size: Bytes of the request's body, frame and commas included.
        room: Whether more may fit.
    """

    __slots__ = ("_item_limit", "_limit", "items", "keys", "room", "route", "size")

    def __init__(self, route: Route) -> None:
        self.route = route
        self.items: list[Queued] = []
        self.keys: set[str] = set()
        self.size = FRAME - 1  # the first item has no comma
        self.room = True
        self._limit = (route.batch_limit or sys.maxsize) if route.batch else 0
        self._item_limit = route.item_limit or sys.maxsize

    @property
    def payload(self) -> int:
        """Return the bytes of the entries alone."""
        return self.size - (FRAME - 1) - len(self.items)

    def take(
        self,
        source: deque[Queued],
        may_go: Callable[[tuple[str, ...]], bool],
        set_aside: Callable[[Queued], bool] | None = None,
    ) -> None:
        """Take entries from the front of a queue while they fit.

        The first always fits. One that breaks the limits, or whose route has no batches, goes alone: its fate must
        not be that of others.

        Args:
            source: The queue.
            may_go: Says of an entry's keys whether it may come along.
            set_aside: Puts what may not go elsewhere and says whether to look further; without it that is the end.
        """
        # Nearly every entry takes this path once and some twice: locals, and calls into C alone.
        route, items, size, limit, item_limit = (
            self.route,
            self.items,
            self.size,
            self._limit,
            self._item_limit,
        )
        pull, take = source.popleft, items.append
        while source:
            item = pull()
            entry = item.entry
            if may_go(entry.keys) and (entry.route is route or entry.route == route):
                length = len(entry.body)
                grown = size + length + 1
                if grown <= limit and length <= item_limit:
                    take(item)
                    size = grown
                    continue
                self.room = False
                if items:
                    source.appendleft(item)
                else:
                    take(item)
                    size = grown
                break
            if not set_aside:
                source.appendleft(item)
                break
            if not set_aside(item):
                break
        self.size = size
