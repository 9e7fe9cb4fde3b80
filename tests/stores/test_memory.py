"""The store in memory."""

import tracemalloc

import pytest

from ciokit.errors import SettingsError
from ciokit.stores.contract import Store
from ciokit.stores.memory import MemoryStore

from .contract import EVERYTHING, StoreContract, entry


class TestMemoryStore(StoreContract):
    """The contract."""

    def make(self, *, max_bytes: int = 10**9, max_entries: int = 10**9) -> Store:
        """Open an empty store."""
        return MemoryStore(max_bytes=max_bytes, max_entries=max_entries)


@pytest.mark.parametrize("name", ["max_bytes", "max_entries"])
def test_bounds_must_be_positive(name: str) -> None:
    """A bound that nothing fits is refused by its name."""
    with pytest.raises(SettingsError, match=f"{name} must be at least 1, got 0"):
        MemoryStore(**{name: 0})


def test_bytes_are_those_that_python_takes() -> None:
    """The bytes that a store counts are no fewer than those that its entries take, handed out or not."""
    store = MemoryStore()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for n in range(5000):
        store.put([entry(n, size=200)])
    polled = store.poll(*EVERYTHING)
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert len(polled) == 5000
    assert taken <= store.pending.bytes <= 1.4 * taken
