"""What holds for every test: a clean environment, no network beyond this machine, and no skip where none is due."""

import gc
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator
from importlib.metadata import entry_points
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir

# The project's own plugin comes with the installed package, or from here where the sources alone are on the path.
_INSTALLED = bool(entry_points(group="pytest11", name="ciokit"))
pytest_plugins = ["pytester"] if _INSTALLED else ["pytester", "pytest_ciokit"]

# A settings variable, a proxy or a CA of the developer's must not decide what a test sees.
FOREIGN = ("CUSTOMERIO_", "CIOKIT_")
FOREIGN_NAMES = {"SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}

# A gate must give the same answer twice; at home other examples are tried at each run.
settings.register_profile("default", deadline=None, max_examples=30, derandomize="CI" in os.environ)
settings.register_profile("thorough", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
# A shell has what it starts in the background ignore Ctrl-C, and the programs that tests start and interrupt inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# Beside the code, not in the directory of whatever test comes first: found examples are tried again.
set_hypothesis_home_dir(Path(__file__).parents[1] / ".hypothesis")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --no-skips, for machines that have every component a test may need."""
    parser.addoption("--no-skips", action="store_true", help="let every skipped test fail with its reason")


def fail_if_skipped(report: pytest.TestReport | pytest.CollectReport, config: pytest.Config) -> None:
    """Turn a skip into a failure that names its reason, when --no-skips asks for it."""
    expected_failure = hasattr(report, "wasxfail")
    if report.skipped and not expected_failure and config.getoption("--no-skips"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be skipped: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Judge a test's own skip."""
    report = yield
    fail_if_skipped(report, item.config)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Judge the skip of a whole module."""
    report = yield
    fail_if_skipped(report, collector.config)
    return report


def is_on_this_machine(host: object) -> bool:
    """Tell whether a host is loopback, or a name that can never be looked up with success."""
    name = host.decode() if isinstance(host, bytes) else str(host or "localhost")
    if name == "localhost" or name.endswith((".localhost", ".invalid")):
        return True
    try:
        return ip_address(name).is_loopback or ip_address(name).is_unspecified
    except ValueError:
        return False


def refuse_network(event: str, args: tuple[Any, ...]) -> None:
    """Stop whatever would leave this machine, so that no test can reach a real service by mistake."""
    match event, args:
        case "socket.getaddrinfo", (host, *_):
            pass
        case "socket.connect", (_, (host, *_)):
            pass
        case _:
            return
    if not is_on_this_machine(host):
        message = f"a test tried to reach {host}: tests stay on this machine"
        raise RuntimeError(message)


sys.addaudithook(refuse_network)


# Made once for a run: a fixture of each test would cost more than most unit tests do.
_NOWHERE = pytest.StashKey[Path]()
_PERSON = pytest.StashKey[pytest.MonkeyPatch]()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Make the directory for tests that leave no file, and begin to remember what is the person's."""
    session.config.stash[_NOWHERE] = Path(tempfile.mkdtemp(prefix="ciokit-nowhere-"))
    session.config.stash[_PERSON] = pytest.MonkeyPatch()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Give the person's settings and directory back."""
    session.config.stash[_PERSON].undo()
    shutil.rmtree(session.config.stash[_NOWHERE])


def is_foreign(name: str) -> bool:
    """Tell whether a variable is a setting of the person who runs the tests."""
    return name.startswith(FOREIGN) or name in FOREIGN_NAMES or name.lower().endswith("_proxy")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Run each test in an empty directory, without any setting of the person who runs it."""
    person = item.config.stash[_PERSON]
    for name in list(os.environ):
        if is_foreign(name):
            person.delenv(name)
    person.chdir(item.config.stash[_NOWHERE])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """Fail a test that leaves files where the next one begins."""
    yield
    nowhere = item.config.stash[_NOWHERE]
    left = sorted(path.name for path in nowhere.iterdir())
    for name in left:
        (nowhere / name).unlink()
    assert not left, f"a test that leaves files asks for tmp_path: {left}"


@pytest.fixture
def tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run a test that asks for a directory of its own in it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def own_directory(tmp_path: Path) -> None:
    """Give each test a directory; thousands would cost more than most unit tests, so those ask for theirs."""


def pytest_collection_finish() -> None:
    """Spare the collector of garbage what lives as long as the run."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def redis_port(tmp_path_factory: pytest.TempPathFactory) -> Generator[int]:
    """Run a Redis that keeps nothing on disk; return its port."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    settings = ("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
    folder = tmp_path_factory.mktemp("redis")
    with subprocess.Popen([program, *settings], cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert any("eady to accept connections" in line for line in lines), "redis-server did not start"
        yield port
        process.terminate()
        process.communicate(timeout=10)
