"""Entries that travel together, and how to part them when one of them spoils the journey.

Pure. It knows nothing of why a batch is parted or sent again.
"""

from collections.abc import Sequence

import msgspec

from ciokit.dispatch.load import Queued
from ciokit.wire import Route, frame

__all__ = ["Batch", "halve", "part_if_stuck"]

OVERTAKEN = 3
"""How often a batch may fail while others pass before it is halved."""


class Batch(msgspec.Struct, eq=False, kw_only=True):
    """Hold what one request carries.

    A sender reads `route`, `path`, `body()` and `items`; the rest is the dispatcher's.

    Attributes:
        route: Where it goes.
        items: The entries, in order.
        size: Bytes of their bodies, without a frame.
        keys: Whom they are about; no other batch holds any of them.
        later: Entries that share a person with these and go after them, one request each list.
        serial: The number of the request that carries or last carried it; 0 before the first.
        attempts: Requests that carried these entries.
        retries: Passing failures since the first of them.
        first_sent_at: When the first of them started.
        sent_at: When the last of them started.
        passes: How many requests had passed when this one last failed; -1 before that.
        overtaken: How often it failed again while others had passed.
    """

    route: Route
    items: list[Queued]
    size: int
    keys: set[str]
    later: list[list[Queued]] = []
    serial: int = 0
    attempts: int = 0
    retries: int = 0
    first_sent_at: float = 0.0
    sent_at: float = 0.0
    passes: int = -1
    overtaken: int = 0

    def __len__(self) -> int:
        return len(self.items)

    def carry(self, items: list[Queued]) -> None:
        """Carry other entries from now on."""
        self.items = items
        self.size = sum([len(entry.body) for _, entry in items])

    def __repr__(self) -> str:
        return f"<Batch {self.serial}: {len(self.items)} for {self.path}, attempt {self.attempts}>"

    @property
    def path(self) -> str:
        """Return the path of the request."""
        return self.route.batch or self.route.path

    def body(self) -> bytes:
        """Return the bytes of the request."""
        if not self.route.batch:
            return self.items[0][1].body
        return frame([entry.body for _, entry in self.items])


def halve(batch: Batch) -> list[Batch]:
    """Part a batch of two entries or more.

    Entries that share a person, directly or by a merge, stay together while there are others to part from, so that
    the halves can go their own ways. When all belong together, the second half goes after the first.

    Returns:
        What may be sent now: two batches without a person in common, or the first half.
    """
    groups = [] if batch.later else _related(batch.items)
    if len(groups) < 2:
        middle = len(batch.items) // 2
        batch.later = [batch.items[middle:], *batch.later]
        batch.carry(batch.items[:middle])
        return [batch]
    first: list[Queued] = []
    second: list[Queued] = []
    for group in sorted(groups, key=len, reverse=True):
        min(first, second, key=len).extend(group)
    keys = {key for _, entry in first for key in entry.keys}
    # The second half holds whoever is left, also those whose entries are settled already.
    return [_part(batch, first, keys), _part(batch, second, batch.keys - keys)]


def part_if_stuck(batch: Batch, passes: int) -> list[Batch]:
    """Halve a batch that keeps failing while others pass: one of its entries must be the reason.

    Args:
        batch: It has just failed again.
        passes: How many requests have passed so far.

    Returns:
        What may be sent again.
    """
    overtaken = passes > batch.passes >= 0
    batch.passes = passes
    batch.overtaken += overtaken
    stuck = overtaken and batch.overtaken >= OVERTAKEN and len(batch) > 1
    return halve(batch) if stuck else [batch]


def _part(batch: Batch, items: list[Queued], keys: set[str]) -> Batch:
    part = msgspec.structs.replace(batch, keys=keys, later=[])
    part.carry(items)
    return part


def _related(items: Sequence[Queued]) -> list[list[Queued]]:
    """Group entries that share a person, each group in order."""
    parents: dict[str, str] = {}

    def root(key: str) -> str:
        while (parent := parents.setdefault(key, key)) != key:
            parents[key] = key = parents[parent]
        return key

    for _, entry in items:
        for key in entry.keys[1:]:
            parents[root(key)] = root(entry.keys[0])
    groups: dict[str | int, list[Queued]] = {}
    for seq, entry in items:
        groups.setdefault(root(entry.keys[0]) if entry.keys else seq, []).append((seq, entry))
    return list(groups.values())
