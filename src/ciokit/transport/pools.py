"""Connection pools of the HTTP library: trust, proxies, and an application's own transport as a pool."""

import contextlib
import functools
import importlib.util
import logging
import os
import ssl
from collections.abc import Iterable
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final, Protocol, cast
from urllib.parse import SplitResult, unquote, urlsplit

import httpcore2

from ciokit.errors import SettingsError
from ciokit.logs import get_logger
from ciokit.transport.lanes import Lanes, ProxyLanes
from ciokit.transport.streams import Streams

if TYPE_CHECKING:
    import httpx2

__all__ = [
    "AsyncCustomPool",
    "AsyncPool",
    "CustomPool",
    "Pool",
    "make_pool",
    "pool_options",
]

CONNECTIONS: Final = 10
"""Connections of one pool; more in flight only cost more CPU (measured)."""
IDLE_SECONDS: Final = 30.0
"""An idle connection is closed before the other side is likely to."""

for _name in ("connection", "http11", "http2", "proxy", "socks"):
    get_logger(f"httpcore2.{_name}")  # it logs amid a request, as does what it speaks HTTP/2 by
for _name in ("hpack", "table"):
    get_logger(f"hpack.{_name}")


class Pool(Protocol):
    """What a transport needs of a pool."""

    def handle_request(self, request: httpcore2.Request) -> httpcore2.Response:
        """Send a request; the answer's body is still to be read."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


class AsyncPool(Protocol):
    """What an asynchronous transport needs of a pool."""

    async def handle_async_request(self, request: httpcore2.Request) -> httpcore2.Response:
        """Send a request; the answer's body is still to be read."""
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...


def pool_options(
    url: str, *, proxy: str | None, ca: str | ssl.SSLContext | None, http2: bool
) -> dict[str, Any]:
    """Return what makes a pool for an address.

    Args:
        url: The address.
        proxy: A proxy's address; None takes the environment's, "" none at all.
        ca: Certificates to trust; None takes the environment's or the system's.
        http2: Whether HTTP/2 may be spoken.

    Returns:
        Keyword arguments of the pools.

    Raises:
        SettingsError: If the proxy is no address or the certificates cannot be read.
    """
    options: dict[str, Any] = {
        "max_connections": CONNECTIONS,
        "keepalive_expiry": IDLE_SECONDS,
        "http2": http2,
    }
    if http2:
        _prepare_http2()
    if url.startswith("https:"):
        options["ssl_context"] = _trust(ca, http2=http2)
    if address := _proxy_from_environment(url) if proxy is None else proxy:
        parts = _proxy_parts(address)
        options["proxy_url"] = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        if parts.username is not None:
            options["proxy_auth"] = (unquote(parts.username).encode(), unquote(parts.password or "").encode())
        if parts.scheme == "https":
            options["proxy_ssl_context"] = _trust(ca, http2=False)
    return options


def _prepare_http2() -> None:
    if importlib.util.find_spec("h2") is None:
        msg = "http2=True needs the package h2: pip install h2"
        raise SettingsError(msg)
    # It writes each block of headers into its debug log, in a coding that anybody can undo: the credentials, too.
    logging.getLogger("hpack.hpack").addFilter(_is_above_debug)


def _is_above_debug(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _proxy_parts(address: str) -> SplitResult:
    with contextlib.suppress(ValueError):  # a port out of range, a bracket left open, a name too long
        parts = urlsplit(address if "://" in address else f"http://{address}")
        if parts.scheme in {"http", "https"} and (parts.hostname or "").encode("idna") and parts.port != 0:
            return parts
    msg = "proxy must be an address like http://127.0.0.1:3128 (from proxy=, HTTPS_PROXY or ALL_PROXY)"
    raise SettingsError(msg)


def make_pool(options: dict[str, Any]) -> Pool:
    """Make a pool, direct or through a proxy, whose reads and writes end at the request's deadline."""
    plain = Lanes if options["http2"] else httpcore2.ConnectionPool
    kind = ProxyLanes if "proxy_url" in options else plain
    return kind(**options, network_backend=Streams(hold=not options["http2"]))


def _trust(ca: str | ssl.SSLContext | None, *, http2: bool) -> ssl.SSLContext:
    """Return whom to trust: the application's own context, or the one of all that trust the same files."""
    if isinstance(ca, ssl.SSLContext):
        return ca
    where, named = "ca=", [os.environ.get(name) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR")]
    if ca is None and not any(named):
        where, ca = "REQUESTS_CA_BUNDLE", os.environ.get("REQUESTS_CA_BUNDLE") or None
    system = ssl.get_default_verify_paths()
    paths = (*named, system.openssl_cafile, system.openssl_capath) if ca is None else (ca,)
    try:
        return _read_trust(ca, tuple((path, _version(path)) for path in paths if path), http2)
    except (OSError, ssl.SSLError) as error:
        names = where if ca is not None else "SSL_CERT_FILE or SSL_CERT_DIR"
        msg = f"{names}: the certificates cannot be read: {error.strerror or type(error).__name__}"
        raise SettingsError(msg) from None


def _version(path: str) -> tuple[int, ...]:
    """Return what changes with a file or a folder; nothing of one that is not there."""
    try:
        found = os.stat(path)  # noqa: PTH116 - a str comes in
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


@functools.lru_cache(maxsize=8)
def _read_trust(ca: str | None, _versions: tuple[object, ...], _http2: bool) -> ssl.SSLContext:
    """Read certificates once: they take 20 ms and 0.8 MB, for each client.

    Args:
        ca: A file or folder; None takes the environment's or the system's.
        _versions: What was there, and when; what has changed since is read again.
        _http2: The library writes into the context which protocols a connection may speak.
    """
    if ca is None:
        return httpcore2.default_ssl_context()
    is_folder = os.path.isdir(ca)  # noqa: PTH112 - a str comes in, and ssl takes one
    return ssl.create_default_context(capath=ca if is_folder else None, cafile=None if is_folder else ca)


def _proxy_from_environment(url: str) -> str:
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    proxies = getproxies()
    host = parts.hostname or ""
    if _is_loopback(host) or proxy_bypass(parts.netloc):
        return ""  # what runs on this machine is never behind a proxy
    return proxies.get(parts.scheme) or proxies.get("all") or ""


class CustomPool:
    """Drive an httpx2 transport as if it were a pool."""

    def __init__(self, transport: "httpx2.BaseTransport") -> None:
        _check_transport(transport, "handle_request", "httpx2.BaseTransport")
        self._transport = transport

    def handle_request(self, request: httpcore2.Request) -> httpcore2.Response:
        """Send a request through the application's transport."""
        response = self._transport.handle_request(_as_httpx(request))
        return httpcore2.Response(
            response.status_code,
            headers=response.headers.raw,
            content=response.stream,
            extensions=response.extensions,
        )

    def close(self) -> None:
        """Close the application's transport."""
        self._transport.close()


class AsyncCustomPool:
    """Drive an asynchronous httpx2 transport as if it were a pool."""

    def __init__(self, transport: "httpx2.AsyncBaseTransport") -> None:
        _check_transport(transport, "handle_async_request", "httpx2.AsyncBaseTransport")
        self._transport = transport

    async def handle_async_request(self, request: httpcore2.Request) -> httpcore2.Response:
        """Send a request through the application's transport."""
        response = await self._transport.handle_async_request(_as_httpx(request))
        return httpcore2.Response(
            response.status_code,
            headers=response.headers.raw,
            content=response.stream,
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Close the application's transport."""
        await self._transport.aclose()


def _check_transport(transport: object, method: str, wanted: str) -> None:
    if not hasattr(transport, method):
        msg = f"transport must be a {wanted}, got {type(transport).__name__}"
        raise SettingsError(msg)


def _as_httpx(request: httpcore2.Request) -> "httpx2.Request":
    import httpx2

    url = request.url
    port = b"" if url.port is None else b":%d" % url.port
    address = b"%b://%b%b%b" % (url.scheme, url.host, port, url.target)
    body = b"".join(cast("Iterable[bytes]", request.stream))  # bytes went in, so it is one piece
    extensions = cast("Any", request).extensions
    return httpx2.Request(
        request.method.decode(),
        address.decode(),
        headers=request.headers,
        content=body,
        extensions=extensions,
    )
