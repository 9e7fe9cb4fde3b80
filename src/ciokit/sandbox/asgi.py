"""The world as an ASGI application: reads a request, asks the world, carries out the answer.

Knows the wire (bodies, delays, dropped connections), not what the paths mean.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final, Protocol

from ciokit.sandbox.encodings import MOST_BYTES, open_body
from ciokit.sandbox.exchange import Answer, Reply, Request
from ciokit.sandbox.world import World

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

_DRIP_CHUNKS: Final = 20
_GIVE_UP_BYTES: Final = 16 * MOST_BYTES
"""Where a client that does not stop sending is cut off."""


class _Abortable(Protocol):
    def abort(self) -> None: ...


class SandboxApp:
    """Serve a world by ASGI.

    Args:
        world: The world.
        control: Answers everything under `/_sandbox/` and the page at `/`; None for neither.
        clock: Returns Unix seconds.
    """

    def __init__(
        self, world: World, control: AsgiApp | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._world = world
        self._control = control
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request.

        Args:
            scope: ASGI scope; only `http` is answered.
            receive: ASGI receive.
            send: ASGI send.
        """
        if scope["type"] != "http":
            return
        path = scope["raw_path"].decode("latin-1").partition("?")[0]
        if self._control is not None and (path == "/" or path.startswith("/_sandbox")):
            await self._control(scope, receive, send)
            return
        try:
            answer = self._answer(scope, path, *await _read_body(receive))
        except _DisconnectedError:
            _abort(send)
            return
        if answer.delay:
            await asyncio.sleep(answer.delay)
        if answer.drop:
            _abort(send)
        else:
            await _send_reply(send, answer.reply, answer.drip)

    def _answer(self, scope: Scope, path: str, body: bytes, oversize: bool) -> Answer:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        query = scope["query_string"].decode("latin-1")
        request = Request(scope["method"], path, query, headers, body, scope["scheme"], oversize)
        return self._world.answer(open_body(request), self._clock())


class _DisconnectedError(Exception):
    """Report that the client went away while it sent its body."""


async def _read_body(receive: Receive) -> tuple[bytes, bool]:
    """Read the body to its end; what is beyond the bound is read and thrown away, so that the client hears why."""
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


def _abort(send: Send) -> None:
    """Close the connection without an answer, through the protocol object behind `send`."""
    transport: _Abortable = send.__self__.transport  # type: ignore[attr-defined]  # pyright: ignore[reportFunctionMemberAccess]
    transport.abort()


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
