"""Asynchronous calls that are cancelled at each of their awaits: nothing is lost, held or answered by another's answer."""

import asyncio
import gc
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from ciokit import AsyncOutbox, AsyncTrackClient, ReplyError, RetryPolicy, TrackClient
from ciokit.app import AsyncAppClient, RateLimits
from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer
from ciokit.webhooks.receiver import Receiver
from ciokit.webhooks.signatures import sign

from .authority import Authority
from .servers import Peer, RawServer, answer_each, echo_ids, reply
from .stepping import cancelled_everywhere

either_side = pytest.mark.parametrize("late", [False, True])

BODY = json.dumps(
    {"event_id": "e1", "object_type": "email", "metric": "sent", "timestamp": 1, "data": {}}
).encode()


async def connections(client: Any) -> tuple[int, int, int]:
    """Return how many requests a client's pool has, and how many connections, and how many of them are idle."""
    pool: Any = await client._transport.open_pool()
    return len(pool._requests), len(pool.connections), sum(each.is_idle() for each in pool.connections)


@either_side
@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("tls", [False, True])
def test_a_connection_is_not_used_again_in_a_bad_state(
    tmp_path: Path, *, late: bool, tls: bool, kept: bool
) -> None:
    """After a call was cancelled, the next gets its own answer, and its connection is all there is."""

    async def main(server: RawServer, ca: Any) -> None:
        def make() -> AsyncTrackClient:
            return AsyncTrackClient(
                "site", "key", base_url=server.url, ca=ca, retry=RetryPolicy(max_retries=0)
            )

        client = make()

        async def identify(name: str) -> str:
            with pytest.raises(ReplyError) as refused:
                await client.identify(name)
            return str(refused.value)

        if kept:
            await identify("first")
        steps = 0
        async for step in cancelled_everywhere(lambda: identify("cancelled"), late=late):
            assert f"next-{step}" in await identify(f"next-{step}")
            requests, open_, idle = await connections(client)
            assert (requests, open_, idle) == (0, 1, 1)
            if not kept:
                await client.aclose()
                client = make()
            steps += 1
        await client.aclose()
        assert steps >= (1 if kept else 2)
        assert len(server.requests) <= 2 * steps + 2

    authority = Authority(tmp_path)
    with RawServer(echo_ids, authority.server("127.0.0.1") if tls else None) as server:
        asyncio.run(main(server, str(authority.file)))


def test_a_connection_that_the_pool_has_lost_is_hung_up(tmp_path: Path) -> None:
    """Of two requests that wait for one connection (HTTP/2) one is cancelled: no connection is left behind."""
    hung_up: list[int] = []
    all_gone = threading.Event()

    def answer(peer: Peer) -> None:
        answer_each(peer)
        hung_up.append(peer.number)
        if len(hung_up) == server.connections:
            all_gone.set()

    async def main(ca: str) -> None:
        client = AsyncTrackClient("site", "key", base_url=server.url, ca=ca, http2=True)
        first, second = (asyncio.create_task(client.identify(name)) for name in "ab")
        for _ in range(3):  # both wait for the same connection now
            await asyncio.sleep(0)
        second.cancel()
        await asyncio.wait([second])
        assert second.cancelled()
        assert (await first).attempts == 1
        await client.identify("c")
        await client.aclose()
        del first, second  # whose traceback holds what it was about
        gc.collect()
        assert await asyncio.to_thread(all_gone.wait, 10)

    authority = Authority(tmp_path)
    with RawServer(answer, authority.server("127.0.0.1")) as server:
        asyncio.run(main(str(authority.file)))
    assert len(hung_up) == server.connections


@either_side
@pytest.mark.parametrize("options", [{"senders": 0}, {"senders": 2}, {"senders": 0, "durability": "power"}])
def test_an_outbox_loses_and_doubles_nothing(tmp_path: Path, options: dict[str, Any], *, late: bool) -> None:
    """Verbs that wait for room, flushes and the close are cancelled, and what the counts say is what arrived."""
    world = World()

    async def main(url: str) -> None:
        with TrackClient("site", "key", base_url=url) as client:
            spool = tmp_path / "spool" if "durability" in options else None
            outbox = AsyncOutbox(client, max_entries=1, block_timeout=20, rate=None, spool=spool, **options)
            taken: list[str | None] = []

            async def track() -> None:
                taken.append(await outbox.track("user-1", "seen"))

            async for _ in cancelled_everywhere(track, late=late):
                await track()  # leaves it full
            async for _ in cancelled_everywhere(outbox.flush, late=late):
                await track()
            async for _ in cancelled_everywhere(outbox.aclose, late=late):
                pass
            assert await outbox.aclose()
            stats = outbox.stats()
            arrived = [event.id for event in world.events()]
            assert stats.accepted == stats.delivered == len(arrived) == len(set(arrived))
            assert set(taken) <= set(arrived)

    with SandboxServer(world) as server:
        asyncio.run(main(server.url))


@either_side
def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path, *, late: bool) -> None:
    """An export whose saving was cancelled leaves neither a part of the file nor a connection."""

    def serve(peer: Peer) -> None:
        while (request := peer.read_request()) is not None:
            if request.target.endswith("/download"):
                peer.send(reply(json.dumps({"url": f"http://{request.headers['host']}/file"}).encode()))
            else:
                peer.send(reply(b"id,plan\n1,pro\n"))

    async def main(url: str) -> None:
        limits = RateLimits(general=None)
        path = tmp_path / "people.csv"
        async with AsyncAppClient("key", base_url=url, rate_limits=limits) as app:
            async for _ in cancelled_everywhere(lambda: app.exports.save(7, path), late=late):
                assert os.listdir(tmp_path) == []  # noqa: PTH208 - pathlib is for threads
                requests, open_, idle = await connections(app)
                assert (requests, open_) == (0, idle)
        assert path.read_bytes() == b"id,plan\n1,pro\n"

    with RawServer(serve) as server:
        asyncio.run(main(server.url))


class SlowMemory:
    """Remember events as a database does: each step takes a while."""

    def __init__(self) -> None:
        self.known: set[str] = set()

    async def add(self, event_id: str, /) -> bool:
        """Remember an event."""
        await asyncio.sleep(0)
        is_new = event_id not in self.known
        self.known.add(event_id)
        await asyncio.sleep(0)
        return is_new

    async def forget(self, event_id: str, /) -> None:
        """Forget an event."""
        await asyncio.sleep(0)
        self.known.discard(event_id)


@either_side
def test_a_webhook_that_was_given_up_comes_again(*, late: bool) -> None:
    """Wherever the receiving of an event is cancelled, the event is new when it is delivered again."""

    async def main() -> None:
        seen = SlowMemory()
        receiver = Receiver("key", seen=seen)
        handled = 0

        async def handle(_event: object) -> None:
            nonlocal handled
            await asyncio.sleep(0)
            handled += 1

        steps = 0
        async for _ in cancelled_everywhere(
            lambda: receiver.ahandle(BODY, sign(BODY, "key"), handle), late=late
        ):
            for _ in range(10):  # what goes on in the background comes to its end
                await asyncio.sleep(0)
            assert seen.known == set()
            steps += 1
        assert steps >= 2
        assert handled > 0
        assert seen.known == {"e1"}

    asyncio.run(main())


def test_an_event_is_forgotten_however_often_its_handling_is_cancelled() -> None:
    """As anyio does it, the cancellation comes at each await anew; the event is new again all the same."""

    async def main() -> None:
        seen = SlowMemory()
        handling = asyncio.Event()

        async def handle(_event: object) -> None:
            handling.set()
            await asyncio.get_running_loop().create_future()

        call = asyncio.create_task(Receiver("key", seen=seen).ahandle(BODY, sign(BODY, "key"), handle))
        await handling.wait()
        while not call.done():
            call.cancel()
            await asyncio.sleep(0)
        for _ in range(10):
            await asyncio.sleep(0)
        assert call.cancelled()
        assert seen.known == set()

    asyncio.run(main())
