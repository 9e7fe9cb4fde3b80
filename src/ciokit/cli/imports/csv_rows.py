"""Rows of a CSV file: the delimiter is found out, a byte order mark is no part of the first column."""

import csv
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, TextIO

from ciokit.cli.failures import UsageError
from ciokit.cli.imports.rows import Row

__all__ = ["CsvSource", "sniff_delimiter"]

_DELIMITERS: Final = (",", ";", "\t", "|")
_SAMPLE: Final = 20
_CELL_LIMIT: Final = 1 << 20
"""Characters of a cell; more is a quote that does not end."""


class CsvSource:
    """Read a CSV file whose first row names the columns; see `rows.Source`.

    Args:
        path: The file, UTF-8.
        lines: How many lines it has.
        delimiter: What stands between cells; None finds it out.

    Raises:
        UsageError: If there is no header, or it names a column twice.
    """

    textual = True

    def __init__(self, path: Path, lines: int, delimiter: str | None = None) -> None:
        csv.field_size_limit(min(_CELL_LIMIT, sys.maxsize))
        self._path = path
        self.total = lines
        with self._open() as file:
            self._delimiter = sniff_delimiter(list(islice(file, _SAMPLE))) if delimiter is None else delimiter
        with self._open() as file:
            header = self._header(file)
        self.raw_columns: Sequence[str] = header
        self.columns: Sequence[str] = [name for name in header if name]
        unnamed = [str(place) for place, name in enumerate(header, 1) if not name]
        self.notes: Sequence[str] = [_note_unnamed(unnamed)] if unnamed else []
        twice = [name for name, count in Counter(self.columns).items() if count > 1]
        if twice:
            msg = f"{path}, line 1: column {twice[0]!r} is there twice"
            raise UsageError(msg)

    def _open(self) -> TextIO:
        return self._path.open(encoding="utf-8-sig", newline="")

    def _header(self, file: TextIO) -> list[str]:
        try:
            for header in csv.reader(file, delimiter=self._delimiter, strict=True):
                names = [name.strip() for name in header]
                if any(names):
                    return names
                if names:
                    break
        except csv.Error as error:
            msg = f"{self._path}: the header is no CSV: {error}"
            raise UsageError(msg) from None
        msg = f"{self._path} has no header: its first row must name the columns"
        raise UsageError(msg)

    def rows(self, skip: int = 0) -> Iterator[Row]:
        """Yield the rows after the header; see `rows.Source.rows`."""
        with self._open() as file:
            yield from islice(self._read(file), skip, None)

    def _read(self, file: TextIO) -> Iterator[Row]:
        reader = csv.reader(file, delimiter=self._delimiter, strict=True)
        columns, width, header_seen = self.raw_columns, len(self.raw_columns), False
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Row(line, {}, (), f"no CSV up to line {reader.line_num}: {error}")
                continue
            if not cells:
                continue
            if not header_seen:
                header_seen = True
                continue
            if len(cells) == width:
                yield Row(line, dict(zip(columns, cells, strict=True)), cells)
            else:
                yield Row(line, {}, cells, f"has {len(cells)} cells, the header has {width}")

    def position(self, row: Row, number: int) -> int:  # noqa: ARG002 - the line says more
        """Return the line."""
        return row.line


def _note_unnamed(places: Sequence[str]) -> str:
    if len(places) == 1:
        return f"column {places[0]} has no name and is not sent"
    return f"columns {', '.join(places)} have no names and are not sent"


def sniff_delimiter(sample: Sequence[str]) -> str:
    r"""Find out what stands between cells.

    Args:
        sample: The first lines, the header first.

    Returns:
        Of `,`, `;`, tab and `|` the one that cuts the header into most columns and every other row into as many;
        a comma when none does.
    """
    best, most = ",", 1
    for delimiter in _DELIMITERS:
        try:
            rows = [row for row in csv.reader(sample, delimiter=delimiter) if row]
        except csv.Error:
            continue
        # The last row of the sample may end in the middle of a quoted cell.
        widths = {len(row) for row in (rows[:-1] if len(rows) > 2 else rows)}
        if len(widths) == 1 and (width := widths.pop()) > most:
            best, most = delimiter, width
    return best
