"""Outboxes in Celery's pool processes, which end by os._exit: what tasks put arrives before they do."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer

from .programs import HANG, environment

pytest.importorskip("celery")

PEOPLE = [f"user-{number}" for number in range(20)]
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
    """Send tasks, and run a worker with two pool processes and the options of the test."""
    subprocess.run([sys.executable, "-c", SEND, *PEOPLE], env=surroundings, check=True, timeout=HANG)
    options = [
        "--pool=prefork",
        "--concurrency=2",
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


@pytest.mark.parametrize("pool", [[], ["--max-tasks-per-child=3"]], indirect=True, ids=["stopped", "renewed"])
def test_what_tasks_put_arrives(world: World, pool: subprocess.Popen[str]) -> None:
    """Pool processes that end, with the worker or after some tasks, deliver first what their tasks have put."""
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
