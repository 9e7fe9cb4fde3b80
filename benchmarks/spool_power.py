"""`durability="power"`: one thread that waits for the disk beside eight that share each sync.

How much eight can gain is the disk's to say, and Python's: the quicker the disk, the more of the time it is threads
that are woken and wait for each other. So the same is measured without a spool, as bare as Python can do it: a loop of
`os.write` and `os.fdatasync`, and eight threads that write, of which the last one syncs, and each wakes the next one.
And both are measured once more on a disk that takes a millisecond longer, as that of a server in a cloud does.

On one core, as all that is measured here, and on all: there a thread that is woken may be on another core than the
interpreter that it waits for, and that core asleep.
"""

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.harness import Bench
from benchmarks.machine import pinned
from benchmarks.results import Line, Row, Table, Target
from benchmarks.spool import LARGE, empty, make_entries, on_disk
from ciokit.stores import files
from ciokit.stores.journal import encode_entry
from ciokit.stores.spool import Spool

__all__ = ["NEEDS_SERVER", "measure"]

NEEDS_SERVER = False
ROUNDS, SECONDS, THREADS = 7, 0.5, 8
SLOWER = 0.001
ONE = "1 thread"

Put = Callable[[int], object]
"""Put an entry and wait for the disk; told which thread it is."""


def measure(bench: Bench) -> Table:
    """Measure on this disk, and on one that is slower."""
    rounds = bench.rounds(ROUNDS)
    with pinned(bench.core):
        one_core = _row("puts a second, 8 threads on one core", rounds, 0.0)
    rows = (
        one_core,
        _row("the same on all cores", rounds, 0.0),
        _row("the same on all cores, a sync takes 1 ms more", rounds, SLOWER),
    )
    note = "bare: os.write and os.fdatasync; of 8 threads the last one that has written syncs, and each wakes the next"
    return Table("A spool that survives the plug", rows, (note,))


def _row(name: str, rounds: int, slower: float) -> Row:
    found: dict[str, list[float]] = {"8 threads": [], ONE: [], "bare, 8 threads": [], "bare, 1 thread": []}
    with on_disk() as base, _slowed(slower):
        for _ in range(rounds):
            found[ONE].append(_spool_rate(base, 1))
            found["8 threads"].append(_spool_rate(base, THREADS))
            found["bare, 1 thread"].append(_bare_rate(base, 1))
            found["bare, 8 threads"].append(_bare_rate(base, THREADS))
    lines = tuple(Line(line, tuple(values)) for line, values in found.items())
    return Row(name, "puts/s", lines, Target("at least", 4.0, to=ONE))


@contextmanager
def _slowed(seconds: float) -> Generator[None]:
    """Let the disk take longer for a sync."""
    real = files.datasync

    def datasync(fd: int) -> None:
        real(fd)
        time.sleep(seconds)

    if seconds:
        files.datasync = datasync
    try:
        yield
    finally:
        files.datasync = real


def _spool_rate(base: Path, threads: int) -> float:
    spool = Spool(base / f"power-{threads}", durability="power", max_bytes=LARGE)
    entry = make_entries(1)
    rate = _rate(threads, lambda _: spool.put(entry))
    empty(spool)
    spool.close()
    return rate


def _bare_rate(base: Path, threads: int) -> float:
    fd = os.open(base / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    line = encode_entry(1, make_entries(1)[0])
    shared = _Shared(threads)

    def put(which: int) -> None:
        os.write(fd, line)
        shared.sync(which, fd)

    rate = _rate(threads, put, shared.leave)
    os.close(fd)
    return rate


class _Shared:
    """Sync once for all threads, when the last one has come.

    Args:
        threads: How many there are.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._waiting: list[int] = []
        self._going: deque[int] = deque()
        self._gates = [threading.Lock() for _ in range(threads)]
        for gate in self._gates:
            gate.acquire()

    def sync(self, which: int, fd: int) -> None:
        """Wait until what this thread wrote is on the disk."""
        self._waiting.append(which)
        if len(self._waiting) < self._threads:
            self._gates[which].acquire()
        else:
            files.datasync(fd)
            self._let_go(which)
        self._wake_next()

    def leave(self, which: int) -> None:
        """Be a thread less, for which nobody waits any more."""
        self._threads -= 1
        if len(self._waiting) == self._threads:
            self._let_go(which)
            for _ in range(self._threads):
                self._wake_next()

    def _let_go(self, which: int) -> None:
        waiting, self._waiting = self._waiting, []
        self._going.extend(other for other in waiting if other != which)

    def _wake_next(self) -> None:
        with suppress(IndexError, RuntimeError):  # none, or one that is awake
            self._gates[self._going.popleft()].release()


def _rate(threads: int, put: Put, leave: Put = lambda _: None) -> float:
    counts = [0] * threads
    until = time.monotonic() + SECONDS

    def run(which: int) -> None:
        while time.monotonic() < until:
            put(which)
            counts[which] += 1
        leave(which)

    running = [threading.Thread(target=run, args=(which,)) for which in range(threads)]
    start = time.monotonic()
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return sum(counts) / (time.monotonic() - start)
