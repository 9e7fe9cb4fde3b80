"""The control API under `/_sandbox/`: what the world holds, faults, reset, webhooks by hand.

Pure: a request and a world in, a reply out. Streaming and posting are the shell's business.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from ciokit.sandbox import rendering, reporting, views
from ciokit.sandbox.control_types import (
    Done,
    Ended,
    Events,
    Faults,
    Messages,
    People,
    PostedView,
    PostedWebhooks,
    Requests,
    Warnings,
    WebhookRequest,
    WebhookSent,
)
from ciokit.sandbox.exchange import Reply
from ciokit.sandbox.faults import FaultRule
from ciokit.sandbox.records import Message
from ciokit.sandbox.rules import Call
from ciokit.sandbox.setup import BroadcastSetup, TemplateSetup, put_broadcast, put_template
from ciokit.sandbox.shapes import is_array, is_object, refuse
from ciokit.sandbox.world import World

PREFIX: Final = "/_sandbox"
_MOST: Final = 1000
S = TypeVar("S", bound=msgspec.Struct)


class Ask(NamedTuple):
    """Carry one request of the control API to its operation."""

    world: World
    now: float
    query: dict[str, str]
    path: dict[str, str]
    body: bytes


class ControlRoute(NamedTuple):
    """Describe one operation of the control API, for the router and for its OpenAPI document.

    Args:
        method: HTTP method.
        template: Path below `/_sandbox`, with `{name}` for a parameter.
        operation: What answers.
        summary: What it does.
        answer: Type of the answer.
        query: Names of the query parameters it takes.
        body: Type of the request's body, or None.
        media: Media type of the answer.
    """

    method: str
    template: str
    operation: Callable[[Ask], Any]
    summary: str
    answer: Any
    query: tuple[str, ...] = ()
    body: type[msgspec.Struct] | None = None
    media: str = "application/json"


def is_control(path: str) -> bool:
    """Tell the control API from the links to exported files, which the world itself answers.

    Args:
        path: A path as sent.

    Returns:
        Whether the control API answers it.
    """
    return path.startswith(PREFIX) and not path.startswith(f"{PREFIX}/exports/")


def _number(ask: Ask, name: str, default: int, most: int) -> int:
    value = ask.query.get(name)
    if value is None:
        return default
    if not value.isascii() or not value.isdecimal() or len(value) > 18 or int(value) > most:
        refuse(f"{name} must be an integer from 0 to {most}", name)
    return int(value)


def _page(ask: Ask, items: Iterable[Any]) -> tuple[list[Any], int | None]:
    """Take the items after a position, or the newest ones when no position is given."""
    limit = _number(ask, "limit", 100, _MOST)
    after = _number(ask, "after", -1, 10**18 - 1)
    found = [item for item in items if item.seq > after]
    if "after" not in ask.query:
        return found[len(found) - min(limit, len(found)) :], None
    part = found[:limit]
    return part, (part[-1].seq if part and len(found) > limit else None)


def _workspace(ask: Ask) -> str | None:
    name = ask.query.get("workspace")
    if name is not None and name not in ask.world.workspace_names:
        refuse(
            f"no such workspace; there are {', '.join(ask.world.workspace_names)}", "workspace", status=404
        )
    return name


def _people(ask: Ask) -> People:
    wanted = ask.query.get("search", "").lower()
    limit = _number(ask, "limit", 100, _MOST)
    found = [
        person
        for person in ask.world.people(_workspace(ask))
        if not wanted
        or any(
            wanted in (text or "").lower() for text in (person.id, person.email, person.phone, person.cio_id)
        )
    ]
    newest = sorted(found, key=lambda person: person.updated_at, reverse=True)[:limit]
    return People([views.see_person(person) for person in newest])


def _person(ask: Ask) -> views.PersonView:
    person = ask.world.person(ask.path["id"])
    if person is None:
        refuse("no such person", "id", status=404)
    return views.see_whole_person(person, ask.world.workspace(person.workspace))


def _events(ask: Ask) -> Events:
    found = ask.world.events(ask.query.get("person"), ask.query.get("name"), workspace=_workspace(ask))
    part, following = _page(ask, found)
    return Events([views.see_event(event) for event in part], following)


def _messages(ask: Ask) -> Messages:
    found = ask.world.messages(ask.query.get("person"), ask.query.get("channel"), workspace=_workspace(ask))
    part, following = _page(ask, found)
    return Messages([views.see_message(message) for message in part], following)


def _message(ask: Ask) -> views.MessageView:
    return views.see_message(_find_message(ask))


def _find_message(ask: Ask) -> Message:
    wanted = ask.path["delivery_id"]
    found = next((message for message in ask.world.messages() if message.delivery_id == wanted), None)
    if found is None:
        refuse("no such message", "delivery_id", status=404)
    return found


def _rendered(ask: Ask) -> rendering.Rendered:
    message = _find_message(ask)
    return rendering.render(ask.world.workspace(message.workspace), message)


def _frame(ask: Ask) -> Reply:
    message = _find_message(ask)
    return rendering.render_frame(ask.world.workspace(message.workspace), message)


def _requests(ask: Ask) -> Requests:
    part, following = _page(ask, ask.world.requests)
    return Requests([views.see_request(record) for record in part], following)


def _request(ask: Ask) -> views.RequestView:
    found = next((record for record in ask.world.requests if str(record.number) == ask.path["number"]), None)
    if found is None:
        refuse("no such request, or no longer kept", "number", status=404)
    return views.see_whole_request(found)


def _warnings(ask: Ask) -> Warnings:
    part, following = _page(ask, ask.world.warnings)
    return Warnings(part, following)


def _stats(ask: Ask) -> dict[str, int]:
    return ask.world.stats()


def _reset(ask: Ask) -> Done:
    ask.world.reset()
    return Done()


def _faults(ask: Ask) -> Faults:
    return Faults([views.see_fault(fault) for fault in ask.world.faults.active(ask.now)])


def _add_fault(ask: Ask) -> views.FaultView:
    return views.see_fault(ask.world.faults.add(_read(ask, FaultRule), ask.now))


def _end_faults(ask: Ask) -> Ended:
    return Ended(ask.world.faults.remove())


def _end_fault(ask: Ask) -> Ended:
    number = ask.path["number"]
    ended = ask.world.faults.remove(int(number)) if number.isdecimal() and len(number) < 19 else 0
    if not ended:
        refuse("no such fault", "number", status=404)
    return Ended(ended)


def _send_webhook(ask: Ask) -> WebhookSent:
    wanted = _read(ask, WebhookRequest)
    if not wanted.url.startswith(("http://", "https://")):
        refuse("url must be an http or https URL", "url")
    place, call = ask.world.workspace(), Call(ask.now)
    if wanted.event is not None:
        body = wanted.event
    else:
        message = next(
            (entry for entry in ask.world.messages() if entry.delivery_id == wanted.delivery_id), None
        )
        if message is None:
            refuse("give event, or the delivery_id of a message", "delivery_id", status=404)
        place = ask.world.workspace(message.workspace)
        body = reporting.message_event(place, call, message, wanted.metric)
    sent = reporting.outgoing(place, call, wanted.url, body)
    return WebhookSent(sent.url, sent.headers, sent.body.decode())


def _webhooks(ask: Ask) -> PostedWebhooks:
    posted = ask.world.posted
    return PostedWebhooks([PostedView(p.seq, p.at, p.url, p.status, p.error) for p in posted])


def _put_template(ask: Ask) -> Done:
    put_template(ask.world.workspace(), ask.now, ask.path["template_id"], _read(ask, TemplateSetup))
    return Done()


def _put_broadcast(ask: Ask) -> Done:
    put_broadcast(ask.world.workspace(), ask.now, ask.path["broadcast_id"], _read(ask, BroadcastSetup))
    return Done()


def _read(ask: Ask, kind: type[S]) -> S:
    try:
        return msgspec.convert(_with_integers(msgspec.json.decode(ask.body)), kind)
    except msgspec.ValidationError as error:
        refuse(str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        refuse("request body is not valid JSON")


def _with_integers(value: Any) -> Any:
    """Turn 5.0 into 5, which is what JSON means by it."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if is_object(value):
        return {name: _with_integers(inner) for name, inner in value.items()}
    return [_with_integers(inner) for inner in value] if is_array(value) else value


_PAGE: Final = ("after", "limit")

CONTROL_ROUTES: Final = (
    ControlRoute(
        "GET",
        "/people",
        _people,
        "List people, the last changed first",
        People,
        ("search", "limit", "workspace"),
    ),
    ControlRoute(
        "GET",
        "/people/{id}",
        _person,
        "Show a person by id, email, phone or cio_ and cio_id",
        views.PersonView,
    ),
    ControlRoute(
        "GET",
        "/events",
        _events,
        "List events, the newest or those after a position",
        Events,
        ("person", "name", "workspace", *_PAGE),
    ),
    ControlRoute(
        "GET",
        "/messages",
        _messages,
        "List messages, the newest or those after a position",
        Messages,
        ("person", "channel", "workspace", *_PAGE),
    ),
    ControlRoute("GET", "/messages/{delivery_id}", _message, "Show a message", views.MessageView),
    ControlRoute(
        "GET",
        "/messages/{delivery_id}/rendered",
        _rendered,
        "Show a message's texts as its receiver would see them",
        rendering.Rendered,
    ),
    ControlRoute(
        "GET",
        "/messages/{delivery_id}/html",
        _frame,
        "Show a message's body as a document for a frame without scripts",
        str,
        media="text/html",
    ),
    ControlRoute(
        "GET", "/requests", _requests, "List requests, the newest or those after a position", Requests, _PAGE
    ),
    ControlRoute("GET", "/requests/{number}", _request, "Show a request", views.RequestView),
    ControlRoute(
        "GET", "/warnings", _warnings, "List what the vendor would discard in silence", Warnings, _PAGE
    ),
    ControlRoute("GET", "/stats", _stats, "Count what there is", dict[str, int]),
    ControlRoute("POST", "/reset", _reset, "Forget everything", Done),
    ControlRoute("GET", "/faults", _faults, "List the faults that are switched on", Faults),
    ControlRoute("POST", "/faults", _add_fault, "Switch a fault on", views.FaultView, body=FaultRule),
    ControlRoute("DELETE", "/faults", _end_faults, "Switch all faults off", Ended),
    ControlRoute("DELETE", "/faults/{number}", _end_fault, "Switch a fault off", Ended),
    ControlRoute(
        "POST",
        "/webhooks/send",
        _send_webhook,
        "Post a signed reporting webhook",
        WebhookSent,
        body=WebhookRequest,
    ),
    ControlRoute(
        "GET", "/webhooks", _webhooks, "List the reporting webhooks that were posted", PostedWebhooks
    ),
    ControlRoute(
        "PUT",
        "/templates/{template_id}",
        _put_template,
        "Set up a transactional message",
        Done,
        body=TemplateSetup,
    ),
    ControlRoute(
        "PUT", "/broadcasts/{broadcast_id}", _put_broadcast, "Set up a broadcast", Done, body=BroadcastSetup
    ),
)
