"""Both clients over HTTP/2, where the package h2 is installed: many requests on one connection, and silent logs."""

import base64
import logging
from pathlib import Path
from typing import Any

import pytest

from ciokit import Receipt, RetryPolicy

from .authority import Authority
from .drivers import KEY, SITE, Connect
from .servers import Peer, RawServer, answer_each

pytest.importorskip("h2", reason="the package h2 is not installed")

import h2.config
import h2.connection
import h2.events

SECRETS = (SITE, KEY, base64.b64encode(f"{SITE}:{KEY}".encode()).decode(), "marker-value")


class Speaker:
    """Answer requests in HTTP/2.

    Attributes:
        headers: Those of each request, in order.
        bodies: The bodies of all requests so far, by stream.
    """

    def __init__(self) -> None:
        self.headers: list[dict[str, str]] = []
        self.bodies: dict[int, bytes] = {}

    def __call__(self, peer: Peer) -> None:
        """Serve a connection."""
        spoken: Any = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        )
        spoken.initiate_connection()
        peer.send(spoken.data_to_send())
        while data := peer.sock.recv(65_536):
            for event in spoken.receive_data(data):
                self._take(spoken, event)
            peer.send(spoken.data_to_send())

    def _take(self, spoken: Any, event: Any) -> None:
        if isinstance(event, h2.events.RequestReceived):
            self.headers.append({str(name): str(value) for name, value in event.headers})
        elif isinstance(event, h2.events.DataReceived):
            self.bodies[event.stream_id] = self.bodies.get(event.stream_id, b"") + event.data
            spoken.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            spoken.send_headers(event.stream_id, [(":status", "200"), ("content-length", "3")])
            spoken.send_data(event.stream_id, b"{}\n", end_stream=True)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Found an authority for the server."""
    return Authority(tmp_path)


def test_requests_share_a_connection(connect: Connect, authority: Authority) -> None:
    """Many requests, one after the other and at once, go over one connection in HTTP/2."""
    context = authority.server("127.0.0.1")
    context.set_alpn_protocols(["h2"])
    speaker = Speaker()
    with RawServer(speaker, context) as server:
        driver = connect(server.url, ca=str(authority.file), http2=True)
        assert driver.track().attempts == 1
        receipts = driver.at_once("track", [(f"user-{number}", "seen") for number in range(20)])
        assert all(isinstance(receipt, Receipt) for receipt in receipts), receipts
        driver.call("track", "user-1", "seen", {"text": "x" * 30_000})
        assert server.connections == 1
    assert len(speaker.headers) == 22
    assert {headers[":path"] for headers in speaker.headers} == {"/api/v2/entity"}
    assert len(max(speaker.bodies.values(), key=len)) > 30_000


def test_debug_logs_tell_no_secret(
    connect: Connect, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    """The packages under HTTP/2 log headers when they are asked to debug; the credentials are not among them."""
    caplog.set_level(logging.DEBUG)
    context = authority.server("127.0.0.1")
    context.set_alpn_protocols(["h2"])
    speaker = Speaker()
    with RawServer(speaker, context) as server:
        driver = connect(server.url, ca=str(authority.file), http2=True)
        driver.call("track", "user-1", "seen", {"secret": "marker-value"})
    assert speaker.headers[0]["authorization"].startswith("Basic ")
    assert [secret for secret in SECRETS if secret in caplog.text] == []
    assert "Encoded header block" not in caplog.text, "which has them all, in a coding that is no secret"
    assert "httpcore2.http2" in caplog.text


def test_a_server_without_http2_is_spoken_to_in_http1(connect: Connect, authority: Authority) -> None:
    """A server that does not offer HTTP/2 is spoken to as it can."""
    with RawServer(answer_each, authority.server("127.0.0.1")) as server:
        driver = connect(server.url, ca=str(authority.file), http2=True)
        assert driver.track().attempts == 1
        assert len(server.requests) == 1


def test_a_silent_server_is_given_up_at_the_deadline(connect: Connect, authority: Authority) -> None:
    """In HTTP/2, too, an attempt ends by its deadline."""
    context = authority.server("127.0.0.1")
    context.set_alpn_protocols(["h2"])
    with RawServer(lambda peer: peer.wait_for_hang_up(), context) as server:
        driver = connect(
            server.url, ca=str(authority.file), http2=True, timeout=0.3, retry=RetryPolicy(max_retries=0)
        )
        with pytest.raises(Exception, match=r"no answer within 0\.3 s"):
            driver.track()
