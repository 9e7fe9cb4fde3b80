"""Lines of a spool: what goes in comes out, and what was changed is found out."""

from itertools import pairwise
from typing import get_args
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ciokit.errors import InvalidData
from ciokit.stores.journal import (
    FORMAT,
    NUMBERS,
    DeadLetter,
    Fate,
    Gone,
    Header,
    Kept,
    NewerFormat,
    Outcome,
    Settled,
    decode,
    encode_dead_letter,
    encode_entry,
    encode_fate,
    encode_gone,
    encode_header,
    read_entry,
    seq_of,
    unwrap,
)
from ciokit.wire import TRACK_V2, Entry, Route

EVENT = Entry(b'{"action":"event"}', ("id:42",), "event", id="01J00000000000000000000000")

texts = st.text(st.characters(exclude_categories=["Cs"]))
bodies = st.binary().map(lambda data: data.replace(b"\n", b"\t"))
routes = st.builds(Route, texts, texts, texts, st.integers(0, 10**9), st.integers(0, 10**9)) | st.just(
    TRACK_V2
)
entries = st.builds(
    Entry, bodies, st.lists(texts, max_size=3).map(tuple), texts, routes, st.none() | texts, st.booleans()
)
seqs = st.integers(1, NUMBERS - 1)


def sealed(payload: bytes) -> bytes:
    """End a payload as lines end."""
    return payload + b"\t[%d,%d]" % (len(payload), crc32(payload))


@given(seqs, entries)
def test_an_entry_survives(seq: int, entry: Entry) -> None:
    """An entry is one line, whatever is in it, and comes out equal with its number."""
    line = encode_entry(seq, entry)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert decode(line[:-1]) == Kept(seq, entry)
    payload = unwrap(line[:-1])
    assert seq_of(payload) == seq
    assert read_entry(payload) == (seq, entry)


@given(seqs, entries, texts, st.integers(0, 999), st.integers(0, 99), st.floats(0, 1e11))
def test_a_dead_letter_survives(
    seq: int, entry: Entry, reason: str, status: int, attempts: int, at: float
) -> None:
    """A dead letter comes out equal, with why and when."""
    letter = DeadLetter(seq, entry, reason, status, attempts, at)
    line = encode_dead_letter(letter)
    assert line.count(b"\n") == 1
    assert decode(line[:-1]) == letter


@given(st.sampled_from(get_args(Outcome)), st.sets(st.integers(0, 200), min_size=1), texts)
def test_what_became_of_entries_survives(outcome: Outcome, numbers: set[int], reason: str) -> None:
    """The numbers come out as the ranges that hold them and no other, in order and as few as can be."""
    fate = Fate(outcome, list(numbers), reason, 400, 3)
    settled = decode(encode_fate(fate)[:-1])
    assert isinstance(settled, Settled)
    assert (settled.outcome, settled.reason, settled.status, settled.attempts) == (outcome, reason, 400, 3)
    assert [seq for first, last in settled.ranges for seq in range(first, last + 1)] == sorted(numbers)
    assert all(last + 1 < first for (_, last), (first, _) in pairwise(settled.ranges))


def test_headers_and_marks_survive() -> None:
    """A file's first line, and the mark of dead letters that are seen to, come out equal."""
    assert decode(encode_header(7)[:-1]) == Header(segment=7, replaces=7)
    assert decode(encode_header(7, 3)[:-1]) == Header(segment=7, replaces=3)
    assert decode(encode_gone([3, 1, 2, 9], "purged")[:-1]) == Gone(((1, 3), (9, 9)), "purged")


@pytest.mark.parametrize(
    "line", [encode_entry(17, EVENT), encode_fate(Fate("delivered", [1, 2])), encode_header(1)]
)
def test_a_changed_byte_is_found_out(line: bytes) -> None:
    """No change of one byte, at any place, makes another record of a line."""
    for place in range(len(line) - 1):
        for bit in range(8):
            changed = bytearray(line[:-1])
            changed[place] ^= 1 << bit
            with pytest.raises(ValueError, match="checksum"):
                decode(bytes(changed))


def test_a_cut_line_is_found_out() -> None:
    """No beginning of a line is a record, and no end of one."""
    line = encode_entry(17, EVENT)[:-1]
    for cut in range(len(line)):
        for part in (line[:cut], line[cut + 1 :]):
            with pytest.raises(ValueError, match="checksum"):
                decode(part)


def test_a_body_with_a_line_break_is_refused() -> None:
    """A body that would break the lines is refused by the entry's kind, without a word of the body."""
    with pytest.raises(InvalidData, match="event: body: has a line break") as caught:
        encode_entry(1, Entry(b'{"secret":\n1}', ("id:42",), "event"))
    assert "secret" not in str(caught.value)


def test_a_later_format_is_told_from_damage() -> None:
    """A file of a later version is neither read nor called damaged."""
    line = encode_header(1).replace(b"[%d]" % FORMAT, b"[%d]" % (FORMAT + 1))
    payload = line.rpartition(b"\t")[0]
    with pytest.raises(NewerFormat, match=f"format {FORMAT + 1}") as caught:
        decode(sealed(payload))
    assert caught.value.version == FORMAT + 1


@pytest.mark.parametrize("payload", [b"", b"E\tnothing\t{}", b"Z\t1", b"S\t[1]", b"H\t[1]\t[]"])
def test_a_sound_line_without_sense_is_refused(payload: bytes) -> None:
    """A line whose checksum fits but which says nothing is no record."""
    with pytest.raises(ValueError, match=r"."):
        decode(sealed(payload))


def test_the_format_is_what_it_was() -> None:
    """The lines that version 1 writes never change: a later ciokit must read a spool that is full today."""
    assert FORMAT == 1
    written = [
        encode_header(2, 1),
        encode_entry(17, EVENT),
        encode_entry(18, Entry(b"{}", ("id:1", "id:2"), "merge", TRACK_V2, None, replay_safe=False)),
        encode_fate(Fate("rejected", [17], "no such field", 400, 1)),
        encode_dead_letter(DeadLetter(1, EVENT, "no such field", 400, 1, 1.5)),
        encode_gone([1], "retried"),
    ]
    assert b"".join(written).decode() == (
        'H\t[1]\t{"segment":2,"replaces":1}\t[32,1358835343]\n'
        'E\t[17,["id:42"],"event","01J00000000000000000000000"]\t{"action":"event"}\t[72,656705864]\n'
        'E\t[18,["id:1","id:2"],"merge",null,false,{"method":"POST","path":"/api/v2/entity","batch":"/api/v2/batch","item_limit":32000,"batch_limit":500000}]\t{}\t[150,1501256178]\n'
        'S\t["rejected",[[17,17]],"no such field",400,1]\t[46,1878083552]\n'
        'L\t[1,["id:42"],"event","01J00000000000000000000000"]\t["no such field",400,1,1.5]\t{"action":"event"}\t[99,2132428793]\n'
        'G\t[[[1,1]],"retried"]\t[21,3026008929]\n'
    )
