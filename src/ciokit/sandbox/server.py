"""A real HTTP server around a world: one port for all APIs, loopback only unless told otherwise.

Knows uvicorn; what is answered is the business of `asgi` and of the world.
"""

import ipaddress
import socket
import threading
from types import TracebackType
from typing import Self

import uvicorn

from ciokit.sandbox.access import Access
from ciokit.sandbox.asgi import SandboxApp
from ciokit.sandbox.world import World


class SandboxServer:
    """Serve a world on a port, in a thread of its own.

    A context manager: the port is open when the block starts and closed when it ends.

    Args:
        world: The world; None makes a fresh one.
        host: Address to listen on; loopback unless `allow_remote`.
        port: Port to listen on; 0 takes a free one.
        allow_remote: Listen on an address that other machines reach; needs a token.
        token: What every request must then carry: as the key of the vendor's APIs, as a Bearer token, or as
            `?token=`.

    Raises:
        ValueError: The address is not loopback and `allow_remote` or the token is not given.
        OSError: The port is taken.
    """

    def __init__(
        self,
        world: World | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        allow_remote: bool = False,
        token: str | None = None,
    ) -> None:
        _check_address(host, token, allow_remote=allow_remote)
        self.world = World() if world is None else world
        self._socket = _listen(host, port)
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self._app = SandboxApp(self.world, Access(token, host))
        config = uvicorn.Config(
            self._app,
            log_config=None,
            access_log=False,
            lifespan="on",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=2,
        )
        self._server = uvicorn.Server(config)
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The server's address, without a trailing slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def start(self) -> Self:
        """Start to answer, in the background; requests that came before wait in the socket's queue.

        Returns:
            This server.
        """
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="ciokit-sandbox"
        )
        self._thread.daemon = True
        self._thread.start()
        return self

    def run(self) -> None:
        """Answer in this thread until a signal ends the process."""
        try:
            self._server.run([self._socket])
        finally:
            self._socket.close()

    def stop(self) -> None:
        """Stop: requests being answered are finished, for at most two seconds."""
        self._app.closing = True
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(10)
        self._socket.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio sets TCP_NODELAY only on sockets that name it.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # asyncio sees no TCP in a socket made by hand and leaves Nagle on: each reply would wait 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((host, port))
        listener.listen(2048)
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
