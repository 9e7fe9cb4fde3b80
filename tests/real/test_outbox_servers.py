"""Outboxes under real servers: gunicorn with its forks, uvicorn with its loop, uWSGI with and without threads."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer

from .programs import HANG, environment, recover

APPLICATION = "tests.real.serving"
PEOPLE = [f"user-{number}" for number in range(40)]


class Served:
    """A server that runs.

    Args:
        process: The server.
        port: Where it answers.
        log: What it writes.
    """

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self._port = port
        self._log = log

    def get(self, name: str) -> int:
        """Have an event put, and return the process that did."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=HANG)
        with contextlib.closing(connection):
            connection.request("GET", f"/{name}")
            return int(connection.getresponse().read())

    @contextlib.contextmanager
    def occupying(self, name: str) -> Generator[list[int]]:
        """Keep one process waiting for the rest of a request; its number is there in the end."""
        process: list[int] = []
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=HANG)
        with contextlib.closing(connection):
            connection.putrequest("POST", f"/{name}")
            connection.putheader("Content-Length", "1")
            connection.endheaders()
            yield process
            connection.send(b".")
            process.append(int(connection.getresponse().read()))

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Tell the server to end, wait until it has, and return how."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(HANG)

    @property
    def log(self) -> str:
        """What the server has written."""
        return self._log.read_text(encoding="utf-8", errors="replace")


@contextlib.contextmanager
def serving(
    tmp_path: Path, sandbox: SandboxServer, spool: Path | None, *command: str, kind: str = ""
) -> Generator[Served]:
    """Run a server on a socket that listens already: what is asked before it is up waits there."""
    log = tmp_path / "server.log"
    with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as file:
        listener.set_inheritable(True)
        process = subprocess.Popen(
            [part.replace("FD", str(listener.fileno())) for part in command],
            env={**os.environ, **environment(sandbox.url, spool), "SERVING": kind},
            pass_fds=[listener.fileno()],
            stdout=file,
            stderr=file,
        )
        port: int = listener.getsockname()[1]
    served = Served(process, port, log)
    try:
        yield served
    finally:
        process.kill()
        process.wait()


def arrived(world: World) -> list[str]:
    """Return who put events that arrived, once for each event, without the application's own at its start."""
    return sorted(str(event.person) for event in world.events() if event.person != "loaded")


def gunicorn(*options: str) -> list[str]:
    """Return how to run gunicorn with two workers that take the application over from their parent."""
    pytest.importorskip("gunicorn")
    return [
        sys.executable,
        "-m",
        "gunicorn",
        "--preload",
        "--workers=2",
        "--bind=fd://FD",
        *options,
        f"{APPLICATION}:application",
    ]


@pytest.mark.parametrize("spooled", [False, True])
def test_gunicorn_stops_gracefully(
    sandbox: SandboxServer, world: World, tmp_path: Path, *, spooled: bool
) -> None:
    """What the workers put arrives before they end, and what the parent put before it forked arrives once."""
    spool = tmp_path / "spool" if spooled else None
    with serving(tmp_path, sandbox, spool, *gunicorn()) as served:
        workers = {served.get(name) for name in PEOPLE}
        assert served.process.pid not in workers
        assert served.stop() == 0, served.log
    assert arrived(world) == sorted(PEOPLE)
    assert len(world.events(person="loaded")) == 1
    assert "Traceback" not in served.log


def test_a_killed_worker_of_gunicorn_loses_nothing_with_a_spool(
    sandbox: SandboxServer, world: World, tmp_path: Path
) -> None:
    """A worker that is killed at once leaves what it took to whoever uses the spool next."""
    spool = tmp_path / "spool"
    with serving(tmp_path, sandbox, spool, *gunicorn()) as served:
        workers = [served.get(name) for name in PEOPLE[:20]]
        os.kill(workers[-1], signal.SIGKILL)
        for name in PEOPLE[20:]:
            served.get(name)
        assert served.stop() == 0, served.log
    recover(sandbox, spool)
    assert arrived(world) == sorted(PEOPLE)


def test_gunicorn_restarts_its_workers(sandbox: SandboxServer, world: World, tmp_path: Path) -> None:
    """Workers that end after some requests deliver what they took first, also from memory."""
    with serving(tmp_path, sandbox, None, *gunicorn("--max-requests=5")) as served:
        workers = {served.get(name) for name in PEOPLE}
        assert len(workers) > 2
        assert served.stop() == 0, served.log
    assert arrived(world) == sorted(PEOPLE)


def uvicorn(application: str) -> list[str]:
    """Return how to run uvicorn."""
    return [sys.executable, "-m", "uvicorn", "--fd=FD", "--log-level=warning", f"{APPLICATION}:{application}"]


def test_uvicorn_with_a_lifespan(sandbox: SandboxServer, world: World, tmp_path: Path) -> None:
    """An outbox that the lifespan closes delivers from memory what was put, also while the server was stopping."""
    with serving(tmp_path, sandbox, None, *uvicorn("asgi"), kind="asgi") as served:
        for name in [*PEOPLE, "last"]:
            served.get(name)
        assert served.process.wait(HANG) == -signal.SIGTERM  # as it had been told itself
    assert arrived(world) == sorted([*PEOPLE, "last", "afterwards"])
    assert "Traceback" not in served.log


def test_uvicorn_with_signal_handlers(sandbox: SandboxServer, world: World, tmp_path: Path) -> None:
    """Installed handlers deliver what was put before uvicorn ends by the signal, which passes over the exit hooks."""
    with serving(
        tmp_path, sandbox, None, *uvicorn("application"), "--interface=wsgi", kind="handlers"
    ) as served:
        for name in PEOPLE:
            served.get(name)
        assert served.stop() == -signal.SIGTERM
    assert arrived(world) == sorted(PEOPLE)
    assert len(world.events(person="loaded")) == 1


UWSGI = Path(__file__).parents[2] / ".venv-servers" / "bin" / "uwsgi"
MASTER = ("--http-socket=fd://FD", "--master", "--die-on-term", f"--module={APPLICATION}")


def pyuwsgi(*options: str) -> list[str]:
    """Return how to run uWSGI's wheel with a master."""
    pytest.importorskip("pyuwsgi")
    run = "import pyuwsgi, sys; pyuwsgi.run(sys.argv[1:])"
    return [sys.executable, "-c", run, *MASTER, *options]


def uwsgi(*options: str) -> list[str]:
    """Return how to run uWSGI, built from its source, with a master."""
    if not UWSGI.exists():
        pytest.skip("uWSGI is not built: make servers")
    return [str(UWSGI), f"--virtualenv={sys.prefix}", *MASTER, *options]


@pytest.mark.parametrize("options", [[], ["--enable-threads"]])
@pytest.mark.parametrize("spooled", [False, True])
def test_uwsgi_that_lets_no_thread_run(
    sandbox: SandboxServer, world: World, tmp_path: Path, options: list[str], *, spooled: bool
) -> None:
    """Where uWSGI lets no thread run the log says what to do, and what was put is sent when the worker ends."""
    spool = tmp_path / "spool" if spooled else None
    with serving(tmp_path, sandbox, spool, *pyuwsgi("--processes=1", *options), kind="flush") as served:
        for name in PEOPLE:
            served.get(name)
        served.stop()
    assert "set enable-threads = true" in served.log
    assert arrived(world) == sorted(PEOPLE)
    assert len(world.events(person="loaded")) == 1


def test_workers_that_uwsgi_forks_make_ids_of_their_own(
    sandbox: SandboxServer, world: World, tmp_path: Path
) -> None:
    """UWSGI forks past Python; what two workers make must differ all the same, or Customer.io would discard it."""
    with serving(tmp_path, sandbox, None, *pyuwsgi("--processes=2")) as served:
        with served.occupying("busy") as busy:
            others = {served.get(name) for name in PEOPLE}
        assert others.isdisjoint(busy)
        served.stop()
    endings = [str(event.id)[10:] for event in world.events()]
    assert len(set(endings)) == len(endings)


@pytest.mark.parametrize(
    "options", [["--enable-threads"], ["--threads=4"], ["--enable-threads", "--lazy-apps"]]
)
@pytest.mark.parametrize("spooled", [False, True])
def test_uwsgi_that_lets_threads_run(
    sandbox: SandboxServer, world: World, tmp_path: Path, options: list[str], *, spooled: bool
) -> None:
    """A worker delivers while it serves, and the rest when it ends; what was put before the fork arrives once."""
    spool = tmp_path / "spool" if spooled else None
    command = uwsgi("--processes=1", *options)
    people = [f"user-{number}" for number in range(60)]
    with serving(tmp_path, sandbox, spool, *command, kind="flush") as served:
        for name in people:
            served.get(name)
        delivered_while_serving(world, 50)
        served.stop()
    assert arrived(world) == sorted(people)
    assert len(world.events(person="loaded")) == 1
    assert ("uWSGI has not forked its workers yet" in served.log) == ("--lazy-apps" not in options)


def delivered_while_serving(world: World, number: int) -> None:
    """Look until so many events are there: as many are sent at once, before their interval is over."""
    for _ in range(100_000):
        if len(arrived(world)) >= number:
            return
    pytest.fail(f"{len(arrived(world))} of {number} events arrived while the worker was serving")
