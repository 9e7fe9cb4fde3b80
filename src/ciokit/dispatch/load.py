"""Fill one request: which entries of a queue go along, measured on the bytes that will be sent.

Pure. It knows nothing of who may go; it is told.
"""

import sys
from collections import deque
from typing import TypeAlias

from ciokit.wire import FRAME, Entry, Route

__all__ = ["Load", "Queued"]


Queued: TypeAlias = tuple[int, Entry]
"""An entry after its number in the order of offering, by which the store knows it: as the store has handed it out."""


class Load:
    """Fill one request.

    Attributes:
        route: Where it goes.
        items: The entries, in order.
        keys: Whom they are about.
        size: Bytes of the request's body, frame and commas included.
        room: Whether more may fit.
        limit: The most bytes of the request's body.
        item_limit: The most bytes of one of several entries.
    """

    __slots__ = ("item_limit", "items", "keys", "limit", "room", "route", "size")

    def __init__(self, route: Route) -> None:
        self.route = route
        self.items: list[Queued] = []
        self.keys: set[str] = set()
        self.size = FRAME - 1  # the first item has no comma
        self.room = True
        self.limit = (route.batch_limit or sys.maxsize) if route.batch else 0
        self.item_limit = route.item_limit or sys.maxsize

    @property
    def payload(self) -> int:
        """Return the bytes of the entries alone."""
        return self.size - (FRAME - 1) - len(self.items)

    def take(self, source: deque[Queued], most_keys: int) -> None:
        """Take entries from the front of a line while they fit.

        The first always fits. One that breaks the limits, or whose route has no batches, goes alone: its fate must
        not be that of others.

        Args:
            source: The line.
            most_keys: The most people whom an entry may be about to be taken; the first with more is the end.
        """
        # Many entries take this path: locals, and calls into C alone.
        route, items, size = self.route, self.items, self.size
        limit, item_limit = self.limit, self.item_limit
        pull, take = source.popleft, items.append
        while source:
            item = pull()
            entry = item[1]
            if len(entry.keys) <= most_keys and (entry.route is route or entry.route == route):
                length = len(entry.body)
                grown = size + length + 1
                if grown <= limit and length <= item_limit:
                    take(item)
                    size = grown
                    continue
                self.room = False
                if not items:
                    take(item)
                    size = grown
                    break
            source.appendleft(item)
            break
        self.size = size
