"""Parameters that many operations have."""

from collections.abc import Mapping, Sequence
from typing import Any

from ciokit.app.bodies import ActionContent, NewsletterContent, TransactionalContent
from ciokit.app.endpoint import Param, body, entire, path, query
from ciokit.app.words import (
    CustomerRef,
    MessageMetric,
    MessageState,
    MessageType,
    Order,
    PageSize,
    PageSize1000,
    Period,
    Steps,
    Timestamp,
    Window,
)

CUSTOMER = path("customer", CustomerRef, "The person; a plain string is an id.")
LANGUAGE = path("language", str, "The language's tag, for example `fr`.")


def page_size(kind: object, most: str, usual: str = "") -> Param:
    """Declare how many items a page has.

    Args:
        kind: The type, with the limit.
        most: The limit, in words.
        usual: The service's own choice, in words.
    """
    words = f"Items per page, at most {most}" if most else "Items per page"
    return query("page_size", kind, f"{words}{f'; {usual} if omitted' if usual else ''}.", wire="limit")


# Lists ----------------------------------------------------------------------------------------------------------------

PAGE_SIZE = page_size(PageSize, "")
PAGE_SIZE_50 = page_size(PageSize1000, "1,000", "50")
START = query("start", str, "Where to start: the `next` of an earlier page.")
SORT = query("sort", Order, "`asc` or `desc`.")

# Messages -------------------------------------------------------------------------------------------------------------

START_TS = query("start_ts", Timestamp, "Leave out what is older.")
END_TS = query("end_ts", Timestamp, "Leave out what is newer.")
METRIC = query("metric", MessageMetric, "Only messages that reached this state.")
STATE = query("state", MessageState, "Only messages in this state.")
TYPE = query("type", MessageType, "Only messages of this type.")
DRAFTS = query("drafts", bool, "Whether to list drafts instead of messages that were sent.")
TRACKED_RESPONSES = query(
    "tracked_responses",
    bool,
    "Whether to include the answers to in-app surveys.",
    wire="get_tracked_responses",
)

# Metrics --------------------------------------------------------------------------------------------------------------

PERIOD = query("period", Period, "What one number of a series counts; days by default.")
STEPS = query("steps", Steps, "How many periods back: at most 24 hours, 45 days, 12 weeks or 121 months.")
UNIQUE = query("unique", bool, "Whether to count people instead of clicks.")

# Contents -------------------------------------------------------------------------------------------------------------

HEADERS = Sequence[Mapping[str, str]]
ACTION_CONTENT = entire("content", ActionContent | Mapping[str, Any], "The changes.")
NEWSLETTER_CONTENT = entire("content", NewsletterContent | Mapping[str, Any], "The changes.")
TRANSACTIONAL_CONTENT = entire("content", TransactionalContent | Mapping[str, Any], "The changes.")
TRANSLATION = (
    body("language", str, "The language's tag, for example `fr`.", required=True, positional=True),
    body("subject", str, "The subject, or the title of a push."),
    body("preheader_text", str, "The text that an inbox shows after the subject."),
    body("body", str, "The body."),
    body("body_plain", str, "The body in plain text."),
    body("body_amp", str, "The body in AMP."),
    body("body_json", str, "The body of an in-app or inbox message, as JSON text."),
)
RATE_LIMIT = (
    body("rate_limit_email_rate", PageSize, "The most messages in a period, of whatever channel."),
    body("rate_limit_time_period", Window, "The period in seconds: 60, 3600 or 86400."),
    body("rate_limit_spread", bool, "Whether messages are spread over the period."),
)
