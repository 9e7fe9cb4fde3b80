"""What a declared class is: its event's name, keyword-only, frozen, with renamed fields and plain defaults."""

import functools
from typing import Any, Generic, Literal, TypeVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ciokit.errors import InvalidData
from ciokit.events import Attributes, DeclaredMeta, Event, field, snake_case, wrong_event_name
from ciokit.values.forms import encode_declared

T = TypeVar("T")


class OrderPlaced(Event, name="Order Placed"):
    """An event with a name of its own."""

    order_id: str
    from_: str = field(default="web", name="from")
    lines: list[str] = field(default_factory=list[str])


class OrderPaid(OrderPlaced):
    """An event built on another."""

    by: Literal["card", "cash"]


class Person(Attributes):
    """Attributes."""

    email: str


def declare(name_of_class: str, **options: Any) -> Any:
    """Declare an event without fields."""
    return DeclaredMeta(name_of_class, (Event,), {"__module__": __name__}, **options)


@pytest.mark.parametrize(
    ("name_of_class", "event"),
    [
        ("SignedUp", "signed_up"),
        ("OrderPlaced2", "order_placed2"),
        ("SMSSent", "sms_sent"),
        ("SentSMS", "sent_sms"),
        ("HTTPRequestFailed", "http_request_failed"),
        ("A", "a"),
        ("plain", "plain"),
        ("Already_snake", "already_snake"),
        ("Plan2Changed", "plan2_changed"),
    ],
)
def test_class_name_is_the_events(name_of_class: str, event: str) -> None:
    """Without a name of its own an event is called as its class, in snake_case."""
    assert snake_case(name_of_class) == event
    assert declare(name_of_class).__event_name__ == event


def test_given_name_is_taken_as_it_is() -> None:
    """A given name wins, whatever it looks like, and the class's instances carry it in JSON."""
    assert OrderPlaced.__event_name__ == "Order Placed"
    assert OrderPlaced(order_id="1").__event_json__ == b'"Order Placed"'
    assert declare("Odd", name=' "é" ').__event_json__ == b'" \\"\xc3\xa9\\" "'


def test_name_is_not_inherited() -> None:
    """A subclass is another event: it does not go out under its base's name."""
    assert OrderPaid.__event_name__ == "order_paid"


@pytest.mark.parametrize("name", ["", " ", "\t\n", "x" * 101, "é" * 51])
def test_name_that_would_be_refused_is_refused_at_once(name: str) -> None:
    """A blank name or one over 100 bytes is refused when the class is made, in the vendor's words."""
    with pytest.raises(
        InvalidData,
        match=r"^class Bad: name: event name (must not be blank|cannot be longer than 100 bytes)$",
    ):
        declare("Bad", name=name)


@pytest.mark.parametrize("name", ["x" * 100, "é" * 50, " padded ", "with \U0001f600"])
def test_name_up_to_the_limit_is_taken(name: str) -> None:
    """100 bytes are not too many, however many characters they are."""
    assert declare("Good", name=name).__event_name__ == name


@given(st.text(max_size=120))
def test_limit_is_in_bytes(name: str) -> None:
    """A name is held against the limit by its bytes in UTF-8."""
    refused = wrong_event_name(name) != ""
    assert refused is (not name.strip() or len(name.encode()) > 100)


def test_instances_are_keyword_only() -> None:
    """Fields are given by name: a new field cannot shift the others."""
    order: Any = OrderPlaced
    with pytest.raises(TypeError):
        order("1")
    with pytest.raises(TypeError):
        order()
    with pytest.raises(TypeError):
        order(order_id="1", color="red")


def test_instances_are_frozen_and_comparable() -> None:
    """An event does not change after it is made, and equals another of the same fields."""
    order: Any = OrderPlaced(order_id="1")
    with pytest.raises(AttributeError):
        order.order_id = "2"
    assert order == OrderPlaced(order_id="1")
    assert Person(email="x") != Person(email="y")
    assert hash(Person(email="x")) == hash(Person(email="x"))


def test_required_fields_may_follow_defaults() -> None:
    """A subclass adds a required field after its base's optional ones."""
    paid = OrderPaid(order_id="1", by="cash")
    assert (paid.from_, paid.lines, paid.by) == ("web", [], "cash")
    assert OrderPlaced.__struct_encode_fields__ == ("order_id", "from", "lines")


def test_default_containers_are_not_shared() -> None:
    """Each instance has a list of its own."""
    first = OrderPlaced(order_id="1")
    first.lines.append("x")
    assert OrderPlaced(order_id="2").lines == []


def test_classes_may_be_generic_and_have_methods() -> None:
    """A declared class is an ordinary one: it may be generic and have properties and methods."""

    class Pair(Event, Generic[T], name="pair"):
        left: T
        right: T

        @property
        def both(self) -> tuple[T, T]:
            return self.left, self.right

    assert Pair(left=1, right=2).both == (1, 2)
    assert Pair.__event_name__ == "pair"


def test_options_of_msgspec_are_passed_on() -> None:
    """Options such as `rename` work, and what is set here can be set otherwise."""
    made: Any = DeclaredMeta(
        "Made",
        (Event,),
        {"__annotations__": {"order_id": str}, "__module__": __name__},
        rename="camel",
        frozen=False,
    )
    assert made.__struct_encode_fields__ == ("orderId",)
    event = made(order_id="1")
    event.order_id = "2"
    assert event.order_id == "2"


def test_mutation_of_the_copy_is_possible() -> None:
    """A changed copy is made with msgspec's own tool."""
    assert msgspec.structs.replace(Person(email="x"), email="y") == Person(email="y")


class Labelled:
    """What an application mixes in: a plain class, with room for anything in its instances."""

    def label(self: Any) -> str:
        """Say what it is."""
        return f"sku {self.sku}"


class Viewed(Labelled, Event):
    sku: str


class ViewedTwice(Viewed, Labelled):
    times: int = 2


class Priced(Event, dict=True):
    cents: int

    @functools.cached_property
    def euros(self) -> float:
        """Return the price in another unit."""
        return self.cents / 100


class PricedAgain(Priced):
    """Inherits the room for what is remembered."""


def test_plain_classes_and_remembered_properties_may_be_part() -> None:
    """A mixin without slots, and `dict=True`, need no further option, in a subclass neither."""
    viewed = ViewedTwice(sku="a", times=3)
    assert (Viewed(sku="a").label(), viewed.label()) == ("sku a", "sku a")
    assert encode_declared(viewed) == b'{"sku":"a","times":3}'
    assert PricedAgain(cents=250).euros == 2.5
    assert encode_declared(PricedAgain(cents=250)) == b'{"cents":250}'
