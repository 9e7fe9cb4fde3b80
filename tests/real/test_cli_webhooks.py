"""`ciokit webhooks listen` as a process: what is posted to it, by the sandbox and by others."""

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import IO, Any

import httpx2
import pytest

from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer
from ciokit.sandbox.state.reporting import SIGNING_KEY

LISTEN = [sys.executable, "-m", "ciokit", "webhooks", "listen"]
EVENT = {
    "event_id": "01E4C4CT6YDC7Y5M7FE1GWWPQJ",
    "object_type": "email",
    "metric": "bounced",
    "timestamp": 1_613_063_089,
    "data": {"recipient": "zoë@example.com"},
}


@contextmanager
def listening(*arguments: str) -> "Generator[tuple[subprocess.Popen[str], str]]":
    """Run it on a free port; yields the process and its address."""
    command = [*LISTEN, "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            said = lines_of(process.stderr if "--json" in arguments else process.stdout)
            found = re.search(r"http://\S+/", next(said))
            assert found is not None
            yield process, found[0]
        finally:
            process.kill()


def lines_of(stream: IO[str] | None) -> IO[str]:
    """Return a stream that is there."""
    assert stream is not None
    return stream


def send(sandbox: SandboxServer, url: str, event: dict[str, Any]) -> None:
    """Have the sandbox post an event."""
    answer = httpx2.post(
        f"{sandbox.url}/_sandbox/webhooks/send", json={"url": url, "event": event}, trust_env=False
    )
    assert answer.is_success


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the sandbox's signing key."""
    monkeypatch.setenv("CUSTOMERIO_WEBHOOK_SIGNING_KEY", SIGNING_KEY)


@pytest.mark.usefixtures("key")
def test_a_line_for_each() -> None:
    """What the sandbox posts is a line with what happened to whom; a terminal's commands in it are harmless."""
    with SandboxServer(World()) as sandbox, listening() as (process, url):
        out = lines_of(process.stdout)
        send(sandbox, url, EVENT)
        line = next(out)
        send(sandbox, f"{url}any/path", EVENT | {"metric": "\x1b[2Jsent"})
        escaped = next(out)
        process.send_signal(signal.SIGINT)
        rest, err = process.communicate(timeout=30)
    words = line.split()
    assert words[0] == "✓"
    assert words[2:] == ["email", "bounced", "zoë@example.com", "01E4C4CT6YDC7Y5M7FE1GWWPQJ"]
    assert "\x1b" not in escaped
    assert (process.returncode, rest.strip(), err) == (0, "webhooks: 2 accepted · 0 refused", "")


@pytest.mark.usefixtures("key")
def test_json_lines() -> None:
    """With --json, stdout has a JSON object for each webhook and nothing else; the refused say why."""
    with SandboxServer(World()) as sandbox, listening("--json") as (process, url):
        out = lines_of(process.stdout)
        send(sandbox, url, EVENT)
        accepted = json.loads(next(out))
        answers = [
            httpx2.post(url, content=body, trust_env=False).status_code for body in (b'{"a":1}', b"not json")
        ]
        refused = [json.loads(next(out)) for _ in answers]
        send(sandbox, url, {"hello": "world"})
        no_event = json.loads(next(out))
        process.send_signal(signal.SIGTERM)
        rest, err = process.communicate(timeout=30)
    assert (accepted["accepted"], accepted["fault"], accepted["body"]) == (True, None, EVENT)
    assert answers == [401, 401]
    assert [line["body"] for line in refused] == [{"a": 1}, None]
    assert all(line["fault"].startswith("MissingHeader: x-cio-timestamp") for line in refused)
    assert no_event["fault"].startswith("InvalidPayload")
    assert (process.returncode, rest, err.strip()) == (0, "", "webhooks: 1 accepted · 3 refused")


def test_keys_as_options() -> None:
    """Of several --key, any is good."""
    keys = ["--key", "old", "--key", SIGNING_KEY]
    with SandboxServer(World()) as sandbox, listening("--json", *keys) as (process, url):
        send(sandbox, url, EVENT)
        assert json.loads(next(lines_of(process.stdout)))["accepted"] is True


def test_what_is_too_large_is_not_read() -> None:
    """A body that says it is larger than any webhook is turned away, and so is one that does not say."""
    with listening("--key", "k") as (_, url):
        port = int(url.rpartition(":")[2].strip("/"))
        for header, status in (("Content-Length: 99999999", b"413"), ("Transfer-Encoding: chunked", b"411")):
            with socket.create_connection(("127.0.0.1", port)) as sock:
                sock.sendall(f"POST / HTTP/1.1\r\nHost: localhost\r\n{header}\r\n\r\n".encode())
                assert sock.recv(100).split()[1] == status


def test_a_port_that_is_taken() -> None:
    """A port that another program has is one line that says what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = [*LISTEN, "--key", "k", "--port", str(taken.getsockname()[1])]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "choose another with --port" in done.stderr


def test_without_a_key() -> None:
    """Without a key, the variable is named, and the exit code is that of a missing setting."""
    done = subprocess.run(LISTEN, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "CUSTOMERIO_WEBHOOK_SIGNING_KEY" in done.stderr
