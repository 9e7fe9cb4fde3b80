"""Operations on campaigns, which the vendor now calls automations, and on their messages."""

from typing import Final

from ciokit.app.answers import Many, One, Paged
from ciokit.app.endpoint import Endpoint, path, query
from ciokit.app.endpoints.checks import fits_metrics, steps_fit
from ciokit.app.endpoints.shared import (
    ACTION_CONTENT,
    DRAFTS,
    END_TS,
    LANGUAGE,
    METRIC,
    PAGE_SIZE_50,
    PERIOD,
    START,
    START_TS,
    STEPS,
    TRACKED_RESPONSES,
    TYPE,
    UNIQUE,
)
from ciokit.app.records import Action, Campaign, JourneyMetrics, LinkMetrics, Message, Metrics
from ciokit.app.words import MetricsVersion, Number, Resolution, Timestamp

RESOURCES: Final = {
    "campaigns": "Read campaigns (automations) and their metrics.",
    "campaigns.actions": "Read and change the messages of a campaign, and read their metrics.",
}

_CAMPAIGN = path("campaign_id", Number, "The campaign's number.")
_ACTION = path("action_id", Number, "The action's number.")
_METRICS = (
    query(
        "version",
        MetricsVersion,
        "`2` counts from `start` to `end`; `1` counts `steps` periods back.",
        default="2",
    ),
    query("start", Timestamp, "The beginning, for version 2."),
    query("end", Timestamp, "The end, for version 2."),
    query("resolution", Resolution, "What one number of a series counts, for version 2.", wire="res"),
    query("timezone", str, "The time zone of days and weeks, for version 2.", wire="tz"),
    query("period", PERIOD.kind, "What one number of a series counts, for version 1."),
    query("steps", STEPS.kind, "How many periods back, for version 1; at most as many as `steps` elsewhere."),
    TYPE,
)

CAMPAIGNS_LIST = Endpoint(
    kind="campaigns.list",
    method="GET",
    path="/v1/campaigns",
    doc="List the campaigns.",
    answer=Many(Campaign, "campaigns"),
    returns="All of them.",
)
CAMPAIGNS_GET = Endpoint(
    kind="campaigns.get",
    method="GET",
    path="/v1/campaigns/{campaign_id}",
    doc="Read a campaign.",
    params=(_CAMPAIGN,),
    answer=One(Campaign, "campaign"),
    returns="The campaign.",
)
CAMPAIGNS_METRICS = Endpoint(
    kind="campaigns.metrics",
    method="GET",
    path="/v1/campaigns/{campaign_id}/metrics",
    doc="Count what became of a campaign's messages.",
    params=(_CAMPAIGN, *_METRICS),
    answer=One(Metrics, "metric"),
    returns="The counts.",
    check=fits_metrics,
)
CAMPAIGNS_LINK_METRICS = Endpoint(
    kind="campaigns.link_metrics",
    method="GET",
    path="/v1/campaigns/{campaign_id}/metrics/links",
    doc="Count clicks on the links in a campaign's messages.",
    params=(_CAMPAIGN, PERIOD, STEPS, UNIQUE),
    answer=Many(LinkMetrics, "links"),
    returns="The links, each with its counts.",
    check=steps_fit,
)
CAMPAIGNS_JOURNEY_METRICS = Endpoint(
    kind="campaigns.journey_metrics",
    method="GET",
    path="/v1/campaigns/{campaign_id}/journey_metrics",
    doc="Count people on their way through a campaign.",
    params=(
        _CAMPAIGN,
        query("start", Timestamp, "The beginning.", required=True),
        query("end", Timestamp, "The end.", required=True),
        # The reference calls it res, the vendor's newest SDK sends resolution.
        query(
            "resolution",
            Resolution,
            "What one number of a series counts.",
            wire=("res", "resolution"),
            required=True,
        ),
    ),
    answer=One(JourneyMetrics, "journey_metric"),
    returns="The counts.",
)
CAMPAIGNS_MESSAGES = Endpoint(
    kind="campaigns.messages",
    method="GET",
    path="/v1/campaigns/{campaign_id}/messages",
    doc="List the messages that a campaign sent.",
    params=(
        _CAMPAIGN,
        TYPE,
        METRIC,
        DRAFTS,
        START_TS,
        END_TS,
        TRACKED_RESPONSES,
        PAGE_SIZE_50,
        START,
    ),
    answer=Paged(Message, "messages"),
    returns="The messages.",
)
CAMPAIGNS_ACTIONS_LIST = Endpoint(
    kind="campaigns.actions.list",
    method="GET",
    path="/v1/campaigns/{campaign_id}/actions",
    doc="List the actions of a campaign; the service returns 10 per page.",
    params=(_CAMPAIGN, START),
    answer=Paged(Action, "actions"),
    returns="The actions.",
)
CAMPAIGNS_ACTIONS_GET = Endpoint(
    kind="campaigns.actions.get",
    method="GET",
    path="/v1/campaigns/{campaign_id}/actions/{action_id}",
    doc="Read an action of a campaign.",
    params=(_CAMPAIGN, _ACTION),
    answer=One(Action, "action"),
    returns="The action.",
)
CAMPAIGNS_ACTIONS_UPDATE = Endpoint(
    kind="campaigns.actions.update",
    method="PUT",
    path="/v1/campaigns/{campaign_id}/actions/{action_id}",
    doc="Change an action of a campaign.",
    params=(_CAMPAIGN, _ACTION, ACTION_CONTENT),
    answer=One(Action, "action"),
    returns="The action as it is now.",
)
CAMPAIGNS_ACTIONS_GET_LANGUAGE = Endpoint(
    kind="campaigns.actions.get_language",
    method="GET",
    path="/v1/campaigns/{campaign_id}/actions/{action_id}/language/{language}",
    doc="Read a translation of an action of a campaign.",
    params=(_CAMPAIGN, _ACTION, LANGUAGE),
    answer=One(Action, "action"),
    returns="The translation.",
)
CAMPAIGNS_ACTIONS_UPDATE_LANGUAGE = Endpoint(
    kind="campaigns.actions.update_language",
    method="PUT",
    path="/v1/campaigns/{campaign_id}/actions/{action_id}/language/{language}",
    doc="Change a translation of an action of a campaign.",
    params=(_CAMPAIGN, _ACTION, LANGUAGE, ACTION_CONTENT),
    answer=One(Action, "action"),
    returns="The translation as it is now.",
)
CAMPAIGNS_ACTIONS_METRICS = Endpoint(
    kind="campaigns.actions.metrics",
    method="GET",
    path="/v1/campaigns/{campaign_id}/actions/{action_id}/metrics",
    doc="Count what became of an action's messages.",
    params=(_CAMPAIGN, _ACTION, *_METRICS),
    answer=One(Metrics, "metric"),
    returns="The counts.",
    check=fits_metrics,
)
CAMPAIGNS_ACTIONS_LINK_METRICS = Endpoint(
    kind="campaigns.actions.link_metrics",
    method="GET",
    path="/v1/campaigns/{campaign_id}/actions/{action_id}/metrics/links",
    doc="Count clicks on the links in an action's messages.",
    params=(_CAMPAIGN, _ACTION, PERIOD, STEPS, TYPE, UNIQUE),
    answer=Many(LinkMetrics, "links"),
    returns="The links, each with its counts.",
    check=steps_fit,
)
