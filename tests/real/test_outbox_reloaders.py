"""Outboxes under the reloaders of Flask's and Django's development servers, which start and kill the serving process."""

import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from itertools import count
from pathlib import Path
from typing import IO

import pytest

from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer

from . import reloading
from .programs import HANG, environment, recover

ALL = [*range(reloading.MANY)]


class Reloaded:
    """A program whose reloader has restarted it.

    Args:
        process: The reloader, the first of a group of its own.
        output: What the program says.
        file: What it watches.
    """

    def __init__(self, process: "subprocess.Popen[str]", output: IO[str], file: Path) -> None:
        self._output = output
        self.process = process
        self.first = output.readline().strip()
        for moment in count(
            int(file.stat().st_mtime) + 1
        ):  # again, should the reloader not have looked before
            os.utime(file, (moment, moment))
            if select.select([output], [], [], 1.0)[0]:
                break
        self.second = output.readline().strip()

    def end(self, tell: Callable[[int, int], None], number: int) -> list[str]:
        """Tell it to end, wait until all of it has, and return who put."""
        tell(self.process.pid, number)
        self.process.wait(HANG)
        return [self.first, self.second, *self._output.read().split()]


@contextlib.contextmanager
def reloaded(
    reloader: str, tmp_path: Path, sandbox: SandboxServer, spool: Path | None
) -> Generator[Reloaded]:
    """Run the program under a reloader, and have it restarted."""
    file = tmp_path / "watched.py"
    file.touch()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.real.reloading", reloader, str(file)],
        env={**os.environ, **environment(sandbox.url, spool)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    try:
        with process.stdout as output:
            yield Reloaded(process, output, file)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def numbers(world: World, person: str) -> list[int]:
    """Return the numbers of a person's events in their order."""
    return [event.data["n"] for event in world.events(person=person)]


@pytest.mark.parametrize("spooled", [False, True])
@pytest.mark.parametrize("reloader", reloading.RELOADERS)
def test_a_reload_delivers(
    sandbox: SandboxServer, world: World, tmp_path: Path, reloader: str, *, spooled: bool
) -> None:
    """What the old code put arrives before the new code runs, also from memory."""
    with reloaded(reloader, tmp_path, sandbox, tmp_path / "spool" if spooled else None) as program:
        assert program.first != program.second
        assert numbers(world, program.first) == ALL


@pytest.mark.parametrize(
    ("tell", "number"),
    [(os.killpg, signal.SIGTERM), (os.killpg, signal.SIGINT), (os.kill, signal.SIGTERM)],
    ids=["terminated", "ctrl-c", "reloader-terminated"],
)
@pytest.mark.parametrize("reloader", reloading.RELOADERS)
def test_a_reloader_that_kills_loses_nothing_with_a_spool(
    sandbox: SandboxServer,
    world: World,
    tmp_path: Path,
    reloader: str,
    tell: Callable[[int, int], None],
    number: int,
) -> None:
    """A reloader that is told to end kills the serving process; what that had put, the next one delivers."""
    spool = tmp_path / "spool"
    with reloaded(reloader, tmp_path, sandbox, spool) as program:
        people = program.end(tell, number)
    recover(sandbox, spool)
    assert [numbers(world, person) for person in people] == [ALL] * len(people)
