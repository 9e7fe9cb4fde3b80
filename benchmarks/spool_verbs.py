"""The outbox with a spool end to end: what a verb costs its caller, and how fast events arrive.

A clock around each call costs as much as a part of it, so the calls' times are those of rounds of their own.
"""

import time
from collections.abc import Iterator

from benchmarks.harness import Bench
from benchmarks.results import Line, Row, Table, Target
from benchmarks.spool import on_disk, running_apart

__all__ = ["NEEDS_SERVER", "measure"]

NEEDS_SERVER = True
EVENTS, ROUNDS = 100_000, 7


def measure(bench: Bench) -> Table:
    """Measure against the null server."""
    events = bench.calls(EVENTS)
    rates, p50, p99, cpu = [], [], [], []
    with (
        on_disk() as base,
        running_apart(bench.core, f"{__name__}:deliver", bench.url, base / "spool", events) as apart,
    ):
        apart.tell()  # warm
        for _ in range(bench.rounds(ROUNDS)):
            told = apart.tell()
            rates.append(events / told["seconds"])
            cpu.append(told["cpu"] / events * 1e6)
            p50.append(told["p50"])
            p99.append(told["p99"])
    return Table(
        "The outbox with a spool",
        (
            Row(
                "events a second, end to end",
                "events/s",
                (Line("ciokit", tuple(rates)),),
                Target("at least", 1e5),
            ),
            Row("CPU an event in all", "µs", (Line("ciokit", tuple(cpu)),)),
            Row("track(): p50", "µs", (Line("ciokit", tuple(p50)),), Target("at most", 6.0)),
            Row("track(): p99", "µs", (Line("ciokit", tuple(p99)),), Target("at most", 40.0)),
        ),
        ("durability='process', one process on one core, the server on the other.",),
    )


def deliver(url: str, directory: str, events: str) -> Iterator[dict[str, float]]:
    """Track events and wait for their delivery, once as fast as can be and once with a clock around each call."""
    from benchmarks.shop import CheckoutCompleted
    from benchmarks.side import cpu_seconds
    from ciokit import Outbox, TrackClient

    outbox = Outbox(TrackClient("site", "key", base_url=url), spool=directory)
    people = [f"user-{n % 1000:06d}" for n in range(int(events))]
    clock = time.perf_counter_ns

    def track(person: str) -> None:
        outbox.track(person, CheckoutCompleted(order_id="o-100234", total=129.9, currency="EUR", items=3))

    while True:
        start, used = time.perf_counter(), cpu_seconds()
        for person in people:
            track(person)
        assert outbox.flush(600)
        seconds, cpu = time.perf_counter() - start, cpu_seconds() - used
        taken = []
        for person in people:
            before = clock()
            track(person)
            taken.append(clock() - before)
        assert outbox.flush(600)
        taken.sort()
        yield {
            "seconds": seconds,
            "cpu": cpu,
            "p50": taken[len(taken) // 2] / 1000,
            "p99": taken[len(taken) * 99 // 100] / 1000,
        }
