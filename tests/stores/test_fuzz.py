"""Files of any bytes: whatever they hold, reading them neither fails nor makes an entry of what was never one."""

import json
import tempfile
from collections import Counter
from itertools import pairwise
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ciokit.stores.journal import (
    DeadLetter,
    Fate,
    NewerFormat,
    decode,
    encode_dead_letter,
    encode_entry,
    encode_fate,
    encode_gone,
    encode_header,
)
from ciokit.stores.replay import SeqSet, entries_in, lines_of, scan
from ciokit.stores.spool import Spool
from ciokit.wire import Entry

from .conftest import MEMORY
from .contract import EVERYTHING, entry


def sealed(payload: bytes) -> bytes:
    """Make a line whose checksum fits, whatever it says."""
    return b"%b\t[%d,%d]\n" % (payload, len(payload), crc32(payload))


def is_sound(line: bytes) -> bool:
    """Tell whether a line's checksum fits; worked out here in another way than there."""
    payload, tab, seal = line.rpartition(b"\t")
    try:
        return bool(tab) and json.loads(seal) == [len(payload), crc32(payload)]
    except ValueError:
        return False


def sound_entries(lines: list[bytes]) -> list[tuple[int, bytes]]:
    """Find the lines that an entry may be read from: their bytes, and the entry's body."""
    sound = [line for line in lines if is_sound(line) and line[:2] == b"E\t" and line.count(b"\t") > 2]
    return [(len(line) + 1, line.rpartition(b"\t")[0].split(b"\t", 2)[2]) for line in sound]


def numbered(number: int) -> bytes:
    """Say of an entry that it has a number."""
    return sealed(b'E\t[%d,["id:1"],"event",null]\t{}' % number)


def settling(first: int, last: int) -> bytes:
    """Say of a range that it is settled."""
    return sealed(b'S\t["delivered",[[%d,%d]]]' % (first, last))


def beginning(segment: int) -> bytes:
    """Begin a file of some number."""
    return sealed(b'H\t[1]\t{"segment":%d,"replaces":1}' % segment)


def letter(number: int) -> bytes:
    """Be a dead letter."""
    return encode_dead_letter(DeadLetter(number, entry(number), "no", 400, 1, 1.0))


def delivered(seqs: set[int]) -> bytes:
    """Say of entries that they are delivered."""
    return encode_fate(Fate("delivered", sorted(seqs)))


def gone(number: int) -> bytes:
    """Say of a dead letter that it is seen to."""
    return encode_gone([number], "purged")


small = st.integers(1, 50)
numbers = st.one_of(small, st.integers(-(2**70), 2**70))
sound = st.one_of(
    st.builds(encode_entry, small, st.builds(entry, st.integers(0, 99), size=st.integers(0, 50))),
    st.sets(small, min_size=1).map(delivered),
    st.integers(1, 3).map(encode_header),
    small.map(letter),
    small.map(gone),
)
odd = st.one_of(
    st.binary(max_size=60).map(sealed),
    st.tuples(st.sampled_from([b"E\t", b"S\t", b"L\t", b"G\t", b"H\t"]), st.binary(max_size=60))
    .map(b"".join)
    .map(sealed),
    numbers.map(numbered),
    st.builds(settling, numbers, numbers),
    numbers.map(beginning),
)


@st.composite
def changed(draw: st.DrawFn) -> bytes:
    """Change some bytes of a line that was sound."""
    line = bytearray(draw(st.one_of(sound, odd)))
    for _ in range(draw(st.integers(1, 3))):
        line[draw(st.integers(0, len(line) - 1))] = draw(st.integers(0, 255))
    return bytes(line)


some_line = st.one_of(
    sound, odd, changed(), st.binary(max_size=80), st.binary(max_size=10).map(b"%b\n".__mod__)
)
files = st.lists(some_line, max_size=12).map(b"".join)
# CPython 3.14 and later take as much as the stack of the thread does, earlier ones a thousand levels or ten thousand.
deep = sealed(b'H\t[1]\t{"segment":1,"replaces":1,"x":' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}")
wide = sealed(b'S\t["delivered",[[0,18446744073709551615]]]')


@given(files, st.lists(st.integers(0, 600), max_size=5))
@example(deep, [])
@example(wide, [])
def test_no_entry_without_its_checksum(data: bytes, cuts: list[int]) -> None:
    """Every entry that is read stands in a line whose checksum fits, with its own bytes; all else is counted as damage."""
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    chunks = [data[start:end] for start, end in pairwise(places)]
    lines = [line for lines in lines_of(chunks) for line in lines]
    found, damaged = entries_in(lines, SeqSet())
    assert Counter((size, one.body) for _, one, size in found) <= Counter(sound_entries(lines))
    assert not any(is_sound(line) and line[:2] != b"E\t" for line in damaged)
    assert all(line in damaged for line in lines if not is_sound(line))
    try:
        summary = scan(chunks, SeqSet())
    except NewerFormat:
        return
    assert summary.damaged >= sum(not is_sound(line) for line in lines)
    assert summary.waiting + summary.damaged <= len(lines)
    assert summary.whole_bytes + summary.torn_bytes == len(data)


@given(st.one_of(files, odd, changed()))
@example(deep[:-1])
@example(wide[:-1])
def test_a_line_is_read_or_refused(line: bytes) -> None:
    """Reading any line gives a record or one of two errors, and never a record where the checksum does not fit."""
    try:
        decode(line.rstrip(b"\n"))
    except (ValueError, NewerFormat):
        return
    assert is_sound(line.rstrip(b"\n"))


@given(files)
@example(deep)
@example(wide)
def test_a_spool_takes_over_any_file(data: bytes) -> None:
    """A spool that finds any bytes in a dead process's file hands out what is sound, and can be emptied and used."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as base:
        directory = Path(base) / "spool"
        spool = Spool(directory)
        spool.put([entry(1)])
        spool.close()
        (journal,) = directory.glob("*/*.journal")
        journal.write_bytes(data)
        spool = Spool(directory)
        polled = spool.poll(*EVERYTHING)
        bodies = {body for _, body in sound_entries(data.split(b"\n"))}
        assert {one.body for _, one in polled} <= bodies
        spool.settle([Fate("delivered", [seq for seq, _ in polled])])
        spool.put([Entry(b"{}", (), "event")])
        assert [one.body for _, one in spool.poll(*EVERYTHING)] == [b"{}"]
        spool.close()


@pytest.mark.parametrize("line", [deep, wide])
def test_a_sound_line_out_of_reason_is_damage(line: bytes) -> None:
    """A line that nothing of ours can have written is damage, however well its checksum fits."""
    assert scan([line], SeqSet()).damaged == 1
