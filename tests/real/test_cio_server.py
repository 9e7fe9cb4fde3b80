"""The fixture with a port: other clients and other processes reach it, and the next test finds it empty."""

import json
import os
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ciokit
from ciokit import TrackClient
from ciokit.testing import CioServer, FakeClock
from ciokit.webhooks import receive

from .servers import Peer, RawServer, reply

SOURCE = Path(__file__).parents[2] / "src"
CHILD = "import ciokit; ciokit.track_client().track('user-1', 'from a child')"


@pytest.fixture(scope="module")
def seen() -> Iterator[list[str]]:
    """Remember the addresses that the tests of this module met."""
    addresses: list[str] = []
    yield addresses
    assert len(addresses) == 2
    assert len(set(addresses)) == 1, "the server is shared"


@pytest.mark.parametrize("time", ["first", "second"])
def test_it_is_shared_and_empty(cio_server: CioServer, seen: list[str], time: str) -> None:
    """Each test finds the same server without anything of the one before."""
    seen.append(cio_server.url)
    cio_server.assert_nothing_sent()
    ciokit.track_client().track("user-1", time)
    cio_server.assert_tracked("user-1", time, times=1)
    cio_server.assert_nothing_else_sent()


def test_other_processes_reach_it(cio_server: CioServer) -> None:
    """A child inherits address and credentials."""
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    subprocess.run([sys.executable, "-c", CHILD], env=environment, check=True, timeout=60)
    cio_server.assert_tracked("user-1", "from a child")


@pytest.mark.ciokit(tls=True)
def test_tls_is_trusted_by_the_environment(cio_server: CioServer) -> None:
    """With TLS, ciokit and whoever else reads the usual variables trust the certificate."""
    assert cio_server.url.startswith("https://127.0.0.1:")
    ciokit.track_client().track("user-1", "seen")
    context = ssl.create_default_context(cafile=os.environ["REQUESTS_CA_BUNDLE"])
    with urllib.request.urlopen(f"{cio_server.url}/_sandbox/stats", context=context) as answer:
        assert json.load(answer)["events"] == 1


@pytest.mark.ciokit(region="eu", rate_limits=True)
def test_a_server_of_its_own(cio_server: CioServer, cio_clock: FakeClock) -> None:
    """With arguments the test gets another server than the shared one; its clock is still the clients'."""
    assert (cio_server.world.region, os.environ["CUSTOMERIO_REGION"]) == ("eu", "eu")
    cio_server.fail(times=2)
    assert ciokit.track_client().track("user-1", "seen").attempts == 3
    assert len(cio_clock.sleeps) == 2


def test_an_outbox_is_emptied_before_an_assertion(cio_server: CioServer) -> None:
    """What an outbox holds for this address is delivered; what it holds for another is none of its business."""
    elsewhere = TrackClient("a", "b", base_url="http://127.0.0.1:9")
    with (
        ciokit.Outbox(ciokit.track_client(), flush_interval=3600) as outbox,
        ciokit.Outbox(elsewhere, flush_interval=3600, exit_timeout=0) as other,
    ):
        outbox.track("user-1", "waited")
        other.track("user-1", "elsewhere")
        cio_server.assert_tracked("user-1", "waited")
        cio_server.assert_not_tracked("user-1", "elsewhere")
        assert (other.stats().pending, other.stats().requests) == (1, 0)
        other.close(timeout=0)


def test_webhooks_reach_the_application(cio_server: CioServer) -> None:
    """A webhook is posted with its signature, and the application's answer comes back; none is an error."""

    def answer(peer: Peer) -> None:
        request = peer.read_request()
        assert request is not None
        receive(request.body, request.headers, os.environ["CUSTOMERIO_WEBHOOK_SIGNING_KEY"])
        peer.send(reply(status="202 Accepted"))

    event: dict[str, Any] = {
        "event_id": "e-1",
        "object_type": "email",
        "metric": "opened",
        "timestamp": 1,
        "data": {},
    }
    with RawServer(answer) as application:
        assert cio_server.send_webhook(application.url, event) == 202
        application.stop_listening()
        with pytest.raises(ConnectionError, match=f"the webhook to {application.url} had no answer"):
            cio_server.send_webhook(application.url, event)


def test_the_environment_is_restored() -> None:
    """Used without pytest, the server leaves nothing behind."""
    before = dict(os.environ)
    with CioServer() as server:
        assert os.environ["CIOKIT_BASE_URL"] == server.url
        assert (
            os.environ["CIOKIT_SPOOL"] == ""
        )  # the application's own, which `.env` may name, stays out of it
    assert dict(os.environ) == before


def test_the_plugin_is_loaded_once(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """An application's run with strict marks and warnings as errors gets both fixtures, however ciokit is installed."""
    from importlib.metadata import entry_points

    monkeypatch.setenv("PYTHONPATH", str(SOURCE))
    pytester.makepyfile("def test_both(cio_sandbox, cio_server): cio_server.assert_nothing_sent()")
    loaded = () if entry_points(group="pytest11", name="ciokit") else ("-p", "pytest_ciokit")
    result = pytester.runpytest_subprocess(*loaded, "-W", "error", "--strict-markers")
    result.assert_outcomes(passed=1)
