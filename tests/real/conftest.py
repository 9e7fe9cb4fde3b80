"""Fixtures of the tests with real sockets: a sandbox, and clients for any address."""

from collections.abc import Iterator
from typing import Any

import pytest

from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer

from .drivers import KEY, SITE, Connect, Driver, make_driver


@pytest.fixture(params=["sync", "async"])
def connect(request: pytest.FixtureRequest) -> Iterator[Connect]:
    """Make clients of one kind; the test runs once with each kind."""
    made: list[Driver] = []

    def make(url: str, **options: Any) -> Driver:
        made.append(make_driver(request.param, url, **options))
        return made[-1]

    yield make
    for driver in made:
        driver.end()


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxServer]:
    """Run one sandbox for all tests; take `world` beside it to find it empty."""
    with SandboxServer(World(keys={f"{SITE}:{KEY}": "shop"})) as server:
        yield server


@pytest.fixture
def world(sandbox: SandboxServer) -> World:
    """Empty the sandbox and return what it holds."""
    sandbox.world.reset()
    return sandbox.world


@pytest.fixture
def driver(connect: Connect, sandbox: SandboxServer, world: World) -> Driver:
    """Connect a client of each kind to the empty sandbox."""
    return connect(sandbox.url)
