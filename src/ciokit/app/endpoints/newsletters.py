"""Operations on newsletters, which the vendor now calls one-time sends, and on their variants."""

from collections.abc import Mapping
from typing import Any, Final

from ciokit.app.answers import Many, Nothing, One, Paged, Plain
from ciokit.app.bodies import (
    EmailNewsletter,
    NewNewsletter,
    NewsletterFields,
    PushNewsletter,
    encode_fields,
)
from ciokit.app.endpoint import Endpoint, Param, body, path
from ciokit.app.endpoints.checks import fits_schedule, steps_fit
from ciokit.app.endpoints.shared import (
    END_TS,
    METRIC,
    NEWSLETTER_CONTENT,
    PAGE_SIZE,
    PERIOD,
    RATE_LIMIT,
    SORT,
    START,
    START_TS,
    STEPS,
    TRACKED_RESPONSES,
    TYPE,
    UNIQUE,
)
from ciokit.app.records import LinkMetrics, Message, MessageContent, Metrics, Newsletter
from ciokit.app.words import Number, Timestamp
from ciokit.encoding.drafts import Draft
from ciokit.values.fragments import object_of
from ciokit.wire import JSON

RESOURCES: Final = {
    "newsletters": "Create newsletters (one-time sends), send them, and read their metrics.",
    "newsletters.contents": "Read and change the variants of a newsletter, and read their metrics.",
}

_NAME_LENGTH = 190
"""Characters of a newsletter's name (App API reference)."""
_NEWSLETTER = path("newsletter_id", Number, "The newsletter's number.")
_CONTENT = path("content_id", Number, "The variant's number.")


def encode_newsletter(given: Mapping[str, Any], draft: Draft) -> tuple[bytes, str]:
    """Check and encode a newsletter to be made."""
    newsletter: Any = given["newsletter"]
    if not isinstance(newsletter, NewsletterFields):
        draft.refuse(
            "newsletter", f"expected an EmailNewsletter or the like, got {type(newsletter).__name__}"
        )
        return b"", JSON
    fields = encode_fields(newsletter, draft, times=("scheduled_at",))
    if newsletter.send_now and newsletter.scheduled_at is not None:
        draft.refuse("newsletter.scheduled_at", "goes without send_now")
    if len(newsletter.name) > _NAME_LENGTH or not newsletter.name.strip():
        draft.refuse("newsletter.name", f"must have 1 to {_NAME_LENGTH} characters")
    if isinstance(newsletter, EmailNewsletter) and newsletter.from_ and newsletter.from_id:
        draft.refuse("newsletter.from_", "goes without from_id")
    if isinstance(newsletter, PushNewsletter) and not (newsletter.subject or newsletter.body):
        draft.refuse("newsletter", "a push needs a subject, a body or both")
    fields = {"type": b'"%b"' % newsletter.type.encode(), **fields}
    return object_of(fields), JSON


NEWSLETTERS_LIST = Endpoint(
    kind="newsletters.list",
    method="GET",
    path="/v1/newsletters",
    doc="List the newsletters.",
    params=(SORT, PAGE_SIZE, START),
    answer=Paged(Newsletter, "newsletters"),
    returns="The newsletters.",
)
NEWSLETTERS_CREATE = Endpoint(
    kind="newsletters.create",
    method="POST",
    path="/v1/newsletters",
    doc="Make a newsletter; it is sent at once only with `send_now`.",
    params=(
        Param(
            name="newsletter",
            kind=NewNewsletter,
            doc="The newsletter, of the class of its channel.",
            place="option",
            required=True,
            positional=True,
        ),
    ),
    answer=Plain(),
    returns="The response, unchanged.",
    encode=encode_newsletter,
)
NEWSLETTERS_GET = Endpoint(
    kind="newsletters.get",
    method="GET",
    path="/v1/newsletters/{newsletter_id}",
    doc="Read a newsletter.",
    params=(_NEWSLETTER,),
    answer=One(Newsletter, "newsletter"),
    returns="The newsletter.",
)
NEWSLETTERS_DELETE = Endpoint(
    kind="newsletters.delete",
    method="DELETE",
    path="/v1/newsletters/{newsletter_id}",
    doc="Delete a newsletter.",
    params=(_NEWSLETTER,),
    answer=Nothing(),
)
NEWSLETTERS_SEND = Endpoint(
    kind="newsletters.send",
    method="POST",
    path="/v1/newsletters/{newsletter_id}/send",
    doc="Send a newsletter; it is retried only if it certainly was not processed.",
    params=(_NEWSLETTER, *RATE_LIMIT),
    answer=Plain(),
    returns="The response, unchanged.",
)
NEWSLETTERS_SCHEDULE = Endpoint(
    kind="newsletters.schedule",
    method="POST",
    path="/v1/newsletters/{newsletter_id}/schedule",
    doc="Set when a newsletter is sent.",
    params=(
        _NEWSLETTER,
        body(
            "scheduled_at",
            Timestamp,
            "A time in the future; 0 removes the newsletter from the schedule.",
            required=True,
            positional=True,
        ),
        body(
            "timezone",
            str,
            "The time zone that people see, for example `America/New_York`; needed with a time.",
        ),
        body("tz_match_enabled", bool, "Whether it is sent at that hour in each person's own time zone."),
        *RATE_LIMIT,
    ),
    answer=Plain(),
    returns="The response, unchanged.",
    safe=True,
    check=fits_schedule,
)
NEWSLETTERS_MESSAGES = Endpoint(
    kind="newsletters.messages",
    method="GET",
    path="/v1/newsletters/{newsletter_id}/messages",
    doc="List the messages that a newsletter sent.",
    params=(_NEWSLETTER, TYPE, METRIC, START_TS, END_TS, TRACKED_RESPONSES, PAGE_SIZE, START),
    answer=Paged(Message, "messages"),
    returns="The messages.",
)
NEWSLETTERS_METRICS = Endpoint(
    kind="newsletters.metrics",
    method="GET",
    path="/v1/newsletters/{newsletter_id}/metrics",
    doc="Count what became of a newsletter's messages.",
    params=(_NEWSLETTER, PERIOD, STEPS, TYPE),
    answer=One(Metrics, "metric"),
    returns="The counts.",
    check=steps_fit,
)
NEWSLETTERS_LINK_METRICS = Endpoint(
    kind="newsletters.link_metrics",
    method="GET",
    path="/v1/newsletters/{newsletter_id}/metrics/links",
    doc="Count clicks on the links in a newsletter's messages.",
    params=(_NEWSLETTER, PERIOD, STEPS, UNIQUE),
    answer=Many(LinkMetrics, "links"),
    returns="The links, each with its counts.",
    check=steps_fit,
)
NEWSLETTERS_CONTENTS_LIST = Endpoint(
    kind="newsletters.contents.list",
    method="GET",
    path="/v1/newsletters/{newsletter_id}/contents",
    doc="List the variants of a newsletter: its translations and the sides of its tests.",
    params=(_NEWSLETTER,),
    answer=Many(MessageContent, "contents"),
    returns="All of them.",
)
NEWSLETTERS_CONTENTS_GET = Endpoint(
    kind="newsletters.contents.get",
    method="GET",
    path="/v1/newsletters/{newsletter_id}/contents/{content_id}",
    doc="Read a variant of a newsletter.",
    params=(_NEWSLETTER, _CONTENT),
    answer=One(MessageContent, "content"),
    returns="The variant.",
)
NEWSLETTERS_CONTENTS_UPDATE = Endpoint(
    kind="newsletters.contents.update",
    method="PUT",
    path="/v1/newsletters/{newsletter_id}/contents/{content_id}",
    doc="Change a variant of a newsletter.",
    params=(_NEWSLETTER, _CONTENT, NEWSLETTER_CONTENT),
    answer=One(MessageContent, "content"),
    returns="The variant as it is now.",
)
NEWSLETTERS_CONTENTS_METRICS = Endpoint(
    kind="newsletters.contents.metrics",
    method="GET",
    path="/v1/newsletters/{newsletter_id}/contents/{content_id}/metrics",
    doc="Count what became of a variant's messages.",
    params=(_NEWSLETTER, _CONTENT, PERIOD, STEPS, TYPE),
    answer=One(Metrics, "metric"),
    returns="The counts.",
    check=steps_fit,
)
NEWSLETTERS_CONTENTS_LINK_METRICS = Endpoint(
    kind="newsletters.contents.link_metrics",
    method="GET",
    path="/v1/newsletters/{newsletter_id}/contents/{content_id}/metrics/links",
    doc="Count clicks on the links in a variant's messages.",
    params=(_NEWSLETTER, _CONTENT, PERIOD, STEPS, TYPE, UNIQUE),
    answer=Many(LinkMetrics, "links"),
    returns="The links, each with its counts.",
    check=steps_fit,
)
