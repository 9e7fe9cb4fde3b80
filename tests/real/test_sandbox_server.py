"""The sandbox behind a real socket."""

from collections.abc import Iterator

import httpx2
import pytest

from ciokit.sandbox import Effect, FaultRule
from ciokit.sandbox.server import SandboxServer


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


def test_identify_and_event_arrive(server: SandboxServer, client: httpx2.Client) -> None:
    """A person and an event sent over the socket are read back from the world."""
    assert client.put("/api/v1/customers/user-1", json={"plan": "pro"}).content == b"{}\n"
    assert client.post("/api/v1/customers/user-1/events", json={"name": "seen"}).status_code == 200
    person = server.world.person("user-1")
    assert person is not None
    assert person.attributes["plan"] == "pro"
    assert [event.name for event in server.world.events("user-1")] == ["seen"]


def test_dropped_connection(server: SandboxServer, client: httpx2.Client) -> None:
    """A drop after processing closes the connection although the event was stored."""
    server.world.faults.add(FaultRule(effect=Effect(drop=True, after_processing=True), times=1), now=0.0)
    with pytest.raises(httpx2.RemoteProtocolError):
        client.post("/api/v1/customers/user-1/events", json={"name": "seen"})
    assert len(server.world.events()) == 1


def test_refuses_other_addresses() -> None:
    """An address that other machines reach is refused."""
    with pytest.raises(ValueError, match="loopback"):
        SandboxServer(host="0.0.0.0")
