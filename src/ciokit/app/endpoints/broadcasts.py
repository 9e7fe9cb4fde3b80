"""Operations on broadcasts that the API triggers, and on their messages."""

from typing import Final

from ciokit.app.answers import Many, One, Paged
from ciokit.app.broadcasts import Audience, encode_trigger
from ciokit.app.endpoint import Endpoint, Param, body, path
from ciokit.app.endpoints.checks import steps_fit
from ciokit.app.endpoints.shared import (
    ACTION_CONTENT,
    END_TS,
    LANGUAGE,
    METRIC,
    PAGE_SIZE,
    PERIOD,
    START,
    START_TS,
    STATE,
    STEPS,
    TRACKED_RESPONSES,
    TYPE,
    UNIQUE,
)
from ciokit.app.records import Action, Broadcast, BroadcastTrigger, LinkMetrics, Message, Metrics, TriggerId
from ciokit.app.words import Data, Number

RESOURCES: Final = {
    "broadcasts": "Trigger broadcasts, and read their results.",
    "broadcasts.actions": "Read and change the messages of a broadcast, and read their metrics.",
}
MIXINS: Final = {"broadcasts": "ciokit.app.transfers.BroadcastTransfers"}

_BROADCAST = path("broadcast_id", Number, "The broadcast's number.")
_TRIGGER = path("trigger_id", Number, "The trigger's number.")
_ACTION = path("action_id", Number, "The action's number.")

BROADCASTS_LIST = Endpoint(
    kind="broadcasts.list",
    method="GET",
    path="/v1/broadcasts",
    doc="List the broadcasts.",
    answer=Many(Broadcast, "broadcasts"),
    returns="All of them.",
)
BROADCASTS_GET = Endpoint(
    kind="broadcasts.get",
    method="GET",
    path="/v1/broadcasts/{broadcast_id}",
    doc="Read a broadcast.",
    params=(_BROADCAST,),
    answer=One(Broadcast, "broadcast"),
    returns="The broadcast.",
)
BROADCASTS_TRIGGER = Endpoint(
    kind="broadcasts.trigger",
    method="POST",
    path="/v1/campaigns/{broadcast_id}/triggers",
    doc=(
        "Trigger a broadcast.\n"
        "The vendor allows one in 10 seconds, so a call waits for its turn. It is sent again only if it certainly was "
        "not processed: a second trigger would be a second broadcast."
    ),
    params=(
        _BROADCAST,
        Param(
            name="audience",
            kind=Audience,
            doc="Who gets it: `Recipients`, `Emails`, `Ids`, `PerUserData` or `DataFile`; its own recipients when "
            "left out.",
            place="option",
            positional=True,
        ),
        body("data", Data, "What its messages refer to as `trigger`.", is_object=True),
        Param(
            name="wait",
            kind=bool,
            doc="Whether to wait for a turn; False raises `RateLimitReached` if it would have to wait.",
            place="option",
        ),
    ),
    answer=One(TriggerId),
    returns="The trigger's number, for `wait` and `trigger_errors`.",
    rate="broadcast",
    encode=encode_trigger,
)
BROADCASTS_TRIGGERS = Endpoint(
    kind="broadcasts.triggers",
    method="GET",
    path="/v1/broadcasts/{broadcast_id}/triggers",
    doc="List the times at which a broadcast was triggered.",
    params=(_BROADCAST,),
    answer=Many(BroadcastTrigger, "triggers"),
    returns="The triggers.",
)
BROADCASTS_TRIGGER_STATUS = Endpoint(
    kind="broadcasts.trigger_status",
    method="GET",
    path="/v1/campaigns/{broadcast_id}/triggers/{trigger_id}",
    doc="Read the progress of a trigger.",
    params=(_BROADCAST, _TRIGGER),
    answer=One(BroadcastTrigger),
    returns="The trigger; it is done when `processed_at` is set.",
)
BROADCASTS_TRIGGER_ERRORS = Endpoint(
    kind="broadcasts.trigger_errors",
    method="GET",
    path="/v1/campaigns/{broadcast_id}/triggers/{trigger_id}/errors",
    doc="Read what was wrong with a trigger's audience.",
    params=(_BROADCAST, _TRIGGER, PAGE_SIZE, START),
    answer=Paged(str, "errors"),
    returns="Lines such as `line 3: ...`.",
)
BROADCASTS_MESSAGES = Endpoint(
    kind="broadcasts.messages",
    method="GET",
    path="/v1/broadcasts/{broadcast_id}/messages",
    doc="List the messages that a broadcast sent.",
    params=(
        _BROADCAST,
        TYPE,
        METRIC,
        STATE,
        START_TS,
        END_TS,
        TRACKED_RESPONSES,
        PAGE_SIZE,
        START,
    ),
    answer=Paged(Message, "messages"),
    returns="The messages.",
)
BROADCASTS_METRICS = Endpoint(
    kind="broadcasts.metrics",
    method="GET",
    path="/v1/broadcasts/{broadcast_id}/metrics",
    doc="Count what became of a broadcast's messages.",
    params=(_BROADCAST, PERIOD, STEPS, TYPE),
    answer=One(Metrics, "metric"),
    returns="The counts.",
    check=steps_fit,
)
BROADCASTS_LINK_METRICS = Endpoint(
    kind="broadcasts.link_metrics",
    method="GET",
    path="/v1/broadcasts/{broadcast_id}/metrics/links",
    doc="Count clicks on the links in a broadcast's messages.",
    params=(_BROADCAST, PERIOD, STEPS, UNIQUE),
    answer=Many(LinkMetrics, "links"),
    returns="The links, each with its counts.",
    check=steps_fit,
)
BROADCASTS_ACTIONS_LIST = Endpoint(
    kind="broadcasts.actions.list",
    method="GET",
    path="/v1/broadcasts/{broadcast_id}/actions",
    doc="List the actions of a broadcast.",
    params=(_BROADCAST,),
    answer=Many(Action, "actions"),
    returns="All of them.",
)
BROADCASTS_ACTIONS_GET = Endpoint(
    kind="broadcasts.actions.get",
    method="GET",
    path="/v1/broadcasts/{broadcast_id}/actions/{action_id}",
    doc="Read an action of a broadcast.",
    params=(_BROADCAST, _ACTION),
    answer=One(Action, "action"),
    returns="The action.",
)
BROADCASTS_ACTIONS_UPDATE = Endpoint(
    kind="broadcasts.actions.update",
    method="PUT",
    path="/v1/broadcasts/{broadcast_id}/actions/{action_id}",
    doc="Change an action of a broadcast.",
    params=(_BROADCAST, _ACTION, ACTION_CONTENT),
    answer=One(Action, "action"),
    returns="The action as it is now.",
)
BROADCASTS_ACTIONS_GET_LANGUAGE = Endpoint(
    kind="broadcasts.actions.get_language",
    method="GET",
    path="/v1/broadcasts/{broadcast_id}/actions/{action_id}/language/{language}",
    doc="Read a translation of an action of a broadcast.",
    params=(_BROADCAST, _ACTION, LANGUAGE),
    answer=One(Action, "action"),
    returns="The translation.",
)
BROADCASTS_ACTIONS_UPDATE_LANGUAGE = Endpoint(
    kind="broadcasts.actions.update_language",
    method="PUT",
    path="/v1/broadcasts/{broadcast_id}/actions/{action_id}/language/{language}",
    doc="Change a translation of an action of a broadcast.",
    params=(_BROADCAST, _ACTION, LANGUAGE, ACTION_CONTENT),
    answer=One(Action, "action"),
    returns="The translation as it is now.",
)
BROADCASTS_ACTIONS_METRICS = Endpoint(
    kind="broadcasts.actions.metrics",
    method="GET",
    path="/v1/broadcasts/{broadcast_id}/actions/{action_id}/metrics",
    doc="Count what became of an action's messages.",
    params=(_BROADCAST, _ACTION, PERIOD, STEPS, TYPE),
    answer=One(Metrics, "metric"),
    returns="The counts.",
    check=steps_fit,
)
BROADCASTS_ACTIONS_LINK_METRICS = Endpoint(
    kind="broadcasts.actions.link_metrics",
    method="GET",
    path="/v1/broadcasts/{broadcast_id}/actions/{action_id}/metrics/links",
    doc="Count clicks on the links in an action's messages.",
    params=(_BROADCAST, _ACTION, PERIOD, STEPS, TYPE, UNIQUE),
    answer=Many(LinkMetrics, "links"),
    returns="The links, each with its counts.",
    check=steps_fit,
)
