"""Wrong uses of the public interface, each refused by mypy and by pyright.

Both checkers run strictly over this file, and an ignore that is not needed is an error: so a wrong use that one of
them would let pass fails the check.
"""

from decimal import Decimal

from catalogue_in_use import (
    Company,
    Events,
    Item,
    OrderPlaced,
    Person,
    PlanChanged,
    SignedUp,
    Unrelated,
)

import ciokit
from ciokit import AsyncTrackClient, Email, Identify, ObjectId, Relationship, RetryPolicy, TrackClient


def wrong_events() -> None:
    SignedUp()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    SignedUp(method="facebook")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    SignedUp("google")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    SignedUp(method="google", sauce="ad")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    SignedUp(method="google", source=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    OrderPlaced(order_id="1")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    OrderPlaced(order_id=1, total=Decimal(1))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    OrderPlaced(order_id="1", total="9.90")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    OrderPlaced(order_id="1", total=Decimal(1), items=[{"sku": "a"}])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    OrderPlaced(order_id="1", total=Decimal(1), channel="web")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    OrderPlaced(order_id="1", total=Decimal(1), placed_at="2026-01-01")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    PlanChanged(to="pro")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Item(sku="a", price=Decimal(1), quantity="2")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def wrong_attributes() -> None:
    Person()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Person(email=None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Person(email="a@example.com", plan="gold")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Person(email="a@example.com", created_at="yesterday")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Person(email="a@example.com").email = "b@example.com"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    SignedUp(method="google").method = "email"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


def wrong_calls(client: TrackClient[Person, Events]) -> None:
    client.track("user-1", Unrelated(number=1))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.track("user-1", "signed_up", {"method": "google"})  # type: ignore[arg-type, call-arg]  # pyright: ignore[reportCallIssue]
    client.track("user-1", "signed_up")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.track("user-1", Person(email="a@example.com"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.track(1, SignedUp(method="google"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.track(None, SignedUp(method="google"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.track(ObjectId("1", "acme"), SignedUp(method="google"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.track("user-1", SignedUp(method="google"), {"source": "ad"})  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.track("user-1", SignedUp(method="google"), timestamp="now")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.track("user-1", SignedUp(method="google"), id=7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.track("user-1", SignedUp)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.identify("user-1", Company(name="Acme"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.identify("user-1", {"email": "a@example.com"})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.identify("user-1")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.identify("user-1", SignedUp(method="google"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.identify("user-1", Person(email="a@example.com"), relationships=[ObjectId("1", "acme")])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    client.add_device("user-1", "token", platform="windows")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.add_device("user-1", "token")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.identify_object("acme", {"seats": 50})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.merge("user-1")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.report_metric("delivery", "seen")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.batch(SignedUp(method="google"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.aclose()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


def wrong_clients() -> None:
    TrackClient(region="uk")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    TrackClient(timeout="10")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    TrackClient(retry=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    TrackClient[str, SignedUp]()  # type: ignore[type-var]  # pyright: ignore[reportInvalidTypeArguments]
    TrackClient[Person, str]()  # type: ignore[type-var]  # pyright: ignore[reportInvalidTypeArguments]
    RetryPolicy(3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    RetryPolicy(max_retries="3")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Email(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Identify()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Relationship()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    ciokit.retry(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ciokit.track_client().track("user-1", 5)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]


async def wrong_async(client: AsyncTrackClient[Person, Events]) -> None:
    await client.track("user-1", Unrelated(number=1))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await client.close()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
