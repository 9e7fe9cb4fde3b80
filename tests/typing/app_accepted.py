"""Right uses of the App clients: mypy and pyright, both strict, must have nothing to say here."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any, assert_type

from app_in_use import Receipt, ReceiptData, Reminder

from ciokit import CioId, CioObjectId, Email, RetryPolicy
from ciokit.app import (
    AppClient,
    AsyncAppClient,
    Attachment,
    Emails,
    Page,
    Pages,
    PerUserData,
    PushDevice,
    RateLimits,
    Recipients,
    SendEmail,
    SendPush,
    SendSMS,
    Sent,
    UserData,
)
from ciokit.app.bodies import ActionContent, EmailNewsletter
from ciokit.app.filters import all_of, attribute_is, in_segment
from ciokit.app.records import (
    BroadcastTrigger,
    Customer,
    CustomerIdentifiers,
    Export,
    Message,
    Segment,
    TriggerId,
)

NOW = dt.datetime.now(dt.UTC)
CLIENT = AppClient(
    "key", region="eu", workspace_id=7, retry=RetryPolicy(max_retries=5), rate_limits=RateLimits()
)


def resources(app: AppClient) -> None:
    """Methods return what the answers become."""
    assert_type(app.customers.attributes("user-1"), Customer)
    assert_type(app.customers.attributes(CioId("a3")).identifiers.email, str | None)
    assert_type(app.customers.by_email("a@example.com"), tuple[CustomerIdentifiers, ...])
    assert_type(app.segments.list(), tuple[Segment, ...])
    assert_type(app.segments.membership(7, page_size=30_000), Pages[CustomerIdentifiers])
    assert_type(app.segments.delete(7), None)
    assert_type(app.objects.attributes(1, CioObjectId("ob1")).attributes["seats"], Any)
    app.campaigns.actions.update(1, 2, ActionContent(body="b", reply_to_id=None))
    app.campaigns.actions.update(1, 2, {"body": "b", "new": 1})
    app.newsletters.create(EmailNewsletter(name="n", recipients=in_segment(1), subject="s", body="b"))
    app.design_studio.folders.update("f", parent_folder_id=None)
    app.collections.create("c", data=[{"a": 1}])
    app.messages.list(type="email", metric="opened", start_ts=NOW, end_ts=1_800_000_000)
    assert_type(app.request("GET", ["v1", "new"], query={"a": 1}), Any)


def lists(app: AppClient) -> None:
    """Long lists are iterated by item or by page."""
    for person in app.customers.search(all_of(in_segment(1), attribute_is("plan", "pro"))):
        assert_type(person, CustomerIdentifiers)
    for page in app.messages.list().pages():
        assert_type(page, Page[Message])


def sends(app: AppClient, client: AppClient) -> None:
    """Messages take loose data, or typed data of an application's own."""
    loose = SendEmail(
        to=["a@example.com"],
        identifiers=Email("a@example.com"),
        transactional_message_id=3,
        message_data={"order_id": "1"},
        send_at=NOW,
        attachments=[Path("a.pdf"), Attachment("b.csv", b"a,b")],
        headers={"X-Tag": "a"},
    )
    assert_type(app.send_email(loose), Sent)
    data = ReceiptData(order_id="1", total=Decimal(1))
    app.send_email(Receipt(to="a@example.com", identifiers="user-1", message_data=data))
    app.send_push(Reminder(identifiers="user-1", message_data=data), wait=False)
    app.send_push(
        SendPush(
            identifiers="1", transactional_message_id=1, custom_device=PushDevice(token="t", platform="ios")
        )
    )
    app.send_sms(SendSMS(identifiers="1", transactional_message_id="code", to="+14155552671"))
    assert_type(
        client.send_email(SendEmail(to="a@b", identifiers="1", transactional_message_id=1)).send_at,
        int | None,
    )


def broadcasts(app: AppClient) -> None:
    """A broadcast has one audience."""
    assert_type(app.broadcasts.trigger(1), TriggerId)
    app.broadcasts.trigger(1, Emails(["a@example.com"], ignore_missing=True), data={"a": 1})
    app.broadcasts.trigger(1, PerUserData([UserData("1", {"code": "a"}), UserData(Email("a@b"))]))
    app.broadcasts.trigger(1, Recipients(in_segment(4)), wait=False)
    assert_type(app.broadcasts.wait(1, 2), BroadcastTrigger)


def exports(app: AppClient) -> None:
    """An export is waited for and read."""

    def note(export: Export) -> None:
        assert_type(export.total, int)

    export = app.exports.create_customers(in_segment(4))
    assert_type(app.exports.wait(export.id, progress=note, timeout=60), Export)
    for row in app.exports.rows(export.id):
        assert_type(row, dict[str, str])


async def asynchronous(app: AsyncAppClient) -> None:
    """The asynchronous twin returns awaitables and asynchronous iterators of the same."""
    assert_type(await app.customers.attributes("user-1"), Customer)
    assert_type(await app.segments.list(), tuple[Segment, ...])
    async for person in app.segments.membership(7):
        assert_type(person, CustomerIdentifiers)
    assert_type(await app.send_email(Receipt(to="a@example.com", identifiers="user-1")), Sent)
    async for row in app.exports.rows(1):
        assert_type(row, dict[str, str])
