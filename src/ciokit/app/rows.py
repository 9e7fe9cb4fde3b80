"""The rows of an exported file, out of its pieces: CSV, with a header, perhaps compressed.

Pure: it is fed bytes and gives rows.
"""

import codecs
import csv
from itertools import zip_longest
from typing import Final

from ciokit.transport.unpacking import Packed, Plain

__all__ = ["RowReader"]

_GZIP = b"\x1f\x8b"
LONGEST: Final = 1 << 24
"""Characters that a row may have: a quote that is never closed would make one row of all that follows."""


class RowReader:
    """Turn the pieces of a file into rows, each a mapping of columns to text.

    A row may have line breaks inside quotes, and a piece may end anywhere, in the middle of a character even.

    Attributes:
        header: The columns; None until they are known.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._unpacker: Plain | Packed | None = None
        self._begun = b""
        self._record: list[str] = []  # the lines of the row that is not whole yet
        self._length = 0
        self._is_open = False
        self._rest = ""
        self.header: list[str] | None = None

    def feed(self, piece: bytes) -> list[dict[str, str]]:
        """Take a piece, and return the rows that are whole by now."""
        if self._unpacker is None:
            self._begun += piece
            if len(self._begun) < len(_GZIP):
                return []
            self._unpacker = Packed() if self._begun.startswith(_GZIP) else Plain()
            piece, self._begun = self._begun, b""
        return self._take(self._decoder.decode(self._unpacker.unpack(piece)), last=False)

    def end(self) -> list[dict[str, str]]:
        """Return the rows that are left: the last line may lack its end."""
        if self._unpacker is not None:
            self._unpacker.end()
        return self._take(self._decoder.decode(self._begun, final=True), last=True)

    def _take(self, text: str, *, last: bool) -> list[dict[str, str]]:
        records: list[str] = []
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._record.append(f"{line}\n")
            self._length += len(line) + 1
            # Quotes come in pairs, so a line break with one open is part of a value.
            self._is_open ^= line.count('"') % 2 == 1
            if not self._is_open:
                records.append("".join(self._record))
                self._record.clear()
                self._length = 0
        if last:
            records.append("".join([*self._record, self._rest]))
            if self._is_open ^ (self._rest.count('"') % 2 == 1):
                msg = "the file ends inside of a quoted value"
                raise csv.Error(msg)
        elif self._length + len(self._rest) > LONGEST:
            msg = f"a row is longer than {LONGEST} characters"
            raise csv.Error(msg)
        return self._rows([record for record in records if record.strip("\r\n")])

    def _rows(self, records: list[str]) -> list[dict[str, str]]:
        rows: list[dict[str, str]] = []
        for values in csv.reader(records):
            if self.header is None:
                self.header = values
            else:
                rows.append(_named(self.header, values))
        return rows


def _named(header: list[str], values: list[str]) -> dict[str, str]:
    if len(header) == len(values):
        return dict(zip(header, values, strict=True))
    names = [*header, *(f"column {number}" for number in range(len(header) + 1, len(values) + 1))]
    return dict(zip_longest(names, values, fillvalue=""))
