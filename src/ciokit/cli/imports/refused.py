"""The file of refused rows: line, reason, and the row's own cells, so that it can be put right and imported again."""

import csv
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from ciokit.cli.failures import FailureError, UsageError
from ciokit.cli.imports.disk import sync_file
from ciokit.stores.directories import sync_names_in

__all__ = ["RefusedFile", "RefusedRow", "choose_path"]


_BEGINNING: Final = b"line,reason"


class RefusedRow(msgspec.Struct, frozen=True):
    """Hold a refused row."""

    line: int
    reason: str
    raw: Sequence[str]


def choose_path(source: Path, wanted: Path | None, kind: str) -> Path:
    """Decide where refused rows go.

    Args:
        source: The file that is imported.
        wanted: What the user asked for.
        kind: What a name of our own says of it.

    Returns:
        That, or `FILE.KIND.csv` beside the file, or in the working directory if nothing can be written there.

    Raises:
        UsageError: If none of these can be written, or it would take the place of something else.
    """
    name = f"{source.name}.{kind}.csv"
    for path in (wanted,) if wanted is not None else (source.with_name(name), Path(name)):
        writable = path if path.exists() else path.parent
        if os.access(writable, os.W_OK) and not path.is_dir():
            _check_replaceable(source, path)
            return path
    msg = f"{wanted or source.with_name(name)} cannot be written; say where refused rows go with --refused"
    raise UsageError(msg)


def _check_replaceable(source: Path, path: Path) -> None:
    """Refuse a path whose file an import would delete although it is none of refused rows, the source above all."""
    if not path.exists():
        return
    if path.samefile(source):
        msg = f"--refused {path} is the file that is imported; name another one"
        raise UsageError(msg)
    if path.is_file() and path.stat().st_size and not _begins_as_ours(path):
        msg = f"{path} is there and is no file of refused rows; remove it, or name another one with --refused"
        raise UsageError(msg)


def _begins_as_ours(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_BEGINNING)) == _BEGINNING


class RefusedFile:
    """Write refused rows, from the place on where the last run had come.

    The file is there only if there are any, and only its owner can read it.

    Args:
        path: Where.
        columns: The columns of the rows' own cells.
        size: Bytes that are already settled; what comes after them is cut off.
    """

    def __init__(self, path: Path, columns: Sequence[str], size: int) -> None:
        self.path = path
        self.size = size
        self._columns = columns
        try:
            if size == 0:
                if path.is_file():  # and no device: /dev/null is named here, too
                    path.unlink()
            elif path.exists():
                self.size = min(size, path.stat().st_size)
                os.truncate(path, self.size)
            else:
                self.size = 0
        except OSError as error:
            raise self._failure(error) from None

    def add(self, rows: Iterable[RefusedRow]) -> None:
        """Write rows, for good before this returns: the bookmark will say that they are settled.

        Args:
            rows: In the order of their lines.

        Raises:
            FailureError: If it cannot be written.
        """
        text = io.StringIO()
        writer: Any = csv.writer(text)
        is_new = self.size == 0
        if is_new:
            writer.writerow(("line", "reason", *self._columns))
        for row in rows:
            writer.writerow((row.line, row.reason, *row.raw))
        try:
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with open(handle, "ab") as file:  # noqa: PTH123 - a handle, made with its mode
                file.write(text.getvalue().encode("utf-8", "surrogateescape"))
                file.flush()
                self.size = file.tell()
                sync_file(handle)
            if is_new:
                sync_names_in(self.path.parent)
        except OSError as error:
            raise self._failure(error) from None

    def _failure(self, error: OSError) -> FailureError:
        msg = f"{self.path} cannot be written ({error.strerror}); say where refused rows go with --refused"
        return FailureError(msg)
