"""What a cell of a text file means: a number, a boolean, a time, nothing, or text.

Pure. The rule is narrow on purpose: a code that looks like a number (`007`, `1e5`, a card of 19 digits) stays the
text that it is, since a number would lose part of it.
"""

import datetime as dt
import re
from typing import Any, Final, Literal, TypeAlias

__all__ = ["CellError", "TimeReader", "Unit", "check_form", "read_value"]

Unit: TypeAlias = Literal["s", "ms"]

# 15 digits are what every double holds.
_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]{0,14}", re.ASCII)
_DECIMAL: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,13})\.[0-9]{1,14}", re.ASCII)
_DIGITS: Final = 15
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?", re.ASCII)
_BOOLEANS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}

_SHAPES: Final = "Unix seconds, ISO 8601 like 2026-01-31T12:00:00Z, or a date like 2026-01-31"


class CellError(ValueError):
    """A cell cannot be what its column is for; the message says why, without the cell."""


def read_value(text: str) -> str | int | float | bool | None:
    """Read a cell as the value that it is.

    Args:
        text: The cell.

    Returns:
        None for an empty cell; a boolean for `true` and `false`; a number for integers without a leading zero and
        plain decimals, up to 15 digits; the text otherwise.
    """
    if not text or text.isspace():
        return None
    if text[0] in "0123456789-":
        if _INTEGER.fullmatch(text):
            return int(text)
        if _DECIMAL.fullmatch(text) and len(text) - 1 - (text[0] == "-") <= _DIGITS:
            return float(text)
        return text
    return _BOOLEANS.get(text, text)


def check_form(form: str) -> None:
    """Refuse a form of times that `strptime` does not know.

    Args:
        form: The form.

    Raises:
        CellError: If it has an unknown directive.
    """
    try:
        dt.datetime.strptime("", form)  # noqa: DTZ007 - only tried
    except ValueError as error:
        if "directive" in str(error) or "stray" in str(error):
            raise CellError(str(error)) from None


class TimeReader:
    """Read cells as points in time.

    Args:
        unit: What numbers count from 1970 on; None takes those for seconds that can be nothing else.
        form: How times are written, in `strptime`'s words; None takes numbers and ISO 8601.
    """

    def __init__(self, unit: Unit | None = None, form: str | None = None) -> None:
        self._unit = unit
        self._form = form

    def read(self, value: Any) -> int:
        """Read a time; without a time zone it is UTC, and a date is its midnight.

        Args:
            value: Text, a number, a datetime or a date.

        Returns:
            Unix seconds.

        Raises:
            CellError: If it is none of these.
        """
        match value:
            case dt.datetime():
                return _seconds(value)
            case dt.date():
                return _seconds(dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC))
            case str():
                return self._of_text(value.strip())
            case int() | float() if not isinstance(value, bool):
                return self._of_number(str(value))
            case _:
                msg = f"not a time: expected {_SHAPES}"
                raise CellError(msg)

    def _of_text(self, text: str) -> int:
        if self._form is None and _NUMBER.fullmatch(text):
            return self._of_number(text)
        try:
            if self._form is not None:
                return _seconds(dt.datetime.strptime(text, self._form))  # noqa: DTZ007 - without a zone it is UTC
            # As BigQuery and others write it.
            return _seconds(dt.datetime.fromisoformat(text.removesuffix(" UTC")))
        except ValueError:
            expected = _SHAPES if self._form is None else "the form that --timestamp-format says"
            msg = f"not a time: expected {expected}"
            raise CellError(msg) from None

    def _of_number(self, text: str) -> int:
        if not _NUMBER.fullmatch(text):
            msg = f"not a time: expected {_SHAPES}"
            raise CellError(msg)
        whole = text.partition(".")[0]
        if self._unit == "ms":
            return int(whole) // 1000
        if self._unit is None and not 9 <= len(whole.lstrip("+-")) <= 11:
            msg = (
                f"a number of {len(whole.lstrip('+-'))} digits may be a date or another unit: "
                "say --unit s, --unit ms or --timestamp-format"
            )
            raise CellError(msg)
        return int(whole)


def _seconds(when: dt.datetime) -> int:
    if when.utcoffset() is None:
        when = when.replace(tzinfo=dt.UTC)
    return int(when.timestamp())
