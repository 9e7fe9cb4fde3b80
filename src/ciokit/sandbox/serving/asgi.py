"""The world as an ASGI application: reads a request, asks the world, carries out the answer.

Knows the wire (bodies, delays, dropped connections, streams), not what the paths mean.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final, Protocol

from ciokit.sandbox.control.desk import ControlDesk, Start
from ciokit.sandbox.control.operations import PREFIX, is_control
from ciokit.sandbox.control.stream import HEARTBEAT, next_chunk, opening
from ciokit.sandbox.exchange import Answer, Reply, Request, encode_json
from ciokit.sandbox.http.encodings import MOST_BYTES, open_body
from ciokit.sandbox.serving.access import Access
from ciokit.sandbox.serving.connections import MOST_HEAD_BYTES
from ciokit.sandbox.serving.errands import run_errands
from ciokit.sandbox.serving.page import Page
from ciokit.sandbox.world import World

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_LARGE_HEAD: Final = Reply(
    431,
    {"content-type": "application/json; charset=utf-8"},
    encode_json({"error": "path and headers are too large", "field": ""}),
)
_DRIP_CHUNKS: Final = 20
_GIVE_UP_BYTES: Final = 16 * MOST_BYTES
"""Where a client that does not stop sending is cut off."""
_MOST_STREAMS: Final = 50
_STREAM_PAUSE: Final = 0.1
_HEARTBEAT_PAUSES: Final = 100


class _Abortable(Protocol):
    def abort(self) -> None: ...


class SandboxApp:
    """Serve a world by ASGI: the vendor's APIs, the control API and the page.

    Args:
        world: The world.
        access: Who may use the control API and, with a token, the rest.
        clock: Returns Unix seconds.
    """

    def __init__(
        self, world: World, access: Access | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._world = world
        self._access = access or Access()
        self._clock = clock
        self._desk = ControlDesk(world)
        self._page = Page()
        self._streams = 0
        self._errands: asyncio.Task[None] | None = None
        self.closing = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or run what a server's life brings.

        Args:
            scope: ASGI scope; `http` and `lifespan` are answered.
            receive: ASGI receive.
            send: ASGI send.
        """
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._errands = asyncio.create_task(run_errands(self._world, self._clock))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._errands.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._errands
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body, oversize = await _read_body(receive)
        except _DisconnectedError:
            await _abort(receive, send)
            return
        if sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > MOST_HEAD_BYTES:
            await _send_reply(send, _LARGE_HEAD, 0.0)
            return
        request = open_body(_request(scope, body, oversize=oversize))
        reply = self._at_the_door(request)
        if reply is not None:
            await _send_reply(send, reply, 0.0)
        elif request.path == f"{PREFIX}/stream":
            await self._stream(request, receive, send)
        elif is_control(request.path):
            await _send_reply(send, self._desk.handle(request, self._clock()), 0.0)
        else:
            await self._carry_out(self._world.answer(request, self._clock()), receive, send)

    def _at_the_door(self, request: Request) -> Reply | None:
        """Answer what may not come in, and what only wants to see the page."""
        reading = request.method in {"GET", "HEAD"}
        refused = self._access.welcome(request) or self._access.refuse(request)
        if refused is None:
            return self._page.find(request.path) if reading else None
        wants_page = reading and request.path == "/" and "text/html" in request.headers.get("accept", "")
        return self._page.sign_in if wants_page and refused.status == 401 else refused

    async def _carry_out(self, answer: Answer, receive: Receive, send: Send) -> None:
        if answer.delay and not await _wait(answer.delay, receive):
            return
        if answer.drop:
            await _abort(receive, send)
        else:
            await _send_reply(send, answer.reply, answer.drip)

    async def _stream(self, request: Request, receive: Receive, send: Send) -> None:
        start = self._desk.stream_start(request, self._streams < _MOST_STREAMS)
        if isinstance(start, Reply):
            await _send_reply(send, start, 0.0)
            return
        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        gone = asyncio.ensure_future(receive())
        self._streams += 1
        try:
            await self._follow(start, gone, send)
        finally:
            self._streams -= 1
            gone.cancel()
        if not gone.done() or self.closing:
            await send({"type": "http.response.body", "body": b""})

    async def _follow(self, start: Start, gone: "asyncio.Future[Message]", send: Send) -> None:
        after = start.after
        body, quiet = opening(after), 0
        while not gone.done() and not self.closing:
            if body:
                await send({"type": "http.response.body", "body": body, "more_body": True})
                quiet = 0
            await asyncio.sleep(_STREAM_PAUSE)
            body, after = next_chunk(self._world, after, newest=start.newest)
            quiet += 1
            if not body and quiet >= _HEARTBEAT_PAUSES:
                body = HEARTBEAT


def _request(scope: Scope, body: bytes, *, oversize: bool) -> Request:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    path = scope["raw_path"].decode("latin-1").partition("?")[0]
    query = scope["query_string"].decode("latin-1")
    return Request(scope["method"], path, query, headers, body, scope["scheme"], oversize)


class _DisconnectedError(Exception):
    """Report that the client went away while it sent its body, or never stopped sending."""


async def _read_body(receive: Receive) -> tuple[bytes, bool]:
    """Read the body to its end; what is beyond the bound is thrown away, so that the client hears why."""
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _DisconnectedError
        part: bytes = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(part)
        if size <= MOST_BYTES:
            parts.append(part)
        else:
            parts.clear()
        if size > _GIVE_UP_BYTES:
            raise _DisconnectedError
    return (b"".join(parts), False) if size <= MOST_BYTES else (b"", True)


async def _wait(seconds: float, receive: Receive) -> bool:
    """Let time pass, and say whether the client is still there afterwards."""
    gone = asyncio.ensure_future(receive())
    done, _ = await asyncio.wait({gone}, timeout=seconds)
    gone.cancel()
    return not done


async def _abort(receive: Receive, send: Send) -> None:
    """Close the connection without an answer, through the protocol object behind `send`, and wait until it is."""
    cycle: Any = getattr(send, "__self__", None)
    transport: _Abortable = cycle.transport
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_reply(send: Send, reply: Reply, drip: float) -> None:
    headers = _encode_headers(reply.headers)
    if reply.status != 204:
        headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    if drip:
        await _send_slowly(send, reply.body, drip)
    await send({"type": "http.response.body", "body": b"" if drip else reply.body})


async def _send_slowly(send: Send, body: bytes, seconds: float) -> None:
    step = max(1, len(body) // _DRIP_CHUNKS)
    chunks = [body[start : start + step] for start in range(0, len(body), step)] or [b""]
    for chunk in chunks:
        await asyncio.sleep(seconds / len(chunks))
        await send({"type": "http.response.body", "body": chunk, "more_body": True})


def _encode_headers(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
