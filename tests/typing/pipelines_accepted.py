"""Right uses of the Pipelines API: mypy and pyright, both strict, must have nothing to say here."""

import datetime as dt
from collections.abc import Awaitable
from decimal import Decimal
from typing import assert_type

from catalogue_in_use import Company, Events, OrderPlaced, Person, SignedUp

import ciokit
from ciokit import (
    AnonymousId,
    AsyncOutbox,
    AsyncPipelinesClient,
    BatchResult,
    Email,
    Id,
    ObjectId,
    Outbox,
    PipelinesClient,
    Receipt,
    TrackClient,
    pipelines,
)
from ciokit.outboxes.pipelines import AsyncPipelinesOutbox, PipelinesOutbox

NOW = dt.datetime.now(dt.UTC)


def bound(client: PipelinesClient[Person, Events]) -> None:
    """A client bound to a catalogue takes its events and attributes."""
    assert_type(client.track("user-1", SignedUp(method="google")), Receipt)
    client.track(AnonymousId("v-1"), OrderPlaced(order_id="1", total=Decimal("9.90")), message_id="m-1")
    client.track(Id("user-1"), SignedUp(method="email"), extra={"n": 1}, timestamp=NOW, context={"ip": "::1"})
    client.identify("user-1", Person(email="a@example.com"), anonymous_id="v-1", integrations={"All": False})
    client.identify(Email("a@example.com"), Person(email="a@example.com"))
    client.group("user-1", ObjectId("1", "acme"), Company(name="Acme"), relationship_attributes={"role": "x"})
    client.alias(AnonymousId("v-1"), "user-1")
    client.add_device("user-1", "token", platform="ios", timestamp=NOW)
    client.report_delivery("d-1", "opened", recipient="a@example.com")
    assert_type(client.batch([pipelines.Track("user-1", SignedUp(method="google"))]), BatchResult)


def unbound() -> None:
    """A client without a catalogue takes any event, and names with loose data."""
    client = PipelinesClient("key", region="eu", strict=False, context={"locale": "de"})
    assert_type(client.track("user-1", "Anything", {"at": NOW}), Receipt)
    client.identify("user-1")
    client.page("user-1")
    client.screen(AnonymousId("v-1"), "Main", {"n": 1})


async def awaited(client: AsyncPipelinesClient[Person, Events]) -> None:
    """The asynchronous client's verbs return what can be awaited."""
    waiting: Awaitable[Receipt] = client.track("user-1", SignedUp(method="google"))
    assert_type(await waiting, Receipt)
    assert_type(await client.batch([pipelines.Page("user-1")]), BatchResult)


def shared() -> None:
    """The process's client is typed by what it is asked for."""
    assert_type(ciokit.pipelines_client(), PipelinesClient)
    assert_type(ciokit.pipelines_client(PipelinesClient[Person, Events]), PipelinesClient[Person, Events])


def outboxes(client: PipelinesClient[Person, Events]) -> None:
    """An outbox has the verbs and the catalogue of its client."""
    outbox = Outbox(client, spool="spool", batch_size=10)
    assert_type(outbox, PipelinesOutbox[Person, Events])
    assert_type(outbox.track(AnonymousId("v-1"), SignedUp(method="google")), str | None)
    outbox.group("user-1", "acme")
    loose = Outbox(PipelinesClient())
    loose.enqueue("user-1", "signed_up", {"method": "google"})
    assert_type(Outbox(TrackClient[Person, Events]()), Outbox[Person, Events])


async def async_outboxes(client: PipelinesClient[Person, Events]) -> None:
    """So has the asynchronous one."""
    async with AsyncOutbox(client) as outbox:
        assert_type(outbox, AsyncPipelinesOutbox[Person, Events])
        assert_type(await outbox.track("user-1", SignedUp(method="google")), str | None)
