"""What is lost, doubled and told when things go wrong: the outbox beside what else takes events in the background.

Each misfortune meets every library at the same time, each with a server of its own that notes what arrives. Defaults
everywhere, and every process is started again afterwards, as a supervisor would, so that whoever kept something on
disk can send it.
"""

import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

from benchmarks.environments import MissingError, node_command, python_of
from benchmarks.faulty import BURST, FORK_CHILD, FORK_PARENT, FULL, OUTAGE, QUEUE, STEADY, WORKERS
from benchmarks.harness import ROOT, Bench
from benchmarks.machine import clean_environment
from benchmarks.recorder import EVERY, Fault, Recorder
from benchmarks.results import Grid

__all__ = ["NEEDS_SERVER", "Result", "measure", "words"]

NEEDS_SERVER = False

LIMIT = 40.0
"""Seconds for one run; whoever is not done by then is ended, and what has not arrived is lost."""
DOWN, LONG_DOWN = 2.0, 30.0
NOT_DONE = "not done"


@dataclass(frozen=True)
class Scenario:
    """A misfortune.

    Attributes:
        name: The column's name.
        mode: What the process does, see `benchmarks.faulty`.
        offered: Events in all.
        fault: What the server does to one request in ten.
        down: The seconds for which it is down.
        queues: Whether it concerns only what has a queue with a bound.
        forks: Whether the process forks.
    """

    name: str
    mode: str
    offered: int
    fault: Fault = ""
    down: float = 0.0
    queues: bool = False
    forks: bool = False


SCENARIOS = (
    Scenario("500", "steady", STEADY, "500"),
    Scenario("429", "steady", STEADY, "429"),
    Scenario("answer lost", "steady", STEADY, "dropped"),
    Scenario(f"down {DOWN:.0f} s", "steady", STEADY, down=DOWN),
    Scenario(f"down {LONG_DOWN:.0f} s", "outage", OUTAGE, down=LONG_DOWN),
    Scenario("SIGTERM", "SIGTERM", BURST),
    Scenario("kill -9", "SIGKILL", BURST),
    Scenario("fork", "fork", FORK_PARENT + WORKERS * FORK_CHILD, forks=True),
    Scenario("exit", "exit", BURST),
    Scenario("queue full", "full", FULL, "slow", queues=True),
)


@dataclass(frozen=True)
class Library:
    """Who meets the misfortunes."""

    label: str
    command: Callable[[], Sequence[str]]
    maker: str = ""
    spooled: bool = False
    queue: bool = True
    node: bool = False


def _python(library: str) -> Callable[[], Sequence[str]]:
    return lambda: (python_of(library), "-m", "benchmarks.faulty")


def _own() -> Sequence[str]:
    import sys

    return (sys.executable, "-m", "benchmarks.faulty")


LIBRARIES = (
    Library("ciokit, memory", _own, "ciokit"),
    Library("ciokit, spool", _own, "ciokit", spooled=True),
    Library("customerio, track()", _python("customerio"), "customerio_track", queue=False),
    Library("customerio, batch() by hand", _python("customerio"), "customerio_batch", queue=False),
    Library("customerio-cdp-analytics", _python("customerio-cdp-analytics"), "cdp"),
    Library("segment-analytics-python", _python("segment-analytics-python"), "segment"),
    Library("posthog", _python("posthog"), "posthog"),
    Library("customerio-node, queue by hand", node_command, node=True),
)


@dataclass(frozen=True)
class Result:
    """What became of the events of one run.

    Attributes:
        lost: Those that never arrived.
        told: Those of them of which the application learnt that they failed.
        repeated: Copies beyond the first that arrived.
        doubled: Copies that the vendor could not discard by their id.
        done: Whether it came to an end in time.
    """

    lost: int
    told: int
    repeated: int
    doubled: int
    done: bool = True


def measure(_bench: Bench) -> Sequence[Grid]:
    """Let every library meet every misfortune."""
    ready: list[tuple[Library, Sequence[str]]] = []
    missing: list[str] = []
    for library in LIBRARIES:
        try:
            ready.append((library, library.command()))
        except MissingError as error:
            missing.append(str(error))
    results: dict[str, dict[str, Result | None]] = {library.label: {} for library, _ in ready}
    for scenario in SCENARIOS:
        with ThreadPoolExecutor(len(ready)) as pool:
            met = pool.map(_meet, [who for who, _ in ready], [how for _, how in ready], repeat(scenario))
            for (library, _), result in zip(ready, met, strict=True):
                results[library.label][scenario.name] = result
    return [_grid(results, missing)]


def _meet(library: Library, command: Sequence[str], scenario: Scenario) -> Result | None:
    if (scenario.queues and (library.node or not library.queue)) or (scenario.forks and library.node):
        return None
    with Recorder(scenario.fault) as server, tempfile.TemporaryDirectory(prefix="ciokit-bench-") as folder:
        spool = str(Path(folder) / "spool") if library.spooled else ""
        if scenario.down:
            threading.Thread(target=_take_down, args=(server, scenario.down), daemon=True).start()
        limit = LIMIT + scenario.down
        offered, told, done = _run(_arguments(library, command, server.url, scenario.mode, spool), limit)
        if scenario.mode not in {"steady", "outage", "full"}:
            _, told_later, done_later = _run(
                _arguments(library, command, server.url, "restart", spool), limit
            )
            told, done = told + told_later, done and done_later
        arrived = server.arrived()
        lost = offered - len(arrived)
        return Result(lost, min(told, lost), sum(arrived.values()) - len(arrived), server.kept_twice(), done)


def _take_down(server: Recorder, seconds: float) -> None:
    if server.first_request.wait(LIMIT):
        server.go_down(seconds)


def _arguments(library: Library, command: Sequence[str], url: str, mode: str, spool: str) -> list[str]:
    if library.node:
        return [*command, url, mode]
    return [*command, library.maker, url, mode, spool]


def _run(command: Sequence[str], limit: float) -> tuple[int, int, bool]:
    """Run a process to its end; return how many events it offered, of how many failures it learnt, and if it ended."""
    with _started(command) as process:
        try:
            output, _ = process.communicate(timeout=limit)
            done = True
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
            done = False
    lines = output.splitlines()
    assert "ready" in lines, f"{' '.join(command)} did not start"
    return lines.count("+"), sum(int(line[2:]) for line in lines if line.startswith("! ")), done


@contextmanager
def _started(command: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        with suppress(OSError):
            process.kill()
        process.wait()


def words(result: Result | None) -> str:
    """Say what became of the events of one run."""
    if result is None:
        return "-"
    said = [f"{result.lost:,} lost" if result.lost else "all arrived"]
    if result.lost:
        said.append(
            "told" if result.told >= result.lost else f"{result.told:,} told" if result.told else "untold"
        )
    if result.doubled:
        said.append(f"{result.doubled:,} twice")
    if not result.done:
        said.append(NOT_DONE)
    return ", ".join(said)


def _grid(results: dict[str, dict[str, Result | None]], missing: Sequence[str]) -> Grid:
    head = ("", *[scenario.name for scenario in SCENARIOS])
    rows = tuple((label, *[words(result) for result in met.values()]) for label, met in results.items())
    data: tuple[dict[str, Any], ...] = tuple(
        {"label": label, **{name: _plain(result) for name, result in met.items()}}
        for label, met in results.items()
    )
    missed = [f"Missing: {reason}." for reason in missing]
    return Grid("When things go wrong", head, rows, (FAULTS, TERMS, LIMITS, *missed), data)


FAULTS = (
    f"One request in {EVERY}, the first among them, is answered 500 or 429 or loses its answer after it was processed; "
    f"{STEADY} events at 500 a second, as while the server is down for {DOWN:.0f} s; in the {LONG_DOWN:.0f} s it is "
    f"{OUTAGE:,} at 100 a second, so that events come all the while. SIGTERM (the application answers with sys.exit), "
    f"kill -9 and an exit without close follow a burst of {BURST:,} events; fork is {FORK_PARENT} events, then {WORKERS} "
    f"workers with {FORK_CHILD} each. Queue full: {FULL:,} events at once for a queue of {QUEUE:,} and a server that "
    "takes 50 ms a request."
)
TERMS = (
    "Twice: copies that the vendor cannot discard, for they have no id. Told: by an exception, a hook or what the call "
    "returned; a line in a log tells nobody."
)
LIMITS = (
    "-: calls that wait have no queue that could be full, the hand-made one has no bound, and Node does not fork. "
    f"Whoever was {NOT_DONE} after {LIMIT:.0f} s, and those for which the server was down, was ended."
)


def _plain(result: Result | None) -> dict[str, Any] | None:
    if result is None:
        return None
    return {
        "lost": result.lost,
        "told": result.told,
        "repeated": result.repeated,
        "doubled": result.doubled,
        "done": result.done,
    }
