"""`ciokit demo`: ciokit end to end against its own sandbox, on this machine alone."""

import time
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from ciokit.cli.failures import FailureError, need
from ciokit.cli.waiting import waiting

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from ciokit.cli.demo_run import Tally
    from ciokit.cli.shop import Day
    from ciokit.sandbox.server import SandboxServer

__all__ = ["demo"]

PEOPLE = 200
SINGLES = 240
BATCH = 200
FAILURES = "500 twice, 429 once, two connections lost"


class Row(msgspec.Struct, frozen=True):
    """One line of the table: something that was counted, what the count should be, and what it means."""

    what: str
    count: int
    should_be: int
    meaning: str
    section_ends: bool = False


def demo(
    *,
    events: Annotated[
        int, typer.Option(min=SINGLES + 2 * BATCH, max=50_000, help="How many events the shop sends.")
    ] = 1040,
    seed: Annotated[int, typer.Option(help="Another seed gives another day at the shop.")] = 1,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the sandbox; 0 takes a free one.")] = 0,
    serve: Annotated[
        bool, typer.Option("--serve", help="Leave the sandbox open afterwards, until Ctrl-C.")
    ] = False,
) -> None:
    """Show ciokit end to end against a local Customer.io; needs no account.

    A made-up shop sends a day's people and events through the real client over HTTP. Some calls are wrong on
    purpose, and some requests fail on the way. What the service then holds is compared with what it should hold, event
    by event; the exit code is 1 if anything differs.
    """
    need("sandbox", "starlette", "uvicorn")
    from rich.console import Console

    from ciokit.cli.serving import open_server
    from ciokit.cli.shop import Shop
    from ciokit.cli.signals import wait_for_stop
    from ciokit.sandbox import Rules, World

    console = Console(highlight=False)
    day = Shop(seed=seed, now=int(time.time()), people=PEOPLE, events=events).open(
        singles=SINGLES, batch=BATCH
    )
    world = World(rules=Rules(identifiers=("id", "email")), seed=seed)
    with open_server(world, port=port) as server:
        _announce(console, server.url, day)
        wrong = _run(console, day, server)
        if serve:
            stays = f"\nThe sandbox stays open at [bold]{server.url}[/bold]; Ctrl-C ends it."
            wait_for_stop(lambda: console.print(stays))
    if wrong:
        raise FailureError(_told(wrong))


def _announce(console: "Console", url: str, day: "Day") -> None:
    mistakes = day.count("refused_at_the_call") + day.count("refused_by_the_service")
    console.print()
    console.print(f"[bold]ciokit demo[/bold]  a shop's day, sent to a local Customer.io at {url}")
    console.print(
        f"{len(day.people):,} people and {len(day.events):,} events, and {mistakes} calls that are wrong on purpose."
    )
    console.print(f"On the way: {FAILURES}.")
    console.print()


def _run(console: "Console", day: "Day", server: "SandboxServer") -> list[str]:
    """Send the day, show what came of it, and return what is not as it should be."""
    from ciokit.cli.demo_run import FAULTS, POLICY, differences, send
    from ciokit.track import TrackClient

    started = time.time()
    for rule in FAULTS:
        server.world.faults.add(rule, started)
    with (
        waiting(console, "Sending ..."),
        TrackClient("demo", "demo", base_url=server.url, region="us", proxy="", retry=POLICY) as client,
    ):
        tally = send(day, client)
    seconds = time.time() - started
    rows = _rows(day, tally, server)
    wrong = [*tally.surprises, *differences(day, server.world, started)]
    wrong += [
        f"{row.what}: {row.count:,} instead of {row.should_be:,}"
        for row in rows
        if row.count != row.should_be
    ]
    console.print(_mistakes(tally), _table(rows), sep="\n")
    refused = tally.refused_at_the_call + tally.refused_by_the_service
    stored = len(server.world.people()) + len(server.world.events())
    for line in wrong[:20]:
        console.print(f"✗ {line}", style="red", markup=False)
    console.print(
        f"Sent in {seconds:.1f} s. Every person and event in the sandbox was compared with what it should be.\n"
    )
    style = "bold red" if wrong else "bold green"
    console.print(
        f"accepted {tally.people + tally.events:,} · refused {refused:,} · stored {stored:,}", style=style
    )
    return wrong


def _told(wrong: list[str]) -> str:
    more = f" (and {len(wrong) - 1:,} more)" if len(wrong) > 1 else ""
    return f"demo: the sandbox does not hold what it should: {wrong[0]}{more}"


def _rows(day: "Day", tally: "Tally", server: "SandboxServer") -> list[Row]:
    from ciokit.cli.demo_run import faults_planned
    from ciokit.operations import Identify, Track

    stats = server.world.stats()
    retried = sum(request.attempt > 0 for request in server.world.requests)
    alone = len(day.identified) + len(day.tracked) - day.count("refused_at_the_call")
    twice = sum(call.fate == "accepted" for call in day.batches[1])
    return [
        Row("People accepted", tally.people, day.count("accepted", Identify), "each in a request of its own"),
        Row(
            "Events accepted",
            tally.events,
            day.count("accepted", Track),
            f"alone, or {BATCH} in a batch request",
            section_ends=True,
        ),
        Row(
            "Refused at the call",
            tally.refused_at_the_call,
            day.count("refused_at_the_call"),
            "plainly wrong, so never sent",
        ),
        Row(
            "Refused by the service",
            tally.refused_by_the_service,
            day.count("refused_by_the_service"),
            "as only the service can know",
            section_ends=True,
        ),
        Row("Requests", stats["requests"], alone + len(day.batches) + faults_planned(), "retries included"),
        Row("Retried", retried, faults_planned(), "one retry for each failure"),
        Row(
            "Duplicates discarded",
            stats["duplicates_collapsed"],
            twice,
            "a batch whose answer was lost came again, with the same ULIDs",
            section_ends=True,
        ),
        Row("People stored", stats["people"], len(day.people), "each with the attributes sent"),
        Row("Events stored", stats["events"], len(day.events), "each once: name, person, time, data"),
    ]


def _table(rows: list[Row]) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("What happened", no_wrap=True)
    table.add_column("Count", justify="right", style="bold", no_wrap=True)
    table.add_column("Should be", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("Meaning", style="dim")
    for row in rows:
        mark = "[green]✓[/green]" if row.count == row.should_be else "[red]✗[/red]"
        table.add_row(
            row.what, f"{row.count:,}", f"{row.should_be:,}", mark, row.meaning, end_section=row.section_ends
        )
    return table


def _mistakes(tally: "Tally") -> "Table":
    """Show what the client said of each mistake: these errors are what a developer meets."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=0)
    table.add_column("A mistake", style="yellow", max_width=26)
    table.add_column("What the client says", style="dim")
    for mistake, words in tally.words.items():
        table.add_row(Text(mistake), Text(words))
    return table
