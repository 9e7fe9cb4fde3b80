"""Request bodies that arrive compressed, opened within a bound."""

import zlib

MOST_BYTES = 16 * 1024 * 1024
"""Largest body the sandbox opens or reads."""


class OversizeError(Exception):
    """Report a body larger than the sandbox reads."""


def decompress(body: bytes, encoding: str, most: int = MOST_BYTES) -> bytes:
    """Open a body that may be compressed.

    Args:
        body: Bytes as received.
        encoding: Value of Content-Encoding; gzip and deflate are opened, anything else is left as it is.
        most: Largest size to open to.

    Returns:
        The body; bytes that are not what they claim to be are returned as received.

    Raises:
        OversizeError: It is larger than allowed.
    """
    if encoding.strip().lower() not in {"gzip", "x-gzip", "deflate"}:
        if len(body) > most:
            raise OversizeError
        return body
    opener = zlib.decompressobj(wbits=47)
    try:
        opened = opener.decompress(body, most + 1)
    except zlib.error:
        return body
    if len(opened) > most:
        raise OversizeError
    return opened
