"""Load for a server: requests that are ready, over connections that are kept alive, as fast as they are answered.

One thread and a selector: each connection sends its next request when the last one is answered. It costs a tenth of
what a sandbox costs, so it does not decide how fast that is.
"""

import contextlib
import re
import selectors
import socket
import time
from collections.abc import Iterable, Iterator

__all__ = ["drive", "framed"]

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
GOOD = b"HTTP/1.1 200 "


def framed(path: str, body: bytes) -> bytes:
    """Put a request together, with any credentials."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic c2l0ZTprZXk=\r\n"
        f"User-Agent: loader\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def drive(port: int, requests: Iterable[bytes], connections: int) -> float:
    """Send requests, and read what comes back.

    Args:
        port: Where to on this machine.
        requests: The requests, as `framed` makes them.
        connections: How many are under way at once.

    Returns:
        Seconds from the first byte to the last.

    Raises:
        AssertionError: If one is not answered with 200.
    """
    waiting = iter(requests)
    with selectors.DefaultSelector() as selector:
        open_ones = [_Connection(port, waiting) for _ in range(connections)]
        start = time.perf_counter()
        for connection in open_ones:
            connection.begin(selector)
        while selector.get_map():
            for key, events in selector.select():
                key.data.go_on(selector, events)
        seconds = time.perf_counter() - start
    for connection in open_ones:
        connection.sock.close()
    return seconds


class _Connection:
    def __init__(self, port: int, waiting: Iterator[bytes]) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setblocking(False)
        self._waiting = waiting
        self._left = memoryview(b"")
        self._answer = b""

    def begin(self, selector: selectors.BaseSelector) -> None:
        selector.register(self.sock, selectors.EVENT_READ, self)
        self._next(selector)

    def go_on(self, selector: selectors.BaseSelector, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            self._send(selector)
        if events & selectors.EVENT_READ:
            self._receive(selector)

    def _next(self, selector: selectors.BaseSelector) -> None:
        request = next(self._waiting, None)
        if request is None:
            selector.unregister(self.sock)
        else:
            self._left, self._answer = memoryview(request), b""
            self._send(selector)

    def _send(self, selector: selectors.BaseSelector) -> None:
        with contextlib.suppress(BlockingIOError):
            self._left = self._left[self.sock.send(self._left) :]
        wanted = selectors.EVENT_WRITE if self._left else 0
        selector.modify(self.sock, selectors.EVENT_READ | wanted, self)

    def _receive(self, selector: selectors.BaseSelector) -> None:
        received = self.sock.recv(65536)
        assert received, "the server hung up"
        self._answer += received
        head, found, body = self._answer.partition(b"\r\n\r\n")
        if not found:
            return
        assert head.startswith(GOOD), head.partition(b"\r\n")[0]
        length = LENGTH.search(head)
        assert length
        if len(body) >= int(length[1]):
            self._next(selector)
