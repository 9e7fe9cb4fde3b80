"""`ciokit spool`: look into a spool, follow it, empty it, and see to what Customer.io refused."""

import os
from collections.abc import Callable, Generator, Iterable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import typer

from ciokit.cli.failures import FailureError, UsageError

if TYPE_CHECKING:
    from ciokit.cli.spools.draining import Drained
    from ciokit.stores.following import Written
    from ciokit.stores.requeue import Buried

__all__ = ["app"]

_LOOK_EVERY: Final = 0.1

Spool: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--spool", metavar="DIRECTORY", show_default=False, help="The spool; CIOKIT_SPOOL without this."
    ),
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON.")]
JsonLines: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON, one object per line.")]
ShowBody: TypeAlias = Annotated[
    bool, typer.Option("--show-body", help="Show whom an entry is about and what is sent: personal data.")
]
Letters: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(metavar="LETTER", show_default=False, help="Letters or events' ids, as dead lists them."),
]
All: TypeAlias = Annotated[bool, typer.Option("--all", help="All dead letters.")]

app = typer.Typer(no_args_is_help=True)


@app.callback()
def spool() -> None:
    """Look into a spool, whether or not it is in use; no process is disturbed.

    A spool is the directory where an outbox keeps what is not delivered yet. Entries of the Pipelines API are in its
    subdirectory pipelines, and are shown with the others. Only --show-body shows personal data, and only export
    writes it.
    """


@app.command()
def status(*, directory: Spool = None, as_json: Json = False) -> None:
    """Summarise a spool: processes, what waits and for how long, dead letters, damage.

    The exit code is 1 if a part of it cannot be read.
    """
    from ciokit.cli.spools.place import find_spool, one_line_for_the_disk
    from ciokit.cli.spools.rooms import look
    from ciokit.cli.spools.tables import console_for, status_view
    from ciokit.cli.spools.words import as_json as to_json

    found = find_spool(directory)
    with one_line_for_the_disk(str(found)):
        state = look(found)
    if as_json:
        sums = {"entries": state.entries, "bytes": state.bytes, "oldest": state.oldest or None}
        _say(to_json({"directory": state.directory, **sums, **_parts(state)}))
    else:
        console_for().print(status_view(state))
    unread = [process for process in state.processes if process.problem]
    if unread:
        msg = f"spool: {unread[0].name} cannot be read: {unread[0].problem}"
        raise FailureError(msg)


def _parts(state: object) -> dict[str, Any]:
    import msgspec

    parts: dict[str, Any] = msgspec.to_builtins(state)
    del parts["directory"]
    return parts


@app.command()
def tail(
    *,
    directory: Spool = None,
    lines: Annotated[
        int, typer.Option("--lines", "-n", min=0, metavar="N", help="How many lines to start with.")
    ] = 10,
    follow: Annotated[bool, typer.Option(help="Keep following until Ctrl-C.")] = True,
    as_json: JsonLines = False,
    show_body: ShowBody = False,
) -> None:
    """Follow what comes in and what becomes of it, until Ctrl-C.

    Prints one line for each entry that is put, and one for each run of entries that are delivered, rejected or dropped,
    with their numbers in the directory of their process.
    """
    from ciokit.cli.signals import stop_on_signals
    from ciokit.cli.spools.place import find_spool, one_line_for_the_disk
    from ciokit.cli.spools.rooms import RoomsFollower
    from ciokit.cli.spools.words import as_json as to_json
    from ciokit.cli.spools.words import line_of, lines_of
    from ciokit.clock import SYSTEM_CLOCK

    found = find_spool(directory)
    follower = RoomsFollower(found)

    def show(some: "Iterable[Written]") -> None:
        for written in some:
            for facts in lines_of(written, show_body=show_body):
                _say(to_json(facts) if as_json else line_of(facts))

    stop_on_signals()
    try:
        with one_line_for_the_disk(str(found)):
            show(follower.last(lines))
            while follow:
                SYSTEM_CLOCK.sleep(_LOOK_EVERY)
                show(follower.read_on())
    except KeyboardInterrupt:
        return
    finally:
        follower.close()


@app.command()
def drain(
    *,
    directory: Spool = None,
    timeout: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="When to end, whatever is left.")
    ] = 60.0,
    as_json: Json = False,
) -> None:
    """Deliver what dead processes left behind, with the settings of this environment.

    Entries of the Pipelines API go to that API, with its own key. Entries of running processes are theirs to deliver
    and are not touched. The exit code is 1 if anything is left.
    """
    from rich.console import Console

    from ciokit.cli.signals import stop_on_signals
    from ciokit.cli.spools import draining
    from ciokit.cli.spools.place import find_spool, one_line_for_the_disk
    from ciokit.cli.spools.words import as_json as to_json

    found = find_spool(directory)
    stop_on_signals()
    with one_line_for_the_disk(str(found)):
        drained = draining.drain(found, timeout, Console(stderr=True, highlight=False))
    _say(to_json(drained) if as_json else _told(drained))
    if drained.left:
        msg = f"spool: {drained.left:,} left: {_why(drained, timeout)}"
        raise FailureError(msg)


def _told(drained: "Drained") -> str:
    listed = " (ciokit spool dead lists them)" if drained.rejected else ""
    text = f"delivered {drained.delivered:,} · rejected {drained.rejected:,}{listed} · left {drained.left:,}"
    running = f" · with running processes {drained.running:,}" if drained.running else ""
    return f"{text}{running} · {drained.seconds:.1f} s"


def _why(drained: "Drained", timeout: float) -> str:
    if drained.paused:
        return f"Customer.io does not take these settings ({drained.paused}); ciokit doctor finds out why"
    if drained.unset:
        return drained.unset
    if drained.delivered + drained.rejected < drained.adopted:
        return f"not done within {timeout:g} s; run it again, with a longer --timeout or when Customer.io answers"
    return "they could not be taken over; ciokit spool status shows them"


@app.command()
def dead(
    *,
    directory: Spool = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, metavar="N", help="The most letters to list; all with --json.")
    ] = 100,
    as_json: JsonLines = False,
    show_body: ShowBody = False,
) -> None:
    """List the dead letters, oldest first: what Customer.io refused, when, and why."""
    from ciokit.cli.spools.place import find_spool, one_line_for_the_disk
    from ciokit.cli.spools.rooms import dead_letters
    from ciokit.cli.spools.tables import console_for, dead_table
    from ciokit.cli.spools.words import as_json as to_json
    from ciokit.cli.spools.words import dead_line

    found = find_spool(directory)
    with one_line_for_the_disk(str(found)):
        letters = dead_letters(found)
        if as_json:
            for buried in letters:
                _say(to_json(dead_line(buried, show_body=show_body)))
            return
        some = list(islice(letters, limit))
        more = sum(1 for _ in letters)
    if some:
        console_for().print(dead_table(some, show_body=show_body))
    _say(f"dead letters: {len(some) + more:,}" + (f", {more:,} of them not shown (--limit)" if more else ""))


@app.command()
def retry(
    letters: Letters = None, *, directory: Spool = None, every: All = False, as_json: Json = False
) -> None:
    """Put dead letters back among the waiting entries, as the same bytes with the same ids.

    They are delivered by the next process that looks: a running one within half a minute, or drain.
    """
    from ciokit.stores.requeue import retry as put_back

    _see_to("retried", put_back, letters, directory, every=every, as_json=as_json)


@app.command()
def purge(
    letters: Letters = None, *, directory: Spool = None, every: All = False, as_json: Json = False
) -> None:
    """Delete dead letters for good."""
    from ciokit.stores.requeue import purge as delete

    _see_to("purged", delete, letters, directory, every=every, as_json=as_json)


def _see_to(
    done: str,
    act: "Callable[[Path, Callable[[Buried], bool]], int]",
    letters: list[str] | None,
    directory: Path | None,
    *,
    every: bool,
    as_json: bool,
) -> None:
    from ciokit.cli.spools.place import find_spool, one_line_for_the_disk
    from ciokit.cli.spools.rooms import see_to
    from ciokit.cli.spools.words import as_json as to_json

    wanted = set(letters or ())
    if bool(wanted) == every:
        msg = "spool: say which dead letters, or --all"
        raise UsageError(msg)
    found, seen = find_spool(directory), set[str]()

    def chosen(buried: "Buried") -> bool:
        hits = wanted & {buried.id, buried.letter.entry.id or ""}
        seen.update(hits)
        return every or bool(hits)

    with one_line_for_the_disk(str(found)):
        count = see_to(found, act, chosen)
    _say(to_json({done: count}) if as_json else f"{count:,} {done}")
    if wanted - seen:
        msg = f"spool: no dead letter {', '.join(sorted(wanted - seen))}; ciokit spool dead lists them"
        raise FailureError(msg)


@app.command()
def export(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", show_default=False, help="A new file, which only you may read.")
    ],
    *,
    directory: Spool = None,
    dead_letters: Annotated[
        bool, typer.Option("--dead", help="The dead letters instead of the entries that wait.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write the waiting entries to a file as JSON lines, including bodies; the spool is not changed."""
    from ciokit.cli.spools import rooms
    from ciokit.cli.spools.place import find_spool
    from ciokit.cli.spools.words import as_json as to_json
    from ciokit.cli.spools.words import dead_line, waiting_line

    found = find_spool(directory)
    lines = (
        (dead_line(buried, show_body=True) for buried in rooms.dead_letters(found))
        if dead_letters
        else (waiting_line(one) for one in rooms.waiting(found))
    )
    count = _write(file, _read(found, (to_json(line) for line in lines)))
    _say(to_json({"file": str(file), "exported": count}) if as_json else f"{count:,} exported to {file}")


def _read(directory: Path, lines: Iterable[str]) -> Generator[str]:
    """Hand lines on; what goes wrong with reading them is the spool's matter, not that of the file they go to."""
    from ciokit.cli.spools.place import one_line_for_the_disk

    with one_line_for_the_disk(str(directory)):
        yield from lines


def _write(path: Path, lines: Iterable[str]) -> int:
    """Write lines to a file that is new, or to none at all."""
    from ciokit.cli.spools.place import one_line_for_the_disk

    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError as error:
        msg = f"spool: {path} exists already; name a new file"
        raise UsageError(msg) from error
    except OSError as error:
        msg = f"spool: {path} cannot be made: {error.strerror}"
        raise UsageError(msg) from error
    count = 0
    try:
        # Outside: on a full disk the file's end is refused as well, once more.
        with one_line_for_the_disk(str(path)), os.fdopen(fd, "w", encoding="utf-8", newline="\n") as file:
            for line in lines:
                file.write(f"{line}\n")
                count += 1
            file.flush()
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return count


def _say(line: str) -> None:
    print(line, flush=True)
