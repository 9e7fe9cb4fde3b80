"""Both App clients: errors of every envelope, what is tried again, rates, paging, and calls that are not declared."""

import asyncio
import datetime as dt
import gc
import inspect
import math
import pickle
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import httpx2
import pytest

from ciokit import (
    ClientClosed,
    Email,
    InvalidData,
    NoReplyError,
    RateLimit,
    RateLimited,
    ReplyError,
    RetryPolicy,
    ServiceUnavailable,
    SettingsError,
    Unauthorized,
    WrongRegion,
)
from ciokit.app import AppClient, AsyncAppClient, RateLimitReached, RateLimits, SendEmail, SendInApp
from ciokit.testing import FakeClock

Step: TypeAlias = tuple[int, bytes] | Exception
KEY = "marker-app-key-51"
EMAIL = SendEmail(to="secret@example.com", identifiers="user-1", transactional_message_id=3)
SENT = (200, b'{"delivery_id":"d1","queued_at":1604977406}')
NO_SEGMENTS = (200, b'{"segments":null}')
LOST = httpx2.ReadError("broken")
REFUSED = httpx2.ConnectError("refused")


class Script(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Answer requests one after the other as told, the last answer for ever, and remember them."""

    def __init__(self, *steps: Step) -> None:
        self._steps = list(steps)
        self.requests: list[httpx2.Request] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer as told."""
        self.requests.append(request)
        step = self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]
        if isinstance(step, Exception):
            raise step
        status, body = step
        return httpx2.Response(status, content=body)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer as told."""
        return self.handle_request(request)

    @property
    def targets(self) -> list[str]:
        """What was asked for."""
        return [f"{request.method} {request.url.raw_path.decode()}" for request in self.requests]


class Driver:
    """Drive one client, whichever it is, in the same words."""

    def __init__(self, kind: str, script: Script, **options: Any) -> None:
        self.clock = options.setdefault("clock", FakeClock())
        options = {"api_key": KEY, "transport": script, "rate_limits": UNLIMITED, **options}
        self.client: Any = AppClient(**options) if kind == "sync" else AsyncAppClient(**options)
        self.script = script
        self._runner = asyncio.Runner()  # it makes no loop before it is used

    def __call__(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method and return what came of it; all items of a list."""
        *path, name = method.split(".")
        found = self.client
        for part in path:
            found = getattr(found, part)
        return self.finish(getattr(found, name)(*args, **kwargs))

    def finish(self, made: Any) -> Any:
        """Await what is to be awaited, and iterate to the end."""
        if inspect.iscoroutine(made):
            return self._runner.run(made)
        if hasattr(made, "__aiter__"):
            return self._runner.run(self._all(made))
        return list(made) if hasattr(made, "pages") else made

    @staticmethod
    async def _all(made: Any) -> list[Any]:
        return [item async for item in made]

    def end(self) -> None:
        """Close what drives the client."""
        self._runner.close()


UNLIMITED = RateLimits(general=None, transactional=None, broadcast=None)


@pytest.fixture(params=["sync", "async"])
def drive(request: pytest.FixtureRequest) -> Iterator[Callable[..., Driver]]:
    """Make drivers of both kinds of client."""
    made: list[Driver] = []

    def make(*steps: Step, **options: Any) -> Driver:
        made.append(Driver(request.param, Script(*steps), **options))
        return made[-1]

    yield make
    for driver in made:
        driver.end()


Drive: TypeAlias = Callable[..., Driver]

# Errors ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "kind", "reasons"),
    [
        (
            404,
            b'{"errors":[{"detail":"broadcast with id 1 does not exist","status":"404"}]}',
            ReplyError,
            ["broadcast with id 1 does not exist"],
        ),
        (
            400,
            b'{"errors":[{"detail":"subscription_topic_id is required"}]}',
            ReplyError,
            ["subscription_topic_id is required"],
        ),
        (
            400,
            b'{"meta":{"error":"\\"transactional_message_id\\" not found."}}',
            ReplyError,
            ['"transactional_message_id" not found.'],
        ),
        (400, b'{"meta":{"errors":["one","two"]}}', ReplyError, ["one", "two"]),
        (
            422,
            b'{"errors":[{"detail":"wrong","source":{"pointer":"/data/attributes/per_user_data"},"status":"422"}]}',
            ReplyError,
            ["/data/attributes/per_user_data: wrong"],
        ),
        (401, b"{}", Unauthorized, []),
        (
            403,
            b'{"meta":{"error":"Workspace is set to \\"Do Not Send.\\""}}',
            Unauthorized,
            ['Workspace is set to "Do Not Send."'],
        ),
        (
            413,
            b'{"meta":{"error":"Total attachment size exceeds the limit"}}',
            ReplyError,
            ["Total attachment size exceeds the limit"],
        ),
        (
            301,
            b'{"errors":[{"detail":"wrong datacenter","status":"301"}]}',
            WrongRegion,
            ["wrong datacenter"],
        ),
        (405, b"<html>", ReplyError, []),
    ],
)
def test_errors_of_every_envelope_are_told(
    drive: Drive, status: int, body: bytes, kind: type[ReplyError], reasons: list[str]
) -> None:
    """Status, the service's messages with their pointers, and the operation are in the error; it is final."""
    app = drive((status, body))
    with pytest.raises(kind) as caught:
        app("send_email", EMAIL)
    assert type(caught.value) is kind
    assert caught.value.status == status
    assert [str(reason) for reason in caught.value.reasons] == reasons
    assert (caught.value.kind, caught.value.attempts) == ("send_email", 1)
    assert len(app.script.requests) == 1


def test_an_error_shows_neither_key_nor_message(drive: Drive) -> None:
    """What is in the request is not in the error, in no form of it."""
    app = drive((400, b'{"meta":{"error":"no"}}'))
    with pytest.raises(ReplyError) as caught:
        app("send_email", EMAIL)
    shown = f"{caught.value}{caught.value!r}{caught.value.__dict__}{app.client!r}"
    assert KEY not in shown
    assert "secret" not in shown


def test_credentials_are_named_where_they_are_wrong(drive: Drive) -> None:
    """A 401 says which setting to look at."""
    with pytest.raises(Unauthorized, match=r"CUSTOMERIO_APP_API_KEY \(api_key=\)"):
        drive((401, b"{}"))("segments.list")


def test_what_is_not_allowed_is_no_matter_of_the_region(drive: Drive) -> None:
    """A 403 is about what the account and the key may do, and sends nobody to look at the region."""
    with pytest.raises(Unauthorized, match=r"does not allow it \(403\).*Do Not Send") as caught:
        drive((403, b'{"meta":{"error":"Workspace is set to Do Not Send"}}'))("send_email", EMAIL)
    assert "region" not in str(caught.value)


def test_an_answer_that_is_none_is_told(drive: Drive) -> None:
    """What is no JSON, or of another shape, becomes an error that names the operation."""
    for body in (b"taken", b"[]", b"{}", b'{"segments":7}', b'{"segments":[{"name":"no id"}]}', b""):
        with pytest.raises(ReplyError, match=r"^segments.list: the answer was not understood"):
            drive((200, body))("segments.list")


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"delivery_id":7}', b'{"a":' + b"[" * 9999 + b"]" * 9999 + b"}"]
)
def test_a_message_whose_answer_is_none_is_not_to_be_sent_again_unseen(drive: Drive, body: bytes) -> None:
    """The status said that it was taken: an error that led to another try would have people get it twice."""
    app = drive((200, body))
    with pytest.raises(ReplyError, match=r"was taken all the same: look before you call again") as caught:
        app("send_email", EMAIL)
    assert not caught.value.retryable
    assert len(app.script.requests) == 1


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'\xef\xbb\xbf{"segments":[{"id":1,"name":"a"}]}', "a"),
        (b'{"segments":[{"id":1,"name":"a\\ud83d"}]}', "a\N{REPLACEMENT CHARACTER}"),
        (b'{"segments":[{"id":1,"name":"a\xff"}]}', "a\N{REPLACEMENT CHARACTER}"),
        (b'{"segments":[{"id":"1","name":"\\ud83d\\ude00"}]}', "\N{GRINNING FACE}"),
    ],
)
def test_half_of_a_character_costs_no_answer(drive: Drive, body: bytes, name: str) -> None:
    """A name that somebody cut in the middle of an emoji does not hide a whole page; nor does a byte order mark."""
    (segment,) = drive((200, body))("segments.list")
    assert (segment.id, segment.name) == (1, name)


def test_a_web_page_may_have_taken_the_message(drive: Drive) -> None:
    """A portal's page is no answer; what is not safe to repeat is not sent again, and the error says why."""
    with pytest.raises(
        NoReplyError, match=r"a web page came .* not sent again: it may have arrived"
    ) as caught:
        drive((200, b"<!DOCTYPE html>"))("send_email", EMAIL)
    assert caught.value.may_have_arrived


# What is tried again --------------------------------------------------------------------------------------------------

READS: list[tuple[Any, ...]] = [
    ("segments.list",),
    ("customers.search", {"and": []}),
    ("customers.attributes_of", ["1"]),
]
SETTERS: list[tuple[Any, ...]] = [
    ("snippets.update", "a", "b"),
    ("collections.replace_content", 1, [{}]),
    ("segments.delete", 1),
    ("esp_suppression.create", "bounces", "a@example.com"),
]
MAKERS: list[tuple[Any, ...]] = [
    ("send_email", EMAIL),
    ("segments.create", "a"),
    ("exports.create_customers", {"and": []}),
    ("newsletters.send", 1),
    ("snippets.create", "a", "b"),
    ("broadcasts.trigger", 1),
    ("live_notifications.end", "01B"),
]
BODY = (
    b'{"segments":[],"identifiers":[],"customers":[],"snippet":{"name":"a"},"collection":{"id":1},"segment":{"id":1},'
    b'"export":{"id":1},"id":1,"instance_id":"01B","delivery_id":"d"}'
)


def test_what_does_no_harm_is_tried_again(drive: Drive) -> None:
    """Reads, replacements and deletions survive a passing failure."""
    for fault in ((503, b""), (408, b""), (429, b""), LOST, REFUSED):
        for call in READS + SETTERS:
            app = drive(fault, (200, BODY))
            app(*call)
            assert len(app.script.requests) == 2, (call, fault)
            assert app.script.requests[1].headers["x-retry-count"] == "1"
            assert len(app.clock.sleeps) == 1


def test_what_must_not_happen_twice_is_not_tried_again(drive: Drive) -> None:
    """A message, a broadcast or a thing that is made may have been processed: the error says so."""
    for fault, error in (((503, b""), ServiceUnavailable), (LOST, NoReplyError)):
        for call in MAKERS:
            app = drive(fault, (200, BODY))
            with pytest.raises(error, match="not sent again: it may have arrived"):
                app(*call)
            assert len(app.script.requests) == 1, (call, fault)


def test_what_was_provably_not_processed_is_tried_again(drive: Drive) -> None:
    """A request that never arrived, or was turned away for its rate, is safe whatever it is."""
    for fault in ((429, b""), REFUSED):
        for call in MAKERS:
            app = drive(fault, (200, BODY))
            app(*call)
            assert len(app.script.requests) == 2, (call, fault)


def test_sends_are_tried_again_if_the_client_says_so(drive: Drive) -> None:
    """With retry_sends a message is replayed; a broadcast still is not."""
    app = drive((500, b""), LOST, SENT, retry_sends=True)
    assert app("send_email", EMAIL).delivery_id == "d1"
    assert len(app.script.requests) == 3
    app = drive((500, b""), (200, BODY), retry_sends=True)
    with pytest.raises(ServiceUnavailable):
        app("broadcasts.trigger", 1)


def test_a_deletion_that_was_done_by_its_first_attempt_is_done(drive: Drive) -> None:
    """Nothing found at the second attempt is success; at the first it is an error."""
    gone = (404, b'{"errors":[{"detail":"gone"}]}')
    assert drive(LOST, gone)("segments.delete", 1) is None
    with pytest.raises(ReplyError, match="gone"):
        drive(gone)("segments.delete", 1)
    with pytest.raises(ReplyError, match="gone"):
        drive(LOST, gone)("segments.get", 1)


def test_the_policy_is_obeyed(drive: Drive) -> None:
    """As many attempts as allowed, and the last error tells how many there were."""
    app = drive((503, b""), retry=RetryPolicy(max_retries=2, jitter=0))
    with pytest.raises(ServiceUnavailable) as caught:
        app("segments.list")
    assert (caught.value.attempts, app.clock.sleeps) == (3, (1.0, 2.0))


# Rates ----------------------------------------------------------------------------------------------------------------


def test_calls_wait_for_their_turn(drive: Drive) -> None:
    """Ten a second, a hundred messages a second, one broadcast in ten seconds, each for itself."""
    app = drive((200, BODY), rate_limits=RateLimits())
    calls: list[tuple[tuple[Any, ...], float]] = [
        (("segments.list",), 0.1),
        (("send_email", EMAIL), 0.01),
        (("broadcasts.trigger", 1), 10),
    ]
    for call, interval in calls:
        before = app.clock.monotonic()
        for _ in range(4):
            app(*call)
        assert app.clock.monotonic() - before == pytest.approx(3 * interval)


def test_the_first_call_after_a_pause_does_not_wait(drive: Drive) -> None:
    """Who calls rarely notices nothing of the rates."""
    app = drive((200, BODY), rate_limits=RateLimits())
    for _ in range(3):
        app("broadcasts.trigger", 1)
        app.clock.sleep(10)
    assert app.clock.sleeps == (10, 10, 10)


def test_a_call_may_be_refused_instead(drive: Drive) -> None:
    """With wait off, what would have to wait is not sent, and says for how long."""
    app = drive((200, BODY), rate_limits=RateLimits())
    app("broadcasts.trigger", 1)
    with pytest.raises(RateLimitReached, match=r"broadcasts.trigger: not sent.*10\.00 s") as caught:
        app("broadcasts.trigger", 1, wait=False)
    assert isinstance(caught.value, RateLimited)
    assert (caught.value.wait, caught.value.attempts, caught.value.retryable) == (10, 0, True)
    assert pickle.loads(pickle.dumps(caught.value)).wait == 10
    assert len(app.script.requests) == 1
    app.clock.sleep(10)
    app("broadcasts.trigger", 1, wait=False)


def test_a_client_may_refuse_to_wait_at_all(drive: Drive) -> None:
    """The client's own setting holds where a call says nothing."""
    app = drive((200, BODY), rate_limits=RateLimits(), wait=False)
    app("send_email", EMAIL)
    with pytest.raises(RateLimitReached):
        app("send_email", EMAIL)
    app("send_email", EMAIL, wait=True)
    app("segments.list")
    with pytest.raises(RateLimitReached):
        app("segments.list")


def test_a_429_slows_the_client_down(drive: Drive) -> None:
    """After the service has complained, requests come at half the rate; those that pass bring it back."""
    app = drive((429, b""), (200, BODY), rate_limits=RateLimits(), retry=RetryPolicy(jitter=0))
    app("segments.list")
    app.clock.sleep(5)
    before = app.clock.monotonic()
    for _ in range(3):
        app("segments.list")
    assert app.clock.monotonic() - before > 0.3


def test_a_broadcast_that_came_too_soon_waits_a_whole_interval(drive: Drive) -> None:
    """A 429 for a trigger means ten seconds, not the policy's one."""
    app = drive((429, b""), (200, BODY), rate_limits=RateLimits(), retry=RetryPolicy(jitter=0))
    app("broadcasts.trigger", 1)
    assert app.clock.monotonic() == pytest.approx(10)


def test_threads_share_a_clients_rate() -> None:
    """However many threads call, no second has more requests than allowed."""
    clock, starts, lock = FakeClock(), list[float](), threading.Lock()

    class Stamped(httpx2.BaseTransport):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            return httpx2.Response(200, content=BODY)

    class Noting(RateLimit):
        def claim(self, now: float, *, patience: float = math.inf) -> float | None:
            taken = super().claim(now, patience=patience)
            with lock:
                starts.append(now + (taken or 0))
            return taken

    limits = RateLimits()
    vars(limits)["_limits"]["general"] = Noting(10)
    app = AppClient(KEY, transport=Stamped(), clock=clock, rate_limits=limits)
    threads = [threading.Thread(target=lambda: [app.segments.list() for _ in range(10)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    starts.sort()
    assert len(starts) == 80
    assert all(later - earlier >= 1 - 1e-6 for earlier, later in zip(starts, starts[10:], strict=False))


def test_clients_can_share_their_rates() -> None:
    """Two clients of one workspace that are given the same limits keep to them together."""
    clock, limits = FakeClock(), RateLimits()
    first, second = (
        AppClient(KEY, transport=Script((200, BODY)), clock=clock, rate_limits=limits) for _ in range(2)
    )
    first.segments.list()
    second.segments.list()
    assert sum(clock.sleeps) == pytest.approx(0.1)


def test_a_client_that_is_closed_while_it_waits_sends_nothing() -> None:
    """Closing reaches a call that waits for its turn."""
    script = Script((200, BODY))

    class Closing(FakeClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            app.close()

    app = AppClient(KEY, transport=script, clock=Closing())
    app.broadcasts.trigger(1)
    with pytest.raises(ClientClosed, match=r"broadcasts\.trigger"):
        app.broadcasts.trigger(1)
    assert len(script.requests) == 1


# Lists ----------------------------------------------------------------------------------------------------------------


def test_a_list_goes_on_to_its_end(drive: Drive) -> None:
    """Pages follow the service's own next, text, number or nothing, and nothing is asked for in advance."""
    app = drive(
        (200, b'{"identifiers":[{"id":"1"},{"id":"2"}],"ids":["1","2"],"next":"a=/+b"}'),
        (200, b'{"identifiers":[{"id":"3"}],"next":7}'),
        (200, b'{"identifiers":null,"next":"9"}'),
        (200, b'{"identifiers":[{"id":"4"}],"next":""}'),
    )
    pages = app.client.segments.membership(7, page_size=2)
    assert app.script.requests == []
    assert [person.id for person in app.finish(pages)] == ["1", "2", "3", "4"]
    assert app.script.targets == [
        "GET /v1/segments/7/membership?limit=2",
        "GET /v1/segments/7/membership?limit=2&start=a%3D%2F%2Bb",
        "GET /v1/segments/7/membership?limit=2&start=7",
        "GET /v1/segments/7/membership?limit=2&start=9",
    ]


def test_a_page_keeps_what_came_with_it() -> None:
    """Pages have where the next begins and the fields beside the list."""
    app = AppClient(KEY, transport=Script((200, b'{"identifiers":[],"segment_id":7,"ids":["1"],"next":0}')))
    (page,) = app.segments.membership(7).pages()
    assert (page.items, page.next, page.extra) == ((), "", {"segment_id": 7, "ids": ["1"]})


def test_a_service_that_names_the_same_page_again_is_not_asked_for_ever(drive: Drive) -> None:
    """A next that leads nowhere ends the list."""
    app = drive((200, b'{"messages":[{"id":"m"}],"next":"x"}'))
    assert len(app("messages.list")) == 2
    pages = [(200, b'{"messages":[{"id":"m"}],"next":"%b"}' % place) for place in (b"x", b"y", b"z", b"x")]
    assert len(drive(*pages)("messages.list")) == 4
    assert len(drive(*pages)("messages.list", start="z")) == 3


def test_lists_by_offset_go_on_by_what_has_come(drive: Drive) -> None:
    """Suppressions are counted, and a page that is not full is the last."""
    full = b'{"category":"bounces","suppressions":[{"email":"a"},{"email":"b"}]}'
    app = drive((200, full), (200, full), (200, b'{"suppressions":[{"email":"c"}]}'))
    assert len(app("esp_suppression.list", "bounces", page_size=2, offset=10)) == 5
    assert [target.partition("offset=")[2] for target in app.script.targets] == ["10", "12", "14"]


def test_a_list_is_of_what_was_asked_for(drive: Drive) -> None:
    """A filter that the application goes on to change makes no other list of one that was begun, or is still to be."""
    app = drive((200, b'{"identifiers":[{"id":"1"}],"next":"x"}'))
    condition: dict[str, Any] = {"and": [{"segment": {"id": 1}}]}
    found = app.client.customers.search(condition)
    condition["and"].append({"segment": {"id": 2}})
    assert len(app.finish(found)) == 2
    assert {request.content for request in app.script.requests} == {
        b'{"filter":{"and":[{"segment":{"id":1}}]}}'
    }


def test_a_list_can_be_iterated_twice(drive: Drive) -> None:
    """Each iteration starts anew."""
    app = drive((200, b'{"messages":[{"id":"m"}]}'))
    messages = app.client.messages.list()
    assert len(app.finish(messages)) == len(app.finish(messages)) == 1


def test_wrong_arguments_of_a_list_are_told_at_the_call(drive: Drive) -> None:
    """Not when it is iterated."""
    app = drive((200, BODY))
    with pytest.raises(InvalidData, match="page_size: expected int <= 30000"):
        app.client.segments.membership(7, page_size=30_001)


# The rest -------------------------------------------------------------------------------------------------------------


def test_wrong_arguments_are_told_at_the_call_and_not_when_it_is_awaited() -> None:
    """An asynchronous method raises at once, and makes nothing that has to be awaited."""
    app = AsyncAppClient(KEY, transport=Script((200, BODY)))
    with pytest.raises(InvalidData):
        _ = app.segments.get(0)


def test_what_is_new_can_be_called(drive: Drive) -> None:
    """Any operation goes out with the same encoding, errors and retries, and its JSON comes back."""
    app = drive((503, b""), (200, b'{"new":[1]}'))
    when = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
    query = {"email": "a+b@c", "since": when, "deep": True, "none": None, "né&": 1.5}
    assert app("request", "GET", ["v1", "new things", "a/b"], query=query) == {"new": [1]}
    assert app.script.targets[-1] == (
        "GET /v1/new%20things/a%2Fb?email=a%2Bb%40c&since=1795521600&deep=true&n%C3%A9%26=1.5"
    )
    app = drive((500, b""))
    with pytest.raises(ServiceUnavailable, match=r"^request POST: .*not sent again"):
        app("request", "POST", "/v1/new/thing%20s", body={"at": when})
    assert app.script.requests[0].content == b'{"at":1795521600}'
    app = drive((500, b""), (204, b""))
    assert app("request", "POST", "/v1/new", replay_safe=True) is None


@pytest.mark.parametrize(
    ("method", "path", "problem"),
    [
        ("PATCH", "/v1/x", "expected GET, POST, PUT or DELETE"),
        ("GET", "v1/x", "expected an encoded path"),
        ("GET", "/v1/a b", "expected an encoded path"),
        ("GET", "/v1/ü", "expected an encoded path"),
        ("GET", "/v1/x?a=1", "expected an encoded path"),
        ("GET", ["v1", ".."], "neither empty nor only dots"),
        ("GET", ["v1", ""], "neither empty nor only dots"),
        ("GET", ["v1", 7], "expected text"),
        ("GET", ["v1", ["x"]], "expected text"),
        ("GET", ["v1", "\ud800"], "whole characters"),
        ("GET", [], "not empty"),
        ("GET", 7, "expected text, or a list of parts"),
        ("GET", {"v1"}, "expected text, or a list of parts"),
    ],
)
def test_a_call_that_cannot_be_encoded_is_refused(drive: Drive, method: str, path: Any, problem: str) -> None:
    """What would become another request than was meant is not sent."""
    app = drive((200, b"{}"))
    with pytest.raises(InvalidData, match=problem):
        app("request", method, path)
    assert app.script.requests == []


@pytest.mark.parametrize("query", [{"\ud800": 1}, {7: 1}, ["a"], "a=1", [], 7])
def test_a_query_that_cannot_be_encoded_is_refused(drive: Drive, query: Any) -> None:
    """A query is names with values; what is none is told as that, and nothing is sent."""
    app = drive((200, b"{}"))
    with pytest.raises(InvalidData, match="query: expected names"):
        app("request", "GET", "/v1/x", query=query)
    assert app.script.requests == []


def test_a_service_account_names_its_workspace(drive: Drive) -> None:
    """A token of several workspaces needs one, and it goes along in a header."""
    app = drive(NO_SEGMENTS, api_key="sa_live_x", workspace_id=12)
    app("segments.list")
    assert app.script.requests[0].headers["x-workspace-id"] == "12"
    assert app.script.requests[0].headers["authorization"] == "Bearer sa_live_x"
    with pytest.raises(SettingsError, match="workspace_id="):
        drive(NO_SEGMENTS, api_key="sa_live_x")


@pytest.mark.parametrize("workspace", ["12", 0, True, 1.5])
def test_a_workspace_is_a_number(workspace: Any) -> None:
    """Whatever else is given as a workspace is refused."""
    with pytest.raises(SettingsError, match="workspace_id must be"):
        AppClient(KEY, workspace_id=workspace, transport=Script(NO_SEGMENTS))


def test_the_key_comes_from_the_settings(monkeypatch: pytest.MonkeyPatch, drive: Drive) -> None:
    """Environment and region drive the App API's host too; without a key the variable is named."""
    with pytest.raises(SettingsError, match="CUSTOMERIO_APP_API_KEY not set"):
        AppClient()
    monkeypatch.setenv("CUSTOMERIO_APP_API_KEY", KEY)
    monkeypatch.setenv("CUSTOMERIO_REGION", "eu")
    app = drive(NO_SEGMENTS, api_key=None)
    app("segments.list")
    assert app.script.requests[0].url.host == "api-eu.customer.io"
    assert app.script.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_closed_client_says_so(drive: Drive) -> None:
    """Every kind of call after the end is refused."""
    app = drive(NO_SEGMENTS)
    app("aclose" if isinstance(app.client, AsyncAppClient) else "close")
    calls: list[tuple[Any, ...]] = [
        ("segments.list",),
        ("segments.membership", 1),
        ("request", "GET", "/v1/x"),
        ("send_email", EMAIL),
    ]
    for call in calls:
        with pytest.raises(ClientClosed):
            app(*call)


def test_a_request_of_another_channel_is_refused(drive: Drive) -> None:
    """Each send takes its own class and no other."""
    app = drive(SENT)
    with pytest.raises(InvalidData, match="expected SendEmail, got SendInApp"):
        app("send_email", SendInApp(identifiers="1", transactional_message_id=1))
    with pytest.raises(InvalidData, match="expected SendEmail, got dict"):
        app("send_email", {"to": "a@example.com"})


def test_naive_datetimes_follow_the_setting(drive: Drive) -> None:
    """A time without a zone is refused, or UTC where that was declared."""
    naive = dt.datetime(2026, 11, 24, 12)  # noqa: DTZ001 - that is the point
    with pytest.raises(InvalidData, match="start_ts: this datetime has no time zone"):
        drive((200, BODY))("messages.list", start_ts=naive)
    app = drive((200, b'{"messages":[]}'), naive_datetimes="utc")
    app("messages.list", start_ts=naive)
    assert app.script.targets == ["GET /v1/messages?start_ts=1795521600"]


def test_a_message_that_was_taken_is_told(drive: Drive) -> None:
    """A send returns the delivery's id, when it was queued and when it will be sent."""
    app = drive((200, b'{"delivery_id":"d1","queued_at":1,"send_at":2}'))
    sent = app("send_email", EMAIL)
    assert (sent.delivery_id, sent.queued_at, sent.send_at) == ("d1", 1, 2)


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_client_that_is_forgotten_is_gone_at_once(kind: str) -> None:
    """Nothing that a client hands out keeps it, so its connections do not wait for the garbage collector."""
    app = Driver(kind, Script(NO_SEGMENTS))
    app("segments.list")
    forgotten = weakref.ref(app.client)
    app.end()
    gc.disable()
    try:
        del app
        assert forgotten() is None
    finally:
        gc.enable()


def test_people_are_asked_for_by_any_name(drive: Drive) -> None:
    """An e-mail address in a path is encoded and declared as one."""
    app = drive((200, b'{"segments":[]}'))
    app("customers.segments", Email("a+b@example.com"))
    assert app.script.targets == ["GET /v1/customers/a%2Bb%40example.com/segments?id_type=email"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("retry", r"retry must be a RetryPolicy, such as RetryPolicy\(max_retries=5\), got 3"),
        ("rate_limits", r"rate_limits must be a RateLimits, such as RateLimits\(general=5\), got 3"),
    ],
)
def test_a_bare_number_is_no_policy(name: str, words: str) -> None:
    """A number where a policy or rates belong is refused when the client is made, with what to write."""
    kind: Any = AppClient
    with pytest.raises(SettingsError, match=words):
        kind(KEY, **{name: 3})
