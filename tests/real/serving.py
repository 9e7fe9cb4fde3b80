"""A web application with an outbox, for real servers; `application` is WSGI, `asgi` ASGI.

`GET /NAME` puts one event of a person of that name and answers with the process that did. The application is loaded
before the server forks, if it is told to preload, and puts an event then: that one is the parent's.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from ciokit import async_outbox, install_signal_handlers, outbox

LOADED = "loaded"

if os.environ.get("SERVING") == "handlers":
    install_signal_handlers()
if os.environ.get("SERVING") != "asgi":
    outbox().track(LOADED, "served")
if os.environ.get("SERVING") == "flush":
    outbox().flush()


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Put an event once the request is there as a whole, and answer with the process's number."""
    environ["wsgi.input"].read()
    outbox().track(environ["PATH_INFO"].strip("/"), "served")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]


async def asgi(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Do the same, and close the outbox in the lifespan, as an asynchronous application should."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await async_outbox().aclose()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await async_outbox().track(scope["path"].strip("/"), "served")
    if scope["path"] == "/last":  # told to end while it answers
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0)
        await async_outbox().track("afterwards", "served")
    start = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}
    await send(start)
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})
