"""Rows out of files, and what is told of files that are none."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ciokit.cli.failures import UsageError
from ciokit.cli.imports.csv_rows import CsvSource, sniff_delimiter
from ciokit.cli.imports.json_rows import JsonLinesSource
from ciokit.cli.imports.survey import still_the_same, survey


def csv_source(directory: Path, text: str) -> CsvSource:
    """Write a CSV file and open it."""
    path = directory / "rows.csv"
    path.write_bytes(text.encode())
    return CsvSource(path, survey(path, text=True).lines)


def json_source(directory: Path, text: str) -> JsonLinesSource:
    """Write a JSON Lines file and open it."""
    path = directory / "rows.jsonl"
    path.write_bytes(text.encode())
    return JsonLinesSource(path, survey(path, text=True).lines)


def test_rows_know_their_lines(tmp_path: Path) -> None:
    """Each row has the line where it begins: cells may hold line breaks, and blank lines are none."""
    source = csv_source(tmp_path, 'id,text\n1,a\n\n2,"b\nc\nd"\n3,e\n')
    assert [(row.line, row.cells["text"]) for row in source.rows()] == [(2, "a"), (4, "b\nc\nd"), (7, "e")]
    assert source.total == 7


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_dialects(tmp_path: Path, ending: str, mark: str, delimiter: str) -> None:
    """Delimiter, line endings and a byte order mark are found out."""
    lines = [delimiter.join(cells) for cells in (["id", "name", "note"], ["1", "Ada", "x"], ["2", "Jun", ""])]
    source = csv_source(tmp_path, mark + ending.join(lines) + ending)
    assert source.columns == ["id", "name", "note"]
    assert [row.cells for row in source.rows()] == [
        {"id": "1", "name": "Ada", "note": "x"},
        {"id": "2", "name": "Jun", "note": ""},
    ]


@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8), min_size=2, max_size=2
        ),
        max_size=6,
    )
)
def test_cells_come_back(tmp_path_factory: pytest.TempPathFactory, cells: list[list[str]]) -> None:
    """What the csv module wrote is read cell for cell."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([["a", "b"], *cells])
    source = csv_source(tmp_path_factory.mktemp("csv"), text.getvalue())
    assert [list(row.raw) for row in source.rows()] == cells


def test_skipping(tmp_path: Path) -> None:
    """Rows of an earlier run are left out, by number and not by line."""
    source = csv_source(tmp_path, 'id\n1\n\n"2\n"\n3\n')
    assert [row.cells["id"] for row in source.rows(2)] == ["3"]
    assert [row.cells["id"] for row in json_source(tmp_path, '{"id":1}\n\n{"id":2}\n').rows(1)] == [2]


def test_a_row_of_another_width(tmp_path: Path) -> None:
    """A row with more or fewer cells than the header is no row, and the next one is."""
    rows = list(csv_source(tmp_path, "a,b\n1\n1,2,3\n1,2\n").rows())
    assert [row.problem for row in rows] == [
        "has 1 cells, the header has 2",
        "has 3 cells, the header has 2",
        "",
    ]
    assert rows[1].raw == ["1", "2", "3"]


def test_a_quote_that_does_not_end(tmp_path: Path) -> None:
    """It is told with the lines that it swallows."""
    rows = list(csv_source(tmp_path, 'a,b\n1,2\n1,"2\n3,4\n').rows())
    assert [(row.line, row.problem.partition(":")[0]) for row in rows] == [
        (2, ""),
        (3, "no CSV up to line 4"),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b,a\n1,2,3\n", "column 'a' is there twice"),
        ("\n\n", "no header"),
        (",,\n1,2,3\n", "no header"),
    ],
)
def test_headers_that_name_nothing(tmp_path: Path, text: str, words: str) -> None:
    """A header must name each column once."""
    with pytest.raises(UsageError, match=words):
        csv_source(tmp_path, text)


def test_a_column_without_a_name(tmp_path: Path) -> None:
    """The index that a data frame writes has no name; it is left out, and that is said."""
    source = csv_source(tmp_path, ",id\n0,1\n")
    assert source.columns == ["id"]
    assert source.notes == ["column 1 has no name and is not sent"]
    source = csv_source(tmp_path, "id,,\n1,,\n")
    assert source.notes == ["columns 2, 3 have no names and are not sent"]


@pytest.mark.parametrize(
    ("lines", "delimiter"),
    [
        (["a\n", "b\n"], ","),
        (["text\n", "one, two\n", "three; four\n"], ","),
        (["a;b\n", "1,5;2\n", "1;2\n"], ";"),
        (["a,b;c,d\n", "1,2;3,4\n"], ","),
        ([], ","),
    ],
)
def test_delimiters(lines: list[str], delimiter: str) -> None:
    """It is what cuts all rows into as many cells as the header has."""
    assert sniff_delimiter(lines) == delimiter


def test_json_lines(tmp_path: Path) -> None:
    """Each line is an object with its types; what is none is told by its line."""
    text = '\ufeff{"id":1,"tags":["a"],"big":12345678901234567890123}\n\n[1]\n{"id":\n"x"\n{"id":2,"more":null}\n'
    source = json_source(tmp_path, text)
    assert source.columns == ("id", "tags", "big", "more")
    rows = list(source.rows())
    assert rows[0].cells == {"id": 1, "tags": ["a"], "big": 12345678901234567890123}
    assert [(row.line, bool(row.problem)) for row in rows] == [
        (1, False),
        (3, True),
        (4, True),
        (5, True),
        (6, False),
    ]
    assert all(row.problem.startswith("no JSON object: ") for row in rows if row.problem)


def test_a_json_array_is_no_json_lines(tmp_path: Path) -> None:
    """It is told with the way to make JSON Lines of it."""
    with pytest.raises(UsageError, match="jq -c"):
        json_source(tmp_path, '[{"id":1}]\n')


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        ("id\n1\n".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04\0\0\0", "binary"),
        ("id\n1\nJörg\n".encode("latin-1"), "line 3: not UTF-8"),
        (b"id\n\xe2\x82", "line 2: not UTF-8"),
        (b"x\n" * 600_000 + b"\xff", "line 600001: not UTF-8"),
    ],
)
def test_what_is_no_text(tmp_path: Path, content: bytes, words: str) -> None:
    """A file that is no UTF-8 text is told with the line where it stops being any."""
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=words):
        survey(path, text=True)


@pytest.mark.parametrize(("text", "lines"), [("a", 1), ("a\n", 1), ("a\nb", 2), ("a\n\n", 2)])
def test_lines_are_counted(tmp_path: Path, text: str, lines: int) -> None:
    """A last line counts with and without a line break."""
    path = tmp_path / "rows.csv"
    path.write_text(text)
    assert survey(path, text=True).lines == lines


def test_a_file_that_changes(tmp_path: Path) -> None:
    """A file that was written to, or is gone, is no longer the one that was surveyed."""
    path = tmp_path / "rows.csv"
    path.write_text("id\n1\n")
    seen = survey(path, text=True)
    assert still_the_same(path, seen)
    path.write_text("id\n1\n2\n")
    assert not still_the_same(path, seen)
    path.unlink()
    assert not still_the_same(path, seen)
