"""Comparing what was expected with what arrived."""

import datetime as dt
from decimal import Decimal
from enum import Enum
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ciokit.testing.comparing import compare, shorten, show
from ciokit.values.table import to_json

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.datetimes(timezones=st.just(dt.UTC))
    | st.dates()
    | st.uuids()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc"), inner, max_size=4),
    max_leaves=10,
)


class Plan(Enum):
    PRO = "pro"


def words(expected: Any, received: Any, **options: Any) -> list[str]:
    """Return the differences as a test would see them."""
    return [str(difference) for difference in compare(expected, received, **options)]


@given(VALUES)
def test_what_was_sent_agrees_with_what_arrives(value: Any) -> None:
    """Whatever an application sends is what it expects, when it comes back as JSON."""
    assert words(value, msgspec.json.decode(to_json(value))) == []


@given(st.dictionaries(st.text("abc", min_size=1), SCALARS, min_size=1), st.data())
def test_a_changed_member_is_named(values: dict[str, Any], data: st.DataObject) -> None:
    """One changed value gives one difference, at its path."""
    name = data.draw(st.sampled_from(sorted(values)))
    received = msgspec.json.decode(to_json(values)) | {name: ["another"]}
    (difference,) = words(values, received)
    assert difference.startswith(f"{name}: expected ")


def test_members_and_items_are_compared_one_by_one() -> None:
    """Each difference has its path, a missing and an unexpected member too."""
    expected = {"items": [{"sku": "a", "n": 1}, {"sku": "b"}], "total": 3, "coupon": "X"}
    received = {"items": [{"sku": "a", "n": 2}], "total": 3, "extra": True}
    assert words(expected, received) == [
        "items[0].n: expected 1, got 2",
        "items: expected 2 items, got 1",
        "coupon: expected 'X', is missing",
        "extra: not expected, got True",
    ]


def test_partial_lets_further_members_be_at_any_depth() -> None:
    """What is not named does not matter, in nested objects either; what is named does."""
    received = {"order": {"id": "o", "total": 3}, "more": 1}
    assert words({"order": {"id": "o"}}, received, partial=True) == []
    assert words({"order": {"id": "p"}}, received, partial=True) == ["order.id: expected 'p', got 'o'"]


@pytest.mark.parametrize(
    ("expected", "received"),
    [(True, 1), (1, True), (False, 0), (0.0, False), ("1", 1), (None, 0), (Plan.PRO, "free"), ([], {})],
)
def test_values_of_another_kind_differ(expected: Any, received: Any) -> None:
    """JSON tells true from 1 and text from numbers, and so does the comparison."""
    assert words(expected, received)


@pytest.mark.parametrize(
    ("expected", "received"),
    [
        (Decimal("3.50"), 3.5),
        (Plan.PRO, "pro"),
        (dt.datetime(2026, 1, 1, tzinfo=dt.UTC), 1_767_225_600),
        ((1, 2), [1, 2]),
        (pytest.approx(0.3), 0.1 + 0.2),
        (1, 1.0),
    ],
)
def test_values_are_compared_as_they_are_sent(expected: Any, received: Any) -> None:
    """An application's own values stand for their JSON, and an object with an equality of its own is asked."""
    assert words(expected, received) == []


def test_what_cannot_be_sent_differs() -> None:
    """An expectation that no client could send is a difference, not an error."""
    assert words({"a": object()}, {"a": 1})[0].startswith("a: expected <object object")


def test_naive_datetimes_follow_the_setting() -> None:
    """A datetime without a time zone equals seconds only where such are declared UTC."""
    moment = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - that is what it is about
    assert words(moment, 1_767_225_600)
    assert words(moment, 1_767_225_600, naive_utc=True) == []


def test_long_values_are_cut() -> None:
    """A failure's text stays readable."""
    assert len(shorten("x" * 1000)) == len(show("x" * 1000)) == 200
    assert show({"a": Plan.PRO}) == '{"a":"pro"}'
    assert show(object()).startswith("<object object")
