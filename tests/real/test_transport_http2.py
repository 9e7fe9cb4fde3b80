"""Both clients over HTTP/2, where the package h2 is installed: connections that are shared and given up, and silent logs."""

import asyncio
import base64
import logging
import math
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from ciokit import Receipt, RetryPolicy
from ciokit.verdict import NoReply, Reply

from .authority import Authority
from .drivers import KEY, SITE, AsyncDriver, Connect
from .servers import Peer, RawServer, Script, answer_each

pytest.importorskip("h2", reason="the package h2 is not installed")

import h2.config
import h2.connection
import h2.events

SECRETS = (SITE, KEY, base64.b64encode(f"{SITE}:{KEY}".encode()).decode(), "marker-value")


Answered: TypeAlias = Callable[[Peer, str], bool]
"""Whether a request gets an answer, from its connection and its path; it may wait."""


class Speaker:
    """Answer requests in HTTP/2.

    Args:
        answered: Which get an answer; the others never do.
        most: Answers after which a connection is closed.

    Attributes:
        headers: Those of each request, in order.
        bodies: The body of each request so far, by its connection and its stream.
    """

    def __init__(self, answered: Answered = lambda _peer, _path: True, *, most: float = math.inf) -> None:
        self.headers: list[dict[str, str]] = []
        self.bodies: dict[tuple[int, int], bytes] = {}
        self._answered = answered
        self._left: dict[int, float] = {}
        self._most = most
        self._paths: dict[tuple[int, int], str] = {}

    def __call__(self, peer: Peer) -> None:
        """Serve a connection."""
        spoken: Any = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        )
        spoken.initiate_connection()
        peer.send(spoken.data_to_send())
        self._left[peer.number] = self._most
        while self._left[peer.number] and (data := peer.sock.recv(65_536)):
            for event in spoken.receive_data(data):
                self._take(peer, spoken, event)
            peer.send(spoken.data_to_send())

    def _take(self, peer: Peer, spoken: Any, event: Any) -> None:
        where = (peer.number, getattr(event, "stream_id", 0))
        if isinstance(event, h2.events.RequestReceived):
            self.headers.append({str(name): str(value) for name, value in event.headers})
            self._paths[where] = self.headers[-1][":path"]
        elif isinstance(event, h2.events.DataReceived):
            self.bodies[where] = self.bodies.get(where, b"") + event.data
            spoken.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded) and self._answered(peer, self._paths[where]):
            spoken.send_headers(event.stream_id, [(":status", "200"), ("content-length", "3")])
            spoken.send_data(event.stream_id, b"{}\n", end_stream=True)
            self._left[peer.number] -= 1


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Found an authority for the server."""
    return Authority(tmp_path)


def speaking(authority: Authority, speaker: Script) -> RawServer:
    """Make a server of HTTP/2."""
    context = authority.server("127.0.0.1")
    context.set_alpn_protocols(["h2"])
    return RawServer(speaker, context)


def test_a_connection_is_kept(connect: Connect, authority: Authority) -> None:
    """Requests one after the other go over one connection in HTTP/2."""
    speaker = Speaker()
    with speaking(authority, speaker) as server:
        driver = connect(server.url, ca=str(authority.file), http2=True)
        assert [driver.track().attempts for _ in range(3)] == [1, 1, 1]
        driver.call("track", "user-1", "seen", {"text": "x" * 30_000})
        assert server.connections == 1
    assert {headers[":path"] for headers in speaker.headers} == {"/api/v2/entity"}
    assert len(max(speaker.bodies.values(), key=len)) > 30_000


@pytest.mark.parametrize("verb", ["track", "submit_form"])
def test_a_connection_closed_while_idle_is_replaced(
    connect: Connect, authority: Authority, verb: str
) -> None:
    """A connection that the server closed in the meantime costs no attempt, safe to repeat or not."""
    closed = threading.Semaphore(0)
    speaker = Speaker(most=1)

    def answer_once(peer: Peer) -> None:
        speaker(peer)
        peer.sock.shutdown(socket.SHUT_RDWR)
        closed.release()

    with speaking(authority, answer_once) as server:
        driver = connect(server.url, ca=str(authority.file), http2=True)
        for _ in range(4):
            assert driver.call(verb, "one", "two").attempts == 1
            assert closed.acquire(timeout=10)
        assert (server.connections, len(speaker.headers)) == (4, 4)


def test_requests_at_once(connect: Connect, authority: Authority) -> None:
    """Tasks share one connection; threads, where one's timeout would be everybody's, have up to ten."""
    speaker = Speaker()
    with speaking(authority, speaker) as server:
        driver = connect(server.url, ca=str(authority.file), http2=True)
        receipts = driver.at_once("track", [(f"user-{number}", "seen") for number in range(20)])
        assert all(isinstance(receipt, Receipt) for receipt in receipts), receipts
        assert server.connections <= (1 if hasattr(driver.client, "aclose") else 10)
    assert len(speaker.headers) == 20


def test_a_late_request_fails_alone(connect: Connect, authority: Authority) -> None:
    """A request that is given up does not take along the others that are under way at the same time."""
    given_up = threading.Event()
    speaker = Speaker(lambda _peer, path: path != "/late" and (path != "/slow" or given_up.wait(10)))
    with speaking(authority, speaker) as server:
        driver = connect(server.url, ca=str(authority.file), http2=True)
        driver.track()

        def late() -> Any:
            outcome = driver.client.attempt("GET", "/late", b"", timeout=0.3)
            given_up.set()
            return outcome

        async def both() -> list[Any]:
            slow = asyncio.create_task(driver.client.attempt("GET", "/slow", b""))
            outcome = await driver.client.attempt("GET", "/late", b"", timeout=0.3)
            given_up.set()
            return [await slow, outcome]

        if isinstance(driver, AsyncDriver):
            slow, outcome = driver.runner.run(both())
        else:
            with ThreadPoolExecutor(2) as threads:
                slow_one = threads.submit(driver.client.attempt, "GET", "/slow", b"")
                outcome, slow = threads.submit(late).result(), slow_one.result()
    assert isinstance(outcome, NoReply)
    assert isinstance(slow, Reply), slow


def test_a_silent_connection_is_not_used_again(connect: Connect, authority: Authority) -> None:
    """After requests that got no answer, however many, others go over new connections."""
    speaker = Speaker(lambda peer, _path: peer.number > 11)
    with speaking(authority, speaker) as server:
        driver = connect(
            server.url, ca=str(authority.file), http2=True, timeout=5, retry=RetryPolicy(max_retries=0)
        )
        for _ in range(12):
            assert isinstance(driver.call("attempt", "GET", "/", b"", timeout=0.2), NoReply)
        assert driver.track().attempts == 1
        assert server.connections == 13


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
