"""Rows into a file of the command line."""

import contextlib
from pathlib import Path

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
