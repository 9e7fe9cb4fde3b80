"""Outboxes in the processes that RQ forks for jobs and ends by os._exit: what jobs put arrives before they do."""

import os
import subprocess
import sys
from typing import Any

import pytest

from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer

from .programs import HANG, environment

redis = pytest.importorskip("redis", reason="the package redis is not installed")
rq = pytest.importorskip("rq", reason="the package rq is not installed")

JOBS = 4
RUN = "import sys; from rq.cli import main; main(sys.argv[1:])"


@pytest.fixture
def address(redis_port: int) -> str:
    """Put some jobs into a Redis, and return its address."""
    connection: Any = redis.Redis(host="127.0.0.1", port=redis_port)
    connection.flushall()
    queue = rq.Queue(connection=connection)
    for at in range(JOBS):
        queue.enqueue("tests.real.queueing.say", "user-1", at)
    connection.close()
    return f"redis://127.0.0.1:{redis_port}"


def work(sandbox: SandboxServer, address: str, worker: str) -> str:
    """Have a worker of that class do all jobs; return what it logged."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, "worker", "--burst", "--url", address, "--worker-class", worker],
        env={**os.environ, **environment(sandbox.url)},
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.parametrize("worker", ["ciokit.contrib.rq.Worker", "rq.worker.SimpleWorker"])
def test_what_jobs_put_arrives(sandbox: SandboxServer, world: World, address: str, worker: str) -> None:
    """Ciokit's worker delivers at the end of each job's process, and RQ's that forks none at its own exit."""
    said = work(sandbox, address, worker)
    assert [event.data["at"] for event in world.events(person="user-1")] == [*range(JOBS)]
    assert "RQ ends the process" not in said


def test_the_log_says_what_rqs_own_worker_loses(sandbox: SandboxServer, world: World, address: str) -> None:
    """In a process that RQ's own worker forks, the log says that nothing is delivered after the job, and what to do."""
    said = work(sandbox, address, "rq.worker.Worker")
    assert world.events() == []
    assert said.count("RQ ends the process of each job at once") == JOBS
    assert "--worker-class ciokit.contrib.rq.Worker" in said
