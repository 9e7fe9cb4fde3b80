"""What a store keeps: each request that was done, as it is to be done again.

The world is a function of its requests; doing them again in order gives the same world, ids included.
"""

from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec

SABOTAGED: Final = "sabotaged"
"""Reason given for a batch item that a fault refused."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """Hold one thing that changed the world.

    Args:
        kind: `api`: a request of the vendor's APIs; `supply`: a fetched file; `control`: a setup call; `reset`: what
            came before is forgotten.
        at: When, Unix seconds.
        number: Number of the request; 0 for what is no request of the vendor's APIs.
        workspace: Name of the workspace.
        method: HTTP method.
        path: Path as sent.
        query: Query as sent.
        headers: Headers that decide something; never credentials.
        sabotaged: Indexes of batch items that a fault refused.
        supplied: For a file: what it was for, its key, and whether it could be fetched.
        body: The body, or the file.
    """

    kind: Literal["api", "supply", "control", "reset"]
    at: float
    number: int = 0
    workspace: str = ""
    method: str = ""
    path: str = ""
    query: str = ""
    headers: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    sabotaged: list[int] = msgspec.field(default_factory=list[int])
    supplied: tuple[str, tuple[int, ...], bool] | None = None
    body: bytes = b""


Keep = Callable[[Kept], Any]
"""Takes what is to be kept."""
