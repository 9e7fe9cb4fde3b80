"""What `import ciokit` costs in time and memory, beside the other libraries.

Each import is a process of its own, in turns. The bytecode is compiled beforehand, as an installer leaves it. The
statement is timed within the process; the CPU of the whole process, above a bare interpreter's, also has what taking
the modules down at the end costs.
"""

import resource
import subprocess
import sys
from collections.abc import Callable

from benchmarks.harness import ROOT, Bench
from benchmarks.machine import clean_environment, pinned
from benchmarks.results import Line, Row, Table, Target

__all__ = ["NEEDS_SERVER", "imported_milliseconds", "measure"]

NEEDS_SERVER = False

ROUNDS = 11
BARE = "pass"
IMPORTS = {
    "ciokit": "import ciokit",
    "its two dependencies, httpx2 and msgspec": "import httpx2, msgspec",
    "customerio": "import customerio",
    "async-customerio": "import async_customerio",
}
# Read in the process itself: what a parent can ask about a child's memory may count the parent's own.
RESIDENT = "; print(next(line for line in open('/proc/self/status') if line.startswith('VmRSS')).split()[1])"
LATE = {"httpx2", "httpcore2", "anyio", "h11", "ssl", "asyncio"}
"""What must not be loaded before a client is made: HTTP libraries, and the heavy parts of Python that they need."""


def measure(bench: Bench) -> Table:
    """Measure time and memory."""
    _python("; ".join(IMPORTS.values()))  # compiles the bytecode
    rounds = bench.rounds(ROUNDS)
    with pinned(bench.core):
        processor = _above_bare(_cpu_milliseconds, rounds)
        statement = _each(_statement_milliseconds, rounds)
        itself = _each(_own_milliseconds, rounds)
        memory = _above_bare(_resident_megabytes, rounds)
    forty, twenty_five = Target("at most", 40.0), Target("at most", 25.0)
    rows = (
        Row("import ciokit: the statement, by the clock", "ms", statement, forty),
        Row("import ciokit: the statement, by -X importtime", "ms", itself, forty),
        Row("import ciokit: CPU of a process that does nothing else", "ms", processor),
        Row("import ciokit: memory", "MB", memory, twenty_five),
    )
    loaded = _python(f"import ciokit, sys; print(*sorted({LATE!r} & sys.modules.keys()))").stdout.split()
    note = f"Of {', '.join(sorted(LATE))}, `import ciokit` loads {', '.join(loaded) or 'none'}."
    return Table("Import", rows, (note,))


def _above_bare(value: Callable[[str], float], rounds: int) -> tuple[Line, ...]:
    """Measure every import and a bare interpreter in turns, and return the differences within each turn."""
    values: dict[str, list[float]] = {label: [] for label in IMPORTS}
    for _ in range(rounds):
        bare = value(BARE)
        for label, code in IMPORTS.items():
            values[label].append(value(code) - bare)
    return _lines(values)


def _each(value: Callable[[str], float], rounds: int) -> tuple[Line, ...]:
    values: dict[str, list[float]] = {label: [] for label in IMPORTS}
    for _ in range(rounds):
        for label, code in IMPORTS.items():
            values[label].append(value(code))
    return _lines(values)


def _lines(values: dict[str, list[float]]) -> tuple[Line, ...]:
    return tuple(Line(label, tuple(found)) for label, found in values.items())


def _cpu_milliseconds(code: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _python(code)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1e3


def _statement_milliseconds(code: str) -> float:
    timed = f"import time; start = time.perf_counter(); {code}; print((time.perf_counter() - start) * 1e3)"
    return float(_python(timed).stdout)


def _own_milliseconds(code: str) -> float:
    return imported_milliseconds(_python(code, "-X", "importtime").stderr)


def imported_milliseconds(report: str) -> float:
    """Sum up a report of `-X importtime`: what was imported after `site`, the interpreter's last own import."""
    own = [
        line.removeprefix("import time:").split("|")
        for line in report.splitlines()
        if line.startswith("import time:")
    ]
    names = [fields[2].strip() for fields in own]
    after = own[names.index("site") + 1 :]
    return sum(float(fields[0]) for fields in after) / 1e3


def _resident_megabytes(code: str) -> float:
    return int(_python(code + RESIDENT).stdout) / 1024


def _python(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *options, "-c", code],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
