"""Rows into a file of the command line."""

import contextlib
import errno
import os
import resource
from collections.abc import Generator
from pathlib import Path

import pytest

from ciokit.cli.failures import FailureError
from ciokit.cli.rows_out import opened


def test_every_cell_stands_in_its_column(tmp_path: Path) -> None:
    """A column that the file had twice is there once, as in its rows, and a cell beyond the columns is not lost."""
    path = tmp_path / "rows.csv"
    with opened(str(path), None) as rows:
        rows.begin(["id", "plan", "id"])
        rows.write({"id": "1", "plan": "pro"})
        rows.write({"id": "2", "plan": "", "column 4": "more"})
    assert path.read_text() == "id,plan\n1,pro\n2,,more\n"


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    """What fails on the way leaves what was there, and nothing beside it."""
    path = tmp_path / "rows.csv"
    path.write_text("before")
    with contextlib.suppress(LookupError), opened(str(path), None) as rows:
        rows.begin(["id"])
        raise LookupError
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [("rows.csv", "before")]


@contextlib.contextmanager
def files_of(size: int) -> Generator[None]:
    """Let no file of this process grow over a size, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def write_rows(to: str, form: str, count: int) -> None:
    """Write rows of one column."""
    with opened(to, form) as file:
        file.begin(["id"])
        for number in range(count):
            file.write({"id": f"user-{number}"})


@pytest.mark.parametrize("rows", [1, 10_000], ids=["at its end", "on the way"])
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_disk_that_takes_no_more_is_told_by_the_file(tmp_path: Path, form: str, rows: int) -> None:
    """Whenever the disk refuses, the error names the file, which is then as it was, and nothing is beside it."""
    path = tmp_path / "rows.out"
    path.write_text("before")
    with pytest.raises(FailureError) as raised, files_of(4):
        write_rows(str(path), form, rows)
    assert str(raised.value) == f"--to {path}: {os.strerror(errno.EFBIG)}"
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [("rows.out", "before")]


def test_a_device_that_takes_no_more_is_told_as_such() -> None:
    """A device that refuses what is written is named, and it is a failure of the work."""
    with pytest.raises(FailureError) as raised:
        write_rows("/dev/full", "csv", 1)
    assert str(raised.value) == f"--to /dev/full: {os.strerror(errno.ENOSPC)}"
