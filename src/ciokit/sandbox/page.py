"""The page at `/`: one HTML file of this package, under a strict policy made from the file itself."""

import base64
import hashlib
import re
from importlib import resources
from typing import Final

from ciokit.sandbox.exchange import Reply

_INLINE: Final = re.compile(r"<(script|style)[^>]*>(.*?)</\1>", re.DOTALL)
_MISSING: Final = (
    "<!doctype html><title>ciokit sandbox</title><p>The control API is at /_sandbox/openapi.json.</p>"
)


def load_page() -> Reply:
    """Load the page.

    Returns:
        The page; its policy lets only its own inline scripts and styles run, and talks only to this server.
    """
    file = resources.files("ciokit.sandbox") / "page" / "index.html"
    html = file.read_text(encoding="utf-8") if file.is_file() else _MISSING
    headers = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": policy(html),
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
    }
    return Reply(200, headers, html.encode())


def policy(html: str) -> str:
    """Make the Content-Security-Policy of a page.

    Args:
        html: The page.

    Returns:
        The policy: scripts and styles by the digests of those in the page, nothing from elsewhere.
    """
    sources: dict[str, list[str]] = {"script": [], "style": []}
    for kind, text in _INLINE.findall(html):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        sources[kind].append(f"'sha256-{digest}'")
    scripts, styles = (" ".join(sources[kind]) or "'none'" for kind in ("script", "style"))
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {scripts}",
            f"style-src {styles}",
            "connect-src 'self'",
            "img-src 'self' data:",
            "frame-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )
