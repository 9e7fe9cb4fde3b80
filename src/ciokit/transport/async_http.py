"""The transport of asyncio: the twin of the one in `http`, apart so that a program without asyncio never loads it."""

import asyncio
import os
import sys
import time
import weakref
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any, NamedTuple

import httpcore2

from ciokit.absence import no_reply
from ciokit.transport.async_streams import AsyncStreams
from ciokit.transport.http import Connection, Options, Requests, as_reply
from ciokit.transport.lanes import AsyncLanes, AsyncProxyLanes
from ciokit.transport.mounts import find_mounted
from ciokit.transport.pools import AsyncCustomPool, AsyncPool
from ciokit.verdict import Outcome
from ciokit.wire import JSON

if TYPE_CHECKING:
    import httpx2

__all__ = ["AsyncTransport"]


class AsyncTransport:
    """Send requests from asyncio tasks, with a pool for each event loop.

    Args:
        connection: Where to and how.
        custom: An httpx2 transport of the application's own, in place of the pools.
    """

    def __init__(self, connection: Connection, custom: "httpx2.AsyncBaseTransport | None" = None) -> None:
        self._requests = Requests(connection)
        self._custom = None if custom is None else AsyncCustomPool(custom)
        self._options = Options(connection, wanted=custom is None)
        self._timeout = connection.timeout
        self._reply_limit = connection.reply_limit
        self._pools: dict[asyncio.AbstractEventLoop, _LoopPool] = {}
        self._left_to_parent: list[object] = []
        self._pid = os.getpid()

    async def send(
        self,
        method: str,
        path: str,
        body: bytes,
        *,
        retries: int = 0,
        timeout: float | None = None,  # noqa: ASYNC109
        content_type: str = JSON,
    ) -> Outcome:
        """Send one request and read its answer; see `Transport.send`."""
        seconds = self._timeout if timeout is None else min(timeout, self._timeout)
        until = time.monotonic() + seconds
        request = self._requests.build(method, path, body, retries, seconds, content_type)
        amid = sys.exception()
        try:
            async with asyncio.timeout(seconds):
                pool = await self.open_pool()
                response = await pool.handle_async_request(request)
                try:
                    return as_reply(response, await _aread(response, until, self._reply_limit))
                finally:
                    await response.aclose()
        except Exception as error:  # noqa: BLE001 - as above
            return no_reply(error, seconds, amid)

    async def open_pool(self) -> AsyncPool:
        """Return the connections of the running loop."""
        if self._custom is not None:
            return self._custom
        if (mounted := find_mounted(self._options.url)) is not None:
            return mounted.async_pool
        if self._pid != os.getpid():
            # Kept and not used: to forget them would wake the parent's loop, whose pipe this process shares.
            self._left_to_parent.append(self._pools)
            self._pools, self._pid = {}, os.getpid()
        loop = asyncio.get_running_loop()
        held = self._pools.get(loop)
        if held is None:
            for other in [other for other in list(self._pools) if other.is_closed()]:
                self._pools.pop(other, None)
            pool = _make_pool(self._options.get())
            held = self._pools[loop] = _LoopPool(pool, _closing(pool, weakref.ref(self)))
            await anext(held.closing)
        return held.pool

    async def aclose(self) -> None:
        """Close the connections of the running loop; a later request opens new ones."""
        if self._custom is not None:
            await self._custom.aclose()
        elif self._pid == os.getpid():
            held = self._pools.get(asyncio.get_running_loop())
            if held is not None:
                await held.closing.aclose()

    def let_go(self, loop: asyncio.AbstractEventLoop) -> None:
        """Forget the pool of a loop, and the loop with it."""
        self._pools.pop(loop, None)


class _LoopPool(NamedTuple):
    pool: AsyncPool
    closing: AsyncGenerator[None]


def _make_pool(options: dict[str, Any]) -> AsyncPool:
    """Make a pool for asyncio; there a deadline is asyncio's own business."""
    plain = AsyncLanes if options["http2"] else httpcore2.AsyncConnectionPool
    kind = AsyncProxyLanes if "proxy_url" in options else plain
    return kind(**options, network_backend=AsyncStreams(hold=not options["http2"]))


async def _closing(pool: AsyncPool, owner: weakref.ref[AsyncTransport]) -> AsyncGenerator[None]:
    """Close a pool before its loop ends, also if nobody asks for it.

    `asyncio.run` and its like finish every generator that was begun in a loop, as long as the loop still runs; so
    does the garbage collector, through the loop, when a client was forgotten. After that only a warning is left.
    """
    try:
        yield
    finally:
        if (transport := owner()) is not None:
            transport.let_go(asyncio.get_running_loop())
        await pool.aclose()
        await asyncio.sleep(0)  # asyncio closes sockets in its next round


async def _aread(response: httpcore2.Response, until: float, limit: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_stream():
        body += chunk
        if len(body) >= limit:
            break
        if time.monotonic() > until:
            raise httpcore2.ReadTimeout
    return bytes(body[:limit])
