"""What a cell means."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ciokit.cli.imports.cells import CellError, TimeReader, check_form, read_value


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("", None),
        ("  \t", None),
        ("true", True),
        ("False", False),
        ("TRUE", True),
        ("tRuE", "tRuE"),
        ("yes", "yes"),
        ("0", 0),
        ("7", 7),
        ("-12", -12),
        ("007", "007"),
        ("00", "00"),
        ("-0", "-0"),
        ("+5", "+5"),
        ("123456789012345", 123456789012345),
        ("1234567890123456", "1234567890123456"),
        ("4111111111111111111", "4111111111111111111"),
        ("1e5", "1e5"),
        ("1E5", "1E5"),
        ("1_000", "1_000"),
        ("1,000", "1,000"),
        (" 7", " 7"),
        ("7 ", "7 "),
        ("\u0667", "\u0667"),
        ("12.50", 12.5),
        ("-0.25", -0.25),
        ("0.1", 0.1),
        (".5", ".5"),
        ("5.", "5."),
        ("01.5", "01.5"),
        ("1.2.3", "1.2.3"),
        ("0.12345678901234", 0.12345678901234),
        ("1.123456789012345", "1.123456789012345"),
        ("12.3456789012345", 12.3456789012345),
        ("-12.3456789012345", -12.3456789012345),
        ("12.34567890123456", "12.34567890123456"),
        ("NaN", "NaN"),
        ("Infinity", "Infinity"),
        ("null", "null"),
        ("2026-01-31", "2026-01-31"),
        ("Größe", "Größe"),
    ],
)
def test_cells(cell: str, value: object) -> None:
    """A cell is the value that it says, of the type that it says, and text where a number would lose something."""
    read = read_value(cell)
    assert (read, type(read)) == (value, type(value))


NUMBERISH = st.text(alphabet="0123456789.-+eE ", max_size=24)


@given(st.one_of(NUMBERISH, st.text(max_size=20)))
def test_no_number_loses_a_digit(cell: str) -> None:
    """Whatever becomes a number is the same number as the cell, digit for digit."""
    read = read_value(cell)
    if isinstance(read, bool) or read is None:
        return
    if isinstance(read, str):
        assert read == cell
    elif isinstance(read, int):
        assert str(read) == cell
    else:
        assert Decimal(repr(read)) == Decimal(cell)


DAY = 1_769_817_600  # 2026-01-31


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2026-01-31", DAY),
        ("20260131T120000", DAY + 43200),
        ("2026-01-31T12:00:00Z", DAY + 43200),
        ("2026-01-31 12:00:00", DAY + 43200),
        (" 2026-01-31T12:00:00+02:00 ", DAY + 36000),
        ("2026-01-31 12:00:00.999999999", DAY + 43200),
        ("2026-01-31 12:00:00 UTC", DAY + 43200),
        ("1769817600", DAY),
        ("1769817600.75", DAY),
        (DAY, DAY),
        (DAY + 0.75, DAY),
        (dt.datetime(2026, 1, 31, 12), DAY + 43200),  # noqa: DTZ001 - the case
        (dt.datetime(2026, 1, 31, 12, tzinfo=dt.timezone(dt.timedelta(hours=2))), DAY + 36000),
        (dt.date(2026, 1, 31), DAY),
    ],
)
def test_times(value: Any, seconds: int) -> None:
    """Numbers, ISO 8601 and dates are read; without a time zone they are UTC, and a date is its midnight."""
    assert TimeReader().read(value) == seconds


@pytest.mark.parametrize(
    "value",
    [
        "20260131",
        "1769817600000",
        "2026",
        "",
        "today",
        "31/01/2026",
        "1e9",
        "2026-02-30",
        True,
        None,
        [],
        1e30,
    ],
)
def test_what_is_no_time(value: Any) -> None:
    """What is no time, or could be two things, is refused without repeating it."""
    with pytest.raises(CellError) as caught:
        TimeReader().read(value)
    assert len(str(value)) < 4 or str(value) not in str(caught.value)


def test_a_number_that_may_be_a_date_is_told_as_such() -> None:
    """Eight digits are not silently taken for a day in 1970."""
    with pytest.raises(CellError, match="may be a date"):
        TimeReader().read("20260131")
    assert TimeReader("s").read("20260131") == 20260131
    assert TimeReader(form="%Y%m%d").read("20260131") == DAY


def test_milliseconds() -> None:
    """With the unit said, numbers count milliseconds, and are rounded down."""
    assert TimeReader("ms").read("1769817600999") == DAY
    assert TimeReader("ms").read(1769817600999) == DAY


def test_a_form_of_ones_own() -> None:
    """A form is for all cells of the column, with and without a time zone."""
    assert TimeReader(form="%d/%m/%Y").read("31/01/2026") == DAY
    assert TimeReader(form="%d/%m/%Y %H:%M %z").read("31/01/2026 02:00 +0200") == DAY
    with pytest.raises(CellError, match="--timestamp-format"):
        TimeReader(form="%d/%m/%Y").read("2026-01-31")


@pytest.mark.parametrize("form", ["%Q", "%", "%d/%!"])
def test_a_form_that_nobody_knows(form: str) -> None:
    """A directive that strptime does not know is refused before any row is read."""
    with pytest.raises(CellError):
        check_form(form)


def test_a_form_that_is_fine() -> None:
    """A form that strptime knows passes, although no text was given to it."""
    check_form("%d.%m.%Y %H:%M:%S")
