"""Reporting webhooks: which event a webhook is told, its body, and its signature.

Pure: what is to be posted is put into a queue; the shell posts it.
"""

import hashlib
import hmac
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from ciokit.sandbox.shapes import Identifier
from ciokit.sandbox.state.account import Webhook
from ciokit.sandbox.state.records import Device, Message, Outgoing, Person
from ciokit.sandbox.state.rules import Call
from ciokit.sandbox.state.workspace import Workspace

SIGNING_KEY: Final = "sandbox-webhook-signing-key"
"""The signing key of every sandbox account; a fixed value that signs nothing real."""

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_OBJECT_TYPES: Final = {"inbox_message": "in_app"}


def sign(key: str, timestamp: int, body: bytes) -> str:
    """Sign a webhook's body as the vendor does.

    Args:
        key: The signing key.
        timestamp: Value of `X-CIO-Timestamp`.
        body: The body's bytes.

    Returns:
        Value of `X-CIO-Signature`: hex HMAC-SHA256 of `v0:`, the timestamp, `:` and the body.
    """
    return hmac.new(key.encode(), b"v0:%d:" % timestamp + body, hashlib.sha256).hexdigest()


def outgoing(workspace: Workspace, call: Call, url: str, body: dict[str, Any]) -> Outgoing:
    """Queue a signed webhook.

    Args:
        workspace: The workspace.
        call: The request.
        url: Where to post it.
        body: What to post.

    Returns:
        What the shell is to post.
    """
    encoded = msgspec.json.encode(body)
    timestamp = int(call.now)
    headers = {
        "content-type": "application/json",
        "x-cio-timestamp": str(timestamp),
        "x-cio-signature": sign(SIGNING_KEY, timestamp, encoded),
    }
    queued = Outgoing(workspace.journal.next_seq(), call.now, workspace.name, url, headers, encoded)
    workspace.outgoing.append(queued)
    workspace.journal.announce("webhook", queued)
    return queued


def report(
    workspace: Workspace, call: Call, message: Message, metric: str, details: Mapping[str, Any] = _NOTHING
) -> None:
    """Tell the reporting webhooks what became of a message.

    Args:
        workspace: The workspace.
        call: The request.
        message: The message.
        metric: `sent`, `opened`, ...
        details: What was reported with the metric: href, reason.
    """
    kind = _OBJECT_TYPES.get(message.channel, message.channel)
    for webhook in workspace.account.webhooks.values():
        if _is_told(webhook, f"{kind}_{metric}", message.delivery_id):
            body = message_event(workspace, call, message, metric, details, with_content=webhook.with_content)
            outgoing(workspace, call, webhook.endpoint, body)


def report_customer(
    workspace: Workspace, call: Call, person: Person, metric: str, content: Any = None
) -> None:
    """Tell the reporting webhooks that a person subscribed, unsubscribed or changed their preferences.

    Args:
        workspace: The workspace.
        call: The request.
        person: The person.
        metric: `subscribed`, `unsubscribed` or `cio_subscription_preferences_changed`.
        content: The new preferences; told as text.
    """
    for webhook in workspace.account.webhooks.values():
        if not webhook.disabled and f"customer_{metric}" in webhook.events:
            data = {
                "customer_id": person.id,
                "email_address": person.email,
                "identifiers": _identifiers(person),
            }
            if content is not None:
                data["content"] = msgspec.json.encode(content).decode()
            outgoing(workspace, call, webhook.endpoint, _envelope(workspace, call, "customer", metric, data))


def message_event(
    workspace: Workspace,
    call: Call,
    message: Message,
    metric: str,
    details: Mapping[str, Any] = _NOTHING,
    *,
    with_content: bool = False,
) -> dict[str, Any]:
    """Make the body of a webhook about a message.

    Args:
        workspace: The workspace.
        call: The request.
        message: The message.
        metric: `sent`, `opened`, ...
        details: What was reported with the metric: href, reason.
        with_content: Whether the message's body goes along.

    Returns:
        The event as the vendor describes it.
    """
    person = workspace.people.find(Identifier("cio_id", message.cio_id))
    data: dict[str, Any] = {
        "delivery_id": message.delivery_id,
        "customer_id": person.id if person is not None else None,
        "identifiers": {"id": None, "email": None, "cio_id": message.cio_id}
        if person is None
        else _identifiers(person),
        **_receivers(message, person, metric),
        **_told(metric, details),
    }
    if message.channel == "email":
        data["subject"] = message.content.get("subject")
    if message.origin == "transactional":
        data["transactional_message_id"] = message.template
    else:
        data |= {
            "broadcast_id": message.template,
            "trigger_id": message.trigger_id,
            "action_id": message.template,
        }
    if with_content and metric == "sent":
        data["content"] = message.content.get("body")
    kind = _OBJECT_TYPES.get(message.channel, message.channel)
    return _envelope(workspace, call, kind, metric, data)


def _receivers(message: Message, person: Person | None, metric: str) -> dict[str, Any]:
    """Say who got a message: a push the devices it went to, the others the address."""
    if message.channel != "push":
        return {"recipient": message.recipient}
    devices: list[Device] = []
    if person is not None and metric not in {"drafted", "undeliverable"}:
        devices = list(person.devices.values())
    return {
        "recipients": [{"device_id": device.token, "device_platform": device.platform} for device in devices]
    }


def _told(metric: str, details: Mapping[str, Any]) -> dict[str, Any]:
    """Take from what was reported what the vendor passes on with this metric."""
    if metric == "clicked":
        return {name: details[name] for name in ("href", "link_id") if name in details}
    if metric in {"bounced", "dropped", "failed", "undeliverable"}:
        return {"failure_message": details.get("reason")}
    return {}


def _envelope(
    workspace: Workspace, call: Call, kind: str, metric: str, data: dict[str, Any]
) -> dict[str, Any]:
    return {
        "event_id": _ulid(workspace, call),
        "object_type": kind,
        "metric": metric,
        "timestamp": int(call.now),
        "data": data,
    }


def _is_told(webhook: Webhook, event: str, delivery_id: str) -> bool:
    """Tell whether a webhook hears of an event: only the first of its kind unless at full resolution."""
    if webhook.disabled or event not in webhook.events:
        return False
    if webhook.full_resolution:
        return True
    key = (event, delivery_id)
    if key in webhook.seen:
        return False
    webhook.seen.add(key)
    return True


def _identifiers(person: Person) -> dict[str, Any]:
    return {"id": person.id, "email": person.email, "cio_id": person.cio_id}


def _ulid(workspace: Workspace, call: Call) -> str:
    value = (int(call.now * 1000) << 80) | int.from_bytes(workspace.draw(call, 10))
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(125, -5, -5))
