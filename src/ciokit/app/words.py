"""The vendor's own closed sets of words, and the kinds of value that several operations take."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Meta

from ciokit.identifiers import CioId, CioObjectId, Email, Id, Phone
from ciokit.operations import Data, Timestamp

__all__ = [
    "AssetId",
    "Count",
    "CustomerRef",
    "Data",
    "DeliveryMetric",
    "Filter",
    "Flag",
    "IdRef",
    "ImportIdentifier",
    "ImportScope",
    "ImportType",
    "MessageMetric",
    "MessageState",
    "MessageType",
    "MetricsVersion",
    "Number",
    "ObjectIdRef",
    "ObjectTypeId",
    "Offset",
    "Order",
    "PageSize",
    "PageSize10k",
    "PageSize30k",
    "PageSize100",
    "PageSize1000",
    "Period",
    "Platform",
    "Resolution",
    "Row",
    "Rows",
    "SortBy",
    "Steps",
    "SuppressionType",
    "Texts",
    "Timestamp",
    "Window",
]

# Who and what ---------------------------------------------------------------------------------------------------------

CustomerRef: TypeAlias = str | Id | Email | Phone | CioId
"""A person; a plain string is an id."""
IdRef: TypeAlias = str | Id
"""A person, where the operation knows ids alone."""
ObjectIdRef: TypeAlias = str | CioObjectId
"""An object of a type that is named beside it; a plain string is the application's own id."""
AssetId: TypeAlias = int | str
"""A file or folder of the assets."""
ObjectTypeId: TypeAlias = int | str
"""A type of objects: a whole number from 1, as a number or as text."""
Number: TypeAlias = Annotated[int, Meta(ge=1)]
"""The number of a thing, from 1."""

# Closed sets ----------------------------------------------------------------------------------------------------------

MessageType: TypeAlias = Literal[
    "email", "webhook", "twilio", "whatsapp", "slack", "push", "in_app", "inbox", "live_notification"
]
MessageMetric: TypeAlias = Literal[
    "attempted",
    "sent",
    "delivered",
    "opened",
    "clicked",
    "converted",
    "bounced",
    "spammed",
    "unsubscribed",
    "dropped",
    "failed",
    "undeliverable",
]
DeliveryMetric: TypeAlias = Literal[
    "created",
    "attempted",
    "sent",
    "delivered",
    "opened",
    "clicked",
    "converted",
    "bounced",
    "spammed",
    "unsubscribed",
    "dropped",
    "failed",
    "undeliverable",
]
MessageState: TypeAlias = Literal["failed", "sent", "drafted", "attempted"]
MetricsVersion: TypeAlias = Literal["1", "2"]
Period: TypeAlias = Literal["hours", "days", "weeks", "months"]
Resolution: TypeAlias = Literal["hours", "hourly", "days", "daily", "weeks", "weekly", "months", "monthly"]
Order: TypeAlias = Literal["asc", "desc"]
SortBy: TypeAlias = Literal["created", "updated", "name"]
Flag: TypeAlias = Literal["true", "false", "any"]
Platform: TypeAlias = Literal["ios", "android"]
SuppressionType: TypeAlias = Literal["blocks", "bounces", "spam_reports", "invalid_emails"]
ImportType: TypeAlias = Literal["people", "event", "object", "relationship"]
ImportScope: TypeAlias = Literal["all", "only_new", "only_existing"]
ImportIdentifier: TypeAlias = Literal["id", "email", "cio_id"]
Window: TypeAlias = Literal[60, 3600, 86400]
"""Seconds over which a newsletter's rate is counted: a minute, an hour, a day."""

# Bounds and bodies ----------------------------------------------------------------------------------------------------

PageSize: TypeAlias = Annotated[int, Meta(ge=1)]
PageSize100: TypeAlias = Annotated[int, Meta(ge=1, le=100)]
PageSize1000: TypeAlias = Annotated[int, Meta(ge=1, le=1000)]
PageSize10k: TypeAlias = Annotated[int, Meta(ge=1, le=10_000)]
PageSize30k: TypeAlias = Annotated[int, Meta(ge=1, le=30_000)]
Steps: TypeAlias = Annotated[int, Meta(ge=1, le=121)]
Offset: TypeAlias = Annotated[int, Meta(ge=0)]
Count: TypeAlias = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Texts: TypeAlias = Sequence[str]
Filter: TypeAlias = Mapping[str, Any]
"""A condition on people or objects, as `ciokit.app.filters` builds it or as the vendor's reference writes it."""
Row: TypeAlias = Mapping[str, Any]
Rows: TypeAlias = Sequence[Mapping[str, Any]]
