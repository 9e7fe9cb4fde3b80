"""Outboxes in programs that close every descriptor, as daemons do when they begin."""

from pathlib import Path

import pytest

from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer

from . import daemonizing
from .programs import run


@pytest.mark.parametrize("spooled", [False, True])
@pytest.mark.parametrize(("scenario", "rounds"), [("closing", 3), ("daemon", 2)])
def test_closed_descriptors_cost_nothing(
    sandbox: SandboxServer, world: World, tmp_path: Path, scenario: str, rounds: int, *, spooled: bool
) -> None:
    """Everything arrives, each once and in order, and nothing is said about it."""
    spool = tmp_path / "spool" if spooled else None
    done = run(daemonizing, scenario, url=sandbox.url, spool=spool)
    assert (done.returncode, done.stderr) == (0, "")
    arrived = [event.data["n"] for event in world.events(person="user-1")]
    assert sorted(arrived) == [*range(rounds * daemonizing.MANY)]
