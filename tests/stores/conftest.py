"""Places for spools."""

import resource
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Lift a test's limit on files before its outcome is written, which may be into a file."""
    try:
        return (yield)
    finally:
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


@pytest.fixture
def directory() -> Iterator[Path]:
    """Name a place for a spool; in memory where that can be had, as most tests ask what is written and not how fast."""
    with tempfile.TemporaryDirectory(prefix="ciokit-test-", dir=MEMORY if MEMORY.is_dir() else None) as base:
        yield Path(base) / "spool"
