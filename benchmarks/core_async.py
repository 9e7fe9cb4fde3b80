"""`track` under asyncio, with ten calls in flight and with one: AsyncTrackClient beside async-customerio."""

import asyncio
from collections.abc import Awaitable, Callable

from benchmarks.core_track import BODY, headers_for
from benchmarks.harness import Bench, Side
from benchmarks.people import people
from benchmarks.results import Row, Table, Target
from benchmarks.side import Run
from benchmarks.vendors import async_customerio

__all__ = ["NEEDS_SERVER", "measure"]

NEEDS_SERVER = True

CALLS, ROUNDS = 1_000, 7

Send = Callable[[str], Awaitable[object]]


def measure(bench: Bench) -> Table:
    """Measure both clients at ten in flight and at one."""
    return Table("One event a request, asyncio", (_row(bench, 10), _row(bench, 1)))


def _row(bench: Bench, flight: int) -> Row:
    sides = [
        Side("ciokit", f"{__name__}:ciokit_{flight}", "requests"),
        Side("async-customerio", f"{__name__}:async_customerio_{flight}", "requests"),
        Side("httpcore2 alone, bytes ready", f"{__name__}:httpcore2_{flight}", "requests"),
    ]
    lines = bench.microseconds(sides, calls=CALLS, rounds=ROUNDS)
    target = Target("at most", 0.5, to="async-customerio")
    return Row(f"AsyncTrackClient.track, {flight} in flight", "µs", lines, target)


def _running(send: Send, flight: int) -> Run:
    """Keep so many calls in flight, in one event loop for all rounds."""
    loop = asyncio.new_event_loop()

    async def keep_sending(waiting: "zip[tuple[int, str]]") -> None:
        for _, person in waiting:
            await send(person)

    async def send_all(calls: int) -> None:
        waiting = people(calls)
        await asyncio.gather(*(keep_sending(waiting) for _ in range(flight)))

    def run(calls: int) -> None:
        loop.run_until_complete(send_all(calls))

    return run


def _ciokit(url: str) -> Send:
    from benchmarks.shop import CheckoutCompleted
    from ciokit import AsyncTrackClient, RateLimit

    client = AsyncTrackClient("site", "key", base_url=url, rate_limit=RateLimit(None))  # the peers have none
    return lambda person: client.track(
        person, CheckoutCompleted(order_id="o-100234", total=129.9, currency="EUR", items=3)
    )


def _async_customerio(url: str) -> Send:
    client = async_customerio(url)
    return lambda person: client.track(
        person, "checkout_completed", order_id="o-100234", total=129.9, currency="EUR", items=3
    )


def _httpcore2(url: str) -> Send:
    import httpcore2

    pool = httpcore2.AsyncConnectionPool(max_connections=10, keepalive_expiry=30)
    address = f"{url}/api/v2/entity"
    headers = headers_for(url)
    return lambda _person: pool.request("POST", address, headers=headers, content=BODY)


def ciokit_10(url: str) -> Run:
    """Track typed events, ten in flight."""
    return _running(_ciokit(url), 10)


def ciokit_1(url: str) -> Run:
    """Track typed events, one in flight."""
    return _running(_ciokit(url), 1)


def async_customerio_10(url: str) -> Run:
    """Track keyword arguments, ten in flight."""
    return _running(_async_customerio(url), 10)


def async_customerio_1(url: str) -> Run:
    """Track keyword arguments, one in flight."""
    return _running(_async_customerio(url), 1)


def httpcore2_10(url: str) -> Run:
    """Post bytes that are ready, ten in flight."""
    return _running(_httpcore2(url), 10)


def httpcore2_1(url: str) -> Run:
    """Post bytes that are ready, one in flight."""
    return _running(_httpcore2(url), 1)
