"""Measure sides in turns: A B C, A B C, ... each in a process of its own on one core, the server on another.

What a machine does beside it changes from second to second; in turns, all sides meet the same. A table's module says
what its sides are; it is given a `Bench` and returns a `Table`.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self, TypeAlias

from benchmarks.machine import clean_environment, pinned
from benchmarks.nullserver import NullServer
from benchmarks.results import Line

__all__ = ["ROOT", "Bench", "LostError", "Side", "Usage"]

ROOT = Path(__file__).parents[1]
Counted: TypeAlias = Literal["requests", "events"]


@dataclass(frozen=True)
class Side:
    """One side of a comparison.

    Attributes:
        label: Its name in the table.
        prepare: `module:function`, see `benchmarks.side`.
        counted: What the server must have counted once for each call; None for a side that sends nothing.
        arguments: What the function is given beside the server's address.
        python: The interpreter that has the side's library.
        command: What to run in place of Python, before the server's address and the arguments.
        share: How many calls of a round are its own; less than 1 for a slow one, whose rounds would last too long.
    """

    label: str
    prepare: str = ""
    counted: Counted | None = None
    arguments: tuple[str, ...] = ()
    python: str = sys.executable
    command: tuple[str, ...] = ()
    share: float = 1.0

    def start(self, url: str) -> list[str]:
        """Return the command that makes it ready."""
        program = self.command or (self.python, "-m", "benchmarks.side", self.prepare)
        return [*program, url, *self.arguments]


@dataclass(frozen=True)
class Usage:
    """What the calls of one round cost."""

    calls: int
    cpu: float
    wall: float
    figures: Mapping[str, float] = field(default_factory=dict)


class LostError(Exception):
    """What a side says it sent is not what arrived: its figures mean nothing."""


class Bench:
    """Run sides against the server.

    Args:
        core: The core of whoever is measured.
        server: What they send to; None where no row needs it.
        quick: Whether a rough look is enough.
    """

    def __init__(self, core: int, server: NullServer | None, *, quick: bool) -> None:
        self.core = core
        self.quick = quick
        self._server = server

    def rounds(self, full: int) -> int:
        """Return how many rounds to make where a full run makes `full`."""
        return min(3, full) if self.quick else full

    def calls(self, full: int) -> int:
        """Return how many calls to make in a round where a full run makes `full`."""
        return max(full // 4, 1) if self.quick else full

    def measure(
        self, sides: Sequence[Side], *, calls: int, rounds: int, warm_up: bool = True
    ) -> dict[str, list[Usage]]:
        """Measure sides in turns.

        Args:
            sides: Who takes turns.
            calls: Calls a round, as in a full run.
            rounds: Rounds, as in a full run.
            warm_up: Whether a quarter of a round goes before the first.

        Returns:
            What each round cost, by label.
        """
        calls, rounds = self.calls(calls), self.rounds(rounds)
        with ExitStack() as stack:
            processes = [(side, stack.enter_context(_Process(side, self.url, self.core))) for side in sides]
            for side, process in processes if warm_up else ():
                self._run(side, process, max(calls // 4, 1))
            used: dict[str, list[Usage]] = {side.label: [] for side in sides}
            for _ in range(rounds):
                for side, process in processes:
                    used[side.label].append(self._run(side, process, calls))
        return used

    def microseconds(self, sides: Sequence[Side], *, calls: int, rounds: int) -> tuple[Line, ...]:
        """Measure sides and return the CPU time of a call, in microseconds."""
        used = self.measure(sides, calls=calls, rounds=rounds)
        return tuple(
            Line(label, tuple(usage.cpu / usage.calls * 1e6 for usage in usages))
            for label, usages in used.items()
        )

    @property
    def url(self) -> str:
        """The server's address; empty where there is none."""
        return self._server.url if self._server else ""

    def _run(self, side: Side, process: "_Process", calls: int) -> Usage:
        calls = max(round(calls * side.share), 1)
        if side.counted is None:
            return process.run(calls)
        assert self._server, f"{side.label} needs the server"
        before = self._server.counts()[side.counted]
        usage = process.run(calls)
        arrived = self._server.counts()[side.counted] - before
        if arrived != calls:
            msg = f"{side.label}: {calls} sent, {arrived} {side.counted} arrived"
            raise LostError(msg)
        return usage


class _Process:
    def __init__(self, side: Side, url: str, core: int) -> None:
        with pinned(core):
            self._process = subprocess.Popen(
                side.start(url),
                cwd=ROOT,
                env=clean_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        self._label = side.label

    def __enter__(self) -> Self:
        assert self._line() == "ready"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()  # closes its input, which ends it

    def run(self, calls: int) -> Usage:
        assert self._process.stdin
        self._process.stdin.write(f"{calls}\n")
        self._process.stdin.flush()
        used = json.loads(self._line())
        return Usage(calls, used.pop("cpu"), used.pop("wall"), used)

    def _line(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            msg = f"{self._label}: the process ended; its own words are above"
            raise LostError(msg)
        return line.strip()
