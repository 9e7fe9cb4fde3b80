"""Operations on the account and the workspace: what there is, who sends, who is told."""

from collections.abc import Sequence
from typing import Annotated, Final

from msgspec import Meta

from ciokit.app.answers import Many, Nothing, One, Paged
from ciokit.app.bodies import DataIndexAttribute, DataIndexEvent
from ciokit.app.endpoint import Endpoint, body, path, query
from ciokit.app.endpoints.shared import PAGE_SIZE, SORT, START
from ciokit.app.records import ReportingWebhook, SenderIdentity, SenderUse, Workspace
from ciokit.app.words import Number, Texts

RESOURCES: Final = {
    "workspaces": "Read the workspaces of the account.",
    "info": "Read information about the service as a whole.",
    "sender_identities": "Read the senders that messages can have.",
    "reporting_webhooks": "Manage the webhooks by which the service reports what becomes of messages.",
    "data_index": "Describe attributes and events for the people who use them.",
}

_SENDER = path("sender_id", Number, "The sender's number.")
_WEBHOOK = path("webhook_id", Number, "The webhook's number.")
_WEBHOOK_FIELDS = (
    body(
        "name",
        Annotated[str, Meta(min_length=1, max_length=190)],
        "Its name, at most 190 characters.",
        required=True,
    ),
    body("endpoint", str, "The address it posts to.", required=True),
    body(
        "events",
        Annotated[Texts, Meta(min_length=1)],
        "What it reports: `email_sent`, `customer_unsubscribed`, ...",
        required=True,
    ),
    body("disabled", bool, "Whether it is off."),
    body("full_resolution", bool, "Whether each occurrence is reported; only the first if omitted."),
    body("with_content", bool, "Whether a message's contents are sent along."),
)

WORKSPACES_LIST = Endpoint(
    kind="workspaces.list",
    method="GET",
    path="/v1/workspaces",
    doc="List the workspaces of the account, with counts of about the last hour.",
    answer=Many(Workspace, "workspaces"),
    returns="All of them.",
)
INFO_IP_ADDRESSES = Endpoint(
    kind="info.ip_addresses",
    method="GET",
    path="/v1/info/ip_addresses",
    doc="List the addresses that the service's requests come from.",
    answer=Many(str, "ip_addresses"),
    returns="All of them.",
)
SENDER_IDENTITIES_LIST = Endpoint(
    kind="sender_identities.list",
    method="GET",
    path="/v1/sender_identities",
    doc="List the senders.",
    params=(query("hidden", bool, "Whether to list hidden ones."), SORT, PAGE_SIZE, START),
    answer=Paged(SenderIdentity, "sender_identities"),
    returns="The senders.",
)
SENDER_IDENTITIES_GET = Endpoint(
    kind="sender_identities.get",
    method="GET",
    path="/v1/sender_identities/{sender_id}",
    doc="Read a sender.",
    params=(_SENDER,),
    answer=One(SenderIdentity, "sender_identity"),
    returns="The sender.",
)
SENDER_IDENTITIES_USED_BY = Endpoint(
    kind="sender_identities.used_by",
    method="GET",
    path="/v1/sender_identities/{sender_id}/used_by",
    doc="List what uses a sender.",
    params=(_SENDER,),
    answer=One(SenderUse),
    returns="Campaigns and newsletters, by number.",
)
REPORTING_WEBHOOKS_LIST = Endpoint(
    kind="reporting_webhooks.list",
    method="GET",
    path="/v1/reporting_webhooks",
    doc="List the reporting webhooks.",
    answer=Many(ReportingWebhook, "reporting_webhooks"),
    returns="All of them.",
)
REPORTING_WEBHOOKS_CREATE = Endpoint(
    kind="reporting_webhooks.create",
    method="POST",
    path="/v1/reporting_webhooks",
    doc="Create a reporting webhook.",
    params=_WEBHOOK_FIELDS,
    answer=One(ReportingWebhook),
    returns="The webhook.",
)
REPORTING_WEBHOOKS_GET = Endpoint(
    kind="reporting_webhooks.get",
    method="GET",
    path="/v1/reporting_webhooks/{webhook_id}",
    doc="Read a reporting webhook.",
    params=(_WEBHOOK,),
    answer=One(ReportingWebhook),
    returns="The webhook.",
)
REPORTING_WEBHOOKS_UPDATE = Endpoint(
    kind="reporting_webhooks.update",
    method="PUT",
    path="/v1/reporting_webhooks/{webhook_id}",
    doc="Change a reporting webhook; name, endpoint and events are replaced together.",
    params=(_WEBHOOK, *_WEBHOOK_FIELDS),
    answer=One(ReportingWebhook),
    returns="The webhook as it is now.",
)
REPORTING_WEBHOOKS_DELETE = Endpoint(
    kind="reporting_webhooks.delete",
    method="DELETE",
    path="/v1/reporting_webhooks/{webhook_id}",
    doc="Delete a reporting webhook.",
    params=(_WEBHOOK,),
    answer=Nothing(),
)
DATA_INDEX_UPDATE_ATTRIBUTES = Endpoint(
    kind="data_index.update_attributes",
    method="POST",
    path="/v1/data_index/attributes",
    doc="Describe attributes, known ones and new ones.",
    params=(
        body(
            "attributes",
            Annotated[Sequence[DataIndexAttribute], Meta(min_length=1, max_length=100)],
            "The attributes, at most 100.",
            required=True,
            positional=True,
        ),
    ),
    answer=Nothing(),
    safe=True,
)
DATA_INDEX_UPDATE_EVENTS = Endpoint(
    kind="data_index.update_events",
    method="POST",
    path="/v1/data_index/events",
    doc="Describe events, known ones and new ones.",
    params=(
        body(
            "events",
            Annotated[Sequence[DataIndexEvent], Meta(min_length=1, max_length=100)],
            "The events, at most 100.",
            required=True,
            positional=True,
        ),
    ),
    answer=Nothing(),
    safe=True,
)
