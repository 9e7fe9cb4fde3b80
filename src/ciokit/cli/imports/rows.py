"""Rows out of a file, each with the line it begins at. What its cells mean is not known here."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import msgspec

__all__ = ["Row", "Source"]


class Row(msgspec.Struct, frozen=True, gc=False):
    """Hold one row.

    Attributes:
        line: The line where it begins, from 1; in a file without lines its number.
        cells: Its cells by column.
        raw: Its cells as a refused row shows them.
        problem: Why it is no row at all; empty for a good one.
    """

    line: int
    cells: dict[str, Any]
    raw: Sequence[str]
    problem: str = ""


class Source(Protocol):
    """Read the rows of one file.

    Attributes:
        columns: The columns, as far as they are known before all rows are read.
        raw_columns: What `Row.raw` is made of.
        total: Rows or lines in all, to show how far it is.
        textual: Whether cells are text whose meaning is still to be found.
        notes: What the user should know of the file.
    """

    columns: Sequence[str]
    raw_columns: Sequence[str]
    total: int
    textual: bool
    notes: Sequence[str]

    def rows(self, skip: int = 0) -> Iterator[Row]:
        """Yield the rows.

        Args:
            skip: How many rows at the beginning are left out.
        """
        ...

    def position(self, row: Row, number: int) -> int:
        """Tell how far a row is, in the measure of `total`.

        Args:
            row: The row.
            number: How many rows came before, itself included.
        """
        ...
