"""Calls that interrupt other calls of their own thread: signal handlers, destructors, log handlers."""

import contextlib
import gc
import logging
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from types import FrameType

import pytest

from ciokit.stores.contract import Backlog, Store
from ciokit.stores.errors import StoreUnwritable
from ciokit.stores.memory import MemoryStore
from ciokit.stores.spool import Durability, Spool
from ciokit.stores.syncing import Syncer, Waiter
from ciokit.wire import Entry

from .contract import EVERYTHING, entry, numbers, settled
from .crashes import WatchedDisk
from .interruptions import FromHandlerError, Meanwhile, meanwhile, raising_after


@pytest.fixture(params=["memory", "process", "power"])
def store(request: pytest.FixtureRequest, directory: Path) -> Iterator[Store]:
    """Open each kind of store."""
    durability: Durability = "power" if request.param == "power" else "process"
    store = (
        MemoryStore()
        if request.param == "memory"
        else Spool(directory, durability=durability, segment_bytes=400)
    )
    yield store
    store.close()


def left(directory: Path) -> list[int]:
    """Read what a killed process would leave."""
    copy = directory.with_name("left")
    shutil.copytree(directory, copy)
    spool = Spool(copy)
    found = numbers(spool.poll(*EVERYTHING))
    spool.close()
    return found


@pytest.mark.parametrize("look", [1, 2])
@pytest.mark.parametrize("before", [0, 1, 3, 20])
def test_a_put_in_a_put(store: Store, before: int, look: int) -> None:
    """A put that interrupts a put is kept and counted, and so is the one that it interrupts."""
    for n in range(before):
        store.put([entry(n)])
    inner: list[int] = []
    both = Meanwhile([entry(100), entry(101)], lambda: inner.append(store.put([entry(200)])), look=look)
    outer = store.put(both)
    store.put([entry(300)])
    assert len({outer, outer + 1, *inner}) == 3
    assert store.pending.entries == before + 4
    polled = store.poll(*EVERYTHING)
    found = numbers(polled)
    assert sorted(found) == sorted([*range(before), 100, 101, 200, 300])
    assert found[:before] == list(range(before))
    assert found[-1] == 300
    assert dict(zip(found, (seq for seq, _ in polled), strict=True))[200] == inner[0]
    store.settle([settled("delivered", polled)])
    assert store.pending == Backlog(0, 0)


def test_a_put_in_a_settle(store: Store) -> None:
    """A put that interrupts a settle is kept and counted."""
    store.put([entry(n) for n in range(5)])
    polled = store.poll(*EVERYTHING)
    store.settle(meanwhile([settled("delivered", polled[:3])], lambda: store.put([entry(9), entry(10)])))
    assert store.pending.entries == 4
    assert numbers(store.poll(*EVERYTHING)) == [9, 10]


def test_a_settle_in_a_settle(store: Store) -> None:
    """A settle that interrupts a settle is carried out."""
    store.put([entry(n) for n in range(5)])
    polled = store.poll(*EVERYTHING)
    inner = [settled("dropped", polled[3:4], "late")]
    store.settle(meanwhile([settled("delivered", polled[:3])], lambda: store.settle(inner)))
    assert store.pending.entries == 1


def test_looks_in_a_settle(store: Store) -> None:
    """Whatever else interrupts a settle gives an answer and no harm."""
    store.put([entry(n) for n in range(5)])
    polled = store.poll(2, 10**6)
    seen: list[object] = []

    def look() -> None:
        seen.extend([store.pending.entries, store.sync(), store.poll(1, 10**6)])

    store.settle(meanwhile([settled("delivered", polled)], look))
    assert seen[0] == 5
    assert store.pending.entries == 3
    rest = seen[2]
    assert isinstance(rest, list)
    assert numbers([*rest, *store.poll(*EVERYTHING)]) == [2, 3, 4]


def test_what_interrupts_is_on_the_disk(directory: Path) -> None:
    """With `power`, a put that interrupts another returns after it is on the disk, too."""
    with WatchedDisk(directory.with_name("shadow")) as disk:
        spool = Spool(directory, durability="power", sync_interval=1e6)
        spool.put([entry(1)])
        lost = directory.with_name("lost")

        def put_and_lose_power() -> None:
            spool.put([entry(2)])
            disk.lose_power(directory, lost, lambda _most: 0)

        spool.put(Meanwhile([entry(3), entry(4)], put_and_lose_power))
        spool.close()
    after = Spool(lost)
    assert numbers(after.poll(*EVERYTHING)) == [1, 2]
    after.close()


@pytest.mark.parametrize("window_bytes", [1, 32_000_000])
def test_signals_at_any_moment(directory: Path, window_bytes: int) -> None:
    """A handler that puts, whenever it comes, loses nothing and upsets no count; each one's own order is kept."""
    spool = Spool(directory, segment_bytes=4000, window_bytes=window_bytes)
    by_handler: list[int] = []

    handling = False

    def handle(_number: int, _frame: FrameType | None) -> None:
        nonlocal handling
        if handling:  # on a busy machine the next signal comes before this one is dealt with
            return
        handling = True
        n = 1_000_000 + len(by_handler)
        spool.put([entry(n)])
        by_handler.append(n)
        handling = False

    found: list[int] = []
    before = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.0003, 0.0003)
    try:
        for n in range(4000):
            spool.put([entry(n)] if n % 3 else [entry(n, size=50)])
            if n % 100 == 99:
                polled = spool.poll(90, 10**6)
                found += numbers(polled)
                spool.settle([settled("delivered", polled[:-3])])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    found += numbers(spool.poll(*EVERYTHING))
    assert by_handler
    assert [n for n in found if n < 1_000_000] == list(range(4000))
    assert [n for n in found if n >= 1_000_000] == by_handler
    waiting = spool.pending.entries
    assert len(left(directory)) == waiting
    spool.close()


def test_a_put_in_the_first_put(directory: Path) -> None:
    """A handler that puts before the first put is done, whichever call of it the signal comes after, loses nothing."""
    directory.mkdir()
    place = 0
    for place in count(1):
        spool = Spool(directory / str(place))
        calls = 0

        def interrupt(
            _frame: FrameType, event: str, _argument: object, spool: Spool = spool, place: int = place
        ) -> None:
            nonlocal calls
            if event in {"call", "c_return"}:
                calls += 1
                if calls == place:
                    spool.put([entry(1)])

        sys.setprofile(interrupt)
        try:
            spool.put([entry(0)])
        finally:
            sys.setprofile(None)
        found = numbers(spool.poll(*EVERYTHING))
        assert spool.pending.entries == len(found)
        spool.close()
        if calls < place:
            assert found == [0]
            break
        assert sorted(found) == [0, 1]
        after = Spool(directory / str(place))
        assert sorted(numbers(after.poll(*EVERYTHING))) == [0, 1]
        after.close()
    assert place > 50


def test_a_handler_that_raises(directory: Path) -> None:
    """An exception of a handler in the middle of a put leaves a whole line or none, and counts that agree with it."""
    spool = Spool(directory, segment_bytes=4000)

    def handle(_number: int, _frame: FrameType | None) -> None:
        raise FromHandlerError

    spool.put([entry(3000)])
    returned = [3000]
    raised = 0
    gc.collect()
    gc.disable()  # an exception in the middle of another object's end would be lost, and told as such
    before = signal.signal(signal.SIGALRM, handle)
    try:
        for n in range(3000):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.00002 + 0.000001 * (n % 20))
                spool.put([entry(n)])
                signal.setitimer(signal.ITIMER_REAL, 0)
                returned.append(n)
            except FromHandlerError:
                raised += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        gc.enable()
    assert raised
    found = numbers(spool.poll(*EVERYTHING))
    assert set(returned) <= set(found)
    assert len(found) == len(set(found)) == spool.pending.entries
    assert left(directory) == found
    spool.close()


@pytest.mark.parametrize("at_once", [1, 3])
def test_a_handler_that_raises_after_any_call(directory: Path, at_once: int) -> None:
    """Whichever call of a put it comes after, an exception leaves no lock behind, and whole lines or none."""
    directory.mkdir()
    entries = [entry(n) for n in range(1, at_once + 1)]
    place = 0
    for place in count(1):
        spool = Spool(directory / str(place))
        spool.put([entry(0)])
        returned = put_interrupted(spool, entries, place)
        found: list[int] = []

        def look(spool: Spool = spool, found: list[int] = found) -> None:
            found += numbers(spool.poll(*EVERYTHING))

        other = threading.Thread(target=look, daemon=True)
        other.start()
        other.join(60)
        assert not other.is_alive()
        assert found in ([0], list(range(at_once + 1)))
        assert spool.pending.entries == len(found)
        spool.close()
        if returned:
            break
    assert place > 10


@pytest.mark.parametrize("segment_bytes", [1, 400, 16_000_000])
@pytest.mark.parametrize("at_once", [1, 3])
def test_a_handler_that_raises_after_any_call_of_a_sync(
    directory: Path, at_once: int, segment_bytes: int
) -> None:
    """With `power`, an exception after any call stops nobody else, and nobody is told of the disk what is not so."""
    directory.mkdir()
    entries = [entry(n, size=300 // at_once) for n in range(1, at_once + 1)]
    place = 0
    with WatchedDisk(directory.with_name("shadow")) as disk:
        for place in count(1):
            spool = Spool(
                directory / str(place), durability="power", segment_bytes=segment_bytes, sync_interval=1e6
            )
            spool.put([entry(0)])
            spool._put_first([entry(8)])  # pyright: ignore[reportPrivateUsage]  # and is about to wait for the disk
            returned = put_interrupted(spool, entries, place)
            in_another_thread(spool.sync)
            found = numbers(spool.poll(*EVERYTHING))
            assert found in ([0, 8], [0, 8, *range(1, at_once + 1)])
            assert without_power(disk, spool, "first") == found
            for n in (9, 10):
                in_another_thread(partial(spool.put, [entry(n)]))
                assert without_power(disk, spool, f"then-{n}") == [*found, *range(9, n + 1)]
            spool.close()
            if returned:
                break
    assert place > 50


def without_power(disk: WatchedDisk, spool: Spool, name: str) -> list[int]:
    """Read what there would be if the power failed now, and of what may be lost all were."""
    lost = Path(f"{spool.directory}-{name}")
    disk.lose_power(Path(spool.directory), lost, lambda _most: 0)
    after = Spool(lost)
    found = numbers(after.poll(*EVERYTHING))
    after.close()
    return found


def put_interrupted(spool: Spool, entries: list[Entry], place: int) -> bool:
    """Put entries, with a handler's exception after the call of that number; tell whether there were fewer."""
    with contextlib.suppress(FromHandlerError), raising_after(place) as calls:
        spool.put(entries)
    return len(calls) < place


def in_another_thread(call: Callable[[], object]) -> None:
    """Do something in another thread, which nothing may keep from it."""
    failures: list[Exception] = []

    def do() -> None:
        try:
            call()
        except StoreUnwritable as error:
            failures.append(error)

    other = threading.Thread(target=do, daemon=True)
    other.start()
    other.join(60)
    assert not other.is_alive()
    assert not failures


def test_a_handler_that_raises_while_others_wait() -> None:
    """An exception in the thread that syncs for others leaves none of them waiting, nor told of a failure."""
    place = 0
    for place in count(1):
        others = Others()
        with contextlib.suppress(FromHandlerError), raising_after(place) as calls:
            others.syncer.wait(Waiter())
        others.join()
        assert others.syncer.wait(Waiter())
        if len(calls) < place:
            break
    assert place > 20


def at_once(_waiters: Sequence[Waiter], _interrupting: bool) -> None:
    """Sync in no time."""


class Others:
    """Wait for the sync after the one that the main thread leads, or, when it never does, for their own."""

    def __init__(self) -> None:
        self.syncer = Syncer(self._flush, raise_it, interval=1e6)
        self._results: list[bool] = []
        self._threads: list[threading.Thread] = []

    def _flush(self, _waiters: Sequence[Waiter], _interrupting: bool) -> None:
        profile = sys.getprofile()
        sys.setprofile(None)
        self._start()
        waiting: Sequence[object] = vars(self.syncer)["_waiting"]
        while len(waiting) < 4:
            threading.Event().wait(0.001)
        sys.setprofile(profile)

    def _start(self) -> None:
        vars(self.syncer)["_flush"] = at_once
        self._threads = [threading.Thread(target=self._wait, daemon=True) for _ in range(3)]
        for thread in self._threads:
            thread.start()

    def _wait(self) -> None:
        self._results.append(self.syncer.wait(Waiter()))

    def join(self) -> None:
        """See all of them served."""
        if not self._threads:
            self._start()
        for thread in self._threads:
            thread.join(60)
        assert self._results == [True] * 3


def raise_it(error: OSError) -> None:
    """Be told what nobody should be."""
    raise error


class Farewell:
    """Put an entry when it is destroyed."""

    def __init__(self, store: Store, n: int) -> None:
        self._store = store
        self._n = n
        self._cycle = self  # so that the collector destroys it, in the middle of anything

    def __del__(self) -> None:
        self._store.put([entry(self._n)])


def test_destructors(store: Store) -> None:
    """Objects that put an entry when the collector destroys them, in the middle of a put, lose none."""
    thresholds = gc.get_threshold()
    gc.set_threshold(20)
    try:
        for n in range(500):
            Farewell(store, 1000 + n)
            store.put([entry(n), entry(5000 + n)])
    finally:
        gc.set_threshold(*thresholds)
    gc.collect()
    found = numbers(store.poll(*EVERYTHING))
    assert sorted(found) == [*range(500), *range(1000, 1500), *range(5000, 5500)]
    assert store.pending.entries == 1500


def test_a_log_handler_that_puts(directory: Path) -> None:
    """A log handler that sends what is logged through the same spool neither waits for itself nor loses a line."""
    spool = Spool(directory, segment_bytes=400)

    class Through(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            spool.put([entry(900)])

    spool.put([entry(n) for n in range(3)])
    polled = spool.poll(*EVERYTHING)
    handler = Through()
    logging.getLogger("ciokit").addHandler(handler)
    try:
        (directory / "dead").write_bytes(b"")  # in the way: that is logged
        spool.settle([settled("rejected", polled[:1])])
    finally:
        logging.getLogger("ciokit").removeHandler(handler)
    assert numbers(spool.poll(*EVERYTHING)) == [900]
    (directory / "dead").unlink()
    spool.close()


def test_handlers_that_raise_one_after_another(directory: Path) -> None:
    """Where one exception has stopped the beginning of a file, and a sync has closed the old one, another does no harm."""
    directory.mkdir()
    place = 0
    for place in count(1):
        spool = Spool(directory / str(place), segment_bytes=1, sync_interval=1e6)
        spool.put([entry(0)])
        for n in (1, 2):
            returned = put_interrupted(spool, [entry(n)], place)
            spool.sync()
        spool.put([entry(3)])
        found = numbers(spool.poll(*EVERYTHING))
        assert [n for n in found if n in {0, 3}] == [0, 3]
        assert not any(b"\0" in path.read_bytes() for path in directory.rglob("*.journal"))
        assert spool.pending.entries == len(found)
        assert left(directory / str(place)) == found
        shutil.rmtree(directory / "left")
        spool.close()
        if returned:
            break
    assert place > 20
