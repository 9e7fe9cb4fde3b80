"""`ciokit sandbox`: alone until a signal, and around a command."""

import re
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from ciokit import TrackClient, Unauthorized

SANDBOX = [sys.executable, "-m", "ciokit", "sandbox"]

# What it prints last, by option.
LAST = {"--allow-remote": "CIOKIT_ALLOW_HTTP", "--tls": "NODE_EXTRA_CA_CERTS"}


@contextmanager
def opened(*arguments: str) -> "Generator[tuple[subprocess.Popen[str], dict[str, str]]]":
    """Open a sandbox as a process, and yield it with the variables that it prints."""
    command = [*SANDBOX, "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            variables: dict[str, str] = {}
            for line in process.stdout:
                found = re.fullmatch(r"export (\w+)=(\S+)\n", line)
                if found:
                    variables[found[1]] = found[2]
                if LAST.get("".join(LAST.keys() & set(arguments)), "CIOKIT_BASE_URL") in variables:
                    break
            yield process, variables
        finally:
            process.kill()


def stop(process: "subprocess.Popen[str]", sent: signal.Signals) -> tuple[int, str, str]:
    """Stop it; returns its exit code and what it said."""
    process.send_signal(sent)
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


def test_many_connections() -> None:
    """Alone, it opens as many files as it may, for the connections of a load test."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with opened() as (process, _):
        soft = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)[0]
        assert soft == (20_000 if hard == resource.RLIM_INFINITY else min(hard, 20_000)) or soft > 20_000


def test_another_name() -> None:
    """It answers to the names it is given, and to no other."""
    with opened("--allow-host", "shop.test", "--allow-host", "ciokit") as (_, variables):
        url = f"{variables['CIOKIT_BASE_URL']}/_sandbox/stats"
        answered = {
            name: httpx2.get(url, headers={"host": name}, trust_env=False).status_code
            for name in ("shop.test", "ciokit:8025", "localhost", "other.test")
        }
    assert answered == {"shop.test": 200, "ciokit:8025": 200, "localhost": 200, "other.test": 421}


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_open_until_a_signal(sent: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables that it prints are all that a client needs, and a signal ends it with what it had."""
    with opened() as (process, variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        with TrackClient() as client:
            client.track("user-1", "seen")
        code, out, err = stop(process, sent)
    assert (code, err) == (0, "")
    assert out.strip() == "the sandbox ends with people 1 · events 1 · messages 0 · requests 1"


def test_region(monkeypatch: pytest.MonkeyPatch) -> None:
    """It can be an account of either region."""
    with opened("--region", "eu") as (_, variables):
        assert variables["CUSTOMERIO_REGION"] == "eu"
        with TrackClient("s", "k", base_url=variables["CIOKIT_BASE_URL"]) as client:
            assert client.account_region().region == "eu"


@pytest.mark.parametrize("named", [False, True])
def test_tls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, named: bool) -> None:
    """With --tls it speaks https, and what it prints is all that a client needs to trust it."""
    with opened("--tls", *(("--ca-file", str(tmp_path / "ca.pem")) if named else ())) as (_, variables):
        assert variables["CIOKIT_BASE_URL"].startswith("https://127.0.0.1:")
        assert not named or variables["SSL_CERT_FILE"] == str(tmp_path / "ca.pem")
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        with TrackClient() as client:
            assert client.track("user-1", "seen").attempts == 1


def test_run_with_tls() -> None:
    """A command trusts the sandbox that it runs with."""
    command = [*SANDBOX, "--tls", "run", "--", sys.executable, "-c", SEND, "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "events 1" in done.stderr) == (0, True)


def test_store(tmp_path: Path) -> None:
    """What one run kept in a file is there in the next."""
    command = [*SANDBOX, "--store", str(tmp_path / "kept.db"), "run", "--", sys.executable, "-c", SEND, "0"]
    for events in (1, 2):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, f"people 1 · events {events} ·" in done.stderr) == (0, True)


@pytest.mark.parametrize("given", [(), ("--token", "let-me-in")], ids=["made up", "given"])
def test_other_machines_need_the_token(given: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Opened to other machines it takes its token as the key, which is among what it prints, and no other."""
    with opened("--allow-remote", *given) as (_, variables):
        token = variables["CUSTOMERIO_TRACK_API_KEY"]
        assert variables["CIOKIT_BASE_URL"].startswith(f"http://{socket.gethostname()}:")
        port = variables["CIOKIT_BASE_URL"].rpartition(":")[2]
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("CIOKIT_BASE_URL", f"http://127.0.0.1:{port}")
        with TrackClient() as client:
            assert client.track("user-1", "seen").attempts == 1
        with TrackClient("sandbox", "sandbox") as client, pytest.raises(Unauthorized):
            client.track("user-1", "seen")
    assert (token == "let-me-in") if given else (len(token) > 20)


@pytest.mark.parametrize(
    "given", [(), ("--allow-remote", "--token", "let me; in")], ids=["here", "elsewhere"]
)
def test_page_is_at_the_address_that_is_printed(given: tuple[str, ...]) -> None:
    """The address that it prints for a browser opens the page, with a token if one is needed."""
    command = [*SANDBOX, "--port", "0", *given]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = next(line.split()[-1] for line in process.stdout if line.startswith("What arrives"))
        local = address.replace(socket.gethostname(), "127.0.0.1")
        with httpx2.Client(trust_env=False, follow_redirects=True) as browser:
            page = browser.get(local, headers={"accept": "text/html"})
        process.kill()
    assert page.status_code == 200
    assert "token" not in str(page.url)
    assert 'id="connection"' in page.text


SEND = """
import sys
from ciokit import TrackClient
with TrackClient() as client:
    client.track("user-1", "seen")
sys.exit(int(sys.argv[1]))
"""


def run_with(*command: str) -> "subprocess.CompletedProcess[str]":
    """Run a command with a sandbox."""
    return subprocess.run([*SANDBOX, "run", "--", *command], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("code", [0, 3])
def test_run(code: int) -> None:
    """A command's settings point at a sandbox of its own, and its exit code is passed on."""
    done = run_with(sys.executable, "-c", SEND, str(code))
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr == "ciokit: the sandbox ends with people 1 · events 1 · messages 0 · requests 1\n"


def test_run_with_options_of_its_own() -> None:
    """What follows the command is the command's, options too."""
    done = run_with(sys.executable, "-c", "import sys; print(sys.argv[1:])", "--help", "-h", "--port", "x")
    assert done.stdout == "['--help', '-h', '--port', 'x']\n"


def test_run_without_the_applications_spool(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits in a spool is not for a sandbox that ends with the command."""
    monkeypatch.setenv("CIOKIT_SPOOL", "/var/spool/shop")
    done = run_with(sys.executable, "-c", "import os; print(repr(os.environ['CIOKIT_SPOOL']))")
    assert done.stdout == "''\n"


def test_help_of_run_opens_nothing(tmp_path: Path) -> None:
    """To ask what `run` is for takes no port and makes no file."""
    store = tmp_path / "kept.db"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        options = ("--store", str(store), "--port", str(taken.getsockname()[1]))
        asked = [*SANDBOX, *options, "run", "--help"]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "sandbox run" in done.stdout
    assert not store.exists()


def test_run_beside_other_machines() -> None:
    """Opened to other machines it still has the command's settings right."""
    command = [*SANDBOX, "--allow-remote", "run", "--", sys.executable, "-c", SEND, "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "events 1" in done.stderr


def test_run_that_dies() -> None:
    """A command that a signal ended has the shell's exit code for it."""
    done = run_with(sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert done.returncode == 128 + signal.SIGKILL


def test_run_passes_sigterm_on(tmp_path: Path) -> None:
    """Whoever ends the sandbox ends the command, which decides how."""
    code = (
        # Blocked until it is waited for: a signal just before `signal.pause` would be waited for in vain.
        "import signal, sys\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])\n"
        "print('ready', flush=True)\n"
        "sys.exit(7 if signal.sigwait([signal.SIGTERM]) == signal.SIGTERM else 1)\n"
    )
    command = [*SANDBOX, "run", "--", sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert stop(process, signal.SIGTERM)[0] == 7


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["run"], 2, "Missing argument"),
        (["run", "--", "/no/such/command"], 2, "sandbox run: /no/such/command: no such command"),
        (
            ["run", "--strict", "--", "true"],
            2,
            "sandbox run: --strict: no such command; options of the sandbox stand",
        ),
        (["run", "--", "/"], 1, "sandbox run: / cannot be run: Permission denied"),
        (["--region", "asia"], 2, "Invalid value for '--region'"),
        (["--port", "70000"], 2, "Invalid value for '--port'"),
        (["--token", "x"], 2, "sandbox: --token goes with --allow-remote"),
        (["--allow-remote", "--token", ""], 2, "sandbox: --token must be printable ASCII"),
        (["--tls", "--allow-remote"], 2, "sandbox: --tls is for this machine"),
        (["--ca-file", "x.pem"], 2, "sandbox: --ca-file goes with --tls"),
        (["--port", "0", "--tls", "--ca-file", "none/x.pem"], 1, "none/x.pem cannot be used: No such file"),
        (["--store", "none/x.db"], 1, "none/x.db cannot be used: No such file or directory"),
        (["--store", "notes.txt"], 1, "notes.txt is not a sandbox's store"),
        (["serve"], 2, "No such command 'serve'"),
    ],
)
def test_wrong_use(arguments: list[str], code: int, words: str) -> None:
    """Each is one line and an exit code."""
    Path("notes.txt").write_text("to remember: milk, bread\n" * 100)
    done = subprocess.run([*SANDBOX, *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (code, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"ciokit: {words}")
