"""Production-grade Customer.io for Python."""

from typing import TYPE_CHECKING, Any

from ciokit.batching import BatchError, BatchResult, ItemResult
from ciokit.delivery import Receipt
from ciokit.errors import (
    CiokitError,
    ClientClosed,
    DeliveryError,
    InvalidData,
    NoReplyError,
    Problem,
    RateLimited,
    ReplyError,
    ServiceUnavailable,
    SettingsError,
    Unauthorized,
    WrongRegion,
)
from ciokit.events import Attributes, Event, Meta, field
from ciokit.identifiers import AnonymousId, CioId, CioObjectId, Email, Id, ObjectId, Phone
from ciokit.operations import (
    AddDevice,
    AddObjectRelationships,
    AddRelationships,
    Delete,
    DeleteDevice,
    DeleteObject,
    DeleteObjectRelationships,
    DeleteRelationships,
    Identify,
    IdentifyAnonymous,
    IdentifyObject,
    Merge,
    Page,
    Relationship,
    ReportDelivery,
    Screen,
    Suppress,
    Track,
    Unsuppress,
)
from ciokit.retrying import retry
from ciokit.singleton import (
    app_client,
    async_app_client,
    async_outbox,
    async_pipelines_client,
    async_track_client,
    outbox,
    pipelines_client,
    reset,
    track_client,
)
from ciokit.track import AccountRegion, AsyncTrackClient, TrackClient
from ciokit.turns import RateLimit, RateLimitReached
from ciokit.ulids import new_ulid, ulid_from
from ciokit.verdict import RetryPolicy
from ciokit.version import VERSION

if TYPE_CHECKING:
    from ciokit.app import (
        AppClient,
        AsyncAppClient,
        Attachment,
        RateLimits,
        SendEmail,
        SendInApp,
        SendInboxMessage,
        SendPush,
        SendSMS,
        SendWhatsApp,
    )
    from ciokit.outboxes import AsyncOutbox, Outbox
    from ciokit.outboxes.lifetime import install_signal_handlers
    from ciokit.outboxes.reports import DeliveredDetails, DroppedDetails, OutboxStats, RejectedDetails
    from ciokit.pipelines import AsyncPipelinesClient, PipelinesClient
    from ciokit.stores.errors import DiskFull, DiskReadOnly, StoreError, StoreFull, StoreUnwritable
    from ciokit.stores.spool import Spool

__version__ = VERSION

__all__ = [
    "AccountRegion",
    "AddDevice",
    "AddObjectRelationships",
    "AddRelationships",
    "AnonymousId",
    "AppClient",
    "AsyncAppClient",
    "AsyncOutbox",
    "AsyncPipelinesClient",
    "AsyncTrackClient",
    "Attachment",
    "Attributes",
    "BatchError",
    "BatchResult",
    "CioId",
    "CioObjectId",
    "CiokitError",
    "ClientClosed",
    "Delete",
    "DeleteDevice",
    "DeleteObject",
    "DeleteObjectRelationships",
    "DeleteRelationships",
    "DeliveredDetails",
    "DeliveryError",
    "DiskFull",
    "DiskReadOnly",
    "DroppedDetails",
    "Email",
    "Event",
    "Id",
    "Identify",
    "IdentifyAnonymous",
    "IdentifyObject",
    "InvalidData",
    "ItemResult",
    "Merge",
    "Meta",
    "NoReplyError",
    "ObjectId",
    "Outbox",
    "OutboxStats",
    "Page",
    "Phone",
    "PipelinesClient",
    "Problem",
    "RateLimit",
    "RateLimitReached",
    "RateLimited",
    "RateLimits",
    "Receipt",
    "RejectedDetails",
    "Relationship",
    "ReplyError",
    "ReportDelivery",
    "RetryPolicy",
    "Screen",
    "SendEmail",
    "SendInApp",
    "SendInboxMessage",
    "SendPush",
    "SendSMS",
    "SendWhatsApp",
    "ServiceUnavailable",
    "SettingsError",
    "Spool",
    "StoreError",
    "StoreFull",
    "StoreUnwritable",
    "Suppress",
    "Track",
    "TrackClient",
    "Unauthorized",
    "Unsuppress",
    "WrongRegion",
    "__version__",
    "app_client",
    "async_app_client",
    "async_outbox",
    "async_pipelines_client",
    "async_track_client",
    "field",
    "install_signal_handlers",
    "new_ulid",
    "outbox",
    "pipelines_client",
    "reset",
    "retry",
    "track_client",
    "ulid_from",
]

# What a program that only calls clients need not pay for at its start.
_LATE = {
    "AppClient": "ciokit.app",
    "AsyncAppClient": "ciokit.app",
    "AsyncOutbox": "ciokit.outboxes",
    "AsyncPipelinesClient": "ciokit.pipelines",
    "Attachment": "ciokit.app",
    "DeliveredDetails": "ciokit.outboxes.reports",
    "DiskFull": "ciokit.stores.errors",
    "DiskReadOnly": "ciokit.stores.errors",
    "DroppedDetails": "ciokit.outboxes.reports",
    "Outbox": "ciokit.outboxes",
    "OutboxStats": "ciokit.outboxes.reports",
    "PipelinesClient": "ciokit.pipelines",
    "RateLimits": "ciokit.app",
    "RejectedDetails": "ciokit.outboxes.reports",
    "SendEmail": "ciokit.app",
    "SendInApp": "ciokit.app",
    "SendInboxMessage": "ciokit.app",
    "SendPush": "ciokit.app",
    "SendSMS": "ciokit.app",
    "SendWhatsApp": "ciokit.app",
    "Spool": "ciokit.stores.spool",
    "StoreError": "ciokit.stores.errors",
    "StoreFull": "ciokit.stores.errors",
    "StoreUnwritable": "ciokit.stores.errors",
    "install_signal_handlers": "ciokit.outboxes.lifetime",
}


def __getattr__(name: str) -> Any:
    """Import a name of `_LATE` when it is first asked for."""
    module = _LATE.get(name)
    if module is None:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib import import_module

    return getattr(import_module(module), name)


def __dir__() -> list[str]:
    """List the names of `_LATE` as well: shells complete from this."""
    return sorted({*globals(), *_LATE})
