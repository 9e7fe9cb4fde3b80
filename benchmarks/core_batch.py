"""A batch as large as the API takes: `TrackClient.batch` of typed events beside the vendor's `batch()` of dicts.

Both sides build their operations anew for every batch. ciokit's have ULIDs and are checked; the SDK's dicts have no
id, so a repetition of theirs could not be discarded.
"""

import time
from collections.abc import Callable
from itertools import islice

from benchmarks.core_track import BODY
from benchmarks.harness import Bench, Side
from benchmarks.people import people
from benchmarks.results import Line, Row, Table, Target
from benchmarks.side import Run
from benchmarks.vendors import customerio

__all__ = ["NEEDS_SERVER", "measure"]

NEEDS_SERVER = True

EVENTS = (500_000 - len(b'{"batch":[]}')) // (len(BODY) + 1)
"""Events of ciokit that fit into one request."""
BATCHES, ROUNDS = 4, 35


def measure(bench: Bench) -> Table:
    """Measure both clients in turns."""
    sides = [
        Side("ciokit", f"{__name__}:ciokit_batch", "events"),
        Side("customerio", f"{__name__}:customerio_batch", "events"),
    ]
    used = bench.measure(sides, calls=BATCHES * EVENTS, rounds=ROUNDS)
    lines = tuple(
        Line(label, tuple(usage.calls / usage.cpu for usage in usages)) for label, usages in used.items()
    )
    name = f"batch of {EVENTS:,} events (500 KB), built and sent"
    row = Row(name, "events/CPU s", lines, Target("at least", 2.0, to="customerio"))
    return Table("Many events a request", (row,))


def _in_batches(send: Callable[["islice[tuple[int, str]]", int], None]) -> Run:
    def run(calls: int) -> None:
        waiting = people(calls)
        for start in range(0, calls, EVENTS):
            send(islice(waiting, EVENTS), min(EVENTS, calls - start))

    return run


def ciokit_batch(url: str) -> Run:
    """Send typed events."""
    from benchmarks.shop import CheckoutCompleted
    from ciokit import Track, TrackClient

    client = TrackClient("site", "key", base_url=url)

    def send(waiting: "islice[tuple[int, str]]", count: int) -> None:
        result = client.batch(
            [
                Track(person, CheckoutCompleted(order_id="o-100234", total=129.9, currency="EUR", items=3))
                for _, person in waiting
            ]
        )
        assert (result.requests, result.accepted) == (1, count)

    return _in_batches(send)


def customerio_batch(url: str) -> Run:
    """Send dicts."""
    client = customerio(url)

    def send(waiting: "islice[tuple[int, str]]", _count: int) -> None:
        client.batch(
            [
                {
                    "type": "person",
                    "action": "event",
                    "identifiers": {"id": person},
                    "name": "checkout_completed",
                    "timestamp": int(time.time()),
                    "attributes": {"order_id": "o-100234", "total": 129.9, "currency": "EUR", "items": 3},
                }
                for _, person in waiting
            ]
        )

    return _in_batches(send)
