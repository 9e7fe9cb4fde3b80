"""Signal handlers, destructors and log handlers that use the outbox amid its own work: nothing hangs, nothing is lost."""

from pathlib import Path

import pytest

from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer

from . import interrupting
from .programs import run


@pytest.mark.parametrize("spooled", [False, True])
@pytest.mark.parametrize("overflow", ["drop_old", "block"])
@pytest.mark.parametrize("scenario", interrupting.SCENARIOS)
def test_what_interrupts_the_outbox_may_use_it(
    sandbox: SandboxServer, world: World, tmp_path: Path, scenario: str, overflow: str, *, spooled: bool
) -> None:
    """Every entry that was put while the outbox was interrupted arrives once, or is counted as dropped."""
    done = run(
        interrupting,
        *(scenario, overflow),
        url=sandbox.url,
        spool=tmp_path / "spool" if spooled else None,
    )
    assert (done.returncode, done.stderr) == (0, "")
    puts, different, accepted, delivered, dropped = map(int, done.stdout.split())
    assert puts == different == accepted == delivered + dropped
    assert len(world.events()) == delivered
    assert len(world.events(person="interrupting")) > 0
