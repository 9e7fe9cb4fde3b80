"""One client a process, or a loop: made once, from the settings of that moment, and made anew after a reset."""

import asyncio
import gc
import os
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import pytest

from ciokit import (
    AsyncOutbox,
    AsyncTrackClient,
    Attributes,
    ClientClosed,
    Event,
    InvalidData,
    Outbox,
    SettingsError,
    TrackClient,
    async_outbox,
    async_track_client,
    outbox,
    reset,
    track_client,
)
from ciokit.sandbox import World
from ciokit.testing import SandboxTransport


class Person(Attributes):
    """What the tests know of a person."""

    email: str


class SignedUp(Event):
    """Someone signed up."""

    method: Literal["google", "email"] = "email"


class Left(Event):
    """Someone left."""


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give each test credentials, and an address where nobody is; forget all clients before and after."""
    monkeypatch.setenv("CUSTOMERIO_SITE_ID", "site")
    monkeypatch.setenv("CUSTOMERIO_TRACK_API_KEY", "key")
    monkeypatch.setenv("CIOKIT_BASE_URL", "http://127.0.0.1:9")
    reset()
    yield
    reset()


def test_the_same_client_everywhere() -> None:
    """Every call returns the same client, made from the settings."""
    client = track_client()
    assert isinstance(client, TrackClient)
    assert client is track_client()
    assert client.url == "http://127.0.0.1:9"


def test_one_for_each_catalogue() -> None:
    """A client that is bound to a catalogue is another one, the same for the same catalogue however it is written."""
    bound = track_client(TrackClient[Person, SignedUp])
    assert bound is track_client(TrackClient[Person, SignedUp])
    assert bound is not track_client()
    either = track_client(TrackClient[Person, SignedUp | Left])
    assert either is track_client(TrackClient[Person, Left | SignedUp])
    assert either is not bound
    unchecked: Any = bound
    with pytest.raises(InvalidData, match="bound to a catalogue"):
        unchecked.track("user-1", Left())


@pytest.mark.parametrize("ask", [track_client, outbox])
def test_a_client_is_no_kind_of_client(ask: Any) -> None:
    """Who gives a client, as `Outbox` takes it, hears that its class is asked for."""
    with pytest.raises(
        SettingsError, match=r"^kind must be a class, such as TrackClient\[Person, Events\], got <TrackClient"
    ):
        ask(TrackClient("site", "key"))


def test_one_under_a_race() -> None:
    """Thirty-two threads that ask at the same moment get one and the same client, of which one was made."""
    made: list[TrackClient] = []

    class Counted(TrackClient[Attributes, Event]):
        """Count how many are made."""

        def __init__(self) -> None:
            made.append(self)
            super().__init__()

    start = threading.Barrier(32)

    def ask(_: int) -> TrackClient:
        start.wait()
        return track_client(Counted)

    for _ in range(10):
        with ThreadPoolExecutor(32) as threads:
            assert len({id(client) for client in threads.map(ask, range(32))}) == 1
        assert len(made) == 1
        made.clear()
        reset()


def test_missing_credentials_are_all_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without credentials the error names both and what to do; set afterwards, they are found."""
    monkeypatch.delenv("CUSTOMERIO_SITE_ID")
    monkeypatch.delenv("CUSTOMERIO_TRACK_API_KEY")
    with pytest.raises(
        SettingsError, match=r"SITE_ID and CUSTOMERIO_TRACK_API_KEY.*environment or \.env file"
    ):
        track_client()
    monkeypatch.setenv("CUSTOMERIO_SITE_ID", "site")
    monkeypatch.setenv("CUSTOMERIO_TRACK_API_KEY", "key")
    assert track_client() is track_client()


def test_dotenv_is_read_before_the_first_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials and region of a .env file are there when the first client is made, and the environment wins."""
    for name in ("CUSTOMERIO_SITE_ID", "CUSTOMERIO_TRACK_API_KEY", "CIOKIT_BASE_URL"):
        monkeypatch.delenv(name)
    lines = ("CUSTOMERIO_SITE_ID=site", "CUSTOMERIO_TRACK_API_KEY=key", "CUSTOMERIO_REGION=eu")
    (tmp_path / ".env").write_text("\n".join(lines), encoding="utf-8")
    assert (track_client().region, track_client().url) == ("eu", "https://track-eu.customer.io")
    reset()
    monkeypatch.setenv("CUSTOMERIO_REGION", "us")
    assert track_client().region == "us"


def test_reset_closes_and_forgets() -> None:
    """After a reset the old client is closed and the next call makes a new one, from the settings of then."""
    old = track_client()
    os.environ["CIOKIT_BASE_URL"] = "http://127.0.0.1:10"
    assert track_client() is old
    reset()
    assert track_client() is not old
    assert track_client().url == "http://127.0.0.1:10"
    with pytest.raises(ClientClosed):
        old.delete("user-1")


def test_reset_without_clients() -> None:
    """A reset with nothing to forget is no error."""
    reset()
    reset()


def test_a_client_asked_for_while_it_is_made() -> None:
    """Asking again from inside, as a signal's handler may, does not wait for ever, and all get one client."""
    inner: list[TrackClient] = []

    class Curious(TrackClient[Attributes, Event]):
        """Ask for the singleton while it is made."""

        def __init__(self) -> None:
            super().__init__()
            if not inner:
                inner.append(self)
                inner.append(track_client(Curious))

    assert track_client(Curious) is inner[1] is track_client(Curious)


def test_an_async_client_for_each_loop() -> None:
    """A loop has one asynchronous client, and the next loop another."""

    async def ask() -> AsyncTrackClient:
        assert async_track_client() is async_track_client()
        assert await asyncio.to_thread(track_client) is track_client()
        return async_track_client()

    assert asyncio.run(ask()) is not asyncio.run(ask())


def test_two_loops_at_once_have_two_clients() -> None:
    """Loops in two threads do not share an asynchronous client."""
    start = threading.Barrier(8)

    async def ask() -> AsyncTrackClient:
        start.wait()
        return async_track_client()

    def run(_: int) -> AsyncTrackClient:
        return asyncio.run(ask())

    with ThreadPoolExecutor(8) as threads:
        clients = list(threads.map(run, range(8)))
    assert len({id(client) for client in clients}) == 8


def test_no_loop_no_async_client() -> None:
    """Outside of a loop there is no asynchronous client to be had."""
    with pytest.raises(RuntimeError, match="no running event loop"):
        async_track_client()


@pytest.mark.parametrize("ceremony", [True, False])
def test_ended_loops_are_let_go(ceremony: bool) -> None:
    """Nothing is kept of a loop that has ended and of its client, however it was closed."""
    loops: list[weakref.ref[asyncio.AbstractEventLoop]] = []
    world = World()

    class Used(AsyncTrackClient[Attributes, Event]):
        """Use the sandbox."""

        def __init__(self) -> None:
            super().__init__(transport=SandboxTransport(world))

    async def use() -> None:
        loops.append(weakref.ref(asyncio.get_running_loop()))
        await async_track_client(Used).track("user-1", "seen")

    for _ in range(4):
        if ceremony:
            asyncio.run(use())
        else:
            loop = asyncio.new_event_loop()
            loop.run_until_complete(use())
            loop.close()
            del loop
    gc.collect()
    assert [loop() for loop in loops[:-1]] == [None] * 3


def test_reset_forgets_async_clients() -> None:
    """After a reset a running loop gets a new asynchronous client."""

    async def ask() -> tuple[Any, Any]:
        old = async_track_client()
        reset()
        return old, async_track_client()

    old, new = asyncio.run(ask())
    assert old is not new


# The process's own outboxes


def test_the_same_outbox_everywhere() -> None:
    """Every call returns the same outbox, in memory and through the process's client when nothing else is set."""
    assert isinstance(outbox(), Outbox)
    assert outbox() is outbox()
    assert repr(outbox()) == "<Outbox memory to http://127.0.0.1:9>"
    assert isinstance(async_outbox(), AsyncOutbox)
    assert async_outbox() is async_outbox()


def test_one_outbox_for_each_catalogue() -> None:
    """An outbox of a catalogue is another one, and takes that catalogue's events alone."""
    bound = outbox(TrackClient[Person, SignedUp])
    assert bound is outbox(TrackClient[Person, SignedUp])
    assert bound is not outbox()
    assert async_outbox(TrackClient[Person, SignedUp]) is not async_outbox()
    unchecked: Any = bound
    with pytest.raises(InvalidData, match="bound to a catalogue"):
        unchecked.track("user-1", Left())


def test_one_outbox_under_a_race() -> None:
    """Thirty-two threads that ask at the same moment get one and the same outbox."""
    start = threading.Barrier(32)

    def ask(_: int) -> Outbox:
        start.wait()
        return outbox()

    with ThreadPoolExecutor(32) as threads:
        assert len({id(made) for made in threads.map(ask, range(32))}) == 1


def test_one_outbox_for_all_loops() -> None:
    """An asynchronous outbox is not bound to a loop: the next loop has the same one."""

    async def ask() -> AsyncOutbox:
        await asyncio.sleep(0)
        return async_outbox()

    assert asyncio.run(ask()) is asyncio.run(ask())


def test_the_spool_of_the_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`CIOKIT_SPOOL`, in the environment or in `.env`, is where the outbox keeps its entries; empty means memory."""
    monkeypatch.setenv("CIOKIT_SPOOL", " ")
    assert " memory " in repr(outbox())
    reset()
    monkeypatch.delenv("CIOKIT_SPOOL")
    Path(".env").write_text(f"CIOKIT_SPOOL={tmp_path / 'spool'}\n", encoding="utf-8")
    for kept in (outbox(), async_outbox()):
        assert " spool " in repr(kept)
    assert (tmp_path / "spool").is_dir()


def test_an_outbox_needs_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without credentials the error names them, and once they are set the next call makes the outbox."""
    monkeypatch.delenv("CUSTOMERIO_SITE_ID")
    with pytest.raises(SettingsError, match=r"SITE_ID.*environment or \.env file"):
        outbox()
    monkeypatch.setenv("CUSTOMERIO_SITE_ID", "site")
    assert outbox() is outbox()


def test_reset_delivers_closes_and_forgets_outboxes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reset delivers what waits, closes the outbox, used or not, and the next call makes a new one."""
    world = World()

    class Used(TrackClient[Attributes, Event]):
        """Use the sandbox."""

        def __init__(self) -> None:
            super().__init__(transport=SandboxTransport(world))

    used, unused = outbox(Used), outbox()
    used.track("user-1", "seen")
    reset()
    assert [event.name for event in world.events()] == ["seen"]
    for old in (used, unused):
        with pytest.raises(ClientClosed):
            old.track("user-1", "seen")
    assert outbox() is not unused
