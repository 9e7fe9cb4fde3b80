"""The benchmarks' arithmetic and tables, without measuring anything."""

import json
from pathlib import Path
from typing import Any

import pytest
from benchmarks.core_import import imported_milliseconds
from benchmarks.outbox_faults import Result, words
from benchmarks.recorder import Fault, Recorder
from benchmarks.render import cells, markdown, plain, show, with_record
from benchmarks.results import Grid, Line, Row, Spread, Table, Target, as_json, outcome, ratio, spread
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]
RECORDS = sorted((ROOT / "benchmarks" / "results").glob("*.json"))
OURS = Line("ciokit", (2.0, 4.0, 3.0))
THEIRS = Line("other", (8.0, 5.0, 6.0))
amounts = st.floats(min_value=1e-3, max_value=1e6)


def row(target: Target | None = None) -> Row:
    """Build a row of two sides."""
    return Row("a call", "µs", (OURS, THEIRS), target)


def test_rounds_are_summed_up_by_their_median_and_range() -> None:
    """One slow round moves the range and not the median."""
    assert spread([3.0, 1.0, 2.0, 100.0, 2.5]) == Spread(2.5, 1.0, 100.0)


def test_sides_are_compared_round_by_round() -> None:
    """The ratio is that of neighbours in time, not that of the two medians."""
    assert ratio(OURS, THEIRS) == Spread(0.5, 0.25, 0.8)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (None, ""),
        (Target("at most", 3.0), "reached"),
        (Target("at most", 2.4), "not reached: 0.80 of the target"),
        (Target("at least", 3.0), "reached"),
        (Target("at least", 6.0), "not reached: 0.50 of the target"),
        (Target("at most", 0.5, to="other"), "reached"),
        (Target("at most", 0.4, to="other"), "not reached: 0.80 of the target"),
        (Target("at least", 0.6, to="other"), "not reached: 0.83 of the target"),
    ],
)
def test_an_outcome_says_how_far_a_target_was_reached(target: Target | None, words: str) -> None:
    """A limit holds for ciokit's median, or for its ratio to the side that it names; upwards or downwards."""
    assert outcome(row(target)) == words


@given(limit=amounts, measured=amounts, bound=st.sampled_from(["at most", "at least"]))
def test_a_missed_target_is_never_called_reached(limit: float, measured: float, bound: str) -> None:
    """However close a miss is, its words show less than the whole target."""
    target = Target("at least" if bound == "at least" else "at most", limit)
    words = outcome(Row("a call", "µs", (Line("ciokit", (measured,)),), target))
    missed = measured > limit if bound == "at most" else measured < limit
    assert (words != "reached") == missed or limit / measured == 1
    assert "1.00" not in words


def test_a_target_of_a_side_that_is_not_there_is_an_error() -> None:
    """A misspelt name does not pass for a reached target."""
    with pytest.raises(StopIteration):
        outcome(row(Target("at most", 0.5, to="nobody")))


def test_a_table_shows_every_side_with_its_ratio() -> None:
    """The first line has the target and the outcome; the other has what ciokit is beside it."""
    table = Table("Calls", (row(Target("at most", 0.6, to="other")),), ("A note.",))
    assert list(cells(table)) == [
        ("a call", "3 µs", "2 - 4", "", "at most 0.6x other", "reached"),
        ("    other", "6 µs", "5 - 8", "0.5x (0.25 - 0.8)", "", ""),
    ]


def test_a_plain_table_is_aligned_and_has_its_notes() -> None:
    """Without rich, the same cells stand in columns under the title."""
    table = Table("Calls", (row(Target("at most", 0.6, to="other")),), ("A note.",))
    assert plain(table).splitlines() == [
        "Calls",
        "           median  min - max          ciokit is  target              outcome",
        "a call       3 µs      2 - 4                     at most 0.6x other  reached",
        "    other    6 µs      5 - 8  0.5x (0.25 - 0.8)",
        "  A note.",
    ]


def test_json_has_what_the_table_has() -> None:
    """The record keeps medians, ranges, rounds, ratios, targets and outcomes, in four digits."""
    target = Target("at most", 0.4, to="other")
    lines = (Line("ciokit", (1 / 3,)), Line("other", (2 / 3,)))
    kept = as_json(Table("Calls", (Row("a call", "µs", lines, target),), ("A note.",)))
    assert json.loads(json.dumps(kept)) == {
        "title": "Calls",
        "notes": ["A note."],
        "rows": [
            {
                "name": "a call",
                "unit": "µs",
                "target": {"bound": "at most", "limit": 0.4, "ratio_to": "other"},
                "measured": 0.5,
                "outcome": "not reached: 0.80 of the target",
                "lines": [
                    {"label": "ciokit", "median": 0.3333, "low": 0.3333, "high": 0.3333, "rounds": 1},
                    {
                        "label": "other",
                        "median": 0.6667,
                        "low": 0.6667,
                        "high": 0.6667,
                        "rounds": 1,
                        "ratio": {"median": 0.5, "low": 0.5, "high": 0.5},
                    },
                ],
            }
        ],
    }


GRID = Grid(
    "Many",
    ("", "events/s", "memory"),
    (("ciokit", "1,000", "9 MB"), ("other", "20", "")),
    ("A note.",),
    ({"label": "ciokit", "events_per_second": 1000.0}, {"label": "other", "events_per_second": 20.0}),
)


def test_a_grid_has_a_line_for_each_side_in_text_json_and_markdown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What has a column for each figure is shown with them side by side, ours in bold, and kept as plain data."""
    show(GRID)
    assert capsys.readouterr().out.splitlines()[:4] == [
        "Many",
        "        events/s  memory",
        "ciokit     1,000    9 MB",
        "other         20",
    ]
    kept = as_json(GRID)
    assert json.loads(json.dumps(kept))["data"] == list(GRID.data)
    assert markdown({**RECORD, "tables": [kept]}).splitlines()[2:] == [
        "### Many",
        "",
        "|  | events/s | memory |",
        "| --- | --: | --: |",
        "| **ciokit** | 1,000 | 9 MB |",
        "| other | 20 |  |",
        "",
        "A note.",
    ]


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (None, "-"),
        (Result(lost=0, told=0, repeated=3, doubled=0), "all arrived"),
        (Result(lost=1200, told=0, repeated=0, doubled=0), "1,200 lost, untold"),
        (Result(lost=1200, told=200, repeated=0, doubled=0), "1,200 lost, 200 told"),
        (Result(lost=25, told=25, repeated=0, doubled=0), "25 lost, told"),
        (Result(lost=0, told=0, repeated=9, doubled=9), "all arrived, 9 twice"),
        (Result(lost=1, told=0, repeated=0, doubled=0, done=False), "1 lost, untold, not done"),
    ],
)
def test_what_became_of_events_is_said_in_words(result: Result | None, said: str) -> None:
    """Nothing is lost in silence in the table of what is lost in silence."""
    assert words(result) == said


BATCH = b"""{"batch": [
    {"type": "person", "id": "A", "attributes": {"order_id": "o-1"}},
    {"type": "track", "messageId": "B", "properties": {"order_id": "o-2"}},
    {"event": "x", "uuid": "C", "properties": {"order_id": "o-3"}}
]}"""
SINGLE = b'{"name": "x", "data": {"order_id": "o-4"}}'


def test_the_recorder_knows_a_copy_that_can_be_discarded_from_one_that_cannot() -> None:
    """It reads the events of every API, and a copy with the same id is no duplicate; one without an id is."""
    with Recorder("") as recorder:
        assert [recorder.take(body) for body in (BATCH, BATCH, SINGLE, SINGLE)] == [200] * 4
        assert recorder.arrived() == {1: 2, 2: 2, 3: 2, 4: 2}
        assert recorder.kept_twice() == 1


@pytest.mark.parametrize(
    ("fault", "status", "kept"), [("500", 500, False), ("429", 429, False), ("dropped", 0, True)]
)
def test_the_recorder_lets_the_first_request_meet_its_fault(fault: Fault, status: int, kept: bool) -> None:
    """What it answers with an error it has not processed; what it hangs up on it has."""
    with Recorder(fault) as recorder:
        assert [recorder.take(SINGLE) for _ in range(2)] == [status, 200]
        assert recorder.arrived() == {4: 2 if kept else 1}


IMPORTTIME = """\
import time: self [us] | cumulative | imported package
import time:       500 |        500 |   encodings
import time:       700 |       1200 | site
import time:       250 |        250 |   msgspec
import time:      1000 |       1250 | ciokit
something else on standard error
"""


def test_import_time_is_what_follows_the_interpreters_own() -> None:
    """Modules that every interpreter imports are not counted, and nothing is counted twice."""
    assert imported_milliseconds(IMPORTTIME) == 1.25


RECORD: dict[str, Any] = {
    "measured": "2026-11-24",
    "machine": {
        "cpu": "A CPU",
        "cores": 2,
        "load": 0.1,
        "system": "Linux",
        "python": "CPython 3.11.7",
        "versions": {"ciokit": "1.0"},
    },
    "tables": [as_json(Table("Calls", (row(Target("at most", 0.6, to="other")), row()), ("A note.",)))],
}


def test_a_record_is_shown_as_markdown() -> None:
    """The page has the machine, every side with its ratio, targets and outcomes, and the notes."""
    assert markdown(RECORD).splitlines() == [
        "Measured 2026-11-24 on 2 cores of A CPU, Linux, CPython 3.11.7, at a load of 0.1 by others; ciokit 1.0.",
        "",
        "### Calls",
        "",
        "| | median | min to max | ciokit is | target | outcome |",
        "| --- | --: | --: | --: | --- | --- |",
        "| **a call** | 3 µs | 2 to 4 | | at most 0.6x other | reached |",
        "| other | 6 µs | 5 to 8 | 0.5x | | |",
        "| **a call** | 3 µs | 2 to 4 | |  |  |",
        "| other | 6 µs | 5 to 8 | 0.5x | | |",
        "",
        "A note.",
    ]


def test_a_record_takes_the_place_of_the_last_one() -> None:
    """What stands between the comments of the area is replaced, and nothing else."""
    page = "before\n<!-- core: begin -->\nold\n<!-- core: end -->\nafter\n"
    replaced = with_record(page, "core", RECORD)
    assert replaced.startswith("before\n<!-- core: begin -->\n\nMeasured 2026")
    assert replaced.endswith("A note.\n\n<!-- core: end -->\nafter\n")
    assert with_record(replaced, "core", RECORD) == replaced


def test_a_page_without_a_place_is_an_error() -> None:
    """A record is not dropped because a comment was deleted or misspelt."""
    with pytest.raises(ValueError, match="no place for core"):
        with_record("<!-- core: begin -->", "core", RECORD)


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_the_page_shows_the_kept_record(path: Path) -> None:
    """No figure on the page is of another run than the kept one, or of none."""
    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    record = json.loads(path.read_text(encoding="utf-8"))
    assert with_record(page, path.stem, record) == page
