"""The sandbox behind a real socket: APIs, faults on the wire, control, stream, hostile clients."""

import contextlib
import json
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest

from ciokit.sandbox import Effect, FaultRule
from ciokit.sandbox.server import SandboxServer
from ciokit.sandbox.serving.connections import Bounds
from ciokit.sandbox.state.reporting import SIGNING_KEY, sign

EVENTS = "/api/v1/customers/user-1/events"


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    """Run a server on a free port."""
    with SandboxServer() as running:
        yield running


@pytest.fixture
def client(server: SandboxServer) -> Iterator[httpx2.Client]:
    """Connect a client to it."""
    with httpx2.Client(base_url=server.url, auth=("site", "key"), trust_env=False) as made:
        yield made


def bearer(request: httpx2.Request) -> httpx2.Request:
    """Put an App API key into a request."""
    request.headers["authorization"] = "Bearer key"
    return request


def test_identify_and_event_arrive(server: SandboxServer, client: httpx2.Client) -> None:
    """A person and an event sent over the socket are read back from the world."""
    assert client.put("/api/v1/customers/user-1", json={"plan": "pro"}).content == b"{}\n"
    assert client.post(EVENTS, json={"name": "seen"}).status_code == 200
    person = server.world.person("user-1")
    assert person is not None
    assert person.attributes["plan"] == "pro"
    assert [event.name for event in server.world.events("user-1")] == ["seen"]


def test_all_apis_on_one_port(server: SandboxServer, client: httpx2.Client) -> None:
    """Track, App and Pipelines share the port; a vendor's host name narrows it to one of them."""
    send = {"to": "a@example.com", "identifiers": {"id": "1"}, "transactional_message_id": 3}
    assert client.post("/v1/send/email", json=send, auth=bearer).status_code == 200
    assert client.post("/v1/track", json={"userId": "1", "event": "seen"}).status_code == 200
    narrow = {"host": "track.customer.io"}
    assert client.post("/v1/send/email", json=send, headers=narrow, auth=bearer).status_code == 404
    assert client.put("/api/v1/customers/1", json={}, headers=narrow).status_code == 200
    assert server.world.stats()["messages"] == 1


@pytest.mark.parametrize("after", [False, True])
def test_dropped_connection(server: SandboxServer, client: httpx2.Client, after: bool) -> None:
    """A drop closes the connection without a byte, before or after the event was stored."""
    server.world.faults.add(FaultRule(effect=Effect(drop=True, after_processing=after), times=1), now=0.0)
    with pytest.raises(httpx2.RemoteProtocolError):
        client.post(EVENTS, json={"name": "seen"})
    assert len(server.world.events()) == int(after)
    assert server.world.requests[0].dropped
    assert client.post(EVENTS, json={"name": "seen"}).status_code == 200


def test_late_answer_and_slow_drip(server: SandboxServer, client: httpx2.Client) -> None:
    """A delay holds the answer back; a drip sends it whole, piece by piece."""
    server.world.faults.add(FaultRule(effect=Effect(delay=30.0), path="*/late"), now=0.0)
    server.world.faults.add(FaultRule(effect=Effect(drip=0.05), path="*/drip"), now=0.0)
    with pytest.raises(httpx2.ReadTimeout):
        client.put("/api/v1/customers/late", json={}, timeout=0.05)
    assert client.put("/api/v1/customers/drip", json={}).content == b"{}\n"


def test_garbage_and_statuses(server: SandboxServer, client: httpx2.Client) -> None:
    """Garbage is no JSON; a status comes with its Retry-After and body."""
    effects = (Effect(garbage=True), Effect(status=503, retry_after=7), Effect(status=429, body="slow down"))
    server.world.faults.add(FaultRule(script=effects), now=0.0)
    with pytest.raises((json.JSONDecodeError, UnicodeDecodeError)):
        client.post(EVENTS, json={"name": "seen"}).json()
    busy = client.post(EVENTS, json={"name": "seen"})
    assert (busy.status_code, busy.headers["retry-after"]) == (503, "7")
    assert client.post(EVENTS, json={"name": "seen"}).text == "slow down"
    assert server.world.events() == []


def test_refuses_other_addresses() -> None:
    """An address that other machines reach is refused without allow_remote, and then without a token."""
    with pytest.raises(ValueError, match="loopback"):
        SandboxServer(host="0.0.0.0")
    with pytest.raises(ValueError, match="token"):
        SandboxServer(host="0.0.0.0", allow_remote=True)
    with pytest.raises(ValueError, match="loopback"):
        SandboxServer(host="sandbox.example.com")


def test_port_that_is_taken(server: SandboxServer) -> None:
    """A port in use is an error at once."""
    with pytest.raises(OSError, match="in use"):
        SandboxServer(port=server.port)


def test_token_guards_everything() -> None:
    """With a token, every request must carry it: as the API key, as a Bearer token or in the query."""
    with (
        SandboxServer(token="sesame", allow_remote=True) as server,
        httpx2.Client(base_url=server.url, trust_env=False) as client,
    ):
        track = "/api/v1/customers/1"
        assert client.put(track, json={}, auth=("site", "wrong")).status_code == 401
        assert client.put(track, json={}, auth=("site", "sesame")).status_code == 200
        assert client.get("/?token=sesame").status_code == 303
        assert client.get("/_sandbox/stats?token=sesame").status_code == 200
        client.cookies.clear()
        for path in ("/", "/_sandbox/stats"):
            assert client.get(path).status_code == 401
            assert client.get(path, headers={"authorization": "Bearer sesame"}).status_code == 200
            assert client.get(path, headers={"cookie": "ciokit_sandbox_token=sesame"}).status_code == 200
        assert server.world.stats()["people"] == 1


def test_other_sites_cannot_use_the_control_api(client: httpx2.Client) -> None:
    """A page of another site, or a name that was rebound to loopback, is refused."""
    assert client.post("/_sandbox/reset").status_code == 200
    assert client.post("/_sandbox/reset", headers={"origin": "http://evil.example"}).status_code == 403
    assert client.post("/_sandbox/reset", headers={"host": "evil.example"}).status_code == 421
    own = str(client.base_url).rstrip("/")
    assert client.post("/_sandbox/reset", headers={"origin": own}).status_code == 200


def test_a_name_that_was_rebound_reaches_nothing(server: SandboxServer, client: httpx2.Client) -> None:
    """The vendor's APIs, which take any key, answer to the sandbox's names alone."""
    rebound = {"host": f"evil.example:{server.port}"}
    assert client.put("/api/v1/customers/1", json={}, headers=rebound).status_code == 421
    refused = client.post("/v1/segments", json={}, headers=rebound, auth=bearer)
    assert refused.json()["errors"][0]["status"] == "421"
    assert server.world.requests == []
    with SandboxServer(allow_hosts=["ciokit"]) as named:
        url = f"{named.url}/api/v1/customers/1"
        assert client.put(url, json={}, headers={"host": f"ciokit:{named.port}"}).status_code == 200


def test_page_and_its_files_have_a_strict_policy(client: httpx2.Client) -> None:
    """The page may run its own scripts and talk to this server, nothing else; so may each of its files."""
    for path, media in (
        ("/", "text/html"),
        ("/_sandbox/page/app.js", "text/javascript"),
        ("/_sandbox/page/icon.svg", "image/svg+xml"),
    ):
        reply = client.get(path)
        assert reply.status_code == 200
        assert reply.headers["content-type"].startswith(media)
        assert reply.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")
        assert "unsafe" not in reply.headers["content-security-policy"]
        assert reply.headers["x-content-type-options"] == "nosniff"
    assert client.head("/").status_code == 200
    for path in ("/_sandbox/page/", "/_sandbox/page/none.js", "/_sandbox/page/../page.py"):
        assert client.get(path).status_code == 404


def test_page_asks_a_browser_for_the_token() -> None:
    """A browser without the token is shown a form, everybody else an error."""
    with (
        SandboxServer(token="sesame", allow_remote=True) as server,
        httpx2.Client(base_url=server.url, trust_env=False) as client,
    ):
        asked = client.get("/", headers={"accept": "text/html,*/*"})
        assert (asked.status_code, "<form" in asked.text) == (401, True)
        assert "default-src 'none'" in asked.headers["content-security-policy"]
        assert client.get("/").json()["error"] == "wrong or missing token"
        assert client.get("/_sandbox/page/style.css").status_code == 200


def read_events(lines: Iterator[str], kinds: int) -> list[tuple[str, Any]]:
    """Read so many server-sent events."""
    found: list[tuple[str, Any]] = []
    kind = ""
    for line in lines:
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            found.append((kind, json.loads(line.removeprefix("data: "))))
            if len(found) == kinds:
                return found
    return found


def test_stream_follows_what_happens(server: SandboxServer, client: httpx2.Client) -> None:
    """A follower hears of people, events and requests as they arrive, and can go on where it stopped."""
    with client.stream("GET", "/_sandbox/stream") as stream:
        lines = stream.iter_lines()
        assert read_events(lines, 1) == [("hello", {})]
        with httpx2.Client(base_url=server.url, auth=("site", "key"), trust_env=False) as sender:
            sender.put("/api/v1/customers/user-1", json={"email": "a@example.com"})
            sender.post(EVENTS, json={"name": "seen"})
        happened = read_events(lines, 5)
    assert [kind for kind, _ in happened] == ["person", "person", "request", "event", "request"]
    assert happened[3][1]["name"] == "seen"
    seq = happened[3][1]["seq"]
    with client.stream("GET", "/_sandbox/stream", headers={"last-event-id": str(seq)}) as stream:
        assert [kind for kind, _ in read_events(stream.iter_lines(), 2)] == ["hello", "request"]
    for query in ("after=x", "newest=yes", "other=1"):
        assert client.get(f"/_sandbox/stream?{query}").status_code == 400


def test_open_streams_do_not_hold_up_the_stop() -> None:
    """A server with a follower stops in time."""
    before = set(threading.enumerate())  # other tests' servers may run on
    with httpx2.Client(trust_env=False) as client:
        server = SandboxServer().start()
        with client.stream("GET", f"{server.url}/_sandbox/stream") as stream:
            lines = stream.iter_lines()
            read_events(lines, 1)
            server.stop()
            assert list(lines) is not None
    left = set(threading.enumerate()) - before
    assert not any(thread.name == "ciokit-sandbox" for thread in left)


class Receiver(HTTPServer):
    """Be an application's own server, which receives webhooks and has a file."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """Keep the webhook."""
        body = self.rfile.read(int(self.headers["content-length"]))
        cast("Receiver", self.server).received.append(
            ({name.lower(): value for name, value in self.headers.items()}, body)
        )
        self.send_response(202)
        self.end_headers()

    def do_GET(self) -> None:
        """Give a file of people."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"id,city\n1,Rome\n")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Run an application's own server."""
    running = Receiver()
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


def until(client: httpx2.Client, path: str, field: str) -> Any:
    """Ask the control API until a field of its answer is there and not empty."""
    for _ in range(5_000):
        answer = client.get(path).json()
        if answer.get(field):
            return answer
    pytest.fail(f"{path} never had {field}")


def test_webhooks_are_posted_and_signed(client: httpx2.Client, receiver: Receiver) -> None:
    """A webhook asked for by hand is posted with a signature that its receiver can check."""
    url = f"{receiver.url}/hook"
    sent = client.post("/_sandbox/webhooks/send", json={"url": url, "event": {"hello": "wörld"}}).json()
    posted = until(client, "/_sandbox/webhooks", "webhooks")["webhooks"]
    assert [(entry["status"], entry["error"]) for entry in posted] == [(202, None)]
    ((headers, body),) = receiver.received
    assert body.decode() == sent["body"]
    assert headers["x-cio-signature"] == sign(SIGNING_KEY, int(headers["x-cio-timestamp"]), body)


def test_webhook_to_nowhere_is_recorded(client: httpx2.Client) -> None:
    """A webhook that nobody answers is an entry with its error, not a hang."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        client.post("/_sandbox/webhooks/send", json={"url": url, "event": {}})
        (entry,) = until(client, "/_sandbox/webhooks", "webhooks")["webhooks"]
    assert (entry["status"], entry["error"]) == (None, "URLError")


def test_import_by_url_completes(client: httpx2.Client, receiver: Receiver) -> None:
    """An import fetches its file and changes people."""
    url = f"{receiver.url}/people.csv"
    fields = {"name": "n", "type": "people", "identifier": "id", "data_file_url": url}
    assert client.post("/v1/imports", json={"import": fields}, auth=bearer).status_code == 200
    person = until(client, "/_sandbox/people/1", "attributes")
    assert person["attributes"]["city"] == "Rome"


def exchange(server: SandboxServer, data: bytes) -> bytes:
    """Send raw bytes and read what comes back."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        return connection.recv(65_536)


KEY = b"host: localhost\r\nauthorization: Basic YTpi\r\n"
PUT = b"PUT /api/v1/customers/1 HTTP/1.1\r\n" + KEY
CLOSE = b"connection: close\r\n"
CHUNKED = b"transfer-encoding: chunked\r\n\r\n"
RAW: list[tuple[bytes, str]] = [
    (b"nonsense\r\n\r\n", "400"),
    (b"GET / HTTP/9.9\r\n\r\n", "400"),
    (b"GET /\r\n\r\n", "421"),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400"),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xff" * 200, "400"),
    (
        b"GET /api/v1/accounts/region HTTP/1.1\r\nhost: localhost\r\nauthorization: Basic \xff\xfe\r\n\r\n",
        "401",
    ),
    (b"GET /api/v1/accounts/region HTTP/1.0\r\nauthorization: Basic YTpi\r\n\r\n", "200"),
    (b"GET /%ff%00/\xc3\xa9 HTTP/1.1\r\nhost: localhost\r\n\r\n", "400"),
    (b"PUT /api/v1/customers/%E2%82 HTTP/1.1\r\n" + KEY + b"content-length: 2\r\n\r\n{}", "200"),
    (b"PUT http://localhost/api/v1/customers/1 HTTP/1.1\r\n" + KEY + b"content-length: 2\r\n\r\n{}", "200"),
    (b"PUT /api/v1/customers/" + b"a" * 70_000 + b" HTTP/1.1\r\n" + KEY + b"\r\n", "4"),
    (PUT + b"x: " + b"a" * 70_000 + b"\r\n\r\n", "431"),
    (PUT + b"".join(b"x%d: a\r\n" % number for number in range(8_000)) + b"\r\n", "431"),
    (PUT + b"x: \x00\r\n\r\n", "400"),
    (PUT + b"x-retry-count: \xb2\r\nuser-agent: \xff\r\ncontent-length: 2\r\n\r\n{}", "200"),
    (PUT + b"content-length: -5\r\n\r\n", "400"),
    (PUT + b"content-length: 99999999999999999999999\r\n\r\n", "400"),
    (PUT + b"content-length: 99999999999\r\n\r\n{}", ""),
    (PUT + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}", "400"),
    (PUT + b"content-length: 2\r\n" + CHUNKED + b"2\r\n{}\r\n0\r\n\r\n", "400"),
    (PUT + CHUNKED + b"zz\r\n", "400"),
    (PUT + CHUNKED + b"FFFFFFFFFFFFFFFF\r\n{}", ""),
    (PUT + CHUNKED + b"1;a=b\r\n{\r\n1\r\n}\r\n0\r\nx-trailer: 1\r\n\r\n", "200"),
    (PUT + b"expect: 100-continue\r\ncontent-length: 2\r\n\r\n{}", "100"),
    (PUT + b"upgrade: websocket\r\nconnection: upgrade\r\n\r\n", "200"),
    (b"OPTIONS * HTTP/1.1\r\n" + KEY + b"\r\n", "404"),
    (b"HEAD /api/v1/accounts/region HTTP/1.1\r\n" + KEY + b"\r\n", "405"),
    (b"CONNECT track.customer.io:443 HTTP/1.1\r\n" + KEY + b"\r\n", "400"),
]


@pytest.mark.parametrize(("data", "status"), RAW, ids=range(len(RAW)))
def test_hostile_bytes(server: SandboxServer, client: httpx2.Client, data: bytes, status: str) -> None:
    """Bytes that are no good HTTP get a status or a closed connection, and the server goes on."""
    answer = exchange(server, data)
    assert answer.startswith(f"HTTP/1.1 {status}".encode()) if status else not answer
    assert b"Traceback" not in answer
    assert client.get("/_sandbox/stats").status_code == 200
    assert [warned.kind for warned in server.world.warnings if warned.kind == "sandbox_failure"] == []


def test_a_body_is_asked_for(server: SandboxServer) -> None:
    """A client that waits for 100 Continue is told to go on, and then answered."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(PUT + CLOSE + b"expect: 100-continue\r\ncontent-length: 2\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"{}")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("begun", [b"GET /", b"GET / HTTP/1.1\r\nx: ", b"GET / HTTP/1.1\r\n"], ids=range(3))
def test_a_head_without_end(server: SandboxServer, client: httpx2.Client, begun: bytes) -> None:
    """A request line or headers that never end are refused before they fill the memory."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(begun)
        part = b"x: a\r\n" * 12_000 if begun.endswith(b"\n") else b"a" * 72_000
        connection.sendall(part)
        assert connection.recv(1000).startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))
    assert client.get("/_sandbox/stats").status_code == 200


def connect(server: SandboxServer) -> socket.socket:
    """Open a connection and say nothing."""
    return socket.create_connection(("127.0.0.1", server.port), timeout=10)


def test_connections_are_bounded(client: httpx2.Client) -> None:
    """One connection too many is told so at once; when others go there is room again."""
    with SandboxServer(bounds=Bounds(connections=20, backlog=8)) as server:
        held = [connect(server) for _ in range(60)]
        told = [connection.recv(1000) for connection in held[20:]]
        assert all(answer.startswith(b"HTTP/1.1 503 ") for answer in told)
        assert all(b"too many connections" in answer for answer in told)
        held[0].sendall(b"GET /_sandbox/stats HTTP/1.1\r\n" + KEY + b"\r\n")
        assert held[0].recv(1000).startswith(b"HTTP/1.1 200 ")
        for connection in held:
            connection.close()
        until(client, f"{server.url}/_sandbox/about", "workspaces")


def test_connections_are_bounded_with_tls() -> None:
    """Connections that never begin with TLS are bounded too: one too many is closed."""
    with SandboxServer(tls=True, bounds=Bounds(connections=5, backlog=8)) as server:
        held = [connect(server) for _ in range(40)]
        for connection in held[13:]:
            with contextlib.suppress(ConnectionResetError):
                assert connection.recv(100) == b""
        for connection in held:
            connection.close()
        context = ssl.create_default_context(cafile=server.ca_file)
        with httpx2.Client(verify=context, trust_env=False) as client:
            for _ in range(500):  # until the server has heard of the ends
                with contextlib.suppress(httpx2.TransportError):
                    assert client.get(f"{server.url}/_sandbox/stats").status_code == 200
                    return
        pytest.fail("no room again")


SILENT = [b"", b"GET / HT", PUT, PUT + b"content-length: 5\r\n\r\n{", PUT + CHUNKED + b"5\r\n{"]


@pytest.mark.parametrize("begun", SILENT, ids=range(len(SILENT)))
def test_silence_ends_a_connection(begun: bytes) -> None:
    """A client that falls silent before or within a request loses its connection after a while."""
    with SandboxServer(bounds=Bounds(connections=20, backlog=8, patience=0.05)) as server:
        with connect(server) as connection:
            connection.sendall(begun)
            with contextlib.suppress(ConnectionResetError):
                assert connection.recv(1000) == b""
        assert server.world.requests == []


def test_waiting_for_an_answer_is_no_silence() -> None:
    """A client that waits for the server, for an answer or in a stream, keeps its connection."""
    with SandboxServer(bounds=Bounds(connections=20, backlog=8, patience=0.02)) as server:
        server.world.faults.add(FaultRule(effect=Effect(delay=0.3)), 0.0)
        with connect(server) as stream, connect(server) as connection:
            stream.sendall(b"GET /_sandbox/stream HTTP/1.1\r\n" + KEY + b"\r\n")
            connection.sendall(PUT + b"content-length: 2\r\n\r\n{}")
            assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
            heard = b""
            while b"event: request" not in heard:
                heard += stream.recv(10_000)


def test_oversize_body(server: SandboxServer, client: httpx2.Client) -> None:
    """A body above 16 MB is read to its end, thrown away and refused."""
    reply = client.post("/api/v2/batch", content=b"x" * (16 * 1024 * 1024 + 1))
    assert (reply.status_code, reply.json()["errors"][0]["reason"]) == (400, "too_large")
    assert server.world.requests[0].size == 0


def test_many_connections(server: SandboxServer, client: httpx2.Client) -> None:
    """Hundreds of idle connections do not keep others from being answered."""
    idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(300)]
    assert client.get("/_sandbox/stats").status_code == 200
    for connection in idle:
        connection.close()


def test_compressed_bodies(server: SandboxServer, client: httpx2.Client) -> None:
    """A gzip body is opened; one that grows beyond the bound is refused."""
    import gzip

    headers = {"content-encoding": "gzip", "content-type": "application/json"}
    small = gzip.compress(b'{"name":"seen"}')
    assert client.post(EVENTS, content=small, headers=headers).status_code == 200
    bomb = gzip.compress(b" " * (64 * 1024 * 1024))
    assert client.post(EVENTS, content=bomb, headers=headers).status_code == 400
    assert len(server.world.events()) == 1


def test_nothing_is_written(server: SandboxServer, client: httpx2.Client, tmp_path: Path) -> None:
    """A sandbox without a store leaves no file behind."""
    client.put("/api/v1/customers/1", json={})
    assert list(tmp_path.iterdir()) == []


QUIET = """
import socket
import subprocess
import sys
from ciokit.sandbox import Effect, FaultRule, World
from ciokit.sandbox.server import SandboxServer

with SandboxServer(World()) as server:
    server.world.faults.add(FaultRule(effect=Effect(drop=True)), 0.0)
    for said in (b"GET /api/v1/accounts/region HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n", b"no request\\r\\n\\r\\n"):
        with socket.create_connection(("127.0.0.1", server.port)) as peer:
            peer.sendall(said)
            while peer.recv(1000):
                pass
"""


def test_a_program_without_logging_hears_nothing() -> None:
    """Dropped connections and what is no HTTP write nothing to the standard error of whoever runs the server."""
    done = subprocess.run(
        [sys.executable, "-c", QUIET], capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")
