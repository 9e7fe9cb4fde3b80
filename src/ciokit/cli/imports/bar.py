"""A bar that shows how far an import is, at a terminal."""

from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

__all__ = ["Advance", "bar"]

Advance = Callable[[int, int], None]
"""Told the position in the measure of the whole, and how many rows that is."""

_EVERY = 1024
"""Rows between two looks at the bar: it costs more than a row does."""


@contextmanager
def bar(console: Console, words: str, total: int) -> Generator[Advance]:
    """Show a bar; a file or a pipe gets nothing.

    Args:
        console: Where.
        words: What is going on.
        total: The position of the end.

    Yields:
        What moves it.
    """
    if not console.is_terminal:
        yield _nowhere
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        _Speed(table_column=Column(no_wrap=True)),  # where there is little room, the bar gives way
    )
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        task = progress.add_task(words, total=total, rows=0)

        def advance(position: int, rows: int) -> None:
            if not rows % _EVERY:
                progress.update(task, completed=position, rows=rows)

        yield advance


def _nowhere(_position: int, _rows: int) -> None:
    return


class _Speed(ProgressColumn):
    """Show how many rows there were, and how fast they go."""

    def render(self, task: Task) -> Text:
        """Return the text of the column."""
        rows = task.fields["rows"]
        seconds = task.elapsed or 0.0
        speed = f"{rows / seconds:,.0f} rows/s" if seconds > 0 else ""
        return Text(f"{rows:,} rows  {speed}", style="cyan")
