"""The load generator of the benchmarks: every request goes out whole, and a wrong answer is an error."""

import pytest
from benchmarks.loader import drive, framed

from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer

from .servers import Peer, RawServer, answer_each, reply


def event(number: int, size: int = 0) -> bytes:
    """Build an operation of the Track API."""
    return (
        b'{"type":"person","action":"event","identifiers":{"id":"user-%d"},"name":"seen","attributes":{"a":"%b"}}'
        % (number % 7, b"x" * size)
    )


def test_every_request_arrives_once() -> None:
    """What the sandbox counts is what was sent, over a few connections."""
    with SandboxServer(World()) as server:
        seconds = drive(server.port, (framed("/api/v2/entity", event(n)) for n in range(100)), 4)
        stats = server.world.stats()
    assert seconds > 0
    assert (stats["requests"], stats["events"], stats["people"], stats["rejected"]) == (100, 100, 7, 0)


def test_a_large_body_goes_out_whole() -> None:
    """A body that fits into no buffer is sent in parts, whole and in order."""
    body = b'{"batch":[%b]}' % b",".join(event(n, 1_000) for n in range(400))
    with RawServer(answer_each, receive_buffer=4096) as server:
        drive(server.port, [framed("/api/v2/batch", body)] * 3, 2)
        assert [request.body for request in server.requests] == [body] * 3
        assert server.connections == 2


@pytest.mark.parametrize("answer", [reply(status="503 Service Unavailable"), b""])
def test_a_wrong_answer_is_an_error(answer: bytes) -> None:
    """Figures of a server that refuses, or hangs up, are none."""

    def refuse(peer: Peer) -> None:
        peer.read_request()
        peer.send(answer)

    with RawServer(refuse) as server, pytest.raises(AssertionError, match=r"503|hung up"):
        drive(server.port, [framed("/", b"{}")], 1)
