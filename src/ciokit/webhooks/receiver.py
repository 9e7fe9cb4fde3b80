"""A webhook from its bytes to the application's handler, once: what the receivers of all frameworks share.

It knows no framework. A receiver hands in the body and the headers, and answers with the status that comes out.
"""

import inspect
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeGuard, TypeVar

from ciokit.clock import SYSTEM_CLOCK, Clock
from ciokit.errors import SettingsError
from ciokit.logs import get_logger
from ciokit.webhooks.errors import BodyTooLarge, StillHandled, WebhookError
from ciokit.webhooks.events import ReportingEvent
from ciokit.webhooks.parsing import parse
from ciokit.webhooks.recent import AsyncSeen, RecentEvents, Seen
from ciokit.webhooks.signatures import TOLERANCE, Body, Headers, Keys, configured_keys, key_bytes, verify

if TYPE_CHECKING:
    import asyncio

__all__ = ["LIMIT", "AsyncHandler", "Handler", "Receiver", "is_async", "receive", "refuse"]

T = TypeVar("T")
_log = get_logger("ciokit.webhooks")

Handler: TypeAlias = Callable[[ReportingEvent], object]
"""What an application does with an event; what it raises makes Customer.io deliver the event again."""
AsyncHandler: TypeAlias = Callable[[ReportingEvent], Awaitable[object]]

LIMIT: Final = 4 << 20
"""Bytes of a body that are taken; an e-mail with its content is the largest there is."""


def receive(
    body: Body,
    headers: Headers,
    keys: Keys,
    *,
    tolerance: float | None = TOLERANCE,
    now: float | None = None,
) -> ReportingEvent:
    """Check that a webhook came from Customer.io, and parse it.

    Args:
        body: The body's bytes as they came.
        headers: The headers, in any of the forms that frameworks have.
        keys: The signing key, or several.
        tolerance: Seconds that it may be old, or from the future; None accepts any age, and so any replay.
        now: Unix time; by default the computer's.

    Returns:
        The event; see `parse`.

    Raises:
        WebhookError: If it cannot be trusted or cannot be read; its class says which, its `status` the answer.
        SettingsError: If a key is empty, or there is none.
    """
    verify(body, headers, keys, tolerance=tolerance, now=now)
    return parse(body)


class Receiver:
    """Receive webhooks: check and parse them, skip what was handled before, and pass on the rest.

    Args:
        keys: The signing key, or several; from `CUSTOMERIO_WEBHOOK_SIGNING_KEY` if omitted.
        tolerance: Seconds that a webhook may be old, or from the future; None accepts any age.
        seen: Remembers the events that were received; by default the last ones of this process. One that has a
            method `finish`, as `Claims` do, is told of what was handled.
        limit: The most bytes of a body.
        clock: Tells the time.

    Raises:
        SettingsError: If there is no key.
    """

    def __init__(
        self,
        keys: Keys | None = None,
        *,
        tolerance: float | None = TOLERANCE,
        seen: Seen | AsyncSeen | None = None,
        limit: int = LIMIT,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._keys = key_bytes(configured_keys() if keys is None else keys)
        self._tolerance = tolerance
        self._seen = RecentEvents(clock=clock) if seen is None else seen
        finish = getattr(self._seen, "finish", None)
        self._finish: Callable[[str], Any] | None = finish if callable(finish) else None
        self._clock = clock
        # By process: a forked child handles none of its parent's.
        self._handled: dict[tuple[int, str], object] = {}
        self.limit = limit

    def check_size(self, size: int | str | None) -> None:
        """Refuse a body that is too large.

        Args:
            size: How many bytes it has, or says it has; None if it does not say.

        Raises:
            BodyTooLarge: If it is.
        """
        digits = str(size) if size is not None else ""
        if digits.isascii() and digits.isdigit() and int(digits[:18]) > self.limit:
            msg = f"the body has more than {self.limit} bytes"
            raise BodyTooLarge(msg)

    def handle(self, body: Body, headers: Headers, handler: Handler) -> bool:
        """Receive a webhook and call a handler, unless its event was handled before.

        Args:
            body: The body's bytes as they came.
            headers: The headers.
            handler: What to do with the event.

        Returns:
            Whether the handler was called.

        Raises:
            WebhookError: If it cannot be trusted or cannot be read, or its event is being handled already.
            SettingsError: If what remembers events is for asyncio.
        """
        event = self._receive(body, headers)
        self._claim(event.event_id)
        try:
            if not _now(self._seen.add(event.event_id)):
                return False
            try:
                handler(event)
            except BaseException:
                _now(self._seen.forget(event.event_id))
                raise
            if self._finish is not None:
                _now(self._finish(event.event_id))
            return True
        finally:
            self._release(event.event_id)

    async def ahandle(self, body: Body, headers: Headers, handler: AsyncHandler) -> bool:
        """Receive a webhook and await a handler; see `handle`.

        An application that cancels it, as servers do when the sender hangs up, gets the event again.
        """
        event = self._receive(body, headers)
        self._claim(event.event_id)
        if not await self._remember(event.event_id):
            return False
        try:
            await handler(event)
        except BaseException:
            await _to_the_end(self._end(self._seen.forget, event.event_id))
            raise
        if self._finish is None:
            self._release(event.event_id)
        else:
            await _to_the_end(self._end(self._finish, event.event_id))
        return True

    def _claim(self, event_id: str) -> None:
        """Begin with an event, or refuse one that is begun: if that fails, it must be delivered once more."""
        mine = object()
        claimed = self._handled.setdefault((os.getpid(), event_id), mine)  # one step: threads need no lock
        if claimed is not mine:
            msg = "the event was delivered before and is still being handled"
            raise StillHandled(msg)

    def _release(self, event_id: str) -> None:
        self._handled.pop((os.getpid(), event_id), None)

    async def _remember(self, event_id: str) -> bool:
        """Remember an event; if that is cancelled, see to it that the event is new when it comes again."""
        import asyncio  # a receiver without it never pays for it

        adding: asyncio.Future[bool] | None = None
        try:
            added = self._seen.add(event_id)
            if inspect.isawaitable(added):
                adding = _task(added)
                added = await asyncio.shield(adding)
        except asyncio.CancelledError:
            if adding is not None:
                _task(self._take_back(adding, event_id))
            raise
        except BaseException:
            self._release(event_id)
            raise
        if not added:
            self._release(event_id)
        return added

    async def _take_back(self, adding: "asyncio.Future[bool]", event_id: str) -> None:
        try:
            if await adding:
                await _later(self._seen.forget(event_id))
        except StillHandled:  # by another process, whose business it is
            pass
        finally:
            self._release(event_id)

    async def _end(self, tell: Callable[[str], Any], event_id: str) -> None:
        try:
            await _later(tell(event_id))
        finally:
            self._release(event_id)

    def _receive(self, body: Body, headers: Headers) -> ReportingEvent:
        return receive(body, headers, self._keys, tolerance=self._tolerance, now=self._clock.time())


def is_async(handler: Handler | AsyncHandler) -> TypeGuard[AsyncHandler]:
    """Tell whether a handler is to be awaited."""
    call = getattr(type(handler), "__call__", None)  # noqa: B004 - of an object that is called as a function
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(call)


def refuse(error: WebhookError) -> tuple[str, int]:
    """Note in the log that a webhook was refused, and return what to answer: a text and a status."""
    _log.warning("a webhook was refused: %s", error)
    return type(error).__name__, error.status


def _now(result: Any) -> Any:
    if inspect.isawaitable(result):
        if inspect.iscoroutine(result):
            result.close()
        msg = "seen= is for asyncio, and the handler is not: give an async handler, or what answers at once"
        raise SettingsError(msg)
    return result


_under_way: set["asyncio.Future[Any]"] = set()
"""What the event loop would forget, and so might end half done."""


def _task(awaitable: Awaitable[T]) -> "asyncio.Future[T]":
    import asyncio

    task = asyncio.ensure_future(awaitable)
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)
    return task


async def _to_the_end(awaitable: Awaitable[object]) -> None:
    """Await something that goes on if this is cancelled, as it is again and again where anyio cancels."""
    import asyncio

    await asyncio.shield(_task(awaitable))


async def _later(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else result
