"""How each API says no: unknown paths, wrong credentials, too many requests, refused operations.

The vendor has several envelopes; which one an endpoint uses follows from its path.
"""

from types import MappingProxyType
from typing import Any, Final

from ciokit.sandbox.exchange import Reply, encode_json
from ciokit.sandbox.http.track_replies import track_reply, v1_error, v1_errors, v2_error
from ciokit.sandbox.state.records import Rejection

APP_HEADERS: Final = MappingProxyType(
    {
        "content-type": "application/json; charset=utf-8",
        "cache-control": "must-revalidate,no-cache,no-store",
        "pragma": "no-cache",
        "expires": "0",
        "x-frame-options": "SAMEORIGIN",
    }
)


_UPDATES: Final = frozenset({"/v1/transactional/{transactional_id}/content/{content_id}"})


def app_reply(status: int, value: Any) -> Reply:
    """Make a reply of the App API with a JSON body.

    Args:
        status: HTTP status code.
        value: What to encode.

    Returns:
        The reply.
    """
    return Reply(status, APP_HEADERS, encode_json(value))


def app_empty() -> Reply:
    """Make the App API's answer without a body."""
    headers = {name: value for name, value in APP_HEADERS.items() if name != "content-type"}
    return Reply(204, headers)


def app_error(status: int, detail: str, pointer: str = "") -> Reply:
    """Make the App API's usual error envelope.

    Args:
        status: HTTP status code; the vendor writes it as a string.
        detail: What is wrong.
        pointer: JSON pointer to the wrong part, where the vendor gives one.

    Returns:
        The reply.
    """
    error: dict[str, Any] = {"detail": detail}
    if pointer:
        error["source"] = {"pointer": pointer}
    return app_reply(status, {"errors": [{**error, "status": str(status)}]})


def refusal(api: str, template: str, status: int, rejection: Rejection) -> Reply:
    """Answer a refused operation as its endpoint does.

    Args:
        api: `track`, `app`, `pipelines`, or empty.
        template: The route's template, or the path where there is no route.
        status: HTTP status code.
        rejection: What is wrong.

    Returns:
        The reply.
    """
    message = rejection.message
    if template.startswith("/v1/send/") or template in _UPDATES:
        return app_reply(status, {"meta": {"error": message}})
    if template.endswith("/subscription_preferences") and status == 400:
        return app_reply(status, {"meta": {"errors": [message]}})
    if api == "app":
        pointer = rejection.field if rejection.field.startswith("/") else ""
        return app_error(status, message, pointer)
    if api == "pipelines":
        return track_reply(status, {"meta": {"errors": [message]}})
    if template.startswith("/api/v2/") and status == 400:
        return v2_error(status, rejection)
    listed = template.startswith(("/api/v1/forms/", "/api/v1/segments/")) and status == 400
    return v1_errors(status, message) if listed else v1_error(status, message)
