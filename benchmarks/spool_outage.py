"""A million events while the service is down, and their arrival when it is up again."""

import re
import socket
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from benchmarks.harness import Bench, LostError
from benchmarks.results import Line, Row, Table, Target
from benchmarks.spool import memory, on_disk, running_apart

__all__ = ["NEEDS_SERVER", "measure"]

NEEDS_SERVER = False
EVENTS = 1_000_000
BOUND = 64.0
"""Megabytes: the default bound of an outbox without a spool."""
ID = re.compile(rb'"id":"([0-9A-Z]{26})"')


def measure(bench: Bench) -> Table:
    """Put everything into a spool while nobody listens, then listen."""
    events = bench.calls(EVENTS)
    with (
        on_disk() as base,
        _reserved() as (port, listen),
        running_apart(
            bench.core, f"{__name__}:endure", f"http://127.0.0.1:{port}", base / "spool", events
        ) as apart,
    ):
        down = apart.tell()
        with listen() as ids:
            up = apart.tell()
    if len(ids) != events:
        msg = f"{events:,} events were put, {len(ids):,} arrived"
        raise LostError(msg)
    rows = (
        Row(
            f"memory for {events:,} events, server down",
            "MB",
            (Line("ciokit", (down["memory"],)),),
            Target("at most", BOUND + 20),
        ),
        Row("memory in all, to their arrival", "MB", (Line("ciokit", (up["memory"],)),)),
        Row("events that arrived when it was up", "events", (Line("ciokit", (float(len(ids)),)),), Target("at least", events)),
        Row("events a second from then on", "events/s", (Line("ciokit", (events / up["seconds"],)),)),
    )  # fmt: skip
    note = (
        f"Memory is the process's peak above what it took before the first event; a spool has no bound for it but its "
        f"windows, so the target is that of an outbox without a spool ({BOUND:.0f} MB) and 20 MB. The server is a slow "
        "one, in Python, that notes every id."
    )
    return Table("A service that is down", rows, (note,))


def endure(url: str, directory: str, events: str) -> Iterator[dict[str, float]]:
    """Track events while nobody listens, then wait for their delivery."""
    import time

    from benchmarks.shop import CheckoutCompleted
    from ciokit import Outbox, TrackClient
    from ciokit.verdict import RetryPolicy

    patient = RetryPolicy(max_retries=None, base_delay=0.2, max_delay=1.0, budget=1e9)
    outbox = Outbox(TrackClient("site", "key", base_url=url), spool=directory, retry=patient)
    before = memory("VmRSS")
    for n in range(int(events)):
        outbox.track(
            f"user-{n % 1000:06d}",
            CheckoutCompleted(order_id="o-100234", total=129.9, currency="EUR", items=3),
        )
    assert outbox.stats().pending == int(events)
    yield {"memory": memory("VmHWM") - before}
    start = time.perf_counter()
    outbox.resume()
    assert outbox.flush(600)
    yield {"memory": memory("VmHWM") - before, "seconds": time.perf_counter() - start}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    ids: set[bytes]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.ids.update(ID.findall(body))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def _reserved() -> Generator[tuple[int, Callable[[], AbstractContextManager[set[bytes]]]]]:
    """Hold a port at which nobody listens, and listen there when told to."""
    place = socket.socket()
    place.bind(("127.0.0.1", 0))
    port: int = place.getsockname()[1]

    @contextmanager
    def listen() -> Generator[set[bytes]]:
        place.close()
        ids: set[bytes] = set()
        handler = type("Handler", (_Handler,), {"ids": ids})
        with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield ids
            server.shutdown()

    yield port, listen
    place.close()
