"""Wrong uses of the App clients, each refused by mypy and by pyright.

Both checkers run strictly over this file, and an ignore that is not needed is an error: so a wrong use that one of
them would let pass fails the check.
"""

from decimal import Decimal

from app_in_use import Receipt, ReceiptData

from ciokit import ObjectId
from ciokit.app import (
    AppClient,
    AsyncAppClient,
    DataFile,
    Emails,
    PushDevice,
    SendEmail,
    SendInApp,
    SendPush,
    SendSMS,
    UserData,
)
from ciokit.app.bodies import ActionContent, EmailNewsletter


def wrong_calls(app: AppClient) -> None:
    app.customers.attributes(7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    app.customers.attributes(ObjectId("1", "acme"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    app.customers.attributes()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    app.customers.nothing("user-1")  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    app.segments.membership("7")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    app.segments.membership(7, 100)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    app.segments.membership(7)[0]  # type: ignore[index]  # pyright: ignore[reportIndexIssue]
    app.segments.create(description="d")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    app.messages.list(metric="seen")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    app.messages.list(start_ts="today")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    app.messages.list(limit=5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    app.campaigns.link_metrics(1, period="years")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    app.imports.create("animals", name="n", data_file_url="u")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    app.exports.create_deliveries(5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    app.esp_suppression.create("spam", "a@example.com")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    app.campaigns.actions.update(1, 2, "body")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    app.request("PATCH", "/v1/x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    app.segments.list().append(1)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    ActionContent(sending_state="on")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    EmailNewsletter(name="n", subject="s", body="b")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def wrong_messages(app: AppClient) -> None:
    data = ReceiptData(order_id="1", total=Decimal(1))
    SendEmail(to="a@example.com")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    SendEmail(identifiers="1")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    SendEmail("a@example.com", "1")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    SendEmail(to="a@example.com", identifiers={"id": "1"})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    SendEmail(to="a@example.com", identifiers="1", subjct="s")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    SendEmail(to="a@example.com", identifiers="1", attachments="a.pdf")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    SendEmail(to="a@example.com", identifiers="1").to = "b@example.com"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    SendPush(identifiers="1")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    SendPush(identifiers="1", transactional_message_id=1, sound="loud")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    SendSMS(identifiers="1", transactional_message_id=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    SendInApp(identifiers="1", transactional_message_id=1, to="x")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    PushDevice(token="t", platform="web")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Receipt(to="a@example.com", identifiers="1", message_data={"order_id": "1"})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Receipt(to="a@example.com", identifiers="1", message_data=ReceiptData(order_id=1, total=Decimal(1)))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    app.send_email(SendInApp(identifiers="1", transactional_message_id=1))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    app.send_email({"to": "a@example.com"})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    app.send_sms(Receipt(to="a@example.com", identifiers="1", message_data=data))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def wrong_broadcasts(app: AppClient) -> None:
    app.broadcasts.trigger(1, ["a@example.com"])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    app.broadcasts.trigger(1, Emails(["a@b"]), DataFile("u"))  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    app.broadcasts.trigger("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Emails([1])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    Emails(["a@b"], id_ignore_missing=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    UserData(7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def wrong_clients() -> None:
    AppClient(region="uk")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    AppClient(workspace_id="7")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    AppClient(site_id="s")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    AppClient(naive_datetimes="local")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def wrong_async(app: AsyncAppClient) -> None:
    await app.segments.membership(7)  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
    for _ in app.segments.membership(7):  # type: ignore[attr-defined]  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType]
        pass
    app.close()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
