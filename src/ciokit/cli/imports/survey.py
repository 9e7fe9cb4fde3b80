"""A first look at a whole file: its digest, its number of lines, and whether it is text that can be read at all.

What cannot be read is told here, before anything is sent.
"""

import codecs
import hashlib
import os
from pathlib import Path
from typing import Final

import msgspec

from ciokit.cli.failures import UsageError

__all__ = ["Survey", "still_the_same", "survey"]

_BLOCK: Final = 1 << 20


class Survey(msgspec.Struct, frozen=True):
    """Hold what is known of a file.

    Attributes:
        digest: A digest of its contents: what makes its rows these rows.
        size: Bytes.
        mtime_ns: When it was last written, nanoseconds.
        lines: Lines of text; 0 for other files.
    """

    digest: bytes
    size: int
    mtime_ns: int
    lines: int = 0


def survey(path: Path, *, text: bool) -> Survey:
    """Read a whole file once.

    Args:
        path: The file.
        text: Whether it must be UTF-8 text.

    Returns:
        What was found.

    Raises:
        UsageError: If it cannot be read, is empty, or is not UTF-8 though it should be.
    """
    digest, check = hashlib.blake2b(digest_size=32), _TextCheck(path)
    try:
        with path.open("rb") as file:
            stat = os.fstat(file.fileno())
            while block := file.read(_BLOCK):
                digest.update(block)
                if text:
                    check.read(block)
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}"
        raise UsageError(msg) from None
    if stat.st_size == 0:
        msg = f"{path} is empty"
        raise UsageError(msg)
    if text:
        check.read(b"", final=True)
    return Survey(digest.digest(), stat.st_size, stat.st_mtime_ns, check.lines)


def still_the_same(path: Path, seen: Survey) -> bool:
    """Tell whether a file was left alone since it was surveyed, as far as its size and time tell."""
    try:
        stat = path.stat()
    except OSError:
        return False
    return (stat.st_size, stat.st_mtime_ns) == (seen.size, seen.mtime_ns)


class _TextCheck:
    """Follow a text block by block, and say at which line it stops being UTF-8."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._last = b""
        self._newlines = 0

    @property
    def lines(self) -> int:
        return self._newlines + (self._last not in {b"", b"\n"})

    def read(self, block: bytes, *, final: bool = False) -> None:
        if not self._last and block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            msg = f"{self._path} is UTF-16; save it as UTF-8"
            raise UsageError(msg)
        if b"\0" in block:
            msg = f"{self._path} is binary and no text; is it a spreadsheet or compressed? Save it as CSV in UTF-8"
            raise UsageError(msg)
        try:
            self._decoder.decode(block, final)
        except UnicodeDecodeError as error:
            line = self._newlines + error.object[: error.start].count(b"\n") + 1
            msg = f"{self._path}, line {line}: not UTF-8; convert it, for example: iconv -f WINDOWS-1252 -t UTF-8"
            raise UsageError(msg) from None
        self._newlines += block.count(b"\n")
        self._last = block[-1:] or self._last
