"""What the App API lists and the sandbox only holds: campaigns, newsletters, broadcasts, templates, senders, topics.

Such things come from the account's setup (see `ciokit.sandbox.state.account`); nothing here sends. Knows nothing of
credentials, faults or sockets.
"""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from ciokit.sandbox.app.parts import cut, number, read_page
from ciokit.sandbox.exchange import Reply
from ciokit.sandbox.http.envelopes import app_empty, app_reply
from ciokit.sandbox.http.routes import Operation, Route, Visit
from ciokit.sandbox.shapes import refuse
from ciokit.sandbox.state.account import Broadcast, Document, Template
from ciokit.sandbox.state.workspace import Workspace


def _template(held: Template) -> Document:
    return {
        "id": held.id,
        "name": held.name,
        "description": "",
        "send_to_unsubscribed": True,
        "link_tracking": True,
        "open_tracking": True,
        "hide_message_body": False,
        "queue_drafts": False,
        "created_at": int(held.created_at),
        "updated_at": int(held.created_at),
    }


def _broadcast(held: Broadcast) -> Document:
    return {
        "id": held.id,
        "deduplicate_id": f"{held.id}:{int(held.created_at)}",
        "name": held.name,
        "type": "triggered_broadcast",
        "created": int(held.created_at),
        "updated": int(held.created_at),
        "active": True,
        "state": "running",
        "actions": [{"id": held.id, "type": held.channel}],
        "msg_template_ids": [{"id": held.id, "type": held.channel}],
        "first_started": int(held.created_at),
        "tags": [],
    }


_Read = Callable[[Workspace], Mapping[int, Document]]


def _templates(workspace: Workspace) -> dict[int, Document]:
    return {key: _template(held) for key, held in workspace.account.templates.items()}


def _broadcasts(workspace: Workspace) -> dict[int, Document]:
    return {key: _broadcast(held) for key, held in workspace.account.broadcasts.items()}


def _lister(read: _Read, name: str) -> Operation:
    def list_documents(visit: Visit) -> Reply:
        page = read_page(visit, 1000, 10_000)
        part, following = cut(list(read(visit.workspace).values()), page)
        return app_reply(200, {name: part, "next": following})

    return list_documents


def _getter(read: _Read, name: str, parameter: str) -> Operation:
    def get_document(visit: Visit) -> Reply:
        found = read(visit.workspace).get(number(visit.path[parameter], parameter))
        if found is None:
            refuse(f"{name} not found", parameter, "not_found", 404)
        return app_reply(200, {name: found})

    return get_document


def delete_newsletter(visit: Visit) -> Reply:
    """Delete a newsletter: DELETE /v1/newsletters/{newsletter_id}."""
    wanted = number(visit.path["newsletter_id"], "newsletter_id")
    if visit.workspace.account.newsletters.pop(wanted, None) is None:
        refuse("newsletter not found", "newsletter_id", "not_found", 404)
    return app_empty()


class _Listed(msgspec.Struct, frozen=True):
    """Say where things of a kind are listed.

    Args:
        path: The path below `/v1`.
        many: Their name in the list's answer.
        one: The name of one in its answer.
        parameter: Their number in a path.
        read: Returns them.
    """

    path: str
    many: str
    one: str
    parameter: str
    read: _Read


_LISTED: Final = (
    _Listed("campaigns", "campaigns", "campaign", "campaign_id", lambda place: place.account.campaigns),
    _Listed(
        "newsletters", "newsletters", "newsletter", "newsletter_id", lambda place: place.account.newsletters
    ),
    _Listed("broadcasts", "broadcasts", "broadcast", "broadcast_id", _broadcasts),
    _Listed("transactional", "messages", "message", "transactional_id", _templates),
    _Listed(
        "sender_identities",
        "sender_identities",
        "sender_identity",
        "sender_id",
        lambda place: place.account.sender_identities,
    ),
)

ROUTES: Final = (
    *(Route("app", "GET", f"/v1/{kind.path}", _lister(kind.read, kind.many)) for kind in _LISTED),
    *(
        Route(
            "app",
            "GET",
            f"/v1/{kind.path}/{{{kind.parameter}}}",
            _getter(kind.read, kind.one, kind.parameter),
        )
        for kind in _LISTED
    ),
    Route("app", "GET", "/v1/subscription_topics", _lister(lambda place: place.account.topics, "topics")),
    Route("app", "DELETE", "/v1/newsletters/{newsletter_id}", delete_newsletter),
)
