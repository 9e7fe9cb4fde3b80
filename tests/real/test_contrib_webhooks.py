"""The receivers of Starlette, Django and Flask, each in its framework's own client and behind a real server."""

import asyncio
import functools
import hashlib
import hmac
import json
import queue
import socket
import threading
import time
import wsgiref.simple_server
from collections.abc import Awaitable, Callable, Generator, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any, TypeAlias

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI
from flask import Flask
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient
from werkzeug.serving import WSGIRequestHandler, make_server

from ciokit import AppClient, SettingsError
from ciokit.app import SendEmail
from ciokit.contrib import django as ciokit_django
from ciokit.contrib import flask as ciokit_flask
from ciokit.contrib import starlette as ciokit_starlette
from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer
from ciokit.sandbox.state.reporting import SIGNING_KEY
from ciokit.webhooks import EmailClicked, ReportingEvent

KEY = "cio-test-signing-key-0002"
LIMIT = 2_000
PATH = "/customerio"

# Django has no types.
django: Any = import_module("django")
django_conf: Any = import_module("django.conf")
django_urls: Any = import_module("django.urls")
django_wsgi: Any = import_module("django.core.handlers.wsgi")
if not django_conf.settings.configured:
    django_conf.settings.configure(
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=None,
        SECRET_KEY="tests",
        DATA_UPLOAD_MAX_MEMORY_SIZE=LIMIT // 2,
        MIDDLEWARE=["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"],
    )
    django.setup()
django_test: Any = import_module("django.test")

Post: TypeAlias = Callable[[bytes, dict[str, str]], tuple[int, str]]
Make: TypeAlias = Callable[..., Post]


def signed(body: bytes, *, age: float = 0.0, key: str = KEY) -> dict[str, str]:
    """Sign as the vendor does, so many seconds ago."""
    at = int(time.time() - age)
    signature = hmac.new(key.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
    return {"X-CIO-Timestamp": str(at), "X-CIO-Signature": signature}


def body_of(number: int = 1, **data: object) -> bytes:
    """Return a webhook's body, of an event of its own."""
    event = {
        "event_id": f"event-{number}",
        "object_type": "email",
        "metric": "clicked",
        "timestamp": 1_613_063_089,
        "data": {"recipient": "zoë@example.com", "href": "https://example.com/", **data},
    }
    return json.dumps(event, ensure_ascii=False).encode()


# One post function a framework ----------------------------------------------------------------------------------------


def starlette_app(handler: Any, **options: Any) -> Starlette:
    """Return an application of Starlette with the receiver."""
    endpoint = ciokit_starlette.webhook_endpoint(handler, **options)
    return Starlette(routes=[Route(PATH, endpoint, methods=["POST"])])


def fastapi_app(handler: Any, **options: Any) -> FastAPI:
    """Return an application of FastAPI with the receiver."""
    app = FastAPI()
    app.add_route(PATH, ciokit_starlette.webhook_endpoint(handler, **options), methods=["POST"])
    return app


def starlette_post(handler: Any, **options: Any) -> Post:
    """Post through Starlette's own client, over ASGI."""
    return asgi_post(starlette_app(handler, **options))


def fastapi_post(handler: Any, **options: Any) -> Post:
    """Post to an application of FastAPI, likewise."""
    return asgi_post(fastapi_app(handler, **options))


def asgi_post(app: Any) -> Post:
    """Post to an ASGI application."""
    client = TestClient(app, raise_server_exceptions=False)

    def post(body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        answer = client.post(PATH, content=body, headers=headers)
        return answer.status_code, answer.text

    return post


def django_urlconf(handler: Any, **options: Any) -> ModuleType:
    """Return a module of URLs with the receiver."""
    module: Any = ModuleType("urls")
    module.urlpatterns = [django_urls.path(PATH[1:], ciokit_django.webhook_view(handler, **options))]
    return module  # type: ignore[no-any-return] # it is a module with something in it


def django_post(handler: Any, **options: Any) -> Post:
    """Post through Django's own client, with its check against forgeries on, over WSGI."""
    client = django_test.Client(enforce_csrf_checks=True, raise_request_exception=False)
    urls = django_urlconf(handler, **options)

    def post(body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        with django_test.override_settings(ROOT_URLCONF=urls):
            answer = client.post(PATH, data=body, content_type="application/json", headers=headers)
        return answer.status_code, answer.content.decode()

    return post


def django_async_post(handler: Any, **options: Any) -> Post:
    """Post through Django's own asynchronous client, over ASGI."""
    client = django_test.AsyncClient(enforce_csrf_checks=True, raise_request_exception=False)
    urls = django_urlconf(handler, **options)

    async def send(body: bytes, headers: dict[str, str]) -> Any:
        return await client.post(PATH, data=body, content_type="application/json", headers=headers)

    def post(body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        with django_test.override_settings(ROOT_URLCONF=urls):
            answer = asyncio.run(send(body, headers))
        return answer.status_code, answer.content.decode()

    return post


def flask_app(handler: Any, **options: Any) -> Flask:
    """Return an application of Flask with the receiver."""
    app = Flask("receiver")
    view: Any = ciokit_flask.webhook_view(handler, **options)
    app.add_url_rule(PATH, view_func=view, methods=["POST"])
    return app


def flask_post(handler: Any, **options: Any) -> Post:
    """Post through Flask's own client, over WSGI."""
    client = flask_app(handler, **options).test_client()

    def post(body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        answer = client.post(PATH, data=body, headers=headers)
        return answer.status_code, answer.text

    return post


def awaited(handler: Callable[[ReportingEvent], object]) -> Callable[[ReportingEvent], Awaitable[None]]:
    """Make a handler async."""

    async def handle(event: ReportingEvent) -> None:
        await asyncio.sleep(0)
        handler(event)

    return handle


class Called:
    """Handle events as an object with an async call."""

    def __init__(self, handler: Callable[[ReportingEvent], object]) -> None:
        self.handler = handler

    async def __call__(self, event: ReportingEvent) -> None:
        """Handle an event."""
        self.handler(event)


def through(post: Make, wrap: Callable[[Any], Any] = lambda handler: handler) -> Make:
    """Make receivers whose handler is wrapped."""

    def make(handler: Any, **options: Any) -> Post:
        return post(wrap(handler), **{"keys": KEY, "limit": LIMIT} | options)

    return make


WAYS = {
    "starlette": through(starlette_post),
    "starlette, async": through(starlette_post, awaited),
    "starlette, async object": through(starlette_post, Called),
    "starlette, async partial": through(starlette_post, lambda h: functools.partial(awaited(h))),
    "fastapi": through(fastapi_post),
    "fastapi, async": through(fastapi_post, awaited),
    "django": through(django_post),
    "django, async in WSGI": through(django_post, awaited),
    "django, async": through(django_async_post, awaited),
    "django, in ASGI": through(django_async_post),
    "flask": through(flask_post),
    "flask, async": through(flask_post, awaited),
}


@pytest.fixture(params=list(WAYS))
def make(request: pytest.FixtureRequest) -> Make:
    """Make receivers, in each framework."""
    return WAYS[request.param]


def test_an_event_is_handled_once(make: Make) -> None:
    """A good webhook is handed over and answered with 200, and so is its repetition, which is not handed over."""
    events: list[ReportingEvent] = []
    post, body = make(events.append), body_of()
    assert [post(body, signed(body)) for _ in range(2)] == [(200, ""), (200, "")]
    (event,) = events
    assert isinstance(event, EmailClicked)
    assert (event.recipient, event.href) == ("zoë@example.com", "https://example.com/")


def test_what_is_wrong_is_answered(make: Make) -> None:
    """What is not signed, not signed with the key, too old, no event or too large has an answer of its own."""
    events: list[ReportingEvent] = []
    post, body = make(events.append), body_of()
    large = body_of(text="x" * LIMIT)
    cases = [
        post(body, {}),
        post(body, signed(body, key="other")),
        post(body, signed(b"other")),
        post(body, signed(body, age=400)),
        post(body, signed(body, age=-400)),
        post(body, signed(body) | {"X-CIO-Timestamp": "now"}),
        post(b"{}", signed(b"{}")),
        post(large, signed(large)),
    ]
    assert cases == [
        (401, "MissingHeader"),
        (401, "SignatureMismatch"),
        (401, "SignatureMismatch"),
        (401, "TimestampTooOld"),
        (401, "TimestampTooNew"),
        (401, "InvalidTimestamp"),
        (400, "InvalidPayload"),
        (413, "BodyTooLarge"),
    ]
    assert events == []


def test_a_handler_that_fails_is_called_again(make: Make) -> None:
    """An error of the handler is answered with 500, and the next delivery of the same event is handed over."""
    events: list[ReportingEvent] = []

    def handle(event: ReportingEvent) -> None:
        events.append(event)
        if len(events) == 1:
            raise LookupError

    post, body = make(handle), body_of()
    assert [post(body, signed(body))[0] for _ in range(3)] == [500, 200, 200]
    assert len(events) == 2


def test_a_body_of_the_limit_is_taken(make: Make) -> None:
    """The limit itself is not too much, whatever a framework's own limit is."""
    events: list[ReportingEvent] = []
    body = body_of(text="x" * (LIMIT - len(body_of(text=""))))
    assert len(body) == LIMIT
    assert make(events.append)(body, signed(body)) == (200, "")


def test_keys_come_from_the_settings(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key, the receiver is not even made; with those of the settings, any is good."""
    with pytest.raises(SettingsError, match="CUSTOMERIO_WEBHOOK_SIGNING_KEY"):
        make(print, keys=None)
    monkeypatch.setenv("CUSTOMERIO_WEBHOOK_SIGNING_KEY", f"next,{KEY}")
    events: list[ReportingEvent] = []
    body = body_of()
    assert make(events.append, keys=None)(body, signed(body)) == (200, "")
    assert len(events) == 1


def test_a_memory_of_the_application_is_asked(make: Make) -> None:
    """What remembers events can be the application's own."""

    class Known:
        def add(self, event_id: str, /) -> bool:
            return event_id != "event-1"

        def forget(self, event_id: str, /) -> None:
            raise AssertionError

    events: list[ReportingEvent] = []
    post = make(events.append, seen=Known())
    for number in (1, 2):
        post(body_of(number), signed(body_of(number)))
    assert [event.event_id for event in events] == ["event-2"]


@pytest.mark.parametrize("post", [starlette_post, django_async_post])
def test_a_memory_for_asyncio_is_awaited(post: Make) -> None:
    """Where the handler is async, so may be what remembers events."""

    class Remote:
        def __init__(self) -> None:
            self.known: set[str] = set()

        async def add(self, event_id: str, /) -> bool:
            await asyncio.sleep(0)
            new = event_id not in self.known
            self.known.add(event_id)
            return new

        async def forget(self, event_id: str, /) -> None:
            self.known.discard(event_id)

    events: list[ReportingEvent] = []

    def handle(event: ReportingEvent) -> None:
        events.append(event)
        if len(events) == 1:
            raise LookupError

    send = post(awaited(handle), keys=KEY, seen=Remote())
    body = body_of()
    assert [send(body, signed(body))[0] for _ in range(3)] == [500, 200, 200]
    assert len(events) == 2


def test_only_posts_are_taken() -> None:
    """Looking at the address with a browser is answered with 405."""
    assert TestClient(starlette_app(print, keys=KEY)).get(PATH).status_code == 405
    assert TestClient(fastapi_app(print, keys=KEY)).get(PATH).status_code == 405
    assert flask_app(print, keys=KEY).test_client().get(PATH).status_code == 405
    for handler in (print, awaited(print)):
        with django_test.override_settings(ROOT_URLCONF=django_urlconf(handler, keys=KEY)):
            assert django_test.Client().get(PATH).status_code == 405


# Behind real servers, from the sandbox --------------------------------------------------------------------------------


@contextmanager
def served_by_uvicorn(app: Any) -> Generator[str]:
    """Serve an ASGI application."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}{PATH}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@contextmanager
def served(server: Any) -> Generator[str]:
    """Run a server of the standard library's kind."""
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{PATH}"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


class QuietWsgiref(wsgiref.simple_server.WSGIRequestHandler):
    """Say nothing of each request."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class QuietWerkzeug(WSGIRequestHandler):
    """Say nothing of each request."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(framework: str, handler: Any, **options: Any) -> Generator[str]:
    """Serve a receiver of a framework with the sandbox's key; yields its address."""
    options = {"keys": SIGNING_KEY} | options
    if framework == "starlette":
        with served_by_uvicorn(starlette_app(handler, **options)) as url:
            yield url
    elif framework == "django":
        urls = django_urlconf(handler, **options)
        with django_test.override_settings(ROOT_URLCONF=urls):
            app = django_wsgi.WSGIHandler()
            server = wsgiref.simple_server.make_server("127.0.0.1", 0, app, handler_class=QuietWsgiref)
            with served(server) as url:
                yield url
    else:
        app = flask_app(handler, **options)
        with served(make_server("127.0.0.1", 0, app, request_handler=QuietWerkzeug)) as url:
            yield url


@pytest.mark.parametrize("framework", ["starlette", "django", "flask"])
def test_from_the_sandbox_to_the_handler(framework: str) -> None:
    """What the sandbox signs and posts about a message that was sent arrives in the application as its event."""
    events: queue.Queue[ReportingEvent] = queue.Queue()
    with (
        serving(framework, events.put) as url,
        SandboxServer(World()) as sandbox,
        AppClient("key", base_url=sandbox.url) as app,
        httpx2.Client(base_url=sandbox.url, trust_env=False) as control,
    ):
        sent = app.send_email(
            SendEmail(
                to="zoë@example.com", identifiers="user-1", subject="Hi", body="Hello", from_="a@example.com"
            )
        )
        ask = {"url": url, "delivery_id": sent.delivery_id, "metric": "clicked"}
        assert control.post("/_sandbox/webhooks/send", json=ask).is_success
        event = events.get(timeout=30)
        while not (posted := control.get("/_sandbox/webhooks").json()["webhooks"]):
            pass  # the sandbox notes the answer when it has come
    assert [entry["status"] for entry in posted] == [200]
    assert isinstance(event, EmailClicked)
    assert (event.delivery_id, event.recipient, event.subject) == (sent.delivery_id, "zoë@example.com", "Hi")
    assert event.identifiers.id == "user-1"


@pytest.mark.parametrize("framework", ["starlette", "flask"])
def test_a_body_without_a_length_is_bounded(framework: str) -> None:
    """A body that comes in pieces and does not say how large it is ends at the limit."""

    def content() -> Iterator[bytes]:
        for _ in range(10):
            yield b"x" * LIMIT

    with serving(framework, print, limit=LIMIT) as url:
        answer = httpx2.post(url, content=content(), headers=signed(b""), trust_env=False)
    assert (answer.status_code, answer.text) == (413, "BodyTooLarge")


@pytest.mark.parametrize("framework", ["starlette", "django", "flask"])
def test_a_body_that_says_it_is_too_large_is_not_waited_for(framework: str) -> None:
    """The answer comes before the body does."""
    with serving(framework, print, limit=LIMIT) as url:
        port = int(url.removesuffix(PATH).rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=30) as sock:
            sock.sendall(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: {LIMIT + 1}\r\n\r\n".encode())
            assert sock.recv(100).split()[1] == b"413"


def test_a_handler_that_may_block_is_kept_out_of_the_loop() -> None:
    """In Starlette, a handler that is not async runs in a thread where no event loop runs."""

    def handle(_: ReportingEvent) -> None:
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()

    body = body_of()
    assert starlette_post(handle, keys=KEY)(body, signed(body)) == (200, "")
