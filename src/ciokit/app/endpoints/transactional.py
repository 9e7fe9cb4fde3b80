"""Operations on transactional messages as they are set up, and on single messages that were sent."""

from typing import Final

from ciokit.app.answers import Many, One, Paged
from ciokit.app.endpoint import Endpoint, path, query
from ciokit.app.endpoints.checks import steps_fit
from ciokit.app.endpoints.shared import (
    DRAFTS,
    END_TS,
    LANGUAGE,
    METRIC,
    PAGE_SIZE,
    PAGE_SIZE_50,
    PERIOD,
    START,
    START_TS,
    STATE,
    STEPS,
    TRACKED_RESPONSES,
    TRANSACTIONAL_CONTENT,
    TYPE,
    UNIQUE,
)
from ciokit.app.records import (
    ArchivedMessage,
    LinkMetrics,
    Message,
    MessageContent,
    Metrics,
    TransactionalMessage,
)
from ciokit.app.words import Number

RESOURCES: Final = {
    "transactional": "Read and change transactional messages, and read their metrics.",
    "messages": "Read what became of individual messages.",
}

_TRANSACTIONAL = path("transactional_id", Number, "The transactional message's number.")
_MESSAGE = path("message_id", str, "The delivery's id, as a send returns it.")
_ASSOCIATIONS = query(
    "associations", bool, "Whether to include what the message belongs to, such as its campaign."
)

TRANSACTIONAL_LIST = Endpoint(
    kind="transactional.list",
    method="GET",
    path="/v1/transactional",
    doc="List the transactional messages.",
    answer=Many(TransactionalMessage, "messages"),
    returns="All of them.",
)
TRANSACTIONAL_GET = Endpoint(
    kind="transactional.get",
    method="GET",
    path="/v1/transactional/{transactional_id}",
    doc="Read a transactional message.",
    params=(_TRANSACTIONAL,),
    answer=One(TransactionalMessage, "message"),
    returns="The message.",
)
TRANSACTIONAL_CONTENTS = Endpoint(
    kind="transactional.contents",
    method="GET",
    path="/v1/transactional/{transactional_id}/contents",
    doc="List the variants of a transactional message.",
    params=(_TRANSACTIONAL,),
    answer=Many(MessageContent, "contents"),
    returns="All of them.",
)
TRANSACTIONAL_UPDATE_CONTENT = Endpoint(
    kind="transactional.update_content",
    method="PUT",
    path="/v1/transactional/{transactional_id}/content/{content_id}",
    doc="Change a variant of a transactional message.",
    params=(_TRANSACTIONAL, path("content_id", Number, "The variant's number."), TRANSACTIONAL_CONTENT),
    answer=Many(MessageContent, "content"),
    returns="The variant as it is now.",
)
TRANSACTIONAL_GET_LANGUAGE = Endpoint(
    kind="transactional.get_language",
    method="GET",
    path="/v1/transactional/{transactional_id}/language/{language}",
    doc="Read a translation of a transactional message.",
    params=(_TRANSACTIONAL, LANGUAGE),
    answer=Many(MessageContent, "content"),
    returns="The translation.",
)
TRANSACTIONAL_UPDATE_LANGUAGE = Endpoint(
    kind="transactional.update_language",
    method="PUT",
    path="/v1/transactional/{transactional_id}/language/{language}",
    doc="Change a translation of a transactional message.",
    params=(_TRANSACTIONAL, LANGUAGE, TRANSACTIONAL_CONTENT),
    answer=Many(MessageContent, "content"),
    returns="The translation as it is now.",
)
TRANSACTIONAL_MESSAGES = Endpoint(
    kind="transactional.messages",
    method="GET",
    path="/v1/transactional/{transactional_id}/messages",
    doc="List the messages sent from a transactional message.",
    params=(_TRANSACTIONAL, METRIC, STATE, START_TS, END_TS, TRACKED_RESPONSES, PAGE_SIZE, START),
    answer=Paged(Message, "messages"),
    returns="The messages.",
)
TRANSACTIONAL_METRICS = Endpoint(
    kind="transactional.metrics",
    method="GET",
    path="/v1/transactional/{transactional_id}/metrics",
    doc="Count what became of a transactional message.",
    params=(_TRANSACTIONAL, PERIOD, STEPS),
    answer=One(Metrics, "metric"),
    returns="The counts.",
    check=steps_fit,
)
TRANSACTIONAL_LINK_METRICS = Endpoint(
    kind="transactional.link_metrics",
    method="GET",
    path="/v1/transactional/{transactional_id}/metrics/links",
    doc="Count clicks on the links in a transactional message.",
    params=(_TRANSACTIONAL, PERIOD, STEPS, UNIQUE),
    answer=Many(LinkMetrics, "links"),
    returns="The links, each with its counts.",
    check=steps_fit,
)
MESSAGES_LIST = Endpoint(
    kind="messages.list",
    method="GET",
    path="/v1/messages",
    doc="List the messages of the workspace.",
    params=(
        TYPE,
        METRIC,
        DRAFTS,
        query("campaign_id", Number, "Only this campaign's."),
        query("newsletter_id", Number, "Only this newsletter's."),
        query("action_id", Number, "Only this action's."),
        query("transactional_id", Number, "Only this transactional message's."),
        query("trigger_id", Number, "Only this trigger's."),
        query("template_id", Number, "Only this template's."),
        query("content_id", Number, "Only this variant's."),
        START_TS,
        END_TS,
        _ASSOCIATIONS,
        TRACKED_RESPONSES,
        PAGE_SIZE_50,
        START,
    ),
    answer=Paged(Message, "messages"),
    returns="The messages.",
)
MESSAGES_GET = Endpoint(
    kind="messages.get",
    method="GET",
    path="/v1/messages/{message_id}",
    doc="Read what became of a message.",
    params=(
        _MESSAGE,
        query("archived_message", bool, "Whether to include its contents."),
        _ASSOCIATIONS,
        TRACKED_RESPONSES,
    ),
    answer=One(Message, "message"),
    returns="The message.",
)
MESSAGES_ARCHIVED = Endpoint(
    kind="messages.archived",
    method="GET",
    path="/v1/messages/{message_id}/archived_message",
    doc="Read the contents of a message that was sent; the vendor allows 100 such calls a day.",
    params=(_MESSAGE,),
    answer=One(ArchivedMessage, "archived_message"),
    returns="The contents.",
)
