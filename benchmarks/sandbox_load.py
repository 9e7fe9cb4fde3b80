"""The sandbox under load: events in batches, single requests, and its memory when it has seen more than it keeps.

The sandbox is a process on one core, started as its users start it. The load comes from another core, over loopback;
its requests are ready before the clock starts.
"""

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.harness import ROOT, Bench, LostError
from benchmarks.loader import drive, framed
from benchmarks.machine import clean_environment, cores, pinned
from benchmarks.results import Line, Row, Table, Target

__all__ = ["NEEDS_SERVER", "measure"]

NEEDS_SERVER = False

LARGE, SMALL = 1_900, 50
"""Events of a batch: nearly as many as one request takes (500 KB), and those of an outbox that is not busy."""
PEOPLE = 1_000
ROUNDS = 9
CONNECTIONS = 8
CLOCK, CPU = "by the clock", "for a CPU second of the sandbox"
FLOOD = 160
"""Large batches, of one event for each of 304,000 people, after which more than is kept has come."""


class Sandbox:
    """A sandbox in a process of its own."""

    def __init__(self, port: int, pid: int) -> None:
        self.port = port
        self._pid = pid

    def stats(self) -> dict[str, int]:
        """Return its own counts."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/_sandbox/stats", timeout=30) as answer:
            counts: dict[str, int] = json.load(answer)
        return counts

    def cpu(self) -> float:
        """Return the CPU seconds that it has used."""
        fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def megabytes(self) -> float:
        """Return the memory that it holds."""
        status = Path(f"/proc/{self._pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        return int(found[1]) / 1000


@contextmanager
def running(core: int) -> Generator[Sandbox]:
    """Start a sandbox on a core, and end it."""
    command = [sys.executable, "-m", "ciokit", "sandbox", "--port", "0"]
    with pinned(core):
        process = subprocess.Popen(
            command, cwd=ROOT, env=clean_environment(), stdout=subprocess.PIPE, text=True
        )
    with process:
        try:
            assert process.stdout
            found = None
            while not found:
                found = re.search(r"CIOKIT_BASE_URL=http://127.0.0.1:(\d+)", process.stdout.readline())
            yield Sandbox(int(found[1]), process.pid)
        finally:
            process.terminate()


def measure(bench: Bench) -> Table:
    """Measure one sandbox by all kinds of load, and a fresh one by its memory."""
    _, load_core = cores()
    with pinned(load_core):
        with running(bench.core) as sandbox:
            rows = [
                _events(bench, sandbox, LARGE, bench.calls(16)),
                _events(bench, sandbox, SMALL, bench.calls(400)),
                _single(bench, sandbox, bench.calls(4_000)),
            ]
        with running(bench.core) as sandbox:
            rows.append(_memory(sandbox, bench.calls(FLOOD)))
    note = (
        "Memory is bounded by what the sandbox keeps (100,000 events, 100,000 people, 500,000 ids, ...): the second figure "
        "is after twice the load of the first."
    )
    return Table("The sandbox", tuple(rows), (note,))


def _events(bench: Bench, sandbox: Sandbox, size: int, batches: int) -> Row:
    def ready() -> list[bytes]:
        return [framed("/api/v2/batch", _batch(_usual(size))) for _ in range(batches)]

    name = f"batches of {size:,} events"
    return Row(name, "events/s", _rates(bench, sandbox, ready, size), Target("at least", 30_000))


def _single(bench: Bench, sandbox: Sandbox, count: int) -> Row:
    def ready() -> list[bytes]:
        return [framed("/api/v2/entity", body) for body in _bodies(_usual(count))]

    return Row(
        "one event a request", "requests/s", _rates(bench, sandbox, ready, 1), Target("at least", 2_000)
    )


def _rates(bench: Bench, sandbox: Sandbox, ready: Callable[[], list[bytes]], size: int) -> tuple[Line, ...]:
    clock, cpu = [], []
    for _ in range(bench.rounds(ROUNDS)):
        requests = ready()
        before, used = sandbox.stats()["requests"], sandbox.cpu()
        seconds = drive(sandbox.port, requests, CONNECTIONS)
        used = sandbox.cpu() - used
        _check(sandbox, before + len(requests))
        clock.append(size * len(requests) / seconds)
        cpu.append(size * len(requests) / used)
    return Line(CLOCK, tuple(clock)), Line(CPU, tuple(cpu))


def _memory(sandbox: Sandbox, batches: int) -> Row:
    """Flood a sandbox with events of ever new people, twice."""
    figures: list[float] = []
    for half in range(2):
        people = range(half * batches * LARGE, (half + 1) * batches * LARGE)
        requests = (
            framed("/api/v2/batch", _batch(people[start : start + LARGE]))
            for start in range(0, len(people), LARGE)
        )
        drive(sandbox.port, requests, 1)
        _check(sandbox, (half + 1) * batches)
        figures.append(sandbox.megabytes())
    once, twice = (f"{count * batches * LARGE:,}" for count in (1, 2))
    lines = (
        Line(f"after {twice} events of as many people", (figures[1],)),
        Line(f"after {once}", (figures[0],)),
    )
    return Row(f"memory after {twice} events of as many people", "MB", lines)


def _check(sandbox: Sandbox, requests: int) -> None:
    stats = sandbox.stats()
    if stats["requests"] != requests or stats["rejected"] or stats["duplicates_collapsed"]:
        msg = f"{requests} requests sent, and the sandbox says {stats}"
        raise LostError(msg)


def _batch(people: Iterable[int]) -> bytes:
    return b'{"batch":[%b]}' % b",".join(_bodies(people))


def _bodies(people: Iterable[int]) -> Iterator[bytes]:
    """Yield an event of each person, as ciokit's clients send it."""
    from benchmarks.shop import CheckoutCompleted
    from ciokit import Track, TrackClient

    client = TrackClient("site", "key", base_url="http://127.0.0.1:9")
    for person in people:
        event = CheckoutCompleted(order_id="o-100234", total=129.9, currency="EUR", items=3)
        yield client.encode(Track(f"user-{person}", event)).body


def _usual(count: int) -> Iterator[int]:
    return (number % PEOPLE for number in range(count))
