"""Reporting webhooks: what Customer.io tells an application about its messages and people.

    event = receive(body, headers, keys)         # checked and read, or a WebhookError
    match event:
        case EmailBounced(recipient=who): ...

`ciokit.contrib.starlette`, `ciokit.contrib.django` and `ciokit.contrib.flask` have receivers of one line.
"""

from ciokit.webhooks import events
from ciokit.webhooks.errors import (
    BodyTooLarge,
    InvalidPayload,
    InvalidTimestamp,
    MissingHeader,
    SignatureMismatch,
    StillHandled,
    TimestampTooNew,
    TimestampTooOld,
    WebhookError,
)
from ciokit.webhooks.events import *  # noqa: F403 - a class for each event, all of them public
from ciokit.webhooks.parsing import parse
from ciokit.webhooks.receiver import AsyncHandler, Handler, Receiver, receive
from ciokit.webhooks.recent import AsyncClaims, AsyncSeen, Claims, RecentEvents, Seen
from ciokit.webhooks.signatures import TOLERANCE, sign, verify

__all__ = [
    "TOLERANCE",
    "AsyncClaims",
    "AsyncHandler",
    "AsyncSeen",
    "BodyTooLarge",
    "Claims",
    "Handler",
    "InvalidPayload",
    "InvalidTimestamp",
    "MissingHeader",
    "Receiver",
    "RecentEvents",
    "Seen",
    "SignatureMismatch",
    "StillHandled",
    "TimestampTooNew",
    "TimestampTooOld",
    "WebhookError",
    "parse",
    "receive",
    "sign",
    "verify",
]
__all__ += events.__all__
