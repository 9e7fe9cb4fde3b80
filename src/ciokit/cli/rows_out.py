"""Rows into a file: CSV or JSON Lines, there whole or not at all, and readable by its owner alone."""

import csv
import os
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final, Protocol

import msgspec

from ciokit.cli.failures import FailureError, UsageError

__all__ = ["Rows", "opened"]

_FORMS: Final = {".csv": "csv", ".txt": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}


class Rows(Protocol):
    """Write rows in one form."""

    def begin(self, columns: Sequence[str]) -> None:
        """Write what stands before the first row, even if there is none."""
        ...

    def write(self, row: Mapping[str, str]) -> None:
        """Write a row."""
        ...


@contextmanager
def opened(to: str, form: str | None) -> Generator[Rows]:
    """Open a file for rows; it takes the place of what is there once all of them are written.

    Args:
        to: Its path; - is stdout.
        form: `csv` or `jsonl`; by the path's ending when None, else CSV.

    Yields:
        What writes the columns, then the rows.

    Raises:
        UsageError: If it cannot be opened.
        FailureError: If the disk takes no more.
    """
    chosen = form or _FORMS.get(Path(to).suffix.lower(), "csv")
    if to == "-":
        yield _writer(sys.stdout, chosen)
        return
    path = Path(to)
    if path.exists() and not path.is_file():  # a device or a pipe; a file must not take its place
        with _told(to, UsageError):
            file = path.open("w", encoding="utf-8", newline="")
        with _filled(to, file) as told:
            yield _writer(told, chosen)
        return
    with _told(to, UsageError):
        handle, name = tempfile.mkstemp(".part", f".{path.name}.", path.parent)
    part = Path(name)
    try:
        with _filled(to, os.fdopen(handle, "w", encoding="utf-8", newline="")) as told:
            yield _writer(told, chosen)
        with _told(to, FailureError):
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _told(to: str, kind: type[Exception]) -> Generator[None]:
    try:
        yield
    except OSError as error:
        msg = f"--to {to}: {error.strerror}"
        raise kind(msg) from None


@contextmanager
def _filled(to: str, file: IO[str]) -> "Generator[_Told]":
    """Hand out a file to fill, and close it; a full disk may say so as late as then."""
    try:
        yield _Told(to, file)
    except BaseException:
        with suppress(OSError):  # the end is refused as well, once more
            file.close()
        raise
    with _told(to, FailureError):
        file.close()


class _Told:
    """Write to a file, whose name an error tells."""

    def __init__(self, to: str, file: IO[str]) -> None:
        self._to = to
        self._file = file

    def write(self, text: str) -> None:
        with _told(self._to, FailureError):
            self._file.write(text)


class _Writable(Protocol):
    def write(self, text: str, /) -> object: ...


def _writer(file: _Writable, form: str) -> Rows:
    return _JsonLines(file) if form == "jsonl" else _Csv(file)


class _JsonLines:
    def __init__(self, file: _Writable) -> None:
        self._file = file

    def begin(self, columns: Sequence[str]) -> None:
        """Write nothing: each line names its columns."""

    def write(self, row: Mapping[str, str]) -> None:
        self._file.write(msgspec.json.encode(row).decode() + "\n")


class _Csv:
    def __init__(self, file: _Writable) -> None:
        self._writer = csv.writer(file, lineterminator="\n")

    def begin(self, columns: Sequence[str]) -> None:
        self._writer.writerow(dict.fromkeys(columns))  # a row has a column of one name once

    def write(self, row: Mapping[str, str]) -> None:
        self._writer.writerow(row.values())
