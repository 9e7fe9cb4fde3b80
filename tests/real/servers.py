"""Servers for the tests of the clients: raw sockets that answer, stall, lie or hang up, by a script of the test.

A script is a function that is given each connection in a thread of its own. It knows no HTTP beyond the few lines
that it takes to read a request; what it answers is bytes.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import NamedTuple, Self, TypeAlias

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n{}\n"
"""The vendor's answer to nearly everything."""


class RawRequest(NamedTuple):
    """Hold a request as its bytes came."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    connection: int


class Peer:
    """Talk to one client.

    Args:
        sock: The connection.
        number: Which connection it is, from 0.
        server: Who accepted it.
    """

    def __init__(self, sock: socket.socket, number: int, server: "RawServer") -> None:
        self.sock = sock
        self.number = number
        self.stopping = server.stopping
        self._server = server
        self._buffer = b""

    def read_request(self) -> RawRequest | None:
        """Read a request to its end; None when the client hung up instead."""
        head = self._read_until(b"\r\n\r\n")
        if head is None:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = self._read_exactly(int(headers.get("content-length", "0")))
        if body is None:
            return None
        method, target, _ = first.split(" ")
        request = RawRequest(method, target, headers, body, self.number)
        self._server.requests.append(request)
        return request

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.sock.sendall(data)

    def drip(self, data: bytes, pause: float = 0.02) -> None:
        """Send bytes one at a time, with a pause after each, until all went or the test is over."""
        for byte in data:
            if self.stopping.wait(pause):
                return
            self.send(bytes([byte]))

    def hold(self) -> None:
        """Do nothing until the test is over."""
        self.stopping.wait(60)

    def wait_for_hang_up(self) -> None:
        """Read until the client closes the connection."""
        while self._receive():
            pass

    def upgrade(self, context: ssl.SSLContext) -> None:
        """Go on in TLS."""
        self.sock = self._server.keep(context.wrap_socket(self.sock, server_side=True))

    def _read_until(self, end: bytes) -> bytes | None:
        while end not in self._buffer:
            if not self._receive():
                return None
        found, _, self._buffer = self._buffer.partition(end)
        return found

    def _read_exactly(self, size: int) -> bytes | None:
        while len(self._buffer) < size:
            if not self._receive():
                return None
        found, self._buffer = self._buffer[:size], self._buffer[size:]
        return found

    def _receive(self) -> bool:
        data = self.sock.recv(65536)
        self._buffer += data
        return bool(data)


Script: TypeAlias = Callable[[Peer], None]


class RawServer:
    """Run a script for each connection to a free port; a context manager.

    Args:
        script: What to do with a connection; it is closed when the script returns.
        context: Makes it a server of TLS.
        port: Where to listen; 0 takes a free one.
        receive_buffer: Bytes that the system takes in ahead of the script.

    Attributes:
        requests: What the scripts read, in order.
        connections: How many connections were accepted.
        most_open: How many were open at once at most.
        stopping: Set when the test is over.
    """

    def __init__(
        self,
        script: Script,
        context: ssl.SSLContext | None = None,
        *,
        port: int = 0,
        receive_buffer: int | None = None,
    ) -> None:
        self.requests: list[RawRequest] = []
        self.connections = 0
        self.most_open = 0
        self.stopping = threading.Event()
        self._open = 0
        self._script = script
        self._context = context
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", port), backlog=256)
        if receive_buffer is not None:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.port: int = self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        """The address, with the scheme that fits."""
        return f"{'http' if self._context is None else 'https'}://127.0.0.1:{self.port}"

    def keep(self, sock: socket.socket) -> socket.socket:
        """Have a socket closed at the end."""
        with self._lock:
            self._sockets.append(sock)
        return sock

    def __enter__(self) -> Self:
        self._run(self._accept)
        return self

    def stop_listening(self) -> None:
        """Refuse further connections."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        self.stop_listening()
        for sock in self._sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        for sock in self._sockets:
            sock.close()

    def _run(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while not self.stopping.is_set():
                sock, _ = self._listener.accept()
                self.keep(sock)
                with self._lock:
                    number = self.connections
                    self.connections += 1
                    self._open += 1
                    self.most_open = max(self.most_open, self._open)
                self._run(self._serve, sock, number)

    def _serve(self, sock: socket.socket, number: int) -> None:
        peer = Peer(sock, number, self)
        # A client may hang up at any point; that is what many tests are about.
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._context is not None:
                peer.upgrade(self._context)
            self._script(peer)
        with self._lock:
            self._open -= 1
        with contextlib.suppress(OSError):
            peer.sock.shutdown(socket.SHUT_RDWR)
        peer.sock.close()


def reply(body: bytes = b"{}\n", status: str = "200 OK", *headers: str) -> bytes:
    """Put an answer together."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def answer_each(peer: Peer) -> None:
    """Answer every request of a connection as the vendor does."""
    while peer.read_request() is not None:
        peer.send(OK)


def echo_ids(peer: Peer) -> None:
    """Answer every request with a refusal that names the body's id, so that a swapped answer is seen."""
    while (request := peer.read_request()) is not None:
        said = request.body.partition(b'"id":"')[2].partition(b'"')[0]
        peer.send(
            reply(b'{"errors":[{"reason":"echo","field":"id","message":"%b"}]}' % said, "400 Bad Request")
        )


def black_hole(peer: Peer) -> None:
    """Read and never answer."""
    peer.read_request()
    peer.hold()


def free_port() -> int:
    """Return a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
