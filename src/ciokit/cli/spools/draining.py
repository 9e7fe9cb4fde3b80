"""Deliver what dead processes left in a spool, with the settings of this environment."""

import logging
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ciokit.cli.spools.rooms import Room, look, rooms_of
from ciokit.errors import SettingsError
from ciokit.outboxes import Outbox
from ciokit.outboxes.pipelines import PipelinesOutbox
from ciokit.pipelines import PipelinesClient
from ciokit.stores import inspection
from ciokit.stores.directories import process_names
from ciokit.stores.journal import NewerFormat
from ciokit.stores.spool import Spool
from ciokit.track import TrackClient
from ciokit.wire import PIPELINES

__all__ = ["Drained", "drain"]

_STEP: Final = 0.2
"""Seconds between two looks at how far it is."""

Outboxes: TypeAlias = Outbox[Any, Any] | PipelinesOutbox[Any, Any]
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
        paused: Why nothing could be sent to an API (`unauthorized`, ...); empty when it could.
        seconds: How long it took.
        unset: Which settings an API's entries would need that there are not; empty when there are.
    """

    adopted: int
    delivered: int
    rejected: int
    left: int
    running: int
    paused: str
    seconds: float
    unset: str = ""


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
    with ExitStack() as opened, _progress(console) as show:
        outboxes, unset = _open(directory, opened, deadline)
        _deliver(outboxes, deadline, show)
        stats = [outbox.stats() for outbox in outboxes]
    processes = look(directory).processes
    return Drained(
        adopted=sum(one.accepted for one in stats),
        delivered=sum(one.delivered for one in stats),
        rejected=sum(one.rejected for one in stats),
        left=sum(process.entries for process in processes if process.state != "live"),
        running=sum(process.entries for process in processes if process.state == "live"),
        paused=next((one.paused for one in stats if one.paused), ""),
        seconds=round(time.monotonic() - started, 3),
        unset=unset,
    )


def _open(directory: Path, opened: ExitStack, deadline: float) -> tuple[list[Outboxes], str]:
    """Open an outbox for each room in which there may be something; one whose settings are not there keeps no other.

    Returns:
        The outboxes, and what is wrong with the settings of another one.
    """
    outboxes: list[Outboxes] = []
    wrong: list[SettingsError] = []
    for room in _used(directory):
        try:
            outbox = _outbox(room, opened)
            opened.callback(_close, outbox, deadline)
            outboxes.append(outbox)
        except SettingsError as error:
            wrong.append(error)
    if wrong and not outboxes:
        raise wrong[0]
    return outboxes, str(wrong[0]) if wrong else ""


def _close(outbox: Outboxes, deadline: float) -> None:
    outbox.close(timeout=max(0.0, min(1.0, deadline - time.monotonic())))


def _used(directory: Path) -> list[Room]:
    used: list[Room] = []
    for room in rooms_of(directory):
        with inspection.open_to_read(room.directory) as fd:
            if process_names(fd):
                used.append(room)
    return used


def _outbox(room: Room, opened: ExitStack) -> Outboxes:
    # A spool of its own, not its path: that would mean the room within the room.
    if room.prefix or _is_of_pipelines(room.directory):
        client = opened.enter_context(PipelinesClient())
        return PipelinesOutbox(client, spool=Spool(room.directory), exit_timeout=0)
    return Outbox(opened.enter_context(TrackClient()), spool=room.directory, exit_timeout=0)


def _is_of_pipelines(directory: Path) -> bool:
    """Tell of a room that was named by itself which API its entries are for, by the first one."""
    first = None
    with suppress(NewerFormat):  # told when it is to be taken over
        first = next(inspection.waiting(directory), None)
    return first is not None and first.entry.route == PIPELINES


def _deliver(outboxes: Sequence[Outboxes], deadline: float, show: Show) -> None:
    """Wait until everything is delivered, the time is up, or nobody takes what is left."""
    left = list(outboxes)
    while left and time.monotonic() < deadline:
        left = [outbox for outbox in left if not _drained(outbox, deadline)]
        stats = [outbox.stats() for outbox in outboxes]
        show(sum(one.delivered + one.rejected for one in stats), sum(one.accepted for one in stats))


def _drained(outbox: Outboxes, deadline: float) -> bool:
    """Wait a moment for an outbox; tell whether it is of no use to wait longer."""
    step = min(_STEP, max(0.0, deadline - time.monotonic()))
    return outbox.flush(step) or bool(outbox.stats().paused)


@contextmanager
def _progress(console: Console) -> Generator[Show]:
    """Show a bar at a terminal, and what the library logs above it; a file or a pipe gets the log alone."""
    logger, handler = logging.getLogger("ciokit"), _Lines(console)
    with _bar(console) as show:
        logger.addHandler(handler)
        try:
            yield show
        finally:
            logger.removeHandler(handler)


@contextmanager
def _bar(console: Console) -> Generator[Show]:
    # A bar that is only turned off still ends with an empty line, up to Rich 14.
    if not console.is_terminal:
        yield _nowhere
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("Delivering", total=None)

        def show(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        yield show


def _nowhere(_done: int, _total: int) -> None:
    return


class _Lines(logging.Handler):
    """Print what is logged, each message on one line."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.WARNING)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Print a message."""
        self._console.print(f"ciokit: {record.getMessage()}", markup=False, soft_wrap=True)
