"""Connections for the HTTP library's pools, in threads: one write a request, and one deadline for all of it."""

import contextlib
import math
import socket
import ssl
import sys
import threading
import time
from collections.abc import Generator, Iterable
from typing import Any, Final

import httpcore2

from ciokit.alarms import of_a_handler

__all__ = ["Held", "Stream", "Streams", "connect_errors", "deadline"]

JOINED: Final = 1 << 16
"""Bytes of a body from which on it is not copied behind its head."""


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


@contextlib.contextmanager
def connect_errors() -> Generator[None]:
    """Raise the library's own errors for the system's."""
    try:
        yield
    except TimeoutError as error:
        raise httpcore2.ConnectTimeout from error
    except OSError as error:  # TLS errors are of this kind, too
        raise httpcore2.ConnectError(str(error)) from error


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
        with connect_errors():
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        until = time.monotonic() + _left(timeout, httpcore2.ConnectTimeout)
        for tried, address in enumerate(addresses):
            share = max((until - time.monotonic()) / (len(addresses) - tried), 0.001)
            try:
                stream = self._sockets.connect_tcp(address, port, share, local_address, socket_options)
                return Stream(stream, hold=self._hold)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if tried + 1 == len(addresses):
                    raise
        raise httpcore2.ConnectTimeout


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
        self._kept = b""
        self._is_mine = True
        self._reader: int | None = None

    def __del__(self) -> None:
        if self._is_mine:
            with contextlib.suppress(OSError):  # somebody else has closed it
                self._stream.close()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read, sending what is still held first.

        In HTTP/1 the last byte that has come is kept for the next read. The library reads on only while an answer is
        not whole, so a byte that nobody asks for belongs to no answer, and the connection is not used again. Left to
        the library, what follows an answer would be taken for the answer to the next request.
        """
        if self._kept:
            kept, self._kept = self._kept, b""
            return kept
        if head := self._held.release():
            with contextlib.suppress(httpcore2.WriteError):  # there may be an answer all the same
                self._put(head, timeout)
        self._reader = threading.get_ident()
        try:
            data = self._stream.read(max_bytes, _left(timeout))
        finally:
            self._reader = None
        if self._hold and len(data) > 1:
            self._kept, data = data[-1:], data[:-1]
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write, or hold it until the next piece."""
        for piece in self._held.swap(buffer):
            # The library's timeout is for each bit that the system takes: a slow reader could take them for ever.
            for start in range(0, len(piece) or 1, JOINED):
                part = piece[start : start + JOINED] if len(piece) > JOINED else piece
                self._put(part, timeout)

    def _put(self, data: bytes, timeout: float | None) -> None:
        amid = sys.exception()
        try:
            self._stream.write(data, _left(timeout))
        except httpcore2.WriteError as error:
            # One of the network's is passed over, for there may be an answer all the same.
            if (raised := of_a_handler(error, amid)) is not None:
                raise raised from None
            raise

    def close(self) -> None:
        """Close; where another thread waits for an answer, wake it and leave the rest to it."""
        connection = self._stream.get_extra_info("socket")
        if connection is not None:
            with contextlib.suppress(OSError):
                # Below TLS, which the reader is busy with.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
        if self._reader in {None, threading.get_ident()}:
            with contextlib.suppress(OSError):  # somebody else has closed it
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
        if info == "is_readable" and self._kept:
            return True
        return self._stream.get_extra_info(info)
