"""Rows of a Parquet file, a row group at a time. Needs the extra `parquet`."""

from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from ciokit.cli.failures import FailureError, UsageError, need
from ciokit.cli.imports.rows import Row

__all__ = ["ParquetSource"]

_BATCH: Final = 2000


class ParquetSource:
    """Read a Parquet file; see `rows.Source`.

    Args:
        path: The file.

    Raises:
        UsageError: If it is none, or the extra is missing.
    """

    textual = False
    notes: Sequence[str] = ()

    def __init__(self, path: Path) -> None:
        need("parquet", "pyarrow")
        parquet: Any = import_module("pyarrow.parquet")
        self._path = path
        try:
            self._file: Any = parquet.ParquetFile(path)
        except (OSError, ValueError) as error:
            msg = f"{path} is no Parquet file: {_first_line(error)}"
            raise UsageError(msg) from None
        self.columns: Sequence[str] = self._file.schema_arrow.names
        self.raw_columns = self.columns
        self.total: int = self._file.metadata.num_rows

    def rows(self, skip: int = 0) -> Iterator[Row]:
        """Yield the rows; see `rows.Source.rows`."""
        number = 0
        try:
            for group in range(self._file.metadata.num_row_groups):
                count = self._file.metadata.row_group(group).num_rows
                if number + count <= skip:
                    number += count
                    continue
                for row in self._group(group):
                    number += 1
                    if number > skip:
                        yield Row(
                            number, row, tuple("" if cell is None else str(cell) for cell in row.values())
                        )
        except (OSError, ValueError) as error:
            msg = f"{self._path}, after row {number}: cannot be read: {_first_line(error)}"
            raise FailureError(msg) from None

    def _group(self, group: int) -> Iterator[dict[str, Any]]:
        for batch in self._file.iter_batches(batch_size=_BATCH, row_groups=[group]):
            yield from _in_microseconds(batch).to_pylist()

    def position(self, row: Row, number: int) -> int:  # noqa: ARG002 - as above
        """Return the row's number."""
        return row.line


def _in_microseconds(batch: Any) -> Any:
    """Cut times that are finer than Python's own, which would need pandas to be read."""
    pa: Any = import_module("pyarrow")  # it has no types
    fields = [
        field.with_type(pa.timestamp("us", field.type.tz))
        if pa.types.is_timestamp(field.type) and field.type.unit == "ns"
        else field
        for field in batch.schema
    ]
    return pa.Table.from_batches([batch]).cast(pa.schema(fields), safe=False)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
