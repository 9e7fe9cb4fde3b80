"""How a row becomes an operation: which column names the person, which the time, and what becomes of the others."""

import hashlib
import math
from collections.abc import Sequence
from typing import Any, Final, Literal, TypeAlias

import msgspec

from ciokit.cli.failures import UsageError
from ciokit.cli.imports.cells import CellError, TimeReader, check_form, read_value
from ciokit.encoding.drafts import Encoding
from ciokit.encoding.track_v2 import encode
from ciokit.errors import InvalidData
from ciokit.identifiers import CioId, Email, Id, PersonRef, Phone
from ciokit.operations import Identify, Track
from ciokit.ulids import ulid_from
from ciokit.wire import Entry

__all__ = ["IdKind", "Mapping", "Recipe", "RowRefusedError"]

IdKind: TypeAlias = Literal["id", "email", "phone", "cio_id"]

_KINDS: Final[dict[str, type[Id | Email | Phone | CioId]]] = {
    "id": Id,
    "email": Email,
    "phone": Phone,
    "cio_id": CioId,
}
# History must not look like now, so nothing is stamped; a time without a zone is UTC, as --help says.
_ENCODING: Final = Encoding(stamp=False, naive_utc=True)


class RowRefusedError(ValueError):
    """A row cannot be sent; the message says why, without its cells."""


class Mapping(msgspec.Struct, frozen=True, kw_only=True):
    """Say which column is for what.

    Attributes:
        person: Names the person.
        id_kind: As what.
        event: The event's name; None identifies people, and the columns are attributes.
        timestamp: When it happened; None is now.
        unit: What numbers count in a column of times.
        time_format: How times are written there.
        times: Further columns of times, sent as Unix seconds.
        text: Columns whose cells are text whatever they look like.
        drop: Columns that are not sent.
        unique: Names a row for good; None takes its line in this file.
    """

    person: str
    id_kind: IdKind = "id"
    event: str | None = None
    timestamp: str | None = None
    unit: Literal["s", "ms"] | None = None
    time_format: str | None = None
    times: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    unique: str | None = None

    def check(self) -> None:
        """Refuse an event's name and a form of times that would make every row wrong.

        Raises:
            UsageError: If either is.
        """
        try:
            if self.event is not None:
                encode(Track("someone", self.event), _ENCODING, 0.0)
            if self.time_format is not None:
                check_form(self.time_format)
        except InvalidData as error:
            msg = f"--event: {error.problems[0].message}"
            raise UsageError(msg) from None
        except CellError as error:
            msg = f"--timestamp-format: {error}"
            raise UsageError(msg) from None

    def check_columns(self, columns: Sequence[str], file: str) -> None:
        """Refuse a column that the file does not have.

        Args:
            columns: Those that it has.
            file: Its name, for the message.

        Raises:
            UsageError: If there is one.
        """
        named = {
            "--person": (self.person,),
            "--timestamp": (self.timestamp,) if self.timestamp is not None else (),
            "--unique": (self.unique,) if self.unique is not None else (),
            "--time": self.times,
            "--text": self.text,
            "--drop": self.drop,
        }
        for option, names in named.items():
            for name in names:
                if name not in columns:
                    msg = f"{file} has no column {name!r} for {option}; it has {', '.join(columns) or 'none'}"
                    raise UsageError(msg)


class Recipe:
    """Turn rows into entries.

    Args:
        mapping: Which column is for what.
        digest: A digest of the file: with a row's line it makes the row's ULID, so that sending the row again is
            discarded by Customer.io.
        textual: Whether cells are text whose meaning is to be found.
    """

    def __init__(self, mapping: Mapping, digest: bytes, *, textual: bool) -> None:
        self._mapping = mapping
        self._textual = textual
        self._times = TimeReader(mapping.unit, mapping.time_format)
        self._kind = _KINDS[mapping.id_kind]
        self._skip = {mapping.person, mapping.timestamp, "", *mapping.drop}
        named = "\0".join((mapping.event or "", mapping.person)).encode()
        seed = b"" if mapping.unique is not None else digest
        self._seed = hashlib.blake2b(seed + named, digest_size=16).digest()

    def entry(self, line: int, cells: dict[str, Any], now: float) -> Entry:
        """Make what is sent of a row.

        Args:
            line: Its line.
            cells: Its cells by column.
            now: Unix time, for a row that has none of its own.

        Returns:
            The entry.

        Raises:
            RowRefusedError: If the row is wrong, with all that is.
        """
        mapping = self._mapping
        person = self._person(cells)
        when = None if mapping.timestamp is None else self._time(cells, mapping.timestamp)
        data = self._data(cells)
        operation: Identify | Track
        if mapping.event is None:
            operation = Identify(person, data, timestamp=when)
        else:
            id_ = self._ulid(line, cells, when)
            operation = Track(person, mapping.event, data, id=id_, timestamp=now if when is None else when)
        try:
            return encode(operation, _ENCODING, now)
        except InvalidData as error:
            raise RowRefusedError("; ".join(str(problem) for problem in error.problems)) from None

    def _person(self, cells: dict[str, Any]) -> PersonRef:
        column = self._mapping.person
        value = cells.get(column)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if value is None or (isinstance(value, str) and not value.strip()):
            msg = f"{column}: names no person: empty"
            raise RowRefusedError(msg)
        if not isinstance(value, str):
            msg = f"{column}: names no person: expected text or a whole number, got {type(value).__name__}"
            raise RowRefusedError(msg)
        return self._kind(value.strip())

    def _time(self, cells: dict[str, Any], column: str) -> int:
        value = cells.get(column)
        if _is_empty(value):
            msg = f"{column}: not a time: empty"
            raise RowRefusedError(msg)
        try:
            return self._times.read(value)
        except CellError as error:
            msg = f"{column}: {error}"
            raise RowRefusedError(msg) from None

    def _ulid(self, line: int, cells: dict[str, Any], when: int | None) -> str:
        unique = self._mapping.unique
        if unique is None:
            return ulid_from((when or 0) * 1000, self._seed + line.to_bytes(8))
        value = cells.get(unique)
        if _is_empty(value):
            msg = f"{unique}: names no row: empty"
            raise RowRefusedError(msg)
        return ulid_from(0, self._seed + str(value).encode())

    def _data(self, cells: dict[str, Any]) -> dict[str, Any]:
        mapping, skip = self._mapping, self._skip
        if not mapping.text and not mapping.times and self._textual:
            return {
                name: value
                for name, cell in cells.items()
                if name not in skip and (value := read_value(cell)) is not None
            }
        return {
            name: self._value(name, cell, cells)
            for name, cell in cells.items()
            if name not in skip and not _is_empty(cell)
        }

    def _value(self, name: str, cell: Any, cells: dict[str, Any]) -> Any:
        if name in self._mapping.times:
            return self._time(cells, name)
        if name in self._mapping.text:
            return str(cell) if isinstance(cell, (int, float)) and not isinstance(cell, bool) else cell
        return read_value(cell) if self._textual else cell


def _is_empty(cell: Any) -> bool:
    """Tell whether a cell says nothing: null, blank text, or the NaN that data frames write for it."""
    if isinstance(cell, str):
        return not cell or cell.isspace()
    return cell is None or (isinstance(cell, float) and math.isnan(cell))
