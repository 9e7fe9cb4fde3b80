"""Cancellation at each await of a call, one after the other: as a timeout or a task group would, at the worst moments."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from functools import partial
from itertools import count
from typing import Any, Generic, TypeVar

__all__ = ["cancelled_everywhere"]

T = TypeVar("T")


class _CancelledAt(Generic[T]):
    """Await a call, and cancel the task that does at one of the awaits.

    Args:
        call: What is awaited.
        step: At which await, from 0.
        late: Whether the cancellation comes when what was waited for is there already, and not before.

    Attributes:
        reached: Whether the call had so many awaits.
    """

    def __init__(self, call: Awaitable[T], step: int, *, late: bool) -> None:
        self._call = call
        self._step = step
        self._late = late
        self.reached = False

    def __await__(self) -> Generator[Any, Any, T]:
        steps = self._call.__await__()
        resume: Callable[[], Any] = partial(next, steps)
        for step in count():
            try:
                waited = resume()
            except StopIteration as end:
                value: T = end.value
                return value
            here = step == self._step
            self.reached |= here
            if here and not self._late:
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
            try:
                yield waited
            except BaseException as error:  # noqa: BLE001 - handed on as it is
                resume = partial(steps.throw, error)
            else:
                resume = partial(next, steps)
            if here and self._late:  # whatever came
                resume = partial(steps.throw, asyncio.CancelledError())
        raise AssertionError


async def cancelled_everywhere(make: Callable[[], Awaitable[object]], *, late: bool) -> AsyncIterator[int]:
    """Make a call again and again, cancelled at each of its awaits in turn.

    Args:
        make: Makes the call.
        late: Whether the cancellation comes when what was waited for is there already.

    Yields:
        The number of the await at which it was just cancelled, so that the test can look at what is left.
    """
    for step in count():
        trial = _CancelledAt(make(), step, late=late)

        async def run(trial: _CancelledAt[object] = trial) -> object:
            return await trial

        (ended,) = await asyncio.gather(asyncio.create_task(run()), return_exceptions=True)
        if not trial.reached:
            assert not isinstance(ended, asyncio.CancelledError)
            return
        assert isinstance(ended, asyncio.CancelledError), f"cancelled at await {step}, it ended as {ended!r}"
        yield step
