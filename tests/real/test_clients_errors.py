"""What both clients say when something fails for good, what they never say, and where they never go."""

import base64
import logging
import pickle
import ssl
import traceback
from typing import Any

import pytest

from ciokit import (
    BatchError,
    ClientClosed,
    DeliveryError,
    InvalidData,
    NoReplyError,
    ReplyError,
    RetryPolicy,
    ServiceUnavailable,
    SettingsError,
    Track,
    Unauthorized,
    WrongRegion,
)
from ciokit.sandbox import Effect, FaultRule, World

from .drivers import KEY, SITE, Connect, Driver, EventfulClock
from .servers import OK, Peer, RawServer, answer_each, black_hole, free_port, reply

VALUE = "marker-value-e5b8"
PERSON = "marker-person-40d1"
SECRETS = (SITE, KEY, base64.b64encode(f"{SITE}:{KEY}".encode()).decode(), VALUE)


def always(world: World, effect: Effect) -> None:
    """Have every request go wrong."""
    world.faults.add(FaultRule(effect=effect), now=0.0)


def told(error: BaseException) -> str:
    """Return everything that an error says to whoever prints, logs or pickles it, with all that led to it."""
    parts = [str(error), repr(error), repr(error.__dict__), "".join(traceback.format_exception(error))]
    parts.append(pickle.dumps(error).decode("latin-1"))
    for other in (error.__cause__, error.__context__):
        if other is not None:
            parts += [str(other), repr(other), repr(other.__dict__)]
    return "\n".join(parts)


def assert_silent(text: str) -> None:
    """Check that a text has no key and no value in it."""
    assert [secret for secret in SECRETS if secret in text] == []


def test_refused_credentials_name_the_settings_and_the_other_region(
    connect: Connect, driver: Driver, world: World
) -> None:
    """A 401 says which settings to look at, and how an account in the other region is reached."""
    with pytest.raises(Unauthorized) as caught:
        connect(driver.client.url, api_key="another").track()
    for name in ("CUSTOMERIO_SITE_ID", "CUSTOMERIO_TRACK_API_KEY", "region us", "CUSTOMERIO_REGION=eu"):
        assert name in str(caught.value)
    assert caught.value.status == 401
    with pytest.raises(Unauthorized, match="CUSTOMERIO_REGION=us"):
        connect(driver.client.url, api_key="another", region="eu").track()


def test_forbidden_is_told_with_the_services_words(driver: Driver, world: World) -> None:
    """A 403 is told as refused credentials, with what the service says of it."""
    always(world, Effect(status=403, body='{"meta":{"error":"workspace is paused"}}'))
    with pytest.raises(Unauthorized, match="workspace is paused") as caught:
        driver.track()
    assert caught.value.status == 403


def test_the_other_region_is_told_and_not_gone_to(driver: Driver, world: World) -> None:
    """A redirect to the vendor's other region is told as that, and no second request goes anywhere."""
    always(world, Effect(redirect="eu"))
    with pytest.raises(WrongRegion, match="CUSTOMERIO_REGION=eu") as caught:
        driver.track()
    assert caught.value.attempts == 1
    assert len(world.requests) == 1


@pytest.mark.parametrize(
    "status", ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temp", "308 Perm"]
)
def test_redirects_are_never_followed(connect: Connect, status: str) -> None:
    """A redirect to another host is an error that names the host; nobody there is spoken to."""
    with RawServer(answer_each) as other:

        def redirect(peer: Peer) -> None:
            while peer.read_request() is not None:
                peer.send(reply(b"", status, f"Location: {other.url}/api/v2/entity?x={VALUE}"))

        with RawServer(redirect) as server:
            with pytest.raises(ReplyError, match=r"redirect to 127\.0\.0\.1 is not followed") as caught:
                connect(server.url).call("track", "user-1", "seen")
            assert len(server.requests) == 1
    assert other.connections == 0
    assert_silent(told(caught.value))


def test_a_redirect_on_the_same_host_is_not_followed_either(connect: Connect) -> None:
    """Even a redirect to another path of the same host is told instead of followed."""

    def redirect(peer: Peer) -> None:
        while peer.read_request() is not None:
            peer.send(reply(b"", "302 Found", "Location: /elsewhere"))

    with RawServer(redirect) as server:
        with pytest.raises(ReplyError, match="redirect"):
            connect(server.url).track()
        assert [request.target for request in server.requests] == ["/api/v2/entity"]


FAILURES: dict[str, Effect] = {
    "refused": Effect(status=400),
    "unauthorized": Effect(status=401),
    "wrong region": Effect(redirect="eu"),
    "rate limited": Effect(status=429),
    "unavailable": Effect(status=503),
    "dropped": Effect(drop=True),
    "garbage": Effect(status=500, garbage=True),
}


@pytest.mark.parametrize("effect", FAILURES.values(), ids=FAILURES)
def test_no_error_and_no_log_tells_a_secret(
    driver: Driver, world: World, caplog: pytest.LogCaptureFixture, effect: Effect
) -> None:
    """No failure shows a key, a body or a value: not as text, repr, pickle or traceback, nor in any debug log."""
    caplog.set_level(logging.DEBUG)
    always(world, effect)
    for verb, args in (
        ("track", (PERSON, "seen", {"secret": VALUE})),
        ("identify", (PERSON, {"secret": VALUE})),
        ("submit_form", ("contact", PERSON, {"secret": VALUE})),
        ("batch", ([Track(PERSON, "seen", {"secret": VALUE})],)),
    ):
        with pytest.raises(DeliveryError) as caught:
            driver.call(verb, *args)
        assert_silent(told(caught.value))
    assert VALUE.encode() in (world.requests[0].body or b"")
    assert_silent(caplog.text)
    assert "httpcore2" in caplog.text, "the HTTP library has logged nothing: this test would see nothing"


def test_no_answer_in_time_tells_no_secret(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    """A server that never answers makes an error as silent as the others."""
    caplog.set_level(logging.DEBUG)
    with RawServer(black_hole) as server:
        hasty = connect(server.url, timeout=0.2, retry=RetryPolicy(max_retries=0))
        with pytest.raises(NoReplyError) as caught:
            hasty.call("track", PERSON, "seen", {"secret": VALUE})
    assert_silent(told(caught.value))
    assert_silent(caplog.text)


def test_refused_data_tells_no_value(driver: Driver) -> None:
    """What is refused at the call is told by its path, without the value."""
    for data in ({"secret": VALUE * 3000}, {"nested": [{"secret": VALUE.encode()}]}, {VALUE * 20: object()}):
        with pytest.raises(InvalidData) as caught:
            driver.call("identify", PERSON, data)
        assert KEY not in told(caught.value)
        if VALUE * 20 not in data:
            assert_silent(told(caught.value))


def test_reprs_tell_no_secret(driver: Driver) -> None:
    """A client, and whatever it is made of, can be printed."""
    seen: set[int] = set()
    waiting: list[Any] = [driver.client]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or not type(thing).__module__.startswith("ciokit"):
            continue
        seen.add(id(thing))
        assert_silent(repr(thing))
        waiting += getattr(thing, "__dict__", {}).values()
    assert len(seen) > 3


def test_errors_survive_pickling(driver: Driver, world: World) -> None:
    """An error that came back from another process has all its facts and words."""
    always(world, Effect(status=503))
    with pytest.raises(ServiceUnavailable) as caught:
        driver.track()
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is ServiceUnavailable
    assert (str(again), again.__dict__) == (str(caught.value), caught.value.__dict__)


VERBS: list[tuple[str, tuple[Any, ...]]] = [
    ("track", ("user-1", "seen")),
    ("identify", ("user-1",)),
    ("submit_form", ("contact", "user-1")),
    ("account_region", ()),
    ("batch", ([Track("user-1", "seen")],)),
]


@pytest.mark.parametrize(("verb", "args"), VERBS, ids=[verb for verb, _ in VERBS])
def test_a_closed_client_refuses(driver: Driver, world: World, verb: str, args: tuple[Any, ...]) -> None:
    """After close every verb says that the client is closed, and nothing is sent."""
    driver.track()
    driver.close()
    sent = len(world.requests)
    with pytest.raises(ClientClosed, match="make a new one"):
        getattr(driver.client, verb)(*args)  # told at the call, awaited or not
    assert len(world.requests) == sent


def test_closing_twice_is_no_error(driver: Driver, world: World) -> None:
    """A client may be closed again, used or not, and says in its repr that it is closed."""
    driver.close()
    driver.close()
    assert "closed" in repr(driver.client)


def test_a_with_block_closes(driver: Driver, world: World) -> None:
    """A client is closed at the end of its block."""
    driver.within(lambda: None)
    with pytest.raises(ClientClosed):
        driver.track()


def test_an_error_in_a_with_block_comes_out(driver: Driver, world: World) -> None:
    """What the application raises inside the block is raised on, and the client is closed all the same."""

    def fail() -> None:
        message = "the application's own"
        raise LookupError(message)

    with pytest.raises(LookupError, match="the application's own"):
        driver.within(fail)
    with pytest.raises(ClientClosed):
        driver.track()


def test_closing_while_a_call_waits_ends_it(connect: Connect, driver: Driver, world: World) -> None:
    """A call that waits for its next attempt when the client is closed ends with the failure it had."""
    always(world, Effect(status=503))
    clock = EventfulClock(lambda: closing.leave())  # noqa: PLW0108 - made only below
    closing = connect(driver.client.url, clock=clock)
    with pytest.raises(ServiceUnavailable, match="closed before the next attempt") as caught:
        closing.track()
    assert (caught.value.attempts, caught.value.retryable) == (1, True)
    assert len(world.requests) == 1


BAD_OPTIONS: list[tuple[dict[str, Any], str]] = [
    ({"timeout": 0}, "timeout"),
    ({"timeout": -1.0}, "timeout"),
    ({"timeout": float("nan")}, "timeout"),
    ({"timeout": float("inf")}, "timeout"),
    ({"timeout": 1e12}, "timeout"),
    ({"timeout": None}, "timeout"),
    ({"timeout": "10"}, "timeout"),
    ({"user_agent": "shop\r\nX-Evil: 1"}, "user_agent"),
    ({"user_agent": "Käse"}, "user_agent"),
    ({"user_agent": ""}, "user_agent"),
    ({"proxy": "ftp://127.0.0.1:1"}, "proxy"),
    ({"proxy": "http://"}, "proxy"),
    ({"proxy": "http://127.0.0.1:99999"}, "proxy"),
    ({"proxy": "http://[::1"}, "proxy"),
    ({"base_url": "http://127.0.0.1:99999"}, "base_url"),
    ({"base_url": "http://127.0.0.1:x"}, "base_url"),
    ({"base_url": "https://[::1"}, "base_url"),
    ({"base_url": "https://example.com/ü"}, "base_url"),
    ({"base_url": "https://a..b.example.com"}, "base_url"),
    ({"region": "mars"}, "region"),
    ({"base_url": "https://127.0.0.1:1", "ca": "/nowhere/ca.pem"}, "ca="),
]


@pytest.mark.parametrize(("options", "named"), BAD_OPTIONS, ids=[str(options) for options, _ in BAD_OPTIONS])
def test_wrong_options_are_told_when_the_client_is_made(
    connect: Connect, options: dict[str, Any], named: str
) -> None:
    """An option that cannot work is refused with its name when the client is made, not when it is used."""
    given = {"base_url": "http://127.0.0.1:9", **options}
    with pytest.raises(SettingsError, match=named) as caught:
        connect(given.pop("base_url"), **given)
    assert_silent(told(caught.value))


def test_http2_without_its_package_is_told(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP/2 needs a package that is no dependency; a client that lacks it says what to install."""
    monkeypatch.setitem(__import__("sys").modules, "h2", None)
    with pytest.raises(SettingsError, match="pip install h2"):
        connect("https://127.0.0.1:9", http2=True)


def test_a_batch_error_tells_no_secret_of_its_cause(driver: Driver, world: World) -> None:
    """The error of a batch is as silent as the one that caused it."""
    always(world, Effect(status=400))
    with pytest.raises(BatchError) as caught:
        driver.call("batch", [Track(PERSON, "seen", {"secret": VALUE})])
    assert_silent(told(caught.value))
    assert_silent(repr(caught.value.result))


def test_an_answer_that_is_no_region_is_told(connect: Connect) -> None:
    """Asking something that is not Customer.io for the region says so."""

    def answer(peer: Peer) -> None:
        peer.read_request()
        peer.send(OK)

    with RawServer(answer) as server, pytest.raises(ReplyError, match="is this address Customer"):
        connect(server.url).call("account_region")


@pytest.mark.parametrize(
    ("method", "path", "timeout", "wrong"),
    [
        ("GET", "/people/é", None, "path"),
        ("GET", "/people/a b", None, "path"),
        ("GET", "people", None, "path"),
        ("GET", "/\r\nX-Smuggled: 1", None, "path"),
        ("GET\r\nX-Smuggled: 1", "/", None, "method"),
        ("GET", "/", 0, "timeout"),
        ("GET", "/", float("nan"), "timeout"),
        ("GET", "/", "5", "timeout"),
    ],
)
def test_an_attempt_that_is_no_request_is_refused(
    connect: Connect, method: str, path: str, timeout: Any, wrong: str
) -> None:
    """What cannot stand in a request is refused by name, and nothing is sent."""
    with RawServer(answer_each) as server:
        driver = connect(server.url)
        with pytest.raises(InvalidData) as caught:
            driver.call("attempt", method, path, b"", timeout=timeout)
        assert [problem.path for problem in caught.value.problems] == [wrong]
        assert server.connections == 0


def test_what_the_application_handles_is_no_reason(connect: Connect) -> None:
    """A call out of an `except` is judged by its own failure: another host's certificate does not end its retries."""
    driver = connect(f"http://127.0.0.1:{free_port()}")

    def fail() -> None:
        raise ssl.SSLCertVerificationError

    try:
        fail()
    except ssl.SSLCertVerificationError:
        with pytest.raises(NoReplyError, match="Connection refused") as caught:
            driver.track()
        assert caught.value.attempts == 4
