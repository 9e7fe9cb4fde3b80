"""With `power`, those who put at the same time share one write as well as one sync."""

import errno
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from ciokit.stores import segments
from ciokit.stores.errors import DiskFull, StoreFull
from ciokit.stores.intake import Written
from ciokit.stores.spool import Spool
from ciokit.stores.syncing import Syncer, Waiter
from ciokit.stores.together import Put, write_together
from ciokit.wire import Entry

from .contract import EVERYTHING, entry, numbers, settled
from .interruptions import FromHandlerError, Meanwhile, meanwhile, raising_after

PATIENCE = 60.0


class HeldDisk:
    """Be a disk whose first sync takes until the test says so.

    Attributes:
        begun: Set when that has begun.
        syncs: How many there were.
    """

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.syncs = 0
        self._go_on = threading.Event()

    def datasync(self, fd: int) -> None:
        """Sync."""
        self.syncs += 1
        if not self.begun.is_set():
            self.begun.set()
            assert self._go_on.wait(PATIENCE)
        segments.datasync(fd)

    def go_on(self) -> None:
        """Let it end."""
        self._go_on.set()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> HeldDisk:
    """Put a disk that waits in the place of the real one."""
    disk = HeldDisk()
    monkeypatch.setattr("ciokit.stores.files.datasync", disk.datasync)
    return disk


class Putting:
    """Put in threads, one after the other, while a sync is under way.

    Attributes:
        firsts: The number that each put returned, or what it raised.
    """

    def __init__(self, spool: Spool) -> None:
        self.firsts: dict[int, int | Exception] = {}
        self._spool = spool
        self._threads: list[threading.Thread] = []

    def start(self, n: int, *, size: int = 0, count: int = 1) -> None:
        """Start a put of entries from a number on, and return when it waits."""
        waiting: Sequence[Waiter] = vars(syncer_of(self._spool))["_waiting"]
        wanted = len(waiting) + 1
        entries = [entry(n + place, size=size) for place in range(count)]
        thread = threading.Thread(target=self._put, args=(n, entries), daemon=True)
        self._threads.append(thread)
        thread.start()
        while len(waiting) < wanted and thread.is_alive():
            threading.Event().wait(0.001)

    def _put(self, n: int, entries: list[Entry]) -> None:
        try:
            self.firsts[n] = self._spool.put(entries)
        except Exception as error:  # noqa: BLE001 - what it is, is the question
            self.firsts[n] = error

    def join(self) -> None:
        """Wait for all of them."""
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()


def syncer_of(spool: Spool) -> Syncer:
    """Look into a spool."""
    syncer: Syncer = vars(spool)["_syncer"]
    return syncer


def journal_size(directory: Path) -> int:
    """Add up the files of a spool."""
    return sum(path.stat().st_size for path in directory.rglob("*.journal"))


def test_those_who_wait_are_written_by_whoever_leads(directory: Path, disk: HeldDisk) -> None:
    """Puts that come during a sync are written by one thread before the next one, each with its own numbers."""
    spool = Spool(directory, durability="power", sync_interval=1e6)
    putting = Putting(spool)
    putting.start(1)
    assert disk.begun.wait(PATIENCE)
    before = journal_size(directory)
    putting.start(2)
    putting.start(3, count=3)
    putting.start(6)
    assert journal_size(directory) == before
    disk.go_on()
    putting.join()
    assert disk.syncs == 2
    polled = spool.poll(*EVERYTHING)
    assert numbers(polled) == [1, 2, 3, 4, 5, 6]
    numbered = dict(zip(numbers(polled), [seq for seq, _ in polled], strict=True))
    assert putting.firsts == {n: numbered[n] for n in (1, 2, 3, 6)}
    assert spool.pending.entries == 6
    spool.close()


def test_one_for_whom_there_is_no_room_takes_none_along(directory: Path, disk: HeldDisk) -> None:
    """Of those who are written together, the ones that fit are kept, and the others are told."""
    spool = Spool(directory, durability="power", sync_interval=1e6, max_bytes=2000)
    putting = Putting(spool)
    putting.start(1)
    assert disk.begun.wait(PATIENCE)
    putting.start(2)
    putting.start(3, size=3000)
    putting.start(4)
    disk.go_on()
    putting.join()
    assert isinstance(putting.firsts.pop(3), StoreFull)
    assert all(isinstance(first, int) for first in putting.firsts.values())
    assert numbers(spool.poll(*EVERYTHING)) == [1, 2, 4]
    assert spool.pending.entries == 3
    spool.close()


def test_each_is_told_of_a_disk_that_takes_nothing(directory: Path, disk: HeldDisk) -> None:
    """A disk that is full is told to each of those who are written together, and nothing of them is kept."""
    spool = Spool(directory, durability="power", sync_interval=1e6, segment_bytes=1)
    putting = Putting(spool)
    putting.start(1)
    assert disk.begun.wait(PATIENCE)
    putting.start(2)
    putting.start(3)

    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ciokit.stores.files.new_segment", full)
        disk.go_on()
        putting.join()
    assert isinstance(putting.firsts[1], int)
    assert [type(putting.firsts[n]) for n in (2, 3)] == [DiskFull, DiskFull]
    assert numbers(spool.poll(*EVERYTHING)) == [1]
    spool.put([entry(4)])
    assert numbers(spool.poll(*EVERYTHING)) == [4]
    spool.close()


def test_threads_get_the_numbers_of_what_they_put(directory: Path) -> None:
    """Many threads that put all the time lose nothing, and each put returns the number of its own entry."""
    spool = Spool(directory, durability="power", segment_bytes=2000)
    returned: dict[int, int] = {}

    def run(which: int) -> None:
        for n in range(which * 1000, which * 1000 + 100):
            returned[n] = spool.put([entry(n)])

    threads = [threading.Thread(target=run, args=(which,)) for which in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    polled = spool.poll(*EVERYTHING)
    assert dict(zip(numbers(polled), [seq for seq, _ in polled], strict=True)) == returned
    for which in range(1, 7):
        assert [n for n in numbers(polled) if n // 1000 == which] == list(
            range(which * 1000, which * 1000 + 100)
        )
    spool.close()


def test_a_put_amid_another_call_waits_for_nobody(directory: Path) -> None:
    """A put that interrupts a call of its thread ends, though the thread that leads waits for that call to end."""
    spool = Spool(directory, durability="power", sync_interval=1e6)
    spool.put([entry(1)])
    polled = spool.poll(*EVERYTHING)
    putting, inner = Putting(spool), threading.Event()

    def interrupt() -> None:
        putting.start(2)  # which cannot write before the settle ends
        spool.put([entry(3)])
        assert not spool.sync()
        inner.set()

    settle = threading.Thread(
        target=lambda: spool.settle(meanwhile([settled("delivered", polled)], interrupt)), daemon=True
    )
    settle.start()
    assert inner.wait(PATIENCE)
    settle.join(PATIENCE)
    putting.join()
    assert sorted(numbers(spool.poll(*EVERYTHING))) == [2, 3]
    spool.close()


def test_a_put_amid_another_call_waits_for_no_sync(directory: Path, disk: HeldDisk) -> None:
    """A put that interrupts a call of its thread is on the disk when it returns, whatever sync is under way."""
    spool = Spool(directory, durability="power", sync_interval=1e6)
    putting = Putting(spool)
    putting.start(1)
    assert disk.begun.wait(PATIENCE)
    polled = spool.poll(*EVERYTHING)
    inner: list[int] = []

    def interrupt() -> None:
        spool.put([entry(2)])
        inner.append(disk.syncs)

    fates = meanwhile([settled("delivered", polled)], interrupt)
    settle = threading.Thread(target=lambda: spool.settle(fates), daemon=True)
    settle.start()
    settle.join(PATIENCE)
    assert inner == [2]
    disk.go_on()
    putting.join()
    assert numbers(spool.poll(*EVERYTHING)) == [2]
    spool.close()


@pytest.mark.parametrize("durability", ["process", "power"])
def test_what_a_handler_raises_is_not_taken_for_the_disk(directory: Path, durability: str) -> None:
    """A TimeoutError that an alarm's handler raises amid a put reaches the caller as it is."""
    spool = Spool(directory, durability="power" if durability == "power" else "process")

    def alarm() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        spool.put(Meanwhile([entry(1), entry(2)], alarm))
    assert spool.poll(*EVERYTHING) == []
    spool.put([entry(3)])
    assert numbers(spool.poll(*EVERYTHING)) == [3]
    spool.close()


def test_a_handler_that_raises_in_whoever_leads(directory: Path) -> None:
    """After whichever call an exception stops the thread that writes for others, each of these is written once."""
    directory.mkdir()
    place = 0
    for place in range(1, 1000):
        spool = Spool(directory / str(place), durability="power", sync_interval=1e6)
        spool.put([entry(1)])
        others = Led(spool)
        calls = others.lead_interrupted(place)
        others.join()
        found = numbers(spool.poll(*EVERYTHING))
        assert [n for n in found if n != 2] == [1, 3, 4]
        assert spool.pending.entries == len(found) == len(set(found))
        spool.close()
        if len(calls) < place:
            break
    assert place > 50


class Led:
    """Put in two threads while the main thread is about to lead, which an exception interrupts."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._syncer = syncer_of(spool)
        self._putting = Putting(spool)

    def lead_interrupted(self, place: int) -> list[None]:
        """Lead, and have an exception raised after the call of that number; the calls that there were."""
        # So that the two wait for the third, which leads.
        vars(self._syncer).update(_expected=3, _took=PATIENCE)
        self._putting.start(3)
        self._putting.start(4)
        calls: list[None] = []
        try:
            with raising_after(place) as calls:
                self._spool.put([entry(2)])
        except FromHandlerError:
            assert not self._syncer.leads()
        return calls

    def join(self) -> None:
        """See both of them done."""
        self._putting.join()
        assert all(isinstance(first, int) for first in self._putting.firsts.values())


def test_what_is_written_is_not_written_again() -> None:
    """Whoever leads next, after an exception, syncs what is written already, and writes the rest."""
    one, other = Put([entry(1)]), Put([entry(2), entry(3)])
    seen: list[list[int]] = []

    def write(entries: Sequence[Entry], written: Written) -> None:
        seen.append(numbers([(0, each) for each in entries]))
        written.first = 10 * len(seen)

    write_together([one, Waiter()], write)
    write_together([one, other], write)
    assert seen == [[1], [2, 3]]
    assert (one.first, other.first) == (10, 20)


def test_what_a_handler_raises_stops_whoever_writes() -> None:
    """An alarm's TimeoutError is the thread's own: nobody is told that the disk does not take an entry."""
    puts = [Put([entry(1)]), Put([entry(2)])]

    def write(_entries: Sequence[Entry], _written: Written) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        write_together(puts, write)
    assert [one.failure for one in puts] == [None, None]
    assert not any(one.written.first for one in puts)
