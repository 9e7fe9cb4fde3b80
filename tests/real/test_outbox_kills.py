"""Processes that are killed while they put into a spool: nothing that a verb acknowledged is lost, and nothing doubles."""

import random
import re
from collections import Counter
from pathlib import Path

import pytest

from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer

from . import killing
from .programs import recover, run

KILLS = 200
TORN = re.compile(r"spool: a write to \S+ was cut short; its \d+ bytes are cut off\n")
"""What is told of a process that was killed amid a write, which had then acknowledged nothing."""


def check_arrivals(world: World, reported: dict[int, list[str]]) -> None:
    """Check what has arrived against what the children reported before they were killed."""
    arrived = [str(event.id) for event in world.events()]
    assert [ulid for ulid, times in Counter(arrived).items() if times > 1] == []
    acknowledged = {ulid for ulids in reported.values() for ulid in ulids}
    assert acknowledged - set(arrived) == set()
    # A child may be killed between the write and its report, which is one entry each.
    assert len(arrived) - len(acknowledged) <= len(reported)


def check_order(world: World, children: int) -> None:
    """Check that each person's events arrived in their order, without a gap."""
    for number in range(children):
        for place in range(killing.PEOPLE):
            turns = [event.data["n"] for event in world.events(person=f"child-{number}-{place}")]
            assert turns == [*range(place, place + killing.PEOPLE * len(turns), killing.PEOPLE)]


@pytest.mark.parametrize("at_once", [1, 3])
def test_no_kill_loses_what_was_acknowledged(
    sandbox: SandboxServer, world: World, tmp_path: Path, at_once: int
) -> None:
    """Killed at random moments, alone or beside others, processes lose nothing they were told is kept."""
    spool, seed = tmp_path / "spool", random.randrange(1 << 32)
    done = run(killing, str(KILLS // 2), str(at_once), str(seed), url=sandbox.url, spool=spool)
    assert (done.returncode, TORN.sub("", done.stderr)) == (0, ""), f"seed {seed}"
    lines = [line.split() for line in done.stdout.splitlines()]
    reported = {int(number): ulids for number, *ulids in lines}
    assert len(reported) == KILLS // 2
    assert world.events()  # some were killed amid or after deliveries
    recover(sandbox, spool)
    check_arrivals(world, reported)
    check_order(world, KILLS // 2)
