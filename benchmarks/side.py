"""One side of a comparison, in a process of its own: `python -m benchmarks.side MODULE:FUNCTION URL [ARGUMENT ...]`.

The function makes everything ready and returns what is measured, which is told how many calls to make. Each line on
standard input is such a number; each line of output is what the calls cost, with further figures if they returned
any. The garbage collector runs as it does for everybody.
"""

import importlib
import json
import logging
import resource
import sys
import time
from collections.abc import Callable
from typing import TypeAlias

__all__ = ["Run"]

Run: TypeAlias = Callable[[int], dict[str, float] | None]


def cpu_seconds() -> float:
    """Return the CPU time of this process, its own and the kernel's on its behalf."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Make ready, then measure as often as asked."""
    module, _, function = sys.argv[1].partition(":")
    logging.disable(logging.CRITICAL)  # what a library logs at which level is not compared here
    run: Run = getattr(importlib.import_module(module), function)(*sys.argv[2:])
    print("ready", flush=True)
    for line in sys.stdin:
        calls = int(line)
        wall, cpu = time.perf_counter(), cpu_seconds()
        figures = run(calls)
        used = {"cpu": cpu_seconds() - cpu, "wall": time.perf_counter() - wall, **(figures or {})}
        print(json.dumps(used), flush=True)


if __name__ == "__main__":
    main()
