"""The sandbox on disk and over TLS: what is kept, what comes back, who can read it."""

import json
import os
import sqlite3
import ssl
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ciokit.sandbox import Effect, FaultRule, Request, Retention, World
from ciokit.sandbox.server import SandboxServer
from ciokit.sandbox.serving.store import Store, StoreError
from ciokit.sandbox.state.kept import Kept

NOW = 1_800_000_000.0


def bearer(request: httpx2.Request) -> httpx2.Request:
    """Put an App API key into a request."""
    request.headers["authorization"] = "Bearer key"
    return request


def connect(server: SandboxServer) -> httpx2.Client:
    """Connect to a server."""
    return httpx2.Client(base_url=server.url, auth=("site", "secret-key"), trust_env=False)


def seen(world: World) -> Any:
    """Return what a user would compare: everything but the order of positions in the feed."""
    people = [
        (person.cio_id, person.id, person.email, person.attributes, person.history, sorted(person.devices))
        for person in world.people()
    ]
    events = [
        (event.id, event.name, event.data, event.timestamp, event.cio_id, event.duplicates, event.attempts)
        for event in world.events()
    ]
    messages = [(message.delivery_id, message.content, message.state) for message in world.messages()]
    requests = [(record.number, record.path, record.status, record.body) for record in world.requests]
    return people, events, messages, requests


def use(client: httpx2.Client) -> None:
    """Do a little of everything."""
    event = {"name": "seen", "id": "01BX5ZZKBKACTAV9WEVGEMMVRY"}
    client.put("/api/v1/customers/1", json={"email": "ann@example.com", "plan": "pro"})
    for attempt in ("0", "1"):
        client.post("/api/v1/customers/1/events", json=event, headers={"x-retry-count": attempt})
    client.put("/api/v1/customers/2/devices", json={"device": {"id": "d", "platform": "ios"}})
    client.post("/api/v1/customers/2/events", json={})
    client.put("/_sandbox/templates/3", json={"name": "order", "content": {"subject": "Kept"}})
    send = {"to": "a@example.com", "identifiers": {"id": "1"}, "transactional_message_id": 3}
    client.post("/v1/send/email", json=send, auth=bearer)
    client.post(
        "/api/v2/batch",
        json={
            "batch": [
                {"type": "person", "action": "event", "name": "n", "identifiers": {"id": str(n)}}
                for n in range(9)
            ]
        },
    )


def test_store_brings_everything_back(tmp_path: Path) -> None:
    """A sandbox started again on its store holds the same, ids and delivering attempts included."""
    path = tmp_path / "sandbox.db"
    with SandboxServer(store=path) as server, connect(server) as client:
        server.world.faults.add(FaultRule(path="/api/v2/batch", effect=Effect(partial=0.5)), 0.0)
        use(client)
        before = seen(server.world)
    with SandboxServer(store=path) as again:
        assert seen(again.world) == before
        assert again.world.messages()[0].content == {"subject": "Kept"}
        with connect(again) as client:
            client.put("/api/v1/customers/3", json={})
    with SandboxServer(store=path) as third:
        assert third.world.person("3") is not None


def test_store_is_private_and_has_no_key(tmp_path: Path) -> None:
    """Only the owner can read the store, and no credential is in it."""
    path = tmp_path / "sandbox.db"
    with SandboxServer(store=path) as server, connect(server) as client:
        use(client)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"secret-key" not in path.read_bytes()


def test_reset_empties_the_store(tmp_path: Path) -> None:
    """After a reset nothing comes back."""
    path = tmp_path / "sandbox.db"
    with SandboxServer(store=path) as server, connect(server) as client:
        use(client)
        client.post("/_sandbox/reset")
    with SandboxServer(store=path) as again:
        assert again.world.people() == []


def test_refused_requests_are_not_kept(tmp_path: Path) -> None:
    """What a fault answered without doing it, and what had wrong keys, does not come back as done."""
    path = tmp_path / "sandbox.db"
    keys = {"site:secret-key": "shop"}
    with SandboxServer(World(keys=keys), store=path) as server, connect(server) as client:
        server.world.faults.add(FaultRule(effect=Effect(status=503), times=1), 0.0)
        assert client.put("/api/v1/customers/1", json={}).status_code == 503
        assert client.put("/api/v1/customers/2", json={}, auth=("site", "wrong")).status_code == 401
        assert client.put("/api/v1/customers/3", json={}).status_code == 200
    with SandboxServer(World(keys=keys), store=path) as again:
        assert [(person.id, person.workspace) for person in again.world.people()] == [("3", "shop")]
    with SandboxServer(World(), store=path) as other:
        assert other.world.people() == []


def test_one_sandbox_at_a_time(tmp_path: Path) -> None:
    """A store that another sandbox writes to is refused."""
    path = tmp_path / "sandbox.db"
    store = Store(path)
    store.start()
    store.keep(kept(1))
    with pytest.raises(StoreError, match="another sandbox"):
        Store(path)
    store.stop()
    assert [entry.number for entry in Store(path).read()] == [1]


def kept(number: int, body: bytes = b"{}") -> Kept:
    """Make an identify that was done."""
    path = f"/api/v1/customers/{number}"
    return Kept(kind="api", at=NOW, number=number, workspace="default", method="PUT", path=path, body=body)


def test_store_is_bounded(tmp_path: Path) -> None:
    """A store lets the oldest go when it grows too large."""
    store = Store(tmp_path / "sandbox.db", most_bytes=4_000)
    store.start()
    for number in range(20):
        store.keep(kept(number, b" " * 900 + b"{}"))
    store.stop()
    assert [entry.number for entry in store.read()] == [17, 18, 19]
    assert [entry.number for entry in Store(tmp_path / "sandbox.db", most_bytes=4_000).read()] == [17, 18, 19]


def test_trimmed_store_keeps_the_ids(tmp_path: Path) -> None:
    """People keep their cio_id although what came before them is gone."""
    whole, part = World(), World()
    for number in range(1, 4):
        whole.repeat(kept(number))
    part.repeat(kept(3))
    assert part.people()[0].cio_id == whole.people()[2].cio_id


def test_files_that_are_no_store(tmp_path: Path) -> None:
    """A file that is something else, of another version or of another seed is refused and left alone."""
    text = tmp_path / "notes.txt"
    text.write_text("not a database, whatever its name says " * 40)
    before = text.read_bytes()
    with pytest.raises(StoreError, match="is not a sandbox's store"):
        Store(text)
    assert text.read_bytes() == before
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE orders (id)")
    connection.close()
    with pytest.raises(StoreError, match="not a store of this version"):
        Store(foreign)
    Store(tmp_path / "seeded.db", seed=1)
    with pytest.raises(StoreError, match="made with seed 1, not 2"):
        SandboxServer(World(seed=2), store=tmp_path / "seeded.db")
    with pytest.raises(OSError, match="No such file"):
        Store(tmp_path / "nowhere" / "sandbox.db")


def test_supplied_files_come_back(tmp_path: Path) -> None:
    """An import's file is kept with it, so that the people it brought come back."""
    path = tmp_path / "sandbox.db"
    store, world = Store(path), World()
    store.start()
    world.keep = store.keep
    fields = {"name": "n", "type": "people", "identifier": "id", "data_file_url": "http://example.com/f.csv"}
    body = json.dumps({"import": fields}).encode()
    world.handle(Request("POST", "/v1/imports", "", {"authorization": "Bearer key"}, body), NOW)
    world.supply(world.take_downloads()[0], b"id,city\n1,Rome\n", NOW)
    store.stop()
    again = World(retention=Retention())
    for entry in Store(path).read():
        again.repeat(entry)
    person = again.person("1")
    assert person is not None
    assert person.attributes["city"] == "Rome"


def test_tls_with_a_throw_away_authority() -> None:
    """With TLS, who trusts the authority's certificate is served, others are not, and the file is gone afterwards."""
    pytest.importorskip("trustme", reason="trustme is not installed")
    with SandboxServer(tls=True) as server:
        assert server.url.startswith("https://127.0.0.1:")
        assert server.ca_file is not None
        assert "PRIVATE KEY" not in server.ca_file.read_text()
        assert server.environment["SSL_CERT_FILE"] == str(server.ca_file)
        trusting = ssl.create_default_context(cafile=str(server.ca_file))
        with httpx2.Client(verify=trusting, auth=("site", "key"), trust_env=False) as client:
            assert client.put(f"{server.url}/api/v1/customers/1", json={}).status_code == 200
            named = server.url.replace("127.0.0.1", "localhost")
            assert client.get(f"{named}/_sandbox/stats").json()["people"] == 1
        with httpx2.Client(trust_env=False) as client, pytest.raises(httpx2.ConnectError):
            client.get(server.url)
        kept_file = server.ca_file
    assert not kept_file.exists()


CLIENT = """
import ciokit
with ciokit.TrackClient() as client:
    client.track("user-1", "seen")
"""


def test_environment_points_ciokit_at_the_sandbox() -> None:
    """A program with the printed variables talks to the sandbox, over TLS too, without any setting of its own."""
    pytest.importorskip("trustme", reason="trustme is not installed")
    for tls in (False, True):
        with SandboxServer(tls=tls) as server:
            environment = {**os.environ, **server.environment, "PYTHONPATH": os.pathsep.join(sys.path)}
            done = subprocess.run(
                [sys.executable, "-c", CLIENT], env=environment, capture_output=True, text=True, check=False
            )
            assert (done.returncode, done.stderr) == (0, "")
            assert [event.name for event in server.world.events("user-1")] == ["seen"]
