"""Files summed up from their lines alone."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ciokit.stores.journal import Fate, encode_entry, encode_fate, encode_header
from ciokit.stores.replay import SeqSet, entries_in, lines_of, scan

from .contract import entry

ranges = st.tuples(st.integers(0, 10_000), st.integers(0, 5_000)).map(
    lambda pair: (pair[0], pair[0] + pair[1])
)


def chunked(data: bytes, cuts: list[int]) -> list[bytes]:
    """Cut bytes at some places."""
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    return [data[start:end] for start, end in pairwise(places)]


@given(st.lists(ranges, max_size=8), st.lists(st.integers(0, 16_000)))
def test_a_set_of_numbers_is_a_set(added: list[tuple[int, int]], asked: list[int]) -> None:
    """Ranges of any size and overlap make the same set as one number after the other."""
    seqs, model = SeqSet(), set[int]()
    for first, last in added:
        seqs.add(first, last)
        model.update(range(first, last + 1))
    assert bool(seqs) == bool(model)
    for seq in [*asked, *(edge + step for pair in added for edge in pair for step in (-1, 0, 1))]:
        assert (seq in seqs) == (seq in model)


def test_a_set_of_numbers_takes_little_memory() -> None:
    """Numbers that are far apart cost nothing in between."""
    seqs = SeqSet()
    seqs.add(5, 5)
    seqs.add(10**15, 10**15 + 3)
    assert 5 in seqs
    assert 10**15 + 3 in seqs
    assert 10**14 not in seqs


@given(st.binary(), st.lists(st.integers(0, 300)))
def test_chunks_do_not_matter(data: bytes, cuts: list[int]) -> None:
    """The lines of a file are the same however it is read."""
    found = [line for lines in lines_of(chunked(data, cuts)) for line in lines]
    assert found == data.split(b"\n")[:-1]


@given(
    st.lists(st.integers(0, 100), min_size=1, max_size=20),
    st.data(),
    st.lists(st.integers(0, 3000)),
)
def test_a_file_is_summed_up(sizes: list[int], data: st.DataObject, cuts: list[int]) -> None:
    """What waits is what was put, less what this file or a later one settles; a cut tail is told apart."""
    seqs = range(10, 10 + len(sizes))
    here, later = (data.draw(st.sets(st.sampled_from(seqs))) for _ in range(2))
    lines = [encode_entry(seq, entry(seq, size=size)) for seq, size in zip(seqs, sizes, strict=True)]
    tail = data.draw(st.sampled_from([b"", b"E\t[10"]))
    text = encode_header(3, 2) + b"".join(lines)
    text += encode_fate(Fate("delivered", sorted(here))) if here else b""
    settled = SeqSet()
    for seq in later:
        settled.add(seq, seq)
    summary = scan(chunked(text + tail, cuts), settled)
    waiting = [seq for seq in seqs if seq not in here | later]
    assert summary.header is not None
    assert summary.header.replaces == 2
    assert (summary.waiting, summary.last_seq, summary.damaged) == (len(waiting), seqs[-1], 0)
    assert summary.waiting_bytes == sum(len(lines[seq - 10]) for seq in waiting)
    assert (summary.whole_bytes, summary.torn_bytes) == (len(text), len(tail))
    found, damaged = entries_in(text.split(b"\n")[:-1], settled)
    assert not damaged
    assert found == [(seq, entry(seq, size=sizes[seq - 10]), len(lines[seq - 10])) for seq in waiting]
