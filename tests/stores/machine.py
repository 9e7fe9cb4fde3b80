"""One state machine for all stores, and what a spool must survive beside."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ciokit.stores.contract import Fate, Outcome, Store
from ciokit.stores.spool import Durability, Spool
from ciokit.testing import FakeClock

from .contract import EVERYTHING, entry, numbers
from .crashes import Choice, WatchedDisk

MEMORY = Path("/dev/shm")


class StoreMachine(RuleBasedStateMachine):
    """Put, poll and settle in any order, and compare with a list.

    Attributes:
        waiting: Entries that were not handed out, in order.
        out: Entries that are, by their number in the store.
    """

    def __init__(self) -> None:
        super().__init__()
        self.last = 0
        self.waiting: list[int] = []
        self.out: dict[int, int] = {}
        self.store = self.make()

    def make(self) -> Store:
        """Open an empty store."""
        raise NotImplementedError

    @rule(sizes=st.lists(st.integers(0, 200), min_size=1, max_size=8))
    def put(self, sizes: list[int]) -> None:
        """Put some entries at once."""
        new = [self.last + place + 1 for place in range(len(sizes))]
        self.last = new[-1]
        self.store.put([entry(n, size=size) for n, size in zip(new, sizes, strict=True)])
        self.waiting += new

    @rule(count=st.integers(10, 30))
    def put_one_by_one(self, count: int) -> None:
        """Put many entries, each on its own."""
        for _ in range(count):
            self.put([self.last % 50])

    @rule(count=st.integers(1, 100), size=st.integers(1, 20_000))
    def poll(self, count: int, size: int) -> None:
        """Poll: what comes is what is next, and something comes if something waits."""
        polled = self.store.poll(count, size)
        assert len(polled) <= count
        assert len(polled) == 1 or sum(len(one.body) for _, one in polled) <= size
        assert bool(polled) == bool(self.waiting)
        assert numbers(polled) == self.waiting[: len(polled)]
        del self.waiting[: len(polled)]
        self.out.update(zip((seq for seq, _ in polled), numbers(polled), strict=True))

    @precondition(lambda self: self.out)
    @rule(data=st.data(), outcome=st.sampled_from(["delivered", "rejected", "dropped"]))
    def settle(self, data: st.DataObject, outcome: Outcome) -> None:
        """Settle some entries that are out."""
        seqs = data.draw(st.lists(st.sampled_from(sorted(self.out)), min_size=1, unique=True))
        self.store.settle([Fate(outcome, seqs, "a reason")])
        for seq in seqs:
            del self.out[seq]

    @precondition(lambda self: len(self.out) > 1)
    @rule()
    def settle_all_but_the_first(self) -> None:
        """Leave the oldest entry stuck, so that files fill up with what is settled."""
        _, *seqs = sorted(self.out)
        self.store.settle([Fate("delivered", seqs)])
        self.out = {seq: n for seq, n in self.out.items() if seq not in seqs}

    @rule()
    def sync(self) -> None:
        """Sync."""
        assert self.store.sync()

    @invariant()
    def pending_is_what_is_not_settled(self) -> None:
        """Count the same as the model."""
        pending = self.store.pending
        assert pending.entries == len(self.waiting) + len(self.out)
        assert bool(pending.bytes) == bool(pending.entries)

    def teardown(self) -> None:
        """Close the store."""
        self.store.close()


class SpoolMachine(StoreMachine):
    """The same for a spool, which is also closed and opened, killed, and robbed of its power."""

    durability: Durability = "process"

    def __init__(self) -> None:
        # In memory where that can be had: what reaches the disk is watched, not waited for.
        self.base = Path(tempfile.mkdtemp(prefix="ciokit-test-", dir=MEMORY if MEMORY.is_dir() else None))
        self.disk = WatchedDisk(self.base / "shadow")
        self.disk.__enter__()
        self.lives = 0
        self.clock = FakeClock()
        super().__init__()

    @property
    def directory(self) -> Path:
        """The spool of this life."""
        return self.base / str(self.lives)

    def make(self) -> Store:
        """Open the spool of this life, with files of a few entries and memory for a few more."""
        # What a crash leaves depends on what was synced and on names: neither may depend on the time of day.
        self.clock.sleep(1)
        return Spool(
            self.directory,
            durability=self.durability,
            segment_bytes=900,
            window_bytes=4000,
            sync_interval=1e6,
            clock=self.clock,
        )

    @precondition(lambda self: self.waiting or self.out)
    @rule()
    def reopen(self) -> None:
        """Close and open: everything that is not settled comes again, in order."""
        self.store.close()
        self.store = self.make()
        self.recover(self.expected(), self.expected())

    @precondition(lambda self: self.waiting or self.out)
    @rule()
    def kill(self) -> None:
        """Kill the process: everything that was put and not settled is there, and nothing else."""
        expected = self.expected()
        self.crash(lambda target: self.disk.kill(self.directory, target))
        self.recover(expected, expected)

    def expected(self) -> list[int]:
        """What is not settled, in order."""
        return sorted([*self.waiting, *self.out.values()])

    def crash(self, leave: Callable[[Path], None]) -> None:
        """Go on with a copy of the spool in which only that is left which a crash leaves."""
        old, before = self.store, self.directory
        leave(self.base / str(self.lives + 1))
        old.close()
        shutil.rmtree(before)
        self.lives += 1
        self.store = self.make()

    def recover(self, least: list[int], most: list[int]) -> None:
        """Take in what the store has now: at least so much, and at most."""
        polled = self.store.poll(*EVERYTHING)
        found = numbers(polled)
        assert found == sorted(set(found))
        assert set(least) <= set(found) <= set(most)
        self.waiting = []
        self.out = dict(zip((seq for seq, _ in polled), found, strict=True))

    def teardown(self) -> None:
        """Close the store and delete all its lives."""
        super().teardown()
        self.disk.__exit__(None, None, None)
        shutil.rmtree(self.base)


class ProcessSpoolMachine(SpoolMachine):
    """A spool by default: a power loss takes at most what was put since the last sync."""

    @initialize()
    def begin(self) -> None:
        """Nothing is synced, and everything may be lost."""
        self.synced: set[int] = set()

    @rule()
    def sync(self) -> None:
        """Sync: what was put so far survives a power loss."""
        super().sync()
        self.synced = set(range(self.last + 1))

    @precondition(lambda self: self.waiting or self.out)
    @rule(seed=st.integers(0, 2**32))
    def lose_power(self, seed: int) -> None:
        """Lose power: what was put before the last sync and not settled is there."""
        least = [n for n in self.expected() if n in self.synced]
        self.crash(lambda target: self.disk.lose_power(self.directory, target, chooser(seed)))
        self.recover(least, list(range(self.last + 1)))
        self.synced = set()


class PowerSpoolMachine(SpoolMachine):
    """A spool with `power`: a power loss takes nothing that a put returned for."""

    durability: Durability = "power"

    @precondition(lambda self: self.waiting or self.out)
    @rule(seed=st.integers(0, 2**32))
    def lose_power(self, seed: int) -> None:
        """Lose power: what was put and not settled is there; what was settled may come again."""
        least = self.expected()
        self.crash(lambda target: self.disk.lose_power(self.directory, target, chooser(seed)))
        self.recover(least, list(range(self.last + 1)))


def chooser(seed: int) -> Choice:
    """Choose by a seed: what there is to choose from differs from run to run, as the background syncs when it will."""
    random = Random(seed)
    return lambda most: random.randint(0, most)
