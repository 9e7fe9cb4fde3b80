"""Places for spools."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")


@pytest.fixture
def directory() -> Iterator[Path]:
    """Name a place for a spool; in memory where that can be had, as most tests ask what is written and not how fast."""
    with tempfile.TemporaryDirectory(prefix="ciokit-test-", dir=MEMORY if MEMORY.is_dir() else None) as base:
        yield Path(base) / "spool"
