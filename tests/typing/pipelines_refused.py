"""Wrong uses of the Pipelines API, each refused by mypy and by pyright; see `refused.py`."""

from catalogue_in_use import Company, Events, Person, SignedUp, Unrelated

import ciokit
from ciokit import AnonymousId, AsyncPipelinesClient, Email, Outbox, PipelinesClient, TrackClient, pipelines
from ciokit.outboxes.pipelines import PipelinesOutbox


def wrong_calls(client: PipelinesClient[Person, Events]) -> None:
    client.track("user-1", Unrelated(number=1))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.track("user-1", "signed_up", {"method": "google"})  # type: ignore[arg-type, call-arg]  # pyright: ignore[reportCallIssue]
    client.track(1, SignedUp(method="google"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.track(Email("a@example.com"), SignedUp(method="google"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.track("user-1", SignedUp(method="google"), {"source": "ad"})  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.track("user-1", SignedUp(method="google"), timestamp="now")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.track("user-1", SignedUp(method="google"), message_id=7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.track("user-1", SignedUp(method="google"), id="m-1")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.track("user-1", SignedUp(method="google"), integrations={"All": "no"})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
    client.track("user-1", SignedUp(method="google"), context="web")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.identify("user-1", Company(name="Acme"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.identify("user-1", {"email": "a@example.com"})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.identify("user-1")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.group("user-1", 7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.alias("user-1")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.delete(AnonymousId("v-1"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.add_device("user-1", "token", platform="windows")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.add_device("user-1", "token")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.report_delivery("d-1", "bounced")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.batch([ciokit.Track("user-1", SignedUp(method="google"))])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    client.account_region()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    client.merge("user-1", "user-2")  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


def wrong_clients() -> None:
    PipelinesClient(region="uk")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    PipelinesClient(strict="yes")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    PipelinesClient(integrations={"All": "no"})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
    PipelinesClient(site_id="site")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    PipelinesClient[str, SignedUp]()  # type: ignore[type-var]  # pyright: ignore[reportInvalidTypeArguments]
    pipelines.Track()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pipelines.AddDevice("user-1", "token")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def wrong_async(client: AsyncPipelinesClient[Person, Events]) -> None:
    await client.track("user-1", Unrelated(number=1))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await client.close()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


def wrong_outboxes(client: PipelinesClient[Person, Events], track: TrackClient) -> None:
    outbox = Outbox(client)
    outbox.track("user-1", Unrelated(number=1))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    outbox.merge("user-1", "user-2")  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    outbox.enqueue("user-1", "signed_up")  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    Outbox(client, spool=7)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    Outbox(client, batches=7)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    Outbox(track).group("user-1", "acme")  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    PipelinesOutbox(track)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
