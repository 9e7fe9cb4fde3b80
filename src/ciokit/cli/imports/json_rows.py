"""Rows of a JSON Lines file: an object on each line."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from ciokit.cli.failures import UsageError
from ciokit.cli.imports.rows import Row

__all__ = ["JsonLinesSource"]

_SAMPLE: Final = 100

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class JsonLinesSource:
    """Read a JSON Lines file; see `rows.Source`.

    Args:
        path: The file, UTF-8.
        lines: How many lines it has.

    Raises:
        UsageError: If it is one JSON array.
    """

    textual = False
    raw_columns: Sequence[str] = ("row",)
    notes: Sequence[str] = ()

    def __init__(self, path: Path, lines: int) -> None:
        self._path = path
        self.total = lines
        names: dict[str, None] = {}
        for row in islice(self._read(), _SAMPLE):
            if row.line == 1 and row.raw[0].startswith("["):
                msg = f"{path} is a JSON array; JSON Lines has an object on each line: jq -c '.[]' makes them"
                raise UsageError(msg)
            names |= dict.fromkeys(row.cells)
        self.columns: Sequence[str] = tuple(names)

    def rows(self, skip: int = 0) -> Iterator[Row]:
        """Yield the rows; see `rows.Source.rows`."""
        return islice(self._read(), skip, None)

    def _read(self) -> Iterator[Row]:
        with self._path.open(encoding="utf-8-sig") as file:
            for line, text in enumerate(file, 1):
                stripped = text.strip()
                if stripped:
                    yield _row(line, stripped)

    def position(self, row: Row, number: int) -> int:  # noqa: ARG002 - the line says more
        """Return the line."""
        return row.line


def _row(line: int, text: str) -> Row:
    try:
        return Row(line, _decode(text), (text,))
    except (msgspec.MsgspecError, RecursionError) as error:
        return Row(line, {}, (text,), f"no JSON object: {error}")
