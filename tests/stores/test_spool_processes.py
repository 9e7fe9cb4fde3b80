"""A spool among processes: forked, ended in all ways, and taken over once."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import ciokit
from ciokit.stores.inspection import look
from ciokit.stores.requeue import dead_letters
from ciokit.stores.spool import Spool
from ciokit.testing import FakeClock

from .contract import EVERYTHING, entry, numbers, settled

PROGRAM = Path(__file__).with_name("processes.py")
SOURCE = Path(ciokit.__file__).parents[1]
_END_OF_CALENDAR = 253_402_300_799.999
"""The last millisecond whose year has four digits."""


def start(scenario: str, directory: Path, *arguments: str) -> "subprocess.Popen[str]":
    """Start a program of `processes.py`."""
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), scenario, str(directory), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )


def run(scenario: str, directory: Path, *arguments: str) -> dict[str, Any]:
    """Run a program to its end, and join all that it and its children said."""
    program = start(scenario, directory, *arguments)
    output, problems = program.communicate(timeout=60)
    assert "child:" not in problems
    assert program.returncode == 0, problems
    said: dict[str, Any] = {}
    for line in output.splitlines():
        said.update(json.loads(line))
    return said


def taken_over(directory: Path) -> list[int]:
    """Read what is left in a spool."""
    spool = Spool(directory)
    found = numbers(spool.poll(*EVERYTHING))
    spool.close()
    return found


class TestFork:
    """Forks."""

    def test_a_child_starts_anew(self, directory: Path) -> None:
        """A child neither sees, settles nor takes over what is the parent's; each has a directory of its own."""
        said = run("inherit", directory)
        assert said["child"] == [0, [], [100, 101, 102], 3]
        assert said["adopted by a third"] == 3  # the dead child's, not the living parent's
        assert said["parent"] == [5, [2, 3, 4, 5, 6, 100, 101, 102]] or said["parent"] == [5, [2, 3, 4, 5, 6]]
        assert sorted(taken_over(directory)) == [2, 3, 4, 5, 6, 100, 101, 102]

    def test_a_fork_amid_a_close(self, directory: Path) -> None:
        """A child that is forked while another thread closes a spool closes no file of anybody else's, and starts anew."""
        program = start("fork_amid_close", directory)
        output, problems = program.communicate(timeout=60)
        assert (program.returncode, problems) == (0, "")
        *children, last = map(json.loads, output.splitlines())
        assert children == [{"still open": True}] * last["children"]
        assert last["children"] > 3

    def test_a_child_does_not_keep_its_parents_lock(self, directory: Path) -> None:
        """When a parent dies, its child, or any other process, takes over what it left."""
        assert run("outlive", directory) == {"child": [1, 100]}
        assert sorted(taken_over(directory)) == [1, 100]

    def test_forks_while_threads_work(self, directory: Path) -> None:
        """Children that are forked in the middle of puts, polls and syncs neither hang nor harm anything."""
        said = run("storm", directory)
        found = taken_over(directory)
        assert sorted(found) == [*range(20), *range(1_000_001, 1_000_001 + said["put"])]


class TestEnds:
    """Ends."""

    @pytest.mark.parametrize("how", ["exit", "exception", "os._exit", "SIGTERM", "SIGKILL", "SIGSEGV"])
    def test_every_end_leaves_everything(self, directory: Path, how: str) -> None:
        """However a process ends, what it put is there, and the next process has it."""
        program = start("end", directory, how)
        program.communicate(timeout=60)
        assert look(directory).processes[0].state == "left"
        assert taken_over(directory) == [1, 2, 3]


class TestAdoption:
    """Taking over what dead processes left."""

    def test_exactly_one_takes_over(self, directory: Path) -> None:
        """Of many processes that start at once, one has all entries of a dead one and the others none."""
        spool = Spool(directory, segment_bytes=2000)
        spool.put([entry(n) for n in range(200)])
        spool.close()
        programs = [start("race", directory) for _ in range(6)]
        for program in programs:
            assert program.stdin is not None
            program.stdin.close()
        found = [json.loads(program.stdout.readline())["found"] for program in programs if program.stdout]
        for program in programs:
            program.kill()
            program.wait()
            for pipe in (program.stdout, program.stderr):
                if pipe is not None:
                    pipe.close()
        assert sorted(found, key=len) == [[], [], [], [], [], list(range(200))]
        assert taken_over(directory) == list(range(200))

    def test_the_living_are_left_alone(self, directory: Path) -> None:
        """A process that lives keeps what is its own, and is seen as living; once it is dead it is not."""
        program = start("own", directory)
        assert program.stdout is not None
        pid = json.loads(program.stdout.readline())["pid"]
        (process,) = look(directory).processes
        assert (process.state, process.pid, process.entries) == ("live", pid, 2)
        clock = FakeClock()
        spool = Spool(directory, clock=clock)
        assert spool.poll(*EVERYTHING) == []
        os.kill(pid, signal.SIGKILL)
        program.communicate()
        (process,) = look(directory).processes
        assert (process.state, process.pid, process.entries) == ("left", pid, 2)
        assert spool.poll(*EVERYTHING) == []  # it looks only now and then
        clock.sleep(5)
        assert numbers(spool.poll(*EVERYTHING)) == [1, 2]
        assert [process.pid for process in look(directory).processes] == [os.getpid()]
        spool.close()

    def test_the_living_are_left_alone_without_their_lock_file(self, directory: Path) -> None:
        """What clears away old files takes nobody's directory from its owner with the file of the lock."""
        owner, other = Spool(directory), Spool(directory)
        owner.put([entry(1), entry(2)])
        (lock,) = directory.glob("2*/lock")
        lock.unlink()
        for _ in range(2):
            assert other.adopt() == 0
            (process,) = look(directory).processes
            assert (process.state, process.entries) == ("live", 2)
        owner.close()
        assert other.adopt() == 2
        other.close()

    def test_what_was_left_comes_first(self, directory: Path) -> None:
        """Entries of dead processes are handed out before own ones, the oldest process first."""
        clock = FakeClock()
        for life in range(3):
            spool = Spool(directory, clock=clock)
            spool.put([entry(life * 10 + n) for n in range(3)])
            spool.close()
            clock.sleep(1)
        spool = Spool(directory, clock=clock, window_bytes=1)
        spool.put([entry(n) for n in range(30, 33)])
        polled = [spool.poll(1, 10**6)[0] for _ in range(12)]
        assert numbers(polled) == [0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32]
        assert [seq for seq, _ in polled] == sorted({seq for seq, _ in polled})
        assert spool.last_seq == polled[-1][0]
        spool.close()

    @pytest.mark.parametrize("step", [0, -3600], ids=["stands", "goes back"])
    def test_what_was_left_comes_in_order_whatever_the_clock(self, directory: Path, step: int) -> None:
        """A directory's place is after those that are there: also in the same millisecond, and on a clock set back."""
        for life in range(8):
            spool = Spool(directory, clock=FakeClock(1_700_000_000 + life * step))
            spool.put([entry(life)])
            spool.close()
        assert taken_over(directory) == [*range(8)]

    @pytest.mark.parametrize("step", [0, -3600], ids=["stands", "goes back"])
    def test_dead_letters_come_in_order_whatever_the_clock(self, directory: Path, step: int) -> None:
        """So is the place of a file of dead letters, of which the oldest is the first to be given up."""
        for life in range(8):
            spool = Spool(directory, clock=FakeClock(1_700_000_000 + life * step))
            spool.put([entry(life)])
            spool.settle([settled("rejected", spool.poll(*EVERYTHING))])
            spool.close()
        assert [buried.letter.entry for buried in dead_letters(directory)] == [entry(n) for n in range(8)]

    def test_a_clock_that_was_ahead(self, directory: Path) -> None:
        """A directory that was named in the future makes none of its entries come from there."""
        for life in range(2):
            spool = Spool(directory, clock=FakeClock(_END_OF_CALENDAR - life * 10**9))
            spool.put([entry(life)])
            spool.close()
        states = look(directory).processes
        assert [state.entries for state in states] == [1, 1]
        assert all(0 < state.oldest <= time.time() for state in states)

    def test_an_entry_too_large_for_the_rest_of_a_poll_holds_the_order(self, directory: Path) -> None:
        """Own entries do not overtake one that was left and does not fit the poll any more."""
        spool = Spool(directory)
        spool.put([entry(1), entry(2, size=500)])
        spool.close()
        spool = Spool(directory)
        spool.put([entry(3)])
        assert numbers(spool.poll(10, 100)) == [1]
        assert numbers(spool.poll(10, 100)) == [2]
        assert numbers(spool.poll(10, 100)) == [3]
        spool.close()

    def test_a_directory_goes_when_all_of_it_is_settled(self, directory: Path) -> None:
        """What was taken over is deleted at once when nothing waits in it; what is half done is not done again."""
        spool = Spool(directory)
        spool.put([entry(n) for n in range(4)])
        spool.close()
        spool = Spool(directory)
        polled = spool.poll(*EVERYTHING)
        spool.settle([settled("delivered", polled[:1]), settled("rejected", polled[1:2], "no")])
        spool.close()
        spool = Spool(directory)
        polled = spool.poll(*EVERYTHING)
        assert numbers(polled) == [2, 3]
        spool.put([entry(9)])
        spool.settle([settled("delivered", polled)])
        assert len(look(directory).processes) == 1
        assert look(directory).dead_letters == 1
        spool.close()

    def test_two_stores_in_one_process(self, directory: Path) -> None:
        """Two spools of one process share the directory as two processes do."""
        one, two = Spool(directory), Spool(directory)
        one.put([entry(1)])
        two.put([entry(2)])
        assert numbers(one.poll(*EVERYTHING)) == [1]
        assert numbers(two.poll(*EVERYTHING)) == [2]
        one.close()
        assert two.adopt() == 1
        assert numbers(two.poll(*EVERYTHING)) == [1]
        two.close()

    def test_what_a_process_never_finished_making_is_cleared_away(self, directory: Path) -> None:
        """A directory that was made but never named goes after an hour, and not while it is being made."""
        Spool(directory).close()
        unfinished = directory / ".new-20260131T120000.000-4711-9f3a0c12"
        unfinished.mkdir(mode=0o700)
        born = unfinished.stat().st_mtime
        for age, there in ((3000, True), (4000, False)):
            spool = Spool(directory, clock=FakeClock(born + age))
            spool.put([entry(1)])
            assert unfinished.exists() == there
            spool.close()
