"""The Track API's answers: success, and the error envelopes of v1 and v2."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any, Final

from ciokit.sandbox.exchange import Reply, encode_json
from ciokit.sandbox.state.records import Rejection

_PHRASES: Final = {
    200: "OK",
    204: "No Content",
    207: "Multi-Status",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Request Entity Too Large",
    421: "Misdirected Request",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


def track_headers(status: int) -> MappingProxyType[str, str]:
    """Return the headers that the Track API sends with a status.

    Args:
        status: HTTP status code.

    Returns:
        Header values by lower-case name.
    """
    return MappingProxyType(
        {
            "content-type": "application/json; charset=utf-8",
            "cache-control": "no-cache, no-store, must-revalidate, max-age=0",
            "status": f"{status} {_PHRASES.get(status, '')}".rstrip(),
            "access-control-allow-origin": "*",
        }
    )


SUCCESS: Final = Reply(200, track_headers(200), b"{}\n")
NO_CONTENT: Final = Reply(
    204, MappingProxyType({k: v for k, v in track_headers(204).items() if k != "content-type"})
)


def track_reply(status: int, value: Any) -> Reply:
    """Make a reply of the Track API with a JSON body.

    Args:
        status: HTTP status code.
        value: What to encode.

    Returns:
        The reply.
    """
    return Reply(status, track_headers(status), encode_json(value))


def v1_error(status: int, message: str) -> Reply:
    """Make the error envelope that the vendor's documentation shows for Track v1.

    Args:
        status: HTTP status code.
        message: The vendor's text.

    Returns:
        The reply.
    """
    return track_reply(status, {"meta": {"error": message}})


def v1_errors(status: int, message: str) -> Reply:
    """Make the error envelope that the vendor's schema declares for Track v1.

    Args:
        status: HTTP status code.
        message: The vendor's text.

    Returns:
        The reply.
    """
    return track_reply(status, {"meta": {"errors": [message]}})


def v2_error(status: int, rejection: Rejection) -> Reply:
    """Make the error envelope of Track v2 for a whole request.

    Args:
        status: HTTP status code.
        rejection: What is wrong.

    Returns:
        The reply.
    """
    return track_reply(status, {"errors": [_v2_item(rejection)]})


def v2_partial(rejections: Sequence[Rejection], status: int = 207) -> Reply:
    """Make the answer to a batch of which some items were refused.

    Args:
        rejections: The refused items, each with its index.
        status: 207 as documented; 200 when a fault asks for the undocumented form.

    Returns:
        The reply.
    """
    errors = [{"batch_index": rejection.index, **_v2_item(rejection)} for rejection in rejections]
    return track_reply(status, {"errors": errors})


def _v2_item(rejection: Rejection) -> dict[str, str]:
    return {"reason": rejection.reason, "field": rejection.field, "message": rejection.message}
