"""Outboxes in Celery's pool processes, which end by os._exit: what tasks put arrives before they do."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer

from .programs import HANG, environment
from .servers import OK, Peer, RawServer

pytest.importorskip("celery")

PEOPLE = [f"user-{number}" for number in range(20)]
TASKS = 4
"""Tasks after which a pool process is replaced, in the test of that."""
SEND = "import sys; from tests.real.working import say; [say.delay(name) for name in sys.argv[1:]]"


@pytest.fixture
def surroundings(sandbox: SandboxServer, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a worker, with a broker of its own and without a spool, which would hide a loss."""
    (tmp_path / "broker").mkdir()
    return {**os.environ, **environment(sandbox.url), "BROKER": str(tmp_path / "broker")}


@pytest.fixture
def pool(
    surroundings: dict[str, str], tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[subprocess.Popen[str]]:
    """Send tasks, and run a worker with the options of the test."""
    subprocess.run([sys.executable, "-c", SEND, *PEOPLE], env=surroundings, check=True, timeout=HANG)
    options = [
        "--pool=prefork",
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
    ]
    command = [sys.executable, "-m", "celery", "-A", "tests.real.working", "worker", *options, *request.param]
    log = (tmp_path / "worker.log").open("w")
    with (
        log,
        subprocess.Popen(command, env=surroundings, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        guard = threading.Timer(HANG, process.kill)
        guard.start()
        yield process
        guard.cancel()
        process.kill()


@pytest.mark.parametrize("pool", [["--concurrency=2"]], indirect=True, ids=["two"])
def test_pool_processes_deliver_when_the_worker_stops(world: World, pool: subprocess.Popen[str]) -> None:
    """Pool processes that end with their worker deliver first what their tasks have put."""
    assert pool.stdout
    lines = (line.strip() for line in pool.stdout)
    told = (line for line in lines if line.isdigit())
    workers = [line for _, line in zip(PEOPLE, told, strict=False)]
    assert len(workers) == len(PEOPLE)
    assert str(pool.pid) not in workers
    pool.send_signal(signal.SIGTERM)
    for _ in lines:
        pass
    assert pool.wait(HANG) == 0
    arrived = [str(event.person) for event in world.events() if event.person != "loaded"]
    assert sorted(arrived) == sorted(PEOPLE)
    assert len(world.events(person="loaded")) == 2  # the sender of the tasks has loaded the application, too


@pytest.mark.parametrize(
    "pool", [["--concurrency=1", f"--max-tasks-per-child={TASKS}"]], indirect=True, ids=["one"]
)
def test_pool_processes_deliver_when_they_are_renewed(world: World, pool: subprocess.Popen[str]) -> None:
    """Pool processes that end after some tasks deliver first what these have put, while their worker goes on."""
    assert pool.stdout
    ended = (line for line in pool.stdout if line == "ended\n")
    assert len([*islice(ended, len(PEOPLE) // TASKS)]) == len(PEOPLE) // TASKS
    arrived = [str(event.person) for event in world.events() if event.person != "loaded"]
    assert sorted(arrived) == sorted(PEOPLE)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no process is killed for the end of a thread")
def test_a_pool_process_outlives_the_thread_that_forked_it() -> None:
    """A pool process that delivers at its end is not killed when the thread of its worker that forked it ends."""
    came, gone = threading.Event(), threading.Event()

    def answer_late(peer: Peer) -> None:
        peer.read_request()
        came.set()
        assert gone.wait(HANG)
        peer.send(OK)

    with (
        RawServer(answer_late) as server,
        subprocess.Popen(
            [sys.executable, "-m", "tests.real.orphaned"],
            env=environment(server.url),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdin
        assert process.stdout
        assert came.wait(HANG)
        process.stdin.close()
        assert process.stdout.readline() == "gone\n"
        gone.set()
        assert process.wait(HANG) == 0
