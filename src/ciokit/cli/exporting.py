"""`ciokit export`: people or messages out of Customer.io, into a file."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from ciokit.cli.answers import AsJson, asking, print_json, print_table, when
from ciokit.cli.failures import UsageError
from ciokit.cli.given import Anything, Filter, Has, Segment, Where, read_condition, read_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from ciokit.app import AppClient

__all__ = ["app"]

Metric: TypeAlias = Literal[
    "created", "attempted", "sent", "delivered", "opened", "clicked", "converted", "bounced", "spammed",
    "unsubscribed", "dropped", "failed", "undeliverable",
]  # fmt: skip
To: TypeAlias = Annotated[
    str,
    typer.Option(metavar="FILE", show_default=False, help="The file to write the rows to; - prints them."),
]
Form: TypeAlias = Annotated[
    Literal["csv", "jsonl"] | None,
    typer.Option(
        "--format", show_default=False, help="The format; by default the file's name decides, else CSV."
    ),
]
Timeout: TypeAlias = Annotated[
    float, typer.Option(min=0, metavar="SECONDS", help="How long to wait at most.")
]
_OF = "Source"

app = typer.Typer(no_args_is_help=True)


def _of(help_: str) -> Any:
    return typer.Option(metavar="NUMBER", min=1, show_default=False, rich_help_panel=_OF, help=help_)


@app.callback()
def export() -> None:
    """Exports: people or messages, into a CSV or JSON Lines file that only you may read."""


@app.command("customers", short_help="Export people.")
def customers(
    *,
    to: To,
    segment: Segment = None,
    where: Where = None,
    has: Has = None,
    anything: Anything = False,
    filter: Filter = None,
    form: Form = None,
    timeout: Timeout = 3600.0,
    as_json: AsJson = False,
) -> None:
    """Export people by segment and attribute: start it, wait for it, and write its rows."""
    condition = read_condition(segment=segment, where=where, has=has, anything=anything, filter=filter)
    if condition is None:
        msg = "say who: --segment, --where, --has or --filter"
        raise UsageError(msg)
    _fetch(lambda client: client.exports.create_customers(condition).id, to, form, timeout, as_json=as_json)


@app.command("deliveries", short_help="Export messages.")
def deliveries(
    *,
    to: To,
    newsletter: Annotated[int | None, _of("The newsletter.")] = None,
    campaign: Annotated[int | None, _of("The campaign.")] = None,
    transactional: Annotated[int | None, _of("The transactional message.")] = None,
    action: Annotated[int | None, _of("The action.")] = None,
    template: Annotated[int | None, _of("Only this template's messages.")] = None,
    start: Annotated[
        str | None, typer.Option(metavar="TIME", show_default=False, help="Leave out what is older.")
    ] = None,
    end: Annotated[
        str | None, typer.Option(metavar="TIME", show_default=False, help="Leave out what is newer.")
    ] = None,
    metric: Annotated[
        Metric | None, typer.Option(show_default=False, help="Only messages that reached this state.")
    ] = None,
    attribute: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            show_default=False,
            help="An attribute of the people as a further column; may be repeated.",
        ),
    ] = None,
    drafts: Annotated[bool, typer.Option("--drafts", help="Export drafts instead.")] = False,
    form: Form = None,
    timeout: Timeout = 3600.0,
    as_json: AsJson = False,
) -> None:
    """Export the messages of a newsletter, a campaign, a transactional message or an action."""
    since, until = read_time("--start", start), read_time("--end", end)

    def begin(client: "AppClient") -> int:
        return client.exports.create_deliveries(
            newsletter_id=newsletter,
            campaign_id=campaign,
            transactional_message_id=transactional,
            action_id=action,
            template_id=template,
            start=since,
            end=until,
            metric=metric,
            attributes=attribute or None,
            drafts=drafts or None,
        ).id

    _fetch(begin, to, form, timeout, as_json=as_json)


@app.command("get", short_help="Write the rows of an export that was started before.")
def get(
    number: Annotated[
        int, typer.Argument(metavar="NUMBER", min=1, help="The export's number.", show_default=False)
    ],
    *,
    to: To,
    form: Form = None,
    timeout: Timeout = 3600.0,
    as_json: AsJson = False,
) -> None:
    """Wait for an export that was started before, and write its rows."""
    _fetch(lambda _: number, to, form, timeout, as_json=as_json)


@app.command("list", short_help="List the exports.")
def list_(*, as_json: AsJson = False) -> None:
    """List the exports."""
    with asking() as client:
        found = client.exports.list()
    if as_json:
        for one in found:
            print_json(one)
        return
    rows = [(one.id, one.type, one.status, one.total, when(one.created_at), one.description) for one in found]
    count = print_table(("Number", "Type", "Status", "Rows", "Started", "Of"), rows)
    print(f"{count} {'export' if count == 1 else 'exports'}")


def _fetch(
    begin: "Callable[[AppClient], int]", to: str, form: str | None, timeout: float, *, as_json: bool
) -> None:
    """Begin an export, wait for it and write its rows; a file that cannot be written is told first."""
    from rich.console import Console

    from ciokit.cli.imports.bar import bar
    from ciokit.cli.rows_out import opened
    from ciokit.cli.waiting import waiting

    if to == "-" and as_json:
        msg = "--json tells of the file; with --to - the rows themselves are printed"
        raise UsageError(msg)
    console = Console(stderr=True)
    count = 0
    with opened(to, form) as rows, asking() as client:
        number = begin(client)
        with waiting(console, f"Waiting for export {number} ..."):
            done = client.exports.wait(number, timeout=timeout)
        with bar(console, f"Export {number}", max(done.total, 1)) as advance:
            for row in client.exports.rows(number, header=rows.begin):
                rows.write(row)
                count += 1
                advance(count, count)
    _tell(number, count, to, as_json=as_json)


def _tell(number: int, count: int, to: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"id": number, "rows": count, "file": to})
    elif to != "-":
        print(f"export {number}: {count} {'row' if count == 1 else 'rows'} in {to}")
