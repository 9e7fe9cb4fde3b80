"""The world as an ASGI application: reads a request, asks the world, carries out the answer.

Knows the wire (bodies, delays, dropped connections), not what the paths mean.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final, Protocol

from ciokit.sandbox.encodings import MOST_BYTES, OversizeError, decompress
from ciokit.sandbox.exchange import Answer, Reply, Request
from ciokit.sandbox.track_replies import v1_error
from ciokit.sandbox.world import World

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

_DRIP_CHUNKS: Final = 20


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
            answer = await self._answer(scope, path, receive)
        except OversizeError:
            reply = v1_error(413, f"request body is larger than {MOST_BYTES} bytes")
            await _send_reply(send, reply, 0.0, close=True)
            return
        except _DisconnectedError:
            return
        if answer.delay:
            await asyncio.sleep(answer.delay)
        if answer.drop:
            _abort(send)
        else:
            await _send_reply(send, answer.reply, answer.drip)

    async def _answer(self, scope: Scope, path: str, receive: Receive) -> Answer:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        body = await _read_body(receive)
        encoding = headers.get("content-encoding")
        if encoding is not None:
            body = decompress(body, encoding)
        query = scope["query_string"].decode("latin-1")
        return self._world.answer(Request(scope["method"], path, query, headers, body), self._clock())


class _DisconnectedError(Exception):
    """Report that the client went away while it sent its body."""


async def _read_body(receive: Receive) -> bytes:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise _DisconnectedError
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        return body
    parts, size = [body], len(body)
    while message.get("more_body", False):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _DisconnectedError
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > MOST_BYTES:
            raise OversizeError
        parts.append(part)
    return b"".join(parts)


def _abort(send: Send) -> None:
    """Close the connection without an answer, through the protocol object behind `send`."""
    transport: _Abortable = send.__self__.transport  # type: ignore[attr-defined]  # pyright: ignore[reportFunctionMemberAccess]
    transport.abort()


async def _send_reply(send: Send, reply: Reply, drip: float, *, close: bool = False) -> None:
    headers = _encode_headers(reply.headers)
    if reply.status != 204:
        headers.append((b"content-length", str(len(reply.body)).encode()))
    if close:
        headers.append((b"connection", b"close"))
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
