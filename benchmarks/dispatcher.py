"""Measure the dispatcher's own cost of an entry: offered, batched, settled.

Entries are made beforehand, of about 230 bytes, each with strings of its own, as a program's entries have. They are
offered one a call or a hundred a call, and sent with four batches in flight. Times are CPU time of the process; each
column shows the least of so many rounds, and the sum takes the offers of a hundred, as the outbox makes them.

A thousand such entries are one request, so that nobody ever waits for somebody in flight. To compare like with like,
the case of large entries has the same four requests in flight with a thousand entries as with a million; those share
their bodies, of which the dispatcher reads the length alone, since a million of their own would take two gigabytes.

Two further columns say what of it comes from where: with one batch in flight nobody ever waits for somebody, and the
floor is what any program pays that reads the same entries once, out of a plain deque, in requests as large.

    python benchmarks/dispatcher.py [--rounds 5] [--most 1000000]
"""

import argparse
import gc
import random
import time
from collections import deque

from ciokit.dispatch import Batch, Dispatcher
from ciokit.verdict import Reply
from ciokit.wire import TRACK_V2, Entry

IN_FLIGHT = 4
SERVED = Reply(200, {}, b"{}")
BODY = (
    b'{"type":"person","action":"event","identifiers":{"id":"%d"},"name":"order_placed","id":"01J%023d",'
    b'"timestamp":1760000000,"attributes":{"order_id":"A-1001","total":129.9,"currency":"EUR","coupon":null}}'
)
LARGE, BODIES = 2_000, 1_000
# Name, people, the share of the entries that is one person's, and the least bytes an entry.
CASES = (
    ("100,000 people", 100_000, 0.0, 0),
    ("half one person's", 100_000, 0.5, 0),
    ("1,000 people", 1_000, 0.0, 0),
    ("half one's, large", 100_000, 0.5, LARGE),
)


def make_entries(count: int, people: int, share: float, size: int = 0) -> list[tuple[int, Entry]]:
    """Make entries of people drawn at random, so many of them one person's, of so many bytes at least."""
    draw = random.Random(1)
    drawn = [0 if draw.random() < share else draw.randrange(1, people + 1) for _ in range(count)]
    large = [(BODY % (0, at)).ljust(size) for at in range(BODIES if size else 0)]
    return [
        (at, Entry(large[at % BODIES] if size else BODY % (person, at), (f"id:{person}",), "event"))
        for at, person in enumerate(drawn)
    ]


def drive(dispatcher: Dispatcher, in_flight: int = IN_FLIGHT) -> tuple[float, float]:
    """Send everything with so many batches in flight; return the seconds of batching and of settling."""
    clock = time.process_time
    flying: deque[Batch] = deque()
    batching = settling = 0.0
    dispatcher.flush(0.0)
    while dispatcher.count:
        start = clock()
        while len(flying) < in_flight and (batch := dispatcher.next_batch(0.0)):
            flying.append(batch)
        middle = clock()
        dispatcher.settle(flying.popleft(), SERVED, 0.0)
        settling += clock() - middle
        batching += middle - start
    return batching, settling


def offer_all(entries: list[tuple[int, Entry]], at_once: int) -> tuple[Dispatcher, float]:
    """Offer entries, so many in a call; return the dispatcher that has them and the seconds it took."""
    dispatcher = Dispatcher(chance=lambda: 0.0, rate=None)
    pieces = [entries[start : start + at_once] for start in range(0, len(entries), at_once)]
    gc.collect()
    start = time.process_time()
    for piece in pieces:
        dispatcher.offer(piece, 0.0)
    return dispatcher, time.process_time() - start


def measure(entries: list[tuple[int, Entry]]) -> list[float]:
    """Return the microseconds an entry of offering singly, offering together, batching and settling."""
    _, singly = offer_all(entries, 1)
    dispatcher, together = offer_all(entries, 100)
    return [seconds * 1e6 / len(entries) for seconds in (singly, together, *drive(dispatcher))]


def cost(entries: list[tuple[int, Entry]], in_flight: int = IN_FLIGHT) -> float:
    """Return the microseconds an entry, offered in hundreds as the outbox does it."""
    dispatcher, together = offer_all(entries, 100)
    return sum((together, *drive(dispatcher, in_flight))) * 1e6 / len(entries)


def floor(entries: list[tuple[int, Entry]]) -> float:
    """Return the microseconds an entry of reading people and sizes out of a plain deque, request by request."""
    pieces = [entries[start : start + 100] for start in range(0, len(entries), 100)]
    queue: deque[tuple[int, Entry]] = deque()
    gc.collect()
    start = time.process_time()
    for piece in pieces:
        queue.extend(piece)
    while queue:
        load: list[tuple[int, Entry]] = []
        size = 0
        while queue and size < TRACK_V2.batch_limit:
            item = queue.popleft()
            entry = item[1]
            hash(entry.keys[0])
            size += len(entry.body) + 1
            load.append(item)
    return (time.process_time() - start) * 1e6 / len(entries)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the dispatcher's own cost of an entry.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--most", type=int, default=1_000_000)
    asked = parser.parse_args()
    print(
        f"{'entries':>9}  {'of':17} {'offer 1':>7} {'offer 100':>9} {'batch':>6} {'settle':>6} {'µs each':>8} "
        f"{'1 flying':>8} {'floor':>6}"
    )
    for name, people, share, size in CASES:
        for count in (1_000, 10_000, 100_000, 1_000_000):
            if count > asked.most:
                continue
            entries = make_entries(count, people, share, size)
            gc.freeze()
            rounds = [
                (*measure(entries), cost(entries, 1), floor(entries))
                for _ in range(asked.rounds * max(1, 100_000 // count))
            ]
            singly, together, batch, settle, alone, least = (
                min(times) for times in zip(*rounds, strict=True)
            )
            each = together + batch + settle
            print(
                f"{count:>9,}  {name:17} {singly:>7.3f} {together:>9.3f} {batch:>6.3f} {settle:>6.3f} {each:>8.3f} "
                f"{alone:>8.3f} {least:>6.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
