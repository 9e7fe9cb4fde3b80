"""What is wrong with a call's arguments is told before anything is sent, all of it at once, with its place."""

import enum
from typing import Any, get_args

import msgspec
import pytest

from ciokit import CioId, Email, InvalidData, Phone
from ciokit.app import filters
from ciokit.app.bodies import (
    ActionContent,
    DataIndexAttribute,
    DataIndexEvent,
    EmailNewsletter,
    InAppNewsletter,
    InboxNewsletter,
    NewNewsletter,
    OptoutChange,
    PushNewsletter,
    SmsNewsletter,
    WebhookNewsletter,
)
from ciokit.app.endpoint import prepare
from ciokit.app.endpoints import (
    account,
    assets,
    audience,
    campaigns,
    content,
    deliverability,
    design_studio,
    live_notifications,
    newsletters,
    people,
    transactional,
    transfers,
)
from ciokit.encoding.drafts import Draft, Encoding

SEGMENT = filters.in_segment(1)
WRONG_TYPE: dict[Any, Any] = {value: value for value in ("fax", "x", "y", 3)}
"""Values that a type checker must not see through."""


def problems(endpoint: Any, /, **arguments: Any) -> list[str]:
    """Return what is said against a call."""
    try:
        prepare(endpoint, arguments, Draft(Encoding(stamp=False), 1_800_000_000))
    except InvalidData as error:
        return [str(problem) for problem in error.problems]
    return []


WRONG: list[tuple[Any, dict[str, Any], list[str]]] = [
    (audience.SEGMENTS_GET, {"segment_id": "7"}, ["segment_id: expected int, got str"]),
    (audience.SEGMENTS_GET, {"segment_id": True}, ["segment_id: expected int, got bool"]),
    (audience.SEGMENTS_GET, {"segment_id": 0}, ["segment_id: expected int >= 1"]),
    (audience.SEGMENTS_GET, {}, ["segment_id: expected int, got NoneType"]),
    (audience.SEGMENTS_GET, {"segment_id": msgspec.UNSET}, ["segment_id: expected int, got UnsetType"]),
    (people.CUSTOMERS_BY_EMAIL, {"email": msgspec.UNSET}, ["email: expected str, got UnsetType"]),
    (
        live_notifications.LIVE_NOTIFICATIONS_START,
        {"customer": CioId(WRONG_TYPE[3]), "notification_type": "n", "attributes": {}, "content_state": {}},
        ["customer: cio_id attribute must be a string value, got int"],
    ),
    (
        people.CUSTOMERS_SEARCH,
        {"filter": [], "page_size": 1001, "start": 5},
        [
            "filter: expected a mapping, got list",
            "page_size: expected int <= 1000",
            "start: expected str, got int",
        ],
    ),
    (
        people.CUSTOMERS_ATTRIBUTES,
        {"customer": 7},
        ["customer: expected an id as text, Id, Email, Phone or CioId, got int"],
    ),
    (people.CUSTOMERS_ATTRIBUTES, {"customer": ""}, ["customer: id attribute cannot be an empty string"]),
    (people.CUSTOMERS_ATTRIBUTES, {"customer": "x" * 151}, ["customer: id cannot be longer than 150 bytes"]),
    (
        people.CUSTOMERS_ATTRIBUTES,
        {"customer": ".."},
        ["customer: cannot be named in an address: it is only dots"],
    ),
    (
        people.CUSTOMERS_ATTRIBUTES,
        {"customer": Email("nobody")},
        ["customer: an e-mail address has an @ with text on both sides"],
    ),
    (
        people.CUSTOMERS_RELATIONSHIPS,
        {"customer": Email("a@b")},
        ["customer: this operation knows people by id alone, not by email"],
    ),
    (
        deliverability.SUBSCRIPTION_CENTER_TOKEN,
        {"customer": CioId("a3")},
        ["customer: this operation knows people by id alone, not by cio_id"],
    ),
    (people.CUSTOMERS_ATTRIBUTES_OF, {"ids": []}, ["ids: expected list of length >= 1"]),
    (people.CUSTOMERS_ATTRIBUTES_OF, {"ids": ["a"] * 101}, ["ids: expected list of length <= 100"]),
    (people.CUSTOMERS_ATTRIBUTES_OF, {"ids": ["a", 1]}, ["ids[1]: expected str, got int"]),
    (people.CUSTOMERS_ATTRIBUTES_OF, {"ids": "abc"}, ["ids: expected a list, got str"]),
    (
        people.CUSTOMERS_UPDATE_OPTOUTS,
        {"customer": "1", "optouts": [OptoutChange(from_="a", optout=True, channel=WRONG_TYPE["fax"])]},
        ["optouts[0].channel: expected one of 'sms', 'whatsapp'"],
    ),
    (
        account.DATA_INDEX_UPDATE_ATTRIBUTES,
        {"attributes": [DataIndexAttribute(name="a")] * 101},
        ["attributes: expected list of length <= 100"],
    ),
    (
        account.DATA_INDEX_UPDATE_EVENTS,
        {"events": [DataIndexEvent(name="a")] * 101},
        ["events: expected list of length <= 100"],
    ),
    (
        account.REPORTING_WEBHOOKS_CREATE,
        {"name": "n" * 191, "endpoint": "https://a.example/h", "events": ["email_sent"]},
        ["name: expected str of length <= 190"],
    ),
    (people.ACTIVITIES_LIST, {"page_size": 101}, ["page_size: expected int <= 100"]),
    (
        audience.OBJECTS_ATTRIBUTES,
        {"object_type_id": 1, "object_id": 7},
        ["object_id: expected an id as text or CioObjectId, got int"],
    ),
    (audience.OBJECTS_ATTRIBUTES, {"object_type_id": 1, "object_id": ""}, ["object_id: cannot be empty"]),
    (
        audience.OBJECTS_ATTRIBUTES,
        {"object_type_id": 1.5, "object_id": "a"},
        ["object_type_id: expected int or str, got float"],
    ),
    (
        campaigns.CAMPAIGNS_LINK_METRICS,
        {"campaign_id": 1, "period": "hours", "steps": 25},
        ["steps: at most 24 hours can be asked for"],
    ),
    (
        campaigns.CAMPAIGNS_LINK_METRICS,
        {"campaign_id": 1, "steps": 46},
        ["steps: at most 45 days can be asked for"],
    ),
    (
        campaigns.CAMPAIGNS_LINK_METRICS,
        {"campaign_id": 1, "period": "months", "steps": 122},
        ["steps: expected int <= 121"],
    ),
    (
        campaigns.CAMPAIGNS_LINK_METRICS,
        {"campaign_id": 1, "period": "years"},
        ["period: expected one of 'hours', 'days', 'weeks', 'months'"],
    ),
    (
        campaigns.CAMPAIGNS_METRICS,
        {"campaign_id": 1, "period": "days", "steps": 3},
        [
            "period: has no meaning in version 2 of the metrics",
            "steps: has no meaning in version 2 of the metrics",
        ],
    ),
    (
        campaigns.CAMPAIGNS_METRICS,
        {"campaign_id": 1, "version": "1", "start": 5, "timezone": "UTC"},
        [
            "start: has no meaning in version 1 of the metrics",
            "timezone: has no meaning in version 1 of the metrics",
        ],
    ),
    (
        campaigns.CAMPAIGNS_ACTIONS_UPDATE,
        {
            "campaign_id": 1,
            "action_id": 2,
            "content": ActionContent(from_id=WRONG_TYPE["x"], reply_to_id=WRONG_TYPE["y"]),
        },
        [
            "content.from_id: expected int, got str",
            "content.reply_to_id: expected int or UnsetType or None, got str",
        ],
    ),
    (
        campaigns.CAMPAIGNS_ACTIONS_UPDATE,
        {"campaign_id": 1, "action_id": 2, "content": 5},
        ["content: expected ActionContent or Mapping[str, Any], got int"],
    ),
    (
        transactional.MESSAGES_LIST,
        {"start_ts": "today", "end_ts": -1, "type": "letter", "campaign_id": 0},
        [
            "type: expected one of 'email', 'webhook', 'twilio', 'whatsapp', 'slack', 'push', 'in_app', 'inbox', 'live_notification'",
            "campaign_id: expected int >= 1",
            "start_ts: expected Unix seconds or a datetime with a time zone, got str",
            "end_ts: not Unix seconds: negative, or so large that it must be milliseconds",
        ],
    ),
    (
        newsletters.NEWSLETTERS_SCHEDULE,
        {"newsletter_id": 1, "scheduled_at": 1_900_000_000},
        ["timezone: is required with a time; 0 takes the newsletter off the schedule"],
    ),
    (newsletters.NEWSLETTERS_SCHEDULE, {"newsletter_id": 1, "scheduled_at": 0}, []),
    (
        newsletters.NEWSLETTERS_SCHEDULE,
        {
            "newsletter_id": 1,
            "scheduled_at": 1,
            "timezone": "UTC",
            "tz_match_enabled": True,
            "rate_limit_time_period": 86400,
        },
        ["rate_limit_time_period: can be at most 3600 with tz_match_enabled"],
    ),
    (
        newsletters.NEWSLETTERS_SEND,
        {"newsletter_id": 1, "rate_limit_time_period": 61},
        ["rate_limit_time_period: expected one of 60, 3600, 86400"],
    ),
    (
        newsletters.NEWSLETTERS_CREATE,
        {"newsletter": {"name": "n", "recipients": {}, "body": "b"}},
        ["newsletter: expected an EmailNewsletter or the like, got dict"],
    ),
    (
        newsletters.NEWSLETTERS_CREATE,
        {
            "newsletter": EmailNewsletter(
                name="",
                recipients=SEGMENT,
                subject="s",
                body="b",
                from_="a",
                from_id=1,
                send_now=True,
                scheduled_at=5,
            )
        },
        [
            "newsletter.scheduled_at: goes without send_now",
            "newsletter.name: must have 1 to 190 characters",
            "newsletter.from_: goes without from_id",
        ],
    ),
    (
        newsletters.NEWSLETTERS_CREATE,
        {"newsletter": SmsNewsletter(name="n" * 191, recipients=SEGMENT, body="b")},
        ["newsletter.name: must have 1 to 190 characters"],
    ),
    (
        newsletters.NEWSLETTERS_CREATE,
        {"newsletter": PushNewsletter(name="n", recipients=SEGMENT)},
        ["newsletter: a push needs a subject, a body or both"],
    ),
    (content.COLLECTIONS_CREATE, {"name": "c"}, ["exactly one of data, url must be given"]),
    (
        content.COLLECTIONS_CREATE,
        {"name": "c", "data": [], "url": "https://a"},
        ["exactly one of data, url must be given"],
    ),
    (content.COLLECTIONS_UPDATE, {"collection_id": 1}, ["at least one field must be given"]),
    (
        content.COLLECTIONS_UPDATE,
        {"collection_id": 1, "data": [{}], "url": "u"},
        ["only one of data, url can be given"],
    ),
    (
        content.COLLECTIONS_REPLACE_CONTENT,
        {"collection_id": 1, "rows": [{"a": object()}]},
        ["rows[0].a: object has no form in JSON; pass text, a number, a datetime, a list or a dict"],
    ),
    (design_studio.DESIGN_STUDIO_FOLDERS_UPDATE, {"folder_id": "f"}, ["at least one field must be given"]),
    (design_studio.DESIGN_STUDIO_FOLDERS_UPDATE, {"folder_id": "f", "parent_folder_id": None}, []),
    (
        design_studio.DESIGN_STUDIO_FOLDERS_LIST,
        {"page": 0, "page_size": 10_001},
        ["page: expected int >= 1", "page_size: expected int <= 10000"],
    ),
    (
        transfers.EXPORTS_CREATE_DELIVERIES,
        {"campaign_id": 1, "action_id": 2},
        ["exactly one of newsletter_id, campaign_id, transactional_message_id, action_id must be given"],
    ),
    (
        transfers.IMPORTS_CREATE,
        {"type": "people", "name": "n", "data_file_url": "u"},
        ["identifier: is required to import type people"],
    ),
    (
        transfers.IMPORTS_CREATE,
        {"type": "people", "name": "n", "data_file_url": "u", "identifier": "cio_id"},
        ["identifier: can be cio_id for relationships alone"],
    ),
    (
        transfers.IMPORTS_CREATE,
        {"type": "relationship", "name": "n", "data_file_url": "u", "identifier": "cio_id"},
        [],
    ),
    (
        transfers.IMPORTS_CREATE,
        {"type": "object", "name": "n", "data_file_url": "u", "identifier": "id"},
        ["object_type_id: is required to import objects", "identifier: has no meaning for objects"],
    ),
    (
        transfers.IMPORTS_CREATE,
        {
            "type": "event",
            "name": "n",
            "data_file_url": "u",
            "identifier": "id",
            "data_to_process": "only_new",
        },
        ["data_to_process: can be all or only_existing for events"],
    ),
    (
        account.REPORTING_WEBHOOKS_CREATE,
        {"name": "n", "endpoint": "e", "events": []},
        ["events: expected list of length >= 1"],
    ),
    (
        account.DATA_INDEX_UPDATE_EVENTS,
        {"events": [DataIndexEvent(name=WRONG_TYPE[3])]},
        ["events[0].name: expected str, got int"],
    ),
    (
        deliverability.ESP_SUPPRESSION_LIST,
        {"suppression_type": "spam"},
        ["suppression_type: expected one of 'blocks', 'bounces', 'spam_reports', 'invalid_emails'"],
    ),
    (
        live_notifications.LIVE_NOTIFICATIONS_START,
        {"customer": Phone("1"), "notification_type": "n", "attributes": 5, "content_state": None},
        [
            "customer: a telephone number is written in E.164 form: +, country code, number, no spaces",
            "attributes: expected a mapping, dataclass, attrs instance or model, got int",
            "content_state: is required",
        ],
    ),
    (
        content.SNIPPETS_DELETE,
        {"name": "half \ud800"},
        ["name: has half of a surrogate pair, which is no text"],
    ),
    (
        assets.ASSETS_FILES_CREATE,
        {"content": "photo.gif"},
        [
            "content: expected bytes, a Path or an open file, got str",
            "filename: is required unless the content is a path",
        ],
    ),
    (
        assets.ASSETS_FILES_CREATE,
        {"content": b"x", "filename": "a.exe"},
        ["filename: must end in one of .bmp, .gif, .jpeg, .jpg, .pdf, .png"],
    ),
    (
        assets.ASSETS_FILES_CREATE,
        {"content": b"x" * 2_000_001, "filename": "a.PNG"},
        ["content: is 2000001 bytes; Customer.io takes at most 2000000"],
    ),
]


@pytest.mark.parametrize(("endpoint", "arguments", "expected"), WRONG)
def test_what_is_wrong_is_told(endpoint: Any, arguments: dict[str, Any], expected: list[str]) -> None:
    """Each rule has its words and its place, and several mistakes are told together."""
    assert problems(endpoint, **arguments) == expected


NEWSLETTERS: list[tuple[NewNewsletter, dict[str, Any]]] = [
    (
        EmailNewsletter(name="n", recipients=SEGMENT, subject="s", body="b", from_id=3),
        {"type": "email", "subject": "s", "body": "b", "from_id": 3},
    ),
    (SmsNewsletter(name="n", recipients=SEGMENT, body="b"), {"type": "twilio", "body": "b"}),
    (PushNewsletter(name="n", recipients=SEGMENT, subject="s"), {"type": "push", "subject": "s"}),
    (InAppNewsletter(name="n", recipients=SEGMENT, body_json="{}"), {"type": "in_app", "body_json": "{}"}),
    (InboxNewsletter(name="n", recipients=SEGMENT, body_json="{}"), {"type": "inbox", "body_json": "{}"}),
    (
        WebhookNewsletter(name="n", recipients=SEGMENT, url="https://a", request_method="PUT", body="b"),
        {"type": "webhook", "url": "https://a", "request_method": "PUT", "body": "b"},
    ),
]


@pytest.mark.parametrize(("newsletter", "own"), NEWSLETTERS)
def test_a_newsletter_has_the_type_and_the_fields_of_its_channel(
    newsletter: NewNewsletter, own: dict[str, Any]
) -> None:
    """Each kind of newsletter names its channel as the service does, and sends what it was given."""
    draft = Draft(Encoding(stamp=False), 1_800_000_000)
    call = prepare(newsletters.NEWSLETTERS_CREATE, {"newsletter": newsletter}, draft)
    assert msgspec.json.decode(call.body) == {"name": "n", "recipients": SEGMENT, **own}


def test_every_kind_of_newsletter_was_made() -> None:
    """No channel is left out above."""
    assert [type(newsletter) for newsletter, _ in NEWSLETTERS] == [*get_args(NewNewsletter)]


class Type(int, enum.Enum):
    """Numbers that an application has names for."""

    COMPANY = 4


class Word(str, enum.Enum):  # noqa: UP042 - its name is what str() gives, unlike a StrEnum
    """Texts that an application has names for."""

    PLACE = "a b"


@pytest.mark.parametrize(
    ("endpoint", "arguments", "target"),
    [
        (audience.SEGMENTS_MEMBERSHIP, {"segment_id": Type.COMPANY, "page_size": Type.COMPANY, "start": Word.PLACE}, "/v1/segments/4/membership?limit=4&start=a%20b"),
        (audience.OBJECTS_ATTRIBUTES, {"object_type_id": Type.COMPANY, "object_id": Word.PLACE}, "/v1/objects/4/a%20b/attributes"),
        (people.CUSTOMERS_ATTRIBUTES, {"customer": Word.PLACE}, "/v1/customers/a%20b/attributes"),
        (people.CUSTOMERS_BY_EMAIL, {"email": Word.PLACE}, "/v1/customers?email=a%20b"),
        (people.ACTIVITIES_LIST, {"deleted": True, "type": msgspec.UNSET}, "/v1/activities?deleted=true"),
    ],
)  # fmt: skip
def test_a_member_of_an_enum_is_its_value_in_an_address(
    endpoint: Any, arguments: dict[str, Any], target: str
) -> None:
    """Not its name: an object type is named by its number, whatever the application calls it."""
    assert prepare(endpoint, arguments, Draft(Encoding(stamp=False), 1_800_000_000)).path == target


def test_a_member_of_an_enum_is_its_value_in_a_body_and_a_form() -> None:
    """Where a number is sent as text, too."""
    found = filters.has_object_attribute("plan", type_id=Type.COMPANY)
    assert found["object_attribute"]["type_id"] == "4"
    draft = Draft(Encoding(stamp=False), 1_800_000_000)
    call = prepare(audience.OBJECTS_FIND, {"object_type_id": Type.COMPANY, "filter": found}, draft)
    assert msgspec.json.decode(call.body)["object_type_id"] == "4"
    given = {"content": b"x", "filename": "a.png", "parent_folder_id": Type.COMPANY, "name": Word.PLACE}
    form = prepare(assets.ASSETS_FILES_CREATE, given, draft).body.decode()
    assert "\r\n\r\n4\r\n" in form
    assert "\r\n\r\na b\r\n" in form


def test_a_value_is_never_told() -> None:
    """What was given is not in what is said against it."""
    told = problems(people.CUSTOMERS_SEARCH, filter="marker-1", page_size="marker-2", start=["marker-3"])
    assert len(told) == 3
    assert "marker" not in "".join(told)


def test_filters_have_the_vendors_form() -> None:
    """What the functions build is what the reference writes."""
    built = filters.all_of(
        filters.in_segment(3),
        filters.any_of(filters.attribute_is("state", "NM"), filters.has_attribute("interest")),
        filters.not_(filters.attribute_is("unsubscribed", value=True)),
    )
    assert built == {
        "and": [
            {"segment": {"id": 3}},
            {
                "or": [
                    {"attribute": {"field": "state", "operator": "eq", "value": "NM"}},
                    {"attribute": {"field": "interest", "operator": "exists"}},
                ]
            },
            {"not": {"attribute": {"field": "unsubscribed", "operator": "eq", "value": True}}},
        ]
    }
    assert filters.object_attribute_is("cancelled", value=True, type_id=1) == {
        "object_attribute": {"field": "cancelled", "type_id": "1", "operator": "eq", "value": True}
    }
    assert filters.has_object_attribute("location", type_id="2") == {
        "object_attribute": {"field": "location", "type_id": "2", "operator": "exists"}
    }
