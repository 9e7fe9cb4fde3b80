"""A proxy for the tests: it forwards plain http and tunnels https, asks for credentials if told to, and remembers."""

import base64
import contextlib
import socket
import threading
from urllib.parse import urlsplit

from .servers import Peer, RawRequest, RawServer, reply


class Proxy(RawServer):
    """Forward requests to wherever they are for; a context manager.

    Args:
        credentials: `user:password` that it asks for; None lets everybody through.
        refusal: A status with which it refuses everybody.

    Attributes:
        requests: What it was asked, in order: `CONNECT host:port` or a request with a whole address.
    """

    def __init__(self, credentials: str | None = None, refusal: str | None = None) -> None:
        super().__init__(self._pass_on)
        self._expected = credentials and "Basic " + base64.b64encode(credentials.encode()).decode()
        self._refusal = refusal

    @property
    def tunnelled(self) -> list[str]:
        """Where tunnels were asked for."""
        return [request.target for request in self.requests if request.method == "CONNECT"]

    def _pass_on(self, peer: Peer) -> None:
        while (request := peer.read_request()) is not None:
            if self._refusal is not None:
                peer.send(reply(b"", self._refusal))
            elif self._expected and request.headers.get("proxy-authorization") != self._expected:
                peer.send(
                    reply(b"", "407 Proxy Authentication Required", 'Proxy-Authenticate: Basic realm="x"')
                )
            elif request.method == "CONNECT":
                self._tunnel(peer, request.target)
                return
            else:
                peer.send(self._forward(request))

    def _tunnel(self, peer: Peer, target: str) -> None:
        host, _, port = target.rpartition(":")
        upstream = self.keep(socket.create_connection((host.strip("[]"), int(port))))
        peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        back = threading.Thread(target=pour, args=(upstream, peer.sock), daemon=True)
        back.start()
        pour(peer.sock, upstream)
        back.join(10)

    def _forward(self, request: RawRequest) -> bytes:
        parts = urlsplit(request.target)
        with socket.create_connection((parts.hostname, parts.port)) as upstream:
            lines = [f"{request.method} {parts.path} HTTP/1.1"]
            lines += [f"{name}: {value}" for name, value in request.headers.items() if "proxy" not in name]
            upstream.sendall("\r\n".join([*lines, "", ""]).encode() + request.body)
            return upstream.recv(65536)  # the answers of the tests come in one piece


def pour(source: socket.socket, target: socket.socket) -> None:
    """Copy bytes until one side hangs up, and have the other hang up, too."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
