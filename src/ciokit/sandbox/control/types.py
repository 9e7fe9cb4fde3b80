"""What the control API takes and answers."""

from typing import Any

import msgspec

from ciokit.sandbox.control import views
from ciokit.sandbox.state.records import Warned


class People(msgspec.Struct, frozen=True):
    """A list of people."""

    people: list[views.PersonSummary]


class Events(msgspec.Struct, frozen=True):
    """A list of events; `next` is the `after` of the next page."""

    events: list[views.EventView]
    next: int | None


class Messages(msgspec.Struct, frozen=True):
    """A list of messages; `next` is the `after` of the next page."""

    messages: list[views.MessageView]
    next: int | None


class Requests(msgspec.Struct, frozen=True):
    """A list of requests; `next` is the `after` of the next page."""

    requests: list[views.RequestSummary]
    next: int | None


class Warnings(msgspec.Struct, frozen=True):
    """A list of warnings; `next` is the `after` of the next page."""

    warnings: list[Warned]
    next: int | None


class About(msgspec.Struct, frozen=True):
    """How the sandbox is set up."""

    workspaces: list[str]
    region: str
    strict: bool
    seed: int


class Faults(msgspec.Struct, frozen=True):
    """The faults that are switched on."""

    faults: list[views.FaultView]


class Ended(msgspec.Struct, frozen=True):
    """How many faults were switched off."""

    ended: int


class Done(msgspec.Struct, frozen=True):
    """Nothing more to say."""

    ok: bool = True


class WebhookRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ask for a reporting webhook: about a message, or with a body of one's own.

    Args:
        url: Where to post it.
        delivery_id: The message it tells of.
        metric: What happened to the message.
        event: The whole body, instead of a message.
    """

    url: str
    delivery_id: str | None = None
    metric: str = "sent"
    event: dict[str, Any] | None = None


class WebhookSent(msgspec.Struct, frozen=True):
    """The webhook as it is posted."""

    url: str
    headers: dict[str, str]
    body: str


class PostedView(msgspec.Struct, frozen=True):
    """A webhook that was posted, and what was answered: a status, or why there was none."""

    seq: int
    at: float
    url: str
    status: int | None
    error: str | None


class PostedWebhooks(msgspec.Struct, frozen=True):
    """Webhooks that were posted."""

    webhooks: list[PostedView]
