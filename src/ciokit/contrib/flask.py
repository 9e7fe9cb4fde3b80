"""Reporting webhooks in Flask.

    app.add_url_rule("/customerio", view_func=webhook_view(handle), methods=["POST"])

A handler that is async needs `flask[async]`.
"""

from collections.abc import Callable

from flask import Response, current_app, request

from ciokit.webhooks.errors import WebhookError
from ciokit.webhooks.receiver import LIMIT, AsyncHandler, Handler, Receiver, refuse
from ciokit.webhooks.recent import Seen
from ciokit.webhooks.signatures import TOLERANCE, Keys

__all__ = ["webhook_view"]


def webhook_view(
    handler: Handler | AsyncHandler,
    keys: Keys | None = None,
    *,
    tolerance: float | None = TOLERANCE,
    seen: Seen | None = None,
    limit: int = LIMIT,
) -> Callable[[], Response]:
    """Make a view that receives reporting webhooks.

    It answers 200 when the handler has returned, or when the event came before; 401 to what Customer.io did not sign
    or signed too long ago, 400 to what is no event, 413 to what is too large, 503 to an event that is delivered again
    while its handler is at work, since that may still fail. If the handler raises, the answer is 500, and Customer.io
    delivers the event again.

    Args:
        handler: What to do with an event; one that is async needs `flask[async]`. The vendor waits 4 seconds.
        keys: The signing key, or several; from `CUSTOMERIO_WEBHOOK_SIGNING_KEY` if omitted.
        tolerance: Seconds that a webhook may be old, or from the future; None accepts any age.
        seen: Remembers the events that were received; by default the last ones of this process.
        limit: The most bytes of a body.

    Returns:
        The view, for a route of POST alone.

    Raises:
        SettingsError: If there is no key.
    """
    receiver = Receiver(keys, tolerance=tolerance, seen=seen, limit=limit)

    def receive_webhook() -> Response:
        try:
            body = _body(receiver)
            receiver.handle(body, request.environ, current_app.ensure_sync(handler))
        except WebhookError as error:
            text, status = refuse(error)
            return Response(text, status, content_type="text/plain")
        return Response()

    return receive_webhook


def _body(receiver: Receiver) -> bytes:
    receiver.check_size(request.content_length)
    body = request.stream.read(receiver.limit + 1)
    receiver.check_size(len(body))
    return body
