"""Answers of the App API as the commands show them."""

import pytest

from ciokit.cli.answers import when


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, ""),
        (0, ""),
        (1_795_521_600, "2026-11-24 12:00:00 UTC"),
        (1_795_521_600_000, "1795521600000"),
        (10**30, str(10**30)),
        (-(10**15), "-1000000000000000"),
    ],
)
def test_a_time_that_is_none_is_shown_as_it_came(seconds: float | None, shown: str) -> None:
    """An application that stored milliseconds does not keep its people from being shown."""
    assert when(seconds) == shown
