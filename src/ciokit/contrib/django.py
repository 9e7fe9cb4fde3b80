"""Reporting webhooks in Django.

    urlpatterns = [path("customerio/", webhook_view(handle))]

The view is async if the handler is.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeAlias

from ciokit.webhooks.errors import WebhookError
from ciokit.webhooks.receiver import LIMIT, AsyncHandler, Handler, Receiver, is_async, refuse
from ciokit.webhooks.recent import AsyncSeen, Seen
from ciokit.webhooks.signatures import TOLERANCE, Keys

__all__ = ["webhook_view"]

_http: Any = import_module("django.http")  # it has no types
View: TypeAlias = Callable[[Any], Any]


def webhook_view(
    handler: Handler | AsyncHandler,
    keys: Keys | None = None,
    *,
    tolerance: float | None = TOLERANCE,
    seen: Seen | AsyncSeen | None = None,
    limit: int = LIMIT,
) -> View:
    """Make a view that receives reporting webhooks; it is async if the handler is.

    It answers 200 when the handler has returned, or when the event came before; 401 to what Customer.io did not sign
    or signed too long ago, 400 to what is no event, 413 to what is too large, 405 to all but POST, 503 to an
    event that is delivered again while its handler is at work, since that may still fail. If the handler raises, the
    answer is 500, and Customer.io delivers the event again. It needs no CSRF token: the signature says more.

    Args:
        handler: What to do with an event. The vendor waits 4 seconds.
        keys: The signing key, or several; from `CUSTOMERIO_WEBHOOK_SIGNING_KEY` if omitted.
        tolerance: Seconds that a webhook may be old, or from the future; None accepts any age.
        seen: Remembers the events that were received; by default the last ones of this process.
        limit: The most bytes of a body.

    Returns:
        The view.

    Raises:
        SettingsError: If there is no key.
    """
    receiver = Receiver(keys, tolerance=tolerance, seen=seen, limit=limit)
    view = _async_view(receiver, handler) if is_async(handler) else _sync_view(receiver, handler)
    vars(view)["csrf_exempt"] = True
    return view


def _sync_view(receiver: Receiver, handler: Handler) -> View:
    def receive_webhook(request: Any) -> Any:
        if request.method != "POST":
            return _http.HttpResponseNotAllowed(["POST"])
        try:
            receiver.handle(_body(request, receiver), request.META, handler)
        except WebhookError as error:
            return _refusal(error)
        return _http.HttpResponse()

    return receive_webhook


def _async_view(receiver: Receiver, handler: AsyncHandler) -> View:
    async def receive_webhook(request: Any) -> Any:
        if request.method != "POST":
            return _http.HttpResponseNotAllowed(["POST"])
        try:
            await receiver.ahandle(_body(request, receiver), request.META, handler)
        except WebhookError as error:
            return _refusal(error)
        return _http.HttpResponse()

    return receive_webhook


def _body(request: Any, receiver: Receiver) -> bytes:
    """Read the body; not `request.body`, whose own limit has an answer of its own."""
    receiver.check_size(request.META.get("CONTENT_LENGTH"))
    body: bytes = request.read(receiver.limit + 1)
    receiver.check_size(len(body))
    return body


def _refusal(error: WebhookError) -> Any:
    text, status = refuse(error)
    return _http.HttpResponse(text, content_type="text/plain", status=status)
