"""An application's own httpx2 transport under both clients: driven, closed, and understood in its failures."""

from typing import Any

import httpx2
import pytest

from ciokit import NoReplyError, RetryPolicy, SettingsError
from ciokit.sandbox import Effect, FaultRule, World
from ciokit.testing import FakeClock, SandboxTransport

from .drivers import Connect
from .servers import RawServer, answer_each


class Failing(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Raise an error for each request.

    Attributes:
        closed: How often it was closed.
    """

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.closed = 0

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Fail."""
        raise self.error

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Fail."""
        raise self.error

    def close(self) -> None:
        """Count."""
        self.closed += 1

    async def aclose(self) -> None:
        """Count."""
        self.closed += 1


def test_the_sandbox_in_this_process(connect: Connect) -> None:
    """A client on the in-process sandbox works without a socket, retries included."""
    world = World()
    world.faults.add(
        FaultRule(script=(Effect(status=503), Effect(drop=True, after_processing=True))), now=0.0
    )
    driver = connect("http://127.0.0.1:9", transport=SandboxTransport(world))
    receipt = driver.track()
    assert receipt.attempts == 3
    assert [(event.id, event.duplicates) for event in world.events()] == [(receipt.id, 1)]


def test_a_delay_beyond_the_timeout(connect: Connect) -> None:
    """A delay of the in-process sandbox that is longer than the timeout is a lost answer."""
    world = World()
    world.faults.add(FaultRule(effect=Effect(delay=60.0)), now=0.0)
    driver = connect(
        "http://127.0.0.1:9",
        transport=SandboxTransport(world, clock=FakeClock()),
        retry=RetryPolicy(max_retries=0),
    )
    with pytest.raises(NoReplyError, match="no answer within 10 s") as caught:
        driver.track()
    assert caught.value.may_have_arrived


def test_httpx2s_own_transports_work(connect: Connect) -> None:
    """The transports that httpx2 brings can be given; the one of the other kind is refused by name."""
    is_async = hasattr(connect("http://127.0.0.1:9").client, "aclose")
    kinds: list[type[Any]] = [httpx2.HTTPTransport, httpx2.AsyncHTTPTransport]
    right, wrong = reversed(kinds) if is_async else kinds
    with pytest.raises(SettingsError, match=f"transport must be a .*, got {wrong.__name__}"):
        connect("http://127.0.0.1:9", transport=wrong())
    lasting = httpx2.Limits(keepalive_expiry=None)  # else it connects anew after a pause of five seconds
    with RawServer(answer_each) as server:
        driver = connect(server.url, transport=right(limits=lasting))
        assert [driver.track().attempts for _ in range(2)] == [1, 1]
        driver.close()
    assert (len(server.requests), server.connections) == (2, 1)


ERRORS: list[tuple[Exception, str, bool, bool]] = [
    (httpx2.ConnectError("x"), "no connection", False, True),
    (httpx2.ConnectTimeout("x"), "no connection within 10 s", False, True),
    (httpx2.PoolTimeout("x"), "all connections are busy", False, True),
    (httpx2.ReadTimeout("x"), "no answer within 10 s", True, True),
    (httpx2.WriteTimeout("x"), "could not send within 10 s", True, True),
    (httpx2.ReadError("x"), "the connection broke while waiting for the answer", True, True),
    (httpx2.WriteError("x"), "the connection broke while sending", True, True),
    (httpx2.CloseError("x"), "the connection failed", True, True),
    (httpx2.RemoteProtocolError("x"), "the connection was closed", True, True),
    (httpx2.LocalProtocolError("x"), "it cannot be sent", False, False),
    (httpx2.UnsupportedProtocol("x"), "it cannot be sent", False, False),
    (httpx2.ProxyError("403 x"), r"the proxy refused \(403\)", False, False),
    (httpx2.ProxyError("x"), "the proxy refused", False, True),
]


@pytest.mark.parametrize(
    ("error", "words", "arrived", "passing"), ERRORS, ids=[type(error).__name__ for error, *_ in ERRORS]
)
def test_its_failures_are_understood(
    connect: Connect, error: Exception, words: str, arrived: bool, passing: bool
) -> None:
    """What such a transport raises counts as it would from ciokit's own connections."""
    driver = connect("http://127.0.0.1:9", transport=Failing(error))
    with pytest.raises(NoReplyError, match=words) as caught:
        driver.track()
    assert (caught.value.may_have_arrived, caught.value.retryable) == (arrived, passing)
    assert caught.value.attempts == (4 if passing else 1)


@pytest.mark.parametrize(
    "error", [RuntimeError("a defect"), ValueError("a defect"), FileNotFoundError("a file")]
)
def test_its_defects_come_out(connect: Connect, error: Exception) -> None:
    """An error that is none of the network's comes out as it is, at once."""
    driver = connect("http://127.0.0.1:9", transport=Failing(error))
    with pytest.raises(type(error), match="a "):
        driver.track()
    assert driver.clock.sleeps == ()


def test_it_is_closed_with_the_client(connect: Connect) -> None:
    """Closing the client closes the transport that it was given."""
    transport: Any = Failing(RuntimeError())
    driver = connect("http://127.0.0.1:9", transport=transport)
    driver.close()
    assert transport.closed == 1
