"""Outboxes and forks: the parent's entries are sent once, by the parent; the child's by the child; and none is stuck."""

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer

from . import branching
from .programs import recover, run

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")

CHILDREN = ["child-0", "child-1", "child-2"]
FAMILIES = {
    "both_sides": ["before", "parent", "child"],
    "generations": ["parent", "child", "grandchild"],
    "fork": ["before", "parent", *CHILDREN],
    "spawn": ["before", "parent", *CHILDREN],
    "forkserver": ["before", "parent", *CHILDREN],
    "in_a_pool": CHILDREN,
}


@pytest.mark.parametrize("spooled", [False, True])
@pytest.mark.parametrize("scenario", FAMILIES)
def test_everybody_sends_their_own(
    sandbox: SandboxServer, world: World, tmp_path: Path, scenario: str, *, spooled: bool
) -> None:
    """Each process delivers what it was told before it ends, in order, each entry once."""
    done = run(branching, scenario, url=sandbox.url, spool=tmp_path / "spool" if spooled else None)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    people = FAMILIES[scenario]
    for person in people:
        assert [event.data["n"] for event in world.events(person=person)] == [*range(branching.MANY)]
    assert len(world.events()) == len(people) * branching.MANY


@pytest.mark.parametrize("spooled", [False, True])
def test_a_fork_amid_whatever_threads_do(
    sandbox: SandboxServer, world: World, tmp_path: Path, *, spooled: bool
) -> None:
    """A child that is forked while other threads use the outbox is never stuck behind what they held."""
    spool = tmp_path / "spool" if spooled else None
    done = run(branching, "amid_threads", url=sandbox.url, spool=spool)
    assert (done.returncode, re.sub(r"entries dropped unsent: \d+ \(full\); .*\n", "", done.stderr)) == (
        0,
        "",
    )
    for turn in range(branching.TURNS):
        assert len(world.events(person=f"child-{turn}")) == 1


@pytest.mark.parametrize("spooled", [False, True])
def test_a_fork_with_every_lock_held(
    sandbox: SandboxServer, world: World, tmp_path: Path, *, spooled: bool
) -> None:
    """With every lock held at the moment of the fork, the child puts, flushes, counts and closes."""
    spool = tmp_path / "spool" if spooled else None
    done = run(branching, "every_lock_held", url=sandbox.url, spool=spool)
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 5
    assert Counter(event.data["n"] for event in world.events()) == {0: 2}
    if spool:
        recover(sandbox, spool)
