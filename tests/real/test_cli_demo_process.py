"""`ciokit demo` as a process of its own."""

import os
import re
import signal
import socket
import subprocess
import sys

import httpx2
import pytest

DEMO = [sys.executable, "-m", "ciokit", "demo"]


@pytest.mark.parametrize("seed", ["1", "7"])
def test_demo_ends_well(seed: str) -> None:
    """It exits with 0, its last line counts what was accepted, refused and stored, and stderr stays empty."""
    done = subprocess.run([*DEMO, "--seed", seed], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "accepted 1,240 · refused 12 · stored 1,240"
    assert "\x1b" not in done.stdout, "colour in a pipe"
    assert "✗" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_more_events() -> None:
    """The number of events is the caller's choice, and the counts follow."""
    done = subprocess.run([*DEMO, "--events", "3000"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "accepted 3,200 · refused 12 · stored 3,200"


def test_a_terminal_without_the_characters() -> None:
    """Where the output cannot show a sign, something stands in for it and the work is done."""
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(DEMO, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "accepted 1,240 - refused 12 - stored 1,240"


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_serve_stays_open_until_it_is_stopped(sent: signal.Signals) -> None:
    """With --serve the sandbox still answers after the last line, and a signal ends it without a word."""
    with subprocess.Popen(
        [*DEMO, "--serve"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as demo:
        try:
            assert demo.stdout is not None
            assert demo.stderr is not None
            line = next(line for line in demo.stdout if "stays open" in line)
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            assert found
            answer = httpx2.get(f"{found[0]}/api/v1/accounts/region", auth=("demo", "demo"), trust_env=False)
            assert answer.status_code == 200
            demo.send_signal(sent)
            assert (demo.wait(20), demo.stderr.read()) == (0, "")
        finally:
            demo.kill()


def test_a_taken_port_is_one_line() -> None:
    """A port that somebody else has is told with what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run([*DEMO, "--port", port], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"ciokit: port {port} cannot be used (Address already in use); choose another with --port, 0 takes a free one"
    ]
