"""One attempt against servers that stall: it ends by its deadline, whatever the server does, and says what is known."""

import contextlib
import socket
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from ciokit import NoReplyError, RetryPolicy, ServiceUnavailable

from .authority import Authority
from .drivers import Connect, Driver
from .servers import OK, Peer, RawServer, Script, answer_each, black_hole, reply

HASTY = 0.3
"""Seconds for an attempt: the only time that these tests wait."""
ONCE = RetryPolicy(max_retries=0)


@contextlib.contextmanager
def unreachable(host: str = "127.0.0.1", port: int = 0) -> Generator[int]:
    """Listen on a port whose queue is full, so that connecting never ends."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with contextlib.ExitStack() as opened:
        listener = opened.enter_context(socket.socket(family))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(0)
        for _ in range(4):
            waiting = opened.enter_context(socket.socket(family))
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def fail(driver: Driver) -> NoReplyError:
    """Send an event that gets no answer."""
    with pytest.raises(NoReplyError) as caught:
        driver.track()
    return caught.value


def drip_headers(peer: Peer) -> None:
    """Answer with a header that takes minutes."""
    peer.read_request()
    peer.send(b"HTTP/1.1 200 OK\r\nX: ")
    peer.drip(b"x" * 10_000)
    peer.send(b"\r\nContent-Length: 3\r\n\r\n{}\n")


def drip_body(peer: Peer) -> None:
    """Answer with a body that takes minutes."""
    peer.read_request()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
    peer.drip(b"x" * 10_000)


def drip_chunks(peer: Peer) -> None:
    """Answer in chunks of a byte, for minutes."""
    peer.read_request()
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not peer.stopping.wait(0.02):
        peer.send(b"1\r\nx\r\n")


def drip_interim(peer: Peer) -> None:
    """Put the client off, again and again."""
    peer.read_request()
    while not peer.stopping.wait(0.02):
        peer.send(b"HTTP/1.1 102 Processing\r\n\r\n")


@pytest.mark.parametrize("script", [black_hole, drip_headers, drip_body, drip_chunks, drip_interim])
def test_an_answer_that_does_not_come_in_time(connect: Connect, script: Script) -> None:
    """A server that keeps an attempt waiting, silent or by the drop, is given up at the deadline."""
    with RawServer(script) as server:
        error = fail(connect(server.url, timeout=HASTY, retry=ONCE))
    assert error.may_have_arrived
    assert "no answer within 0.3 s" in str(error)
    assert len(server.requests) == 1


def test_the_deadline_is_that_of_each_attempt(connect: Connect) -> None:
    """A retry after a timeout has a deadline of its own, and may succeed."""

    def stall_once(peer: Peer) -> None:
        if peer.number == 0:
            black_hole(peer)
        else:
            answer_each(peer)

    with RawServer(stall_once) as server:
        assert connect(server.url, timeout=HASTY).track().attempts == 2


def test_a_connection_that_does_not_come_about_in_time(connect: Connect) -> None:
    """An address that does not answer is given up before the deadline, and the request never arrived."""
    with unreachable() as port:
        error = fail(connect(f"http://127.0.0.1:{port}", timeout=HASTY, retry=ONCE))
    assert not error.may_have_arrived
    assert "no connection within 0.3 s" in str(error)


def test_a_handshake_that_does_not_end_in_time(connect: Connect, tmp_path: Path) -> None:
    """A server that accepts and then does not speak TLS is given up, and the request never arrived."""
    context = Authority(tmp_path).trust()
    with RawServer(black_hole) as server:
        error = fail(connect(f"https://127.0.0.1:{server.port}", timeout=HASTY, retry=ONCE, ca=context))
    assert not error.may_have_arrived
    assert server.requests == []


@pytest.fixture
def two_addresses(monkeypatch: pytest.MonkeyPatch) -> str:
    """Give this machine a name with two addresses, as a name server would."""
    name, look_up = "two-addresses.invalid", socket.getaddrinfo

    def look_up_both(host: Any, *args: Any, **options: Any) -> Any:
        if host != name:
            return look_up(host, *args, **options)
        if options.get("flags"):
            raise socket.gaierror(socket.EAI_NONAME, "it is a name")
        return [
            found for address in ("127.0.0.2", "127.0.0.1") for found in look_up(address, *args, **options)
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up_both)
    monkeypatch.setenv("CIOKIT_ALLOW_HTTP", "1")
    return name


def test_a_handshake_after_an_address_that_does_not_answer(
    connect: Connect, tmp_path: Path, two_addresses: str
) -> None:
    """The time that one address took is not had again for the other's handshake: nothing was sent, and that is told."""
    context = Authority(tmp_path).trust()
    with RawServer(black_hole) as server, unreachable("127.0.0.2", server.port):
        error = fail(connect(f"https://{two_addresses}:{server.port}", timeout=HASTY, retry=ONCE, ca=context))
    assert not error.may_have_arrived
    assert server.connections == 1


def test_a_server_that_reads_too_slowly(connect: Connect) -> None:
    """A large request that the server takes in bit by bit is given up at the deadline, not when all of it is sent."""
    size = 80_000_000
    taken = 0

    def read_slowly(peer: Peer) -> None:
        nonlocal taken
        while (data := peer.sock.recv(65_536)) and not peer.stopping.wait(0.002):
            taken += len(data)

    with RawServer(read_slowly, receive_buffer=65_536) as server:
        slow = connect(server.url, timeout=HASTY)
        outcome = slow.call("attempt", "POST", "/api/v2/batch", b"x" * size)
        assert "within 0.3 s" in outcome.reason
        assert taken < size // 2


@pytest.mark.parametrize(
    "head", ["Content-Length: 1000000000", "Transfer-Encoding: chunked", "Connection: close"]
)
def test_an_endless_answer_is_cut(connect: Connect, head: str) -> None:
    """Of an answer without end a mebibyte is read; its status counts, and the connection is given up."""
    hung_up = threading.Event()
    piece = b"x" * 65_536
    if "chunked" in head:
        piece = b"10000\r\n%b\r\n" % piece

    def pour(peer: Peer) -> None:
        peer.read_request()
        if peer.number > 0:
            peer.send(OK)
            return
        peer.send(f"HTTP/1.1 500 Oops\r\n{head}\r\n\r\n".encode())
        try:
            while not peer.stopping.is_set():
                peer.send(piece)
        except OSError:
            hung_up.set()

    with RawServer(pour) as server:
        driver = connect(server.url, retry=ONCE)
        with pytest.raises(ServiceUnavailable):
            driver.track()
        assert hung_up.wait(10)
        assert driver.track().attempts == 1


def test_a_pool_that_is_full_is_told(connect: Connect) -> None:
    """When all connections are waiting for answers, a further request is given up and never arrived."""
    with RawServer(black_hole) as server:
        driver = connect(server.url, timeout=HASTY, retry=ONCE)
        errors = driver.at_once("track", [(f"user-{number}", "seen") for number in range(13)])
    arrived = [error.may_have_arrived for error in errors]
    assert (arrived.count(True), arrived.count(False)) == (10, 3)
    assert {str(error).rpartition(": ")[2] for error in errors if not error.may_have_arrived} == {
        "all connections are busy"
    }
    assert len(server.requests) == 10


def test_a_timeout_of_an_attempt_may_be_shorter_than_the_clients(connect: Connect) -> None:
    """Who makes attempts one by one can give each less time, but never more than the client has."""
    with RawServer(black_hole) as server:
        driver = connect(server.url, timeout=HASTY)
        for seconds in (0.1, 60.0):
            outcome = driver.call("attempt", "POST", "/api/v2/entity", b"{}", timeout=seconds)
            assert outcome.reason == f"no answer within {min(seconds, HASTY)} s"


def test_a_connection_that_was_given_up_is_not_used_again(connect: Connect) -> None:
    """A late answer to a request that was given up is never taken for the next one's."""
    late = threading.Event()

    def answer_late(peer: Peer) -> None:
        while (request := peer.read_request()) is not None:
            if peer.number == 0:
                late.wait(10)
            said = request.body.partition(b'"id":"')[2].partition(b'"')[0]
            peer.send(reply(b'{"errors":[{"message":"%b"}]}' % said, "400 Bad Request"))

    with RawServer(answer_late) as server:
        driver = connect(server.url, timeout=HASTY, retry=ONCE)
        fail(driver)
        late.set()
        with pytest.raises(Exception, match="user-2"):
            driver.track("user-2")
        assert server.connections == 2
