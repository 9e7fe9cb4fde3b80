"""What a request is, and whether sending it twice does no harm: read off the request itself.

`send_request` is public in the official SDK, and programs override it; so nothing else is handed along.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from ciokit.values.table import is_mapping

__all__ = ["is_replay_safe", "kind_of"]

_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", re.IGNORECASE | re.ASCII)
_EVENTS: Final = frozenset({"event", "page", "screen"})
_ABSORBED: Final = ("/suppress", "/unsuppress", "/merge_customers")
_KINDS: Final = (
    ("/events", "event"),
    ("/suppress", "suppress"),
    ("/unsuppress", "unsuppress"),
    ("/merge_customers", "merge"),
    ("/batch", "batch"),
    ("/devices", "add_device"),
    ("/send/email", "send_email"),
    ("/send/push", "send_push"),
    ("/send/sms", "send_sms"),
    ("/send/whatsapp", "send_whatsapp"),
    ("/send/inbox_message", "send_inbox_message"),
    ("/send/in_app", "send_in_app"),
)


def kind_of(method: str, path: str) -> str:
    """Name a request, for errors; never by what stands in its path."""
    for end, kind in _KINDS:
        if path.endswith(end):
            return kind
    if "/devices/" in path:
        return "delete_device"
    if "/customers/" in path:
        return {"PUT": "identify", "DELETE": "delete"}.get(method, "request")
    return "request"


def is_replay_safe(method: str, path: str, data: Mapping[str, Any]) -> bool:
    """Tell whether Customer.io discards or absorbs a repetition.

    A PUT and a DELETE set a state. An event is discarded by its ULID, if it has one. A message is sent again.
    """
    if method != "POST" or path.endswith(_ABSORBED):
        return True
    if path.endswith("/events"):
        return _has_ulid(data)
    if path.endswith("/batch"):
        return all(_is_safe_item(item) for item in data.get("batch", ()))
    return False


def _is_safe_item(item: Any) -> bool:
    if not is_mapping(item):
        return True  # it is refused, however often
    return item.get("action") not in _EVENTS or _has_ulid(item)


def _has_ulid(event: Mapping[Any, Any]) -> bool:
    given = event.get("id")
    return isinstance(given, str) and _ULID.fullmatch(given) is not None
