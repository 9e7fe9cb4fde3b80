"""One `send_email` after the other, over one kept-alive connection: AppClient beside the vendor's SDK.

Every side builds its message anew for each call, with the same fields. `ciokit.compat.customerio` is the SDK's own
interface over ciokit, so its code is the SDK's but for the import.
"""

from typing import Any

from benchmarks.harness import Bench, Side
from benchmarks.people import people
from benchmarks.results import Row, Table, Target
from benchmarks.side import Run
from benchmarks.vendors import customerio, customerio_app

__all__ = ["NEEDS_SERVER", "measure"]

NEEDS_SERVER = True

CALLS, ROUNDS = 1_000, 7
DATA = {"order_id": "o-100234", "total": 129.9, "currency": "EUR", "items": [{"sku": "a-1", "count": 3}]}
NOTE = (
    "The limit of 100 messages a second, which ciokit keeps to by itself, is off here. AppClient checks the message "
    "before it is sent; ciokit.compat sends the SDK's bytes."
)


def measure(bench: Bench) -> Table:
    """Measure ciokit's own client, then its form of the SDK's, each in turns with the SDK."""
    return Table(
        "One transactional message a request",
        (
            _row(bench, "AppClient.send_email, one by one", "ciokit_send", "customerio_send"),
            _row(bench, "ciokit.compat: send_email, one by one", "compat_send", "customerio_send"),
            _row(bench, "ciokit.compat: track, one by one", "compat_track", "customerio_track"),
        ),
        (NOTE,),
    )


def _row(bench: Bench, name: str, ours: str, theirs: str) -> Row:
    sides = [
        Side("ciokit", f"{__name__}:{ours}", "requests"),
        Side("customerio", f"{__name__}:{theirs}", "requests"),
    ]
    lines = bench.microseconds(sides, calls=CALLS, rounds=ROUNDS)
    return Row(name, "µs", lines, Target("at most", 0.6, to="customerio"))


def ciokit_send(url: str) -> Run:
    """Send messages as ciokit declares them."""
    from ciokit import AppClient, RateLimits, SendEmail

    client = AppClient("key", base_url=url, rate_limits=RateLimits(transactional=None))

    def run(calls: int) -> None:
        for _, person in people(calls):
            client.send_email(
                SendEmail(
                    to="ada@example.com",
                    identifiers=person,
                    transactional_message_id="receipt",
                    message_data=DATA,
                )
            )

    return run


def customerio_send(url: str) -> Run:
    """Send messages of the vendor's SDK."""
    from customerio import SendEmailRequest

    return _sending(customerio_app(url), SendEmailRequest)


def compat_send(url: str) -> Run:
    """Send messages of the SDK's form over ciokit."""
    from ciokit.compat.customerio import APIClient, SendEmailRequest

    return _sending(APIClient("key", url=url), SendEmailRequest)


def _sending(client: Any, request: Any) -> Run:
    def run(calls: int) -> None:
        for _, person in people(calls):
            client.send_email(
                request(
                    to="ada@example.com",
                    identifiers={"id": person},
                    transactional_message_id="receipt",
                    message_data=DATA,
                )
            )

    return run


def customerio_track(url: str) -> Run:
    """Track with the vendor's SDK."""
    return _tracking(customerio(url))


def compat_track(url: str) -> Run:
    """Track with the SDK's form over ciokit."""
    from ciokit.compat.customerio import CustomerIO

    return _tracking(CustomerIO("site", "key", host=url))


def _tracking(client: Any) -> Run:
    def run(calls: int) -> None:
        for _, person in people(calls):
            client.track(person, "checkout_completed", DATA)

    return run
