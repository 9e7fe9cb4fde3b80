"""A hundred thousand events given away and delivered: the outbox beside what else takes events in the background.

The vendor's `batch()` is no queue, but the fastest that its SDK can be made to go, by hand. The bare socket sends
the same bytes, made beforehand: what the machine allows.
"""

from collections.abc import Callable, Mapping, Sequence

from benchmarks import environments
from benchmarks.environments import MissingError, node_command, python_of
from benchmarks.harness import Bench, Side, Usage
from benchmarks.results import Grid, Line, Row, Table, Target, spread

__all__ = ["NEEDS_SERVER", "measure"]

NEEDS_SERVER = True

EVENTS, ROUNDS = 100_000, 5
MEMORY, SPOOL = "ciokit, memory", "ciokit, spool"
BATCHES, CDP, FLOOR = "customerio, batch() by hand", "customerio-cdp-analytics", "bare socket, bytes ready"
# Name, maker, library, and the share of the events for those that would take a minute a round.
PYTHON_SIDES = (
    (BATCHES, "customerio_batch", "customerio", 1.0),
    ("customerio, track()", "customerio_track", "customerio", 0.02),
    (CDP, "cdp", "customerio-cdp-analytics", 0.25),
    ("segment-analytics-python", "segment", "segment-analytics-python", 0.25),
    ("posthog", "posthog", "posthog", 0.1),
)
NODE = "customerio-node, queue by hand"
HEAD = ("", "events/s", "CPU µs an event", "verb p50", "verb p99", "memory")


def measure(bench: Bench) -> Sequence[Table | Grid]:
    """Measure everything that can be had."""
    missing: list[str] = []
    speeds = bench.measure(_sides("speed", missing), calls=EVENTS, rounds=ROUNDS)
    # A clock around each call costs as much as some of them, so the calls' times are those of rounds of their own.
    without = [side for side in _sides("verbs", []) if side.label not in {BATCHES, FLOOR}]
    verbs = bench.measure(without, calls=EVENTS, rounds=ROUNDS)
    versions = ", ".join(f"{name} {version}" for name, version in environments.versions().items())
    notes = (
        f"{versions}. {BATCHES.partition(',')[0].capitalize()}'s batch() sends while its caller waits, so it has no verb to time.",
        "ciokit alone limits its requests, to 200 a second by default, which carry some 390,000 of these events.",
        *[f"Missing: {reason}." for reason in missing],
    )
    return [Table("What the outbox should reach", _rows(speeds, verbs)), _grid(speeds, verbs, notes)]


def _sides(mode: str, missing: list[str]) -> list[Side]:
    def side(label: str, maker: str, share: float = 1.0, **more: str) -> Side:
        return Side(label, f"benchmarks.outbox_sides:{mode}", "events", (maker,), share=share, **more)

    ours = ((MEMORY, "ciokit_memory"), (SPOOL, "ciokit_spool"))
    sides = [side(label, maker) for label, maker in ours]
    for label, maker, library, share in PYTHON_SIDES:
        try:
            sides.append(side(label, maker, share, python=python_of(library)))
        except MissingError as error:
            missing.append(str(error))
    try:
        sides.append(Side(NODE, counted="events", command=node_command(), arguments=(mode,), share=0.05))
    except MissingError as error:
        missing.append(str(error))
    return [*sides, side(FLOOR, "bare_socket")]


Used = Mapping[str, Sequence[Usage]]


def _lines(used: Used, labels: Sequence[str], value: Callable[[Usage], float]) -> tuple[Line, ...]:
    return tuple(Line(label, tuple(map(value, used[label]))) for label in labels if label in used)


def _rows(speeds: Used, verbs: Used) -> tuple[Row, ...]:
    def row(name: str, unit: str, lines: tuple[Line, ...], *wanted: object) -> Row:
        bound, limit, to = wanted
        there = not to or any(line.label == to for line in lines)
        return Row(name, unit, lines, Target(bound, limit, str(to)) if there else None)  # type: ignore[arg-type]

    beside = (MEMORY, BATCHES, CDP, FLOOR)
    return (
        row("events a second, memory", "events/s", _lines(speeds, beside, rate), "at least", 1.5, BATCHES),
        row("the same", "events/s", _lines(speeds, (MEMORY, CDP), rate), "at least", 6.0, CDP),
        row("events a CPU second, memory", "events", _lines(speeds, beside, worth), "at least", 1.5, BATCHES),
        row("the same", "events", _lines(speeds, (MEMORY, CDP), worth), "at least", 6.0, CDP),
        row("CPU an event in all, memory", "µs", _lines(speeds, (MEMORY,), cpu), "at most", 5.0, ""),
        row("track(), memory: p50", "µs", _lines(verbs, (MEMORY, CDP), p50), "at most", 3.0, ""),
        row("track(), memory: p99", "µs", _lines(verbs, (MEMORY, CDP), p99), "at most", 25.0, ""),
        row(
            "events a second, spool", "events/s", _lines(speeds, (SPOOL, BATCHES), rate), "at least", 1e5, ""
        ),
        row("track(), spool: p50", "µs", _lines(verbs, (SPOOL,), p50), "at most", 6.0, ""),
        row("track(), spool: p99", "µs", _lines(verbs, (SPOOL,), p99), "at most", 40.0, ""),
    )


def rate(usage: Usage) -> float:
    """Return the events a second."""
    return usage.calls / usage.wall


def worth(usage: Usage) -> float:
    """Return the events for a second of CPU, which a busy machine distorts less than those a second."""
    return usage.calls / usage.cpu


def cpu(usage: Usage) -> float:
    """Return the CPU time of an event in microseconds."""
    return usage.cpu / usage.calls * 1e6


def p50(usage: Usage) -> float:
    """Return the median of the calls."""
    return usage.figures["p50"]


def p99(usage: Usage) -> float:
    """Return what one call in a hundred takes longer than."""
    return usage.figures["p99"]


def _grid(speeds: Used, verbs: Used, notes: tuple[str, ...]) -> Grid:
    data = []
    for label, usages in speeds.items():
        timed = verbs.get(label, ())
        data.append(
            {
                "label": label,
                "events_per_second": _median(usages, rate),
                "cpu_us": _median(usages, cpu),
                "p50_us": _median(timed, p50),
                "p99_us": _median(timed, p99),
                "memory_mb": _median(usages, lambda usage: usage.figures["memory"]),
                "events": usages[0].calls,
            }
        )
    rows = tuple(
        (
            str(line["label"]),
            f"{line['events_per_second']:,.0f}",
            f"{line['cpu_us']:,.2f}",
            _micro(line["p50_us"]),
            _micro(line["p99_us"]),
            f"{line['memory_mb']:.0f} MB",
        )
        for line in data
    )
    return Grid("Beside the others", HEAD, rows, notes, tuple(data))


def _median(usages: Sequence[Usage], value: Callable[[Usage], float]) -> float | None:
    return float(f"{spread([value(usage) for usage in usages]).median:.4g}") if usages else None


def _micro(value: object) -> str:
    return "" if value is None else f"{value:,.1f} µs"
