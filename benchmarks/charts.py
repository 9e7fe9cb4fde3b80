"""The outbox's record as a picture: how fast, and what is lost. `python -m benchmarks.charts` draws it again.

Two files, for light and for dark pages, from the kept record alone.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["draw"]

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
RECORD = Path(__file__).parent / "results" / "outbox.json"
LIMIT = "bare socket"
"""What the table shows and the picture does not: the machine's own limit."""
WIDTH, HEIGHT, RESOLUTION = 11.0, 8.6, 160
LEFT, RIGHT = 0.245, 0.975
ROOM = 1.24
"""How much wider the bars' part is than the longest bar, for the figures beside it."""


@dataclass(frozen=True)
class Theme:
    """Say in which colours a picture is drawn."""

    name: str
    ground: str
    text: str
    muted: str
    line: str
    bar: str
    own: str
    good: str
    told: str
    bad: str
    tint: float


THEMES = (
    Theme(
        "light",
        ground="#ffffff",
        text="#1f2328",
        muted="#59636e",
        line="#e4e8ec",
        bar="#b4bdc7",
        own="#0d7a6f",
        good="#1a7f37",
        told="#9a6700",
        bad="#cf222e",
        tint=0.13,
    ),
    Theme(
        "dark",
        ground="#0d1117",
        text="#e6edf3",
        muted="#9198a1",
        line="#262c36",
        bar="#5a636e",
        own="#2fc7b4",
        good="#3fb950",
        told="#d8a227",
        bad="#ff6b63",
        tint=0.2,
    ),
)


def draw(record: Mapping[str, Any]) -> list[Path]:
    """Draw a record of the area `outbox` for every theme, and return the files."""
    import matplotlib as mpl

    mpl.use("agg")
    IMAGES.mkdir(exist_ok=True)
    return [_draw(record, theme) for theme in THEMES]


def _draw(record: Mapping[str, Any], theme: Theme) -> Path:
    from matplotlib.figure import Figure

    grids = [table for table in record["tables"] if "grid" in table]
    speed = [line for line in grids[0]["data"] if not line["label"].startswith(LIMIT)]
    figure = Figure(figsize=(WIDTH, HEIGHT), facecolor=theme.ground)
    _bars(figure, theme, speed)
    _matrix(figure, theme, grids[1]["head"][1:], grids[1]["data"])
    machine = record["machine"]
    made = f"{machine['cores']} cores of {machine['cpu']}, {machine['python']}, {record['measured']}. make bench ARGS=outbox"
    figure.text(RIGHT, 0.018, made, color=theme.muted, fontsize=8, ha="right")
    path = IMAGES / f"outbox-{theme.name}.png"
    figure.savefig(path, dpi=RESOLUTION, facecolor=theme.ground, metadata={"Software": None})
    return path


def _bars(figure: Any, theme: Theme, lines: Sequence[Mapping[str, Any]]) -> None:
    figure.text(
        0.025, 0.955, "Events delivered for each second of CPU", color=theme.text, fontsize=14, weight="bold"
    )
    figure.text(
        0.025,
        0.93,
        "A burst of typed events from one process to a local server that does nothing. Longer is better.",
        color=theme.muted,
        fontsize=9,
    )
    axes = figure.add_axes((LEFT, 0.585, RIGHT - LEFT, 0.325), facecolor=theme.ground)
    most = max(_worth(line) for line in lines)
    for at, line in enumerate(lines):
        value, own = _worth(line), _is_own(line)
        axes.barh(at, value, height=0.62, color=theme.own if own else theme.bar)
        style = {
            "va": "center",
            "fontsize": 9.5,
            "color": theme.text if own else theme.muted,
            "weight": "bold" if own else "normal",
        }
        axes.text(value + most * 0.008, at, f"{value:,.0f}", **style)
        call = line["p50_us"]
        axes.text(most * ROOM, at, "-" if call is None else _microseconds(call), ha="right", **style)
    figure.text(RIGHT, 0.93, "a call takes", color=theme.muted, fontsize=9, ha="right")
    axes.set_xlim(0, most * ROOM)
    axes.set_ylim(len(lines) - 0.5, -0.5)
    axes.set_xticks([])
    _name_rows(axes, theme, lines)


def _matrix(figure: Any, theme: Theme, columns: Sequence[str], lines: Sequence[Mapping[str, Any]]) -> None:
    figure.text(
        0.025, 0.535, "Events lost when things go wrong", color=theme.text, fontsize=14, weight="bold"
    )
    words = "What never reached the server, out of 500 to 15,000 events, once each process had been started again."
    figure.text(0.025, 0.51, words, color=theme.muted, fontsize=9)
    axes = figure.add_axes((LEFT, 0.095, RIGHT - LEFT, 0.365), facecolor=theme.ground)
    for row, line in enumerate(lines):
        for column, name in enumerate(columns):
            _cell(axes, theme, column, row, line[name])
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(len(lines) - 0.5, -0.5)
    axes.set_xticks(range(len(columns)), columns)
    axes.xaxis.tick_top()
    axes.tick_params(axis="x", length=0, colors=theme.text, labelsize=9, pad=2)
    _name_rows(axes, theme, lines)
    legend = (
        (theme.good, "all arrived"),
        (theme.told, "lost, and the application was told; or arrived twice"),
        (theme.bad, "lost in silence"),
    )
    x = LEFT
    for colour, words in legend:
        figure.text(x, 0.058, "■", color=colour, fontsize=10, va="center")
        figure.text(x + 0.016, 0.058, words, color=theme.muted, fontsize=9, va="center")
        x += 0.03 + len(words) * 0.0068


def _cell(axes: Any, theme: Theme, column: int, row: int, result: Mapping[str, Any] | None) -> None:
    from matplotlib.patches import FancyBboxPatch

    if result is None:
        axes.text(column, row, "-", ha="center", va="center", color=theme.muted, fontsize=9)
        return
    words, small, colour = _judged(theme, result)
    box = FancyBboxPatch(
        (column - 0.44, row - 0.38),
        0.88,
        0.76,
        boxstyle="round,pad=0,rounding_size=0.1",
        mutation_aspect=0.9,
        linewidth=0,
        facecolor=colour,
        alpha=theme.tint,
    )
    axes.add_patch(box)
    shift = 0.13 if small else 0.0
    axes.text(column, row - shift, words, ha="center", va="center", color=colour, fontsize=10, weight="bold")
    if small:
        axes.text(column, row + 0.2, small, ha="center", va="center", color=colour, fontsize=7)


def _judged(theme: Theme, result: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return what a cell says, in large and in small, and its colour."""
    lost, doubled = result["lost"], result["doubled"]
    if lost > result["told"]:
        return f"{lost:,}", "", theme.bad
    if lost:
        return f"{lost:,}", "told", theme.told
    if doubled:
        return f"{doubled:,}", "twice", theme.told
    return "0", "", theme.good


def _name_rows(axes: Any, theme: Theme, lines: Sequence[Mapping[str, Any]]) -> None:
    axes.set_yticks(range(len(lines)), [line["label"] for line in lines])
    axes.tick_params(axis="y", length=0, labelsize=10, pad=6)
    for label, line in zip(axes.get_yticklabels(), lines, strict=True):
        label.set_color(theme.own if _is_own(line) else theme.text)
        label.set_weight("bold" if _is_own(line) else "normal")
    for spine in axes.spines.values():
        spine.set_visible(False)


def _worth(line: Mapping[str, Any]) -> float:
    """Return the events for a second of CPU: a busy machine distorts those a second by the clock much more."""
    return round(1e6 / line["cpu_us"], -2)


def _is_own(line: Mapping[str, Any]) -> bool:
    return str(line["label"]).startswith("ciokit")


def _microseconds(value: float) -> str:
    return f"{value:,.0f} µs" if value >= 10 else f"{value:.1f} µs"


if __name__ == "__main__":
    for drawn in draw(json.loads(RECORD.read_text(encoding="utf-8"))):
        print(drawn.relative_to(ROOT))
