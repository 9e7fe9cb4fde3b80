"""Wrong uses of webhooks and of the SDK's form, each refused by mypy and by pyright.

Both checkers run strictly over this file, and an ignore that is not needed is an error: so a wrong use that one of
them would let pass fails the check.
"""

from ciokit import webhooks
from ciokit.compat import customerio
from ciokit.contrib.starlette import webhook_endpoint
from ciokit.webhooks import EmailBounced, Receiver, ReportingEvent


class Half:
    def add(self, event_id: str, /) -> bool:
        """Call every event new."""
        return bool(event_id)


def no_event(text: str) -> None: ...


def wrong_uses(body: bytes, headers: dict[str, str], event: ReportingEvent, bounced: EmailBounced) -> None:
    webhooks.verify("{}", headers, "key")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    webhooks.verify(body, headers)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    webhooks.verify(body, headers, 7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    webhooks.receive(body, headers, "key", tolerance="5 min")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    event.recipient  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # noqa: B018
    bounced.href  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # noqa: B018
    bounced.metric = "sent"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    webhook_endpoint(no_event)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Receiver("key", seen=Half())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def wrong_calls(cio: customerio.CustomerIO) -> None:
    customerio.CustomerIO("site", "key", region="us")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    cio.track("user-1")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    cio.send("user-1")  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    customerio.APIClient("key").send_email(customerio.SendPushRequest())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    customerio.SendEmailRequest(subjekt="x")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
