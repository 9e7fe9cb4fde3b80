"""The entries of one key that have to wait for their turn.

Pure. It knows nothing of who else waits.
"""

import sys
from collections import deque
from collections.abc import Sequence

from ciokit.dispatch.load import Queued
from ciokit.wire import Entry, Route

__all__ = ["NOBODY", "Line", "is_plain", "names_of"]

NOBODY = ("\0",)
"""The line of entries that are about nobody, if they have to stand in one. It is never held: they have no order."""


class Line(deque[Queued]):
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


def is_plain(entry: Entry) -> bool:
    """Return whether an entry is about one person and may travel with others."""
    return len(entry.keys) == 1 and len(entry.body) <= (entry.route.item_limit or sys.maxsize)


def names_of(entry: Entry) -> Sequence[str]:
    """Return the lines that an entry stands in."""
    keys = entry.keys or NOBODY
    return keys if len(keys) == 1 else tuple(dict.fromkeys(keys))  # a person may be merged with itself
