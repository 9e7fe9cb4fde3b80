"""Connections for the HTTP library's pools: one write a request, one deadline, and asyncio without a layer between."""

import asyncio
import contextlib
import math
import select
import socket
import ssl
import threading
import time
from collections.abc import Generator, Iterable
from typing import Any, Final, cast

import httpcore2

__all__ = ["AsyncStream", "AsyncStreams", "Held", "Stream", "Streams", "deadline"]

JOINED: Final = 1 << 16
"""Bytes of a body from which on it is not copied behind its head."""
READ_AHEAD: Final = 1 << 18
"""Bytes that may wait to be read before the other side is made to wait."""


class Held:
    """Keep the head of a request back until its body comes, so that both leave in one write.

    A write costs a tenth of the CPU of a small request (measured), and the library makes one for the head, one for
    the body and an empty one for the end. HTTP/2 is not held: its frames do not come in such a row.
    """

    __slots__ = ("_head", "_hold")

    def __init__(self, *, hold: bool) -> None:
        self._hold = hold
        self._head = b""

    def swap(self, buffer: bytes) -> tuple[bytes, ...]:
        """Take what the library writes, and return what to write now."""
        head = self.release()
        if buffer and self._hold and not head:
            self._head = buffer
            return ()
        # A copy of a large body would cost more than the write that it saves.
        return (head + buffer,) if len(buffer) < JOINED else (head, buffer)

    def release(self) -> bytes:
        """Return what is still held: nothing, unless the library reads before it has ended its request."""
        head, self._head = self._head, b""
        return head


# Threads ---------------------------------------------------------------------------------------------------------


class _Deadline(threading.local):
    until: float = math.inf


deadline = _Deadline()
"""When the request of this thread must be done, in `until`: a time of `time.monotonic()`."""


def _left(timeout: float | None, late: type[Exception] = httpcore2.ReadTimeout) -> float:
    left = deadline.until - time.monotonic()
    if left <= 0:
        raise late
    return left if timeout is None else min(timeout, left)


class Streams(httpcore2.NetworkBackend):
    """Open connections on which nothing outlasts the request's deadline.

    The pool's own timeouts start anew with each read, each write and each address of a host, so a server that drips
    its answer could hold a thread for ever. Looking a name up is the system's, and has the system's timeouts.

    Args:
        hold: Whether heads wait for their bodies; not for HTTP/2.
    """

    def __init__(self, *, hold: bool) -> None:
        self._sockets = httpcore2.SyncBackend()
        self._hold = hold

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first of the host's addresses that answers, each having its share of the time."""
        with _connect_errors():
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        until = time.monotonic() + _left(timeout, httpcore2.ConnectTimeout)
        failure: Exception = httpcore2.ConnectTimeout()
        for tried, address in enumerate(addresses):
            share = max((until - time.monotonic()) / (len(addresses) - tried), 0.001)
            try:
                stream = self._sockets.connect_tcp(address, port, share, local_address, socket_options)
                return Stream(stream, hold=self._hold)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure


class Stream(httpcore2.NetworkStream):
    """A connection whose heads wait for their bodies, and whose time is the request's.

    It is closed when it is forgotten, without a word to the other side: after a fork another process goes on using it.

    Args:
        stream: The library's own.
        hold: Whether heads wait.
    """

    def __init__(self, stream: httpcore2.NetworkStream, *, hold: bool) -> None:
        self._stream = stream
        self._hold = hold
        self._held = Held(hold=hold)
        self._is_mine = True
        self._reader: int | None = None

    def __del__(self) -> None:
        if self._is_mine:
            self._stream.close()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read, sending what is still held first."""
        if head := self._held.release():
            with contextlib.suppress(httpcore2.WriteError):  # there may be an answer all the same
                self._stream.write(head, _left(timeout))
        self._reader = threading.get_ident()
        try:
            return self._stream.read(max_bytes, _left(timeout))
        finally:
            self._reader = None

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write, or hold it until the next piece."""
        for piece in self._held.swap(buffer):
            # The library's timeout is for each bit that the system takes: a slow reader could take them for ever.
            for start in range(0, len(piece) or 1, JOINED):
                part = piece[start : start + JOINED] if len(piece) > JOINED else piece
                self._stream.write(part, _left(timeout))

    def close(self) -> None:
        """Close; where another thread waits for an answer, wake it and leave the rest to it."""
        connection = self._stream.get_extra_info("socket")
        if connection is not None:
            with contextlib.suppress(OSError):
                # Below TLS, which the reader is busy with.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
        if self._reader in {None, threading.get_ident()}:
            self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        """Go on in TLS."""
        left = _left(timeout, httpcore2.ConnectTimeout)
        stream = self._stream.start_tls(ssl_context, server_hostname, left)
        self._is_mine = False
        return Stream(stream, hold=self._hold)

    def get_extra_info(self, info: str) -> Any:
        """Tell what the library asks about the socket."""
        return self._stream.get_extra_info(info)


# asyncio ---------------------------------------------------------------------------------------------------------


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
        with _connect_errors():
            async with asyncio.timeout(timeout):
                addresses = await _look_up(host, port)
        failure: Exception = httpcore2.ConnectTimeout()
        for tried, (family, address) in enumerate(addresses):
            share = (until - loop.time()) / (len(addresses) - tried)
            try:
                with _connect_errors():
                    async with asyncio.timeout(None if share == math.inf else share):
                        return AsyncStream(await _open(family, address, local_address), hold=self._hold)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure


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


@contextlib.contextmanager
def _connect_errors() -> Generator[None]:
    try:
        yield
    except TimeoutError as error:
        raise httpcore2.ConnectTimeout from error
    except OSError as error:  # TLS errors are of this kind, too
        raise httpcore2.ConnectError(str(error)) from error


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

    async def take(self, most: int) -> bytes:
        """Return what came, waiting for something to come; nothing when the connection ended in good order."""
        if not self.buffer and not self.ended:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        if not self.buffer and self._error is not None:
            raise httpcore2.ReadError(str(self._error)) from self._error
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

    Args:
        arrivals: What comes in, and the transport that it comes by.
        hold: Whether heads wait for their bodies.
    """

    def __init__(self, arrivals: _Arrivals, *, hold: bool) -> None:
        self._arrivals = arrivals
        self._transport = arrivals.transport
        self._socket = arrivals.transport.get_extra_info("socket")
        self._hold = hold
        self._held = Held(hold=hold)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109 - see AsyncStreams
        """Read, sending what is still held first."""
        if head := self._held.release():
            self._transport.write(head)
        return await self._arrivals.take(max_bytes)

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
        try:
            with _connect_errors():
                async with asyncio.timeout(timeout):
                    transport = await loop.start_tls(
                        self._transport, arrivals, ssl_context, server_hostname=server_hostname
                    )
        except BaseException:
            self._transport.abort()
            raise
        if transport is None:  # the other side was gone before the handshake had ended
            raise httpcore2.ConnectError
        arrivals.transport = transport
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
