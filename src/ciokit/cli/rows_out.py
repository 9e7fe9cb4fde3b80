"""Rows into a file: CSV or JSON Lines, there whole or not at all, and readable by its owner alone."""

import csv
import os
import sys
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, TypeAlias

import msgspec

from ciokit.cli.failures import UsageError

__all__ = ["Write", "opened"]

Write: TypeAlias = Callable[[Mapping[str, str]], None]
_FORMS: Final = {".csv": "csv", ".txt": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}


@contextmanager
def opened(to: str, form: str | None) -> Generator[Write]:
    """Open a file for rows; it takes the place of what is there once all of them are written.

    Args:
        to: Its path; - is stdout.
        form: `csv` or `jsonl`; by the path's ending when None, else CSV.

    Yields:
        What writes a row.

    Raises:
        UsageError: If it cannot be written.
    """
    chosen = form or _FORMS.get(Path(to).suffix.lower(), "csv")
    if to == "-":
        yield _writer(sys.stdout, chosen)
        return
    path = Path(to)
    if path.exists() and not path.is_file():  # a device or a pipe; a file must not take its place
        with _told(to):
            file = path.open("w", encoding="utf-8", newline="")
        with file:
            yield _writer(file, chosen)
        return
    with _told(to):
        handle, name = tempfile.mkstemp(".part", f".{path.name}.", path.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield _writer(file, chosen)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _told(to: str) -> Generator[None]:
    try:
        yield
    except OSError as error:
        msg = f"--to {to}: {error.strerror}"
        raise UsageError(msg) from None


def _writer(file: IO[str], form: str) -> Write:
    if form == "jsonl":
        return lambda row: _print(file, msgspec.json.encode(row).decode())
    return _csv_writer(file)


def _print(file: IO[str], line: str) -> None:
    file.write(line + "\n")


def _csv_writer(file: IO[str]) -> Write:
    made: list[csv.DictWriter[str]] = []

    def write(row: Mapping[str, str]) -> None:
        if not made:
            made.append(csv.DictWriter(file, [*row], extrasaction="ignore", lineterminator="\n"))
            made[0].writeheader()
        made[0].writerow(row)

    return write
