"""A million entries that a dead process left: taken over, read back in order, and settled."""

import itertools
import os
import time
from collections.abc import Iterator

from benchmarks.harness import Bench
from benchmarks.results import Line, Row, Table, Target
from benchmarks.side import cpu_seconds
from benchmarks.spool import LARGE, make_entries, memory, on_disk, running_apart
from ciokit.stores.contract import Fate
from ciokit.stores.spool import Spool

__all__ = ["NEEDS_SERVER", "measure"]

NEEDS_SERVER = False
ENTRIES, ROUNDS = 1_000_000, 3


def measure(bench: Bench) -> Table:
    """Measure on this disk."""
    entries = bench.calls(ENTRIES)
    found: dict[str, list[float]] = {"wall": [], "cpu": [], "adopted": [], "memory": []}
    for _ in range(bench.rounds(ROUNDS)):
        with on_disk() as base:
            leave_behind(base / "spool", entries)
            with running_apart(bench.core, f"{__name__}:recover", base / "spool", entries) as apart:
                told = apart.tell()
        for name, values in found.items():
            values.append(told[name])
    lines = {name: (Line("ciokit", tuple(values)),) for name, values in found.items()}
    rows = (
        Row(f"recovery of {entries:,} entries", "s", lines["wall"], Target("at most", 10.0)),
        Row("the same, CPU time", "s", lines["cpu"]),
        Row("until the first is handed out", "s", lines["adopted"]),
        Row("memory that it took", "MB", lines["memory"]),
    )
    return Table("What a dead process left behind", rows, ("All are handed out in order and settled.",))


def leave_behind(directory: "os.PathLike[str]", count: int) -> None:
    """Fill a spool in a process of its own, which then is gone without a word."""
    pid = os.fork()
    if not pid:
        spool = Spool(directory, max_bytes=LARGE, window_bytes=1)
        for start in range(0, count, 1000):
            spool.put(make_entries(min(1000, count - start), start))
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0


def recover(directory: str, count: str) -> Iterator[dict[str, float]]:
    """Take over what is there, once."""
    before, used, start = memory("VmRSS"), cpu_seconds(), time.perf_counter()
    spool = Spool(directory, max_bytes=LARGE)
    adopted = spool.adopt()
    middle = time.perf_counter()
    found = last = 0
    while polled := spool.poll(2000, 500_000):
        found += len(polled)
        in_order = polled[0][0] > last and all(a[0] < b[0] for a, b in itertools.pairwise(polled))
        assert in_order, "out of order"
        last = polled[-1][0]
        spool.settle([Fate("delivered", [seq for seq, _ in polled])])
    assert adopted == found == int(count), (adopted, found)
    spool.close()
    yield {
        "wall": time.perf_counter() - start,
        "cpu": cpu_seconds() - used,
        "adopted": middle - start,
        "memory": memory("VmHWM") - before,
    }
