"""Clients and forked processes: each process gets its own answers, on connections of its own, and none is stuck."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

import ciokit

from . import forking
from .drivers import KEY, SITE
from .servers import RawServer, echo_ids

SOURCE = Path(ciokit.__file__).parents[1]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


@pytest.fixture
def server(request: pytest.FixtureRequest) -> RawServer:
    """Run a scenario of `forking` to its end against a server, which is returned with what it saw."""
    scenario: str = request.param
    with RawServer(echo_ids) as server:
        done = subprocess.run(
            [
                sys.executable,
                *("-X", "dev", "-W", "error", "-W", "ignore:This process:DeprecationWarning"),
                str(Path(forking.__file__)),
                scenario,
                server.url,
            ],
            env={
                "PYTHONPATH": str(SOURCE),
                "CUSTOMERIO_SITE_ID": SITE,
                "CUSTOMERIO_TRACK_API_KEY": KEY,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    return server


def connections_of(server: RawServer, name: str) -> set[int]:
    """Return the connections by which the people of a name came."""
    return {
        request.connection
        for request in server.requests
        if msgspec.json.decode(request.body)["identifiers"]["id"].startswith(f"{name}-")
    }


@pytest.mark.parametrize("server", ["used_before"], indirect=True)
def test_a_client_works_on_both_sides_of_a_fork(server: RawServer) -> None:
    """A client that was used before a fork works in both processes, each on a connection of its own."""
    assert (
        connections_of(server, "before")
        == connections_of(server, "parent")
        == connections_of(server, "after")
    )
    assert len(connections_of(server, "child")) == 1
    assert connections_of(server, "child") != connections_of(server, "parent")
    assert len(server.requests) == 2 * forking.MANY + 6


@pytest.mark.parametrize("server", ["closed_in_child"], indirect=True)
def test_closing_in_a_child_is_not_closing_in_the_parent(server: RawServer) -> None:
    """A child that closes the client, and ends, takes nothing from the parent: its connection goes on."""
    assert server.connections == 1
    assert len(server.requests) == 12


@pytest.mark.parametrize("server", ["grandchildren"], indirect=True)
def test_each_generation_has_its_own_connections(server: RawServer) -> None:
    """A child's child is as safe as a child."""
    assert server.connections == 3
    assert connections_of(server, "grandchild") != connections_of(server, "child")


@pytest.mark.parametrize("server", ["amid_threads"], indirect=True)
def test_a_fork_amid_calls_of_other_threads(server: RawServer) -> None:
    """A child that is forked while other threads are inside calls is never stuck behind what they held."""
    assert sum(len(connections_of(server, f"child-{turn}")) for turn in range(25)) == 25


@pytest.mark.parametrize("server", ["singletons"], indirect=True)
def test_a_child_has_a_singleton_and_ulids_of_its_own(server: RawServer) -> None:
    """After a fork the child makes a client of its own and keeps the outbox, and no process makes the ULID of another."""
    ids = [msgspec.json.decode(request.body)["id"] for request in server.requests]
    assert len(set(ids)) == len(ids) == 3 + 5 * 50


@pytest.mark.parametrize("server", ["async_before"], indirect=True)
def test_an_async_client_works_on_both_sides_of_a_fork(server: RawServer) -> None:
    """An asynchronous client that was used before a fork works in the loops of both processes."""
    assert not connections_of(server, "child") & connections_of(server, "parent")
    assert len(server.requests) == 208


@pytest.mark.parametrize("server", ["async_amid"], indirect=True)
def test_a_fork_out_of_a_running_loop(server: RawServer) -> None:
    """A child that is forked by a coroutine runs a loop of its own, and the parent's connections go on."""
    assert connections_of(server, "after") <= connections_of(server, "parent")
    assert not connections_of(server, "child") & connections_of(server, "parent")


@pytest.mark.parametrize("server", ["multiprocessing_fork", "multiprocessing_spawn"], indirect=True)
def test_processes_of_multiprocessing(server: RawServer) -> None:
    """Forked and spawned workers have connections of their own beside the parent's."""
    assert server.connections == 4
    assert len(server.requests) == 5 * 50


def test_a_hook_that_fails_keeps_no_other_from_its_work() -> None:
    """In a forked child every part of ciokit starts anew, also after one that could not; its error is told."""
    code = (
        "import os, sys\n"
        "from ciokit.forks import in_forked_children\n"
        "in_forked_children(lambda: 1 / 0)\n"
        "in_forked_children(lambda: os.write(1, b'renewed'))\n"
        "pid = os.fork()\n"
        "os._exit(0) if pid == 0 else os.waitpid(pid, 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "renewed")
    assert "ZeroDivisionError" in done.stderr
