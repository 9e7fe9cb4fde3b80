"""The official Python SDK's interface (`customerio` 3.x) over ciokit's transport, retries and errors.

    import ciokit.compat.customerio as customerio

is the whole migration: names, arguments, return values, requests and exceptions are the SDK's. What is mended is
listed in the migration guide. `CIOKIT_BASE_URL` is honoured, so that a program under test speaks to a sandbox.
"""

from ciokit.compat.customerio.api import (
    APIClient,
    SendEmailRequest,
    SendInAppRequest,
    SendInboxMessageRequest,
    SendPushRequest,
    SendSMSRequest,
    SendWhatsAppRequest,
)
from ciokit.compat.customerio.errors import CustomerIOException
from ciokit.compat.customerio.regions import Regions
from ciokit.compat.customerio.track import CustomerIO

__all__ = [
    "APIClient",
    "CustomerIO",
    "CustomerIOException",
    "Regions",
    "SendEmailRequest",
    "SendInAppRequest",
    "SendInboxMessageRequest",
    "SendPushRequest",
    "SendSMSRequest",
    "SendWhatsAppRequest",
]
