"""The sync client amid what programs do to it: signals, being forgotten, being asked from inside another call."""

import gc
import itertools
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest

from ciokit import NoReplyError, Outbox, RetryPolicy, TrackClient

from .drivers import KEY, SITE
from .servers import OK, Peer, RawServer, answer_each, free_port

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="this system has no SIGUSR1")


def make(url: str, **options: Any) -> TrackClient:
    """Make a client."""
    return TrackClient(SITE, KEY, base_url=url, **options)


class Stall:
    """Keep the first request waiting, by a drop now and then, and answer all others.

    Attributes:
        asked: Set when the first request has come.
        hung_up: Set when the client has closed the connection that it came by.
    """

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.hung_up = threading.Event()

    def __call__(self, peer: Peer) -> None:
        """Serve a connection."""
        if peer.number > 0:
            answer_each(peer)
            return
        peer.read_request()
        self.asked.set()
        try:
            peer.send(b"HTTP/1.1 200 OK\r\nX: ")
            peer.drip(b"x" * 10_000)
        finally:
            self.hung_up.set()

    def then_signal(self) -> threading.Thread:
        """Start to wait for the first request, and signal this process when it has come."""

        def send_signal() -> None:
            self.asked.wait(10)
            os.kill(os.getpid(), signal.SIGUSR1)

        thread = threading.Thread(target=send_signal)
        thread.start()
        return thread


class SoftTimeLimitExceeded(Exception):  # noqa: N818 - as Celery has it
    """What a worker's own time limit raises out of whatever is running."""


@pytest.fixture
def on_signal() -> Iterator[list[Any]]:
    """Have a signal do what the list says, and restore what it did before."""
    doing: list[Any] = []

    def handle(_signal: int, _frame: FrameType | None) -> None:
        doing[0]()

    before = signal.signal(signal.SIGUSR1, handle)
    yield doing
    signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SoftTimeLimitExceeded, TimeoutError, OSError])
def test_an_error_out_of_a_signal_comes_through(on_signal: list[Any], kind: type[BaseException]) -> None:
    """What a signal raises amid a call comes out as it is, the connection is closed and the client goes on."""

    def fail() -> None:
        raise kind

    on_signal.append(fail)
    stall = Stall()
    with RawServer(stall) as server:
        client = make(server.url)
        sender = stall.then_signal()
        with pytest.raises(kind):
            client.track("user-1", "seen")
        sender.join(10)
        assert stall.hung_up.wait(10)
        assert client.track("user-2", "seen").attempts == 1
        client.close()


def test_the_networks_error_amid_an_alarms_is_the_networks() -> None:
    """An error that a handler raised before, and that is being handled, does not make later ones its own."""

    def alarm(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGUSR1, alarm)
    try:
        client = make(f"http://127.0.0.1:{free_port()}", retry=RetryPolicy(max_retries=0))
        try:
            os.kill(os.getpid(), signal.SIGUSR1)
        except TimeoutError:
            with pytest.raises(NoReplyError, match="Connection refused"):
                client.track("user-1", "seen")
        else:
            pytest.fail("the alarm did not come through")
        client.close()
    finally:
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize("kind", [SoftTimeLimitExceeded, TimeoutError])
def test_an_error_out_of_a_signal_ends_a_flush(on_signal: list[Any], kind: type[Exception]) -> None:
    """An application that sends in its own thread gets its own error out of a flush, and the entry is kept."""

    def fail() -> None:
        raise kind

    on_signal.append(fail)
    stall = Stall()
    with RawServer(stall) as server:
        client = make(server.url)
        outbox = Outbox(client, senders=0)
        outbox.track("user-1", "seen")
        sender = stall.then_signal()
        with pytest.raises(kind):
            outbox.flush(10)
        sender.join(10)
        assert outbox.stats().pending == 1
        assert outbox.flush(10)
        assert outbox.stats().delivered == 1
        outbox.close()
        client.close()


def test_a_call_amid_a_call(on_signal: list[Any]) -> None:
    """A signal's handler may call the client that it interrupts; the interrupted call keeps its own deadline."""
    stall = Stall()
    with RawServer(stall) as server:
        client = make(server.url, timeout=0.5, retry=RetryPolicy(max_retries=0))
        on_signal.append(lambda: client.track("user-2", "seen"))
        sender = stall.then_signal()
        with pytest.raises(Exception, match=r"no answer within 0\.5 s"):
            client.track("user-1", "seen")
        sender.join(10)
        assert len(server.requests) == 2
        client.close()


def test_a_forgotten_client_hangs_up() -> None:
    """A client that nobody holds any more closes its connections, without a warning."""
    hung_up = threading.Event()

    def notice(peer: Peer) -> None:
        while peer.read_request() is not None:
            peer.send(OK)
        hung_up.set()

    with RawServer(notice) as server:
        client = make(server.url)
        client.track("user-1", "seen")
        del client
        gc.collect()
        assert hung_up.wait(10)


# The connections that it had are left to the garbage collector, which may find the socket before its owner.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_an_error_at_any_line_leaves_a_client_that_works() -> None:
    """Wherever in the HTTP library a signal's handler raises, each place among the connections is free afterwards."""
    lines = 0

    def step(frame: FrameType, event: str, _: object) -> Any:
        nonlocal lines
        # Where it opens a socket, one that nobody has yet is left to the garbage collector, with a warning.
        inside = "httpcore2" in frame.f_code.co_filename and "_backends" not in frame.f_code.co_filename
        if inside and event == "line":
            lines -= 1
            if lines == 0:
                raise SoftTimeLimitExceeded
        return step

    with RawServer(answer_each) as server:
        client = make(server.url, timeout=5.0, retry=RetryPolicy(max_retries=0))
        traced, interrupted = sys.gettrace(), 0
        for number in itertools.count(1):
            lines = number
            sys.settrace(step)
            try:
                client.track("user-1", "seen")
            except SoftTimeLimitExceeded:
                interrupted += 1
            finally:
                sys.settrace(traced)
            if lines > 0:
                break
            if number % 10 == 0:
                assert client.track("user-2", "seen").attempts == 1
        assert interrupted > 100
        client.close()
    del client
    gc.collect()
