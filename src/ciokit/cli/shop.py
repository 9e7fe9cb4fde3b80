"""A shop that is made up: its catalogue of events, and one seeded day of people, events and mistakes.

For each call it also says what must come of it, in plain JSON values that never went through ciokit's encoder. It
sends nothing and knows no service.
"""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec

from ciokit.events import Attributes, Event, Meta
from ciokit.identifiers import Phone
from ciokit.operations import Identify, Track
from ciokit.ulids import ulid_from

__all__ = ["Call", "Day", "Shop", "StoredEvent"]

Fate: TypeAlias = Literal["accepted", "refused_at_the_call", "refused_by_the_service"]

# The catalogue ---------------------------------------------------------------------------------------------------


class Customer(Attributes):
    """What the shop knows of a person."""

    email: str
    first_name: str
    plan: Literal["free", "starter", "pro"]
    created_at: dt.datetime


class SignedUp(Event):
    """A person opened an account."""

    method: Literal["email", "google"]


class ProductViewed(Event, name="Product Viewed"):
    """A person looked at a product."""

    sku: str
    price: Annotated[Decimal, Meta(ge=0)]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an order."""

    sku: str
    quantity: Annotated[int, Meta(ge=1)]


class OrderPlaced(Event, name="Order Placed"):
    """A person bought something."""

    order_id: str
    total: Annotated[Decimal, Meta(ge=0)]
    items: list[Line]
    coupon: str | None = None


class OrderShipped(Event, name="Order Shipped"):
    """A parcel left the house."""

    order_id: str
    shipped_at: dt.datetime


# One day ---------------------------------------------------------------------------------------------------------


class StoredEvent(msgspec.Struct, frozen=True):
    """Say what Customer.io must hold of an event; `data` is without the stamp that the client adds."""

    name: str
    person: str
    timestamp: int
    data: dict[str, Any]


class Call(msgspec.Struct, frozen=True):
    """Hold one call that the shop makes, and what must come of it.

    Attributes:
        operation: What is meant.
        fate: Whether it is accepted, or who refuses it.
        mistake: What is wrong with it, in words.
    """

    operation: Identify | Track
    fate: Fate = "accepted"
    mistake: str = ""


class Day(msgspec.Struct, frozen=True):
    """Hold everything that the shop says on one day.

    Attributes:
        identified: People, each in a call of its own.
        tracked: Events, each in a call of its own, mistakes among them.
        batches: Further events, in batches.
        people: Attributes by id, as they must be stored.
        events: Events by ULID, as they must be stored.
    """

    identified: list[Call]
    tracked: list[Call]
    batches: list[list[Call]]
    people: dict[str, dict[str, Any]]
    events: dict[str, StoredEvent]

    def calls(self) -> Iterator[Call]:
        """Yield every call of the day."""
        yield from self.identified
        yield from self.tracked
        for batch in self.batches:
            yield from batch

    def count(self, fate: Fate, kind: type[Identify | Track] | None = None) -> int:
        """Count the calls that must come to a certain end.

        Args:
            fate: The end.
            kind: Of this kind alone.
        """
        return sum(call.fate == fate and isinstance(call.operation, kind or object) for call in self.calls())


_NAMES: Final = ("Ada", "Björk", "Chidi", "Dolores", "Emre", "Fatima", "Grace", "Hồng", "Ines", "Jun")
_SKUS: Final = ("mug-blue", "mug-red", "tea-green", "tea-black", "kettle-2l", "filter-xl")


class Shop:
    """Make up a day, the same one for the same arguments.

    Args:
        seed: Seed of everything that is left to chance.
        now: Unix time; the day ends here.
        people: How many people.
        events: How many events that must be stored.
    """

    def __init__(self, *, seed: int, now: int, people: int, events: int) -> None:
        self._random = Random(seed)  # noqa: S311 - a made-up shop keeps no secrets
        self._seed = seed
        self._start = now - 24 * 3600
        self._ids = [f"customer-{number:04d}" for number in range(1, people + 1)]
        self._events = events
        self._made = 0
        self._day = Day([], [], [], {}, {})

    def open(self, *, singles: int, batch: int) -> Day:
        """Make the day's calls.

        Args:
            singles: How many of the events go in calls of their own.
            batch: How many events make a batch.

        Returns:
            The day.
        """
        day = self._day
        day.identified.extend(self._person(person) for person in self._ids)
        day.tracked.extend(self._event() for _ in range(singles))
        rest = [self._event() for _ in range(self._events - singles)]
        day.batches.extend(rest[start : start + batch] for start in range(0, len(rest), batch))
        self._scatter(self._mistakes(), day.tracked)
        self._scatter(self._unknown_phones(2), day.tracked)
        for calls in day.batches[:2]:
            self._scatter(self._unknown_phones(1), calls)
        return day

    def _scatter(self, calls: list[Call], among: list[Call]) -> None:
        for call in calls:
            among.insert(self._random.randrange(len(among) + 1), call)

    def _person(self, person: str) -> Call:
        created = self._start - self._random.randrange(300 * 24 * 3600)
        facts: dict[str, Any] = {
            "email": f"{person}@shop.example",
            "first_name": self._random.choice(_NAMES),
            "plan": self._random.choice(("free", "free", "starter", "pro")),
        }
        self._day.people[person] = {"id": person, **facts, "created_at": created}
        return Call(
            Identify(person, Customer(**facts, created_at=dt.datetime.fromtimestamp(created, dt.UTC)))
        )

    def _event(self) -> Call:
        person = self._random.choice(self._ids)
        event, data = self._random.choice((self._sign_up, self._view, self._view, self._order, self._ship))()
        track = self._track(person, event)
        stored = StoredEvent(event.__event_name__, person, self._time(), data)
        self._day.events[track.id] = stored
        return Call(track)

    def _track(self, person: Any, event: Any, data: Any = None) -> Track:
        self._made += 1
        when = self._time()
        id_ = ulid_from(when * 1000, b"%d:%d" % (self._seed, self._made))
        return Track(person, event, data, id=id_, timestamp=when)

    def _time(self) -> int:
        return self._start + self._made * 24 * 3600 // (self._events + 20)

    # Each returns an event, and its data as it must be stored.

    def _sign_up(self) -> tuple[Event, dict[str, Any]]:
        method: Literal["email", "google"] = self._random.choice(("email", "google"))
        return SignedUp(method=method), {"method": method}

    def _view(self) -> tuple[Event, dict[str, Any]]:
        sku, cents = self._random.choice(_SKUS), self._random.randrange(100, 9000)
        return ProductViewed(sku=sku, price=Decimal(cents) / 100), {"sku": sku, "price": cents / 100}

    def _order(self) -> tuple[Event, dict[str, Any]]:
        number, cents = f"order-{self._random.randrange(10**6):06d}", self._random.randrange(500, 50000)
        items = [(sku, self._random.randrange(1, 4)) for sku in self._random.sample(_SKUS, 2)]
        event = OrderPlaced(
            order_id=number,
            total=Decimal(cents) / 100,
            items=[Line(sku=sku, quantity=quantity) for sku, quantity in items],
        )
        lines = [{"sku": sku, "quantity": quantity} for sku, quantity in items]
        return event, {"order_id": number, "total": cents / 100, "items": lines}

    def _ship(self) -> tuple[Event, dict[str, Any]]:
        number, when = f"order-{self._random.randrange(10**6):06d}", self._time()
        shipped = dt.datetime.fromtimestamp(when, dt.timezone(dt.timedelta(hours=2)))
        return OrderShipped(order_id=number, shipped_at=shipped), {"order_id": number, "shipped_at": when}

    # Mistakes. A type checker refuses most of these; here they come as `Any`, as out of a form or a file.

    def _mistakes(self) -> list[Call]:
        text: Any = "twelve"
        pigeon: Any = "carrier pigeon"
        nobody: Any = None
        someone = self._ids[0]
        wrong = (
            (someone, OrderPlaced(order_id="order-1", total=text, items=[]), "a total that is text"),
            (someone, OrderPlaced(order_id="order-2", total=Decimal(-5), items=[]), "a total below zero"),
            (someone, SignedUp(method=pigeon), "a method that is not declared"),
            (
                someone,
                OrderPlaced(order_id="order-3", total=Decimal(5), items=[Line(sku="mug-red", quantity=0)]),
                "a quantity of 0",
            ),
            (
                someone,
                OrderShipped(order_id="order-4", shipped_at=dt.datetime(2026, 1, 1)),  # noqa: DTZ001 - the mistake
                "a time without a time zone",
            ),
            ("", SignedUp(method="email"), "a blank id"),
            (nobody, SignedUp(method="email"), "no id at all"),
            (someone, "viewed " * 20, "a name over 100 bytes"),
        )
        return [
            Call(self._track(person, event), "refused_at_the_call", mistake)
            for person, event, mistake in wrong
        ]

    def _unknown_phones(self, count: int) -> list[Call]:
        """Make events that only the service can refuse: its workspace does not know people by telephone number."""
        return [
            Call(
                self._track(Phone(f"+1415555{number:04d}"), SignedUp(method="email")),
                "refused_by_the_service",
                "a telephone number, which this workspace does not take",
            )
            for number in range(count)
        ]
