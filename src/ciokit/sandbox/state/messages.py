"""Queueing a message: its delivery id, its record, and the reporting webhooks that tell of it.

Knows the workspace but nothing of HTTP.
"""

import base64
from typing import Any

import msgspec

from ciokit.sandbox.state import reporting
from ciokit.sandbox.state.records import Message, Person
from ciokit.sandbox.state.rules import Call
from ciokit.sandbox.state.workspace import Workspace


class Outline(msgspec.Struct, frozen=True, kw_only=True):
    """Describe a message that is to be queued.

    Args:
        channel: `email`, `push`, `sms`, `in_app`, `inbox_message` or `whatsapp`.
        recipient: Whom it goes to, as the sender wrote it.
        template: Number of the transactional message or broadcast.
        template_name: Its name.
        origin: `transactional` or `broadcast`.
        content: What is to be rendered, by name.
        data: What Liquid is given.
        request_body: The request's fields as sent.
        trigger_id: The broadcast's trigger.
        send_at: When to send, Unix seconds; None for at once.
        draft: Whether it is held back as a draft.
        undeliverable: Whether it is accepted but will not be sent.
        size: Bytes it was received in.
    """

    channel: str
    recipient: str | None
    template: int
    template_name: str
    origin: str
    content: dict[str, Any]
    data: dict[str, Any]
    request_body: dict[str, Any]
    trigger_id: int | None = None
    send_at: float | None = None
    draft: bool = False
    undeliverable: bool = False
    size: int = 500


def queue_message(workspace: Workspace, call: Call, person: Person, outline: Outline) -> Message:
    """Accept a message for sending.

    Args:
        workspace: The workspace.
        call: The request.
        person: Who receives it.
        outline: The message.

    Returns:
        The message with its delivery id.
    """
    state = _state(outline, call.now)
    created = int(call.now)
    metrics = {"created": created} | ({} if state == "scheduled" else {state: created})
    message = Message(
        seq=workspace.journal.next_seq(),
        delivery_id=base64.urlsafe_b64encode(workspace.draw(call, 21)).decode(),
        channel=outline.channel,
        queued_at=call.now,
        send_at=outline.send_at if state == "scheduled" else None,
        state=state,
        recipient=outline.recipient,
        cio_id=person.cio_id,
        template=outline.template,
        template_name=outline.template_name,
        origin=outline.origin,
        trigger_id=outline.trigger_id,
        content=outline.content,
        data=outline.data,
        request_body=outline.request_body,
        metrics=metrics,
        request=call.request,
        workspace=workspace.name,
        size=outline.size,
    )
    _keep(workspace, message)
    workspace.journal.announce("message", message)
    if state != "scheduled":
        reporting.report(workspace, call, message, state)
    return message


def _keep(workspace: Workspace, message: Message) -> None:
    """Keep a message, and let the oldest go while there are too many or they are too large."""
    held, most = workspace.messages, workspace.retention
    held[message.delivery_id] = message
    workspace.queued += 1
    workspace.message_bytes += message.size
    while len(held) > max(1, most.messages) or (
        len(held) > 1 and workspace.message_bytes > most.message_bytes
    ):
        workspace.message_bytes -= held.pop(next(iter(held))).size


def _state(outline: Outline, now: float) -> str:
    if outline.undeliverable:
        return "undeliverable"
    if outline.draft:
        return "drafted"
    return "scheduled" if outline.send_at is not None and outline.send_at > now else "sent"
