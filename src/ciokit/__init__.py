"""Production-grade Customer.io for Python."""

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
from ciokit.identifiers import CioId, CioObjectId, Email, Id, ObjectId, Phone
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
from ciokit.singleton import async_track_client, reset, track_client
from ciokit.track import AccountRegion, AsyncTrackClient, TrackClient
from ciokit.ulids import new_ulid
from ciokit.verdict import RetryPolicy
from ciokit.version import VERSION

__version__ = VERSION

__all__ = [
    "AccountRegion",
    "AddDevice",
    "AddObjectRelationships",
    "AddRelationships",
    "AsyncTrackClient",
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
    "DeliveryError",
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
    "Page",
    "Phone",
    "Problem",
    "RateLimited",
    "Receipt",
    "Relationship",
    "ReplyError",
    "ReportDelivery",
    "RetryPolicy",
    "Screen",
    "ServiceUnavailable",
    "SettingsError",
    "Suppress",
    "Track",
    "TrackClient",
    "Unauthorized",
    "Unsuppress",
    "WrongRegion",
    "__version__",
    "async_track_client",
    "field",
    "new_ulid",
    "reset",
    "retry",
    "track_client",
]
