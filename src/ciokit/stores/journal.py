r"""What a spool's files mean: lines and their checksums.

A file is a run of text lines, each one record, its fields parted by tabs, which JSON never holds unescaped:

    H  [version]     {"segment":7,"replaces":5}   [length,checksum]      the first line of every file
    E  [seq,keys,kind,id,replay_safe,route]  body [length,checksum]      an entry, as it will be sent
    S  [outcome,ranges,reason,status,attempts]    [length,checksum]      what became of entries
    L  [seq,keys,...]  [reason,status,attempts,at]  body  [length,checksum]    a dead letter
    G  [ranges,reason]                            [length,checksum]      dead letters that are seen to

The last field is about all before it: its bytes, and their CRC-32. `cut -f3` shows the bodies of entries.

Pure: bytes in, records out. It knows no file, no directory and no clock.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal, TypeAlias
from zlib import crc32

import msgspec

from ciokit.errors import CiokitError, InvalidData, Problem
from ciokit.wire import PIPELINES, TRACK_V2, Entry, Route

__all__ = [
    "FORMAT",
    "NUMBERS",
    "DeadLetter",
    "Fate",
    "Gone",
    "Header",
    "Kept",
    "NewerFormat",
    "Outcome",
    "Record",
    "Settled",
    "decode",
    "encode_dead_letter",
    "encode_entry",
    "encode_fate",
    "encode_gone",
    "encode_header",
    "read_entry",
    "seq_of",
    "unwrap",
]

FORMAT: Final = 1
"""The version of the line format that this module writes; it reads this one and those before."""

NUMBERS: Final = 1 << 52
"""Sequence numbers are below this: at a million entries a second they last a process for 142 years."""
_MOST_AT_ONCE: Final = 1 << 28
"""The most entries that one line says something of."""

Outcome: TypeAlias = Literal["delivered", "rejected", "dropped"]
Ranges: TypeAlias = Sequence[tuple[int, int]]
"""Sequence numbers as (first, last), both within."""


class NewerFormat(CiokitError):  # noqa: N818 - reads as what it is at an `except`
    """A file was written by a later version of ciokit.

    Attributes:
        version: The file's format.
        file: Its name below the directory that was read; empty where only a line of it is known.
    """

    def __init__(self, version: int, file: str = "") -> None:
        self.version = version
        self.file = file
        super().__init__(version, file)

    def __str__(self) -> str:
        what = f"the file {self.file}" if self.file else "the file"
        return f"{what} has format {self.version}, this ciokit reads up to {FORMAT}: upgrade it, or drain the spool with the later one"


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """Open a file.

    Attributes:
        segment: The file's number in its directory.
        replaces: The first of the segments whose remains this one holds; its own number when it replaces none.
    """

    segment: int
    replaces: int


class Kept(msgspec.Struct, frozen=True):
    """Hold an entry and its number.

    Attributes:
        seq: Its sequence number, unique in its directory.
        entry: The entry.
    """

    seq: int
    entry: Entry


class Fate(msgspec.Struct, frozen=True):
    """Say what became of entries.

    Attributes:
        outcome: `delivered` (the service took them), `rejected` (it refused them for good: dead letters) or
            `dropped` (they were given up unsent).
        seqs: Which entries.
        reason: Why they were rejected or dropped, in words without a payload.
        status: The HTTP status of a rejection, 0 when there was none.
        attempts: How often a rejected entry was sent.
    """

    outcome: Outcome
    seqs: Sequence[int]
    reason: str = ""
    status: int = 0
    attempts: int = 0


class DeadLetter(msgspec.Struct, frozen=True):
    """Hold an entry that the service refused.

    Attributes:
        seq: Its number in its file.
        entry: The entry.
        reason: Why it was refused.
        status: The HTTP status, 0 when there was none.
        attempts: How often it was sent.
        at: Unix time of the refusal.
    """

    seq: int
    entry: Entry
    reason: str
    status: int
    attempts: int
    at: float


class Gone(msgspec.Struct, frozen=True, array_like=True):
    """Say that dead letters need no more attention.

    Attributes:
        ranges: Which.
        reason: `retried` or `purged`.
    """

    ranges: tuple[tuple[int, int], ...]
    reason: str


class Settled(msgspec.Struct, frozen=True, array_like=True):
    """Hold what became of entries, as a file has it.

    Attributes:
        outcome: As in `Fate`.
        ranges: Which entries.
        reason: As in `Fate`.
        status: As in `Fate`.
        attempts: As in `Fate`.
    """

    outcome: Outcome
    ranges: tuple[tuple[int, int], ...]
    reason: str = ""
    status: int = 0
    attempts: int = 0


class _Refusal(msgspec.Struct, frozen=True, array_like=True):
    reason: str
    status: int
    attempts: int
    at: float


class _Head(msgspec.Struct, frozen=True, array_like=True):
    seq: int
    keys: tuple[str, ...]
    kind: str
    id: str | None = None
    replay_safe: bool = True
    route: Route = TRACK_V2


Record: TypeAlias = Header | Kept | Settled | DeadLetter | Gone

_encode = msgspec.json.Encoder().encode
_decode_head = msgspec.json.Decoder(_Head).decode
_decode_short_head = msgspec.json.Decoder(tuple[int, tuple[str, ...], str, str | None]).decode
_decode_settled = msgspec.json.Decoder(Settled).decode
_decode_version = msgspec.json.Decoder(tuple[int]).decode
_decode_header = msgspec.json.Decoder(Header).decode
_decode_refusal = msgspec.json.Decoder(_Refusal).decode
_decode_gone = msgspec.json.Decoder(Gone).decode


def encode_entry(seq: int, entry: Entry) -> bytes:
    """Encode an entry as a line.

    Args:
        seq: Its sequence number.
        entry: The entry; its body is JSON on one line.

    Returns:
        The line, newline included.

    Raises:
        InvalidData: The body has a line break.
    """
    body = entry.body
    if 10 in body:  # an int: looking for b"\n" costs four times as much
        raise _line_break(entry)
    if entry.route is TRACK_V2 and entry.replay_safe:
        head = _encode((seq, entry.keys, entry.kind, entry.id))
    else:
        head = _encode_head(seq, entry)
    # Joining is cheaper than formatting, and numbers are cheapest as JSON; every event pays for this.
    payload = b"".join((b"E\t", head, b"\t", body))
    return b"".join((payload, b"\t", _encode((len(payload), crc32(payload))), b"\n"))


def encode_dead_letter(letter: DeadLetter) -> bytes:
    """Encode a dead letter as a line."""
    refusal = _encode(_Refusal(letter.reason, letter.status, letter.attempts, letter.at))
    return _line(b"L", _encode_head(letter.seq, letter.entry), refusal, letter.entry.body)


def encode_fate(fate: Fate) -> bytes:
    """Encode what became of entries as a line."""
    ranges = tuple(_to_ranges(fate.seqs))
    settled = Settled(fate.outcome, ranges, fate.reason, fate.status, fate.attempts)
    return _line(b"S", _encode(settled))


def encode_gone(seqs: Iterable[int], reason: str) -> bytes:
    """Encode as a line that dead letters were sent again or purged."""
    return _line(b"G", _encode(Gone(tuple(_to_ranges(seqs)), reason)))


def encode_header(segment: int, replaces: int | None = None) -> bytes:
    """Encode a file's first line."""
    header = Header(segment=segment, replaces=segment if replaces is None else replaces)
    return _line(b"H", _encode((FORMAT,)), _encode(header))


def unwrap(line: bytes) -> bytes:
    """Take the payload out of a line, its newline left out.

    Raises:
        ValueError: The line is not as it was written.
    """
    payload, _, seal = line.rpartition(b"\t")
    if seal != _encode((len(payload), crc32(payload))):
        msg = "the checksum does not fit the line"
        raise ValueError(msg)
    return payload


def seq_of(payload: bytes) -> int:
    """Read the number of a payload that is an entry's (`E`), without reading the entry.

    Raises:
        ValueError: It has none.
    """
    return _in_range(int(payload[3 : payload.index(b",", 3)]))


def read_entry(payload: bytes) -> tuple[int, Entry]:
    """Read a payload that is an entry's (`E`).

    Raises:
        ValueError: It is not as it should be.
    """
    _, head, body = payload.split(b"\t", 2)
    try:
        seq, keys, kind, id_ = _decode_short_head(head)
    except msgspec.DecodeError:
        return _entry(head, body)
    return _in_range(seq), Entry(body, keys, kind, TRACK_V2, id_)


def decode(line: bytes) -> Record:
    """Read a line, its newline left out.

    Raises:
        ValueError: The line is not as it was written.
        NewerFormat: It is the first line of a file of a later version.
    """
    payload = unwrap(line)
    try:
        return _decode(payload)
    except (msgspec.DecodeError, RecursionError) as error:  # the latter: nested beyond all measure
        raise ValueError(*error.args) from error


def _decode(payload: bytes) -> Record:
    match payload[:2]:
        case b"E\t":
            return Kept(*read_entry(payload))
        case b"S\t":
            settled = _decode_settled(payload[2:])
            _check_ranges(settled.ranges)
            return settled
        case b"L\t":
            _, head, refused, body = payload.split(b"\t", 3)
            why = _decode_refusal(refused)
            return DeadLetter(*_entry(head, body), why.reason, why.status, why.attempts, why.at)
        case b"G\t":
            gone = _decode_gone(payload[2:])
            _check_ranges(gone.ranges)
            return gone
        case b"H\t":
            return _header(payload)
        case _:
            msg = "the line is of no known kind"
            raise ValueError(msg)


def _header(payload: bytes) -> Header:
    _, first, header = payload.split(b"\t", 2)
    (version,) = _decode_version(first)
    if version > FORMAT:
        raise NewerFormat(version)
    return _decode_header(header)


def _in_range(seq: int) -> int:
    if not 0 <= seq < NUMBERS:
        msg = f"{seq} is no sequence number"
        raise ValueError(msg)
    return seq


def _check_ranges(ranges: Ranges) -> None:
    for first, last in ranges:
        if not 0 <= first <= last < min(NUMBERS, first + _MOST_AT_ONCE):
            msg = f"{first} to {last} is no range of sequence numbers"
            raise ValueError(msg)


def _to_ranges(seqs: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Join numbers into ranges (first, last), in ascending order."""
    first = last = -1
    for seq in sorted(seqs):
        if seq != last + 1 or last < 0:
            if last >= 0:
                yield first, last
            first = seq
        last = seq
    if last >= 0:
        yield first, last


def _line(*fields: bytes) -> bytes:
    payload = b"\t".join(fields)
    return b"%b\t%b\n" % (payload, _encode((len(payload), crc32(payload))))


def _encode_head(seq: int, entry: Entry) -> bytes:
    if entry.route == TRACK_V2 and entry.replay_safe:
        return _encode((seq, entry.keys, entry.kind, entry.id))
    return _encode(_Head(seq, entry.keys, entry.kind, entry.id, entry.replay_safe, entry.route))


def _entry(head: bytes, body: bytes) -> tuple[int, Entry]:
    try:
        whole = _decode_head(head)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(*error.args) from error
    # One object for each of these: batches are filled by looking whether the route is the same one.
    route = next((known for known in (TRACK_V2, PIPELINES) if whole.route == known), whole.route)
    return _in_range(whole.seq), Entry(body, whole.keys, whole.kind, route, whole.id, whole.replay_safe)


def _line_break(entry: Entry) -> InvalidData:
    return InvalidData(entry.kind, (Problem("body", "has a line break; a spooled body is JSON on one line"),))
