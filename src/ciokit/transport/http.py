"""Send a request and tell what came back.

Requests go through httpcore2, the connection layer of httpx2: a full client costs twice as much CPU for each small
request, and what it adds (cookies, redirects, authentication flows) is what this library must not do. Redirects are
never followed, so credentials never leave the host that they were meant for. An application's own httpx2 transport
is driven through the same interface.

One deadline holds for all of an attempt. A connection pool is never used by two processes: after a fork, each would
get the other's answers. An asyncio pool belongs to one event loop.
"""

import base64
import os
import ssl
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

import httpcore2
import msgspec

from ciokit.absence import no_reply
from ciokit.settings import Secret
from ciokit.transport.mounts import find_mounted
from ciokit.transport.pools import CustomPool, Pool, make_pool, pool_options
from ciokit.transport.streams import deadline
from ciokit.verdict import Outcome, Reply
from ciokit.wire import JSON

if TYPE_CHECKING:
    import httpx2

__all__ = [
    "REPLY_LIMIT",
    "Connection",
    "Options",
    "Requests",
    "Transport",
    "as_reply",
    "basic",
    "bearer",
    "host_header",
]

REPLY_LIMIT: Final = 1 << 20
"""Bytes of an answer that are read where an API's answers are short; an error page may be endless."""

_Headers: TypeAlias = list[tuple[bytes, bytes]]


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """Say how to reach an API.

    Attributes:
        url: The address of the host.
        authorization: The value of the header.
        user_agent: The value of the header.
        timeout: Seconds for one attempt, connecting and reading included.
        proxy: A proxy's address; None takes the environment's (`HTTPS_PROXY`, `NO_PROXY`, ...), "" none at all.
        ca: A file or folder of certificates to trust; None takes `SSL_CERT_FILE`, `SSL_CERT_DIR`,
            `REQUESTS_CA_BUNDLE` or the system's.
        http2: Whether HTTP/2 may be spoken (needs the package h2).
        headers: Further headers, for every request.
        reply_limit: Bytes of an answer that are read; the rest is cut off.
    """

    url: str
    authorization: Secret
    user_agent: str
    timeout: float = 10.0
    proxy: str | None = None
    ca: str | ssl.SSLContext | None = None
    http2: bool = False
    headers: Mapping[str, str] = {}
    reply_limit: int = REPLY_LIMIT

    def __repr__(self) -> str:
        # A proxy's address may hold a password, and what reports errors shows the values of local variables.
        return f"<Connection to {self.url}>"


def basic(user: Secret, password: Secret | None = None) -> Secret:
    """Return an `Authorization` header for HTTP Basic, in standard base 64."""
    pair = f"{user.reveal()}:{password.reveal() if password else ''}"
    return Secret("Basic " + base64.b64encode(pair.encode()).decode())


def bearer(key: Secret) -> Secret:
    """Return an `Authorization` header for a bearer key."""
    return Secret("Bearer " + key.reveal())


class Transport:
    """Send requests over a pool of connections, from any number of threads.

    Args:
        connection: Where to and how.
        custom: An httpx2 transport of the application's own, in place of the pool.
    """

    def __init__(self, connection: Connection, custom: "httpx2.BaseTransport | None" = None) -> None:
        self._requests = Requests(connection)
        self._custom = None if custom is None else CustomPool(custom)
        self._options = Options(connection, wanted=custom is None)
        self._timeout = connection.timeout
        self._reply_limit = connection.reply_limit
        # By process: a lock would be held for ever in a child that was forked while another thread had it.
        self._pools: dict[int, Pool] = {}

    def send(
        self,
        method: str,
        path: str,
        body: bytes,
        *,
        retries: int = 0,
        timeout: float | None = None,
        content_type: str = JSON,
    ) -> Outcome:
        """Send one request and read its answer.

        Args:
            method: The HTTP method.
            path: The path, with a query if there is one.
            body: JSON, if no other type is named; empty for none.
            retries: How often it was sent before.
            timeout: Seconds; the connection's own if omitted.
            content_type: What the body is.

        Returns:
            The answer, or why there is none.
        """
        seconds = self._timeout if timeout is None else min(timeout, self._timeout)
        until = time.monotonic() + seconds
        request = self._requests.build(method, path, body, retries, seconds, content_type)
        before, deadline.until = deadline.until, until
        amid, is_told = sys.exception(), False
        try:
            response = self.open_pool().handle_request(request)
            try:
                outcome: Outcome = as_reply(response, _read(response, until, self._reply_limit))
            finally:
                response.close()
            is_told = True
        except Exception as error:  # noqa: BLE001 - sorted out by kind, and raised again if it is none of the network's
            outcome = no_reply(error, seconds, amid)
            is_told = True
        finally:
            deadline.until = before  # of the request that this one came amid, in a signal's handler
            if not is_told:
                self._give_up_pool()
        return outcome

    def open_pool(self) -> Pool:
        """Return the connections of this process."""
        if self._custom is not None:
            return self._custom
        if (mounted := find_mounted(self._options.url)) is not None:
            return mounted.pool
        pid = os.getpid()
        pool = self._pools.get(pid)
        if pool is None:
            pool = self._pools.setdefault(pid, make_pool(self._options.get()))
            for parent in self._pools.keys() - {pid}:
                # Forgotten, not closed: a connection's farewell would end the parent's.
                self._pools.pop(parent, None)
        return pool

    def _give_up_pool(self) -> None:
        """Forget the connections after a signal's handler raised amid a request, wherever that was.

        The library's pool may have kept the request, and a place for it; after ten of these nothing would be sent any
        more. Requests of other threads go on, and the last of them takes the pool along.
        """
        self._pools.pop(os.getpid(), None)

    def close(self) -> None:
        """Close the connections; a later request opens new ones."""
        pool = self._pools.pop(os.getpid(), None) if self._custom is None else self._custom
        if pool is not None:
            pool.close()


# Requests and answers --------------------------------------------------------------------------------------------


def host_header(parts: SplitResult) -> bytes:
    """Return the `Host` header of an address; its port is no part of the name, whose parts may have 63 characters."""
    place = parts.netloc.rpartition("@")[2]
    name, colon, port = place.rpartition(":") if parts.port is not None else (place, "", "")
    return name.encode("idna") + (colon + port).encode()


class Requests:
    """Build requests of which all but the path, the body and the attempt is the same."""

    __slots__ = ("_headers", "_host", "_port", "_prefix", "_scheme")

    def __init__(self, connection: Connection) -> None:
        parts = urlsplit(connection.url)
        self._scheme = parts.scheme.encode()
        self._host = (parts.hostname or "").encode("idna")
        self._port = parts.port
        self._prefix = parts.path.rstrip("/")
        host = host_header(parts)
        self._headers: _Headers = [
            (b"Host", host),
            (b"Authorization", connection.authorization.reveal().encode()),
            (b"User-Agent", connection.user_agent.encode()),
            (b"Accept", b"application/json"),
            # Without it any coding may come, and the complaints of an answer that nobody unpacks would not be seen.
            (b"Accept-Encoding", b"identity"),
            *((name.encode(), value.encode()) for name, value in connection.headers.items()),
        ]

    def build(
        self, method: str, path: str, body: bytes, retries: int, seconds: float, content_type: str = JSON
    ) -> httpcore2.Request:
        """Build one; see `Transport.send`."""
        headers = self._headers.copy()
        if body:
            headers += ((b"Content-Type", content_type.encode()), (b"Content-Length", b"%d" % len(body)))
        if retries:
            headers.append((b"X-Retry-Count", b"%d" % retries))
        # Connecting gives up a little before the whole attempt does, so that "never arrived" can be told from "maybe".
        wait = {"connect": seconds * 0.9, "pool": seconds * 0.9, "read": seconds, "write": seconds}
        target = (self._prefix + path).encode("ascii")
        url = httpcore2.URL(scheme=self._scheme, host=self._host, port=self._port, target=target)
        return httpcore2.Request(
            method.encode(), url, headers=headers, content=body, extensions={"timeout": wait}
        )


def as_reply(response: httpcore2.Response, body: bytes) -> Reply:
    """Put an answer into words of our own, with what was read of its body."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
    return Reply(response.status, headers, body)


def _read(response: httpcore2.Response, until: float, limit: int) -> bytes:
    body = bytearray()
    for chunk in response.iter_stream():
        body += chunk
        if len(body) >= limit:
            break
        if time.monotonic() > until:
            raise httpcore2.ReadTimeout
    return bytes(body[:limit])


class Options:
    """Hold what makes a connection's pools; made at once, so that what is wrong is told when the client is made.

    Only where no pool is wanted, or a test answers for the address, are they left until somebody asks: reading the
    certificates to trust takes longer than most tests.
    """

    __slots__ = ("_connection", "_made", "url")

    def __init__(self, connection: Connection, *, wanted: bool) -> None:
        self.url = connection.url
        self._connection = connection
        self._made: dict[str, Any] | None = None
        if wanted and find_mounted(connection.url) is None:
            self.get()

    def get(self) -> dict[str, Any]:
        """Return them, as `pool_options` does."""
        if self._made is None:
            at = self._connection
            self._made = pool_options(at.url, proxy=at.proxy, ca=at.ca, http2=at.http2)
        return self._made
