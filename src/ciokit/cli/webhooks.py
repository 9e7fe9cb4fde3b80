"""`ciokit webhooks`: what Customer.io, or a sandbox, posts to an application, shown as it arrives."""

from typing import TYPE_CHECKING, Annotated, Final

import typer

from ciokit.cli.failures import FailureError

if TYPE_CHECKING:
    from ciokit.cli.listening import Arrival

__all__ = ["app"]

DEFAULT_PORT: Final = 8026

app = typer.Typer(no_args_is_help=True)


@app.callback()
def webhooks() -> None:
    """Reporting webhooks: see what is posted to an application."""


@app.command("listen", short_help="Show the webhooks that arrive.")
def listen(
    *,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port on 127.0.0.1; 0 takes a free one.")
    ] = DEFAULT_PORT,
    key: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY",
            show_default=False,
            help="The signing key; may be repeated. CUSTOMERIO_WEBHOOK_SIGNING_KEY without this.",
        ),
    ] = None,
    tolerance: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="How old a signature may be.")
    ] = 300.0,
    as_json: Annotated[
        bool, typer.Option("--json", help="A line of JSON for each: what it is, and the body.")
    ] = False,
) -> None:
    """Show the webhooks that arrive, until Ctrl-C.

    It accepts any path and answers as an application should: 200 if the webhook is signed, 401 if it is not, 400 if it
    is not an event. What was refused is shown as well, with the reason. It listens on this machine only; to let
    Customer.io reach it, put a tunnel in front.
    """
    from ciokit.cli.listening import listening
    from ciokit.cli.signals import wait_for_stop
    from ciokit.webhooks.signatures import configured_keys

    keys = key or configured_keys()
    counts = {True: 0, False: 0}
    show = _print_json if as_json else _print_line

    def arrived(arrival: "Arrival") -> None:
        counts[arrival.fault is None] += 1
        show(arrival)

    try:
        with listening(port, keys, tolerance, arrived) as url:
            wait_for_stop(lambda: typer.echo(f"Webhooks are awaited at {url}; Ctrl-C ends it.", err=as_json))
    except OSError as error:
        msg = f"port {port} cannot be used ({error.strerror}); choose another with --port, 0 takes a free one"
        raise FailureError(msg) from None
    typer.echo(f"\nwebhooks: {counts[True]} accepted · {counts[False]} refused", err=as_json)


def _print_json(arrival: "Arrival") -> None:
    import msgspec

    line = {"at": arrival.at, "accepted": arrival.fault is None, "fault": arrival.fault, "body": arrival.body}
    print(msgspec.json.encode(line).decode(), flush=True)


def _print_line(arrival: "Arrival") -> None:
    from datetime import datetime

    from rich.console import Console
    from rich.text import Text

    clock = datetime.fromtimestamp(arrival.at).astimezone().strftime("%H:%M:%S")
    cells = [clock, f"{arrival.kind:<28}", f"{arrival.who:<32}", arrival.event_id]
    # What came may hold whatever a terminal obeys.
    plain = "".join(char if char.isprintable() else " " for char in "  ".join(cells).rstrip())
    mark = ("✓ ", "green") if arrival.fault is None else ("✗ ", "red")
    text = Text.assemble(mark, plain, ("" if arrival.fault is None else f"  {arrival.fault}", "red"))
    Console(highlight=False).print(text, soft_wrap=True)
