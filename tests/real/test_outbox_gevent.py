"""An outbox in a process that gevent has patched: its threads are greenlets, and nothing hangs, also at the end."""

import subprocess
import sys
from pathlib import Path

import pytest

from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer

from .programs import HANG, environment

pytest.importorskip("gevent")

MANY, GREENLETS = 50, 20


@pytest.mark.parametrize("spooled", [False, True])
def test_greenlets_put_and_everything_arrives(
    sandbox: SandboxServer, world: World, tmp_path: Path, *, spooled: bool
) -> None:
    """Greenlets put and wait for room, and what the last one put is delivered when the process ends."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.real.greening"],
        env=environment(sandbox.url, tmp_path / "spool" if spooled else None),
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG,
    )
    assert (done.returncode, done.stderr) == (0, "")
    for person in [*(f"user-{number}" for number in range(GREENLETS)), "last"]:
        assert [event.data["n"] for event in world.events(person=person)] == [*range(MANY)]
