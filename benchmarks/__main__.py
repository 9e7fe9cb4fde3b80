"""The command: `python -m benchmarks [--quick] [--only encode,track] [core] [outbox]`.

A full run of an area's tables is kept in `benchmarks/results/AREA.json`, with the facts of the machine, and shown on
the page docs/benchmarks.md.
"""

import argparse
import importlib
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks import machine, nullserver
from benchmarks.harness import Bench
from benchmarks.render import show, with_record
from benchmarks.results import Grid, Table, as_json

BUSY = 0.5
"""The load of others from which on a run is not what this machine can do."""
RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
TABLES = {
    "core": ("encode", "track", "async", "batch", "import"),
    "outbox": ("speed", "faults", "limits"),
    "sandbox": ("load",),
    "app": ("send",),
}
"""Every area with its tables; each is a module `benchmarks.AREA_NAME` with NEEDS_SERVER and measure(bench)."""


def main() -> int:
    """Measure, print and keep."""
    arguments = _arguments()
    if not sys.platform.startswith("linux"):
        print(
            "the benchmarks need Linux: they pin processes to cores, and their server uses epoll",
            file=sys.stderr,
        )
        return 2
    chosen = {
        area: found
        for area, names in TABLES.items()
        if (not arguments.areas or area in arguments.areas)
        and (found := [name for name in names if not arguments.only or name in arguments.only])
    }
    try:
        for area, names in chosen.items():
            start, facts = time.monotonic(), machine.facts()
            if facts["load"] > BUSY:
                print(f"this machine is busy (load {facts['load']}): trust the ratios, not the figures\n")
            tables = list(_measured(area, names, quick=arguments.quick))
            print(f"{area}: {len(tables)} tables in {time.monotonic() - start:.0f} s")
            if names == list(TABLES[area]) and not arguments.quick:
                _keep(area, facts, tables)
    except nullserver.NoCompilerError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _arguments() -> argparse.Namespace:
    known = [name for names in TABLES.values() for name in names]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure ciokit beside other libraries."
    )
    parser.add_argument("areas", nargs="*", metavar="AREA", help=f"{', '.join(TABLES)}; all when left out")
    parser.add_argument(
        "--quick", action="store_true", help="a rough look: fewer rounds and calls, nothing is kept"
    )
    parser.add_argument(
        "--only", type=lambda text: text.split(","), metavar="NAME,...", help=", ".join(known)
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.only or ()) - set(known):
        parser.error(f"--only knows {', '.join(known)}, not {', '.join(sorted(unknown))}")
    if unknown := set(arguments.areas) - TABLES.keys():
        parser.error(f"there are {' and '.join(TABLES)}, not {', '.join(sorted(unknown))}")
    return arguments


def _measured(area: str, names: Sequence[str], *, quick: bool) -> Iterator[Table | Grid]:
    modules = [importlib.import_module(f"benchmarks.{area}_{name}") for name in names]
    core, server_core = machine.cores()
    with ExitStack() as stack:
        needed = any(module.NEEDS_SERVER for module in modules)
        server = stack.enter_context(nullserver.running(server_core)) if needed else None
        bench = Bench(core, server, quick=quick)
        for module in modules:
            yield from _shown(module, bench)


def _shown(module: ModuleType, bench: Bench) -> Sequence[Table | Grid]:
    measured: Table | Sequence[Table | Grid] = module.measure(bench)
    tables = [measured] if isinstance(measured, Table) else measured
    for table in tables:
        show(table)
    return tables


def _keep(area: str, facts: dict[str, Any], tables: Sequence[Table | Grid]) -> None:
    record = {
        "measured": datetime.now(UTC).date().isoformat(),
        "machine": facts,
        "tables": [as_json(table) for table in tables],
    }
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(record, indent=2, ensure_ascii=False)
    (RESULTS / f"{area}.json").write_text(text + "\n", encoding="utf-8")
    if area == "outbox":
        from benchmarks import charts

        charts.draw(record)
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(with_record(page, area, record), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
