"""`durability="power"`: one thread that waits for the disk beside eight that share each sync."""

import threading
import time
from pathlib import Path

from benchmarks.harness import Bench
from benchmarks.results import Line, Row, Table, Target
from benchmarks.spool import LARGE, empty, make_entries, on_disk
from ciokit.stores.spool import Spool

__all__ = ["NEEDS_SERVER", "measure"]

NEEDS_SERVER = False
ROUNDS, SECONDS = 7, 0.5


def measure(bench: Bench) -> Table:
    """Measure on this disk."""
    eight, one = [], []
    with on_disk() as base:
        for _ in range(bench.rounds(ROUNDS)):
            one.append(_rate(base, 1))
            eight.append(_rate(base, 8))
    row = Row(
        "puts a second, 8 threads",
        "puts/s",
        (Line("8 threads", tuple(eight)), Line("1 thread", tuple(one))),
        Target("at least", 4.0, to="1 thread"),
    )
    return Table("A spool that survives the plug", (row,))


def _rate(base: Path, threads: int) -> float:
    spool = Spool(base / f"power-{threads}", durability="power", max_bytes=LARGE)
    counts = [0] * threads
    entry = make_entries(1)
    until = time.monotonic() + SECONDS

    def put(which: int) -> None:
        while time.monotonic() < until:
            spool.put(entry)
            counts[which] += 1

    running = [threading.Thread(target=put, args=(which,)) for which in range(threads)]
    start = time.monotonic()
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    taken = time.monotonic() - start
    empty(spool)
    spool.close()
    return sum(counts) / taken
