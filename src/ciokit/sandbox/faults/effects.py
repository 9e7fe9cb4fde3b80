"""What a chosen fault does to an answer.

Pure: waiting, dropping and dripping are returned as data for the shell to carry out.
"""

from collections.abc import Callable
from http import HTTPStatus
from random import Random
from typing import Final

import msgspec

from ciokit.sandbox.exchange import Answer, Reply, encode_json
from ciokit.sandbox.faults.rules import Effect, Hit
from ciokit.sandbox.http.hosts import host_name

Sabotage = Callable[[int], bool]
"""Tells for the index of a batch item whether it must be refused."""
Process = Callable[[Sabotage | None], Reply]
"""Does the request in the world."""

_GARBAGE: Final = b'{"meta": <!DOCTYPE html>\xff\xfe\x00 upstream connect error'


def apply_effect(hit: Hit, api: str, target: str, process: Process) -> Answer:
    """Answer a request that goes wrong.

    Args:
        hit: The chosen fault.
        api: The API the request is for.
        target: Path and query as sent.
        process: Does the request in the world; called only if the effect lets it.

    Returns:
        The answer with what to do on the wire.
    """
    effect = hit.effect
    spoils = effect.drop or effect.garbage or effect.status is not None or effect.redirect is not None
    reply = Reply(0)
    if effect.after_processing or not spoils:
        reply = process(_sabotage(effect, hit.random))
    if effect.partial is not None and effect.partial_status == 200 and reply.status == 207:
        reply = msgspec.structs.replace(reply, status=200)
    if spoils and not effect.drop:
        reply = _spoiled(effect, api, target)
    return Answer(reply, delay=hit.delay, drop=effect.drop, drip=effect.drip)


def _sabotage(effect: Effect, random: Random) -> Sabotage | None:
    share = effect.partial
    return None if share is None else lambda _index: random.random() < share


def _spoiled(effect: Effect, api: str, target: str) -> Reply:
    if effect.redirect is not None:
        return wrong_region(api, effect.redirect, target)
    headers = {"content-type": "application/json; charset=utf-8"}
    if effect.retry_after is not None:
        headers["retry-after"] = str(effect.retry_after)
    status = effect.status or 200
    if effect.garbage:
        return Reply(status, headers, _GARBAGE)
    return Reply(status, headers, _envelope(api, status) if effect.body is None else effect.body.encode())


def wrong_region(api: str, region: str, target: str) -> Reply:
    """Make the redirect for an account that lives in another region.

    Args:
        api: `track`, `app` or `pipelines`.
        region: Where the account is.
        target: Path and query as sent.

    Returns:
        A 301 with the body seen from the App API.
    """
    location = f"https://{host_name(api, region)}{target}"
    headers = {"content-type": "application/json; charset=utf-8", "location": location}
    return Reply(301, headers, encode_json({"errors": [{"detail": "wrong datacenter", "status": "301"}]}))


def _envelope(api: str, status: int) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = f"status {status}"
    if api == "app":
        return encode_json({"errors": [{"detail": phrase, "status": str(status)}]})
    return encode_json({"meta": {"error": phrase}})
