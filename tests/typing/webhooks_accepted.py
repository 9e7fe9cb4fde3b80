"""Right uses of webhooks and of the SDK's form: mypy and pyright, both strict, must have nothing to say here."""

from collections.abc import Mapping
from typing import Any, assert_type

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.routing import Route

from ciokit import webhooks
from ciokit.compat import customerio
from ciokit.contrib import flask as ciokit_flask
from ciokit.contrib.starlette import webhook_endpoint
from ciokit.webhooks import (
    CustomerUnsubscribed,
    EmailBounced,
    EmailClicked,
    EmailEvent,
    MessageEvent,
    PushBounced,
    PushRecipient,
    Receiver,
    RecentEvents,
    ReportingEvent,
    UnknownEvent,
)


def handle(event: ReportingEvent) -> None:
    match event:
        case EmailBounced():
            assert_type(event.recipient, str | None)
            assert_type(event.failure_message, str | None)
        case EmailClicked(href=href, link_id=number):
            assert_type(href, str | None)
            assert_type(number, int | None)
        case EmailEvent():
            assert_type(event.subject, str | None)
        case PushBounced():
            assert_type(event.recipients, tuple[PushRecipient, ...])
        case CustomerUnsubscribed():
            assert_type(event.identifiers.email, str | None)
        case MessageEvent():
            assert_type(event.delivery_id, str)
            assert_type(event.transactional_message_id, int | str | None)
        case UnknownEvent():
            assert_type(event.data, Mapping[str, Any])
        case _:
            assert_type(event.metric, str)


async def handle_later(event: ReportingEvent) -> int:
    return event.timestamp


class Shared:
    def add(self, event_id: str, /) -> bool:
        """Call every event new."""
        return bool(event_id)

    def forget(self, event_id: str, /) -> None:
        """Forget nothing."""


class Claimed(Shared):
    def finish(self, event_id: str, /) -> None:
        """Note nothing."""


class SharedLater:
    async def add(self, event_id: str, /) -> bool:
        """Call every event new."""
        return bool(event_id)

    async def forget(self, event_id: str, /) -> None:
        """Forget nothing."""


app = Starlette(
    routes=[
        Route("/one", webhook_endpoint(handle), methods=["POST"]),
        Route("/two", webhook_endpoint(handle_later, ["new", b"old"], seen=SharedLater()), methods=["POST"]),
    ]
)
ciokit_flask.webhook_view(handle, "key", tolerance=None, seen=Shared(), limit=1_000)
Receiver("key", seen=RecentEvents(10, ttl=5))
claims: webhooks.Claims = Claimed()
Receiver("key", seen=claims)


async def by_hand(request: Request, environ: dict[str, Any], pairs: list[tuple[bytes, bytes]]) -> None:
    body = await request.body()
    assert_type(request.headers, Headers)
    assert_type(webhooks.receive(body, request.headers, "key"), ReportingEvent)
    webhooks.verify(body, environ, ["new", "old"], tolerance=60)
    webhooks.verify(memoryview(body), pairs, b"key", now=1.0)
    assert_type(webhooks.sign(body, "key"), dict[str, str])


def as_with_the_sdk() -> None:
    with customerio.CustomerIO("site", "key", region=customerio.Regions.EU, timeout=(3, 5)) as cio:
        assert_type(cio.identify(5, plan="pro").status_code, int)
        cio.track("user-1", "seen", {"n": 1}, timestamp=1_613_063_089)
        assert_type(cio.batch([{"type": "person", "action": "delete"}]).ok, bool)
    api = customerio.APIClient("key")
    api.send_email(customerio.SendEmailRequest(to="a@example.com", identifiers={"id": "1"}))
    api.send_sms({"to": "+14155552671"})
    try:
        cio.delete("user-1")
    except customerio.CustomerIOException as error:
        assert_type(error.status, int | None)
