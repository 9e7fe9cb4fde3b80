"""What the outbox does where it is narrow: a distant server, one that is down, and long queues in the dispatcher."""

import gc
import socket
from collections.abc import Callable, Mapping, Sequence

from benchmarks import nullserver
from benchmarks.harness import Bench, Side, Usage
from benchmarks.machine import cores
from benchmarks.outbox_sides import Figures, memory
from benchmarks.results import Line, Row, Table, Target

__all__ = ["NEEDS_SERVER", "measure"]

NEEDS_SERVER = False

DELAY, FAR_EVENTS, FAR_ROUNDS = 50, 10_000, 5
NOTE = "x" * 1_000
DOWN_EVENTS, DOWN_ROUNDS = 1_000_000, 3
MAX_BYTES = 64_000_000
DISPATCH_ROUNDS = 3
SIZES = (1_000, 10_000, 100_000, 1_000_000)
HOT = "half of them one person's"
ALIKE = f"{HOT}, 2 KB each"
# People, the share of the entries that is one person's, and the least bytes an entry.
CROWDS = {
    "100,000 people": (100_000, 0.0, 0),
    HOT: (100_000, 0.5, 0),
    "1,000 people": (1_000, 0.0, 0),
    ALIKE: (100_000, 0.5, 2_000),
}
DISPATCHER = (
    "Of the dispatcher, CPU time to offer, batch and settle a whole queue, four requests in flight; the first figure of "
    "a row is for a million entries. Entries of 230 bytes, the first three rows, cost the same from 100,000 on, however "
    "long the queue. Below that it is less, for two reasons: a short queue is in the caches (the plain deque shows what "
    "that is worth), and 1,000 such entries are one request, 10,000 five, so that few meet their person in flight and "
    "are looked at twice. With one request in flight none does. Entries of 2 KB are four requests from 1,000 on, the "
    "same work at every length: what is left there are the caches."
)


def measure(bench: Bench) -> Table:
    """Measure all three."""
    note = (
        f"The distant server answers after {DELAY} ms; the events have 2 KB each, so that the way there counts and not "
        "the CPU. Memory is what the process took at its peak, until the outbox was closed, above what it took before "
        f"the client was made and its libraries loaded, less max_bytes ({MAX_BYTES // 1_000_000} MB, the default), at "
        "overflow='drop_new': of that, 12 MB are the libraries, and what an entry counts is a little more than it takes."
    )
    return Table("At the limits", (_far(bench), _down(bench), *_dispatcher(bench)), (note, DISPATCHER))


def _far(bench: Bench) -> Row:
    own, served = cores()
    sides = [
        Side(f"{count} sender{'s' * (count > 1)}", f"{__name__}:far", "events", (str(count),))
        for count in (4, 1)
    ]
    with nullserver.running(served, delay=DELAY) as server:
        used = Bench(own, server, quick=bench.quick).measure(sides, calls=FAR_EVENTS, rounds=FAR_ROUNDS)
    lines = _lines(used, lambda usage: usage.calls / usage.wall)
    return Row(
        "events a second to a distant server", "events/s", lines, Target("at least", 3.5, to="1 sender")
    )


def far(url: str, senders: str) -> Callable[[int], None]:
    """Send events of 2 KB with so many senders."""
    from ciokit import Outbox, TrackClient

    outbox = Outbox(TrackClient("site", "key", base_url=url), senders=int(senders))

    def run(calls: int) -> None:
        for number in range(calls):
            outbox.track(
                f"user-{number}", "checkout_completed", {"order_id": "o-1", "note": NOTE, "more": NOTE}
            )
        outbox.flush()

    return run


def _down(bench: Bench) -> Row:
    side = Side("ciokit", f"{__name__}:down")
    beyond: list[float] = []
    for _ in range(bench.rounds(DOWN_ROUNDS)):  # each in a process of its own: a peak is for a process's life
        (usage,) = bench.measure([side], calls=DOWN_EVENTS, rounds=1, warm_up=False)[side.label]
        beyond.append(usage.figures["beyond"])
    line = Line(side.label, tuple(beyond))
    return Row("memory beyond the bound, server down", "MB", (line,), Target("at most", 20.0))


def down(_url: str) -> Callable[[int], Figures]:
    """Give events away while nobody listens."""
    from benchmarks.shop import CheckoutCompleted
    from ciokit import Outbox, TrackClient

    before = memory("VmRSS")

    def run(calls: int) -> Figures:
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))  # nobody listens here, and nobody else can
            client = TrackClient("site", "key", base_url=f"http://127.0.0.1:{closed.getsockname()[1]}")
            outbox = Outbox(client, overflow="drop_new", max_bytes=MAX_BYTES)
            for number in range(calls):
                outbox.track(
                    f"user-{number}",
                    CheckoutCompleted(order_id="o-100234", total=129.9, currency="EUR", items=3),
                )
            stats = outbox.stats()
            assert stats.accepted == calls == stats.pending + stats.dropped.get("full", 0)
            outbox.close(0)
        return {"beyond": memory("VmHWM") - before - MAX_BYTES / 2**20}

    return run


def _dispatcher(bench: Bench) -> tuple[Row, ...]:
    used = {name: _queues(bench, name) for name in CROWDS}
    return (
        *[
            _by_size(f"dispatcher, an entry: {name}", "each", sizes, Target("at most", 1.0))
            for name, sizes in used.items()
        ],
        _by_size(f"one request in flight: {HOT}", "alone", used[HOT]),
        _by_size(f"a plain deque, read once: {HOT}", "floor", used[HOT]),
    )


def _queues(bench: Bench, name: str) -> dict[int, Sequence[Usage]]:
    arguments = tuple(map(str, CROWDS[name]))
    used: dict[int, Sequence[Usage]] = {}
    for size in SIZES[: 3 if bench.quick else None]:
        sides = [Side(name, f"{__name__}:dispatch", arguments=(*arguments, str(size)))]
        # A call is a whole queue; what it costs an entry is a figure.
        used[size] = bench.measure(sides, calls=2, rounds=DISPATCH_ROUNDS)[name]
    return used


def _by_size(
    name: str, figure: str, used: Mapping[int, Sequence[Usage]], target: Target | None = None
) -> Row:
    lines = (
        Line(f"{size:,} wait", tuple(usage.figures[figure] for usage in usages))
        for size, usages in sorted(used.items(), reverse=True)
    )
    return Row(name, "µs", tuple(lines), target)


def dispatch(_url: str, people: str, share: str, size: str, count: str) -> Callable[[int], Figures]:
    """Offer, batch and settle a queue of entries, and tell the least that an entry cost."""
    from benchmarks.dispatcher import cost, floor, make_entries

    entries = make_entries(int(count), int(people), float(share), int(size))
    gc.freeze()

    def run(calls: int) -> Figures:
        return {
            "each": min(cost(entries) for _ in range(calls)),
            "alone": min(cost(entries, 1) for _ in range(calls)),
            "floor": min(floor(entries) for _ in range(calls)),
        }

    return run


def _lines(used: Mapping[str, Sequence[Usage]], value: Callable[[Usage], float]) -> tuple[Line, ...]:
    return tuple(Line(label, tuple(map(value, usages))) for label, usages in used.items())
