"""A service inside the process, and its client, for every test of the outbox."""

from collections.abc import Iterator

import pytest

from ciokit import TrackClient

from .gates import Gates


@pytest.fixture
def gates() -> Iterator[Gates]:
    """Be a service whose answers the test holds back; whatever is held is let go at the end."""
    gates = Gates()
    yield gates
    gates.open.set()


@pytest.fixture
def client(gates: Gates) -> Iterator[TrackClient]:
    """Be a client of that service."""
    with TrackClient("site", "key", transport=gates) as client:
        yield client
