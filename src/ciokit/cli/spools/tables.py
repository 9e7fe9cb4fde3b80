"""The tables of `ciokit spool`, for people at a terminal."""

import time
from collections.abc import Sequence
from typing import Final

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from ciokit.cli.spools.words import age, plain, size, stamp
from ciokit.stores.inspection import ProcessState, SpoolState
from ciokit.stores.requeue import Buried

__all__ = ["console_for", "dead_table", "status_view"]

_STATES: Final = {
    "live": ("running", "green"),
    "left": ("gone", "yellow"),
    "elsewhere": ("of another machine", "dim"),
}
_FILE_WIDTH: Final = 10_000
"""Columns of a table that is written to a file or a pipe, where nobody wants it folded."""


def console_for() -> Console:
    """Be the console that tables are printed to."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_FILE_WIDTH)


def status_view(state: SpoolState) -> RenderableType:
    """Show a spool: its processes, and what needs people."""
    now = time.time()
    parts: list[RenderableType] = []
    if state.processes:
        parts.append(_processes(state.processes, now))
    waits = f"{state.entries:,} waiting, {size(state.bytes)}"
    oldest = f", the oldest for {age(now - state.oldest)}" if state.oldest else ""
    parts.append(Text(f"{waits}{oldest}" if state.entries else "nothing waits", style="bold"))
    parts.append(
        Text(
            f"dead letters: {state.dead_letters:,}, {size(state.dead_bytes)}",
            style="yellow" if state.dead_letters else "dim",
        )
    )
    damaged = sum(process.damaged for process in state.processes)
    if damaged:
        parts.append(
            Text(
                f"damaged lines: {damaged:,}; their file is set aside when its entries are next taken over",
                "red",
            )
        )
    for name in state.damaged_files:
        room, slash, file = name.rpartition("/")
        parts.append(Text(f"damaged and set aside: {room}{slash}damaged/{file}", "red"))
    return Group(*parts)


def _processes(processes: Sequence[ProcessState], now: float) -> Table:
    table = _table()
    for name, right in (
        ("Process", True),
        ("Machine", False),
        ("State", False),
        ("Waiting", True),
        ("Size", True),
        ("Oldest", True),
        ("Files", True),
        ("On disk", True),
        ("Directory", False),
    ):
        table.add_column(name, justify="right" if right else "left", no_wrap=name != "Directory")
    for process in processes:
        words, style = _STATES[process.state]
        state = f"{words}: {process.problem}" if process.problem else words
        table.add_row(
            str(process.pid or "?"),
            plain(process.host),
            Text(state, style="red" if process.problem else style),
            f"{process.entries:,}",
            size(process.bytes),
            age(now - process.oldest) if process.oldest else "",
            f"{process.files:,}",
            size(process.file_bytes),
            Text(process.name, style="dim"),
        )
    return table


def dead_table(letters: Sequence[Buried], *, show_body: bool) -> Table:
    """Show dead letters."""
    table = _table()
    for name in ("When", "Status", "Tried", "Kind", "Event's id", "Letter"):
        table.add_column(name, no_wrap=True, justify="right" if name in {"Status", "Tried"} else "left")
    table.add_column("Reason")
    if show_body:
        table.add_column("Body")
    for buried in letters:
        letter = buried.letter
        row: list[RenderableType] = [
            stamp(letter.at),
            str(letter.status or ""),
            str(letter.attempts),
            letter.entry.kind,
            plain(letter.entry.id or ""),
            Text(buried.id, style="dim"),
            Text(plain(letter.reason)),
        ]
        if show_body:
            row.append(Text(plain(letter.entry.body.decode("utf-8", "replace"))))
        table.add_row(*row)
    return table


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
