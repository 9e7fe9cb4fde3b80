"""One import of one file: opened, checked, gone on with where it stopped, and brought to its end."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec

from ciokit.cli.failures import FailureError, UsageError
from ciokit.cli.imports.bookmark import Bookmark, Shelf
from ciokit.cli.imports.csv_rows import CsvSource
from ciokit.cli.imports.json_rows import JsonLinesSource
from ciokit.cli.imports.load import Load, Send
from ciokit.cli.imports.recipe import Mapping, Recipe, RowRefusedError
from ciokit.cli.imports.refused import RefusedFile, RefusedRow
from ciokit.cli.imports.rows import Source
from ciokit.cli.imports.survey import Survey, still_the_same, survey

__all__ = ["Form", "Job", "form_of", "open_job"]

Form: TypeAlias = Literal["csv", "jsonl", "parquet"]

_FORMS: Final[dict[str, Form]] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}

_PACKED: Final = {".gz", ".bz2", ".xz", ".zst", ".zip"}
_FIRST: Final = 1000


def form_of(path: Path, wanted: Form | None) -> Form:
    """Decide how a file is read.

    Args:
        path: The file.
        wanted: What the user said; None goes by the name.

    Returns:
        The form.

    Raises:
        UsageError: If there is no such file, or its name says nothing, or that it is compressed.
    """
    if not path.is_file():
        msg = f"{path}: no such file" if not path.exists() else f"{path} is no file"
        raise UsageError(msg)
    if path.suffix.lower() in _PACKED:
        msg = f"{path} is compressed; unpack it first"
        raise UsageError(msg)
    found = wanted or _FORMS.get(path.suffix.lower())
    if found is None:
        msg = f"{path}: its name does not say what it is; add --format csv, jsonl or parquet"
        raise UsageError(msg)
    return found


class Job:
    """Hold an import that is ready to run.

    Args:
        path: The file.
        seen: What its survey found.
        source: Its rows.
        recipe: What they become.
        shelf: Where progress is kept; None keeps none, as a dry run must not.

    Attributes:
        bookmark: How far it came.
        resumed: How many rows an earlier run had settled.
        changed: Whether an earlier run had begun with other contents of the file.
        seconds: How long this run took.
        unplaced: What the service said of a request without naming a row.
    """

    def __init__(self, path: Path, seen: Survey, source: Source, recipe: Recipe, shelf: Shelf | None) -> None:
        self._path = path
        self._seen = seen
        self._recipe = recipe
        self._shelf = shelf
        self.source = source
        self.seconds = 0.0
        self.unplaced: Sequence[str] = ()
        digest = seen.digest.hex()
        found = None if shelf is None else shelf.open()
        self.changed = found is not None and found.digest != digest and found.rows > 0
        self.bookmark = Bookmark(digest=digest) if found is None or found.digest != digest else found
        self.resumed = self.bookmark.rows

    def start_anew(self) -> None:
        """Forget how far earlier runs came."""
        self.bookmark = Bookmark(digest=self.bookmark.digest)
        self.resumed = 0
        self.changed = False

    def first_body(self) -> str | None:
        """Return what the first good row becomes, indented; None if there is none among the first rows."""
        for row in islice(self.source.rows(), _FIRST):
            if not row.problem:
                with contextlib.suppress(RowRefusedError):
                    body = self._recipe.entry(row.line, row.cells, time.time()).body
                    return msgspec.json.format(body, indent=2).decode()
        return None

    def run(self, send: Send | None, refused_path: Path, limit: int | None = None) -> Iterator[int]:
        """Do it.

        Args:
            send: Sends entries; None only checks them.
            refused_path: Where refused rows go.
            limit: How many rows of the file at most, those of earlier runs included.

        Yields:
            The position in the measure of the source's `total`, row by row.

        Raises:
            DeliveryError: If a request failed for good.
            FailureError: If the file changed meanwhile, or something cannot be written.
        """
        refused_file = RefusedFile(refused_path, self.source.raw_columns, self.bookmark.refused_bytes)
        self._put()

        def settle(refused: Sequence[RefusedRow]) -> None:
            if not still_the_same(self._path, self._seen):
                msg = f"{self._path} was changed while it was imported; run this again for the file as it is now"
                raise FailureError(msg)
            if refused:
                refused_file.add(refused)
            self.bookmark.refused_bytes = refused_file.size
            self._put()

        started = time.monotonic()
        load = Load(self._recipe, send, settle, self.bookmark, time.time())
        try:
            yield from self._follow(load, limit)
        finally:
            self.seconds = time.monotonic() - started
            self.unplaced = load.unplaced

    def _follow(self, load: Load, limit: int | None) -> Iterator[int]:
        number, rows = self.resumed, self.source.rows(self.resumed)
        if limit is not None:
            rows = islice(rows, max(0, limit - self.resumed))
        for row in load.run(rows):
            number += 1
            yield self.source.position(row, number)
        if limit is None or self.bookmark.rows < limit:
            self.bookmark.complete = True
            self._put()

    def _put(self) -> None:
        if self._shelf is not None:
            self._shelf.put(self.bookmark)


def open_job(
    path: Path,
    form: Form,
    mapping: Mapping,
    *,
    delimiter: str | None = None,
    state: Path | None = None,
    destination: str = "",
) -> Job:
    """Open a file and check that it has the columns that are asked for.

    Args:
        path: The file.
        form: How it is read.
        mapping: Which column is for what.
        delimiter: The delimiter of a CSV file; None finds it out.
        state: Where progress is kept; None keeps none.
        destination: Where the rows go: another place is another import.

    Returns:
        The import, ready to run.

    Raises:
        UsageError: If the file cannot be read, or does not have a column.
    """
    seen = survey(path, text=form != "parquet")
    source = _open_source(path, form, seen, delimiter)
    mapping.check_columns(source.columns, str(path))
    parts = [form, delimiter or "", destination, msgspec.json.encode(mapping).decode()]
    shelf = None if state is None else Shelf(state, path, parts)
    return Job(path, seen, source, Recipe(mapping, seen.digest, textual=source.textual), shelf)


def _open_source(path: Path, form: Form, seen: Survey, delimiter: str | None) -> Source:
    match form:
        case "csv":
            return CsvSource(path, seen.lines, delimiter)
        case "jsonl":
            return JsonLinesSource(path, seen.lines)
        case "parquet":
            from ciokit.cli.imports.parquet_rows import ParquetSource

            return ParquetSource(path)
