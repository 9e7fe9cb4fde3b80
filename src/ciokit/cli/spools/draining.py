"""Deliver what dead processes left in a spool, with the settings of this environment."""

import logging
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ciokit.outboxes import Outbox
from ciokit.stores.inspection import look
from ciokit.track import TrackClient

__all__ = ["Drained", "drain"]

_STEP: Final = 0.2
"""Seconds between two looks at how far it is."""

Show = Callable[[int, int], None]
"""Told how many entries are done with, and of how many."""


class Drained(msgspec.Struct, frozen=True):
    """Tell what a drain did.

    Attributes:
        adopted: Entries of dead processes that were taken over.
        delivered: Those of them that Customer.io took.
        rejected: Those that it refused: they are dead letters now.
        left: Those that are still in the spool, for the next process that uses it.
        running: Entries of processes that run, and deliver them themselves.
        paused: Why nothing could be sent (`unauthorized`, ...); empty when it could.
        seconds: How long it took.
    """

    adopted: int
    delivered: int
    rejected: int
    left: int
    running: int
    paused: str
    seconds: float


def drain(directory: Path, timeout: float, console: Console) -> Drained:
    """Take over what dead processes left, and deliver it.

    Args:
        directory: The spool.
        timeout: Seconds after which it ends, whatever is left.
        console: Where progress and problems are shown.

    Raises:
        SettingsError: The settings lack a credential, or the directory cannot be trusted.
        OSError: The spool cannot be read.
    """
    started = time.monotonic()
    deadline = started + timeout
    with TrackClient() as client, _progress(console) as show:
        outbox = Outbox(client, spool=directory, exit_timeout=0)
        try:
            while not outbox.flush(min(_STEP, max(0.0, deadline - time.monotonic()))):
                stats = outbox.stats()
                show(stats.delivered + stats.rejected, stats.accepted)
                if stats.paused or time.monotonic() >= deadline:
                    break
            stats = outbox.stats()
        finally:
            outbox.close(timeout=max(0.0, min(1.0, deadline - time.monotonic())))
    processes = look(directory).processes
    return Drained(
        adopted=stats.accepted,
        delivered=stats.delivered,
        rejected=stats.rejected,
        left=sum(process.entries for process in processes if process.state != "live"),
        running=sum(process.entries for process in processes if process.state == "live"),
        paused=stats.paused,
        seconds=round(time.monotonic() - started, 3),
    )


@contextmanager
def _progress(console: Console) -> Generator[Show]:
    """Show a bar at a terminal, and what the library logs above it; a file or a pipe gets the log alone."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("Delivering", total=None)

        def show(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        logger, handler = logging.getLogger("ciokit"), _Lines(console)
        logger.addHandler(handler)
        try:
            yield show
        finally:
            logger.removeHandler(handler)


class _Lines(logging.Handler):
    """Print what is logged, each message on one line."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.WARNING)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Print a message."""
        self._console.print(f"ciokit: {record.getMessage()}", markup=False, soft_wrap=True)
