"""The App API: transactional messages, broadcasts, and everything that can be asked and changed.

`AppClient` and `AsyncAppClient` have the operations as methods, grouped by what they are about. What they answer is in
`ciokit.app.records`, conditions for searches and audiences are in `ciokit.app.filters`, and bodies with many fields in
`ciokit.app.bodies`.
"""

from ciokit.app.answers import Page
from ciokit.app.attachments import Attachment
from ciokit.app.broadcasts import (
    DataFile,
    Emails,
    Ids,
    PerUserData,
    Recipients,
    UserData,
    write_data_file,
)
from ciokit.app.client import AppClient, AsyncAppClient
from ciokit.app.paging import AsyncPages, Pages
from ciokit.app.rates import RateLimits
from ciokit.app.records import Record, Sent
from ciokit.app.sends import (
    PushDevice,
    SendEmail,
    SendInApp,
    SendInboxMessage,
    SendPush,
    SendSMS,
    SendWhatsApp,
)
from ciokit.app.waiting import TransferFailed, TransferTimeout
from ciokit.turns import RateLimitReached

__all__ = [
    "AppClient",
    "AsyncAppClient",
    "AsyncPages",
    "Attachment",
    "DataFile",
    "Emails",
    "Ids",
    "Page",
    "Pages",
    "PerUserData",
    "PushDevice",
    "RateLimitReached",
    "RateLimits",
    "Recipients",
    "Record",
    "SendEmail",
    "SendInApp",
    "SendInboxMessage",
    "SendPush",
    "SendSMS",
    "SendWhatsApp",
    "Sent",
    "TransferFailed",
    "TransferTimeout",
    "UserData",
    "write_data_file",
]
