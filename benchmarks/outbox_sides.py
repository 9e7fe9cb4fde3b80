"""What takes events and delivers them in the background, each with its default settings, behind two calls.

The libraries are imported where they are made ready: each side runs in an environment that has one of them alone.
"""

import importlib
import socket
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns, sleep
from typing import Any, TypeAlias

from benchmarks.people import people

__all__ = ["MAKERS", "Sender", "speed", "verbs"]

NAME = "checkout_completed"
DATA = {"order_id": "o-100234", "total": 129.9, "currency": "EUR", "items": 3}
QUEUE_FULL = 0.002
"""Seconds after which an event is offered again that a full queue has refused; the library's own way is to drop it."""


@dataclass(frozen=True)
class Sender:
    """Give an event away for a person, and wait until all are delivered."""

    put: Callable[[str], object]
    flush: Callable[[], object]


Figures: TypeAlias = dict[str, float]


def speed(url: str, name: str) -> Callable[[int], Figures]:
    """Return what gives so many events away and waits for them, and tells the memory that it took."""
    sender = MAKERS[name](url)
    put, before = sender.put, memory("VmRSS")

    def run(calls: int) -> Figures:
        for _, person in people(calls):
            put(person)
        sender.flush()
        return {"memory": memory("VmHWM") - before}

    return run


def verbs(url: str, name: str) -> Callable[[int], Figures]:
    """Return what does the same and tells how long the calls took that gave events away."""
    sender = MAKERS[name](url)
    put, clock = sender.put, perf_counter_ns

    def run(calls: int) -> Figures:
        spent = [0] * calls
        for at, person in people(calls):
            start = clock()
            put(person)
            spent[at] = clock() - start
        sender.flush()
        spent.sort()
        return {"p50": spent[calls // 2] / 1e3, "p99": spent[calls * 99 // 100] / 1e3}

    return run


def memory(field: str) -> float:
    """Return megabytes that this process takes (VmRSS) or took at most (VmHWM)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def ciokit_memory(url: str, **settings: Any) -> Sender:
    from benchmarks.shop import CheckoutCompleted
    from ciokit import Outbox, TrackClient

    outbox = Outbox(TrackClient("site", "key", base_url=url), **settings)
    track = outbox.track

    def put(person: str) -> None:
        track(person, CheckoutCompleted(order_id="o-100234", total=129.9, currency="EUR", items=3))

    return Sender(put, outbox.flush)


def ciokit_spool(url: str) -> Sender:
    return ciokit_memory(url, spool=tempfile.mkdtemp(prefix="ciokit-bench-spool-"))


def customerio_track(url: str) -> Sender:
    from benchmarks.vendors import customerio

    track = customerio(url).track
    return Sender(lambda person: track(person, NAME, {**DATA}), lambda: None)


def customerio_batch(url: str) -> Sender:
    """Gather what fits into 500 KB and send it, as an application does that was told to batch."""
    from benchmarks.vendors import customerio

    client = customerio(url)
    waiting: list[dict[str, Any]] = []

    def put(person: str) -> None:
        waiting.append(batch_item(person, {**DATA}))
        if len(waiting) == BATCH:
            flush()

    def flush() -> None:
        if waiting:
            client.batch(waiting)
            waiting.clear()

    return Sender(put, flush)


BATCH = 2_000
"""Events of the vendor's SDK that make a request of just below 500 KB."""


def batch_item(person: str, data: dict[str, Any]) -> dict[str, Any]:
    """Return an event as `batch()` of the vendor's SDK takes it."""
    from time import time

    return {
        "type": "person",
        "action": "event",
        "identifiers": {"id": person},
        "name": NAME,
        "timestamp": int(time()),
        "attributes": data,
    }


def cdp(url: str) -> Sender:
    return _segment_like("customerio.analytics", url)


def segment(url: str) -> Sender:
    return _segment_like("segment.analytics", url)


def _segment_like(module: str, url: str) -> Sender:
    client = importlib.import_module(f"{module}.client").Client("key", host=url)
    track = client.track

    def put(person: str) -> None:
        while not track(person, NAME, {**DATA})[0]:
            sleep(QUEUE_FULL)

    return Sender(put, client.flush)


def posthog(url: str) -> Sender:
    client = importlib.import_module("posthog").Posthog("key", host=url)
    capture, queue = client.capture, client.queue
    most = queue.maxsize

    def put(person: str) -> None:
        while queue.qsize() >= most:  # it does not tell whether it dropped an event
            sleep(QUEUE_FULL)
        capture(NAME, distinct_id=person, properties={**DATA})

    def flush() -> None:
        while queue.unfinished_tasks:  # its own flush gives up after some seconds
            client.flush()

    return Sender(put, flush)


def bare_socket(url: str) -> Sender:
    """Send the bytes that ciokit sends, ready in requests of 500 KB: what the machine allows."""
    from benchmarks.core_batch import EVENTS
    from benchmarks.core_track import BODY

    host, port = url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)))
    waiting = 0

    def request(events: int) -> bytes:
        body = b'{"batch":[' + b",".join([BODY] * events) + b"]}"
        return b"POST /api/v2/batch HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)

    ready = request(EVENTS)

    def send(whole: bytes) -> None:
        connection.sendall(whole)
        answer = b""
        while not answer.endswith(b"{}\n"):
            got = connection.recv(4096)
            assert got, "the server hung up"
            answer += got

    def put(_person: str) -> None:
        nonlocal waiting
        waiting += 1
        if waiting == EVENTS:
            waiting = 0
            send(ready)

    def flush() -> None:
        nonlocal waiting
        if waiting:
            send(request(waiting))
            waiting = 0

    return Sender(put, flush)


MAKERS: dict[str, Callable[[str], Sender]] = {
    maker.__name__: maker
    for maker in (
        ciokit_memory,
        ciokit_spool,
        customerio_track,
        customerio_batch,
        cdp,
        segment,
        posthog,
        bare_socket,
    )
}
