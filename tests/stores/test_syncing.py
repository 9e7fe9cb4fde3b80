"""When what was written reaches the disk: soon, or before the caller goes on, and one sync for all who wait."""

import errno
import signal
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from ciokit.stores import segments
from ciokit.stores.errors import DiskFull, StoreUnwritable
from ciokit.stores.spool import Spool
from ciokit.stores.syncing import Syncer, Waiter

from .contract import EVERYTHING, entry

PATIENCE = 60.0


class SlowDisk:
    """Be a disk whose syncs take until the test says so.

    Attributes:
        syncs: How many were begun.
        begun: Set while one is under way.
    """

    def __init__(self) -> None:
        self.syncs = 0
        self.begun = threading.Event()
        self.error: OSError | None = None
        self._go_on = threading.Semaphore(0)

    def flush(self, _waiters: Sequence[Waiter], _interrupting: bool) -> None:
        """Sync."""
        self.syncs += 1
        self.begun.set()
        assert self._go_on.acquire(timeout=PATIENCE)
        self.begun.clear()
        if self.error is not None:
            raise self.error

    def end(self, syncs: int) -> None:
        """Let so many syncs end."""
        self._go_on.release(syncs)


class Waiters:
    """Wait for a sync in threads, and collect what became of each."""

    def __init__(self, syncer: Syncer) -> None:
        self.results: list[object] = []
        self._syncer = syncer
        self._threads: list[threading.Thread] = []

    def start(self, count: int) -> None:
        """Start threads and return when all of them wait."""
        wanted = len(self._waiting()) + count
        for _ in range(count):
            self._threads.append(threading.Thread(target=self._wait))
            self._threads[-1].start()
        for _ in range(10_000):
            if len(self._waiting()) >= wanted:
                return
            threading.Event().wait(0.005)
        raise AssertionError

    def _waiting(self) -> list[object]:
        waiting: Iterable[object] = vars(self._syncer)["_waiting"]
        return list(waiting)

    def lead(self) -> None:
        """Start one thread that will sync for itself."""
        self._threads.append(threading.Thread(target=self._wait))
        self._threads[-1].start()

    def _wait(self) -> None:
        try:
            self.results.append(self._syncer.wait(Waiter()))
        except OSError as error:
            self.results.append(error)

    def join(self) -> None:
        """Wait for all threads."""
        for thread in self._threads:
            thread.join(PATIENCE)


def fail(error: OSError) -> None:
    """Be told what nobody should be."""
    raise AssertionError(error)


def test_callers_that_wait_share_a_sync() -> None:
    """While one sync runs others gather, and the next one serves all of them."""
    disk = SlowDisk()
    syncer = Syncer(disk.flush, fail, interval=1e6)
    waiters = Waiters(syncer)
    waiters.lead()
    assert disk.begun.wait(PATIENCE)
    waiters.start(7)
    disk.end(2)
    waiters.join()
    assert waiters.results == [True] * 8
    assert disk.syncs == 2


def test_a_sync_waits_for_those_whom_the_last_one_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Callers that come back a moment after a sync are all carried by the next one, not by halves of them."""
    monkeypatch.setattr("ciokit.stores.syncing._LONGEST", PATIENCE)
    disk = SlowDisk()
    syncer = Syncer(disk.flush, fail, interval=1e6)
    vars(syncer).update(_expected=8, _took=PATIENCE)  # as the last sync has left it
    waiters = Waiters(syncer)
    waiters.start(8)
    disk.end(1)
    waiters.join()
    assert waiters.results == [True] * 8
    assert disk.syncs == 1


def test_those_who_stay_away_are_waited_for_once() -> None:
    """When all others have gone, the one that is left syncs all the same, and then expects nobody."""
    syncer = Syncer(lambda _waiters, _interrupting: None, fail, interval=1e6)
    vars(syncer).update(_expected=8, _took=0.001)
    assert syncer.wait(Waiter())
    assert vars(syncer)["_expected"] == 1


def test_whoever_gives_up_leaves_the_lead_to_another() -> None:
    """A caller whose time is over takes nothing along: those who wait on are served, and so is the next one."""
    disk = SlowDisk()
    syncer = Syncer(disk.flush, fail, interval=1e6)
    waiters = Waiters(syncer)
    waiters.lead()
    assert disk.begun.wait(PATIENCE)
    assert not syncer.wait(Waiter(), timeout=0)
    waiters.start(2)
    assert not syncer.wait(Waiter(), timeout=0.001)
    disk.end(2)
    waiters.join()
    assert waiters.results == [True] * 3
    disk.end(1)
    assert syncer.wait(Waiter())


def test_a_sync_under_way_is_not_enough() -> None:
    """What is written while a sync runs is not taken for synced by it."""
    disk = SlowDisk()
    syncer = Syncer(disk.flush, fail, interval=1e6)
    waiters = Waiters(syncer)
    waiters.lead()
    assert disk.begun.wait(PATIENCE)
    assert not syncer.wait(Waiter(), timeout=0)
    waiters.start(1)
    disk.end(1)
    disk.end(1)
    waiters.join()
    assert disk.syncs == 2


def test_who_comes_for_one_that_goes_is_not_taken_for_it() -> None:
    """When one gives up during a sync and another comes meanwhile, that one is not taken for synced."""
    syncer: Syncer
    one, late = Waiter(), Waiter()

    def flush(_waiters: Sequence[Waiter], _interrupting: bool) -> None:
        waiting: Any = vars(syncer)["_waiting"]
        waiting.remove(one)
        waiting.append(late)

    syncer = Syncer(flush, fail, interval=1e6)
    vars(syncer)["_waiting"].append(one)
    assert syncer.wait(Waiter())
    assert not late.done


def test_a_handler_may_wait_for_another_that_waits() -> None:
    """A thread whose handler waits for others, while it waits itself, is waited for by none of them."""
    disk = SlowDisk()
    syncer = Syncer(disk.flush, fail, interval=1e6)
    waiters = Waiters(syncer)
    waiters.lead()
    assert disk.begun.wait(PATIENCE)

    def handle(_number: int, _frame: object) -> None:
        waiters.start(2)
        disk.end(2)
        waiters.join()

    def interrupt() -> None:
        waiting: Iterable[object] = vars(syncer)["_waiting"]
        while len(list(waiting)) < 2:
            threading.Event().wait(0.001)
        signal.pthread_kill(main, signal.SIGALRM)

    main = threading.get_ident()
    before = signal.signal(signal.SIGALRM, handle)
    interrupting = threading.Thread(target=interrupt)
    interrupting.start()
    try:
        assert syncer.wait(Waiter())
    finally:
        interrupting.join(PATIENCE)
        signal.signal(signal.SIGALRM, before)
    assert waiters.results == [True] * 3
    assert disk.syncs == 2


def test_a_failure_is_told_to_all_who_waited_for_it() -> None:
    """Everyone whose sync failed is told, and the next one begins anew."""
    disk = SlowDisk()
    disk.error = OSError(errno.EIO, "broken")
    syncer = Syncer(disk.flush, fail, interval=1e6)
    waiters = Waiters(syncer)
    waiters.lead()
    assert disk.begun.wait(PATIENCE)
    waiters.start(3)
    disk.end(2)
    waiters.join()
    assert waiters.results == [disk.error] * 4
    disk.error = None
    disk.end(1)
    assert syncer.wait(Waiter())


def test_a_failure_is_told_that_an_interrupting_call_met() -> None:
    """The system reports a lost page once: when a handler's sync learns of it, those of the sync it interrupts do."""
    syncer: Syncer

    def flush(_waiters: Sequence[Waiter], interrupting: bool) -> None:
        if interrupting:
            raise OSError(errno.EIO, "broken")
        with pytest.raises(OSError, match="broken"):
            syncer.wait(Waiter())

    syncer = Syncer(flush, fail, interval=1e6)
    with pytest.raises(OSError, match="broken"):
        syncer.wait(Waiter())


def test_a_failure_is_told_that_a_handler_hides(monkeypatch: pytest.MonkeyPatch) -> None:
    """A handler's exception on top of the disk's reaches its own thread, and all others are told the disk's."""
    monkeypatch.setattr("ciokit.stores.syncing._LONGEST", PATIENCE)

    def flush(_waiters: Sequence[Waiter], _interrupting: bool) -> None:
        try:
            raise OSError(errno.EIO, "broken")
        finally:
            raise KeyboardInterrupt

    syncer = Syncer(flush, fail, interval=1e6)
    vars(syncer).update(_expected=2, _took=PATIENCE)
    told: list[type[BaseException]] = []

    def wait() -> None:
        try:
            syncer.wait(Waiter())
        except BaseException as error:  # noqa: BLE001 - what it is, is the question
            told.append(type(error))

    threads = [threading.Thread(target=wait) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert sorted(kind.__name__ for kind in told) == ["KeyboardInterrupt", "OSError"]


def test_the_background_syncs_by_itself() -> None:
    """What was written is synced without anybody asking, again for what comes later, and a failure is told."""
    synced, told = threading.Semaphore(0), threading.Semaphore(0)
    failures = [OSError(errno.ENOSPC, "full")]

    def flush(_waiters: Sequence[Waiter], _interrupting: bool) -> None:
        if failures:
            raise failures.pop()
        synced.release()

    syncer = Syncer(flush, lambda _: told.release(), interval=0.001)
    syncer.wake()
    assert told.acquire(timeout=PATIENCE)
    for _ in range(3):
        syncer.wake()
        assert synced.acquire(timeout=PATIENCE)
    syncer.stop(PATIENCE)


@pytest.fixture
def datasync(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[int], None]], None]:
    """Replace the system's call in all modules that make it."""

    def replace(call: Callable[[int], None]) -> None:
        for module in ("segments", "files"):
            monkeypatch.setattr(f"ciokit.stores.{module}.datasync", call)

    return replace


def test_a_put_is_on_the_disk_within_the_interval(
    directory: Path, datasync: Callable[[Callable[[int], None]], None]
) -> None:
    """A put alone, without a word more, has its file synced in the background; and so has a settlement."""
    real, synced = segments.datasync, threading.Semaphore(0)

    def watched(fd: int) -> None:
        real(fd)
        synced.release()

    datasync(watched)
    spool = Spool(directory, sync_interval=0.001)
    spool.put([entry(1), entry(2)])
    assert synced.acquire(timeout=PATIENCE)
    polled = spool.poll(*EVERYTHING)
    spool.settle([])
    spool.put([entry(3)])
    assert synced.acquire(timeout=PATIENCE)
    assert len(polled) == 2
    spool.close()


def test_a_disk_that_does_not_sync_is_told_with_power(
    directory: Path, datasync: Callable[[Callable[[int], None]], None]
) -> None:
    """With `power` a put whose sync fails raises; with `process` the failure is logged and the entry is kept."""

    def broken(_fd: int) -> None:
        raise OSError(errno.ENOSPC, "no space")

    datasync(broken)
    spool = Spool(directory, durability="power")
    with pytest.raises(DiskFull) as caught:
        spool.put([entry(1)])
    assert caught.value.directory == str(directory)
    assert isinstance(caught.value, StoreUnwritable)
    spool.close()


def test_a_put_at_the_end_waits_for_the_end(
    directory: Path, datasync: Callable[[Callable[[int], None]], None]
) -> None:
    """With `power`, a put that wrote just before another thread closes the spool returns when that has synced it."""
    begun, go_on, real = threading.Event(), threading.Event(), segments.datasync

    def slow(fd: int) -> None:
        begun.set()
        assert go_on.wait(PATIENCE)
        real(fd)

    spool = Spool(directory, durability="power", sync_interval=1e6)
    spool._put_first([entry(1)])  # pyright: ignore[reportPrivateUsage]
    datasync(slow)
    closing = threading.Thread(target=spool.close)
    closing.start()
    assert begun.wait(PATIENCE)
    done = threading.Event()
    waiting = threading.Thread(target=lambda: done.set() if spool.sync() else None)
    waiting.start()
    while not vars(vars(spool)["_syncer"])["_waiting"] and not done.is_set():
        threading.Event().wait(0.001)
    assert not done.is_set()
    go_on.set()
    assert done.wait(PATIENCE)
    closing.join(PATIENCE)


def test_a_put_at_the_end_is_told_that_it_failed(
    directory: Path, datasync: Callable[[Callable[[int], None]], None]
) -> None:
    """With `power`, when the disk does not take what the end finds, a put that still waits for it raises."""

    def broken(_fd: int) -> None:
        raise OSError(errno.EIO, "broken")

    spool = Spool(directory, durability="power", sync_interval=1e6)
    spool._put_first([entry(1)])  # pyright: ignore[reportPrivateUsage]
    datasync(broken)
    spool.close()
    with pytest.raises(StoreUnwritable):
        spool.sync()


def test_a_disk_that_does_not_sync_is_logged(
    directory: Path,
    datasync: Callable[[Callable[[int], None]], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """With `process` a failing sync is tried again and again, logged once a minute, and entries go on."""
    tried = threading.Semaphore(0)

    def broken(_fd: int) -> None:
        tried.release()
        raise OSError(errno.EIO, "broken")

    datasync(broken)
    spool = Spool(directory, sync_interval=0.001)
    spool.put([entry(1)])
    for _ in range(3):
        assert tried.acquire(timeout=PATIENCE)
    assert len(spool.poll(*EVERYTHING)) == 1
    spool.close()
    assert len([record for record in caplog.records if "cannot be written" in record.message]) == 1
