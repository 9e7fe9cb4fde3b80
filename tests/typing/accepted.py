"""Right uses of the public interface: mypy and pyright, both strict, must have nothing to say here."""

import datetime as dt
from collections.abc import Awaitable
from decimal import Decimal
from typing import assert_type

from catalogue_in_use import Channel, Events, Item, OrderPlaced, Person, PlanChanged, SignedUp

import ciokit
from ciokit import (
    AsyncTrackClient,
    BatchResult,
    CioId,
    Email,
    Id,
    ObjectId,
    Phone,
    Receipt,
    Relationship,
    RetryPolicy,
    Track,
    TrackClient,
)

NOW = dt.datetime.now(dt.UTC)


def bound(client: TrackClient[Person, Events]) -> None:
    """A client bound to a catalogue takes its events and attributes."""
    assert_type(client.track("user-1", SignedUp(method="google")), Receipt)
    client.track(Id("user-1"), OrderPlaced(order_id="1", total=Decimal("9.90"), channel=Channel.APP))
    client.track(Email("a@example.com"), PlanChanged(from_="free", to="pro"), extra={"coupon": None})
    client.track(Phone("+14155552671"), SignedUp(method="email"), id=ciokit.new_ulid(), timestamp=NOW)
    client.identify(CioId("a3000001"), Person(email="a@example.com", plan="pro"), extra={"shoe_size": 43})
    client.identify("user-1", Person(email="a@example.com"), remove=["first_name"], create=False)
    client.identify(
        "user-1", Person(email="a@example.com"), relationships=[Relationship(ObjectId("1", "acme"))]
    )
    client.add_device("user-1", "token", platform="ios", last_used=NOW)
    client.merge("user-1", Email("old@example.com"))
    assert_type(client.batch([Track("user-1", SignedUp(method="google"))]), BatchResult)


def unbound() -> None:
    """A client without a catalogue takes any event, and names with loose data."""
    client = TrackClient(retry=RetryPolicy(max_retries=5), timeout=3)
    assert_type(client.track("user-1", "Anything", {"at": NOW, "of": [1, 2.5, None]}), Receipt)
    client.track("user-1", SignedUp(method="google"))
    client.identify("user-1", {"plan": "free"})
    client.identify("user-1", Person(email="a@example.com"))
    client.identify_object(ObjectId("1", "acme"), {"seats": 50})


async def asynchronous(client: AsyncTrackClient[Person, Events]) -> None:
    """The asynchronous twin returns awaitables of the same."""
    assert_type(await client.track("user-1", SignedUp(method="google")), Receipt)
    pending: Awaitable[Receipt] = client.identify("user-1", Person(email="a@example.com"))
    await pending


def declared() -> None:
    """Events are plain typed values."""
    order = OrderPlaced(order_id="1", total=Decimal(1), items=[Item(sku="a", price=Decimal(1), quantity=2)])
    assert_type(order.total, Decimal)
    assert_type(order.items[0].quantity, int)


def singletons() -> None:
    """The process's client is typed by what it is asked for."""
    assert_type(ciokit.track_client(), TrackClient)
    assert_type(ciokit.track_client(TrackClient[Person, Events]), TrackClient[Person, Events])


@ciokit.retry(RetryPolicy(max_retries=1))
def charge(order: str, *, amount: int) -> float:
    """A wrapped callable keeps its type."""
    return amount / len(order)


@ciokit.retry()
async def refund(order: str) -> bool:
    """So does a coroutine function."""
    return bool(order)


async def retried() -> None:
    """Wrapped callables are called as before."""
    assert_type(charge("x", amount=1), float)
    assert_type(await refund("x"), bool)
