"""Reporting webhooks in Starlette and FastAPI.

    Route("/customerio", webhook_endpoint(handle), methods=["POST"])
    app.add_route("/customerio", webhook_endpoint(handle), methods=["POST"])     # FastAPI

A handler that is not async runs in a thread.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from ciokit.webhooks.errors import WebhookError
from ciokit.webhooks.receiver import LIMIT, AsyncHandler, Handler, Receiver, is_async, refuse
from ciokit.webhooks.recent import AsyncSeen, Seen
from ciokit.webhooks.signatures import TOLERANCE, Keys

__all__ = ["webhook_endpoint"]


def webhook_endpoint(
    handler: Handler | AsyncHandler,
    keys: Keys | None = None,
    *,
    tolerance: float | None = TOLERANCE,
    seen: Seen | AsyncSeen | None = None,
    limit: int = LIMIT,
) -> Callable[[Request], Awaitable[Response]]:
    """Make the endpoint of a route that receives reporting webhooks.

    It answers 200 when the handler has returned, or when the event came before; 401 to what Customer.io did not sign
    or signed too long ago, 400 to what is no event, 413 to what is too large, 503 to an event that is delivered again
    while its handler is at work, since that may still fail. If the handler raises, the answer is the application's own
    for errors, and Customer.io delivers the event again.

    Args:
        handler: What to do with an event; one that is not async runs in a thread. The vendor waits 4 seconds.
        keys: The signing key, or several; from `CUSTOMERIO_WEBHOOK_SIGNING_KEY` if omitted.
        tolerance: Seconds that a webhook may be old, or from the future; None accepts any age.
        seen: Remembers the events that were received; by default the last ones of this process.
        limit: The most bytes of a body.

    Returns:
        The endpoint.

    Raises:
        SettingsError: If there is no key.
    """
    receiver = Receiver(keys, tolerance=tolerance, seen=seen, limit=limit)
    call = handler if is_async(handler) else _in_a_thread(handler)

    async def receive_webhook(request: Request) -> Response:
        try:
            await receiver.ahandle(await _body(request, receiver), request.headers, call)
        except WebhookError as error:
            return PlainTextResponse(*refuse(error))
        return Response()

    return receive_webhook


def _in_a_thread(handler: Handler) -> AsyncHandler:
    async def call(event: Any) -> None:
        await run_in_threadpool(handler, event)

    return call


async def _body(request: Request, receiver: Receiver) -> bytes:
    receiver.check_size(request.headers.get("content-length"))
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        receiver.check_size(len(body))
    return bytes(body)
