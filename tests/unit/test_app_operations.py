"""Every operation of the App API, called on both clients: what goes out is what the vendor's reference asks for."""

import asyncio
import datetime as dt
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, get_args

import httpx2
import msgspec
import pytest
from tools.write_app_resources import read_modules, write_all

from ciokit import CioId, CioObjectId, Email, Id, Phone
from ciokit.app.answers import Many, One, Paged
from ciokit.app.bodies import (
    ActionContent,
    DataIndexAttribute,
    DataIndexEvent,
    DesignStudioContent,
    DesignStudioEnvelope,
    EmailNewsletter,
    NewsletterContent,
    OptoutChange,
    TransactionalContent,
)
from ciokit.app.broadcasts import Emails
from ciokit.app.client import AppClient, AsyncAppClient
from ciokit.app.endpoint import Endpoint
from ciokit.app.filters import all_of, attribute_is, in_segment
from ciokit.app.rates import RateLimits
from ciokit.app.records import Record
from ciokit.app.sends import SendEmail, SendInApp, SendInboxMessage, SendPush, SendSMS, SendWhatsApp

ENDPOINTS: dict[str, Endpoint[Any]] = {
    endpoint.kind: endpoint for module in read_modules() for endpoint in module.endpoints.values()
}
AWKWARD, ENCODED = "a+b@c/ü 1?&", "a%2Bb%40c%2F%C3%BC%201%3F%26"
NOON, SECONDS = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC), 1795521600
FILTER = all_of(in_segment(4), attribute_is("plan", "pro"))
FILTER_JSON = {
    "and": [{"segment": {"id": 4}}, {"attribute": {"field": "plan", "operator": "eq", "value": "pro"}}]
}


class Case(NamedTuple):
    """One call, and the request that it is to become."""

    kind: str
    call: Callable[[Any], Any]
    request: str
    body: Any = None


def case(kind: str, request: str, body: Any = None, /, *args: Any, **kwargs: Any) -> Case:
    """Make a case of a method's name and its arguments."""

    def call(app: Any) -> Any:
        *path, method = kind.split(".")
        for name in path:
            app = getattr(app, name)
        return getattr(app, method)(*args, **kwargs)

    return Case(kind, call, request, body)


METRICS = {"period": "weeks", "steps": 12, "type": "email"}
METRICS_QUERY = "period=weeks&steps=12&type=email"
LINKS = {"period": "days", "steps": 45, "unique": True}
LINKS_QUERY = "period=days&steps=45&unique=true"
PAGE = {"page_size": 30, "start": AWKWARD}
PAGE_QUERY = f"limit=30&start={ENCODED}"
SPAN = {"start_ts": NOON, "end_ts": SECONDS + 0.9}
SPAN_QUERY = f"start_ts={SECONDS}&end_ts={SECONDS}"
STUDIO = {
    "parent_folder_id": "f/1",
    "direct_descendants_only": False,
    "sort_by": "name",
    "sort_order": "desc",
    "created_before": NOON,
    "created_after": 1,
    "updated_before": NOON,
    "updated_after": 2,
    "page": 2,
    "page_size": 10_000,
}
STUDIO_QUERY = (
    "parent_folder_id=f%2F1&direct_descendants_only=false&sort_by=name&sort_order=desc"
    f"&created_before={SECONDS}&created_after=1&updated_before={SECONDS}&updated_after=2&page=2&limit=10000"
)
WEBHOOK = {"name": "hook", "endpoint": "https://a.example/b", "events": ["email_sent"], "with_content": True}
RATE = {"rate_limit_email_rate": 500, "rate_limit_time_period": 60, "rate_limit_spread": True}
WORDS = {"subject": "Ü", "body": "<p>", "body_plain": "p", "body_amp": "a", "preheader_text": "pre"}
IMPORT = {"name": "n", "data_file_url": "https://a.example/f.csv"}
STATE = {"content_state": {"lap": 2}}
IDENTIFIED: dict[str, Any] = {"transactional_message_id": 7, "identifiers": "user-1"}
IDENTIFIED_JSON: dict[str, Any] = {"transactional_message_id": 7, "identifiers": {"id": "user-1"}}

CASES = [
    # people
    case("customers.by_email", f"GET /v1/customers?email={ENCODED}", None, AWKWARD),
    case("customers.search", f"POST /v1/customers?{PAGE_QUERY}", {"filter": FILTER_JSON}, FILTER, **PAGE),
    case("customers.attributes", f"GET /v1/customers/{ENCODED}/attributes", None, AWKWARD),
    case("customers.attributes_of", "POST /v1/customers/attributes", {"ids": ["1", AWKWARD]}, ["1", AWKWARD]),
    case(
        "customers.activities",
        f"GET /v1/customers/{ENCODED}/activities?id_type=email&type=event&name={ENCODED}&{PAGE_QUERY}",
        None,
        Email(AWKWARD),
        type="event",
        name=AWKWARD,
        **PAGE,
    ),
    case(
        "customers.messages",
        f"GET /v1/customers/a3/messages?id_type=cio_id&{SPAN_QUERY}&{PAGE_QUERY}",
        None,
        CioId("cio_a3"),
        **SPAN,
        **PAGE,
    ),
    case(
        "customers.relationships",
        f"GET /v1/customers/{ENCODED}/relationships?{PAGE_QUERY}",
        None,
        Id(AWKWARD),
        **PAGE,
    ),
    case(
        "customers.segments",
        "GET /v1/customers/%2B14155552671/segments?id_type=phone",
        None,
        Phone("+14155552671"),
    ),
    case(
        "customers.subscription_preferences",
        f"GET /v1/customers/{ENCODED}/subscription_preferences?language=fr",
        None,
        AWKWARD,
        language="fr",
    ),
    case("customers.optouts", f"GET /v1/customers/{ENCODED}/optouts", None, AWKWARD),
    case(
        "customers.update_optouts",
        "PUT /v1/customers/1/optouts",
        {
            "optouts": [
                {"from": "+1555", "optout": True},
                {"from": "x", "optout": False, "channel": "whatsapp"},
            ]
        },
        "1",
        [OptoutChange(from_="+1555", optout=True), OptoutChange(from_="x", optout=False, channel="whatsapp")],
    ),
    case(
        "activities.list",
        f"GET /v1/activities?type=page&name=n&id_type=cio_id&customer_id=cio_a3&deleted=true&{PAGE_QUERY}",
        None,
        type="page",
        name="n",
        customer=CioId("a3"),
        deleted=True,
        **PAGE,
    ),
    case("optouts.list", f"GET /v1/optouts?from=%2B1555&{PAGE_QUERY}", None, from_="+1555", **PAGE),
    # segments and objects
    case("segments.list", "GET /v1/segments"),
    case(
        "segments.create",
        "POST /v1/segments",
        {"segment": {"name": "Ü", "description": "d"}},
        "Ü",
        description="d",
    ),
    case("segments.get", "GET /v1/segments/7", None, 7),
    case("segments.delete", "DELETE /v1/segments/7", None, 7),
    case("segments.customer_count", "GET /v1/segments/7/customer_count", None, 7),
    case("segments.membership", f"GET /v1/segments/7/membership?{PAGE_QUERY}", None, 7, **PAGE),
    case("segments.used_by", "GET /v1/segments/7/used_by", None, 7),
    case("objects.types", "GET /v1/object_types"),
    case(
        "objects.find",
        f"POST /v1/objects?{PAGE_QUERY}",
        {"object_type_id": "1", "filter": {"or": []}},
        1,
        {"or": []},
        **PAGE,
    ),
    case("objects.attributes", f"GET /v1/objects/1/{ENCODED}/attributes", None, 1, AWKWARD),
    case(
        "objects.relationships",
        f"GET /v1/objects/1/ob7/relationships?id_type=cio_object_id&{PAGE_QUERY}",
        None,
        "1",
        CioObjectId("ob7"),
        **PAGE,
    ),
    # campaigns
    case("campaigns.list", "GET /v1/campaigns"),
    case("campaigns.get", "GET /v1/campaigns/3", None, 3),
    case(
        "campaigns.metrics",
        f"GET /v1/campaigns/3/metrics?version=2&start={SECONDS}&end={SECONDS}&res=days&tz=Europe%2FBerlin&type=push",
        None,
        3,
        start=NOON,
        end=SECONDS,
        resolution="days",
        timezone="Europe/Berlin",
        type="push",
    ),
    case("campaigns.link_metrics", f"GET /v1/campaigns/3/metrics/links?{LINKS_QUERY}", None, 3, **LINKS),
    case(
        "campaigns.journey_metrics",
        f"GET /v1/campaigns/3/journey_metrics?start={SECONDS}&end={SECONDS}&res=days&resolution=days",
        None,
        3,
        start=NOON,
        end=NOON,
        resolution="days",
    ),
    case(
        "campaigns.messages",
        "GET /v1/campaigns/3/messages?type=email&metric=opened&drafts=false&"
        f"{SPAN_QUERY}&get_tracked_responses=true&{PAGE_QUERY}",
        None,
        3,
        type="email",
        metric="opened",
        drafts=False,
        tracked_responses=True,
        **SPAN,
        **PAGE,
    ),
    case("campaigns.actions.list", f"GET /v1/campaigns/3/actions?start={ENCODED}", None, 3, start=AWKWARD),
    case("campaigns.actions.get", "GET /v1/campaigns/3/actions/9", None, 3, 9),
    case(
        "campaigns.actions.update",
        "PUT /v1/campaigns/3/actions/9",
        {"body": "Ü", "reply_to_id": None, "sending_state": "draft"},
        3,
        9,
        ActionContent(body="Ü", reply_to_id=None, sending_state="draft"),
    ),
    case(
        "campaigns.actions.get_language",
        "GET /v1/campaigns/3/actions/9/language/zh-Hant",
        None,
        3,
        9,
        "zh-Hant",
    ),
    case(
        "campaigns.actions.update_language",
        "PUT /v1/campaigns/3/actions/9/language/fr",
        {"body": "b", "of_next_year": 1},
        3,
        9,
        "fr",
        {"body": "b", "of_next_year": 1},
    ),
    case(
        "campaigns.actions.metrics",
        "GET /v1/campaigns/3/actions/9/metrics?version=1&period=weeks&steps=12&type=email",
        None,
        3,
        9,
        version="1",
        **METRICS,
    ),
    case(
        "campaigns.actions.link_metrics",
        "GET /v1/campaigns/3/actions/9/metrics/links?period=days&steps=45&type=email&unique=true",
        None,
        3,
        9,
        type="email",
        **LINKS,
    ),
    # broadcasts
    case("broadcasts.list", "GET /v1/broadcasts"),
    case("broadcasts.get", "GET /v1/broadcasts/5", None, 5),
    case(
        "broadcasts.trigger",
        "POST /v1/campaigns/5/triggers",
        {"data": {"headline": "Ü"}, "emails": [AWKWARD], "email_ignore_missing": True},
        5,
        Emails([AWKWARD], ignore_missing=True),
        data={"headline": "Ü"},
    ),
    case("broadcasts.triggers", "GET /v1/broadcasts/5/triggers", None, 5),
    case("broadcasts.trigger_status", "GET /v1/campaigns/5/triggers/12", None, 5, 12),
    case(
        "broadcasts.trigger_errors",
        f"GET /v1/campaigns/5/triggers/12/errors?{PAGE_QUERY}",
        None,
        5,
        12,
        **PAGE,
    ),
    case(
        "broadcasts.messages",
        f"GET /v1/broadcasts/5/messages?type=email&metric=sent&state=sent&{SPAN_QUERY}"
        f"&get_tracked_responses=false&{PAGE_QUERY}",
        None,
        5,
        type="email",
        metric="sent",
        state="sent",
        tracked_responses=False,
        **SPAN,
        **PAGE,
    ),
    case("broadcasts.metrics", f"GET /v1/broadcasts/5/metrics?{METRICS_QUERY}", None, 5, **METRICS),
    case("broadcasts.link_metrics", f"GET /v1/broadcasts/5/metrics/links?{LINKS_QUERY}", None, 5, **LINKS),
    case("broadcasts.actions.list", "GET /v1/broadcasts/5/actions", None, 5),
    case("broadcasts.actions.get", "GET /v1/broadcasts/5/actions/9", None, 5, 9),
    case(
        "broadcasts.actions.update",
        "PUT /v1/broadcasts/5/actions/9",
        {"url": "https://a.example", "method": "post", "headers": [{"name": "a", "value": "b"}]},
        5,
        9,
        ActionContent(url="https://a.example", method="post", headers=[{"name": "a", "value": "b"}]),
    ),
    case("broadcasts.actions.get_language", "GET /v1/broadcasts/5/actions/9/language/fr", None, 5, 9, "fr"),
    case(
        "broadcasts.actions.update_language",
        "PUT /v1/broadcasts/5/actions/9/language/fr",
        {"subject": "s"},
        5,
        9,
        "fr",
        ActionContent(subject="s"),
    ),
    case(
        "broadcasts.actions.metrics",
        f"GET /v1/broadcasts/5/actions/9/metrics?{METRICS_QUERY}",
        None,
        5,
        9,
        **METRICS,
    ),
    case(
        "broadcasts.actions.link_metrics",
        "GET /v1/broadcasts/5/actions/9/metrics/links?period=days&steps=45&type=push&unique=true",
        None,
        5,
        9,
        type="push",
        **LINKS,
    ),
    # newsletters
    case("newsletters.list", f"GET /v1/newsletters?sort=asc&{PAGE_QUERY}", None, sort="asc", **PAGE),
    case(
        "newsletters.create",
        "POST /v1/newsletters",
        {
            "type": "email",
            "name": "n",
            "recipients": FILTER_JSON,
            "scheduled_at": SECONDS,
            "subject": "s",
            "body": "b",
            "from": "A <a@example.com>",
        },
        EmailNewsletter(
            name="n",
            recipients=FILTER,
            scheduled_at=NOON,
            subject="s",
            body="b",
            from_="A <a@example.com>",
        ),
    ),
    case("newsletters.get", "GET /v1/newsletters/8", None, 8),
    case("newsletters.delete", "DELETE /v1/newsletters/8", None, 8),
    case("newsletters.send", "POST /v1/newsletters/8/send", RATE, 8, **RATE),
    case(
        "newsletters.schedule",
        "POST /v1/newsletters/8/schedule",
        {"scheduled_at": SECONDS, "timezone": "Europe/Berlin", "tz_match_enabled": True, **RATE},
        8,
        NOON,
        timezone="Europe/Berlin",
        tz_match_enabled=True,
        **RATE,
    ),
    case(
        "newsletters.messages",
        f"GET /v1/newsletters/8/messages?type=inbox&metric=clicked&{SPAN_QUERY}"
        f"&get_tracked_responses=true&{PAGE_QUERY}",
        None,
        8,
        type="inbox",
        metric="clicked",
        tracked_responses=True,
        **SPAN,
        **PAGE,
    ),
    case("newsletters.metrics", f"GET /v1/newsletters/8/metrics?{METRICS_QUERY}", None, 8, **METRICS),
    case("newsletters.link_metrics", f"GET /v1/newsletters/8/metrics/links?{LINKS_QUERY}", None, 8, **LINKS),
    case("newsletters.contents.list", "GET /v1/newsletters/8/contents", None, 8),
    case("newsletters.contents.get", "GET /v1/newsletters/8/contents/2", None, 8, 2),
    case(
        "newsletters.contents.update",
        "PUT /v1/newsletters/8/contents/2",
        {"body_plain": "p", "reply_to_id": 4},
        8,
        2,
        NewsletterContent(body_plain="p", reply_to_id=4),
    ),
    case(
        "newsletters.contents.metrics",
        f"GET /v1/newsletters/8/contents/2/metrics?{METRICS_QUERY}",
        None,
        8,
        2,
        **METRICS,
    ),
    case(
        "newsletters.contents.link_metrics",
        "GET /v1/newsletters/8/contents/2/metrics/links?period=days&steps=45&type=email&unique=true",
        None,
        8,
        2,
        type="email",
        **LINKS,
    ),
    case(
        "newsletters.languages.create",
        "POST /v1/newsletters/8/language",
        {"language": "fr", **WORDS},
        8,
        "fr",
        **WORDS,
    ),
    case("newsletters.languages.get", "GET /v1/newsletters/8/language/fr", None, 8, "fr"),
    case(
        "newsletters.languages.update",
        "PUT /v1/newsletters/8/language/fr",
        {"subject": "s"},
        8,
        "fr",
        NewsletterContent(subject="s"),
    ),
    case("newsletters.languages.delete", "DELETE /v1/newsletters/8/language/fr", None, 8, "fr"),
    case("newsletters.test_groups.list", "GET /v1/newsletters/8/test_groups", None, 8),
    case("newsletters.test_groups.create", "POST /v1/newsletters/8/test_groups", {}, 8),
    case(
        "newsletters.test_groups.create_language",
        "POST /v1/newsletters/8/test_group/g%2F1/language",
        {"language": "fr", "body_json": "{}"},
        8,
        "g/1",
        "fr",
        body_json="{}",
    ),
    case(
        "newsletters.test_groups.get_language",
        "GET /v1/newsletters/8/test_group/1/language/fr",
        None,
        8,
        1,
        "fr",
    ),
    case(
        "newsletters.test_groups.update_language",
        "PUT /v1/newsletters/8/test_group/1/language/fr",
        {"body": "b"},
        8,
        1,
        "fr",
        {"body": "b"},
    ),
    case(
        "newsletters.test_groups.delete_language",
        "DELETE /v1/newsletters/8/test_group/1/language/fr",
        None,
        8,
        1,
        "fr",
    ),
    # transactional messages
    case("transactional.list", "GET /v1/transactional"),
    case("transactional.get", "GET /v1/transactional/6", None, 6),
    case("transactional.contents", "GET /v1/transactional/6/contents", None, 6),
    case(
        "transactional.update_content",
        "PUT /v1/transactional/6/content/2",
        {"preheader_text": "p", "headers": [{"name": "n", "value": "v"}]},
        6,
        2,
        TransactionalContent(preheader_text="p", headers=[{"name": "n", "value": "v"}]),
    ),
    case("transactional.get_language", "GET /v1/transactional/6/language/fr", None, 6, "fr"),
    case(
        "transactional.update_language",
        "PUT /v1/transactional/6/language/fr",
        {"subject": "s"},
        6,
        "fr",
        {"subject": "s"},
    ),
    case(
        "transactional.messages",
        f"GET /v1/transactional/6/messages?metric=sent&state=failed&{SPAN_QUERY}"
        f"&get_tracked_responses=true&{PAGE_QUERY}",
        None,
        6,
        metric="sent",
        state="failed",
        tracked_responses=True,
        **SPAN,
        **PAGE,
    ),
    case(
        "transactional.metrics",
        "GET /v1/transactional/6/metrics?period=months&steps=121",
        None,
        6,
        period="months",
        steps=121,
    ),
    case(
        "transactional.link_metrics", f"GET /v1/transactional/6/metrics/links?{LINKS_QUERY}", None, 6, **LINKS
    ),
    case(
        "messages.list",
        "GET /v1/messages?type=live_notification&metric=failed&drafts=true&campaign_id=1&newsletter_id=2"
        "&action_id=3&transactional_id=4&trigger_id=5&template_id=6&content_id=7"
        f"&{SPAN_QUERY}&associations=true&get_tracked_responses=true&{PAGE_QUERY}",
        None,
        type="live_notification",
        metric="failed",
        drafts=True,
        campaign_id=1,
        newsletter_id=2,
        action_id=3,
        transactional_id=4,
        trigger_id=5,
        template_id=6,
        content_id=7,
        associations=True,
        tracked_responses=True,
        **SPAN,
        **PAGE,
    ),
    case(
        "messages.get",
        "GET /v1/messages/ab%3D%3D?archived_message=true&associations=false&get_tracked_responses=true",
        None,
        "ab==",
        archived_message=True,
        associations=False,
        tracked_responses=True,
    ),
    case("messages.archived", f"GET /v1/messages/{ENCODED}/archived_message", None, AWKWARD),
    # sends
    case(
        "send_email",
        "POST /v1/send/email",
        {**IDENTIFIED_JSON, "to": "a@example.com", "from": "b@example.com"},
        SendEmail(to="a@example.com", from_="b@example.com", **IDENTIFIED),
    ),
    case(
        "send_push", "POST /v1/send/push", {**IDENTIFIED_JSON, "to": "all"}, SendPush(to="all", **IDENTIFIED)
    ),
    case(
        "send_sms",
        "POST /v1/send/sms",
        {**IDENTIFIED_JSON, "to": "+14155552671"},
        SendSMS(to="+14155552671", **IDENTIFIED),
    ),
    case(
        "send_in_app",
        "POST /v1/send/in_app",
        {**IDENTIFIED_JSON, "language": "fr"},
        SendInApp(language="fr", **IDENTIFIED),
    ),
    case(
        "send_inbox_message",
        "POST /v1/send/inbox_message",
        {**IDENTIFIED_JSON, "queue_draft": True},
        SendInboxMessage(queue_draft=True, **IDENTIFIED),
    ),
    case(
        "send_whatsapp",
        "POST /v1/send/whatsapp",
        {**IDENTIFIED_JSON, "to": "{{customer.phone}}"},
        SendWhatsApp(to="{{customer.phone}}", **IDENTIFIED),
    ),
    # live notifications
    case(
        "live_notifications.start",
        "POST /v1/live_notifications/start",
        {
            "identifiers": {"internal": "cio_a3"},
            "notification_type": "race",
            "attributes": {"at": SECONDS},
            "content_state": {"lap": 2},
            "platform": "ios",
            "expiration": SECONDS,
        },
        CioId("a3"),
        notification_type="race",
        attributes={"at": NOON},
        platform="ios",
        expiration=NOON,
        **STATE,
    ),
    case(
        "live_notifications.update",
        "POST /v1/live_notifications/update",
        {"instance_id": "01B", "content_state": {"lap": 2}, "deep_link": "app://x"},
        "01B",
        deep_link="app://x",
        **STATE,
    ),
    case(
        "live_notifications.end",
        "POST /v1/live_notifications/end",
        {"instance_id": "01B", "push_payload": {"alert": {"title": "t"}}},
        "01B",
        push_payload={"alert": {"title": "t"}},
    ),
    case("live_notifications.get", "GET /v1/live_notifications/01B", None, "01B"),
    # collections and snippets
    case("collections.list", "GET /v1/collections"),
    case(
        "collections.create",
        "POST /v1/collections",
        {"name": "c", "data": [{"at": SECONDS}]},
        "c",
        data=[{"at": NOON}],
    ),
    case("collections.get", "GET /v1/collections/2", None, 2),
    case(
        "collections.update",
        "PUT /v1/collections/2",
        {"url": "https://a.example/rows"},
        2,
        url="https://a.example/rows",
    ),
    case("collections.delete", "DELETE /v1/collections/2", None, 2),
    case("collections.content", "GET /v1/collections/2/content", None, 2),
    case(
        "collections.replace_content",
        "PUT /v1/collections/2/content",
        [{"a": 1}, {"a": None}],
        2,
        [{"a": 1}, {"a": float("nan")}],
    ),
    case("snippets.list", "GET /v1/snippets"),
    case("snippets.create", "POST /v1/snippets", {"name": "s", "value": "{{ü}}"}, "s", "{{ü}}"),
    case("snippets.update", "PUT /v1/snippets", {"name": "s", "value": "v"}, "s", "v"),
    case("snippets.delete", f"DELETE /v1/snippets/{ENCODED}", None, AWKWARD),
    # design studio
    case("design_studio.folders.list", f"GET /v1/design_studio/folders?{STUDIO_QUERY}", None, **STUDIO),
    case(
        "design_studio.folders.create",
        "POST /v1/design_studio/folders",
        {"name": "f", "parent_folder_id": None},
        "f",
        parent_folder_id=None,
    ),
    case("design_studio.folders.get", "GET /v1/design_studio/folders/f%2F1", None, "f/1"),
    case("design_studio.folders.update", "PUT /v1/design_studio/folders/f1", {"name": "g"}, "f1", name="g"),
    case("design_studio.folders.delete", "DELETE /v1/design_studio/folders/f1", None, "f1"),
    case(
        "design_studio.components.list",
        f"GET /v1/design_studio/components?tag=x-a&{STUDIO_QUERY}",
        None,
        tag="x-a",
        **STUDIO,
    ),
    case(
        "design_studio.components.create",
        "POST /v1/design_studio/components",
        {"name": "c", "tag": "x-a", "content": "<x>"},
        "c",
        "x-a",
        content="<x>",
    ),
    case("design_studio.components.get", "GET /v1/design_studio/components/c1", None, "c1"),
    case(
        "design_studio.components.update",
        "PUT /v1/design_studio/components/c1",
        {"parent_folder_id": None},
        "c1",
        parent_folder_id=None,
    ),
    case("design_studio.components.delete", "DELETE /v1/design_studio/components/c1", None, "c1"),
    case(
        "design_studio.emails.list",
        f"GET /v1/design_studio/emails?is_template=true&has_translations=any&is_linked=false&{STUDIO_QUERY}",
        None,
        is_template="true",
        has_translations="any",
        is_linked="false",
        **STUDIO,
    ),
    case(
        "design_studio.emails.create",
        "POST /v1/design_studio/emails",
        {
            "name": "e",
            "content": {"html": "<p>"},
            "envelope": {"from_id": 3},
            "transformers": {"inline": True},
        },
        "e",
        content=DesignStudioContent(html="<p>"),
        envelope=DesignStudioEnvelope(from_id=3),
        transformers={"inline": True},
    ),
    case("design_studio.emails.get", "GET /v1/design_studio/emails/e1", None, "e1"),
    case(
        "design_studio.emails.update",
        "PUT /v1/design_studio/emails/e1",
        {"is_template": False},
        "e1",
        is_template=False,
    ),
    case("design_studio.emails.delete", "DELETE /v1/design_studio/emails/e1", None, "e1"),
    case("design_studio.languages.list", "GET /v1/design_studio/emails/e1/languages", None, "e1"),
    case(
        "design_studio.languages.create",
        "POST /v1/design_studio/emails/e1/languages",
        {"language": "fr", "content": {"text": "t"}},
        "e1",
        "fr",
        content={"text": "t"},
    ),
    case("design_studio.languages.get", "GET /v1/design_studio/emails/e1/languages/fr", None, "e1", "fr"),
    case(
        "design_studio.languages.update",
        "PUT /v1/design_studio/emails/e1/languages/fr",
        {"envelope": {"cc": "c@example.com"}},
        "e1",
        "fr",
        envelope={"cc": "c@example.com"},
    ),
    case(
        "design_studio.languages.delete", "DELETE /v1/design_studio/emails/e1/languages/fr", None, "e1", "fr"
    ),
    # assets; what an upload sends is a test of its own
    case(
        "assets.files.list",
        "GET /v1/assets?parent_folder_id=4&direct_descendants_only=true&page=1&limit=5",
        None,
        parent_folder_id=4,
        direct_descendants_only=True,
        page=1,
        page_size=5,
    ),
    case("assets.files.create", "POST /v1/assets/files", ..., b"GIF89a", filename="ü.gif"),
    case("assets.files.get", "GET /v1/assets/files/11", None, 11),
    case(
        "assets.files.update",
        "PUT /v1/assets/files/11",
        {"name": "n", "parent_folder_id": None},
        "11",
        name="n",
        parent_folder_id=None,
    ),
    case("assets.files.delete", "DELETE /v1/assets/files/11", None, 11),
    case(
        "assets.folders.list",
        "GET /v1/assets/folders?parent_folder_id=4&direct_descendants_only=false&page=2&limit=10000",
        None,
        parent_folder_id=4,
        direct_descendants_only=False,
        page=2,
        page_size=10_000,
    ),
    case(
        "assets.folders.create",
        "POST /v1/assets/folders",
        {"name": "f", "parent_folder_id": 4},
        "f",
        parent_folder_id=4,
    ),
    case("assets.folders.get", "GET /v1/assets/folders/4", None, 4),
    case("assets.folders.update", "PUT /v1/assets/folders/4", {"name": "g"}, 4, name="g"),
    case("assets.folders.delete", "DELETE /v1/assets/folders/4", None, 4),
    # files that go out and come in
    case("exports.list", "GET /v1/exports"),
    case("exports.create_customers", "POST /v1/exports/customers", {"filters": FILTER_JSON}, FILTER),
    case(
        "exports.create_deliveries",
        "POST /v1/exports/deliveries",
        {
            "campaign_id": 3,
            "template_id": 1,
            "start": SECONDS,
            "end": SECONDS,
            "metric": "created",
            "attributes": ["plan"],
            "drafts": False,
        },
        campaign_id=3,
        template_id=1,
        start=NOON,
        end=SECONDS,
        metric="created",
        attributes=["plan"],
        drafts=False,
    ),
    case("exports.get", "GET /v1/exports/110", None, 110),
    case("exports.download", "GET /v1/exports/110/download", None, 110),
    case(
        "imports.create",
        "POST /v1/imports",
        {"import": {"type": "object", **IMPORT, "object_type_id": "1", "data_to_process": "all"}},
        "object",
        object_type_id=1,
        data_to_process="all",
        **IMPORT,
    ),
    case("imports.get", "GET /v1/imports/9", None, 9),
    # the account
    case("workspaces.list", "GET /v1/workspaces"),
    case("info.ip_addresses", "GET /v1/info/ip_addresses"),
    case(
        "sender_identities.list",
        f"GET /v1/sender_identities?hidden=true&sort=desc&{PAGE_QUERY}",
        None,
        hidden=True,
        sort="desc",
        **PAGE,
    ),
    case("sender_identities.get", "GET /v1/sender_identities/4", None, 4),
    case("sender_identities.used_by", "GET /v1/sender_identities/4/used_by", None, 4),
    case("reporting_webhooks.list", "GET /v1/reporting_webhooks"),
    case("reporting_webhooks.create", "POST /v1/reporting_webhooks", WEBHOOK, **WEBHOOK),
    case("reporting_webhooks.get", "GET /v1/reporting_webhooks/4", None, 4),
    case(
        "reporting_webhooks.update",
        "PUT /v1/reporting_webhooks/4",
        {**WEBHOOK, "disabled": True, "full_resolution": False},
        4,
        disabled=True,
        full_resolution=False,
        **WEBHOOK,
    ),
    case("reporting_webhooks.delete", "DELETE /v1/reporting_webhooks/4", None, 4),
    case(
        "data_index.update_attributes",
        "POST /v1/data_index/attributes",
        {"attributes": [{"name": "plan", "description": "d", "is_relationship": False}]},
        [DataIndexAttribute(name="plan", description="d", is_relationship=False)],
    ),
    case(
        "data_index.update_events",
        "POST /v1/data_index/events",
        {"events": [{"name": "signed_up"}]},
        (DataIndexEvent(name="signed_up"),),
    ),
    # deliverability
    case("esp_suppression.search", f"GET /v1/esp/search_suppression/{ENCODED}", None, AWKWARD),
    case(
        "esp_suppression.list",
        f"GET /v1/esp/suppression/spam_reports?email={ENCODED}&domain=a.example&limit=30&offset=60",
        None,
        "spam_reports",
        email=AWKWARD,
        domain="a.example",
        page_size=30,
        offset=60,
    ),
    case(
        "esp_suppression.list_for_domain",
        f"GET /v1/esp/domains/a.example/suppression/blocks?email={ENCODED}&{PAGE_QUERY}",
        None,
        "a.example",
        "blocks",
        email=AWKWARD,
        **PAGE,
    ),
    case("esp_suppression.create", f"POST /v1/esp/suppression/bounces/{ENCODED}", {}, "bounces", AWKWARD),
    case("esp_suppression.delete", f"DELETE /v1/esp/suppression/bounces/{ENCODED}", None, "bounces", AWKWARD),
    case("subscription_center.token", f"GET /v1/subscription_center/{ENCODED}/token", None, AWKWARD),
    case("subscription_center.topics", "GET /v1/subscription_topics"),
    case("subscription_center.channels", "GET /v1/subscription_channels"),
]


# Both clients over a transport that remembers -------------------------------------------------------------------------


def least(kind: Any) -> Any:
    """Make the least JSON that a type can be read from."""
    if isinstance(kind, type) and issubclass(kind, Record):
        fields = msgspec.structs.fields(kind)
        return {field.encode_name: least(field.type) for field in fields if field.required}
    return {int: 1, str: "x"}.get(kind if kind in {int, str} else get_args(kind)[0])


def answer_of(endpoint: Endpoint[Any]) -> bytes:
    """Make an answer that the operation can read."""
    match endpoint.answer:
        case One(kind=kind, key=key):
            return json.dumps({key: least(kind)} if key else least(kind)).encode()
        case Many(key=key) | Paged(key=key):
            return json.dumps({key: []}).encode()
        case _:
            return b""


class Recorder(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Remember the last request, and answer as told."""

    def __init__(self) -> None:
        self.answer = b""
        self.request = httpx2.Request("GET", "http://nothing.invalid")

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Remember a request."""
        self.request = request
        return httpx2.Response(200, content=self.answer)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Remember a request."""
        return self.handle_request(request)


def differences(one: Case, request: httpx2.Request) -> Iterator[str]:
    """Yield what is not as asked for in what went out."""
    seen = f"{request.method} {request.url.raw_path.decode()}"
    if seen != one.request:
        yield f"{one.kind}: {seen}"
    if request.headers["authorization"] != "Bearer app-key":
        yield f"{one.kind}: {request.headers['authorization']}"
    if one.body is None and (request.content or "content-type" in request.headers):
        yield f"{one.kind}: {request.content!r}"
    if one.body is not None and one.body is not ...:
        if json.loads(request.content) != one.body:
            yield f"{one.kind}: {request.content!r}"
        if request.headers["content-type"] != "application/json":
            yield f"{one.kind}: {request.headers['content-type']}"


UNLIMITED = RateLimits(general=None, transactional=None, broadcast=None)


def test_calls_become_the_requests_of_the_reference() -> None:
    """Method, path, query and body are as asked for, with awkward text encoded."""
    recorder = Recorder()
    found: list[str] = []
    with AppClient("app-key", transport=recorder, rate_limits=UNLIMITED) as app:
        for one in CASES:
            recorder.answer = answer_of(ENDPOINTS[one.kind])
            result: Any = one.call(app)
            if hasattr(result, "pages"):
                assert list(result) == []
            found += differences(one, recorder.request)
    assert found == []


def test_asynchronous_calls_become_the_same_requests() -> None:
    """The twin of each method sends the same."""
    recorder = Recorder()
    found: list[str] = []

    async def main() -> None:
        async with AsyncAppClient("app-key", transport=recorder, rate_limits=UNLIMITED) as app:
            for one in CASES:
                recorder.answer = answer_of(ENDPOINTS[one.kind])
                result: Any = one.call(app)
                if hasattr(result, "pages"):
                    assert [item async for item in result] == []
                else:
                    await result
                found.extend(differences(one, recorder.request))

    asyncio.run(main())
    assert found == []


def test_every_operation_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    """Each declared operation has a case, and there are as many as the vendor has published."""
    kinds = [one.kind for one in CASES]
    assert sorted(kinds) == sorted(ENDPOINTS)
    assert len(kinds) >= 167
    with capsys.disabled():
        sys.stdout.write(f"\n{len(kinds)} operations of the App API called on both clients\n")


def test_the_generated_resources_are_those_of_the_declarations() -> None:
    """Whoever changes a declaration writes the resources again, and nobody edits them by hand."""
    written = write_all()
    stale = [file.name for file, text in written.items() if file.read_text(encoding="utf-8") != text]
    surplus = {found for file in written for found in file.parent.glob("*.py")} - written.keys()
    assert not stale, f"run tools/write_app_resources.py: {stale}"
    assert not surplus
