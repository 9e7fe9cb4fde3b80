"""The live feed as server-sent events.

Pure: from the world's feed to bytes; waiting and sending are the shell's business.
"""

from typing import NamedTuple

import msgspec

from ciokit.sandbox.control.views import see_change
from ciokit.sandbox.world import World

MOST_ENTRIES = 500
"""How many entries go out at a time."""
NEWEST_ENTRIES = 100
"""How many go out at a time to who wants the newest: more than an eye can follow."""
HEARTBEAT = b": still here\n\n"


class Chunk(NamedTuple):
    """Hold what to send next, and the position after it."""

    body: bytes
    after: int


def opening(after: int) -> bytes:
    """Return what a stream begins with.

    Args:
        after: The position it begins at.

    Returns:
        A wish for quick reconnection, and where the stream stands.
    """
    return f"retry: 1000\nid: {after}\nevent: hello\ndata: {{}}\n\n".encode()


def next_chunk(world: World, after: int, *, newest: bool = False) -> Chunk:
    """Return what happened after a position, as server-sent events.

    Args:
        world: The world.
        after: The position.
        newest: Whether to go on with the newest when more happened than goes out at a time.

    Returns:
        The events, empty when nothing happened; with an event `skipped` first when entries were let go unseen.
    """
    if world.seq <= after:
        return Chunk(b"", after)
    most = NEWEST_ENTRIES if newest else MOST_ENTRIES
    entries, skipped = world.feed(after, most, newest=newest)
    parts = [_event("skipped", after, {})] if skipped else []
    parts += [_event(entry.kind, entry.seq, see_change(entry.kind, entry.record)) for entry in entries]
    return Chunk(b"".join(parts), entries[-1].seq if entries else world.seq)


def _event(kind: str, seq: int, value: object) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (seq, kind.encode(), msgspec.json.encode(value))
