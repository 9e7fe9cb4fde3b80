"""Measure the stores: a put beside a bare write of the same bytes, power with one and eight threads, and recovery.

Entries are made beforehand, of about 230 bytes, each with strings of its own, as a program's entries have. A put and a
write take from the same few hundred of them, which then are in the processor's cache, as an entry is that a verb has
just made. The rounds of what is compared alternate; each figure is the median of the rounds. A put and a write are CPU time of the thread,
because a busy machine shifts the clock more than the work; power and recovery are time by the clock.

    python benchmarks/spool.py [--directory .] [--rounds 15] [--entries 1000000]
"""

import argparse
import gc
import itertools
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ciokit.stores.contract import Fate, Store
from ciokit.stores.journal import encode_entry
from ciokit.stores.memory import MemoryStore
from ciokit.stores.spool import Spool
from ciokit.wire import Entry

PUTS, HOT = 20_000, 200
BODY = (
    b'{"type":"person","action":"event","identifiers":{"id":"user-%06d"},"name":"checkout_completed","id":"01J%023d",'
    b'"timestamp":1760000000,"attributes":{"order_id":"A-1001","total":129.9,"currency":"EUR","items":3}}'
)
LARGE = 1 << 62


def make_entries(count: int, start: int = 0) -> list[Entry]:
    """Make entries, each with strings of its own."""
    return [
        Entry(BODY % (n % 1000, n), (f"id:user-{n % 1000:06d}",), "event", id=f"01J{n:023d}")
        for n in range(start, start + count)
    ]


def lap(call: Callable[[Sequence[Entry]], object], arguments: Sequence[Sequence[Entry]]) -> float:
    """Return the microseconds of CPU that one call takes."""
    gc.collect()
    start = time.thread_time()
    for one in arguments:
        call(one)
    return (time.thread_time() - start) / len(arguments) * 1e6


def lap_write(fd: int, lines: Sequence[bytes]) -> float:
    """Return the microseconds of CPU that one bare write takes."""
    write = os.write
    start = time.thread_time()
    for line in lines:
        write(fd, line)
    return (time.thread_time() - start) / len(lines) * 1e6


def empty(store: Store) -> None:
    """Take everything out of a store."""
    while polled := store.poll(PUTS, LARGE):
        store.settle([Fate("delivered", [seq for seq, _ in polled])])


def measure_put(base: Path, rounds: int) -> None:
    """Compare a put with a write of the same bytes, and both stores with nothing."""
    entries = [(one,) for one in make_entries(HOT)] * (PUTS // HOT)
    spool, memory = Spool(base / "put", max_bytes=LARGE), MemoryStore(max_bytes=LARGE, max_entries=LARGE)
    fd = os.open(base / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    lines = [encode_entry(seq, one) for seq, (one,) in enumerate(entries[:HOT])] * (PUTS // HOT)
    found: dict[str, list[float]] = {"nothing": [], "write": [], "spool": [], "memory": []}
    for _ in range(rounds):
        found["nothing"].append(lap(len, entries))
        found["write"].append(lap_write(fd, lines))
        found["spool"].append(lap(spool.put, entries))
        empty(spool)
        found["memory"].append(lap(memory.put, entries))
        empty(memory)
    spool.close()
    nothing, write, put, held = (statistics.median(times) for times in found.values())
    size = statistics.mean(len(line) for line in lines)
    print(f"a call that does nothing             {nothing:6.2f} µs (taken off below)")
    print(f"os.write of {size:.0f} bytes                {write - nothing:6.2f} µs")
    ratio = (put - nothing) / (write - nothing)
    print(
        f"Spool.put                            {put - nothing:6.2f} µs, {ratio:.2f} times the write (at most 2.5)"
    )
    print(f"MemoryStore.put                      {held - nothing:6.2f} µs (at most 0.5)")


def measure_latency(base: Path) -> None:
    """Show how long a put takes by the clock, in the middle and at the end."""
    entries = [(one,) for one in make_entries(5 * PUTS)]
    spool = Spool(base / "latency", max_bytes=LARGE)
    clock, taken = time.perf_counter_ns, []
    for one in entries:
        start = clock()
        spool.put(one)
        taken.append(clock() - start)
    empty(spool)
    spool.close()
    taken.sort()
    p50, p99, p999 = (taken[int(len(taken) * share)] / 1000 for share in (0.5, 0.99, 0.999))
    print(f"Spool.put by the clock               p50 {p50:.1f} µs, p99 {p99:.1f} µs, p99.9 {p999:.1f} µs")


def power_rate(base: Path, threads: int, seconds: float) -> float:
    """Return the puts a second with `durability="power"`."""
    spool = Spool(base / f"power-{threads}", durability="power", max_bytes=LARGE)
    counts = [0] * threads
    entry = make_entries(1)
    until = time.monotonic() + seconds

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


def measure_power(base: Path, rounds: int) -> None:
    """Compare one thread that waits for the disk with eight that share it."""
    found = [(power_rate(base, 1, 0.5), power_rate(base, 8, 0.5)) for _ in range(rounds)]
    one, eight = (statistics.median(rates) for rates in zip(*found, strict=True))
    ratio = statistics.median(more / less for less, more in found)
    print(f"power, 1 thread                      {one:8,.0f} puts a second")
    print(f"power, 8 threads                     {eight:8,.0f} puts a second, {ratio:.1f} times (at least 4)")


def leave_behind(directory: Path, count: int) -> None:
    """Fill a spool in a process of its own, which then is gone without a word."""
    script = (
        "import os, sys\n"
        "from benchmarks.spool import LARGE, Spool, make_entries\n"
        "spool = Spool(sys.argv[1], max_bytes=LARGE, window_bytes=1)\n"
        "for start in range(0, int(sys.argv[2]), 1000): spool.put(make_entries(1000, start))\n"
        "os._exit(0)\n"
    )
    paths = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    command = [sys.executable, "-c", script, str(directory), str(count)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": paths})


def memory_used() -> float:
    """Return the most memory that this process ever took, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure_recovery(base: Path, count: int) -> None:
    """Read back what a dead process left behind."""
    leave_behind(base / "recovery", count)
    before = memory_used()
    spool = Spool(base / "recovery", max_bytes=LARGE)
    start = time.monotonic()
    adopted = spool.adopt()
    middle = time.monotonic()
    found = last = 0
    while polled := spool.poll(2000, 500_000):
        found += len(polled)
        in_order = polled[0][0] > last and all(a[0] < b[0] for a, b in itertools.pairwise(polled))
        assert in_order, "out of order"
        last = polled[-1][0]
        spool.settle([Fate("delivered", [seq for seq, _ in polled])])
    end = time.monotonic()
    assert adopted == found == count, (adopted, found)
    spool.close()
    print(f"adopting {count:9,} entries          {middle - start:6.2f} s")
    print(
        f"polling and settling them all        {end - middle:6.2f} s; in all {end - start:.2f} s (at most 10)"
    )
    print(f"memory that took                     {memory_used() - before:6.1f} MB more")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Measure the stores.")
    parser.add_argument("--directory", default=".", help="where to write: the disk that is measured")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--entries", type=int, default=1_000_000)
    asked = parser.parse_args(arguments)
    base = Path(tempfile.mkdtemp(prefix="spool-bench-", dir=asked.directory))
    try:
        measure_recovery(base, asked.entries)
        measure_put(base, asked.rounds)
        measure_latency(base)
        measure_power(base, max(1, asked.rounds // 3))
    finally:
        shutil.rmtree(base)


if __name__ == "__main__":
    main()
