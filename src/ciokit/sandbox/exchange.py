"""What goes into the sandbox and what comes out: one HTTP request, one reply, as plain data.

Knows nothing of sockets, of Customer.io's paths, or of state.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class Request(msgspec.Struct, frozen=True):
    """Hold one HTTP request as it was received.

    Args:
        method: Upper-case method.
        path: Path as sent, still percent-encoded, without the query.
        query: Query string as sent, without the question mark.
        headers: Header values by lower-case name.
        body: Decoded body (content encodings are the shell's business).
        scheme: `http` or `https`.
        oversize: Whether the body was larger than the shell reads, and is left out.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = _NOTHING
    body: bytes = b""
    scheme: str = "http"
    oversize: bool = False

    @property
    def target(self) -> str:
        """Path and query as sent."""
        return f"{self.path}?{self.query}" if self.query else self.path


class Reply(msgspec.Struct, frozen=True):
    """Hold one HTTP reply.

    Args:
        status: HTTP status code.
        headers: Header values by lower-case name.
        body: Body bytes.
    """

    status: int
    headers: Mapping[str, str] = _NOTHING
    body: bytes = b""


class Answer(msgspec.Struct, frozen=True):
    """Say what a shell must do on the wire with a reply.

    Args:
        reply: The reply; not sent when `drop` is set.
        delay: Seconds to wait before answering.
        drop: Close the connection instead of answering.
        drip: Seconds over which the body is spread; 0 sends it at once.
    """

    reply: Reply
    delay: float = 0.0
    drop: bool = False
    drip: float = 0.0


def encode_json(value: Any) -> bytes:
    """Encode a value as JSON followed by the newline that the vendor writes.

    Args:
        value: What msgspec can encode.

    Returns:
        UTF-8 bytes.
    """
    return msgspec.json.encode(value) + b"\n"
