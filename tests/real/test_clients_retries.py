"""Both clients over a failing network: what is tried again, how often, how patiently, and what is not."""

import re
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from email.utils import formatdate
from typing import Any

import pytest

from ciokit import (
    DeliveryError,
    Email,
    NoReplyError,
    RateLimited,
    ReplyError,
    RetryPolicy,
    ServiceUnavailable,
    TrackClient,
)
from ciokit.delivery import MINUTE
from ciokit.errors import STATUS_PAGE
from ciokit.sandbox import Effect, FaultRule, World
from ciokit.sandbox.server import SandboxServer
from ciokit.testing import FakeClock, SandboxTransport

from .drivers import KEY, SITE, Connect, Driver, EventfulClock
from .servers import OK, Peer, RawServer, answer_each

EVENT: tuple[str, tuple[Any, ...]] = ("track", ("user-1", "seen"))
SAFE: list[tuple[str, tuple[Any, ...]]] = [
    EVENT,
    ("page", ("user-1", "/")),
    ("identify", ("user-1", {"plan": "pro"})),
    ("delete", ("user-1",)),
    ("suppress", ("user-1",)),
    ("unsuppress", ("user-1",)),
    ("merge", ("user-1", Email("a@example.com"))),
    ("delete_device", ("user-1", "token-1")),
    ("track_anonymous", ("anon-1", "seen")),
    ("unsubscribe", ("dgOq-1",)),
    ("account_region", ()),
]
UNSAFE: list[tuple[str, tuple[Any, ...]]] = [
    ("submit_form", ("contact", "user-1", {"topic": "sales"})),
    ("report_metric", ("dgOq-1", "opened")),
    ("report_push", ("dgOq-1", "opened", "token-1")),
    ("report_delivery", ("dgOq-1", "opened", "token-1")),
]


def names(cases: list[tuple[str, tuple[Any, ...]]]) -> list[str]:
    """Name cases by their verbs."""
    return [verb for verb, _ in cases]


def script(world: World, *effects: Effect | None) -> None:
    """Have the next requests go wrong, one after the other; None lets one pass."""
    world.faults.add(FaultRule(script=effects), now=0.0)


def always(world: World, effect: Effect) -> None:
    """Have every request go wrong."""
    world.faults.add(FaultRule(effect=effect), now=0.0)


def assert_within(waits: tuple[float, ...], *least: float, jitter: float = 0.3) -> None:
    """Check waits against the least of each; jitter may add its share."""
    assert len(waits) == len(least), waits
    for wait, low in zip(waits, least, strict=True):
        assert low <= wait <= low * (1 + jitter), waits


def closed_port() -> int:
    """Return a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 599])
def test_passing_statuses_are_tried_again(driver: Driver, world: World, status: int) -> None:
    """After two answers that may pass, the third attempt delivers, and the receipt and the server count three."""
    script(world, Effect(status=status), Effect(status=status))
    receipt = driver.track()
    assert receipt.attempts == 3
    assert [request.attempt for request in world.requests] == [0, 1, 2]
    assert_within(driver.clock.sleeps, 1.0, 2.0)
    assert receipt.elapsed == pytest.approx(sum(driver.clock.sleeps))


def test_the_first_attempt_has_no_retry_count(driver: Driver, world: World) -> None:
    """X-Retry-Count is sent with replays alone."""
    script(world, Effect(status=503))
    driver.track()
    assert ["x-retry-count" in request.headers for request in world.requests] == [False, True]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 422])
def test_final_statuses_are_not_tried_again(driver: Driver, world: World, status: int) -> None:
    """An answer that will be the same the next time ends the call at once."""
    always(world, Effect(status=status))
    with pytest.raises(ReplyError) as caught:
        driver.track()
    assert (caught.value.status, caught.value.attempts, caught.value.retryable) == (status, 1, False)
    assert len(world.requests) == 1
    assert driver.clock.sleeps == ()


@pytest.mark.parametrize(
    ("asked", "least"),
    [(7, 7.0), ("7", 7.0), (3600, 60.0), (0, 1.0), ("soon", 1.0), (None, 1.0)],
)
def test_retry_after_is_obeyed_within_bounds(
    driver: Driver, world: World, asked: int | str | None, least: float
) -> None:
    """The service's wish replaces the first wait; it is capped, never below the base, and nonsense is ignored."""
    script(world, Effect(status=429, retry_after=asked))
    assert driver.track().attempts == 2
    assert_within(driver.clock.sleeps, least)


def test_retry_after_as_a_date_counts_by_the_servers_clock(driver: Driver, world: World) -> None:
    """A date is read against the answer's own Date, not against the client's clock, which may be years off."""
    script(world, Effect(status=503, retry_after=formatdate(time.time() + 20, usegmt=True)))
    driver.track()
    (wait,) = driver.clock.sleeps
    assert 17 <= wait <= 20 * 1.3 + 1


def test_waits_follow_the_policy(connect: Connect, driver: Driver, world: World) -> None:
    """Waits double from the base to the cap, with the jitter that the policy allows."""
    patient = connect(
        driver.client.url,
        retry=RetryPolicy(max_retries=5, base_delay=0.5, max_delay=3.0, jitter=0.1, budget=60.0),
    )
    always(world, Effect(status=500))
    with pytest.raises(ServiceUnavailable):
        patient.track()
    assert_within(patient.clock.sleeps, 0.5, 1.0, 2.0, 3.0, 3.0, jitter=0.1)


def test_retries_are_logged_once_a_minute(
    driver: Driver, world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log names operation, cause and wait of a retry, and does not say the same again within the minute."""
    told: dict[object, object] = {}
    monkeypatch.setattr("ciokit.delivery._told", told)
    driver.clock.advance(MINUTE - driver.clock.monotonic() % MINUTE)
    script(world, *[Effect(status=503)] * 3, None, Effect(drop=True), None, Effect(status=503), None)
    driver.track()
    driver.track()
    driver.clock.advance(MINUTE)
    driver.track()
    said = [(record.name, record.levelname, record.getMessage()) for record in caplog.records]
    assert [name for name, level, _ in said if level == "WARNING"] == ["ciokit.client"] * 3
    for (_, _, words), cause in zip(
        said, ["status 503", "no answer: the connection .*", "status 503"], strict=True
    ):
        assert re.fullmatch(
            rf"event: attempt 1 failed \({cause}\); sent again in 1\.\d s \(said once a minute\)", words
        )
    assert list(told) == [("event", "status 503", driver.clock.monotonic() // MINUTE)]


def test_a_program_without_a_log_says_nothing_of_retries(sandbox: SandboxServer, world: World) -> None:
    """Where nobody has set up logging, a retry leaves stderr as it was."""
    script(world, Effect(status=503))
    code = (
        "import ciokit, sys; retry = ciokit.RetryPolicy(base_delay=0.01)\n"
        "client = ciokit.TrackClient(*sys.argv[1:3], base_url=sys.argv[3], retry=retry)\n"
        "print(client.track('user-1', 'seen').attempts)"
    )
    asked = [sys.executable, "-c", code, SITE, KEY, sandbox.url]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "2\n", "")


def test_retries_can_be_turned_off(connect: Connect, driver: Driver, world: World) -> None:
    """With no retries a call is one attempt, and its error says so."""
    always(world, Effect(status=503))
    once = connect(driver.client.url, retry=RetryPolicy(max_retries=0))
    with pytest.raises(ServiceUnavailable, match="at the first attempt"):
        once.track()
    assert len(world.requests) == 1


def test_the_budget_ends_retries(connect: Connect, driver: Driver, world: World) -> None:
    """No retry starts after the budget, however many are left."""
    always(world, Effect(status=503))
    short = connect(driver.client.url, retry=RetryPolicy(max_retries=None, jitter=0.0, budget=10.0))
    with pytest.raises(ServiceUnavailable) as caught:
        short.track()
    assert short.clock.sleeps == (1.0, 2.0, 4.0)
    assert (caught.value.attempts, caught.value.elapsed) == (4, 7.0)


@pytest.mark.parametrize(("status", "kind"), [(429, RateLimited), (503, ServiceUnavailable)])
def test_exhausted_retries_say_what_was_tried(
    driver: Driver, world: World, status: int, kind: type[ReplyError]
) -> None:
    """The last error has the true number of attempts and the time they took, in facts and in words."""
    always(world, Effect(status=status))
    with pytest.raises(kind) as caught:
        driver.track()
    error = caught.value
    assert (error.attempts, error.status, error.kind, error.retryable) == (4, status, "event", True)
    assert error.id is not None
    assert error.elapsed == pytest.approx(sum(driver.clock.sleeps))
    assert f"after 4 attempts in {error.elapsed:.1f} s" in str(error)
    assert [request.attempt for request in world.requests] == [0, 1, 2, 3]


def test_exhausted_retries_point_to_the_status_page() -> None:
    """At the vendor's own hosts an outage points to the vendor's status page."""
    world = World()
    always(world, Effect(status=503))
    client = TrackClient("site", "key", transport=SandboxTransport(world), clock=FakeClock())
    with pytest.raises(ServiceUnavailable, match=STATUS_PAGE):
        client.track("user-1", "seen")


@pytest.mark.parametrize(("verb", "args"), SAFE, ids=names(SAFE))
def test_what_is_safe_is_replayed_after_a_lost_answer(
    driver: Driver, world: World, verb: str, args: tuple[Any, ...]
) -> None:
    """When the answer is lost after the request was processed, what does no harm twice is sent again, the same."""
    script(world, Effect(drop=True, after_processing=True))
    driver.call(verb, *args)
    first, second = world.requests
    assert (first.path, first.body) == (second.path, second.body)
    assert second.attempt == 1


def test_a_replayed_event_is_collapsed_by_its_ulid(driver: Driver, world: World) -> None:
    """The vendor discards the replay of an event that it had processed, for the ULID is the same."""
    script(world, Effect(drop=True, after_processing=True))
    receipt = driver.track()
    (event,) = world.events()
    assert (event.id, event.duplicates, event.attempts) == (receipt.id, 1, (0, 1))


@pytest.mark.parametrize(("verb", "args"), UNSAFE, ids=names(UNSAFE))
def test_what_is_unsafe_is_not_replayed_after_a_lost_answer(
    driver: Driver, world: World, verb: str, args: tuple[Any, ...]
) -> None:
    """What would count twice is sent once, and the error says that it may have arrived."""
    script(world, Effect(drop=True, after_processing=True))
    with pytest.raises(NoReplyError, match="may have arrived") as caught:
        driver.call(verb, *args)
    assert (caught.value.may_have_arrived, caught.value.retryable, caught.value.attempts) == (True, False, 1)
    assert len(world.requests) == 1
    assert driver.clock.sleeps == ()


@pytest.mark.parametrize("status", [408, 500, 503])
@pytest.mark.parametrize(("verb", "args"), UNSAFE, ids=names(UNSAFE))
def test_what_is_unsafe_is_not_replayed_after_a_failure(
    driver: Driver, world: World, verb: str, args: tuple[Any, ...], status: int
) -> None:
    """A server's failure may come after the work was done, so what would count twice is not sent again."""
    script(world, Effect(status=status))
    with pytest.raises(ServiceUnavailable, match="not sent again: it may have arrived") as caught:
        driver.call(verb, *args)
    assert caught.value.retryable is False
    assert len(world.requests) == 1


@pytest.mark.parametrize(("verb", "args"), [EVENT, *UNSAFE], ids=names([EVENT, *UNSAFE]))
def test_everything_is_replayed_when_turned_away(
    driver: Driver, world: World, verb: str, args: tuple[Any, ...]
) -> None:
    """A 429 was not processed, so everything is sent again after it."""
    script(world, Effect(status=429))
    assert driver.call(verb, *args).attempts == 2


@pytest.mark.parametrize(("verb", "args"), [EVENT, *UNSAFE], ids=names([EVENT, *UNSAFE]))
def test_everything_is_retried_when_nobody_listens(
    connect: Connect, verb: str, args: tuple[Any, ...]
) -> None:
    """What never arrived is sent again whatever it is, and the error says that it never arrived."""
    driver = connect(f"http://127.0.0.1:{closed_port()}")
    with pytest.raises(NoReplyError, match="refused") as caught:
        driver.call(verb, *args)
    error = caught.value
    assert (error.attempts, error.may_have_arrived, error.retryable) == (4, False, True)
    assert_within(driver.clock.sleeps, 1.0, 2.0, 4.0)


def test_an_outage_that_ends_is_survived(connect: Connect) -> None:
    """A server that comes up while the client waits gets the request."""
    port = closed_port()
    with ExitStack() as running:
        clock = EventfulClock(lambda: None, lambda: running.enter_context(RawServer(answer_each, port=port)))
        assert connect(f"http://127.0.0.1:{port}", clock=clock).track().attempts == 3


def test_an_attempt_that_may_have_arrived_is_not_forgotten(connect: Connect) -> None:
    """When the first attempt may have arrived and the later ones did not, the error says that it may have arrived."""

    def take_and_hang_up(peer: Peer) -> None:
        peer.read_request()

    with RawServer(take_and_hang_up) as server:
        driver = connect(server.url, clock=EventfulClock(server.stop_listening))
        with pytest.raises(NoReplyError) as caught:
            driver.track()
    assert len(server.requests) == 1
    assert (caught.value.attempts, caught.value.may_have_arrived) == (4, True)


def test_a_connection_dropped_before_the_request_was_read(connect: Connect) -> None:
    """A server that hangs up at once is tried again, on a connection of its own."""

    def hang_up_once(peer: Peer) -> None:
        if peer.number > 0:
            answer_each(peer)

    with RawServer(hang_up_once) as server:
        driver = connect(server.url)
        assert driver.track().attempts == 2
    assert [request.connection for request in server.requests] == [1]


@pytest.mark.parametrize(
    "junk",
    [
        b"\x00\xff\xfe garbage\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 40_000,
    ],
    ids=["binary", "ssh", "status", "length", "short", "chunk", "long header", "many headers"],
)
def test_what_is_no_http_counts_as_no_answer(connect: Connect, junk: bytes) -> None:
    """An answer that cannot be read is a lost answer: tried again where that does no harm."""

    def talk_nonsense_once(peer: Peer) -> None:
        peer.read_request()
        peer.send(junk if peer.number == 0 else OK)

    with RawServer(talk_nonsense_once) as server:
        driver = connect(server.url)
        assert driver.track().attempts == 2
        assert len({request.body for request in server.requests}) == 1


def test_a_garbled_body_does_not_hide_the_status(driver: Driver, world: World) -> None:
    """A 503 with a body that is no JSON is a 503."""
    script(world, Effect(status=503, garbage=True))
    assert driver.track().attempts == 2


def test_interim_answers_are_passed_over(connect: Connect) -> None:
    """Answers of the 1xx kind before the real one do not confuse the client."""

    def hint_first(peer: Peer) -> None:
        while peer.read_request() is not None:
            peer.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK)

    with RawServer(hint_first) as server:
        driver = connect(server.url)
        assert [driver.track().attempts for _ in range(3)] == [1, 1, 1]
        assert server.connections == 1


def test_http_1_0_closes_after_each_answer(connect: Connect) -> None:
    """A server of HTTP/1.0 that closes after its answer is served by a new connection each time."""

    def answer_and_close(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.0 200 OK\r\n\r\n{}\n")

    with RawServer(answer_and_close) as server:
        driver = connect(server.url)
        assert [driver.track().attempts for _ in range(3)] == [1, 1, 1]
        assert server.connections == 3


def test_a_final_refusal_keeps_the_services_words(driver: Driver, world: World) -> None:
    """What the service says of a refusal is in the error, with the field that it names."""
    body = '{"errors":[{"reason":"invalid","field":"attributes.plan","message":"too long"}]}'
    always(world, Effect(status=400, body=body))
    with pytest.raises(DeliveryError) as caught:
        driver.track()
    assert "attributes.plan: invalid: too long" in str(caught.value)


def test_a_good_status_that_refuses_is_an_error(driver: Driver, world: World) -> None:
    """A 200 that lists errors refuses a single operation, and says so."""
    always(world, Effect(status=200, body='{"errors":[{"reason":"invalid","field":"name","message":"no"}]}'))
    with pytest.raises(ReplyError, match="name: invalid: no"):
        driver.track()
    assert len(world.requests) == 1
