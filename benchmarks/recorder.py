"""A server that notes which events arrived, how often and with which ids, and misbehaves as it is told to.

It reads what every library sends: the Track API's versions 1 and 2, and the batches of the Segment-like ones. Of
each event it looks at `order_id`, which is its number here, and at the id by which a vendor would discard it if it
came again.
"""

import contextlib
import json
import re
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self, TypeAlias

__all__ = ["Fault", "Recorder"]

Fault: TypeAlias = Literal["", "500", "429", "dropped", "slow"]
EVERY = 10
"""Of so many requests the first meets the fault."""
SLOW = 0.05
_NUMBER = re.compile(r"\d+$")


class Recorder:
    """Listen on a free port until closed.

    Args:
        fault: What becomes of one request in ten; `slow` of all.
    """

    def __init__(self, fault: Fault) -> None:
        self.first_request = threading.Event()
        self._fault = fault
        self._requests = 0
        self._copies: defaultdict[int, list[str]] = defaultdict(list)
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._server = self._listen(0)
        self.port: int = self._server.server_address[1]

    @property
    def url(self) -> str:
        """The address."""
        return f"http://127.0.0.1:{self.port}"

    def arrived(self) -> dict[int, int]:
        """Return how often each event came, by its number."""
        with self._lock:
            return {number: len(ids) for number, ids in self._copies.items()}

    def kept_twice(self) -> int:
        """Return how many copies the vendor could not discard: those without an id, or with another one."""
        with self._lock:
            return sum(max(0, len(set(ids) - {""}) + ids.count("") - 1) for ids in self._copies.values())

    def go_down(self, seconds: float) -> None:
        """Refuse connections and cut those that are open, for a while."""
        self._server.shutdown()
        self._server.server_close()
        with self._lock:
            sockets = list(self._sockets)
        for sock in sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        time.sleep(seconds)
        self._server = self._listen(self.port)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, body: bytes) -> int:
        """Note a request's events unless it meets the fault; return the status, 0 for none."""
        if self._fault == "slow":
            time.sleep(SLOW)
        with self._lock:
            meets = bool(self._fault) and self._requests % EVERY == 0
            self._requests += 1
            if not meets or self._fault in {"dropped", "slow"}:
                for number, name in _events(json.loads(body)):
                    self._copies[number].append(name)
        self.first_request.set()
        if not meets or self._fault == "slow":
            return 200
        return 0 if self._fault == "dropped" else int(self._fault)

    def _listen(self, port: int) -> ThreadingHTTPServer:
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                recorder._sockets.add(self.connection)

            def finish(self) -> None:
                recorder._sockets.discard(self.connection)
                with contextlib.suppress(OSError):
                    super().finish()

            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    super().handle()

            def do_POST(self) -> None:
                status = recorder.take(self.rfile.read(int(self.headers["Content-Length"])))
                if status == 0:
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = _Server(("127.0.0.1", port), Handler)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """Say nothing: clients are killed here."""


def _events(body: Mapping[str, Any]) -> list[tuple[int, str]]:
    """Return the number and the id of each event in a request."""
    found: list[tuple[int, str]] = []
    for event in body.get("batch", [body]):
        data = event.get("attributes") or event.get("data") or event.get("properties")
        number = _NUMBER.search(data["order_id"])
        assert number
        found.append((int(number[0]), event.get("id") or event.get("messageId") or event.get("uuid") or ""))
    return found
