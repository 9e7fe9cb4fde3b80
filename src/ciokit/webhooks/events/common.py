"""What every reporting webhook tells, and what those of a message have in common.

Which fields come is the vendor's business (Reporting webhooks, `journeys-webhooks`): they depend on where a message
is from, and the vendor's own examples leave out what its schema requires. So all but the envelope and the identifiers
may be None. What came is in `raw`, with whatever is not known here.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

import msgspec

__all__ = ["Identifiers", "MessageEvent", "ReportingEvent", "UnknownEvent"]


class Identifiers(msgspec.Struct, frozen=True, kw_only=True):
    """Hold all identifiers of a person.

    Attributes:
        id: The id, if there is one.
        email: The e-mail address, if there is one.
        cio_id: Customer.io's own id.
    """

    id: str | None = None
    email: str | None = None
    cio_id: str | None = None

    def __repr__(self) -> str:
        return "<Identifiers>"


class ReportingEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what every event has.

    Attributes:
        event_id: The event's own id; a webhook that is delivered twice has the same.
        object_type: What it is about: `email`, `customer`, ...
        metric: What happened: `sent`, `subscribed`, ...
        timestamp: When it happened, in Unix seconds.
        raw: The whole body as it came.
    """

    event_id: str
    object_type: str
    metric: str
    timestamp: int
    raw: Mapping[str, Any]

    @property
    def occurred_at(self) -> datetime:
        """When it happened, in UTC."""
        return datetime.fromtimestamp(self.timestamp, UTC)

    @property
    def data(self) -> Mapping[str, Any]:
        """The event's data as it came."""
        return cast("Mapping[str, Any]", self.raw.get("data") or {})

    def __repr__(self) -> str:
        # Who it is about, and what was written to them, is not for a log.
        return f"<{type(self).__name__} {self.object_type} {self.metric} {self.event_id}>"


class UnknownEvent(ReportingEvent, frozen=True, kw_only=True):
    """An event about a type of object that is not known here; `data` has what it tells."""


class MessageEvent(ReportingEvent, frozen=True, kw_only=True):
    """An event about a message; which of the ids it has tells where the message is from.

    Attributes:
        delivery_id: The message as it went to this person.
        identifiers: The person.
        customer_id: The person's id, as it was told before `identifiers`.
        campaign_id: The campaign it is from.
        broadcast_id: The broadcast it is from.
        newsletter_id: The newsletter it is from.
        transactional_message_id: The transactional message's template.
        trigger_id: The broadcast's trigger, as `trigger` returned it.
        action_id: The action within a campaign or broadcast.
        parent_action_id: The action's parent, such as a randomised split.
        content_id: The newsletter's variant.
        journey_id: The person's way through the campaign or broadcast.
        trigger_event_id: The event that triggered the campaign.
    """

    delivery_id: str = ""
    identifiers: Identifiers = Identifiers()
    customer_id: str | None = None
    campaign_id: int | None = None
    broadcast_id: int | None = None
    newsletter_id: int | None = None
    transactional_message_id: int | str | None = None
    trigger_id: int | None = None
    action_id: int | None = None
    parent_action_id: int | None = None
    content_id: int | None = None
    journey_id: str | None = None
    trigger_event_id: str | None = None
