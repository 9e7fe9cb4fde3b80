"""How many connections a served sandbox holds at once, and how long a silent one may keep its place.

Knows uvicorn's protocol objects and their wire, nothing of what is asked or answered.
"""

import asyncio
import contextlib
import socket
from typing import Any, Final

import msgspec

MOST_HEAD_BYTES: Final = 64 * 1024
"""The request line and all headers of one request."""
_MOST_CONNECTIONS: Final = 10_000
_LINGER: Final = 2.0
"""Seconds for which a client may go on sending what is not read any more."""


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """Say what a server puts up with.

    Args:
        connections: How many may be open at once; one more is answered 503 and closed.
        backlog: How many are accepted at a time.
        patience: Seconds of silence in the middle of a request, or before one, after which a connection is closed.
    """

    connections: int
    backlog: int
    patience: float = 60.0


def usual_bounds() -> Bounds:
    """Return bounds that keep the process below its limit of open files, whatever else it has open.

    Returns:
        Half of what the process may open: its own clients may take the other half.
    """
    try:
        import resource
    except ImportError:  # a system without such a limit
        return Bounds(connections=1000, backlog=128)
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    files = soft if soft > 0 else 2 * _MOST_CONNECTIONS
    return Bounds(connections=min(_MOST_CONNECTIONS, files // 2), backlog=max(8, min(128, files // 8)))


def allow_many_files() -> None:
    """Let this process open as many files as it may, or as the most connections need."""
    try:
        import resource
    except ImportError:  # a system without such a limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * _MOST_CONNECTIONS if hard == resource.RLIM_INFINITY else min(hard, 2 * _MOST_CONNECTIONS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):  # a system may have a limit that it does not tell of
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class BoundedListener(socket.socket):
    """Listen, and close at once what comes when too many connections are open.

    With TLS a connection is open long before uvicorn hears of it, and no answer can be given to it yet.
    """

    most = 2 * _MOST_CONNECTIONS

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._held: list[socket.socket] = []

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept a connection.

        Returns:
            The connection and its address.

        Raises:
            BlockingIOError: If there is none, or it was one too many.
        """
        connection, address = super().accept()
        if len(self._held) >= self.most:
            self._held = [held for held in self._held if held.fileno() != -1]
        if len(self._held) >= self.most:
            connection.close()
            raise BlockingIOError
        self._held.append(connection)
        return connection, address


def guard(protocol: type[asyncio.Protocol], bounds: Bounds) -> type[asyncio.Protocol]:
    """Make a protocol that keeps to bounds out of one of uvicorn's.

    Args:
        protocol: The protocol.
        bounds: The bounds.

    Returns:
        The protocol's subclass.
    """
    return type("GuardedProtocol", (_Guarded, protocol), {"bounds": bounds})


class _Guarded(asyncio.Protocol):
    """Count connections and watch over each; the protocol it is mixed into comes next and does the rest."""

    bounds: Bounds
    connections: set[Any]
    cycle: Any
    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    _head = 0
    _heard = 0.0
    _watch: asyncio.TimerHandle | None = None
    _is_told = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if len(self.connections) > self.bounds.connections:
            self._tell(b"503 Service Unavailable", b"too many connections are open already")
            transport.close()
            return
        self._heard = self.loop.time()
        self._watch = self.loop.call_later(self.bounds.patience, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_told:
            return
        self._heard = self.loop.time()
        super().data_received(data)
        if not self._awaits_request():
            self._head = 0
            return
        self._head += len(data)
        if self._head > MOST_HEAD_BYTES and not self.transport.is_closing():
            self._tell(b"431 Request Header Fields Too Large", b"path and headers are too large")
            # To close at once, with unread bytes, would take the answer from the client's hands.
            self.loop.call_later(_LINGER, self.transport.close)

    def _awaits_request(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _look(self) -> None:
        """Close the connection if it is the client's turn and nothing has been heard for long."""
        quiet = self.loop.time() - self._heard
        its_turn = self._awaits_request() or self.cycle.more_body
        if its_turn and quiet >= self.bounds.patience:
            self.transport.abort()
            return
        rest = self.bounds.patience - quiet if its_turn else self.bounds.patience
        self._watch = self.loop.call_later(max(rest, 0.01), self._look)

    def _tell(self, status: bytes, why: bytes) -> None:
        self._is_told = True
        body = b'{"error":"%b","field":""}\n' % why
        head = b"HTTP/1.1 %b\r\ncontent-type: application/json; charset=utf-8\r\n" % status
        self.transport.write(b"%bcontent-length: %d\r\nconnection: close\r\n\r\n%b" % (head, len(body), body))
