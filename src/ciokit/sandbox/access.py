"""Who may speak to a served sandbox: pages of other sites may not, and other machines only with the token.

Pure: a request in, a refusal or nothing out.
"""

import hmac
from typing import Final
from urllib.parse import parse_qs, urlsplit

from ciokit.sandbox.auth import read_basic, read_bearer
from ciokit.sandbox.exchange import Reply, Request, encode_json
from ciokit.sandbox.hosts import find_host

_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_HEADERS: Final = {"content-type": "application/json; charset=utf-8", "cache-control": "no-store"}
COOKIE: Final = "ciokit_sandbox_token"


class Access:
    """Guard a sandbox.

    Args:
        token: What every request must carry when other machines can reach the sandbox: as the API key or
            write key of the vendor's APIs, as a Bearer token, as `?token=` or as the page's cookie.
        host: A host name by which the sandbox is reached, besides those of loopback and of the vendor.
    """

    def __init__(self, token: str | None = None, host: str | None = None) -> None:
        self._token = token
        self._host = host

    def refuse(self, request: Request) -> Reply | None:
        """Refuse a request that may not be made.

        Args:
            request: The request.

        Returns:
            The refusal, or None.
        """
        if request.path != "/" and not request.path.startswith("/_sandbox"):
            return (
                _no(401, "wrong or missing token")
                if self._token and not self._carries_token(request)
                else None
            )
        if self._token is not None:
            return None if self._carries_token(request) else _no(401, "wrong or missing token")
        if not self._is_known_host(request.headers.get("host", "")):
            return _no(403, "the Host header names another machine")
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
            return _no(403, "pages of other sites may not use the control API")
        return None

    def _is_known_host(self, header: str) -> bool:
        name = urlsplit(f"//{header}").hostname or ""
        return (
            name in _LOCAL
            or name == self._host
            or name.endswith(".localhost")
            or find_host(header) is not None
        )

    def _carries_token(self, request: Request) -> bool:
        header = request.headers.get("authorization", "")
        pair = read_basic(header)
        given = [read_bearer(header), *(pair or ()), _cookie(request.headers.get("cookie", ""))]
        given += parse_qs(request.query).get("token", [])
        expected = (self._token or "").encode()
        return any(hmac.compare_digest(value.encode(), expected) for value in given if value)


def _cookie(header: str) -> str | None:
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return None


def _no(status: int, message: str) -> Reply:
    return Reply(status, _HEADERS, encode_json({"error": message, "field": ""}))
