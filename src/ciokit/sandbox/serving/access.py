"""Who may speak to a served sandbox: by which names, pages of which sites, and other machines only with the token.

Pure: a request in, a refusal, a welcome or nothing out.
"""

import hmac
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit

from ciokit.sandbox.exchange import Reply, Request, encode_json
from ciokit.sandbox.http.auth import read_basic, read_bearer
from ciokit.sandbox.http.envelopes import refusal
from ciokit.sandbox.http.hosts import find_host
from ciokit.sandbox.reception import find_api
from ciokit.sandbox.serving.page import PAGE_PREFIX
from ciokit.sandbox.state.records import Rejection

_LOCAL: Final = frozenset({"localhost"})
_MISDIRECTED: Final = (
    "the sandbox does not go by the name in the Host header; "
    "use localhost or its address, or start it with --allow-host and that name"
)
_HEADERS: Final = {"content-type": "application/json; charset=utf-8", "cache-control": "no-store"}
COOKIE: Final = "ciokit_sandbox_token"


class Access:
    """Guard a sandbox.

    Args:
        token: What every request must carry when other machines can reach the sandbox: as the API key or
            write key of the vendor's APIs, as a Bearer token, as `?token=` or as the page's cookie.
        hosts: Names by which the sandbox is reached, besides localhost, the vendor's, and addresses.
    """

    def __init__(self, token: str | None = None, hosts: Iterable[str] = ()) -> None:
        self._token = token
        self._hosts = _LOCAL | {host.lower() for host in hosts}

    def welcome(self, request: Request) -> Reply | None:
        """Give a browser that comes to the page with `?token=` its cookie, and take the token out of its address.

        Args:
            request: The request.

        Returns:
            A redirect to the page, or None for any other request.
        """
        if self._token is None or request.path != "/" or request.method != "GET":
            return None
        if not self._is_token(*parse_qs(request.query).get("token", [])):
            return None
        # Lax, not strict: a link in a chat leads here as well. What changes anything also checks the Origin.
        cookie = f"{COOKIE}={quote(self._token, safe='')}; Path=/; HttpOnly; SameSite=Lax"
        headers = {"location": "/", "set-cookie": cookie, "referrer-policy": "no-referrer"}
        return Reply(303, {**headers, "cache-control": "no-store"})

    def refuse(self, request: Request) -> Reply | None:
        """Refuse a request that may not be made.

        Args:
            request: The request.

        Returns:
            The refusal, or None.
        """
        ours = request.path == "/" or request.path.startswith("/_sandbox")
        if self._token is not None:
            return self._refuse_without_token(request, ours=ours)
        host = request.headers.get("host")
        if not (self._is_known_host(host) if host else not ours):
            return _misdirected(request, ours=ours)
        if ours and _is_foreign(request):
            return _no(403, "pages of other sites may not use the control API")
        return None

    def _refuse_without_token(self, request: Request, *, ours: bool) -> Reply | None:
        if self._carries_token(request) or request.path.startswith(PAGE_PREFIX):
            return None
        if not self._is_token(_cookie(request.headers.get("cookie", ""))):
            return _no(401, "wrong or missing token")
        # A browser adds the cookie to what a page on another port of this machine sends, too.
        if not ours or _is_foreign(request):
            return _no(403, "the page's cookie is good for the page alone")
        return None

    def _is_known_host(self, header: str) -> bool:
        """Tell a name that is ours from one that somebody else's DNS may have led here (DNS rebinding)."""
        name = (_split(f"//{header}").hostname or "").removesuffix(".")
        return (
            name in self._hosts
            or name.endswith(".localhost")
            or find_host(header) is not None
            or _is_address(name)
        )

    def _carries_token(self, request: Request) -> bool:
        header = request.headers.get("authorization", "")
        given = [read_bearer(header), *(read_basic(header) or ())]
        return self._is_token(*given, *parse_qs(request.query).get("token", []))

    def _is_token(self, *given: str | None) -> bool:
        expected = (self._token or "").encode()
        return any(hmac.compare_digest(value.encode(), expected) for value in given if value)


def _is_foreign(request: Request) -> bool:
    """Tell whether a page of another site makes the request; what is no browser sends none of these headers.

    A script or an image of another site is asked for without an Origin: it could hold all streams open, or guess
    from an answer's time what is in here. A link that is followed to here is no such thing.
    """
    origin = request.headers.get("origin")
    if origin is not None:
        return _split(origin).netloc != request.headers.get("host")
    is_link = request.headers.get("sec-fetch-mode") == "navigate" and request.method in {"GET", "HEAD"}
    return request.headers.get("sec-fetch-site") in {"cross-site", "same-site"} and not is_link


def _is_address(name: str) -> bool:
    """Tell an IP address: no DNS gives one as a name, so the browser was really told to come here."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _misdirected(request: Request, *, ours: bool) -> Reply:
    """Refuse a request for another name: in the words of the vendor's API that its path is of."""
    if ours:
        return _no(421, _MISDIRECTED)
    rejection = Rejection(None, "misdirected", "Host", _MISDIRECTED)
    return refusal(find_api(request), request.path, 421, rejection)


def _cookie(header: str) -> str | None:
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return unquote(value)
    return None


def _split(url: str) -> SplitResult:
    """Take an address apart; nonsense has no parts."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _no(status: int, message: str) -> Reply:
    return Reply(status, _HEADERS, encode_json({"error": message, "field": ""}))
