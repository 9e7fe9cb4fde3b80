"""Drive both clients in the same words, so that one test says what both do."""

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeAlias

from ciokit import AsyncTrackClient, Receipt, TrackClient
from ciokit.testing import FakeClock

SITE = "marker-site-71c2"
KEY = "marker-key-93fa"
"""Credentials that no error, repr or log may show."""

Work: TypeAlias = Callable[[], Any]


class EventfulClock(FakeClock):
    """Have things happen while a client waits.

    Args:
        happenings: What happens during the first wait, the second, ...; what can be awaited is.
    """

    def __init__(self, *happenings: Work) -> None:
        super().__init__()
        self._happenings = list(happenings)

    def sleep(self, seconds: float) -> None:
        """Let seconds pass, and what is due happen."""
        super().sleep(seconds)
        if self._happenings:
            self._happenings.pop(0)()

    async def asleep(self, seconds: float) -> None:
        """Let seconds pass, and what is due happen."""
        await super().asleep(seconds)
        if self._happenings:
            happened = self._happenings.pop(0)()
            if inspect.isawaitable(happened):
                await happened


class Driver(Protocol):
    """One client, whichever it is.

    Attributes:
        client: The client itself.
        clock: Its time; None when it has the computer's own.
    """

    client: Any
    clock: FakeClock

    def call(self, verb: str, *args: Any, **kwargs: Any) -> Any:
        """Call a verb and return what came of it."""
        ...

    def track(self, person: Any = "user-1", event: str = "seen", **kwargs: Any) -> Receipt:
        """Send an event."""
        ...

    def at_once(self, verb: str, arguments: Iterable[tuple[Any, ...]]) -> list[Any]:
        """Call a verb many times at once: from as many threads, or in as many tasks; errors are returned."""
        ...

    def within(self, work: Work) -> None:
        """Enter the client, do some work and leave it."""
        ...

    def leave(self) -> Any:
        """Close the client; in an event loop, what is returned is to be awaited."""
        ...

    def close(self) -> None:
        """Close the client."""
        ...

    def end(self) -> None:
        """Close the client and what drives it."""
        ...


class SyncDriver:
    """Drive a `TrackClient`."""

    def __init__(self, client: Any, clock: FakeClock) -> None:
        self.client = client
        self.clock = clock

    def call(self, verb: str, *args: Any, **kwargs: Any) -> Any:
        """Call a verb and return what came of it."""
        return getattr(self.client, verb)(*args, **kwargs)

    def track(self, person: Any = "user-1", event: str = "seen", **kwargs: Any) -> Receipt:
        """Send an event."""
        receipt: Receipt = self.call("track", person, event, **kwargs)
        return receipt

    def at_once(self, verb: str, arguments: Iterable[tuple[Any, ...]]) -> list[Any]:
        """Call a verb from as many threads as there are arguments."""

        def attempt(args: tuple[Any, ...]) -> Any:
            try:
                return self.call(verb, *args)
            except Exception as error:  # noqa: BLE001 - the test looks at it
                return error

        given = list(arguments)
        with ThreadPoolExecutor(len(given)) as threads:
            return list(threads.map(attempt, given))

    def within(self, work: Work) -> None:
        """Enter the client, do some work and leave it."""
        with self.client:
            work()

    def leave(self) -> Any:
        """Close the client."""
        self.client.close()

    def close(self) -> None:
        """Close the client."""
        self.client.close()

    def end(self) -> None:
        """Close the client."""
        self.close()


class AsyncDriver:
    """Drive an `AsyncTrackClient`, all of it in one event loop."""

    def __init__(self, client: Any, clock: FakeClock) -> None:
        self.client = client
        self.clock = clock
        self.runner = asyncio.Runner()

    def call(self, verb: str, *args: Any, **kwargs: Any) -> Any:
        """Call a verb and return what came of it."""
        made = getattr(self.client, verb)(*args, **kwargs)
        return self.runner.run(made) if inspect.iscoroutine(made) else made

    def track(self, person: Any = "user-1", event: str = "seen", **kwargs: Any) -> Receipt:
        """Send an event."""
        receipt: Receipt = self.call("track", person, event, **kwargs)
        return receipt

    def at_once(self, verb: str, arguments: Iterable[tuple[Any, ...]]) -> list[Any]:
        """Call a verb in as many tasks as there are arguments."""

        async def gather() -> list[Any]:
            calls: list[Coroutine[Any, Any, Any]] = [getattr(self.client, verb)(*args) for args in arguments]
            return await asyncio.gather(*calls, return_exceptions=True)

        return self.runner.run(gather())

    def within(self, work: Work) -> None:
        """Enter the client, do some work and leave it."""

        async def enter() -> None:
            async with self.client:
                work()

        self.runner.run(enter())

    def leave(self) -> Any:
        """Close the client; what is returned is to be awaited."""
        return self.client.aclose()

    def close(self) -> None:
        """Close the client."""
        self.runner.run(self.client.aclose())

    def end(self) -> None:
        """Close the client, and then its loop."""
        self.close()
        self.runner.close()


class Connect(Protocol):
    """Make a client for an address."""

    def __call__(self, url: str, **options: Any) -> Driver:
        """Make a client.

        Args:
            url: The address.
            options: Arguments of the client.
        """
        ...


def make_driver(kind: str, url: str, **options: Any) -> Driver:
    """Make a client of a kind (`sync` or `async`) with a FakeClock, and its driver."""
    clock = options.setdefault("clock", FakeClock())
    options = {"site_id": SITE, "api_key": KEY, "base_url": url, **options}
    if kind == "sync":
        return SyncDriver(TrackClient(**options), clock)
    return AsyncDriver(AsyncTrackClient(**options), clock)
