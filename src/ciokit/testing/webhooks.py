"""Reporting webhooks for the application under test, signed as the vendor signs them."""

from typing import Any, NamedTuple

import msgspec

from ciokit.sandbox.state import reporting
from ciokit.sandbox.state.records import Message
from ciokit.sandbox.state.rules import Call
from ciokit.sandbox.world import World

__all__ = ["SignedWebhook", "message_webhook", "sign_webhook", "take_webhooks"]


class SignedWebhook(NamedTuple):
    """Hold a webhook that is ready to be posted.

    Args:
        body: The bytes to post; the signature is of exactly these.
        headers: Content type, timestamp and signature.
        key: The signing key that verifies it.
        url: Where it is to be posted, where a reporting webhook of the account says so.
    """

    body: bytes
    headers: dict[str, str]
    key: str
    url: str = ""


def sign_webhook(event: dict[str, Any], now: float) -> SignedWebhook:
    """Sign a webhook.

    Args:
        event: Its body.
        now: Unix seconds.

    Returns:
        The webhook.
    """
    body, timestamp = msgspec.json.encode(event), int(now)
    headers = {
        "Content-Type": "application/json",
        "X-CIO-Timestamp": str(timestamp),
        "X-CIO-Signature": reporting.sign(reporting.SIGNING_KEY, timestamp, body),
    }
    return SignedWebhook(body, headers, reporting.SIGNING_KEY)


def take_webhooks(world: World) -> list[SignedWebhook]:
    """Hand over the webhooks that the account's reporting webhooks asked for.

    Args:
        world: Where they wait.

    Returns:
        The webhooks, oldest first; they wait no longer.
    """
    return [
        SignedWebhook(waiting.body, waiting.headers, reporting.SIGNING_KEY, waiting.url)
        for waiting in world.take_outgoing()
    ]


def message_webhook(world: World, message: Message, metric: str, now: float) -> SignedWebhook:
    """Make the webhook about a message, and sign it.

    Args:
        world: Where the message is.
        message: The message.
        metric: What became of it.
        now: Unix seconds.

    Returns:
        The webhook.
    """
    place = world.workspace(message.workspace)
    return sign_webhook(reporting.message_event(place, Call(now), message, metric), now)
