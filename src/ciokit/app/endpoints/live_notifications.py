"""Operations on live notifications: messages on a phone that change while something goes on."""

from typing import Any, Final

from ciokit.app.answers import One
from ciokit.app.endpoint import Endpoint, body, path
from ciokit.app.records import LiveNotification, LiveNotificationId
from ciokit.app.words import CustomerRef, Data, Platform, Timestamp

RESOURCES: Final = {"live_notifications": "Start, change and end live notifications."}

_INSTANCE = body("instance_id", str, "The notification's ULID.", required=True, positional=True)
_PUSH = body("push_payload", Data, "`{alert: {title, body, sound}}`.", is_object=True)
_LINK = body("deep_link", str, "What a tap opens.")


def _object(name: str, doc: str, **options: Any) -> Any:
    return body(name, Data, doc, is_object=True, **options)


LIVE_NOTIFICATIONS_START = Endpoint(
    kind="live_notifications.start",
    method="POST",
    path="/v1/live_notifications/start",
    doc="Start a live notification.",
    params=(
        body("customer", CustomerRef, "The person.", wire="identifiers", required=True, positional=True),
        body("notification_type", str, "Its type, as the application knows it.", required=True),
        _object("attributes", "The attributes that stay the same.", required=True),
        _object("content_state", "The changes.", required=True),
        body("device_id", str, "The device's token."),
        body("platform", Platform, "`ios` or `android`."),
        body("app_identifier", str, "The application."),
        body("push_payload", Data, "`{alert: {title, body, sound}}`; needed on iOS.", is_object=True),
        _LINK,
        body("expiration", Timestamp, "When it ends by itself, at most 6 hours ahead."),
    ),
    answer=One(LiveNotificationId),
    returns="The notification's ULID.",
)
LIVE_NOTIFICATIONS_UPDATE = Endpoint(
    kind="live_notifications.update",
    method="POST",
    path="/v1/live_notifications/update",
    doc="Change a live notification.",
    params=(
        _INSTANCE,
        _object("content_state", "The changes.", required=True),
        _object("attributes", "The attributes that stay the same."),
        _PUSH,
        _LINK,
    ),
    answer=One(LiveNotificationId),
    returns="The notification's ULID.",
)
LIVE_NOTIFICATIONS_END = Endpoint(
    kind="live_notifications.end",
    method="POST",
    path="/v1/live_notifications/end",
    doc="End a live notification.",
    params=(
        _INSTANCE,
        _object("content_state", "What is shown at the end."),
        _object("attributes", "The attributes that stay the same."),
        _PUSH,
        _LINK,
    ),
    answer=One(LiveNotificationId),
    returns="The notification's ULID.",
)
LIVE_NOTIFICATIONS_GET = Endpoint(
    kind="live_notifications.get",
    method="GET",
    path="/v1/live_notifications/{instance_id}",
    doc="Read the state of a live notification.",
    params=(path("instance_id", str, "The notification's ULID."),),
    answer=One(LiveNotification),
    returns="The notification.",
)
