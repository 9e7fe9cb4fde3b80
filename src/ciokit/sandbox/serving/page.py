"""The page at `/`: HTML, styles and modules as they lie in this package, under a policy that lets nothing else run.

No build step makes them: a browser loads the files of the folder `page` as they are.
"""

from collections.abc import Mapping
from importlib import resources
from typing import Final

from ciokit.sandbox.exchange import Reply

PAGE_PREFIX: Final = "/_sandbox/page/"
_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
DIRECTIVES: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "frame-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    # No text can become markup or a script, whatever the page's own code does.
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
}
POLICY: Final = "; ".join(f"{name} {value}" for name, value in DIRECTIVES.items())
_HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Page:
    """Hold the page's files, ready to be sent."""

    def __init__(self) -> None:
        self._replies = _load_files()

    def find(self, path: str) -> Reply | None:
        """Find the file at a path.

        Args:
            path: A path as sent.

        Returns:
            The file, that of the page itself for `/`; None where there is none.
        """
        if path == "/":
            return self._replies["index.html"]
        name = path.removeprefix(PAGE_PREFIX)
        return None if name == path or name.endswith(".html") else self._replies.get(name)

    @property
    def sign_in(self) -> Reply:
        """What a browser without the token is shown."""
        page = self._replies["sign-in.html"]
        return Reply(401, page.headers, page.body)


def _load_files() -> Mapping[str, Reply]:
    replies: dict[str, Reply] = {}
    for file in (resources.files("ciokit.sandbox") / "page").iterdir():
        media = _TYPES.get(file.name.rpartition(".")[2])
        if media is not None:
            replies[file.name] = Reply(200, {"content-type": media, **_HEADERS}, file.read_bytes())
    return replies
