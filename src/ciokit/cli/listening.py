"""A small HTTP server on this machine that checks the webhooks which it is posted, and tells of each."""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, cast

import msgspec

from ciokit.webhooks.errors import WebhookError
from ciokit.webhooks.parsing import parse
from ciokit.webhooks.receiver import LIMIT
from ciokit.webhooks.signatures import Keys, verify

__all__ = ["Arrival", "listening"]

_SILENCE: Final = 10.0
"""Seconds that a sender may say nothing."""


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """Tell of a webhook that came.

    Attributes:
        at: Unix time.
        fault: Why it was refused; None if it was not.
        body: The body, if it is JSON, else None.
    """

    at: float
    fault: str | None
    body: Any

    @property
    def kind(self) -> str:
        """What it tells, in two words."""
        return f"{self._member('object_type')} {self._member('metric')}".strip() or "no event"

    @property
    def event_id(self) -> str:
        """The event's id."""
        return self._member("event_id")

    @property
    def who(self) -> str:
        """Whom it is about, by the name that says most to people."""
        data = self._of(self.body, "data")
        names = (
            self._of(data, "recipient"),
            self._of(data, "email_address"),
            self._of(self._of(data, "identifiers"), "email"),
            self._of(self._of(data, "identifiers"), "id"),
        )
        return next((name for name in names if isinstance(name, str) and name), "")

    def _member(self, name: str) -> str:
        found = self._of(self.body, name)
        return found if isinstance(found, str) else ""

    @staticmethod
    def _of(value: Any, name: str) -> Any:
        return cast("dict[str, Any]", value).get(name) if isinstance(value, dict) else None


@contextmanager
def listening(port: int, keys: Keys, tolerance: float, arrived: Callable[[Arrival], None]) -> Generator[str]:
    """Listen on a loopback port.

    Args:
        port: The port; 0 takes a free one.
        keys: The signing keys.
        tolerance: Seconds that a signature may be old.
        arrived: Is called for each webhook, one after the other.

    Yields:
        The address.

    Raises:
        OSError: If the port cannot be had.
    """
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(keys, tolerance, arrived))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="ciokit-webhooks", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def _handler(
    keys: Keys, tolerance: float, arrived: Callable[[Arrival], None]
) -> type[BaseHTTPRequestHandler]:
    one_by_one = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        timeout = _SILENCE
        server_version = "ciokit"
        sys_version = ""

        def do_POST(self) -> None:
            size = self.headers.get("Content-Length", "")
            if not (size.isascii() and size.isdigit()):
                self._answer(411)
            elif int(size[:18]) > LIMIT:
                self._answer(413)
            else:
                self._take(self.rfile.read(int(size)))

        def _take(self, body: bytes) -> None:
            fault = None
            try:
                verify(body, self.headers.items(), keys, tolerance=tolerance)
                parse(body)
            except WebhookError as error:
                fault = error
            self._answer(200 if fault is None else fault.status)
            words = None if fault is None else f"{type(fault).__name__}: {fault}"
            with one_by_one:
                arrived(Arrival(at=time.time(), fault=words, body=_decoded(body)))

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.send_header("Connection", "close")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: what arrives is told in its own way."""

    return Handler


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
