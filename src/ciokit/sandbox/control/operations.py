"""The control API under `/_sandbox/`: its table of operations, and those that change something.

Pure: a request and a world in, a reply out. Streaming and posting are the shell's business.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec

from ciokit.sandbox.control import reads, views
from ciokit.sandbox.control.ask import Ask, read_body
from ciokit.sandbox.control.types import (
    About,
    Done,
    Ended,
    EventNames,
    Events,
    Faults,
    Messages,
    People,
    PostedView,
    PostedWebhooks,
    Requests,
    Stats,
    Warnings,
    WebhookRequest,
    WebhookSent,
)
from ciokit.sandbox.faults.rules import FaultRule
from ciokit.sandbox.shapes import is_http_url, read_digits, refuse
from ciokit.sandbox.state import rendering, reporting
from ciokit.sandbox.state.rules import Call
from ciokit.sandbox.state.setup import BroadcastSetup, TemplateSetup, put_broadcast, put_template

PREFIX: Final = "/_sandbox"
_MOST_FAULTS: Final = 1000


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


def _reset(ask: Ask) -> Done:
    ask.world.reset()
    return Done()


def _faults(ask: Ask) -> Faults:
    return Faults([views.see_fault(fault) for fault in ask.world.faults.active(ask.now)])


def _add_fault(ask: Ask) -> views.FaultView:
    rule = read_body(ask, FaultRule)
    if len(ask.world.faults.active(ask.now)) >= _MOST_FAULTS:
        refuse(f"{_MOST_FAULTS} faults are switched on already; end some first")
    return views.see_fault(ask.world.faults.add(rule, ask.now))


def _end_faults(ask: Ask) -> Ended:
    return Ended(ask.world.faults.remove())


def _end_fault(ask: Ask) -> Ended:
    number = read_digits(ask.path["number"])
    ended = 0 if number is None else ask.world.faults.remove(number)
    if not ended:
        refuse("no such fault", "number", status=404)
    return Ended(ended)


def _send_webhook(ask: Ask) -> WebhookSent:
    wanted = read_body(ask, WebhookRequest)
    if not is_http_url(wanted.url):
        refuse("url must be an http or https URL", "url")
    place, call = ask.world.workspace(), Call(ask.now)
    if wanted.event is not None:
        body = wanted.event
    else:
        message = ask.world.message(wanted.delivery_id or "")
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
    put_template(ask.world.workspace(), ask.now, ask.path["template_id"], read_body(ask, TemplateSetup))
    return Done()


def _put_broadcast(ask: Ask) -> Done:
    put_broadcast(ask.world.workspace(), ask.now, ask.path["broadcast_id"], read_body(ask, BroadcastSetup))
    return Done()


_PAGE: Final = ("search", "workspace", "after", "limit")

CONTROL_ROUTES: Final = (
    ControlRoute(
        "GET",
        "/people",
        reads.list_people,
        "List people, the last changed first",
        People,
        ("search", "limit", "workspace"),
    ),
    ControlRoute(
        "GET",
        "/people/{id}",
        reads.show_person,
        "Show a person by id, email, phone or cio_ and cio_id",
        views.PersonView,
    ),
    ControlRoute(
        "GET",
        "/events",
        reads.list_events,
        "List events, the newest or those after a position",
        Events,
        ("person", "name", "request", *_PAGE),
    ),
    ControlRoute("GET", "/events/{seq}", reads.show_event, "Show an event", views.EventView),
    ControlRoute(
        "GET",
        "/messages",
        reads.list_messages,
        "List messages, the newest or those after a position",
        Messages,
        ("person", "channel", "request", *_PAGE),
    ),
    ControlRoute("GET", "/messages/{delivery_id}", reads.show_message, "Show a message", views.MessageView),
    ControlRoute(
        "GET",
        "/messages/{delivery_id}/rendered",
        reads.show_rendered,
        "Show a message's texts as its receiver would see them",
        rendering.Rendered,
    ),
    ControlRoute(
        "GET",
        "/messages/{delivery_id}/html",
        reads.show_frame,
        "Show a message's body as a document for a frame without scripts",
        str,
        media="text/html",
    ),
    ControlRoute(
        "GET",
        "/requests",
        reads.list_requests,
        "List requests, the newest or those after a position",
        Requests,
        ("api", "failed", *_PAGE),
    ),
    ControlRoute("GET", "/requests/{number}", reads.show_request, "Show a request", views.RequestView),
    ControlRoute(
        "GET",
        "/warnings",
        reads.list_warnings,
        "List what the vendor would discard in silence",
        Warnings,
        ("person", "request", *_PAGE),
    ),
    ControlRoute(
        "GET", "/event-names", reads.list_event_names, "List the names of events", EventNames, ("workspace",)
    ),
    ControlRoute("GET", "/stats", reads.show_stats, "Count what there is", Stats),
    ControlRoute("GET", "/about", reads.show_about, "Say how the sandbox is set up", About),
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
