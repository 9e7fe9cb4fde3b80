"""Request bodies that arrive compressed, opened within a bound."""

import zlib
from typing import Final

import msgspec

from ciokit.sandbox.exchange import Request

MOST_BYTES: Final = 16 * 1024 * 1024
"""Largest body the sandbox opens or reads."""
_COMPRESSED: Final = frozenset({"gzip", "x-gzip", "deflate"})


def open_body(request: Request) -> Request:
    """Open a body that may be compressed.

    Args:
        request: The request as received.

    Returns:
        The request with its body opened; without a body and marked if it is larger than allowed. A body
        that is not what its encoding claims stays as received.
    """
    encoding = request.headers.get("content-encoding", "")
    if encoding.strip().lower() in _COMPRESSED:
        return _decompress(request)
    if len(request.body) > MOST_BYTES:
        return msgspec.structs.replace(request, body=b"", oversize=True)
    return request


def _decompress(request: Request) -> Request:
    opener = zlib.decompressobj(wbits=47)
    try:
        opened = opener.decompress(request.body, MOST_BYTES + 1)
    except zlib.error:
        return request
    if len(opened) > MOST_BYTES:
        return msgspec.structs.replace(request, body=b"", oversize=True)
    return msgspec.structs.replace(request, body=opened)
