"""One AsyncTrackClient and many event loops: one after the other, side by side, closed well and closed badly."""

import asyncio
import gc
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from typing import Any

import pytest

import ciokit
from ciokit import AsyncTrackClient, Receipt
from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer

from .drivers import KEY, SITE
from .servers import OK, Peer, RawServer, answer_each, echo_ids

SOURCE = Path(ciokit.__file__).parents[1]


def make(url: str, **options: Any) -> AsyncTrackClient:
    """Make a client in no loop at all."""
    return AsyncTrackClient(SITE, KEY, base_url=url, **options)


async def several(client: AsyncTrackClient, count: int = 5) -> list[Receipt]:
    """Send some events at once, so that several connections stay open."""
    return await asyncio.gather(*(client.track(f"user-{number}", "seen") for number in range(count)))


def test_loops_one_after_the_other(sandbox: SandboxServer, world: World) -> None:
    """A client goes on working in a new loop, although the connections of the last were never closed by anybody."""
    client = make(sandbox.url)
    for _ in range(5):
        receipts = asyncio.run(several(client))
        assert [receipt.attempts for receipt in receipts] == [1] * 5
    gc.collect()  # a connection left behind would warn here, and a warning is an error
    assert len(world.events()) == 25


def test_a_loops_end_hangs_up() -> None:
    """When a loop ends, the connections that it had are closed, without anybody having closed the client."""
    hung_up = threading.Semaphore(0)

    def notice(peer: Peer) -> None:
        while peer.read_request() is not None:
            peer.send(OK)
        hung_up.release()

    with RawServer(notice) as server:
        client = make(server.url)
        for _ in range(3):
            asyncio.run(several(client, 1))
            assert hung_up.acquire(timeout=10)
        assert server.connections == 3


def test_ended_loops_are_let_go(sandbox: SandboxServer, world: World) -> None:
    """A client keeps no loop that has ended."""
    client = make(sandbox.url)
    loops: list[weakref.ref[asyncio.AbstractEventLoop]] = []

    async def work() -> None:
        loops.append(weakref.ref(asyncio.get_running_loop()))
        await several(client)

    for _ in range(5):
        asyncio.run(work())
    gc.collect()
    assert [loop() for loop in loops] == [None] * 5


def test_a_loop_that_is_closed_without_ceremony(sandbox: SandboxServer, world: World) -> None:
    """A loop that was closed without finishing its generators does not hinder the next one."""
    client = make(sandbox.url)

    def use_without_ceremony() -> None:
        loop = asyncio.new_event_loop()
        loop.run_until_complete(client.track("user-1", "seen"))
        loop.close()

    def use() -> None:
        for _ in range(2):
            use_without_ceremony()
        assert asyncio.run(client.track("user-1", "seen")).attempts == 1
        gc.collect()

    with pytest.warns(ResourceWarning, match="unclosed"):  # asyncio's own, for that loop's connections
        use()
    assert len(world.events()) == 3


def test_closing_in_a_later_loop(sandbox: SandboxServer, world: World) -> None:
    """A client may be closed in another loop than it was used in."""
    client = make(sandbox.url)
    asyncio.run(several(client))
    asyncio.run(client.aclose())
    gc.collect()


def test_closing_unused_in_a_loop(sandbox: SandboxServer) -> None:
    """A client that sent nothing can be closed."""
    asyncio.run(make(sandbox.url).aclose())


def test_a_forgotten_client_hangs_up() -> None:
    """A client that nobody holds any more closes its connections while its loop goes on."""
    hung_up = threading.Event()

    def notice(peer: Peer) -> None:
        while peer.read_request() is not None:
            peer.send(OK)
        hung_up.set()

    async def forget(url: str) -> None:
        client = make(url)
        await client.track("user-1", "seen")
        del client
        gc.collect()
        assert await asyncio.to_thread(hung_up.wait, 10)

    with RawServer(notice) as server:
        asyncio.run(forget(server.url))


def test_two_loops_at_the_same_time() -> None:
    """One client in two loops of two threads gives each call its own answer, on connections of each loop's own."""

    async def ask(client: AsyncTrackClient, name: str) -> list[str]:
        said: list[str] = []
        for turn in range(20):
            people = [f"{name}-{turn}-{number}" for number in range(8)]
            calls = (client.track(person, "seen") for person in people)
            errors = await asyncio.gather(*calls, return_exceptions=True)
            assert [str(error).rpartition("echo: ")[2] for error in errors] == people
            said += people
        return said

    with RawServer(echo_ids) as server:
        client = make(server.url)
        found: dict[str, list[str]] = {}

        def run(name: str) -> None:
            found[name] = asyncio.run(ask(client, name))

        threads = [threading.Thread(target=run, args=(name,)) for name in ("left", "right")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert {name: len(said) for name, said in found.items()} == {"left": 160, "right": 160}
        assert server.connections == 16


def test_a_nested_program_is_quiet(sandbox: SandboxServer, world: World) -> None:
    """A program that never closes its clients ends without a word on stderr, with every warning switched on."""
    program = """
import asyncio, logging
from ciokit import AsyncTrackClient, TrackClient, async_track_client, track_client

logging.getLogger("asyncio").addFilter(lambda told: "Executing" not in told.msg)  # how slow this machine is

sync = TrackClient()
sync.track("user-1", "seen")
track_client().track("user-2", "seen")

async def main(client):
    await asyncio.gather(*(client.track(f"user-{number}", "seen") for number in range(4)))
    await async_track_client().track("user-3", "seen")

shared = AsyncTrackClient()
for _ in range(2):
    asyncio.run(main(shared))
"""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", program],
        env={
            "PYTHONPATH": str(SOURCE),
            "CUSTOMERIO_SITE_ID": SITE,
            "CUSTOMERIO_TRACK_API_KEY": KEY,
            "CIOKIT_BASE_URL": sandbox.url,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
    assert len(world.events()) == 12


def test_a_runner_is_a_loop_like_any_other(sandbox: SandboxServer, world: World) -> None:
    """Calls that a runner makes one by one share the loop's connections, and its end closes them."""
    with RawServer(answer_each) as server, asyncio.Runner() as runner:
        client = make(server.url)
        for _ in range(5):
            runner.run(client.track("user-1", "seen"))
        assert server.connections == 1
    gc.collect()
