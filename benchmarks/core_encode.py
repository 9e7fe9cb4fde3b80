"""Build, check and encode a typed event with its ULID: ciokit beside pydantic, and ciokit in its parts.

ciokit's side makes what the Track API takes: the event, its operation with ULID and time, checked, as JSON. Pydantic
has two sides: the event's data alone, and the whole operation, with a fixed id in place of a ULID.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from benchmarks.harness import Bench, Side
from benchmarks.people import people
from benchmarks.results import Row, Table, Target
from benchmarks.side import Run

__all__ = ["NEEDS_SERVER", "measure"]

NEEDS_SERVER = False

CALLS, ROUNDS = 4_000, 35
EVENTS = {
    "flat": "a flat event (4 fields)",
    "dated": "the same with a Decimal and a datetime",
    "nested": "a nested one (with a list of 2)",
}
PAID_AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
TOTAL = Decimal("129.90")
ULID = "01JDEXAMP1E000000000000000"


def measure(bench: Bench) -> Table:
    """Measure the three events and the parts of the first."""
    rows = [_event(bench, kind, words) for kind, words in EVENTS.items()]
    return Table("Build, check and encode an event with its ULID", (*rows, _parts(bench)))


def _event(bench: Bench, kind: str, words: str) -> Row:
    sides = [
        Side("ciokit", f"{__name__}:ciokit_{kind}"),
        Side("pydantic, the data alone", f"{__name__}:pydantic_{kind}"),
        Side("pydantic, the whole operation", f"{__name__}:pydantic_operation_{kind}"),
    ]
    lines = bench.microseconds(sides, calls=CALLS, rounds=ROUNDS)
    return Row(words, "µs", lines, Target("at most", 4.0) if kind == "flat" else None)


def _parts(bench: Bench) -> Row:
    parts = {
        "all of it": "ciokit_flat",
        "the event alone": "part_construct",
        "the event, its operation, ULID and time": "part_operation",
        "a ULID": "part_ulid",
        "check and encode the event's data": "part_data",
        "an empty call": "part_nothing",
    }
    sides = [Side(label, f"{__name__}:{name}") for label, name in parts.items()]
    return Row("of the flat event", "µs", bench.microseconds(sides, calls=CALLS, rounds=ROUNDS))


# ciokit ----------------------------------------------------------------------------------------------------------


def _encoding(event: Callable[[], Any]) -> Run:
    from ciokit import Track
    from ciokit.encoding.drafts import Encoding
    from ciokit.encoding.track_v2 import encode

    encoding = Encoding()

    def run(calls: int) -> None:
        for _, person in people(calls):
            encode(Track(person, event()), encoding, time.time())

    return run


def ciokit_flat(_url: str) -> Run:
    """Build, check and encode the flat event."""
    from benchmarks.shop import CheckoutCompleted

    return _encoding(lambda: CheckoutCompleted(order_id="o-100234", total=129.9, currency="EUR", items=3))


def ciokit_dated(_url: str) -> Run:
    """Build, check and encode the event with a Decimal and a datetime."""
    from benchmarks.shop import OrderPaid

    return _encoding(lambda: OrderPaid(order_id="o-100234", total=TOTAL, currency="EUR", paid_at=PAID_AT))


def ciokit_nested(_url: str) -> Run:
    """Build, check and encode the nested event."""
    from benchmarks.shop import Item, OrderPlaced

    return _encoding(
        lambda: OrderPlaced(
            order_id="o-100234",
            total=129.9,
            currency="EUR",
            items=[
                Item(sku="sku-1", name="Coffee, 1 kg", quantity=2, price=24.95),
                Item(sku="sku-2", name="Grinder", quantity=1, price=80.0),
            ],
        )
    )


def part_construct(_url: str) -> Run:
    """Build the event."""
    from benchmarks.shop import CheckoutCompleted

    def run(calls: int) -> None:
        for _ in people(calls):
            CheckoutCompleted(order_id="o-100234", total=129.9, currency="EUR", items=3)

    return run


def part_operation(_url: str) -> Run:
    """Build the event and its operation."""
    from benchmarks.shop import CheckoutCompleted
    from ciokit import Track

    def run(calls: int) -> None:
        for _, person in people(calls):
            Track(person, CheckoutCompleted(order_id="o-100234", total=129.9, currency="EUR", items=3))

    return run


def part_ulid(_url: str) -> Run:
    """Make a ULID."""
    from ciokit import new_ulid

    def run(calls: int) -> None:
        for _ in people(calls):
            new_ulid()

    return run


def part_data(_url: str) -> Run:
    """Check and encode the data of an event that is there already."""
    from benchmarks.shop import CheckoutCompleted
    from ciokit.values.forms import encode_declared

    event = CheckoutCompleted(order_id="o-100234", total=129.9, currency="EUR", items=3)

    def run(calls: int) -> None:
        for _ in people(calls):
            encode_declared(event)

    return run


def part_nothing(_url: str) -> Run:
    """Call a function that does nothing: what measuring costs."""

    def nothing(person: str) -> None:
        pass

    def run(calls: int) -> None:
        for _, person in people(calls):
            nothing(person)

    return run


# pydantic --------------------------------------------------------------------------------------------------------


def _dumping(model: Callable[[], Any]) -> Run:
    def run(calls: int) -> None:
        for _ in people(calls):
            model().model_dump_json()

    return run


def _dumping_operation(kind: Any, name: str, data: Callable[[], Any]) -> Run:
    from benchmarks.shop_pydantic import Operation, Person

    operation = Operation[kind]

    def run(calls: int) -> None:
        for _, person in people(calls):
            operation(
                identifiers=Person(id=person),
                name=name,
                id=ULID,
                timestamp=int(time.time()),
                attributes=data(),
            ).model_dump_json()

    return run


def _flat_model() -> Callable[[], Any]:
    from benchmarks.shop_pydantic import CheckoutCompleted

    return lambda: CheckoutCompleted(order_id="o-100234", total=129.9, currency="EUR", items=3)


def _dated_model() -> Callable[[], Any]:
    from benchmarks.shop_pydantic import OrderPaid

    return lambda: OrderPaid(order_id="o-100234", total=TOTAL, currency="EUR", paid_at=PAID_AT)


def _nested_model() -> Callable[[], Any]:
    from benchmarks.shop_pydantic import Item, OrderPlaced

    return lambda: OrderPlaced(
        order_id="o-100234",
        total=129.9,
        currency="EUR",
        items=[
            Item(sku="sku-1", name="Coffee, 1 kg", quantity=2, price=24.95),
            Item(sku="sku-2", name="Grinder", quantity=1, price=80.0),
        ],
    )


def pydantic_flat(_url: str) -> Run:
    """Build, check and encode the flat event's data."""
    return _dumping(_flat_model())


def pydantic_dated(_url: str) -> Run:
    """Build, check and encode the data of the event with a Decimal and a datetime."""
    return _dumping(_dated_model())


def pydantic_nested(_url: str) -> Run:
    """Build, check and encode the nested event's data."""
    return _dumping(_nested_model())


def pydantic_operation_flat(_url: str) -> Run:
    """Build, check and encode the flat event as an operation."""
    from benchmarks.shop_pydantic import CheckoutCompleted

    return _dumping_operation(CheckoutCompleted, "checkout_completed", _flat_model())


def pydantic_operation_dated(_url: str) -> Run:
    """Build, check and encode the event with a Decimal and a datetime as an operation."""
    from benchmarks.shop_pydantic import OrderPaid

    return _dumping_operation(OrderPaid, "order_paid", _dated_model())


def pydantic_operation_nested(_url: str) -> Run:
    """Build, check and encode the nested event as an operation."""
    from benchmarks.shop_pydantic import OrderPlaced

    return _dumping_operation(OrderPlaced, "Order Placed", _nested_model())
