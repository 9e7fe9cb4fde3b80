"""A put beside a bare write of the same bytes: CPU time of the thread, in turns.

A put and a write take from the same few hundred entries, which then are in the processor's cache, as an entry is that
a verb has just made. A call that does nothing is taken off both.
"""

import gc
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.harness import Bench
from benchmarks.machine import pinned
from benchmarks.results import Line, Row, Table, Target, spread
from benchmarks.spool import LARGE, empty, make_entries, on_disk
from ciokit.stores.journal import encode_entry
from ciokit.stores.memory import MemoryStore
from ciokit.stores.spool import Spool
from ciokit.wire import Entry

__all__ = ["NEEDS_SERVER", "measure"]

NEEDS_SERVER = False
PUTS, HOT, ROUNDS = 20_000, 200, 15
WRITE = "os.write of the same bytes"


def measure(bench: Bench) -> Table:
    """Measure on this disk."""
    puts = bench.calls(PUTS) // HOT * HOT
    with pinned(bench.core), on_disk() as base:
        lines, size = _in_turns(base, puts, bench.rounds(ROUNDS))
        clocked = _by_the_clock(base, puts)
    rows = (
        Row("Spool.put of one entry", "µs", lines, Target("at most", 2.5, to=WRITE)),
        Row("Spool.put by the clock: p50", "µs", (Line("ciokit", (clocked[0],)),)),
        Row("Spool.put by the clock: p99", "µs", (Line("ciokit", (clocked[1],)),)),
    )
    note = f"CPU time of the thread, less that of a call that does nothing; {size:.0f} bytes an entry, its checksum included."
    return Table("A put into the spool", rows, (note,))


def _in_turns(base: Path, puts: int, rounds: int) -> tuple[tuple[Line, ...], float]:
    entries = [(one,) for one in make_entries(HOT)] * (puts // HOT)
    lines = [encode_entry(seq, one) for seq, (one,) in enumerate(entries[:HOT])] * (puts // HOT)
    spool, memory = Spool(base / "put", max_bytes=LARGE), MemoryStore(max_bytes=LARGE, max_entries=LARGE)
    fd = os.open(base / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    found: dict[str, list[float]] = {"ciokit": [], WRITE: [], "MemoryStore.put": []}
    for _ in range(rounds):
        nothing = _lap(len, entries)
        found[WRITE].append(_lap_write(fd, lines) - nothing)
        found["ciokit"].append(_lap(spool.put, entries) - nothing)
        empty(spool)
        found["MemoryStore.put"].append(_lap(memory.put, entries) - nothing)
        empty(memory)
    spool.close()
    os.close(fd)
    return tuple(Line(name, tuple(values)) for name, values in found.items()), spread(
        [float(len(line)) for line in lines]
    ).median


def _lap(call: Callable[[Sequence[Entry]], object], arguments: Sequence[Sequence[Entry]]) -> float:
    gc.collect()
    start = time.thread_time()
    for one in arguments:
        call(one)
    return (time.thread_time() - start) / len(arguments) * 1e6


def _lap_write(fd: int, lines: Sequence[bytes]) -> float:
    write = os.write
    start = time.thread_time()
    for line in lines:
        write(fd, line)
    return (time.thread_time() - start) / len(lines) * 1e6


def _by_the_clock(base: Path, puts: int) -> tuple[float, float]:
    spool, taken = Spool(base / "latency", max_bytes=LARGE), []
    clock = time.perf_counter_ns
    for one in [(one,) for one in make_entries(5 * puts)]:
        start = clock()
        spool.put(one)
        taken.append(clock() - start)
    empty(spool)
    spool.close()
    taken.sort()
    return taken[len(taken) // 2] / 1000, taken[len(taken) * 99 // 100] / 1000
