"""Connections for the HTTP library's pools, on asyncio without a layer between."""

import asyncio
import contextlib
import math
import os
import select
import socket
import ssl
from collections.abc import Iterable
from typing import Any, Final, cast

import httpcore2

from ciokit.transport.streams import Held, connect_errors

__all__ = ["AsyncStream", "AsyncStreams"]

READ_AHEAD: Final = 1 << 18
"""Bytes that may wait to be read before the other side is made to wait."""


class AsyncStreams(httpcore2.AsyncNetworkBackend):
    """Open connections on asyncio's own transports.

    The library's way leads through anyio, whose cancel scopes, checkpoints and timers at each read and write cost a
    quarter of the CPU of a small request (measured). Reads and writes have no timeout of their own here: the caller
    holds all of an attempt in one `asyncio.timeout`.

    Args:
        hold: Whether heads wait for their bodies; not for HTTP/2.
    """

    def __init__(self, *, hold: bool) -> None:
        self._hold = hold

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's interface
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - none are asked for
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first of the host's addresses that answers, each having its share of the time."""
        loop = asyncio.get_running_loop()
        until = math.inf if timeout is None else loop.time() + timeout
        with connect_errors():
            async with asyncio.timeout(timeout):
                addresses = await _look_up(host, port)
        for tried, (family, address) in enumerate(addresses):
            share = (until - loop.time()) / (len(addresses) - tried)
            try:
                with connect_errors():
                    async with asyncio.timeout(None if share == math.inf else share):
                        arrivals = await _open(family, address, local_address)
                return AsyncStream(arrivals, hold=self._hold, until=until)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if tried + 1 == len(addresses):
                    raise
        raise httpcore2.ConnectTimeout


async def _look_up(host: str, port: int) -> list[tuple[int, Any]]:
    """Return the addresses of a host, each with its family; one that is given as an address needs no thread."""
    kind = socket.SOCK_STREAM
    try:
        found = socket.getaddrinfo(host, port, type=kind, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=kind)
    return list(dict.fromkeys((entry[0], entry[4]) for entry in found))


async def _open(family: int, address: Any, local_address: str | None) -> "_Arrivals":
    # asyncio's own way, from a name to a connection, loses sockets when it is cancelled (seen in 3.11).
    loop = asyncio.get_running_loop()
    connection = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        connection.setblocking(False)
        if local_address is not None:
            connection.bind((local_address, 0))
        await loop.sock_connect(connection, address)
        _, arrivals = await loop.create_connection(_Arrivals, sock=connection)
    except BaseException:
        connection.close()
        raise
    return arrivals


class _Arrivals(asyncio.Protocol):
    """Keep what a connection brings until it is read.

    Attributes:
        transport: The connection's sending side; another one once it speaks TLS.
        ended: Whether nothing more can come.
        buffer: What has come and was not read.
    """

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.ended = False
        self.buffer = bytearray()
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if len(self.buffer) > READ_AHEAD and not self._paused:
            self._paused = True
            self.transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc)

    def _end(self, error: Exception | None) -> None:
        self.ended = True
        self._error = self._error or error
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def take(self, most: int, *, keep: bool) -> bytes:
        """Return what came, waiting for something to come; nothing when the connection ended in good order.

        Args:
            most: Bytes that are taken at most.
            keep: Whether the last byte is left for the next time; see `Stream.read`.
        """
        if not self.buffer and not self.ended:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        if not self.buffer and self._error is not None:
            raise httpcore2.ReadError(str(self._error)) from self._error
        if keep and 1 < len(self.buffer) <= most:
            most = len(self.buffer) - 1
        data = bytes(self.buffer[:most])
        del self.buffer[:most]
        if self._paused and len(self.buffer) <= READ_AHEAD:
            self._paused = False
            self.transport.resume_reading()
        return data


_NAMES: Final = {"client_addr": "sockname", "server_addr": "peername"}
"""What the library calls by another name than asyncio."""


class AsyncStream(httpcore2.AsyncNetworkStream):
    """A connection of an asyncio loop.

    It is closed when it is forgotten: of requests that wait for one connection, one that is cancelled makes the library's
    pool lose it (seen with HTTP/2).

    Args:
        arrivals: What comes in, and the transport that it comes by.
        hold: Whether heads wait for their bodies.
        until: When connecting must be done, a handshake included, in the loop's time.
    """

    def __init__(self, arrivals: _Arrivals, *, hold: bool, until: float = math.inf) -> None:
        self._arrivals = arrivals
        self._until = until
        self._transport = arrivals.transport
        self._socket = arrivals.transport.get_extra_info("socket")
        self._hold = hold
        self._held = Held(hold=hold)
        self._loop = asyncio.get_running_loop()
        self._pid = os.getpid()
        self._is_mine = True

    def __del__(self) -> None:
        # In a forked child it is the parent's; and it may be forgotten in any thread.
        if self._is_mine and self._pid == os.getpid() and not self._transport.is_closing():
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._transport.abort)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109 - see AsyncStreams
        """Read, sending what is still held first."""
        if head := self._held.release():
            self._transport.write(head)
        return await self._arrivals.take(max_bytes, keep=self._hold)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109 - see AsyncStreams
        """Write, or hold it until the next piece."""
        # Not waited for: what the socket does not take at once leaves while the answer is waited for.
        for piece in self._held.swap(buffer):
            if self._transport.is_closing():
                raise httpcore2.WriteError
            self._transport.write(piece)

    async def aclose(self) -> None:
        """Close at once."""
        self._transport.abort()  # after an answer nothing is left to send, and a farewell could be waited for long

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's interface
    ) -> httpcore2.AsyncNetworkStream:
        """Go on in TLS."""
        loop, arrivals = asyncio.get_running_loop(), self._arrivals
        # Not as long again as connecting took: beyond the attempt's end, nobody could say that nothing was sent.
        until = min(self._until, math.inf if timeout is None else loop.time() + timeout)
        try:
            with connect_errors():
                async with asyncio.timeout_at(None if until == math.inf else until):
                    transport = await loop.start_tls(
                        self._transport, arrivals, ssl_context, server_hostname=server_hostname
                    )
        except BaseException:
            self._transport.abort()
            raise
        if transport is None:  # the other side was gone before the handshake had ended
            raise httpcore2.ConnectError
        arrivals.transport = transport
        self._is_mine = False
        return AsyncStream(arrivals, hold=self._hold)

    def get_extra_info(self, info: str) -> Any:
        """Tell what the library asks about the connection."""
        if info == "is_readable":
            # On an idle connection: whether it has ended, as far as this loop knows or has yet to learn.
            return self._arrivals.ended or bool(self._arrivals.buffer) or _is_readable(self._socket)
        return self._transport.get_extra_info(_NAMES.get(info, info))


def _is_readable(connection: Any) -> bool:
    """Ask the system, without waiting, whether a socket has something to read."""
    descriptor = connection.fileno()
    if descriptor < 0:
        return True
    if not hasattr(select, "poll"):  # Windows
        return bool(select.select([descriptor], [], [], 0)[0])
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
