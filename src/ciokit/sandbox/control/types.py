"""What the control API takes and answers."""

from typing import Any

import msgspec

from ciokit.sandbox.control import views
from ciokit.sandbox.state.records import Warned


class People(msgspec.Struct, frozen=True):
    """A list of people.

    Args:
        people: The people.
    """

    people: list[views.PersonSummary]


class Events(msgspec.Struct, frozen=True):
    """A list of events.

    Args:
        events: The events, oldest first.
        next: The `after` of the next page; null at the end, and where no `after` was given.
    """

    events: list[views.EventView]
    next: int | None


class Messages(msgspec.Struct, frozen=True):
    """A list of messages.

    Args:
        messages: The messages, oldest first.
        next: The `after` of the next page; null at the end, and where no `after` was given.
    """

    messages: list[views.MessageView]
    next: int | None


class Requests(msgspec.Struct, frozen=True):
    """A list of requests.

    Args:
        requests: The requests, oldest first.
        next: The `after` of the next page; null at the end, and where no `after` was given.
    """

    requests: list[views.RequestSummary]
    next: int | None


class Warnings(msgspec.Struct, frozen=True):
    """A list of warnings.

    Args:
        warnings: The warnings, oldest first.
        next: The `after` of the next page; null at the end, and where no `after` was given.
    """

    warnings: list[Warned]
    next: int | None


class EventNames(msgspec.Struct, frozen=True):
    """The names of the events that are kept.

    Args:
        names: Each once, in the order of the alphabet.
    """

    names: list[str]


class About(msgspec.Struct, frozen=True):
    """How the sandbox is set up.

    Args:
        workspaces: Names of the workspaces; calls without credentials are for the first.
        region: `us` or `eu`: where the accounts are.
        strict: Whether what the vendor discards in silence is refused.
        seed: Seed of all that is left to chance.
    """

    workspaces: list[str]
    region: str
    strict: bool
    seed: int


class Stats(msgspec.Struct, frozen=True):
    """Counts of what there is and of what happened since the start or the last reset.

    Args:
        people: People there are now.
        events: Events still kept.
        duplicates_collapsed: Deliveries of an event after its first, known by their ULID.
        messages: Messages that were accepted for sending.
        requests: Requests of the vendor's APIs.
        rejected: Operations that were refused.
        warnings: Warnings still kept.
        faults: Requests that a fault hit.
        events_total: All events there were.
        warnings_total: All warnings there were.
    """

    people: int
    events: int
    duplicates_collapsed: int
    messages: int
    requests: int
    rejected: int
    warnings: int
    faults: int
    events_total: int
    warnings_total: int


class Faults(msgspec.Struct, frozen=True):
    """The faults that are switched on.

    Args:
        faults: The faults, first added first.
    """

    faults: list[views.FaultView]


class Ended(msgspec.Struct, frozen=True):
    """How many faults were switched off.

    Args:
        ended: The number of them.
    """

    ended: int


class Done(msgspec.Struct, frozen=True):
    """Nothing more to say.

    Args:
        ok: Always true.
    """

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
    """The webhook as it is posted.

    Args:
        url: Where it is posted.
        headers: Its headers, the signature among them.
        body: Its body, to the byte what is signed.
    """

    url: str
    headers: dict[str, str]
    body: str


class PostedView(msgspec.Struct, frozen=True):
    """A webhook that was posted, and what became of it.

    Args:
        seq: Position in the order of everything that happened.
        at: When it was posted, Unix seconds.
        url: Where it was posted.
        status: The status that was answered, if any.
        error: Why there was no answer.
    """

    seq: int
    at: float
    url: str
    status: int | None
    error: str | None


class PostedWebhooks(msgspec.Struct, frozen=True):
    """Webhooks that were posted.

    Args:
        webhooks: The webhooks, oldest first.
    """

    webhooks: list[PostedView]
