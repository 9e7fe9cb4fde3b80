"""The rows of an exported file, out of its pieces: CSV, with a header, perhaps compressed.

Pure: it is fed bytes and gives rows.
"""

import codecs
import csv
import zlib
from itertools import zip_longest
from typing import Any

__all__ = ["RowReader"]

_GZIP = b"\x1f\x8b"


class RowReader:
    """Turn the pieces of a file into rows, each a mapping of columns to text.

    A row may have line breaks inside quotes, and a piece may end anywhere, in the middle of a character even.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._unpack: Any = None
        self._begun = b""
        self._text = ""
        self._header: list[str] | None = None

    def feed(self, piece: bytes) -> list[dict[str, str]]:
        """Take a piece, and return the rows that are whole by now."""
        if self._unpack is None:
            self._begun += piece
            if len(self._begun) < len(_GZIP):
                return []
            self._unpack = _unpacker(self._begun)
            piece, self._begun = self._begun, b""
        return self._take(self._decoder.decode(self._unpack(piece)), last=False)

    def end(self) -> list[dict[str, str]]:
        """Return the rows that are left: the last line may lack its end."""
        return self._take(self._decoder.decode(self._begun, final=True), last=True)

    def _take(self, text: str, *, last: bool) -> list[dict[str, str]]:
        records: list[str] = []
        lines = (self._text + text).split("\n")
        self._text = "" if last else lines.pop()
        record = ""
        for index, line in enumerate(lines):
            record += line if last and index == len(lines) - 1 else line + "\n"
            # Quotes come in pairs, so a line break with one open is part of a value.
            if record.count('"') % 2 == 0:
                records.append(record)
                record = ""
        if last:
            records.append(record)
        else:
            self._text = record + self._text
        return self._rows([record for record in records if record.strip("\r\n")])

    def _rows(self, records: list[str]) -> list[dict[str, str]]:
        rows: list[dict[str, str]] = []
        for values in csv.reader(records):
            if self._header is None:
                self._header = values
            else:
                rows.append(_named(self._header, values))
        return rows


def _named(header: list[str], values: list[str]) -> dict[str, str]:
    if len(header) == len(values):
        return dict(zip(header, values, strict=True))
    names = [*header, *(f"column {number}" for number in range(len(header) + 1, len(values) + 1))]
    return dict(zip_longest(names, values, fillvalue=""))


def _unpacker(beginning: bytes) -> Any:
    """Return what unpacks a file that begins so."""
    return zlib.decompressobj(wbits=31).decompress if beginning.startswith(_GZIP) else bytes
