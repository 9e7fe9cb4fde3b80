"""The benchmarks' arithmetic and tables, without measuring anything."""

import json

import pytest
from benchmarks.core_import import imported_milliseconds
from benchmarks.render import cells, plain
from benchmarks.results import Line, Row, Spread, Table, Target, as_json, outcome, ratio, spread
from hypothesis import given
from hypothesis import strategies as st

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
