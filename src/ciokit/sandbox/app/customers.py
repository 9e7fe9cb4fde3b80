"""Reading people through the App API: lookup, search, attributes, segments, relationships, preferences.

Knows nothing of credentials, faults or sockets.
"""

from typing import Any, Final

from ciokit.sandbox.app.parts import cut, find_customer, identifiers_of, query_of, read_page
from ciokit.sandbox.exchange import Reply
from ciokit.sandbox.http.envelopes import app_empty, app_reply
from ciokit.sandbox.http.routes import Route, Visit
from ciokit.sandbox.shapes import Identifier, decode_object, is_array, is_object, is_one_of, refuse
from ciokit.sandbox.state.filters import read_filter, shown
from ciokit.sandbox.state.records import Person
from ciokit.sandbox.state.retention import trim

_PREFERENCES: Final = "cio_subscription_preferences"


def by_email(visit: Visit) -> Reply:
    """Find people by email: GET /v1/customers?email=."""
    email = query_of(visit).get("email")
    if not email:
        refuse("email is required", "email", "required")
    person = visit.workspace.people.find(Identifier("email", email))
    return app_reply(200, {"results": [] if person is None else [identifiers_of(person)]})


def search(visit: Visit) -> Reply:
    """Find people by a filter: POST /v1/customers."""
    page = read_page(visit, 50, 1000)
    test = read_filter(decode_object(visit.request.body).get("filter"))
    found = [person for person in visit.workspace.people if test(person)]
    part, following = cut(found, page)
    ids = [person.id for person in part if person.id is not None]
    return app_reply(
        200, {"identifiers": [identifiers_of(person) for person in part], "ids": ids, "next": following}
    )


def many_attributes(visit: Visit) -> Reply:
    """Read the attributes of up to 100 people: POST /v1/customers/attributes."""
    ids = decode_object(visit.request.body).get("ids")
    if not is_array(ids) or not 1 <= len(ids) <= 100 or not all(isinstance(value, str) for value in ids):
        refuse("ids must be an array of 1 to 100 strings", "ids")
    people = (visit.workspace.people.find(Identifier("id", value)) for value in ids)
    return app_reply(
        200,
        {"customers": [{"customer": _customer(visit, person)} for person in people if person is not None]},
    )


def attributes(visit: Visit) -> Reply:
    """Read a person's attributes: GET /v1/customers/{customer_id}/attributes."""
    return app_reply(200, {"customer": _customer(visit, find_customer(visit))})


def _customer(visit: Visit, person: Person) -> dict[str, Any]:
    values = {name: shown(value) for name, value in person.attributes.items()}
    times = {
        name: int(history[-1].at) for name, history in person.history.items() if name in person.attributes
    }
    return {
        "id": person.id or person.cio_id,
        "identifiers": identifiers_of(person),
        "attributes": {
            **values,
            "_cio_subscription_preferences_computed": shown({"topics": _computed_topics(visit, person)}),
            "id": person.id,
            "email": person.email,
            "cio_id": person.cio_id,
        },
        "timestamps": {**times, "cio_id": int(person.created_at)},
        "unsubscribed": person.unsubscribed,
        "devices": [
            {
                "id": device.token,
                "last_used": int(device.last_used or 0),
                "platform": device.platform,
                "attributes": {name: shown(value) for name, value in device.attributes.items()},
            }
            for device in person.devices.values()
        ],
    }


def _chosen_topics(person: Person) -> dict[str, Any]:
    held = person.attributes.get(_PREFERENCES)
    chosen = held.get("topics") if is_object(held) else None
    return chosen if is_object(chosen) else {}


def _computed_topics(visit: Visit, person: Person) -> dict[str, Any]:
    """Return what a person chose, and the default of every topic they did not choose about."""
    chosen = _chosen_topics(person)
    known = visit.workspace.account.topics.values()
    return {str(topic["identifier"]): _is_subscribed(chosen, topic) for topic in known} | chosen


def segments(visit: Visit) -> Reply:
    """List a person's segments: GET /v1/customers/{customer_id}/segments."""
    held = visit.workspace.segments
    found = [held[number] for number in find_customer(visit).segments if number in held]
    views = [{"id": entry.id, "name": entry.name, "description": entry.description} for entry in found]
    return app_reply(200, {"segments": views})


def relationships(visit: Visit) -> Reply:
    """List a person's relationships: GET /v1/customers/{customer_id}/relationships."""
    page, objects = read_page(visit, 50, 1000), visit.workspace.objects
    person = find_customer(visit)
    part, following = cut([entry for entry in person.relationships.items() if entry[0] in objects], page)
    views = [
        {
            "object_type_id": int(key[0]),
            "identifiers": {"object_id": key[1], "cio_object_id": objects[key].cio_object_id},
            "attributes": {name: shown(value) for name, value in held.attributes.items()},
            "timestamps": {name: int(person.updated_at) for name in held.attributes},
        }
        for key, held in part
    ]
    return app_reply(200, {"cio_relationships": views, "next": following})


def preferences(visit: Visit) -> Reply:
    """Read a person's subscriptions: GET /v1/customers/{customer_id}/subscription_preferences."""
    person = find_customer(visit)
    chosen = _chosen_topics(person)
    known = visit.workspace.account.topics.values()
    topics = [
        {
            "id": str(topic["id"]),
            "subscribed": _is_subscribed(chosen, topic),
            "name": topic["name"],
            "description": topic.get("description", ""),
        }
        for topic in known
    ]
    customer = {
        "id": person.id,
        "identifiers": identifiers_of(person),
        "topics": topics,
        "unsubscribed": person.unsubscribed,
        "header": {"title": "", "subtitle": ""},
    }
    return app_reply(200, {"customer": customer})


def _is_subscribed(chosen: dict[str, Any], topic: dict[str, Any]) -> bool:
    value = chosen.get(topic["identifier"])
    return bool(topic.get("subscribed_by_default", True) if value is None else value)


def optouts(visit: Visit) -> Reply:
    """List a person's opt-outs: GET /v1/customers/{customer_id}/optouts."""
    held = visit.workspace.optouts.get(find_customer(visit).cio_id, [])
    return app_reply(200, {"optouts": [{"channel": channel, "from": sender} for channel, sender in held]})


def list_optouts(visit: Visit) -> Reply:
    """List everybody's opt-outs: GET /v1/optouts."""
    wanted = query_of(visit).get("from")
    held = visit.workspace.optouts.items()
    found = [
        (cio_id, channel, sender)
        for cio_id, keys in held
        for channel, sender in keys
        if wanted in {None, sender}
    ]
    part, following = cut(found, read_page(visit, 100, 1000))
    views = [{"cio_id": cio_id, "channel": channel, "from": sender} for cio_id, channel, sender in part]
    return app_reply(200, {"optouts": views, "next": following})


def update_optouts(visit: Visit) -> Reply:
    """Change a person's opt-outs: PUT /v1/customers/{customer_id}/optouts."""
    person = find_customer(visit)
    entries = decode_object(visit.request.body).get("optouts")
    if not is_array(entries):
        refuse("optouts must be an array", "optouts", "required")
    changes = [_read_optout(entry) for entry in entries]
    held = visit.workspace.optouts.setdefault(person.cio_id, [])
    for key, out in changes:
        if key in held:
            held.remove(key)
        if out:
            held.append(key)
    trim(visit.workspace.optouts, visit.workspace.retention.people)
    return app_empty()


def _read_optout(entry: Any) -> tuple[tuple[str, str], bool]:
    sender = entry.get("from") if is_object(entry) else None
    if not is_object(entry) or not isinstance(sender, str) or not isinstance(entry.get("optout"), bool):
        refuse("an opt-out needs from and optout", "optouts")
    channel = entry.get("channel", "sms")
    if not is_one_of(channel, ("sms", "whatsapp")):
        refuse("channel must be sms or whatsapp", "optouts")
    return (channel, sender), entry["optout"]


_CUSTOMER: Final = "/v1/customers/{customer_id}"

ROUTES: Final = (
    Route("app", "GET", "/v1/customers", by_email),
    Route("app", "POST", "/v1/customers", search),
    Route("app", "POST", "/v1/customers/attributes", many_attributes),
    Route("app", "GET", f"{_CUSTOMER}/attributes", attributes),
    Route("app", "GET", f"{_CUSTOMER}/segments", segments),
    Route("app", "GET", f"{_CUSTOMER}/relationships", relationships),
    Route("app", "GET", f"{_CUSTOMER}/subscription_preferences", preferences),
    Route("app", "GET", f"{_CUSTOMER}/optouts", optouts),
    Route("app", "PUT", f"{_CUSTOMER}/optouts", update_optouts),
    Route("app", "GET", "/v1/optouts", list_optouts),
)
