"""Operations as bytes: what the memory, the disk and every retry carry.

An operation is encoded once, when the verb is called. A batch joins those bytes and encodes nothing, so a repeated
event is the same to the byte and Customer.io discards it by its ULID.
"""

from collections.abc import Iterable

import msgspec

from ciokit import limits

__all__ = ["JSON", "PIPELINES", "TRACK_V2", "Entry", "Route", "frame"]

JSON = "application/json"
"""What a body is, where nothing else is said."""


class Route(msgspec.Struct, frozen=True):
    """Say where an entry goes.

    Attributes:
        method: The HTTP method.
        path: The path for one entry alone.
        batch: The path for many entries in one request; empty when the API has none for this kind.
        item_limit: The most bytes of one entry.
        batch_limit: The most bytes of a batch, frame and commas included.
    """

    method: str
    path: str
    batch: str = ""
    item_limit: int = 0
    batch_limit: int = 0


TRACK_V2 = Route("POST", "/api/v2/entity", "/api/v2/batch", limits.ITEM, limits.BATCH)
PIPELINES = Route("POST", "/v1/", "/v1/batch", limits.ITEM, limits.BATCH)
"""Any call of the Pipelines API: one alone has its type at the end of the path, and all types share a batch."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """Hold one operation as it will be sent.

    Attributes:
        body: The JSON of the operation.
        keys: Whom it is about (`id:42`, `object:1:acme`): entries that share a key must arrive in order. A merge has two.
        kind: The operation: `event`, `identify`, ...
        route: Where it goes.
        id: The event's ULID, where it has one.
        replay_safe: Whether sending it twice does no harm.
    """

    body: bytes
    keys: tuple[str, ...]
    kind: str
    route: Route = TRACK_V2
    id: str | None = None
    replay_safe: bool = True

    def __repr__(self) -> str:
        # The body is somebody's data: not for a log, a traceback or a test's output in passing.
        return f"<Entry {self.kind} {self.id or ''} of {len(self.body)} bytes to {self.route.path}>"


FRAME = len(b'{"batch":[]}')
"""Bytes that a batch adds around its items; each item but the first also costs a comma."""


def frame(bodies: Iterable[bytes]) -> bytes:
    """Join encoded operations into the body of one batch request."""
    pieces = list(bodies) or [b""]
    pieces[0] = b'{"batch":[' + pieces[0]
    pieces[-1] += b"]}"
    return b",".join(pieces)  # each further copy of half a megabyte would cost as much as this one (measured)
