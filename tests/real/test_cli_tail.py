"""`ciokit tail`: a process that follows a sandbox, loses it, finds it again, and ends."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

import ciokit
from ciokit import TrackClient
from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer
from ciokit.testing import CioServer

from .servers import RawServer, answer_each

TAIL = [sys.executable, "-m", "ciokit", "tail"]


@contextmanager
def tail(*arguments: str) -> "Generator[subprocess.Popen[str]]":
    """Follow a sandbox in a process of its own."""
    command = [*TAIL, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def read_line(process: "subprocess.Popen[str]") -> str:
    """Wait for its next line."""
    assert process.stdout is not None
    return process.stdout.readline()


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run it to its end."""
    return subprocess.run([*TAIL, *arguments], capture_output=True, text=True, timeout=60, check=False)


def end(process: "subprocess.Popen[str]", sent: signal.Signals = signal.SIGINT) -> tuple[int, str]:
    """Stop it; returns its exit code and what it complained of."""
    process.send_signal(sent)
    _, err = process.communicate(timeout=30)
    return process.returncode, err


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_it_follows_until_a_signal(cio_server: CioServer, sent: signal.Signals) -> None:
    """What arrives is shown as it arrives, and Ctrl-C is a good end."""
    with tail("--all", "--kind", "event") as process:
        assert read_line(process).split() == ["time", "kind", "who", "what"]
        ciokit.track_client().track("user-1", "Order Placed", {"total": 3})
        assert read_line(process).split()[1:] == ["event", "user-1", "Order", "Placed", '{"total":3}']
        ciokit.track_client().track("user-2", "x" * 90, {"long": "y" * 500})
        assert read_line(process).rstrip("\n").endswith('y"}')
        assert end(process, sent) == (0, "")


def test_json_lines_with_filters(cio_server: CioServer) -> None:
    """With --json each line is an object; the filters leave out the rest."""
    client = ciokit.track_client()
    client.identify("user-1", {"email": "ann@example.com"})
    for name in ("order placed", "seen"):
        client.track("user-1", name, {"n": 1})
        client.track("user-2", name)
    with tail(
        "--json", "--all", "--person", "ann@example.com", "--name", "order*", "--workspace", "default"
    ) as process:
        line = json.loads(read_line(process))
        assert end(process) == (0, "")
    assert (line["kind"], line["record"]["name"], line["record"]["person"]) == (
        "event",
        "order placed",
        "user-1",
    )
    assert line["seq"] == line["record"]["seq"]


def test_without_all_it_begins_now(cio_server: CioServer) -> None:
    """What came before is not shown unless it is asked for."""
    ciokit.track_client().track("user-1", "before")
    with tail("--kind", "event", "--url", cio_server.url) as process:
        assert "kind" in read_line(process)  # from here on it follows
        ciokit.track_client().track("user-1", "after")
        assert "after" in read_line(process)
        assert end(process) == (0, "")


def test_a_sandbox_that_went_away_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says once that the sandbox is gone, and goes on when it is back."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    first = SandboxServer(World(), port=port).start()
    following = tail("--url", url, "--kind", "event", "--all")
    with TrackClient("s", "k", base_url=url) as client, following as process:
        assert process.stderr is not None
        assert "kind" in read_line(process)
        client.track("user-1", "first")
        assert "first" in read_line(process)
        first.stop()
        assert process.stderr.readline() == "ciokit: tail: the sandbox went away; waiting for it\n"
        with SandboxServer(World(), port=port):
            assert process.stderr.readline() == "ciokit: tail: it is back\n"
            client.track("user-1", "second")
            assert "second" in read_line(process)
            assert end(process) == (0, "")


def test_without_a_sandbox_it_says_so() -> None:
    """One line says what is missing and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    done = run("--url", url)
    words = f"ciokit: tail: no sandbox at {url}: open one with ciokit sandbox, or name it with --url\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", words)


def test_what_is_no_sandbox_is_told() -> None:
    """A server that answers something else is not waited for."""
    with RawServer(answer_each) as server:
        done = run("--url", server.url)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"ciokit: tail: what is at {server.url} is no sandbox (status 200)\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--url", "ftp://a"], "--url must be an address"),
        (["--kind", "everything"], "'everything' is not one of"),
    ],
)
def test_wrong_options(arguments: list[str], said: str) -> None:
    """A wrong address or kind is refused before anything is asked."""
    done = run(*arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert said in done.stderr


def test_a_token_opens_a_remote_sandbox() -> None:
    """A sandbox for other machines wants its token, and is followed with it."""
    with SandboxServer(World(), host="0.0.0.0", allow_remote=True, token="t-1") as server:
        url = f"http://127.0.0.1:{server.port}"
        refused = run("--url", url)
        assert (refused.returncode, refused.stderr) == (
            1,
            f"ciokit: tail: the sandbox at {url} wants its token: --token\n",
        )
        with tail("--url", url, "--token", "t-1") as process:
            assert "kind" in read_line(process)
            assert end(process) == (0, "")


@pytest.mark.ciokit(tls=True)
def test_tls(cio_server: CioServer) -> None:
    """The certificate that the environment names is trusted."""
    ciokit.track_client().track("user-1", "seen")
    with tail("--json", "--all", "--kind", "event") as process:
        assert json.loads(read_line(process))["record"]["name"] == "seen"
        assert end(process) == (0, "")


def test_a_reader_that_goes_ends_it(cio_server: CioServer, tmp_path: Path) -> None:
    """Piped into something that has had enough, it ends without a complaint."""
    for number in range(5):
        ciokit.track_client().track("user-1", f"seen {number}")
    read, write = os.pipe()
    with subprocess.Popen(
        [*TAIL, "--json", "--all"], stdout=write, stderr=subprocess.PIPE, text=True
    ) as process:
        os.close(write)
        os.close(read)
        _, err = process.communicate(timeout=30)
    assert err == ""
