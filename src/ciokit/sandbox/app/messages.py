"""Reading what was sent through the App API: messages, and their archived content.

Knows nothing of credentials, faults or sockets.
"""

from collections.abc import Iterable
from typing import Any, Final

from ciokit.sandbox.app.parts import cut, find_customer, identifiers_of, number, query_of, read_page
from ciokit.sandbox.exchange import Reply
from ciokit.sandbox.http.envelopes import app_reply
from ciokit.sandbox.http.routes import Route, Visit
from ciokit.sandbox.shapes import Identifier, refuse
from ciokit.sandbox.state.records import Message

_TYPES: Final = {"inbox_message": "inbox", "sms": "twilio"}
_OWNERS: Final = ("campaign_id", "newsletter_id", "action_id")


def settle(message: Message, now: float) -> Message:
    """Let a scheduled message be sent when its time has come.

    Args:
        message: The message; changed in place.
        now: Unix seconds.

    Returns:
        The message.
    """
    if message.state == "scheduled" and message.send_at is not None and message.send_at <= now:
        message.state = "sent"
        message.metrics["sent"] = int(message.send_at)
    return message


def view(visit: Visit, message: Message) -> dict[str, Any]:
    """Show a message as the App API does.

    Args:
        visit: The request.
        message: The message.

    Returns:
        Its fields.
    """
    person = visit.workspace.people.find(Identifier("cio_id", message.cio_id))
    nobody = {"email": None, "id": None, "cio_id": message.cio_id}
    is_broadcast = message.origin == "broadcast"
    return {
        "id": message.delivery_id,
        "deduplicate_id": f"{message.delivery_id}:{int(message.queued_at)}",
        "message_template_id": message.template,
        "customer_id": None if person is None else person.id,
        "customer_identifiers": nobody if person is None else identifiers_of(person),
        "recipient": message.recipient or "",
        "subject": message.content.get("subject", ""),
        "metrics": settle(message, visit.call.now).metrics,
        "created": int(message.queued_at),
        "failure_message": None,
        "campaign_id": None,
        "action_id": message.template if is_broadcast else None,
        "newsletter_id": None,
        "broadcast_id": message.template if is_broadcast else None,
        "transactional_message_id": None if is_broadcast else message.template,
        "trigger_id": message.trigger_id,
        "type": _TYPES.get(message.channel, message.channel),
        "forgotten": False,
    }


def _chosen(visit: Visit, messages: Iterable[Message]) -> list[Message]:
    query = query_of(visit)
    kind, metric = query.get("type"), query.get("metric")
    since, until = _seconds(query, "start_ts"), _seconds(query, "end_ts")
    drafts = query.get("drafts") == "true"
    found = [settle(message, visit.call.now) for message in messages]
    return [
        message
        for message in reversed(found)
        if (kind is None or kind in {message.channel, _TYPES.get(message.channel)})
        and (metric is None or metric in message.metrics)
        and (since is None or message.queued_at >= since)
        and (until is None or message.queued_at <= until)
        and (message.state == "drafted") is drafts
    ]


def _seconds(query: dict[str, str], name: str) -> int | None:
    value = query.get(name)
    return number(value, name) if value else None


def _answer(visit: Visit, messages: Iterable[Message]) -> Reply:
    page = read_page(visit, 50, 1000)
    part, following = cut(_chosen(visit, messages), page)
    return app_reply(200, {"messages": [view(visit, message) for message in part], "next": following})


def list_messages(visit: Visit) -> Reply:
    """List messages, newest first: GET /v1/messages."""
    query = query_of(visit)
    held: Iterable[Message] = visit.workspace.messages.values()
    if any(query.get(name) for name in _OWNERS):
        wanted = {name: number(query[name], name) for name in _OWNERS if query.get(name)}
        held = [message for message in held if _belongs(message, wanted)]
    return _answer(visit, held)


def _belongs(message: Message, wanted: dict[str, int]) -> bool:
    return message.origin == "broadcast" and wanted == {"action_id": message.template}


def of_customer(visit: Visit) -> Reply:
    """List a person's messages: GET /v1/customers/{customer_id}/messages."""
    cio_id = find_customer(visit).cio_id
    return _answer(
        visit, [message for message in visit.workspace.messages.values() if message.cio_id == cio_id]
    )


def of_transactional(visit: Visit) -> Reply:
    """List what was made from a transactional message: GET /v1/transactional/{transactional_id}/messages."""
    return _of_origin(visit, "transactional", "transactional_id")


def of_broadcast(visit: Visit) -> Reply:
    """List what a broadcast sent: GET /v1/broadcasts/{broadcast_id}/messages."""
    return _of_origin(visit, "broadcast", "broadcast_id")


def check_origin(visit: Visit, origin: str, wanted: int) -> None:
    """Check that a transactional message or a broadcast exists.

    Args:
        visit: The request.
        origin: `transactional` or `broadcast`.
        wanted: Its number.

    Raises:
        RefusedError: If there is none of this number.
    """
    account = visit.workspace.account
    if wanted not in (account.templates if origin == "transactional" else account.broadcasts):
        named = "transactional message" if origin == "transactional" else origin
        refuse(f"{named} not found", f"{origin}_id", "not_found", 404)


def _of_origin(visit: Visit, origin: str, parameter: str) -> Reply:
    wanted, held = number(visit.path[parameter], parameter), visit.workspace.messages.values()
    check_origin(visit, origin, wanted)
    return _answer(visit, [entry for entry in held if entry.origin == origin and entry.template == wanted])


def _find(visit: Visit) -> Message:
    found = visit.workspace.messages.get(visit.path["message_id"])
    if found is None:
        refuse("message not found", "message_id", "not_found", 404)
    return found


def get(visit: Visit) -> Reply:
    """Read a message: GET /v1/messages/{message_id}."""
    return app_reply(200, {"message": view(visit, _find(visit))})


def archived(visit: Visit) -> Reply:
    """Read a message's content: GET /v1/messages/{message_id}/archived_message."""
    message = _find(visit)
    if message.request_body.get("disable_message_retention") is True:
        refuse("message not found", "message_id", "not_found", 404)
    content = message.content
    texts = {name: content.get(name, "") for name in ("from", "reply_to", "subject", "bcc", "body")}
    archive = {
        "id": message.delivery_id,
        **texts,
        "recipient": message.recipient or "",
        "fake_bcc": message.request_body.get("fake_bcc") is True,
        "preheader_text": content.get("preheader", ""),
        "url": "",
        "request_method": "",
        "headers": content.get("headers", ""),
        "forgotten": False,
    }
    return app_reply(200, {"archived_message": archive})


ROUTES: Final = (
    Route("app", "GET", "/v1/messages", list_messages),
    Route("app", "GET", "/v1/messages/{message_id}", get),
    Route("app", "GET", "/v1/messages/{message_id}/archived_message", archived),
    Route("app", "GET", "/v1/customers/{customer_id}/messages", of_customer),
    Route("app", "GET", "/v1/transactional/{transactional_id}/messages", of_transactional),
    Route("app", "GET", "/v1/broadcasts/{broadcast_id}/messages", of_broadcast),
)
