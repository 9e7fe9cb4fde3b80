"""A real HTTP server around a world: one port for all APIs, loopback only unless told otherwise.

Knows uvicorn; what is answered is the business of `asgi` and of the world.
"""

import asyncio
import ipaddress
import logging
import socket
import threading
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Final, Self

try:
    import uvicorn
except ModuleNotFoundError as missing:
    reason = f"the sandbox's server needs {missing.name}: pip install 'ciokit[sandbox]'"
    raise ModuleNotFoundError(reason, name=missing.name) from None

from ciokit.sandbox.control.desk import ControlDesk
from ciokit.sandbox.serving.access import Access
from ciokit.sandbox.serving.asgi import SandboxApp
from ciokit.sandbox.serving.connections import BoundedListener, Bounds, guard, usual_bounds
from ciokit.sandbox.serving.store import Store
from ciokit.sandbox.serving.tls import make_context
from ciokit.sandbox.state.reporting import SIGNING_KEY
from ciokit.sandbox.world import World

# What the HTTP server says (of a dropped connection, a malformed request) is for whoever listens to its log; without
# this, Python writes it to standard error where nobody does.
logging.getLogger("uvicorn").addHandler(logging.NullHandler())

_QUEUE: Final = 2048


class SandboxServer:
    """Serve a world on a port, in a thread of its own.

    A context manager: the port is open when the block starts and closed when it ends.

    Args:
        world: The world; None makes a fresh one.
        host: Address to listen on; loopback unless `allow_remote`.
        port: Port to listen on; 0 takes a free one.
        allow_remote: Whether it may listen on an address that other machines reach; needs a token.
        token: What every request must then carry: as the key of the vendor's APIs, as a Bearer token, or as
            `?token=`.
        allow_hosts: Names in the Host header to answer to, besides localhost, Customer.io's own and addresses;
            with a token any is answered to.
        tls: Whether to speak https, with a certificate of a throw-away authority; needs trustme.
        ca_file: Where to write the authority's certificate; None makes a temporary file, gone at the stop.
        store: SQLite file to keep everything in; what it holds is done again before the port opens.
        bounds: How many connections it holds and how long it waits for them; None asks how many files the process
            may open.

    Raises:
        ValueError: If the address is not loopback and `allow_remote` or the token is not given.
        OSError: If the port is taken.
        StoreError: If the store cannot be used.
    """

    def __init__(
        self,
        world: World | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        allow_remote: bool = False,
        token: str | None = None,
        allow_hosts: Iterable[str] = (),
        tls: bool = False,
        ca_file: Path | None = None,
        store: Path | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        _check_address(host, token, allow_remote=allow_remote)
        self.world = World() if world is None else world
        self._store = None if store is None else _open_store(self.world, store)
        bounds = bounds or usual_bounds()
        self._socket = _listen(host, port)
        if tls:  # else the protocol, which hears of each at once, says why
            self._socket.most = bounds.connections + bounds.backlog
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self._token = token
        self._app = SandboxApp(self.world, Access(token, (host, *allow_hosts)))
        config = uvicorn.Config(
            self._app,
            http=guard(_protocol(), bounds),
            ws="none",
            backlog=bounds.backlog,
            log_config=None,
            access_log=False,
            lifespan="on",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=2,
        )
        self._directory: TemporaryDirectory[str] | None = None
        self.ca_file: Path | None = None
        if tls:
            self.ca_file = ca_file or self._temporary_file()
            config.load()
            config.ssl = make_context(self.ca_file, host)
        self._server = _Server(config)
        self._thread: threading.Thread | None = None

    def _temporary_file(self) -> Path:
        self._directory = TemporaryDirectory(prefix="ciokit-sandbox-")
        return Path(self._directory.name) / "ca.pem"

    @property
    def url(self) -> str:
        """The server's address, without a trailing slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'http' if self.ca_file is None else 'https'}://{host}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point ciokit, and with TLS other clients' trust, at this server."""
        key = self._token or "sandbox-key"
        found = {
            "CUSTOMERIO_SITE_ID": "sandbox-site",
            "CUSTOMERIO_TRACK_API_KEY": key,
            "CUSTOMERIO_APP_API_KEY": key,
            "CUSTOMERIO_PIPELINES_API_KEY": key,
            "CUSTOMERIO_WEBHOOK_SIGNING_KEY": SIGNING_KEY,
            "CUSTOMERIO_REGION": self.world.region,
            "CIOKIT_BASE_URL": self.url,
        }
        if self.ca_file is not None:
            trust = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
            found |= dict.fromkeys(trust, str(self.ca_file))
        return found

    def start(self) -> Self:
        """Begin to answer, in the background; requests that came before wait in the socket's queue.

        Returns:
            This server.
        """
        self._begin()
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="ciokit-sandbox"
        )
        self._thread.daemon = True
        self._thread.start()
        return self

    def run(self) -> None:
        """Answer in this thread until a signal ends the process."""
        self._begin()
        try:
            self._server.run([self._socket])
        finally:
            self._end()

    def _begin(self) -> None:
        if self._store is not None:
            self._store.start()
            self.world.keep = self._store.keep

    def _end(self) -> None:
        self._socket.close()
        self.world.keep = None
        if self._store is not None:
            self._store.stop()
        if self._directory is not None:
            self._directory.cleanup()

    def stop(self) -> None:
        """Stop: requests being answered are finished, for at most two seconds."""
        self._app.closing = True
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(10)
        self._end()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Server(uvicorn.Server):
    """Let many wait in the socket's queue, of whom asyncio takes a few at a time.

    It takes as many at once as it was told the queue holds, before the first of them can be turned away.
    """

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for waiting in sockets or ():
            waiting.listen(_QUEUE)


def _open_store(world: World, path: Path) -> Store:
    """Open a store and do again, in this world, what it kept."""
    store = Store(path, world.seed)
    desk = ControlDesk(world)
    for kept in store.read():
        if kept.kind == "control":
            desk.repeat(kept)
        else:
            world.repeat(kept)
    return store


def _protocol() -> type[asyncio.Protocol]:
    """Return the faster of the two HTTP parsers, if it is there; both let a connection be dropped."""
    try:
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
    except ImportError:
        from uvicorn.protocols.http.h11_impl import H11Protocol

        return H11Protocol
    return HttpToolsProtocol


def _listen(host: str, port: int) -> BoundedListener:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only on sockets that name their protocol; else each reply waits 40 ms.
    listener = BoundedListener(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_QUEUE)
    except OSError:
        listener.close()
        raise
    return listener


def _check_address(host: str, token: str | None, *, allow_remote: bool) -> None:
    if _is_loopback(host):
        return
    if not allow_remote:
        message = (
            f"{host} is not a loopback address: the sandbox listens on 127.0.0.1 unless allow_remote is given"
        )
        raise ValueError(message)
    if not token:
        message = f"{host} is reached by other machines: allow_remote needs a token"
        raise ValueError(message)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
