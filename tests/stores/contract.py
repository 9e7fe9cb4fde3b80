"""What every store must do, as one class of tests; a store's own tests derive from it."""

import threading
from collections.abc import Iterator
from itertools import count

import pytest

from ciokit.errors import ClientClosed
from ciokit.stores.contract import Backlog, Fate, Outcome, Store
from ciokit.stores.errors import StoreFull
from ciokit.wire import TRACK_V2, Entry, Route

EVERYTHING = (1_000_000, 1_000_000_000)
PIPELINES = Route("POST", "/v1/track")


def entry(number: int, *, size: int = 0, person: str | None = None) -> Entry:
    """Make an entry that tells its number, of about so many bytes."""
    body = b'{"n":%d,"x":"%s"}' % (number, b"x" * size)
    return Entry(body, (f"id:{person or number}",), "event", id=f"{number:026d}")


def numbers(polled: list[tuple[int, Entry]]) -> list[int]:
    """Read the numbers of entries made by `entry`."""
    return [int(one.id or "") for _, one in polled]


def settled(outcome: Outcome, polled: list[tuple[int, Entry]], reason: str = "") -> Fate:
    """Say what became of polled entries."""
    return Fate(outcome, [seq for seq, _ in polled], reason, 400 if outcome == "rejected" else 0, 1)


class StoreContract:
    """Derive from this and provide `make`."""

    def make(self, *, max_bytes: int = 10**9, max_entries: int = 10**9) -> Store:
        """Open an empty store."""
        raise NotImplementedError

    @pytest.fixture
    def store(self) -> Iterator[Store]:
        """Open an empty store for a test."""
        store = self.make()
        yield store
        store.close()

    def test_entries_come_out_whole_and_in_order(self, store: Store) -> None:
        """What comes out is equal to what went in, in every attribute, first in first out."""
        entries = [
            entry(1),
            Entry(
                b'{"two":"\xc3\xa9"}', ('id:ü\t\n"', "cio_id:x"), "merge", TRACK_V2, None, replay_safe=False
            ),
            Entry(b"{}", (), "track", PIPELINES, "ID"),
        ]
        first = store.put(entries[:1])
        second = store.put(entries[1:])
        assert second == first + 1
        assert store.poll(*EVERYTHING) == list(zip(count(first), entries))

    def test_an_entry_is_handed_out_once(self, store: Store) -> None:
        """A second poll gives what the first did not, and then nothing."""
        store.put([entry(n) for n in range(5)])
        assert numbers(store.poll(2, 10**6)) == [0, 1]
        assert numbers(store.poll(2, 10**6)) == [2, 3]
        assert numbers(store.poll(2, 10**6)) == [4]
        assert store.poll(2, 10**6) == []

    def test_poll_keeps_to_its_bytes(self, store: Store) -> None:
        """A poll gives as many entries as fit, and one that is too large all alone."""
        for n, size in enumerate([100, 100, 1000, 100]):
            store.put([entry(n, size=size)])
        assert numbers(store.poll(10, 300)) == [0, 1]
        assert numbers(store.poll(10, 300)) == [2]
        assert numbers(store.poll(10, 300)) == [3]

    def test_what_is_not_settled_is_pending(self, store: Store) -> None:
        """Entries count as pending from the put until they are settled, handed out or not."""
        assert store.pending == Backlog(0, 0)
        store.put([entry(n) for n in range(3)])
        before = store.pending
        assert before.entries == 3
        assert before.bytes > 0
        polled = store.poll(*EVERYTHING)
        assert store.pending == before
        store.settle([settled("delivered", polled[:1]), settled("rejected", polled[1:2], "no such field")])
        assert store.pending.entries == 1
        store.settle([settled("dropped", polled[2:], "too old")])
        assert store.pending == Backlog(0, 0)

    def test_settling_out_of_order(self, store: Store) -> None:
        """Entries may be settled in any order, one by one or many at once."""
        store.put([entry(n) for n in range(10)])
        polled = store.poll(*EVERYTHING)
        store.settle([settled("delivered", polled[7:])])
        store.settle([settled("delivered", polled[1:6:2]), settled("dropped", polled[0:6:2], "x")])
        assert store.pending.entries == 1
        store.settle([settled("delivered", polled[6:7])])
        assert store.pending == Backlog(0, 0)

    def test_settling_twice_does_no_harm(self, store: Store) -> None:
        """Numbers that are settled, not handed out or unknown are passed over."""
        store.put([entry(n) for n in range(3)])
        polled = store.poll(1, 10**6)
        for _ in range(2):
            store.settle([settled("delivered", polled), Fate("delivered", [polled[0][0] + 1, 10**15])])
        assert store.pending.entries == 2
        assert numbers(store.poll(*EVERYTHING)) == [1, 2]

    def test_put_needs_an_entry(self, store: Store) -> None:
        """An empty put is a mistake, not a number without an entry."""
        with pytest.raises(ValueError, match="at least one"):
            store.put([])

    def test_bound_on_entries(self) -> None:
        """A put that exceeds the count is refused whole and says so; room comes back with settling."""
        store = self.make(max_entries=3)
        store.put([entry(0), entry(1)])
        with pytest.raises(StoreFull, match="max_entries=3") as caught:
            store.put([entry(2), entry(3)])
        assert (caught.value.bound, caught.value.waiting, caught.value.needed) == ("entries", 2, 2)
        assert caught.value.fits_when_empty
        store.put([entry(4)])
        with pytest.raises(StoreFull):
            store.put([entry(5)])
        polled = store.poll(2, 10**6)
        with pytest.raises(StoreFull):
            store.put([entry(6)])
        store.settle([settled("delivered", polled)])
        store.put([entry(7), entry(8)])
        assert numbers(store.poll(*EVERYTHING)) == [4, 7, 8]
        store.close()

    def test_bound_on_bytes(self) -> None:
        """A put that exceeds the bytes is refused whole and says so; room comes back with settling."""
        store = self.make(max_bytes=5000)
        store.put([entry(0, size=3000)])
        with pytest.raises(StoreFull, match="max_bytes=5,000") as caught:
            store.put([entry(1, size=3000)])
        assert caught.value.bound == "bytes"
        assert caught.value.waiting == store.pending.bytes
        assert caught.value.fits_when_empty
        with pytest.raises(StoreFull, match="can never fit") as caught:
            store.put([entry(2, size=6000)])
        assert not caught.value.fits_when_empty
        store.settle([settled("delivered", store.poll(*EVERYTHING))])
        store.put([entry(3, size=3000)])
        assert numbers(store.poll(*EVERYTHING)) == [3]
        store.close()

    def test_a_refused_put_leaves_nothing(self) -> None:
        """Whatever is refused neither comes out nor counts, however often it is tried."""
        store = self.make(max_entries=2)
        store.put([entry(0)])
        for n in range(100):
            with pytest.raises(StoreFull):
                store.put([entry(n), entry(n)])
        store.put([entry(1)])
        assert numbers(store.poll(*EVERYTHING)) == [0, 1]
        assert store.pending.entries == 2
        store.close()

    def test_a_closed_store_takes_nothing(self) -> None:
        """After close, put says what to do; everything else is quiet, and close may be called again."""
        store = self.make()
        store.put([entry(0)])
        polled = store.poll(*EVERYTHING)
        store.close()
        with pytest.raises(ClientClosed, match="open a new one"):
            store.put([entry(1)])
        with pytest.raises(ClientClosed, match="open a new one"):
            store.put([entry(1), entry(2)])
        store.settle([settled("delivered", polled)])
        assert store.poll(*EVERYTHING) == []
        store.close()

    def test_sync_says_that_all_is_kept(self, store: Store) -> None:
        """A sync after puts is done, also a second one."""
        store.put([entry(0)])
        assert store.sync()
        assert store.sync(timeout=10)

    def test_threads_share_a_store(self, store: Store) -> None:
        """With several threads that put, and one that polls and settles, each entry comes out once and in its order."""

        def put(thread: int) -> None:
            for n in range(200):
                store.put([entry(thread * 1000 + n)] if n % 3 else [entry(thread * 1000 + n, size=500)])

        threads = [threading.Thread(target=put, args=(thread,)) for thread in range(4)]
        for thread in threads:
            thread.start()
        found: list[int] = []
        while len(found) < 800:
            polled = store.poll(50, 10**6)
            found += numbers(polled)
            store.settle([settled("delivered", polled)])
        for thread in threads:
            thread.join()
        assert store.poll(*EVERYTHING) == []
        assert store.pending == Backlog(0, 0)
        for which in range(4):
            assert [n % 1000 for n in found if n // 1000 == which] == list(range(200))
