"""How a row becomes what is sent."""

from typing import Any

import msgspec
import pytest

from ciokit.cli.failures import UsageError
from ciokit.cli.imports.recipe import Mapping, Recipe, RowRefusedError
from ciokit.ulids import is_ulid

NOW = 1_790_000_000.0


def sent(
    mapping: Mapping, cells: dict[str, Any], *, line: int = 2, digest: bytes = b"file", textual: bool = True
) -> Any:
    """Return what a row becomes, as the service reads it."""
    return msgspec.json.decode(Recipe(mapping, digest, textual=textual).entry(line, cells, NOW).body)


PURCHASE = Mapping(person="who", event="purchase", timestamp="when")
ROW = {"who": "007", "when": "2026-01-31", "total": "12.50", "note": ""}


def test_an_event() -> None:
    """The person stays text, the time is the column's, the rest is data, and nothing is stamped."""
    body = sent(PURCHASE, ROW)
    assert is_ulid(body.pop("id"))
    assert body == {
        "type": "person",
        "action": "event",
        "identifiers": {"id": "007"},
        "name": "purchase",
        "timestamp": 1_769_817_600,
        "attributes": {"total": 12.5},
    }


def test_a_person() -> None:
    """Without an event the columns are attributes, and the time orders the change."""
    mapping = Mapping(person="mail", id_kind="email", timestamp="when", times=("created_at",))
    row = {"mail": " a@b.example ", "when": "1769817600", "plan": "pro", "created_at": "2026-01-31"}
    assert sent(mapping, row) == {
        "type": "person",
        "action": "identify",
        "identifiers": {"email": "a@b.example"},
        "attributes": {"plan": "pro", "created_at": 1_769_817_600},
        "timestamp": 1_769_817_600,
    }


@pytest.mark.parametrize(
    ("kind", "value", "identifiers"),
    [
        ("id", "42", {"id": "42"}),
        ("email", "a@b.example", {"email": "a@b.example"}),
        ("phone", "+14155550100", {"phone": "+14155550100"}),
        ("cio_id", "cio_0300", {"cio_id": "0300"}),
    ],
)
def test_identifiers(kind: Any, value: str, identifiers: dict[str, str]) -> None:
    """The person column is what the caller says it is."""
    mapping = Mapping(person="who", id_kind=kind, event="x")
    assert sent(mapping, {"who": value})["identifiers"] == identifiers


def test_columns_for_text_times_and_none() -> None:
    """A column can be text, a time, or nothing at all."""
    mapping = Mapping(person="who", event="x", text=("zip",), times=("due",), drop=("secret",))
    row = {"who": "1", "zip": "10115", "due": "2026-01-31", "secret": "s", "n": "1", "empty": " "}
    assert sent(mapping, row)["attributes"] == {"zip": "10115", "due": 1_769_817_600, "n": 1}


def test_typed_cells_stay_as_they_are() -> None:
    """Where a file has types of its own, text is not looked into; null and NaN are not sent."""
    mapping = Mapping(person="who", event="x", text=("code",))
    row = {
        "who": 7,
        "n": "007",
        "t": "true",
        "code": 12,
        "none": None,
        "nan": float("nan"),
        "list": [1, {"a": "2"}],
    }
    body = sent(mapping, row, textual=False)
    assert body["identifiers"] == {"id": "7"}
    assert body["attributes"] == {"n": "007", "t": "true", "code": "12", "list": [1, {"a": "2"}]}


def test_now_without_a_time() -> None:
    """Without a column of times an event happens now."""
    assert sent(Mapping(person="who", event="x"), {"who": "1"})["timestamp"] == NOW


def ulid(mapping: Mapping = PURCHASE, row: dict[str, Any] = ROW, **where: Any) -> str:
    """Return the ULID of a row."""
    found: str = sent(mapping, row, **where)["id"]
    return found


def test_a_row_has_one_ulid() -> None:
    """It is the same at every run, and another for another line, file, event or person column."""
    same = ulid()
    assert ulid() == same
    others = {
        ulid(line=3),
        ulid(digest=b"other"),
        ulid(Mapping(person="who", event="refund", timestamp="when")),
        ulid(Mapping(person="total", event="purchase", timestamp="when")),
    }
    assert len(others | {same}) == 5


def test_a_unique_column_names_the_row_in_every_file() -> None:
    """With such a column neither line nor file matter, only its cell and the event."""
    mapping = Mapping(person="who", event="purchase", timestamp="when", unique="order")
    row = {**ROW, "order": "A-1"}
    same = ulid(mapping, row)
    assert ulid(mapping, {**row, "when": "2026-02-01"}, line=9, digest=b"other") == same
    assert ulid(mapping, {**row, "order": "A-2"}) != same
    with pytest.raises(RowRefusedError, match="order: names no row: empty"):
        sent(mapping, {**row, "order": ""})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"who": " "}, "who: names no person: empty"),
        ({"when": ""}, "when: not a time: empty"),
        ({"when": "soon"}, "when: not a time: expected"),
        ({"who": "x" * 151}, "id cannot be longer than 150 bytes"),
        ({"when": "-1", "total": "1"}, "when: a number of 1 digits"),
        ({"note": "x" * 40_000}, "at most 32000"),
    ],
)
def test_rows_that_are_refused(change: dict[str, str], words: str) -> None:
    """A row that cannot be sent is refused with its column and without its cells."""
    with pytest.raises(RowRefusedError, match=words):
        sent(PURCHASE, {**ROW, **change})


@pytest.mark.parametrize("who", [1.5, True, ["a"], {"a": 1}])
def test_a_person_is_text_or_a_whole_number(who: Any) -> None:
    """Anything else names nobody."""
    with pytest.raises(RowRefusedError, match="names no person"):
        sent(PURCHASE, {**ROW, "who": who}, textual=False)


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        (Mapping(person="who", event=" "), "--event: event name must not be blank"),
        (Mapping(person="who", event="x" * 101), "--event: event name cannot be longer than 100 bytes"),
        (Mapping(person="who", time_format="%Q"), "--timestamp-format: 'Q' is a bad directive"),
    ],
)
def test_what_would_make_every_row_wrong(mapping: Mapping, words: str) -> None:
    """It is told once, before any row is read."""
    with pytest.raises(UsageError, match=words):
        mapping.check()


def test_missing_columns() -> None:
    """A column that is not there is told with its option and the columns that are."""
    columns = ("who", "when")
    PURCHASE.check_columns(columns, "rows.csv")
    for mapping, option in (
        (Mapping(person="x"), "--person"),
        (Mapping(person="who", timestamp="x"), "--timestamp"),
        (Mapping(person="who", unique="x"), "--unique"),
        (Mapping(person="who", times=("x",)), "--time"),
        (Mapping(person="who", text=("x",)), "--text"),
        (Mapping(person="who", drop=("x",)), "--drop"),
    ):
        with pytest.raises(UsageError, match=f"rows.csv has no column 'x' for {option}; it has who, when"):
            mapping.check_columns(columns, "rows.csv")
