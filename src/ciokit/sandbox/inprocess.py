"""An httpx2 transport that talks to a world in this process, without a socket.

The only sandbox module that knows httpx2.
"""

import asyncio
import time
from typing import Protocol

import httpx2

from ciokit.sandbox.control.desk import ControlDesk
from ciokit.sandbox.control.operations import is_control
from ciokit.sandbox.exchange import Answer, Request
from ciokit.sandbox.http.encodings import open_body
from ciokit.sandbox.world import World


class Clock(Protocol):
    """Tell the time and wait, so that tests can do both without waiting."""

    def time(self) -> float:
        """Return Unix seconds."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let seconds pass."""
        ...


class WallClock:
    """Tell the true time, and never wait: a fault's delay passes at once."""

    def time(self) -> float:
        """Return Unix seconds."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Pass at once.

        Args:
            seconds: Not waited for.
        """


class SandboxTransport(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Carry requests of sync and async httpx2 clients to a world, and those of its control API.

    A delay is passed to the clock's `sleep`; one as long as the request's read timeout raises
    `httpx2.ReadTimeout` after the timeout, as a socket would.

    Args:
        world: The world.
        clock: Tells the time; its `sleep` is given the delays of faults.
    """

    def __init__(self, world: World, clock: Clock | None = None) -> None:
        self.world: World = world
        self.clock: Clock = WallClock() if clock is None else clock
        self._desk = ControlDesk(world)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a request of a sync client.

        Args:
            request: The request.

        Returns:
            The response.

        Raises:
            httpx2.RemoteProtocolError: If a fault dropped the connection.
            httpx2.ReadTimeout: A fault delayed the answer beyond the timeout.
        """
        request.read()
        return self._carry_out(request, self._answer(request))

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a request of an async client.

        Args:
            request: The request.

        Returns:
            The response.

        Raises:
            httpx2.RemoteProtocolError: If a fault dropped the connection.
            httpx2.ReadTimeout: A fault delayed the answer beyond the timeout.
        """
        await request.aread()
        answer = self._answer(request)
        await asyncio.sleep(0)
        return self._carry_out(request, answer)

    def _answer(self, request: httpx2.Request) -> Answer:
        path = request.url.raw_path.decode("ascii").partition("?")[0]
        headers = {name.lower(): value for name, value in request.headers.items()}
        query = request.url.query.decode("ascii")
        asked = Request(request.method, path, query, headers, request.content, request.url.scheme)
        now = self.clock.time()
        if is_control(path):
            return Answer(self._desk.handle(open_body(asked), now))
        return self.world.answer(open_body(asked), now)

    def _carry_out(self, request: httpx2.Request, answer: Answer) -> httpx2.Response:
        delay = answer.delay + answer.drip
        limit: float | None = request.extensions.get("timeout", {}).get("read")
        if limit is not None and delay >= limit:
            self.clock.sleep(limit)
            message = "the sandbox delayed the answer beyond the read timeout"
            raise httpx2.ReadTimeout(message, request=request)
        if delay:
            self.clock.sleep(delay)
        if answer.drop:
            message = "the sandbox closed the connection without an answer"
            raise httpx2.RemoteProtocolError(message, request=request)
        reply = answer.reply
        return httpx2.Response(reply.status, headers=dict(reply.headers), content=reply.body, request=request)
