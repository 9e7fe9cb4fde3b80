"""The Pipelines clients: their keys, regions and modes, every operation of the API, catalogues, and what errors say."""

import asyncio
import base64
import inspect
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

import ciokit
from ciokit import (
    AnonymousId,
    AsyncPipelinesClient,
    Attributes,
    BatchError,
    DeliveryError,
    Email,
    Event,
    InvalidData,
    ObjectId,
    Outbox,
    PipelinesClient,
    RateLimited,
    Receipt,
    RetryPolicy,
    ServiceUnavailable,
    SettingsError,
    Unauthorized,
    pipelines,
)
from ciokit.outboxes.pipelines import AsyncPipelinesOutbox, PipelinesOutbox
from ciokit.sandbox import World
from ciokit.sandbox.faults.rules import Effect, FaultRule
from ciokit.sandbox.pipelines.calls import ROUTES
from ciokit.testing import FakeClock, SandboxTransport
from ciokit.wire import Entry

KEY = "marker-write-key"


class SignedUp(Event):
    """An event of the catalogue."""

    method: str


class Refunded(Event):
    """An event of no catalogue here."""


class Person(Attributes):
    """Attributes of the catalogue."""

    email: str


class Driven:
    """One client of either kind, in an empty world of its own, driven in the same words.

    Args:
        kind: `sync` or `async`.
        options: Arguments of the client.
        made: What makes the client; `PipelinesClient` or one that is bound to a catalogue.
    """

    def __init__(self, kind: str, made: Any = None, **options: Any) -> None:
        self.world = World(keys={KEY: "shop"})
        self.clock = FakeClock()
        default: dict[str, Any] = {"sync": PipelinesClient, "async": AsyncPipelinesClient}
        given = {
            "api_key": KEY,
            "transport": SandboxTransport(self.world, self.clock),
            "clock": self.clock,
            **options,
        }
        self.client = (made or default[kind])(**given)

    def call(self, verb: str, *args: Any, **options: Any) -> Any:
        """Call a verb and return what came of it."""
        result = getattr(self.client, verb)(*args, **options)
        return asyncio.run(result) if inspect.iscoroutine(result) else result

    @property
    def body(self) -> Any:
        """The last request's body, decoded."""
        return json.loads(self.world.requests[-1].body or b"")


class Overheard(SandboxTransport):
    """Carry requests to a world, and remember how they were authorized."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.headers: list[str] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a request of a sync client."""
        self.headers.append(request.headers["authorization"])
        return super().handle_request(request)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a request of an async client."""
        self.headers.append(request.headers["authorization"])
        return await super().handle_async_request(request)


@pytest.fixture(params=["sync", "async"])
def drive(request: pytest.FixtureRequest) -> Callable[..., Driven]:
    """Drive clients of one kind; the test runs once with each kind."""

    def make(made: Any = None, **options: Any) -> Driven:
        return Driven(request.param, made, **options)

    return make


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Leave no client of the process behind."""
    yield
    ciokit.reset()


COMMON = {"message_id": "m-1", "timestamp": 0, "context": {"ip": "::1"}, "integrations": {"All": False}}
OPERATIONS: list[tuple[str, tuple[Any, ...], dict[str, Any], str, dict[str, Any]]] = [
    ("identify", ("42", {"n": 1}), {}, "identify", {"userId": "42", "traits": {"n": 1}}),
    (
        "track",
        ("42", "seen", {"n": 1}),
        {},
        "track",
        {"userId": "42", "event": "seen", "properties": {"n": 1}},
    ),
    ("page", (AnonymousId("v"), "Home"), {}, "page", {"anonymousId": "v", "name": "Home", "properties": {}}),
    ("screen", ("42", "Main"), {}, "screen", {"userId": "42", "name": "Main", "properties": {}}),
    (
        "group",
        ("42", ObjectId("2", "acme")),
        {"relationship_attributes": {"role": "x"}},
        "group",
        {
            "userId": "42",
            "groupId": "acme",
            "traits": {"object_type_id": "2", "relationshipAttributes": {"role": "x"}},
        },
    ),
    ("alias", (AnonymousId("v"), "42"), {}, "alias", {"previousId": "v", "userId": "42"}),
]
COMMON_JSON = {
    "messageId": "m-1",
    "timestamp": "1970-01-01T00:00:00.000Z",
    "integrations": {"All": False},
}


@pytest.mark.parametrize(
    ("verb", "args", "options", "path", "own"), OPERATIONS, ids=[case[0] for case in OPERATIONS]
)
def test_every_operation_of_the_api(
    drive: Callable[..., Driven],
    verb: str,
    args: tuple[Any, ...],
    options: dict[str, Any],
    path: str,
    own: dict[str, Any],
) -> None:
    """A verb of both clients asks for its own path with the body that the reference describes."""
    driven = drive(stamp=False)
    receipt = driven.call(verb, *args, **options, **COMMON)
    assert isinstance(receipt, Receipt)
    assert receipt.id == "m-1"
    asked = driven.world.requests[-1]
    body = driven.body
    assert (asked.method, asked.path, asked.status) == ("POST", f"/v1/{path}", 200)
    assert body.pop("context")["ip"] == "::1"
    assert body == {"type": verb, **own, **COMMON_JSON}


def test_a_batch_mixes_all_of_them(drive: Callable[..., Driven]) -> None:
    """Calls of every type travel in one request, in order, each as it would be alone."""
    driven = drive()
    calls = [
        pipelines.Identify("42", {"plan": "pro"}),
        pipelines.Track("42", SignedUp(method="x")),
        pipelines.Page("42", "Home"),
        pipelines.Screen("42", "Main"),
        pipelines.Group("42", "acme"),
        pipelines.Alias("old", "42"),
        pipelines.AddDevice("42", "tok", platform="ios"),
    ]
    result = driven.call("batch", calls)
    assert (result.accepted, result.requests) == (7, 1)
    assert [item.id for item in result.items] == [call.message_id for call in calls]
    assert driven.world.requests[-1].path == "/v1/batch"
    assert [item["type"] for item in driven.body["batch"]] == [
        "identify",
        "track",
        "page",
        "screen",
        "group",
        "alias",
        "track",
    ]


def test_no_operation_of_the_api_is_left_out() -> None:
    """The cases above are all the operations that there are."""
    covered = {f"/v1/{case[3]}" for case in OPERATIONS} | {"/v1/batch"}
    assert covered == {route.template for route in ROUTES}


def test_a_long_batch_is_parted_at_500_kilobytes(drive: Callable[..., Driven]) -> None:
    """Each request is as full as the API takes, and what is too large for any is refused before anything is sent."""
    driven = drive()
    calls = [pipelines.Track("42", "seen", {"text": "x" * 31_000, "n": n}) for n in range(33)]
    result = driven.call("batch", calls)
    sizes = [len(asked.body or b"") for asked in driven.world.requests]
    assert (result.accepted, result.requests) == (33, 3)
    assert max(sizes) <= 500_000 < max(sizes) + 32_000
    assert [event.data["n"] for event in driven.world.events("42")] == [*range(33)]
    with pytest.raises(InvalidData, match=r"operations\[1\]: is \d+ bytes"):
        driven.call("batch", [pipelines.Page("42"), pipelines.Track("42", "seen", {"text": "x" * 32_000})])
    assert len(driven.world.requests) == 3


def test_operations_of_the_other_api_are_refused(drive: Callable[..., Driven]) -> None:
    """A batch takes this API's own operations alone."""
    with pytest.raises(InvalidData, match="expected an operation"):
        drive().call("batch", [ciokit.Track("42", "seen")])


# Keys, regions, modes


@pytest.mark.parametrize(
    ("key", "header"),
    [
        ("plain-key", "Basic " + base64.b64encode(b"plain-key:").decode()),
        ("sk_us_abc", "Bearer sk_us_abc"),
        ("pk_us_abc", "Bearer pk_us_abc"),
        ("sk_uk_abc", "Basic " + base64.b64encode(b"sk_uk_abc:").decode()),
    ],
)
def test_both_kinds_of_key(drive: Callable[..., Driven], key: str, header: str) -> None:
    """A plain key is a user's name with an empty password; one that names its region is a bearer's."""
    carrier = Overheard(World(keys={key: "shop"}))
    drive(api_key=key, transport=carrier).call("track", "42", "seen")
    assert carrier.headers == [header]
    assert len(carrier.world.events("42")) == 1


@pytest.mark.parametrize(("key", "host"), [("sk_eu_x", "cdp-eu"), ("pk_us_x", "cdp"), ("x", "cdp")])
def test_a_key_that_names_its_region_decides_it(drive: Callable[..., Driven], key: str, host: str) -> None:
    """The host is the one of the key's own region."""
    assert drive(api_key=key).client.url == f"https://{host}.customer.io"


def test_a_key_and_a_setting_that_disagree_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a setting names the other region, the error names both."""
    with pytest.raises(SettingsError, match="the key is of region eu, but region= says us"):
        PipelinesClient("sk_eu_x", region="us")
    monkeypatch.setenv("CUSTOMERIO_REGION", "us")
    with pytest.raises(SettingsError, match="but CUSTOMERIO_REGION says us"):
        PipelinesClient("sk_eu_x")
    monkeypatch.setenv("CUSTOMERIO_REGION", "eu")
    assert PipelinesClient("sk_eu_x").region == "eu"


def test_settings_are_the_missions_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Key, region and address come from the variables that every client reads; a missing key is named."""
    with pytest.raises(SettingsError, match="CUSTOMERIO_PIPELINES_API_KEY not set"):
        PipelinesClient()
    monkeypatch.setenv("CUSTOMERIO_PIPELINES_API_KEY", "key")
    monkeypatch.setenv("CUSTOMERIO_REGION", "eu")
    assert PipelinesClient().url == "https://cdp-eu.customer.io"
    monkeypatch.setenv("CIOKIT_BASE_URL", "http://127.0.0.1:9")
    assert PipelinesClient().url == "http://127.0.0.1:9"


def test_strict_mode_is_on_unless_it_is_turned_off(drive: Callable[..., Driven]) -> None:
    """A wrong key is told in strict mode; without, the service takes the call and drops it."""
    with pytest.raises(Unauthorized, match="CUSTOMERIO_PIPELINES_API_KEY") as caught:
        drive(api_key="wrong").call("track", "42", "seen")
    assert caught.value.status == 401
    lax = drive(api_key="wrong", strict=False)
    lax.call("track", "42", "seen")
    assert lax.world.events() == []
    strict = drive()
    strict.call("track", "42", "seen")
    assert strict.world.requests[-1].headers["x-strict-mode"] == "1"


def test_common_context_and_integrations(drive: Callable[..., Driven]) -> None:
    """What the client was made with is in every call, and so is the library's name."""
    driven = drive(context={"locale": "de"}, integrations={"Other": False})
    driven.call("page", "42", context={"ip": "::1"})
    context = driven.body["context"]
    assert context == {
        "library": {"name": "ciokit", "version": ciokit.__version__},
        "locale": "de",
        "ip": "::1",
    }
    assert driven.body["integrations"] == {"Other": False}
    with pytest.raises(InvalidData, match="integrations: expected a mapping"):
        drive(integrations={"All": "yes"})
    with pytest.raises(InvalidData, match="context"):
        drive(context={"at": object()})


# Catalogues


def test_a_bound_client_takes_its_catalogue_alone() -> None:
    """Events and traits that the catalogue does not have are refused, as names and loose data are."""
    client = PipelinesClient[Person, SignedUp](KEY, transport=SandboxTransport(World()))
    client.track("42", SignedUp(method="x"))
    client.identify(Email("a@example.com"), Person(email="a@example.com"))
    loose: Any = client
    with pytest.raises(InvalidData, match="event: this client is bound to a catalogue; expected SignedUp"):
        loose.track("42", Refunded())
    with pytest.raises(InvalidData, match="expected SignedUp, got str"):
        loose.track("42", "signed_up")
    with pytest.raises(InvalidData, match="traits: this client is bound"):
        loose.identify("42", {"email": "a@example.com"})
    with pytest.raises(InvalidData, match=r"operations\[0\]"):
        client.batch([pipelines.Track("42", Refunded())])


def test_a_catalogue_that_is_none_is_told() -> None:
    """A client bound to what is no catalogue says so at its first use."""
    mistaken: Any = PipelinesClient
    client = mistaken[int, str](KEY, transport=SandboxTransport(World()))
    with pytest.raises(SettingsError, match="is no catalogue"):
        client.page("42")


# Errors and retries


@pytest.mark.parametrize(
    ("status", "kind", "attempts"),
    [(400, DeliveryError, 1), (413, DeliveryError, 1), (429, RateLimited, 4), (500, ServiceUnavailable, 4)],
)
def test_errors_are_retried_where_that_may_help(
    drive: Callable[..., Driven], status: int, kind: type[DeliveryError], attempts: int
) -> None:
    """Passing failures are tried again under the same message id, others are final; no error shows key or data."""
    driven = drive()
    driven.world.faults.add(FaultRule(effect=Effect(status=status), times=10), 0.0)
    with pytest.raises(kind) as caught:
        driven.call("track", "42", "seen", {"card": "marker-card"})
    assert caught.value.attempts == attempts
    bodies = {asked.body for asked in driven.world.requests}
    assert (len(driven.world.requests), len(bodies)) == (attempts, 1)
    assert "marker" not in f"{caught.value!r}{caught.value}{driven.client!r}"


def test_a_lost_answer_is_tried_again_under_the_same_name(drive: Callable[..., Driven]) -> None:
    """A call whose answer was lost arrives again, to the byte, so that whoever looks at message ids sees one."""
    driven = drive()
    driven.world.faults.add(FaultRule(effect=Effect(drop=True, after_processing=True), times=1), 0.0)
    receipt = driven.call("track", "42", "seen")
    assert receipt.attempts == 2
    assert {event.message_id for event in driven.world.events("42")} == {receipt.id}
    assert driven.clock.sleeps


def test_what_strict_mode_refuses_tells_why(drive: Callable[..., Driven]) -> None:
    """A refused batch names the service's reasons, and that none of it was taken for certain."""
    driven = drive(retry=RetryPolicy(max_retries=0))
    good = driven.client.encode(pipelines.Page("42"))
    bad = Entry(b'{"type":"track","userId":"42"}', ("id:42",), "event", good.route, "m-2")
    with pytest.raises(BatchError) as caught:
        driven.call("send", [good, bad])
    assert [item.status for item in caught.value.result.items] == ["failed", "failed"]
    assert "event name must not be blank" in str(caught.value)


def test_a_closed_client_says_so(drive: Callable[..., Driven]) -> None:
    """After its close a client takes nothing more."""
    driven = drive()
    driven.call("aclose" if hasattr(driven.client, "aclose") else "close")
    with pytest.raises(ciokit.ClientClosed):
        driven.call("track", "42", "seen")


# One a process


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set all keys, and an address for which no certificates are read."""
    for name in ("CUSTOMERIO_SITE_ID", "CUSTOMERIO_TRACK_API_KEY", "CUSTOMERIO_PIPELINES_API_KEY"):
        monkeypatch.setenv(name, "key")
    monkeypatch.setenv("CIOKIT_BASE_URL", "http://127.0.0.1:9")


@pytest.mark.usefixtures("settings")
def test_one_client_a_process() -> None:
    """Whoever asks gets the same client, one for each catalogue, until it is reset."""
    client = ciokit.pipelines_client()
    assert isinstance(client, PipelinesClient)
    assert ciokit.pipelines_client() is client
    bound = ciokit.pipelines_client(PipelinesClient[Person, SignedUp])
    assert bound is ciokit.pipelines_client(PipelinesClient[Person, SignedUp])
    assert bound is not client
    ciokit.reset()
    assert ciokit.pipelines_client() is not client


@pytest.mark.usefixtures("settings")
def test_one_client_a_loop() -> None:
    """Two loops, one after the other, have clients of their own; outside of a loop there is none."""

    async def ask() -> AsyncPipelinesClient:
        assert ciokit.async_pipelines_client() is ciokit.async_pipelines_client()
        return ciokit.async_pipelines_client()

    assert asyncio.run(ask()) is not asyncio.run(ask())
    with pytest.raises(RuntimeError):
        ciokit.async_pipelines_client()


@pytest.mark.usefixtures("settings")
def test_one_outbox_a_process() -> None:
    """The process's outbox for this API is asked for by the client's class, and is another one than the Track API's."""
    outbox = ciokit.outbox(PipelinesClient)
    assert isinstance(outbox, PipelinesOutbox)
    assert ciokit.outbox(PipelinesClient) is outbox
    assert isinstance(ciokit.outbox(), Outbox)
    bound = ciokit.outbox(PipelinesClient[Person, SignedUp])
    mistyped: Any = Refunded()
    with pytest.raises(InvalidData, match="bound to a catalogue"):
        bound.track("42", mistyped)
    assert isinstance(ciokit.async_outbox(PipelinesClient), AsyncPipelinesOutbox)
