"""Measure the dispatcher's own cost of an entry: offered, batched, settled.

Four batches are in flight at a time. Entries are made beforehand; each has its own strings, as entries of a program
have, and one person may own a share of all of them. Times are CPU time of the process, best of so many rounds.

    python benchmarks/dispatcher.py [--rounds 3] [--most 1000000]
"""

import argparse
import gc
import time
from collections import deque

from ciokit.dispatch import Batch, Dispatcher
from ciokit.verdict import Reply
from ciokit.wire import Entry

IN_FLIGHT = 4
SERVED = Reply(200, {}, b"{}")
BODY = (
    b'{"type":"person","action":"event","identifiers":{"id":"%d"},"name":"order_placed","id":"01J%023d",'
    b'"timestamp":1760000000,"attributes":{"order_id":"A-1001","total":129.9,"currency":"EUR","coupon":null}}'
)


def make_entries(count: int, hot: float) -> list[tuple[int, Entry]]:
    """Make entries of `count / 10` people and one who owns the share `hot`."""
    people, period = max(count // 10, 1), round(1 / hot) if hot else 0
    return [
        (number, Entry(BODY % (person, number), ("id:" + str(person),), "event"))
        for number in range(count)
        for person in [0 if period and number % period == 0 else 1 + number * 7919 % people]
    ]


def offer_all(dispatcher: Dispatcher, entries: list[tuple[int, Entry]], *, at_once: int) -> None:
    """Offer entries, so many in one call."""
    offer = dispatcher.offer
    if at_once == 1:
        for entry in entries:
            offer((entry,), 0.0)
    else:
        for start in range(0, len(entries), at_once):
            offer(entries[start : start + at_once], 0.0)


def drive(dispatcher: Dispatcher) -> tuple[int, float, float]:
    """Send everything with some batches in flight; return the batches and the seconds of batching and settling."""
    clock = time.process_time
    flying: deque[Batch] = deque()
    batches, batching, settling = 0, 0.0, 0.0
    dispatcher.flush(0.0)
    while dispatcher.count:
        start = clock()
        while len(flying) < IN_FLIGHT and (batch := dispatcher.next_batch(0.0)):
            flying.append(batch)
            batches += 1
        middle = clock()
        dispatcher.settle(flying.popleft(), SERVED, 0.0)
        settling += clock() - middle
        batching += middle - start
    return batches, batching, settling


def measure(count: int, hot: float, at_once: int) -> tuple[float, float, float, int]:
    """Return microseconds an entry of offering, batching and settling, and the batches."""
    entries = make_entries(count, hot)
    dispatcher = Dispatcher(chance=lambda: 0.0, rate=None)
    gc.collect()
    start = time.process_time()
    offer_all(dispatcher, entries, at_once=at_once)
    offering = time.process_time() - start
    batches, batching, settling = drive(dispatcher)
    scale = 1e6 / count
    return offering * scale, batching * scale, settling * scale, batches


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the dispatcher's own cost of an entry.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--most", type=int, default=1_000_000)
    asked = parser.parse_args()
    print(
        f"{'entries':>9} {'one person':>10} {'a call':>6} {'offer':>7} {'batch':>7} {'settle':>7} {'µs each':>8} {'batches':>8}"
    )
    for hot in (0.0, 0.5):
        for at_once in (1, 1_000):
            for count in (1_000, 10_000, 100_000, 1_000_000):
                if count > asked.most:
                    continue
                rounds = max(asked.rounds, min(200, 100_000 // count * asked.rounds))
                best = min(
                    (measure(count, hot, at_once) for _ in range(rounds)), key=lambda row: sum(row[:3])
                )
                offer, batch, settle, batches = best
                each = offer + batch + settle
                print(
                    f"{count:>9,} {hot:>10.0%} {at_once:>6,} {offer:>7.3f} {batch:>7.3f} {settle:>7.3f} {each:>8.3f} {batches:>8,}"
                )


if __name__ == "__main__":
    main()
