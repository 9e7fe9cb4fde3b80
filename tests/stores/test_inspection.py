"""What can be seen of a spool from outside: how old its entries are, and what comes in."""

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from ciokit.errors import SettingsError
from ciokit.stores.contract import Fate
from ciokit.stores.following import Follower
from ciokit.stores.inspection import look, waiting
from ciokit.stores.journal import Kept, Settled
from ciokit.stores.requeue import dead_letters, purge
from ciokit.stores.spool import Spool
from ciokit.testing import FakeClock
from ciokit.ulids import new_ulid
from ciokit.wire import Entry

from .contract import EVERYTHING, entry, numbers, settled

NOW = 1_700_000_000.0


def made_at(seconds: float) -> Entry:
    """Make an event of some time."""
    return Entry(b"{}", ("id:1",), "event", id=new_ulid(int(seconds * 1000)))


def open_files() -> int:
    """Count this process's descriptors."""
    return len(list(Path("/proc/self/fd").iterdir()))


class TestOldest:
    """How old the oldest entry is."""

    def begin(self, directory: Path) -> Spool:
        """Open a spool whose process directory is named after a time in the past."""
        return Spool(directory, clock=FakeClock(NOW))

    @pytest.mark.parametrize(
        ("offsets", "settled_first", "age"),
        [
            ([10, 20, 30], 0, 10),  # an event says it itself
            ([10, 20, 30], 1, 20),  # what is settled does not count
            ([10, 20, None, 30], 2, 20),  # an entry without an id is not older than the event before it
            ([None, 20], 0, 0),  # nor than its process's directory
            ([10, -5000, 30], 1, 10),  # an id of the past was made of something else
            ([10**10, 20], 0, 0),  # so was an id of the future
        ],
    )
    def test_of_entries(
        self, directory: Path, offsets: list[int | None], settled_first: int, age: float
    ) -> None:
        """It was put when its id says, or, where that cannot be, no earlier than what is known to be before it."""
        spool = self.begin(directory)
        for offset in offsets:
            spool.put([entry(0)] if offset is None else [made_at(NOW + offset)])
        if settled_first:
            spool.settle([settled("delivered", spool.poll(settled_first, 10**6))])
        assert look(directory).oldest == NOW + age
        spool.close()

    def test_of_nothing(self, directory: Path) -> None:
        """Where nothing waits, nothing is old."""
        spool = self.begin(directory)
        spool.put([made_at(NOW)])
        spool.settle([settled("delivered", spool.poll(*EVERYTHING))])
        assert look(directory).oldest == 0
        spool.close()
        assert look(directory).oldest == 0

    def test_of_several_processes(self, directory: Path) -> None:
        """The oldest of all counts."""
        spools = [self.begin(directory) for _ in range(3)]
        for spool, offset in zip(spools, (30, 10, 20), strict=True):
            spool.put([made_at(NOW + offset)])
        assert look(directory).oldest == NOW + 10
        for spool in spools:
            spool.close()


class TestFollower:
    """Lines as they are written."""

    def test_each_line_once_over_many_files(self, directory: Path) -> None:
        """Through new files, compaction and deletion each line is seen once, in its order."""
        spool = Spool(directory, segment_bytes=700)
        spool.put([entry(0)])
        follower = Follower(directory)
        seen = [written.record for written in follower.last(10)]
        stuck = spool.poll(1, 1000)
        for n in range(1, 200):
            spool.put([entry(n, size=50)])
            if n % 7 == 0:
                spool.settle([settled("delivered", spool.poll(*EVERYTHING))])
            seen += [written.record for written in follower.read_on()]
        spool.settle([settled("delivered", stuck)])
        spool.settle([settled("delivered", spool.poll(*EVERYTHING))])
        spool.close()  # which deletes everything
        seen += [written.record for written in follower.read_on()]
        follower.close()
        assert [record.seq for record in seen if isinstance(record, Kept)] == list(range(1, 201))
        gone = [
            seq
            for record in seen
            if isinstance(record, Settled)
            for first, last in record.ranges
            for seq in range(first, last + 1)
        ]
        assert sorted(gone) == list(range(1, 201))

    def test_half_a_line_waits_for_its_end(self, directory: Path) -> None:
        """A line that is not whole yet is seen when it is."""
        spool = Spool(directory)
        spool.put([entry(0)])
        (journal,) = directory.glob("*/*.journal")
        follower = Follower(directory)
        assert len(follower.last(10)) == 1
        whole = journal.read_bytes()
        spool.put([entry(1)])
        line = journal.read_bytes()[len(whole) :]
        os.truncate(journal, len(whole) + 5)
        assert list(follower.read_on()) == []
        with journal.open("ab") as file:
            file.write(line[5:])
        assert [written.record for written in follower.read_on()] == [Kept(2, entry(1))]
        follower.close()
        spool.close()

    def test_only_the_newest_files_stay_open(self, directory: Path) -> None:
        """A long backlog costs no descriptors."""
        spool = Spool(directory, segment_bytes=500)
        for n in range(100):
            spool.put([entry(n, size=50)])
        assert len(list(directory.glob("*/*.journal"))) > 20
        before = open_files()
        follower = Follower(directory)
        assert len(follower.last(3)) == 3
        assert open_files() - before <= 2
        assert list(follower.read_on()) == []
        follower.close()
        assert open_files() == before
        spool.close()

    def test_no_directory(self, directory: Path) -> None:
        """A spool that is not there is an error that says so."""
        with pytest.raises(SettingsError, match="there is no directory"):
            Follower(directory).last(1)


def test_waiting_reads_what_is_not_settled_in_order(directory: Path) -> None:
    """All that waits is read in the order in which it will be sent, over files and processes, and what is settled is not."""
    first = Spool(directory, segment_bytes=400, clock=FakeClock(NOW))
    second = Spool(directory, segment_bytes=400, clock=FakeClock(NOW + 1))
    for n in range(20):
        first.put([entry(n)])
        second.put([entry(100 + n)])
    polled = first.poll(10, 10**6)
    first.settle([Fate("delivered", [seq for seq, _ in polled[::2]])])
    found = [(0, one.entry) for one in waiting(directory)]
    assert numbers(found) == [1, 3, 5, 7, 9, *range(10, 20), *range(100, 120)]
    first.close()
    second.close()


def test_looking_does_not_hinder_a_take_over(directory: Path) -> None:
    """What is looked at all the time can be taken over at once."""
    spool = Spool(directory)
    spool.put([entry(n) for n in range(1000)])
    spool.close()
    until = time.monotonic() + 0.2
    while time.monotonic() < until:
        look(directory)
        again = Spool(directory)
        assert again.adopt() == 1000
        again.close()


def done_amid(look_on: Callable[[], object], place: int, do: Callable[[], object]) -> bool:
    """Look, and after so many calls of the system do something else; tell whether there were so many."""
    calls = 0

    def watch(_frame: object, event: str, function: object) -> None:
        nonlocal calls
        if event == "c_return" and getattr(function, "__module__", "") == os.open.__module__:
            calls += 1
            if calls == place:
                do()

    sys.setprofile(watch)
    try:
        look_on()
    finally:
        sys.setprofile(None)
    return calls >= place


def waiting_in(directory: Path) -> object:
    """Read all that waits."""
    return list(waiting(directory))


def dead_letters_in(directory: Path) -> object:
    """Read all dead letters."""
    return list(dead_letters(directory))


def test_a_date_that_there_is_not(directory: Path) -> None:
    """A directory whose name somebody else made is looked into and taken over like any other."""
    spool = Spool(directory)
    spool.put([entry(1)])
    spool.close()
    (process,) = directory.glob("2*")
    process.rename(directory / "20269999T000000.000-1-00000000")
    assert look(directory).entries == 1
    spool = Spool(directory)
    spool.put([entry(2)])
    assert sorted(numbers(spool.poll(*EVERYTHING))) == [1, 2]
    spool.close()


@pytest.mark.parametrize("reader", [look, waiting_in])
def test_a_process_that_ends_while_one_looks(directory: Path, reader: Callable[[Path], object]) -> None:
    """A directory that its owner deletes at any moment is seen as it was, or not at all."""
    place = 0
    for place in count(1):
        spool = Spool(directory)
        spool.put([entry(1), entry(2)])
        spool.settle([settled("delivered", spool.poll(*EVERYTHING))])
        if not done_amid(partial(reader, directory), place, spool.close):
            break
        state = look(directory)
        assert (state.processes, state.entries) == ((), 0)
    assert place > 5


@pytest.mark.parametrize("reader", [look, dead_letters_in])
def test_dead_letters_that_go_while_one_looks(directory: Path, reader: Callable[[Path], object]) -> None:
    """Dead letters that somebody purges at any moment are seen, or not."""
    place = 0
    for place in count(1):
        spool = Spool(directory)
        spool.put([entry(1)])
        spool.settle([settled("rejected", spool.poll(*EVERYTHING))])
        spool.close()
        if not done_amid(partial(reader, directory), place, partial(purge, directory, bool)):
            break
        assert look(directory).dead_letters == 0
    assert place > 5


def test_what_is_purged_stays_so_after_half_a_line(directory: Path) -> None:
    """A machine that stops while dead letters are purged leaves half a line; what is purged later is gone all the same."""
    spool = Spool(directory)
    spool.put([entry(n) for n in range(3)])
    for one in spool.poll(*EVERYTHING):
        spool.settle([settled("rejected", [one])])
    spool.close()
    assert purge(directory, lambda one: one.letter.seq == 1) == 1
    (gone,) = directory.glob("dead/*.gone")
    gone.write_bytes(gone.read_bytes()[:-5])
    assert purge(directory, lambda one: one.letter.seq == 2) == 1
    assert [one.letter.seq for one in dead_letters(directory)] == [1, 3]
