"""The rows of an exported file, however its bytes come in."""

import csv
import gzip
import io
import zlib
from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ciokit.app.rows import RowReader

CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)


def written(rows: list[list[str]], terminator: str) -> bytes:
    """Write rows; the module leaves a carriage return bare that others would put into quotes."""
    text = io.StringIO()
    bare = any("\r" in cell for row in rows for cell in row)
    quoting: Literal[0, 1] = csv.QUOTE_ALL if bare else csv.QUOTE_MINIMAL
    csv.writer(text, lineterminator=terminator, quoting=quoting).writerows(rows)
    return text.getvalue().encode()


def read(file: bytes, cuts: list[int]) -> list[dict[str, str]]:
    """Read a file that comes in pieces."""
    reader = RowReader()
    places = sorted({0, len(file), *(cut % (len(file) + 1) for cut in cuts)})
    rows = [row for start, end in pairwise(places) for row in reader.feed(file[start:end])]
    return rows + reader.end()


@given(
    st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=6),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.lists(st.integers(0, 500), max_size=8),
)
def test_rows_are_the_same_wherever_the_file_is_cut(
    rows: list[list[str]], terminator: str, packed: bool, cuts: list[int]
) -> None:
    """Line breaks in values, characters of many bytes, compression: no cut between bytes changes a row."""
    header = ["id", "e-mail", "näme"]
    file = written([header, *rows], terminator)
    expected = [dict(zip(header, row, strict=True)) for row in rows]
    assert read(gzip.compress(file) if packed else file, cuts) == expected


def test_a_file_may_begin_with_a_mark_and_end_without_a_line_break() -> None:
    """Neither is part of a value."""
    assert read(b"\xef\xbb\xbfid,a\n1,x", []) == [{"id": "1", "a": "x"}]


def test_an_empty_file_has_no_rows() -> None:
    """Nothing, or a header alone, is no row."""
    assert read(b"", []) == read(b"id,a\n", []) == read(b"i", []) == []


def test_rows_of_another_length_lose_nothing() -> None:
    """Missing values are empty, and surplus ones have columns of their own."""
    assert read(b"a,b\n1\n1,2,3\n", []) == [{"a": "1", "b": ""}, {"a": "1", "b": "2", "column 3": "3"}]


def test_a_file_that_was_packed_in_parts_is_read_to_the_end() -> None:
    """Compressed files that were put together are one compressed file, with or without padding after each."""
    parts = [gzip.compress(b"id,a\n1,x\n2,"), b"\0" * 8, gzip.compress(b"y\n3,z\n"), b"\0"]
    expected = [{"id": "1", "a": "x"}, {"id": "2", "a": "y"}, {"id": "3", "a": "z"}]
    file = b"".join(parts)
    assert read(file, list(range(len(file)))) == read(file, []) == expected


def test_a_packed_file_that_breaks_off_is_an_error_and_not_an_end() -> None:
    """What lacks its end lacks rows, however whole the last row looks."""
    file = gzip.compress(b"id,a\n1,x\n")
    for length in range(3, len(file)):
        with pytest.raises(zlib.error):
            read(file[:length], [])


def test_a_file_that_ends_inside_of_a_value_is_an_error_and_not_an_end() -> None:
    """A file that breaks off without the connection telling so does not pass a half for a whole."""
    for file in (b'id,a\n1,"x', b'id,a\n1,"x\n', b'id,a\n1,"x\n2,y\n'):
        with pytest.raises(csv.Error, match="ends inside"):
            read(file, [])
    assert read(b'id,a\n1,"x\ny"', []) == [{"id": "1", "a": "x\ny"}]


def test_a_quote_that_is_never_closed_is_an_error() -> None:
    """It does not gather the whole of a long file in memory."""
    reader = RowReader()
    reader.feed(b'id,a\n1,"x')
    lines = b"a line\n" * 100_000
    for _ in range((1 << 24) // len(lines)):
        assert reader.feed(lines) == []
    with pytest.raises(csv.Error, match="longer than"):
        reader.feed(lines)
