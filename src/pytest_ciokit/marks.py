"""What the mark `ciokit` asks for, checked before a fixture is made with it."""

import inspect
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any

import pytest

__all__ = ["options_of"]


def options_of(
    marks: Iterable[pytest.Mark], fixture: str, make: Callable[..., Any], *, ignored: Iterable[str] = ()
) -> dict[str, Any]:
    """Return what marks say of a fixture.

    Args:
        marks: The marks of a test, the nearest first.
        fixture: Its name, for the error.
        make: What takes the options.
        ignored: Options of other fixtures, which are left out.

    Returns:
        The options by name; the nearest mark wins.

    Raises:
        pytest.fail.Exception: If a mark has an option that the fixture does not take, or one without a name.
    """
    options: dict[str, Any] = {}
    for mark in marks:
        if mark.args:
            _fail(f"{mark.args[0]!r} has no name: write region='eu', for example")
        options = {**mark.kwargs, **options}
    known = [name for name in inspect.signature(make).parameters if name not in ignored]
    for name in options:
        if name not in known and name not in ignored:
            near = get_close_matches(name, known, 1)
            hint = f", did you mean {near[0]}?" if near else "."
            _fail(f"{fixture} takes no option {name}{hint} It takes {', '.join(known)}")
    return {name: value for name, value in options.items() if name in known}


def _fail(why: str) -> None:
    msg = f"@pytest.mark.ciokit: {why}"
    raise pytest.fail.Exception(msg, pytrace=False)
