"""What the tables of the spool share: entries, places on the disk, and processes of their own.

Entries are made beforehand, of about 230 bytes, each with strings of its own, as a program's entries have. The disk
that is measured is the one that has the temporary directory; name another in TMPDIR.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from benchmarks.harness import ROOT
from benchmarks.machine import clean_environment, pinned
from ciokit.stores.contract import Fate, Store
from ciokit.wire import Entry

__all__ = ["LARGE", "empty", "make_entries", "memory", "on_disk", "running_apart"]

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


def empty(store: Store) -> None:
    """Take everything out of a store."""
    while polled := store.poll(20_000, LARGE):
        store.settle([Fate("delivered", [seq for seq, _ in polled])])


@contextmanager
def on_disk() -> Generator[Path]:
    """Give a directory that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="ciokit-bench-spool-") as base:
        yield Path(base)


@contextmanager
def running_apart(core: int, function: str, *arguments: object) -> Generator["Apart"]:
    """Run a function in a process of its own on one core.

    Args:
        core: The core.
        function: `module:function`; it yields what it has to tell, and is asked for more by `tell`.
        arguments: What it is given, as text.
    """
    command = [sys.executable, "-m", __name__, function, *map(str, arguments)]
    with pinned(core):
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=clean_environment() | {"PYTHONPATH": os.pathsep.join(["src", *sys.path])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
    with process:
        assert process.stdin
        assert process.stdout
        yield Apart(process.stdin, process.stdout)
        process.stdin.close()
    if process.returncode:
        msg = f"{function} ended with {process.returncode}; its own words are above"
        raise RuntimeError(msg)


class Apart:
    """A process that tells one thing after the other."""

    def __init__(self, ask: IO[str], told: IO[str]) -> None:
        self._ask = ask
        self._told = told

    def tell(self) -> dict[str, float]:
        """Let it go on to the next thing that it tells, and return that."""
        self._ask.write("\n")
        self._ask.flush()
        found: dict[str, float] = json.loads(self._told.readline())
        return found


def memory(field: str) -> float:
    """Return megabytes that this process takes (VmRSS) or took at most (VmHWM)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (line,) = [line for line in lines if line.startswith(field)]
    return int(line.split()[1]) / 1000


def main() -> None:
    """Be the process of its own."""
    import importlib
    import logging

    logging.disable(logging.CRITICAL)
    module, _, function = sys.argv[1].partition(":")
    told: Iterator[Any] = getattr(importlib.import_module(module), function)(*sys.argv[2:])
    for _ in sys.stdin:
        print(json.dumps(next(told)), flush=True)


if __name__ == "__main__":
    main()
