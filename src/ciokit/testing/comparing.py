"""What was expected beside what arrived, value by value: the pure part of the assertions.

Values of an application (datetimes, decimals, enums, ...) are compared as they are sent. An object that knows itself
what it equals (`pytest.approx`, `unittest.mock.ANY`) is asked.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeGuard

import msgspec

from ciokit.values.table import Refusal, is_mapping, to_json

__all__ = ["Difference", "compare", "shorten", "show"]

_LONGEST: Final = 200
"""Characters of a value in a message; a test's output is read by people."""


class Difference(NamedTuple):
    """Say where two values part."""

    path: str
    words: str

    def __str__(self) -> str:
        return f"{self.path}: {self.words}" if self.path else self.words


def compare(
    expected: Any, received: Any, *, partial: bool = False, naive_utc: bool = False, path: str = ""
) -> Iterator[Difference]:
    """Tell where a value that arrived is not what was expected.

    Args:
        expected: A value of the application, or an object with an equality of its own.
        received: JSON, decoded.
        partial: Whether objects may have further members.
        naive_utc: Whether datetimes without a time zone are UTC.
        path: Where in the whole, for the words.

    Yields:
        Each difference; none when they agree.
    """
    if is_mapping(expected) and is_mapping(received):
        yield from _compare_members(expected, received, partial, naive_utc, path)
    elif _is_listed(expected) and _is_listed(received):
        yield from _compare_items(expected, received, partial, naive_utc, path)
    elif not _agree(expected, received, naive_utc):
        yield Difference(path, f"expected {shorten(expected)}, got {shorten(received)}")


def _compare_members(
    expected: Mapping[str, Any], received: Mapping[str, Any], partial: bool, naive_utc: bool, path: str
) -> Iterator[Difference]:
    for name, wanted in expected.items():
        where = f"{path}.{name}" if path else str(name)
        if name in received:
            yield from compare(wanted, received[name], partial=partial, naive_utc=naive_utc, path=where)
        else:
            yield Difference(where, f"expected {shorten(wanted)}, is missing")
    if not partial:
        for name in received.keys() - expected.keys():
            where = f"{path}.{name}" if path else name
            yield Difference(where, f"not expected, got {shorten(received[name])}")


def _compare_items(
    expected: Sequence[Any], received: Sequence[Any], partial: bool, naive_utc: bool, path: str
) -> Iterator[Difference]:
    for index, (wanted, got) in enumerate(zip(expected, received, strict=False)):
        yield from compare(wanted, got, partial=partial, naive_utc=naive_utc, path=f"{path}[{index}]")
    if len(expected) != len(received):
        yield Difference(path, f"expected {len(expected)} items, got {len(received)}")


def _is_listed(value: Any) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, (list, tuple))


def _agree(expected: Any, received: Any, naive_utc: bool) -> bool:
    if isinstance(expected, (bool, int, float)) and isinstance(expected, bool) != isinstance(received, bool):
        return False  # 1 is not true in JSON
    if expected == received:
        return True
    try:
        sent = msgspec.json.decode(to_json(expected, naive_utc=naive_utc))
    except Refusal:  # nothing that could be sent: its own equality has spoken
        return False
    return bool(sent == received)


def show(value: Any) -> str:
    """Write a value as JSON where it can be, on one line of bounded length."""
    try:
        return _cut(to_json(value).decode())
    except Refusal:
        return _cut(repr(value))


def shorten(value: Any) -> str:
    """Write a value as Python does, cut where it is long."""
    return _cut(repr(value))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"
