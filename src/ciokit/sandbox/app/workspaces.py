"""What the App API tells of an account and lets be described: its workspaces, addresses, channels and data index.

Knows nothing of credentials, faults or sockets.
"""

from typing import Final

from ciokit.sandbox.exchange import Reply
from ciokit.sandbox.http.envelopes import app_empty, app_reply
from ciokit.sandbox.http.routes import Route, Visit
from ciokit.sandbox.shapes import decode_object, is_array, is_object, refuse

_CHANNELS: Final = ("email", "twilio", "push", "in_app", "inbox", "whatsapp")


def workspaces(visit: Visit) -> Reply:
    """List the workspaces: GET /v1/workspaces."""
    views = [
        {
            "id": place.number,
            "name": place.name,
            "messages_sent": place.queued,
            "billable_messages_sent": place.queued,
            "people": len(place.people),
            "object_types": len({key[0] for key in place.objects}),
            "objects": len(place.objects),
        }
        for place in visit.places
    ]
    return app_reply(200, {"workspaces": views})


def ip_addresses(_visit: Visit) -> Reply:
    """List addresses that requests come from, which is this machine: GET /v1/info/ip_addresses."""
    return app_reply(200, {"ip_addresses": ["127.0.0.1"]})


def list_channels(_visit: Visit) -> Reply:
    """List the channels people subscribe to: GET /v1/subscription_channels."""
    channels = [
        {"id": position, "type": kind, "name": kind, "description": "", "subscribed_by_default": True}
        for position, kind in enumerate(_CHANNELS, 1)
    ]
    return app_reply(200, {"channels": channels})


def describe_attributes(visit: Visit) -> Reply:
    """Take descriptions of attributes: POST /v1/data_index/attributes."""
    return _describe(visit, "attributes")


def describe_events(visit: Visit) -> Reply:
    """Take descriptions of events: POST /v1/data_index/events."""
    return _describe(visit, "events")


def _describe(visit: Visit, name: str) -> Reply:
    entries = decode_object(visit.request.body).get(name)
    wanted = f"{name} must be an array of 1 to 100 objects"
    if not is_array(entries):
        refuse(wanted, name)
    if not 1 <= len(entries) <= 100 or not all(is_object(entry) for entry in entries):
        refuse(wanted, name, status=422)
    return app_empty()


ROUTES: Final = (
    Route("app", "GET", "/v1/workspaces", workspaces),
    Route("app", "GET", "/v1/info/ip_addresses", ip_addresses),
    Route("app", "GET", "/v1/subscription_channels", list_channels),
    Route("app", "POST", "/v1/data_index/attributes", describe_attributes),
    Route("app", "POST", "/v1/data_index/events", describe_events),
)
