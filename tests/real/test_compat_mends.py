"""Where ciokit's form of the official SDK differs from it, each difference shown on both, and told in the guide."""

import datetime as dt
import math
import re
import threading
import uuid
from collections.abc import Callable, Generator
from contextlib import contextmanager
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

import ciokit.compat.customerio as ours
from ciokit.compat.customerio import CustomerIOException

from .both import KEY, SITE, Both, sdk
from .servers import OK, Peer, RawServer, Script, answer_each, reply

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "migration.md"
ULID = "01JDEXAMP1E000000000000000"
SECRET = "zoë-secret@example.com"

MENDS: dict[str, Callable[[pytest.MonkeyPatch, Path], None]] = {}


def mend(name: str) -> Callable[[Callable[[pytest.MonkeyPatch, Path], None]], object]:
    """Enter a difference into the table, by the words that the guide has for it."""

    def enter(check: Callable[[pytest.MonkeyPatch, Path], None]) -> object:
        MENDS[name] = check
        return check

    return enter


@contextmanager
def side_by_side(script: Script, **options: Any) -> Generator[Both]:
    """Put a client of each before a server that runs a script; they wait little before they retry."""
    with RawServer(script) as server:
        both = Both(server, **{"backoff_factor": 0.001} | options)
        try:
            yield both
        finally:
            both.close()


def answering(*answers: bytes) -> Script:
    """Answer with each in turn, and with the last for ever, over all connections."""
    waiting = list(answers)
    lock = threading.Lock()

    def script(peer: Peer) -> None:
        while peer.read_request() is not None:
            with lock:
                answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            peer.send(answer)

    return script


def hang_up(peer: Peer) -> None:
    """Read a request, and close without a word."""
    peer.read_request()


def exception_of(outcome: Any) -> CustomerIOException:
    """Return the exception that a call of ours raised."""
    assert isinstance(outcome.raised, CustomerIOException)
    return outcome.raised


UNAVAILABLE = reply(b"{}", "503 Service Unavailable")


@mend("Ids `.` and `..`")
def dots(_monkeypatch: pytest.MonkeyPatch, _folder: Path) -> None:
    """An id of dots alone becomes another path in the SDK: here it stays an id."""
    with side_by_side(answer_each) as both:
        theirs, here = both.call("track", "..", "seen")
        assert theirs.sent[0].target == "/api/v1/events"
        assert here.sent[0].target == "/api/v1/customers/%2E%2E/events"
        assert here.sent[0].body == theirs.sent[0].body
        assert both.of_ours("delete", ".").sent[0].target == "/api/v1/customers/%2E"


@mend("Infinities")
def infinities(_monkeypatch: pytest.MonkeyPatch, _folder: Path) -> None:
    """The SDK fails at them; here they are null, as NaN is in both."""
    with side_by_side(answer_each) as both:
        theirs, here = both.call("track", "user-1", "seen", {"a": math.inf, "b": [-math.inf]})
        assert isinstance(theirs.raised, sdk.CustomerIOException)
        assert here.sent[0].body == b'{"name": "seen", "data": {"a": null, "b": [null]}}'


class Plan(Enum):
    """A value of the application's own."""

    PRO = "pro"


@mend("Values that the SDK cannot encode")
def values(_monkeypatch: pytest.MonkeyPatch, _folder: Path) -> None:
    """Dates, Decimals, UUIDs, Enums, sets, and datetimes or NaN in tuples: here they have a form, at any depth."""
    who = uuid.UUID(int=7)
    forms: list[tuple[Any, bytes]] = [
        (dt.date(2026, 1, 31), b'"2026-01-31"'),
        (Decimal("12.50"), b"12.5"),
        (who, b'"00000000-0000-0000-0000-000000000007"'),
        (Plan.PRO, b'"pro"'),
        ({"b", "a"}, b'["a", "b"]'),
        ((math.nan, dt.datetime(2026, 1, 31, tzinfo=dt.UTC)), b"[null, 1769817600]"),
        ({dt.datetime(2026, 1, 31)}, b"[1769817600]"),  # noqa: DTZ001
    ]
    with side_by_side(answer_each) as both:
        for value, form in forms:
            theirs, here = both.call("identify", "user-1", deep=[{"value": value}])
            assert isinstance(theirs.raised, sdk.CustomerIOException), value
            assert here.sent[0].body == b'{"deep": [{"value": %b}]}' % form


@mend("Errors in the data")
def told(_monkeypatch: pytest.MonkeyPatch, _folder: Path) -> None:
    """What has no form in JSON is named by its place, where the SDK speaks of retries that never were."""
    with side_by_side(answer_each) as both:
        theirs, here = both.call("track", "user-1", "seen", {"order": [{"raw": b"x"}, {"thing": object()}]})
        assert "after 3 retries" in str(theirs.raised)
        error = exception_of(here)
        assert [problem.path for problem in error.reasons] == ["data.order[0].raw", "data.order[1].thing"]
        assert "data.order[0].raw" in str(error)
        assert here.sent == []
        loop: list[Any] = []
        loop.append(loop)
        assert isinstance(both.of_ours("identify", "user-1", loop=loop).raised, CustomerIOException)
        theirs, here = both.call("track", "user-1", "seen", ["no", "mapping"])
        assert isinstance(theirs.raised, AttributeError)
        assert "data must be a mapping" in str(exception_of(here))
        theirs, here = both.call("identify", "\ud800")
        assert isinstance(theirs.raised, UnicodeEncodeError)
        assert "surrogate" in str(exception_of(here))


@mend("Data in exceptions")
def no_data_in_exceptions(_monkeypatch: pytest.MonkeyPatch, _folder: Path) -> None:
    """The SDK's exceptions hold the address and the payload; here they have status and reasons as attributes."""
    refusal = reply(b'{"meta":{"error":"name cannot be blank"}}', "400 Bad Request")
    with side_by_side(answering(refusal)) as both:
        theirs, here = both.call("track", SECRET, "seen", {"email": SECRET})
        assert SECRET in str(theirs.raised)
        error = exception_of(here)
        assert str(error).startswith("400: ")
        assert str(theirs.raised).startswith("400: ")
        assert (error.status, error.attempts, error.retryable) == (400, 1, False)
        assert [reason.message for reason in error.reasons] == ["name cannot be blank"]
        for shown in (str(error), repr(error), str(error.__cause__)):
            assert SECRET not in shown
            assert "127.0.0.1" not in shown
            assert KEY not in shown
        secret_value = both.of_ours("backfill", "user-1", "old", SECRET)
        assert SECRET not in str(exception_of(secret_value))
        assert SECRET in str(both.of_sdk("backfill", "user-1", "old", SECRET).raised)


@mend("Failures that outlast the retries")
def status_after_retries(_monkeypatch: pytest.MonkeyPatch, _folder: Path) -> None:
    """After its retries the SDK speaks of its pool; here status, reasons and the true attempts are told."""
    failing = reply(b'{"meta":{"error":"we are down"}}', "503 Service Unavailable")
    with side_by_side(answering(failing), retries=2) as both:
        retrying_in_plain_http(both)
        theirs, here = both.call("identify", "user-1")
        assert "we are down" not in str(theirs.raised)
        assert not hasattr(theirs.raised, "status")
        error = exception_of(here)
        assert [reason.message for reason in error.reasons] == ["we are down"]
        assert (error.status, error.attempts, error.retryable) == (503, 3, True)
        assert "after 3 attempts" in str(error)


@mend("Length of retries")
def patience(_monkeypatch: pytest.MonkeyPatch, _folder: Path) -> None:
    """The default wait is ciokit's, since the SDK's three retries are over in 0.12 s; any other wait is obeyed."""
    from ciokit import RetryPolicy
    from ciokit.compat.customerio.client_base import retry_policy

    assert ours.CustomerIO("a", "b").backoff_factor == sdk.CustomerIO("a", "b").backoff_factor
    assert retry_policy(3, ours.CustomerIO("a", "b").backoff_factor) == RetryPolicy()


@mend("Retries of 429 and 408")
def too_many(_monkeypatch: pytest.MonkeyPatch, _folder: Path) -> None:
    """An answer of 429 is no failure for good: the SDK gives up, here the call is made again. So with 408."""
    for status in ("429 Too Many Requests", "408 Request Timeout"):
        with side_by_side(answering(reply(b"{}", status), OK)) as both:
            assert both.of_ours("identify", "user-1").returned.status_code == 200
            assert len(both.server.requests) == 2
        with side_by_side(answering(reply(b"{}", status), OK)) as both:
            assert str(both.of_sdk("identify", "user-1").raised).startswith(status[:3])
    with side_by_side(
        answering(reply(b"{}", "429 Too Many Requests"), reply(b'{"delivery_id":"d"}'))
    ) as both:
        assert both.of_ours("send_email", {"to": "a@example.com"}).returned == {"delivery_id": "d"}


@mend("Messages sent twice")
def one_message(_monkeypatch: pytest.MonkeyPatch, _folder: Path) -> None:
    """A message that may have been processed is not sent again, whether the answer was lost or bad."""
    for script in (hang_up, answering(UNAVAILABLE)):
        with side_by_side(script) as both:
            retrying_in_plain_http(both)
            theirs, here = both.call("send_email", {"to": "a@example.com"})
            assert len(theirs.sent) == 4
            assert len(here.sent) == 1
            error = exception_of(here)
            assert (error.attempts, error.retryable, error.may_have_arrived) == (1, False, True)


@mend("Events counted twice")
def one_event(_monkeypatch: pytest.MonkeyPatch, _folder: Path) -> None:
    """An event is sent again only with a ULID, by which Customer.io discards it; a client can add them itself."""
    for method in ("track", "track_anonymous"):
        with side_by_side(hang_up) as both:
            retrying_in_plain_http(both)
            theirs, here = both.call(method, "user-1", "seen")
            assert (len(theirs.sent), len(here.sent)) == (4, 1)
            assert exception_of(here).may_have_arrived
            with_id = both.of_ours(method, "user-1", "seen", id=ULID)
            assert len(with_id.sent) == 4
            assert len({sent.body for sent in with_id.sent}) == 1
    with side_by_side(answering(UNAVAILABLE, OK)) as both:
        with ours.CustomerIO(SITE, KEY, host=both.server.url, backoff_factor=0.001) as client:
            client.adds_event_ids = True
            assert client.track("user-1", "seen").status_code == 200
        first, second = both.server.requests
        assert first.body == second.body
        assert re.fullmatch(rb'{"name": "seen", "data": {}, "id": "[0-9A-Z]{26}"}', first.body)


@mend("Redirects")
def redirects(_monkeypatch: pytest.MonkeyPatch, _folder: Path) -> None:
    """The SDK makes a GET without a body of a POST that is redirected, and calls that a success."""

    def script(peer: Peer) -> None:
        while (request := peer.read_request()) is not None:
            moved = request.target != "/elsewhere"
            peer.send(reply(b"", "301 Moved Permanently", "Location: /elsewhere") if moved else OK)

    with side_by_side(script) as both:
        theirs, here = both.call("track", "user-1", "seen")
        assert [(sent.method, sent.body) for sent in theirs.sent][1:] == [("GET", b"")]
        assert theirs.returned.status_code == 200
        assert exception_of(here).status == 301
        assert len(here.sent) == 1


@mend("Deadline of an attempt")
def deadline(_monkeypatch: pytest.MonkeyPatch, _folder: Path) -> None:
    """The SDK's timeout begins anew with every byte; here it holds for the attempt."""

    def drip(peer: Peer) -> None:
        if peer.read_request() is not None:
            peer.drip(OK, 0.01)

    with side_by_side(drip, timeout=0.3, retries=0) as both:
        theirs, here = both.call("identify", "user-1")
        assert theirs.returned.status_code == 200
        assert exception_of(here).may_have_arrived


@mend("Plain http")
def plain_http(_monkeypatch: pytest.MonkeyPatch, _folder: Path) -> None:
    """`host="http://127.0.0.1"` is obeyed, which the SDK makes https of; keys never go in the clear to others."""
    with side_by_side(answer_each) as both:
        for host in (both.server.url, f"http://localhost:{both.server.port}"):
            with ours.CustomerIO(SITE, KEY, host=host, retries=0) as client:
                assert client.identify("user-1").ok
        assert sdk.CustomerIO(SITE, KEY, host=both.server.url).base_url.startswith("https://")
    with pytest.raises(CustomerIOException, match="plain http"):
        ours.APIClient(KEY, url="http://api.example.com").send_email({})
    assert ours.CustomerIO(SITE, KEY, host="http://track.example.com").base_url.startswith("https://")


@mend("Missing keys")
def missing_keys(monkeypatch: pytest.MonkeyPatch, _folder: Path) -> None:
    """Without keys the SDK sends `None:None`; here they come from the settings, or are named as missing."""
    with pytest.raises(CustomerIOException, match="CUSTOMERIO_SITE_ID and CUSTOMERIO_TRACK_API_KEY"):
        ours.CustomerIO()
    with pytest.raises(CustomerIOException, match="CUSTOMERIO_TRACK_API_KEY"):
        ours.CustomerIO("site")
    with pytest.raises(CustomerIOException, match="CUSTOMERIO_APP_API_KEY"):
        ours.APIClient("")
    with pytest.raises(CustomerIOException, match="printable ASCII"):
        ours.APIClient("a\nb")
    monkeypatch.setenv("CUSTOMERIO_APP_API_KEY", "found-app-key")
    assert ours.APIClient(None).key == "found-app-key"
    monkeypatch.setenv("CUSTOMERIO_SITE_ID", "found-site")
    monkeypatch.setenv("CUSTOMERIO_TRACK_API_KEY", "found-key")
    found = ours.CustomerIO()
    assert (found.site_id, found.api_key) == ("found-site", "found-key")
    assert sdk.CustomerIO().site_id is None


@mend("Credentials from elsewhere")
def netrc(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """A `.netrc` of the user's replaces the SDK's App API key; here it is never looked at."""
    file = folder / "netrc"
    file.write_text("machine 127.0.0.1 login somebody password else\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(file))
    with side_by_side(answering(reply(b"{}"))) as both:
        theirs, here = both.call("send_email", {"to": "a@example.com"})
        assert theirs.sent[0].headers["authorization"].startswith("Basic ")
        assert here.sent[0].headers["authorization"] == f"Bearer {KEY}"


@mend("Cookies")
def cookies(_monkeypatch: pytest.MonkeyPatch, _folder: Path) -> None:
    """The SDK keeps cookies and sends them back; here there are none."""
    with side_by_side(answering(reply(b"{}", "200 OK", "Set-Cookie: a=b; Path=/"))) as both:
        both.call("identify", "user-1")
        theirs, here = both.call("identify", "user-1")
        assert theirs.whole[0].headers["cookie"] == "a=b"
        assert "cookie" not in here.whole[0].headers


@mend("A response that is not JSON")
def no_json(_monkeypatch: pytest.MonkeyPatch, _folder: Path) -> None:
    """The SDK lets an exception of requests out; here it is the SDK's own, which says that the message was taken."""
    with side_by_side(answering(reply(b"taken"))) as both:
        theirs, here = both.call("send_email", {"to": "a@example.com"})
        assert not isinstance(theirs.raised, sdk.CustomerIOException)
        error = exception_of(here)
        assert (error.status, error.may_have_arrived) == (200, True)


@mend("User-Agent and other headers")
def other_headers(_monkeypatch: pytest.MonkeyPatch, _folder: Path) -> None:
    """Ciokit names itself and asks for JSON that is not compressed; a retry says which one it is."""
    with side_by_side(answering(UNAVAILABLE, OK)) as both:
        here = both.of_ours("identify", "user-1")
        theirs = both.of_sdk("identify", "user-1")
        assert theirs.whole[0].headers["user-agent"].startswith("Customer.io Python Client/")
        assert here.whole[0].headers["user-agent"].startswith("ciokit/")
        assert here.whole[1].headers["x-retry-count"] == "1"
        new = set(here.whole[0].headers) - set(theirs.whole[0].headers)
        gone = set(theirs.whole[0].headers) - set(here.whole[0].headers)
        assert (new, gone) == (set(), {"connection"})
        assert here.whole[0].headers["accept-encoding"] == "identity"


@mend("`http` session")
def no_session(_monkeypatch: pytest.MonkeyPatch, _folder: Path) -> None:
    """There is no `requests.Session` to reach into, and a returned response is a small class of ciokit's."""
    assert type(sdk.CustomerIO("a", "b").http).__name__ == "Session"
    assert not hasattr(ours.CustomerIO("a", "b"), "http")


def retrying_in_plain_http(both: Both) -> None:
    """Give the SDK its own retries also in plain http, as it has them in https."""
    for (library, _), client in both.clients.items():
        if library == "customerio":
            client.http.mount("http://", client.http.get_adapter("https://"))


@pytest.mark.parametrize("name", list(MENDS))
def test_a_difference_is_as_told(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The SDK does what the guide says of it, and ciokit what it promises instead."""
    MENDS[name](monkeypatch, tmp_path)


def test_the_guide_tells_of_each() -> None:
    """The table of the migration guide has these differences, in this order, and no other."""
    section = GUIDE.read_text(encoding="utf-8").partition("## What is different")[2].partition("\n## ")[0]
    rows = [line.split(" | ")[0].removeprefix("| ") for line in section.splitlines() if line.startswith("| ")]
    assert rows[2:] == list(MENDS)


def test_connections_are_kept_or_not() -> None:
    """With pooling one connection serves all calls, also of many threads in turn; without, each has its own."""
    for pooling, connections in ((True, 1), (False, 3)):
        with RawServer(answer_each) as server:
            client = ours.CustomerIO(SITE, KEY, host=server.url, use_connection_pooling=pooling)
            for _ in range(3):
                client.identify("user-1")
            assert server.connections == connections
            client.close()


def test_a_closed_client_opens_again() -> None:
    """As in the SDK, a client can be used after `close`."""
    with side_by_side(answer_each) as both:
        for _ in range(2):
            for outcome in both.call("identify", "user-1"):
                assert outcome.raised is None
            both.close()


@pytest.mark.parametrize("library", [sdk, ours], ids=["sdk", "ours"])
def test_a_program_may_watch_what_is_sent(library: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that puts its own `send_request` in the client's place sees every call, as in the SDK."""
    seen: list[tuple[str, str, Any]] = []
    client = library.CustomerIO(SITE, KEY)

    def watch(method: str, url: str, data: Any) -> None:
        seen.append((method, url.partition("/api/")[2], data))

    monkeypatch.setattr(client, "send_request", watch)
    client.track("user-1", "seen", {"a": 1})
    client.suppress("user-1")
    assert seen == [
        ("POST", "v1/customers/user-1/events", {"name": "seen", "data": {"a": 1}}),
        ("POST", "v1/customers/user-1/suppress", {}),
    ]
