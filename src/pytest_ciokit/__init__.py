"""The pytest plugin of ciokit: fixtures for a Customer.io to test against, and a guard before the true one.

It is loaded in every test run of an application, so it lives beside the package and imports none of it until a
fixture is asked for. What the fixtures give is in `ciokit.testing`.
"""

from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from pytest_ciokit.guard import Guard
from pytest_ciokit.marks import options_of

if TYPE_CHECKING:
    from ciokit.testing import CioSandbox, CioServer, FakeClock

MadeT = TypeVar("MadeT")
_GUARD = pytest.StashKey[Guard]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the settings of the plugin."""
    words = "fail any test that tries to reach customer.io (default: true)"
    parser.addini("ciokit_block_network", words, type="bool", default=True)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marks, and set up the guard."""
    for mark in (
        "ciokit(**options): how the fixtures cio_sandbox and cio_server are set up (region, rules, tls, ...)",
        "ciokit_network: let this test reach the true customer.io",
    ):
        config.addinivalue_line("markers", mark)
    if config.getini("ciokit_block_network"):
        config.stash[_GUARD] = guard = Guard()
        guard.start()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Take the guard away."""
    if _GUARD in config.stash:
        config.stash[_GUARD].stop()
        del config.stash[_GUARD]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let those tests pass the guard that are marked for it."""
    guard = item.config.stash.get(_GUARD, None)
    if guard is None:
        return (yield)
    guard.allowed = item.get_closest_marker("ciokit_network") is not None
    try:
        return (yield)
    finally:
        guard.allowed = False


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, None, None]:
    """Fail a setup whose attempt somebody swallowed."""
    yield
    _fail_if_tried(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Fail a test whose attempt somebody swallowed: an application that catches all, a thread."""
    yield
    _fail_if_tried(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """Fail a teardown whose attempt somebody swallowed."""
    guard = item.config.stash.get(_GUARD, None)
    if guard is not None:
        guard.take_tried()  # of a test that failed by it, and has told so
    yield
    _fail_if_tried(item)


def _fail_if_tried(item: pytest.Item) -> None:
    guard = item.config.stash.get(_GUARD, None)
    tried = "" if guard is None else guard.take_tried()
    if tried:
        pytest.fail(f"{item.name} {tried}", pytrace=False)


@pytest.fixture
def cio_clock() -> "Iterator[FakeClock]":
    """Give a clock that moves only when a client waits or the test says so.

    During the test, every ciokit client of this process goes by it that was not given a clock of its own.
    """
    from ciokit.clock import SYSTEM_CLOCK
    from ciokit.testing import FakeClock

    clock = FakeClock()
    before = SYSTEM_CLOCK.follow(clock)
    yield clock
    SYSTEM_CLOCK.follow(before)


@pytest.fixture
def cio_sandbox(request: pytest.FixtureRequest) -> "Iterator[CioSandbox]":
    """Give a Customer.io inside this process, empty, in the place of the network.

    Every ciokit client that would speak to Customer.io speaks to it, the singletons included; waits between retries
    pass at once. `@pytest.mark.ciokit(region="eu", ...)` gives the arguments of `ciokit.testing.CioSandbox`.
    """
    from ciokit.testing import CioSandbox

    options = options_of(request.node.iter_markers("ciokit"), "cio_sandbox", CioSandbox, ignored=["tls"])
    if "cio_clock" in request.fixturenames:
        options.setdefault("clock", request.getfixturevalue("cio_clock"))
    with _made(CioSandbox, options) as sandbox:
        yield sandbox


@pytest.fixture
def cio_server(
    request: pytest.FixtureRequest, _cio_servers: "dict[bool, CioServer]"
) -> "Iterator[CioServer]":
    """Give a Customer.io on a port of this machine, empty, with the environment pointing at it.

    `@pytest.mark.ciokit(tls=True)` has it speak https, and gives the other arguments of `ciokit.testing.CioServer`.
    """
    kind = _server_class()
    options = options_of(request.node.iter_markers("ciokit"), "cio_server", kind)
    if options.keys() - {"tls"}:
        with _made(kind, options) as server:
            yield server
        return
    tls = options.get("tls", False)
    if tls not in _cio_servers:
        _cio_servers[tls] = _made(kind, options).start()
    server = _cio_servers[tls]
    server.point()
    try:
        yield server
    finally:
        server.release()


@pytest.fixture(scope="session")
def _cio_servers() -> "Iterator[dict[bool, CioServer]]":
    """Hold the servers that tests share, with and without TLS."""
    servers: dict[bool, CioServer] = {}
    yield servers
    for server in servers.values():
        server.stop()


def _made(kind: Callable[..., MadeT], options: dict[str, Any]) -> MadeT:
    """Make what a fixture gives, or say which option of the mark is wrong."""
    from ciokit.errors import SettingsError

    try:
        return kind(**options)
    except SettingsError as error:
        msg = f"@pytest.mark.ciokit: {error}"
        raise pytest.fail.Exception(msg, pytrace=False) from None


def _server_class() -> "type[CioServer]":
    try:
        from ciokit.testing import CioServer
    except ModuleNotFoundError as missing:
        words = f"cio_server needs {missing.name}: pip install 'ciokit[sandbox]'"
        raise pytest.fail.Exception(words, pytrace=False) from None
    return CioServer
