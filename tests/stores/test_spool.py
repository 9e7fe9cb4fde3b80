"""The store on disk."""

from pathlib import Path

import pytest

from ciokit.stores.contract import Store
from ciokit.stores.spool import Durability, Spool

from .contract import StoreContract


class SpoolContract(StoreContract):
    """The contract, for spools."""

    durability: Durability = "process"
    segment_bytes = 16_000_000
    window_bytes = 32_000_000

    @pytest.fixture(autouse=True)
    def place(self, tmp_path: Path) -> None:
        """Give each test a directory."""
        self.directory = tmp_path / "spool"

    def make(self, *, max_bytes: int = 10**9, max_entries: int = 10**9) -> Store:
        """Open an empty store."""
        return Spool(
            self.directory,
            durability=self.durability,
            max_bytes=max_bytes,
            max_entries=max_entries,
            segment_bytes=self.segment_bytes,
            window_bytes=self.window_bytes,
        )


class TestSpool(SpoolContract):
    """As it is by default."""


class TestPowerSpool(SpoolContract):
    """With every put on the disk before it returns."""

    durability: Durability = "power"


class TestSmallSegments(SpoolContract):
    """With files so small that each holds an entry or a few."""

    segment_bytes = 300


class TestSmallWindow(SpoolContract):
    """With so little memory that nearly everything is read back from the files."""

    segment_bytes = 1000
    window_bytes = 600
