"""One library in one misfortune, in a process of its own: `python -m benchmarks.faulty NAME URL SCENARIO SPOOL`.

It gives numbered events away and writes to standard output, in pieces that survive a kill: `+` for an event that it
offered, `! N` for N events of which the library told the application that they failed, by an exception, a hook or
what the call returned. A line in a log tells nobody.
"""

import importlib
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeAlias

__all__ = ["BURST", "FULL", "OUTAGE", "QUEUE", "STEADY"]

NAME = "checkout_completed"
STEADY, OUTAGE, BURST, FULL, QUEUE = 500, 3_000, 5_000, 15_000, 10_000
PACE, SLOW_PACE = 500, 100
"""Events a second while nothing is in a hurry, and while the server is down for long."""
FORK_PARENT, FORK_CHILD, WORKERS = 100, 200, 2
PATIENCE = 20.0

KEPT: list[object] = []
"""What an application holds in a module for as long as it runs."""

Put: TypeAlias = Callable[[int], object]
Flush: TypeAlias = Callable[[], object]


def say(line: str) -> None:
    """Write a line at once."""
    os.write(1, f"{line}\n".encode())


def tell(count: int) -> None:
    """Say that the application learnt of so many failures."""
    say(f"! {count}")


def data(number: int) -> dict[str, Any]:
    """Return an event's data."""
    return {"order_id": f"o-{number}", "total": 129.9, "currency": "EUR", "items": 3}


def person(number: int) -> str:
    """Return whom an event is about."""
    return f"user-{number % 100}"


def ciokit(url: str, spool: str, most: int | None) -> tuple[Put, Flush]:
    from benchmarks.shop import CheckoutCompleted
    from ciokit import Outbox, TrackClient

    outbox = Outbox(
        TrackClient("site", "key", base_url=url),
        spool=spool or None,
        max_entries=most,
        on_rejected=lambda _: tell(1),
        on_dropped=lambda _: tell(1),
    )

    def put(number: int) -> None:
        outbox.track(
            person(number),
            CheckoutCompleted(order_id=f"o-{number}", total=129.9, currency="EUR", items=3),
        )

    return put, lambda: outbox.close(PATIENCE)


def customerio_track(url: str, _spool: str, _most: int | None) -> tuple[Put, Flush]:
    from benchmarks.vendors import customerio

    track = customerio(url).track

    def put(number: int) -> None:
        try:
            track(person(number), NAME, data(number))
        except Exception:  # noqa: BLE001 - whatever it raises, it tells
            tell(1)

    return put, lambda: None


def customerio_batch(url: str, _spool: str, _most: int | None) -> tuple[Put, Flush]:
    from benchmarks.outbox_sides import BATCH, batch_item
    from benchmarks.vendors import customerio

    client = customerio(url)
    waiting: list[dict[str, Any]] = []

    def put(number: int) -> None:
        waiting.append(batch_item(person(number), data(number)))
        if len(waiting) == BATCH:
            flush()

    def flush() -> None:
        try:
            client.batch(waiting)
        except Exception:  # noqa: BLE001 - whatever it raises, it tells
            tell(len(waiting))
        waiting.clear()

    return put, flush


def segment_like(module: str, url: str, most: int | None) -> tuple[Put, Flush]:
    bound = {} if most is None else {"max_queue_size": most}
    make = importlib.import_module(f"{module}.client").Client
    client = make("key", host=url, on_error=lambda _, batch: tell(len(batch)), **bound)

    def put(number: int) -> None:
        accepted, _ = client.track(person(number), NAME, data(number))
        if not accepted:
            tell(1)

    return put, client.flush


def cdp(url: str, _spool: str, most: int | None) -> tuple[Put, Flush]:
    return segment_like("customerio.analytics", url, most)


def segment(url: str, _spool: str, most: int | None) -> tuple[Put, Flush]:
    return segment_like("segment.analytics", url, most)


def posthog(url: str, _spool: str, most: int | None) -> tuple[Put, Flush]:
    bound = {} if most is None else {"max_queue_size": most}
    make = importlib.import_module("posthog").Posthog
    client = make("key", host=url, on_error=lambda _, batch: tell(len(batch)), **bound)

    def put(number: int) -> None:
        if client.capture(NAME, distinct_id=person(number), properties=data(number)) is None:
            tell(1)

    def flush() -> None:
        while client.queue.unfinished_tasks:  # its own flush gives up after some seconds
            client.flush()

    return put, flush


MAKERS: dict[str, Callable[[str, str, int | None], tuple[Put, Flush]]] = {
    "ciokit": ciokit,
    "customerio_track": customerio_track,
    "customerio_batch": customerio_batch,
    "cdp": cdp,
    "segment": segment,
    "posthog": posthog,
}


def offer(put: Put, numbers: range, pace: int = 0) -> None:
    """Give events away, so many a second or as fast as it goes."""
    start = time.monotonic()
    for at, number in enumerate(numbers):
        put(number)
        say("+")
        if pace and (ahead := start + (at + 1) / pace - time.monotonic()) > 0:
            time.sleep(ahead)


def fork(put: Put) -> None:
    """Do as a server does that loads the application before it forks its workers."""
    offer(put, range(FORK_PARENT))
    children: list[int] = []
    for worker in range(WORKERS):
        start = FORK_PARENT + worker * FORK_CHILD
        child = os.fork()
        if child == 0:
            offer(put, range(start, start + FORK_CHILD))
            time.sleep(1.0)  # a worker lives on
            sys.exit(0)  # as its master tells it to end
        children.append(child)
    for child in children:
        os.waitpid(child, 0)


def end(_number: int, _frame: FrameType | None) -> None:
    """End as servers do when they are told to: by a normal exit."""
    sys.exit(0)


def main() -> None:
    """Go through one scenario."""
    name, url, scenario, spool = sys.argv[1:]
    logging.disable(logging.CRITICAL)
    put, flush = MAKERS[name](url, spool, QUEUE if scenario == "full" else None)
    KEPT.extend((put, flush))
    say("ready")
    if scenario == "steady":
        offer(put, range(STEADY), PACE)
        flush()
    elif scenario == "outage":
        offer(put, range(OUTAGE), SLOW_PACE)
        flush()
    elif scenario == "full":
        offer(put, range(FULL))
        flush()
    elif scenario == "restart":
        flush()
    elif scenario == "fork":
        fork(put)
    else:
        signal.signal(signal.SIGTERM, end)
        offer(put, range(BURST))
        if scenario in {"SIGTERM", "SIGKILL"}:
            os.kill(os.getpid(), getattr(signal, scenario))
            time.sleep(1.0)


if __name__ == "__main__":
    main()
