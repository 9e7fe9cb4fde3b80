"""Waiting for what takes a while: asking again and again, less and less often, until it is over.

It knows when to ask and when to give up; what is asked is handed in.
"""

import math
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol, TypeVar

from ciokit.app.resource import AsyncPerformer, Performer
from ciokit.errors import DeliveryError, InvalidData, Problem

__all__ = ["HOUR", "Progress", "TransferFailed", "TransferTimeout", "wait_for", "wait_for_async"]

HOUR: Final = 3600.0
FIRST_WAIT: Final = 1.0
"""Seconds before asking for the second time; each wait is half as long again as the one before."""
LONGEST_WAIT: Final = 15.0


class Progress(Protocol):
    """What can be waited for."""

    @property
    def id(self) -> int:
        """Its number."""
        ...

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        ...

    @property
    def failure(self) -> str:
        """How it ended without its result; empty if it did not."""
        ...


ProgressT = TypeVar("ProgressT", bound=Progress)


class TransferFailed(DeliveryError):  # noqa: N818 - reads as what it is at an `except`
    """An export or an import ended without its result.

    Attributes:
        record: Its last state, with the service's own words.
    """

    def __init__(self, message: str, *, record: Any = None, **facts: Any) -> None:
        self.record = record
        super().__init__(message, **facts)


class TransferTimeout(DeliveryError, TimeoutError):  # noqa: N818 - as above
    """An export, an import or a broadcast was not done within the timeout; wait again to continue.

    Attributes:
        record: Its last state.
    """

    def __init__(self, message: str, *, record: Any = None, **facts: Any) -> None:
        self.record = record
        super().__init__(message, **facts)


class _Watch:
    """Say when to ask again, and when to give up."""

    def __init__(self, kind: str, now: float, timeout: Any) -> None:
        if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or math.isnan(timeout):
            raise InvalidData(kind, (Problem("timeout", "expected seconds; math.inf waits for ever"),))
        self._kind = kind
        self._started = now
        self._timeout = timeout
        self._wait = FIRST_WAIT

    def is_over(self, record: Progress) -> bool:
        """Tell whether there is nothing to wait for any more, or raise `TransferFailed`."""
        if record.is_over and record.failure:
            msg = f"{self._kind}: number {record.id} ended as {record.failure}; the error's record says more"
            raise TransferFailed(msg, record=record, kind=self._kind)
        return record.is_over

    def again(self, record: Progress, now: float) -> float:
        """Return the seconds to wait before asking again, or raise `TransferTimeout`."""
        left = self._started + self._timeout - now
        if left <= 0:
            msg = f"{self._kind}: number {record.id} was not done within {self._timeout:g} s; wait again to go on"
            facts = {"kind": self._kind, "elapsed": now - self._started, "retryable": True}
            raise TransferTimeout(msg, record=record, **facts)
        wait, self._wait = self._wait, min(self._wait * 1.5, LONGEST_WAIT)
        return min(wait, left)


def wait_for(
    client: Performer,
    kind: str,
    ask: Callable[[], ProgressT],
    *,
    progress: Callable[[ProgressT], object] | None,
    timeout: float,
) -> ProgressT:
    """Ask until it is over.

    Args:
        client: Tells the time and waits.
        kind: The operation, for errors.
        ask: Returns the state.
        progress: Called with each state.
        timeout: Seconds to wait.

    Returns:
        The last state.

    Raises:
        InvalidData: If the timeout is no number.
        TransferFailed: If it ended without its result.
        TransferTimeout: If the time is over.
    """
    watch = _Watch(kind, client.monotonic(), timeout)
    while True:
        record = ask()
        if progress is not None:
            progress(record)
        if watch.is_over(record):
            return record
        client.pause(watch.again(record, client.monotonic()))


async def wait_for_async(
    client: AsyncPerformer,
    kind: str,
    ask: Callable[[], Awaitable[ProgressT]],
    *,
    progress: Callable[[ProgressT], object] | None,
    timeout: float,  # noqa: ASYNC109 - it is told in an error of its own
) -> ProgressT:
    """Ask until it is over; see `wait_for`."""
    watch = _Watch(kind, client.monotonic(), timeout)
    while True:
        record = await ask()
        if progress is not None:
            progress(record)
        if watch.is_over(record):
            return record
        await client.pause(watch.again(record, client.monotonic()))
