"""The interface of the official SDK: every name, signature and attribute is here too."""

import importlib
import inspect
import pickle
from typing import Any

import pytest

import ciokit
import ciokit.compat.customerio as ours
from ciokit import RetryPolicy
from ciokit.compat.customerio import CustomerIO, CustomerIOException, Regions, replays
from ciokit.compat.customerio.client_base import retry_policy
from ciokit.compat.customerio.response import Response
from ciokit.errors import NoReplyError
from ciokit.verdict import Reply

sdk: Any = importlib.import_module("customerio")  # it has no types
CLASSES = [name for name in sdk.__all__ if inspect.isclass(getattr(sdk, name))]
ULID = "01JDEXAMP1E000000000000000"

# A requests.Session, which there is none of here.
NOT_HERE = {"http"}


def public(thing: Any) -> set[str]:
    """Return the public names of a class or module."""
    return {name for name in dir(thing) if not name.startswith("_")}


def parameters(function: Any) -> list[tuple[str, Any, Any]]:
    """Return what a call needs to know of a signature: names, kinds and defaults."""
    return [
        (found.name, found.kind, found.default) for found in inspect.signature(function).parameters.values()
    ]


def without_region(found: list[tuple[str, Any, Any]]) -> list[tuple[str, Any, Any]]:
    """Compare regions by what is in them: each library has a tuple of its own."""
    return [(name, kind, tuple(value) if name == "region" else value) for name, kind, value in found]


def test_every_name_is_here() -> None:
    """What the SDK exports is exported here."""
    assert set(ours.__all__) == set(sdk.__all__)


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("constants", {"CIOID", "EMAIL", "ID"}),
        ("regions", {"Region", "Regions"}),
        ("client_base", {"ClientBase", "CustomerIOException"}),
        ("track", {"CustomerIO"}),
        ("api", {"APIClient", "SendEmailRequest", "SendPushRequest", "SendSMSRequest"}),
    ],
)
def test_modules_are_found_where_they_are(module: str, names: set[str]) -> None:
    """What programs import from the SDK's modules is found in ours of the same name."""
    theirs = importlib.import_module(f"customerio.{module}")
    here = importlib.import_module(f"ciokit.compat.customerio.{module}")
    for name in names:
        assert hasattr(theirs, name)
        assert hasattr(here, name)


@pytest.mark.parametrize("name", CLASSES)
def test_signatures_are_the_same(name: str) -> None:
    """Each class, and each of its public methods, takes the same arguments with the same defaults."""
    theirs, here = getattr(sdk, name), getattr(ours, name)
    if name not in {"Regions", "CustomerIOException"}:
        assert without_region(parameters(here)) == without_region(parameters(theirs))
    for method in public(theirs) - NOT_HERE - public(Exception):
        found = getattr(theirs, method)
        if callable(found) and not isinstance(found, tuple):
            assert parameters(getattr(here, method)) == parameters(found), method


@pytest.mark.parametrize("name", ["CustomerIO", "APIClient"])
def test_attributes_are_the_same(name: str) -> None:
    """What a client of the SDK has to be read and set, ours has with the same value."""
    theirs, here = getattr(sdk, name)("a", "b"), getattr(ours, name)("a", "b")
    for attribute in public(theirs) - NOT_HERE:
        value = getattr(theirs, attribute)
        if not callable(value):
            assert getattr(here, attribute) == value, attribute


@pytest.mark.parametrize("name", [name for name in CLASSES if name.startswith("Send")])
def test_request_classes_hold_the_same(name: str) -> None:
    """Every field of a message is an attribute of its name, and is sent by the same name in the same order."""
    fields = {field: index for index, field in enumerate(inspect.signature(getattr(sdk, name)).parameters)}
    theirs, here = getattr(sdk, name)(**fields), getattr(ours, name)(**fields)
    assert vars(here) == vars(theirs)
    assert list(here._to_dict().items()) == list(theirs._to_dict().items())
    assert getattr(ours, name)()._to_dict() == {}
    assert repr(here) == f"<{name}>"


def test_regions_are_the_same() -> None:
    """The regions have the vendor's hosts."""
    for name in ("US", "EU"):
        assert tuple(getattr(ours.Regions, name)) == tuple(getattr(sdk.Regions, name))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"region": "EU"},
        {"host": "proxy.example.com"},
        {"host": "https://proxy.example.com/"},
        {"host": "http://proxy.example.com"},
        {"host": "proxy.example.com", "port": 8443},
        {"port": 443, "url_prefix": "/v9/"},
        {"url_prefix": "v9"},
    ],
)
def test_addresses_are_the_same(options: dict[str, Any]) -> None:
    """Host, region, port and prefix make the same addresses."""

    def addresses(library: Any) -> list[str]:
        region = getattr(library.Regions, options.get("region", "US"))
        client = library.CustomerIO("site", "key", **options | {"region": region})
        return [
            client.base_url,
            client.host,
            client.get_customer_query_string("a/b+c d@e.f"),
            client.get_event_query_string(5),
            client.get_events_query_string(),
            client.get_device_query_string("zoë"),
        ]

    assert addresses(ours) == addresses(sdk)


def test_an_address_can_be_put_together_anew() -> None:
    """After a change of the host, `setup_base_url` decides on the address, as in the SDK."""
    client = CustomerIO("site", "key")
    client.host, client.port = "proxy.example.com", 8443
    client.setup_base_url()
    assert client.base_url == "https://proxy.example.com:8443/api/v1"


def test_the_sandbox_is_spoken_to_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where CIOKIT_BASE_URL is set, it is the address of both clients, whatever the program asks for."""
    monkeypatch.setenv("CIOKIT_BASE_URL", "http://127.0.0.1:8025")
    track = CustomerIO("site", "key", host="track.example.com", port=8443, region=Regions.EU)
    assert track.base_url == "http://127.0.0.1:8025/api/v1"
    assert ours.APIClient("key", url="https://api.example.com").url == "http://127.0.0.1:8025"
    monkeypatch.setenv("CIOKIT_BASE_URL", "nowhere")
    with pytest.raises(CustomerIOException, match="CIOKIT_BASE_URL"):
        CustomerIO("site", "key")


def test_an_address_with_a_path_holds_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a path of a proxy's, version 2 is asked there as well."""
    monkeypatch.setenv("CIOKIT_BASE_URL", "http://127.0.0.1:8025/proxy")
    track = CustomerIO("site", "key", url_prefix="/api/v9/")
    asked: list[str] = []

    def watch(_method: str, url: str, _data: Any) -> None:
        asked.append(url)

    monkeypatch.setattr(track, "send_request", watch)
    track.batch([{}])
    track.delete("1")
    assert asked == [
        "http://127.0.0.1:8025/proxy/api/v2/batch",
        "http://127.0.0.1:8025/proxy/api/v9/customers/1",
    ]


@pytest.mark.parametrize(
    ("host", "scheme"),
    [
        ("http://localhost", "http"),
        ("http://127.0.0.1:80/", "http"),
        ("http://[::1]:80", "http"),
        ("http://localhost.example.com", "https"),
        ("http://127.0.0.1.example.com", "https"),
        ("127.0.0.1", "https"),
    ],
)
def test_plain_http_is_for_this_machine(host: str, scheme: str) -> None:
    """Only an address of this machine is spoken to in plain http, and only when that is asked for."""
    assert CustomerIO("site", "key", host=host).base_url.startswith(f"{scheme}://")


def test_an_answer_is_what_programs_use_of_one() -> None:
    """An answer has what the SDK's has, but for what belongs to its HTTP library alone."""
    inside = {"raw", "request", "cookies", "links", "next", "apparent_encoding", "is_permanent_redirect"}
    theirs = importlib.import_module("requests").Response()
    here = Response(Reply(207, {"x-one": "1"}, b'{"a":\n1}'), "https://example.com/", 1.5)
    assert public(theirs) - public(here) == inside
    assert (here.reason, here.text, here.json()) == ("Multi-Status", '{"a":\n1}', {"a": 1})
    assert (here.headers["X-One"], here.headers.get("X-Two"), len(here.headers)) == ("1", None, 1)
    assert (here.elapsed.total_seconds(), here.history, here.is_redirect) == (1.5, [], False)
    assert list(here.iter_content(4)) == [b'{"a"', b":\n1}"]
    assert list(here.iter_content(None)) == [here.content]
    assert list(here.iter_lines()) == [b'{"a":', b"1}"]
    with here as same:
        assert same is here


def test_an_old_argument_is_warned_of() -> None:
    """The encoder that the SDK no longer uses is not used here, and both say so."""
    for library in (sdk, ours):
        with pytest.warns(DeprecationWarning, match="json_encoder") as caught:
            library.CustomerIO("site", "key", json_encoder=object())
        assert caught[0].filename == __file__


@pytest.mark.parametrize("library", [sdk, ours])
def test_what_is_no_region_is_refused(library: Any) -> None:
    """Text is no region."""
    for make in (library.CustomerIO, library.APIClient):
        with pytest.raises(library.CustomerIOException, match="invalid region provided"):
            make("a", "b", region="us")


def test_the_sdks_backoff_stands_for_ours() -> None:
    """The SDK's default, over within a blink, is ciokit's default here; any other is obeyed."""
    assert retry_policy(3, CustomerIO("site", "key").backoff_factor) == RetryPolicy()
    assert retry_policy(7, 0.5) == RetryPolicy(max_retries=7, base_delay=0.5)
    assert retry_policy(0, 0.02).max_retries == 0
    assert retry_policy(3, 60).max_delay == 60


@pytest.mark.parametrize(
    "options", [{"retries": -1}, {"backoff_factor": -1.0}, {"timeout": 0}, {"timeout": "x"}]
)
def test_settings_out_of_range_are_told(options: dict[str, Any]) -> None:
    """A setting that cannot be is the SDK's exception at the first call, before anything is sent."""
    client = CustomerIO("site", "key", host="127.0.0.1", port=9, **options)
    with pytest.raises(
        CustomerIOException,
        match=next(iter(options)).replace("backoff_factor", "base_delay").replace("retries", "max_retries"),
    ):
        client.identify("user-1")


def test_the_exception_is_ciokits_too() -> None:
    """A program that moves on to ciokit's own errors can catch both with one; it survives a pickle."""
    assert issubclass(CustomerIOException, ciokit.CiokitError)
    error = CustomerIOException("words", status=503, attempts=4, retryable=True)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.status, again.attempts, again.retryable) == ("words", 503, 4, True)
    assert not issubclass(CustomerIOException, NoReplyError)


@pytest.mark.parametrize(
    ("method", "path", "data", "kind", "safe"),
    [
        ("PUT", "/api/v1/customers/1", {}, "identify", True),
        ("DELETE", "/api/v1/customers/1", {}, "delete", True),
        ("PUT", "/api/v1/customers/1/devices", {}, "add_device", True),
        ("DELETE", "/api/v1/customers/1/devices/2", {}, "delete_device", True),
        ("POST", "/api/v1/customers/1/suppress", {}, "suppress", True),
        ("POST", "/api/v1/customers/1/unsuppress", {}, "unsuppress", True),
        ("POST", "/api/v1/merge_customers", {}, "merge", True),
        ("POST", "/api/v1/customers/1/events", {"name": "a"}, "event", False),
        ("POST", "/api/v1/customers/1/events", {"id": "my-own"}, "event", False),
        ("POST", "/api/v1/customers/1/events", {"id": 7}, "event", False),
        ("POST", "/api/v1/customers/1/events", {"id": ULID}, "event", True),
        ("POST", "/api/v1/events", {"id": ULID.lower()}, "event", True),
        ("POST", "/api/v2/batch", {"batch": [{"action": "identify"}, 7]}, "batch", True),
        ("POST", "/api/v2/batch", {"batch": [{"action": "event", "id": ULID}]}, "batch", True),
        ("POST", "/api/v2/batch", {"batch": [{"action": "identify"}, {"action": "page"}]}, "batch", False),
        ("POST", "/v1/send/email", {"id": ULID}, "send_email", False),
        ("POST", "/v1/send/inbox_message", {}, "send_inbox_message", False),
        ("POST", "/v1/campaigns/1/triggers", {}, "request", False),
        ("GET", "/api/v1/accounts/region", {}, "request", True),
    ],
)
def test_what_may_be_sent_again(method: str, path: str, data: Any, kind: str, *, safe: bool) -> None:
    """Only what Customer.io absorbs or discards when it comes twice is called safe."""
    assert replays.kind_of(method, path) == kind
    assert replays.is_replay_safe(method, path, data) is safe


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [("track", ("user-1", "seen")), ("backfill", ("user-1", "seen", 1)), ("pageview", ("user-1", "/"))],
)
def test_data_without_an_end_is_refused_as_any_other(verb: str, arguments: tuple[Any, ...]) -> None:
    """What contains itself is the SDK's own exception, whichever verb it is given to."""
    endless: dict[str, Any] = {}
    endless["itself"] = endless
    call = getattr(CustomerIO("site", "key"), verb)
    with pytest.raises(CustomerIOException, match=r"^not sent, .* contains itself$"):
        _ = call(*arguments, endless) if verb == "track" else call(*arguments, data=endless)
