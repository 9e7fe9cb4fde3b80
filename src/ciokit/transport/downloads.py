"""Read a file from an address that the service named, piece by piece and without credentials.

The file's host is another one than the API's, so the request carries nothing that is meant for the API.
"""

import asyncio
import sys
import time
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpcore2

from ciokit.absence import no_reply
from ciokit.errors import NoReplyError
from ciokit.transport.async_http import AsyncTransport
from ciokit.transport.http import Transport, host_header
from ciokit.transport.streams import deadline
from ciokit.transport.unpacking import Packed, Plain
from ciokit.verdict import NoReply

__all__ = ["AsyncFile", "File", "open_file", "open_file_async"]


class File:
    """Hold a file that has begun to come; read its pieces once.

    Args:
        response: What came.
        kind: The operation, for errors.
        seconds: How long a piece may take.

    Attributes:
        status: The HTTP status; the pieces are the file only if it is 200.
    """

    def __init__(self, response: httpcore2.Response, kind: str, seconds: float) -> None:
        self.status = response.status
        self._encoding = _Encoding(response.headers, kind)
        self._response = response
        self._kind = kind
        self._seconds = seconds

    def pieces(self) -> Iterator[bytes]:
        """Yield the file.

        Raises:
            NoReplyError: If it breaks off, is encoded in an unknown way, or a web page came in its place.
        """
        stream = iter(self._response.iter_stream())
        looked = False
        try:
            while (piece := self._next(stream)) is not None:
                piece = self._encoding.undo(piece)
                looked = looked or _is_file(piece, self._kind)
                yield piece
            self._encoding.end()
        finally:
            self.close()

    def _next(self, stream: Iterator[bytes]) -> bytes | None:
        before, deadline.until = deadline.until, time.monotonic() + self._seconds
        amid = sys.exception()
        try:
            return next(stream, None)
        except Exception as error:  # noqa: BLE001 - sorted out by kind
            raise _broken(error, self._kind, self._seconds, amid) from None
        finally:
            deadline.until = before  # of the request that this one came amid, in a signal's handler

    def close(self) -> None:
        """Let go of the connection."""
        self._response.close()


def open_file(transport: Transport, url: str, kind: str, seconds: float, agent: str) -> File | NoReply:
    """Ask for a file.

    Args:
        transport: Whose connections are used.
        url: Where it is.
        kind: The operation, for errors.
        seconds: How long the answer, and each piece, may take.
        agent: How the client names itself.

    Returns:
        The file, or why there is no answer.
    """
    before, deadline.until = deadline.until, time.monotonic() + seconds
    amid = sys.exception()
    try:
        return File(transport.open_pool().handle_request(_request(url, seconds, agent)), kind, seconds)
    except Exception as error:  # noqa: BLE001 - as above
        return no_reply(error, seconds, amid)
    finally:
        deadline.until = before


class AsyncFile:
    """Hold a file that has begun to come; the twin of `File`."""

    def __init__(self, response: httpcore2.Response, kind: str, seconds: float) -> None:
        self.status = response.status
        self._encoding = _Encoding(response.headers, kind)
        self._response = response
        self._kind = kind
        self._seconds = seconds

    async def pieces(self) -> AsyncGenerator[bytes]:
        """Yield the file; see `File.pieces`."""
        stream = aiter(self._response.aiter_stream())
        looked = False
        try:
            while (piece := await self._next(stream)) is not None:
                piece = self._encoding.undo(piece)
                looked = looked or _is_file(piece, self._kind)
                yield piece
            self._encoding.end()
        finally:
            await self.aclose()

    async def _next(self, stream: AsyncIterator[bytes]) -> bytes | None:
        amid = sys.exception()
        try:
            async with asyncio.timeout(self._seconds):
                return await anext(stream, None)
        except Exception as error:  # noqa: BLE001 - as above
            raise _broken(error, self._kind, self._seconds, amid) from None

    async def aclose(self) -> None:
        """Let go of the connection."""
        await self._response.aclose()


async def open_file_async(
    transport: AsyncTransport, url: str, kind: str, seconds: float, agent: str
) -> AsyncFile | NoReply:
    """Ask for a file; see `open_file`."""
    request = _request(url, seconds, agent)
    amid = sys.exception()
    try:
        async with asyncio.timeout(seconds):
            pool = await transport.open_pool()
            response = await pool.handle_async_request(request)
    except Exception as error:  # noqa: BLE001 - as above
        return no_reply(error, seconds, amid)
    return AsyncFile(response, kind, seconds)


def _request(url: str, seconds: float, agent: str) -> httpcore2.Request:
    parts = urlsplit(url)
    target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}".encode("ascii")
    where = httpcore2.URL(
        scheme=parts.scheme.encode(),
        host=(parts.hostname or "").encode("idna"),
        port=parts.port,
        target=target,
    )
    headers = [
        (b"Host", host_header(parts)),
        (b"User-Agent", agent.encode()),
        (b"Accept", b"*/*"),
        (b"Accept-Encoding", b"identity"),
    ]
    wait: dict[str, Any] = {
        "connect": seconds * 0.9,
        "pool": seconds * 0.9,
        "read": seconds,
        "write": seconds,
    }
    return httpcore2.Request(b"GET", where, headers=headers, extensions={"timeout": wait})


_NOT_ASKED_FOR = "the file came encoded in a way that was not asked for; does a proxy stand in between?"
_NO_GZIP = "the file came as gzip, and is none"
_NO_END = "the file broke off: its gzip has no end"


class _Encoding:
    """Undo what a server, or a proxy, did to a file on its way, though it was asked to do nothing.

    A file that is compressed itself comes without a `Content-Encoding`, and stays as it is.
    """

    def __init__(self, headers: Sequence[tuple[bytes, bytes]], kind: str) -> None:
        named = [value for name, value in headers if name.lower() == b"content-encoding"]
        self._names = b",".join(named).decode("latin-1").lower().replace(" ", "")
        self._unpacker = Packed() if self._names in {"gzip", "x-gzip"} else Plain()
        self._kind = kind

    def undo(self, piece: bytes) -> bytes:
        """Return what a piece holds.

        Raises:
            NoReplyError: If that cannot be told.
        """
        if self._names not in {"", "identity", "gzip", "x-gzip"}:
            raise self._unreadable(_NOT_ASKED_FOR)
        try:
            return self._unpacker.unpack(piece)
        except zlib.error:
            raise self._unreadable(_NO_GZIP) from None

    def end(self) -> None:
        """Raise NoReplyError if there should be more."""
        try:
            self._unpacker.end()
        except zlib.error:
            raise self._unreadable(_NO_END) from None

    def _unreadable(self, words: str) -> NoReplyError:
        msg = f"{self._kind}: {words}"
        return NoReplyError(msg, kind=self._kind, retryable=True)


def _is_file(piece: bytes, kind: str) -> bool:
    """Tell whether a piece begins a file, or raise if it begins a page; a blank one tells neither."""
    begun = piece.removeprefix(b"\xef\xbb\xbf").lstrip()
    if begun.startswith(b"<"):
        msg = (
            f"{kind}: a web page came in place of the file; "
            "does a proxy, or a network that wants a login, stand in between?"
        )
        raise NoReplyError(msg, kind=kind, retryable=True)
    return bool(begun)


def _broken(error: Exception, kind: str, seconds: float, amid: BaseException | None) -> NoReplyError:
    reason = no_reply(error, seconds, amid).reason
    msg = f"{kind}: the file broke off: {reason}"
    return NoReplyError(msg, kind=kind, retryable=True)
