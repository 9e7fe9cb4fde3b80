"""A message's body as a document for a frame in which no script ever runs."""

from html import escape
from typing import Final

from ciokit.sandbox.exchange import Reply
from ciokit.sandbox.state.rendering import Rendered

_HEADERS: Final = {
    "content-type": "text/html; charset=utf-8",
    # The frame may style itself and show inline images; nothing runs, loads or leaves.
    "content-security-policy": (
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


def frame(rendered: Rendered) -> Reply:
    """Put a message's body into a document of its own.

    Args:
        rendered: The message as its receiver would see it.

    Returns:
        HTML under a policy that lets nothing run, load or leave; plain text as it stands.
    """
    texts = rendered.texts
    plain = texts.get("body_plain") or texts.get("message") or ""
    body = texts.get("body") or f"<pre>{escape(plain)}</pre>"
    return Reply(200, _HEADERS, body.encode("utf-8", "replace"))
