"""What a directory's files amount to: which entries wait, read from the lines alone.

Pure: bytes in, counts and entries out. It knows no file and no directory.
"""

from array import array
from collections.abc import Iterable, Iterator

import msgspec

from ciokit.stores.journal import Header, Settled, decode, read_entry, seq_of, unwrap
from ciokit.wire import Entry

__all__ = ["SeqSet", "Summary", "entries_in", "lines_of", "scan"]


class SeqSet:
    """A set of sequence numbers, one bit each, for millions of them with any gaps."""

    _BITS = 4096

    def __init__(self) -> None:
        self._pages: dict[int, int] = {}

    def add(self, first: int, last: int) -> None:
        """Take in all numbers from first to last."""
        for page in range(first // self._BITS, last // self._BITS + 1):
            start = page * self._BITS
            low, high = max(first - start, 0), min(last - start, self._BITS - 1)
            self._pages[page] = self._pages.get(page, 0) | ((1 << (high - low + 1)) - 1) << low

    def __bool__(self) -> bool:
        return bool(self._pages)

    def __contains__(self, seq: int) -> bool:
        page = self._pages.get(seq // self._BITS)
        return page is not None and bool(page >> seq % self._BITS & 1)


def lines_of(chunks: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Cut chunks of a file into whole lines; a tail without a newline is left out."""
    rest = b""
    for chunk in chunks:
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        yield lines


def entries_in(lines: Iterable[bytes], settled: SeqSet) -> tuple[list[tuple[int, Entry, int]], list[bytes]]:
    """Read the entries among a file's lines.

    Args:
        lines: Lines, newlines left out.
        settled: Numbers to pass over.

    Returns:
        Numbers, entries and the bytes of their lines; and the lines that are not as they were written.
    """
    found: list[tuple[int, Entry, int]] = []
    damaged: list[bytes] = []
    for line in lines:
        try:
            payload = unwrap(line)
            if payload[:2] == b"E\t":
                seq, entry = read_entry(payload)
                if seq not in settled:
                    found.append((seq, entry, len(line) + 1))
        except ValueError:
            damaged.append(line)
    return found, damaged


class Summary(msgspec.Struct):
    """Sum up one file.

    Attributes:
        header: Its first line, where that could be read.
        waiting: Entries that nothing has become of.
        waiting_bytes: The bytes of their lines.
        last_seq: The greatest number of an entry.
        damaged: Lines that are not as they were written.
        whole_bytes: Bytes up to the last newline.
        torn_bytes: Bytes after it: a write that was cut short.
    """

    header: Header | None = None
    waiting: int = 0
    waiting_bytes: int = 0
    last_seq: int = 0
    damaged: int = 0
    whole_bytes: int = 0
    torn_bytes: int = 0


def scan(chunks: Iterable[bytes], settled: SeqSet) -> Summary:
    """Sum up a file.

    Read the files of a directory from the last to the first: what became of an entry is written after it.

    Args:
        chunks: The file's bytes.
        settled: The numbers that the later files settle; this file's own are added.

    Returns:
        The summary.

    Raises:
        NewerFormat: The file is of a later version.
    """
    summary = Summary()
    seqs, sizes = array("Q"), array("Q")
    for lines in lines_of(_counted(chunks, summary)):
        for line in lines:
            summary.whole_bytes += len(line) + 1
            try:
                if line[:2] == b"E\t":
                    seqs.append(seq_of(unwrap(line)))
                    sizes.append(len(line) + 1)
                else:
                    _take(decode(line), summary, settled)
            except ValueError:
                summary.damaged += 1
    summary.torn_bytes -= summary.whole_bytes
    summary.last_seq = max(seqs, default=0)
    waiting = (
        [size for seq, size in zip(seqs, sizes, strict=True) if seq not in settled] if settled else sizes
    )
    summary.waiting, summary.waiting_bytes = len(waiting), sum(waiting)
    return summary


def _counted(chunks: Iterable[bytes], summary: Summary) -> Iterator[bytes]:
    for chunk in chunks:
        summary.torn_bytes += len(chunk)
        yield chunk


def _take(record: object, summary: Summary, settled: SeqSet) -> None:
    if isinstance(record, Header):
        summary.header = record
    elif isinstance(record, Settled):
        for first, last in record.ranges:
            settled.add(first, last)
