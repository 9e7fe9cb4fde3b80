"""Activities through the App API, made from what people did, what changed about them and what they were sent.

Knows nothing of credentials, faults or sockets.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from ciokit.sandbox.app.parts import cut, find_customer, identifiers_of, query_of, read_page
from ciokit.sandbox.exchange import Reply
from ciokit.sandbox.http.envelopes import app_reply
from ciokit.sandbox.http.routes import Route, Visit
from ciokit.sandbox.shapes import Identifier, refuse
from ciokit.sandbox.state.records import Message, Person

_DELIVERY_TYPES: Final = {"sms": "twilio", "inbox_message": "in_app"}


class _Activity(NamedTuple):
    at: float
    kind: str
    name: str
    data: dict[str, Any]
    person: Person
    delivery_id: str = ""
    delivery_type: str = ""


def _of_person(person: Person, messages: Iterable[Message]) -> Iterator[_Activity]:
    yield _Activity(person.created_at, "profile_create", "", {}, person)
    for event in person.events:
        data = {"name": event.name, "data": event.data}
        yield _Activity(event.timestamp, event.type, event.name, data, person)
    for name, history in person.history.items():
        before = None
        for change in history:
            values = {name: {"from": before, "to": change.value}}
            yield _Activity(change.at, "attribute_change", name, values, person)
            before = change.value
    for message in messages:
        kind = _DELIVERY_TYPES.get(message.channel, message.channel)
        for metric, at in message.metrics.items():
            if metric != "created":
                told: dict[str, Any] = {"delivery_id": message.delivery_id, metric: at}
                yield _Activity(at, f"{metric}_{kind}", "", told, person, message.delivery_id, kind)


def _answer(visit: Visit, people: Iterable[Person]) -> Reply:
    page = read_page(visit, 10, 100)
    query = query_of(visit)
    by_person: dict[str, list[Message]] = {}
    for message in visit.workspace.messages.values():
        by_person.setdefault(message.cio_id, []).append(message)
    found = [
        activity
        for person in people
        for activity in _of_person(person, by_person.get(person.cio_id, ()))
        if query.get("type") in {None, "", activity.kind} and query.get("name") in {None, "", activity.name}
    ]
    found.sort(key=lambda activity: activity.at, reverse=True)
    part, following = cut(found, page)
    return app_reply(200, {"activities": _views(part, page.start), "next": following})


def _views(part: list[_Activity], start: int) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{activity.person.cio_id}-{position}",
            "type": activity.kind,
            "timestamp": int(activity.at),
            "customer_id": activity.person.id,
            "customer_identifiers": identifiers_of(activity.person),
            "data": activity.data,
            "delivery_id": activity.delivery_id,
            "delivery_type": activity.delivery_type,
        }
        for position, activity in enumerate(part, start)
    ]


def list_activities(visit: Visit) -> Reply:
    """List activities, newest first: GET /v1/activities."""
    query = query_of(visit)
    wanted = query.get("customer_id")
    if not wanted:
        return _answer(visit, visit.workspace.people)
    kind = query.get("id_type") or ("cio_id" if wanted.startswith("cio_") else "id")
    if kind not in {"id", "email", "cio_id"}:
        refuse("id_type must be id, email or cio_id", "id_type")
    person = visit.workspace.people.find(Identifier.read(kind, wanted))
    return _answer(visit, [] if person is None else [person])


def of_customer(visit: Visit) -> Reply:
    """List a person's activities: GET /v1/customers/{customer_id}/activities."""
    return _answer(visit, [find_customer(visit)])


ROUTES: Final = (
    Route("app", "GET", "/v1/activities", list_activities),
    Route("app", "GET", "/v1/customers/{customer_id}/activities", of_customer),
)
