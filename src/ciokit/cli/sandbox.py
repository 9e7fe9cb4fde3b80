"""`ciokit sandbox`: a local Customer.io to develop and test against, alone or around a command."""

import os
import shlex
import signal
import subprocess
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from ciokit.cli.failures import FailureError, UsageError, need

if TYPE_CHECKING:
    from ciokit.sandbox.server import SandboxServer

__all__ = ["app"]

DEFAULT_PORT: Final = 8025
KEYS: Final = (
    "CUSTOMERIO_SITE_ID",
    "CUSTOMERIO_TRACK_API_KEY",
    "CUSTOMERIO_APP_API_KEY",
    "CUSTOMERIO_PIPELINES_API_KEY",
)

app = typer.Typer(invoke_without_command=True)


@app.callback()
def sandbox(
    context: typer.Context,
    *,
    port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            show_default=False,
            help=f"Where it listens on 127.0.0.1; 0 takes a free port. {DEFAULT_PORT} without this, a free one for run.",
        ),
    ] = None,
    region: Annotated[Literal["us", "eu"], typer.Option(help="Where its account lives.")] = "us",
    seed: Annotated[int, typer.Option(help="Seed of all that is left to chance.")] = 0,
    rate_limits: Annotated[
        bool, typer.Option("--rate-limits", help="Answer 429 above the rates that Customer.io allows.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse what Customer.io would silently discard.")
    ] = False,
) -> None:
    """Open a local Customer.io, until Ctrl-C.

    It answers as Customer.io does, remembers what it is sent, and takes any key. Nothing leaves this machine, and
    nothing is kept when it ends. Options stand before run: `ciokit sandbox --strict run -- pytest`.
    """
    need("sandbox", "starlette", "uvicorn")
    from ciokit.cli.serving import open_server
    from ciokit.sandbox import Rules, World

    world = World(region=region, seed=seed, rate_limits=rate_limits, rules=Rules(strict=strict))
    alone = context.invoked_subcommand is None
    server = open_server(world, port=(DEFAULT_PORT if alone else 0) if port is None else port)
    if alone:
        _serve(server)
    else:
        context.obj = server


@app.command(
    "run",
    context_settings={"ignore_unknown_options": True},
    options_metavar="",
    short_help="Run a command with it.",
)
def run(
    context: typer.Context,
    command: Annotated[
        list[str], typer.Argument(metavar="-- COMMAND [ARGUMENTS]", help="What to run.", show_default=False)
    ],
) -> None:
    """Open it for as long as a command runs, with the settings of that command pointing at it.

    The exit code is the command's own.
    """
    server: SandboxServer = context.obj
    with server:
        code = _run(command, {**os.environ, **variables(server)})
        typer.echo(f"ciokit: {_counts(server)}", err=True)
    raise typer.Exit(code)


def variables(server: "SandboxServer") -> dict[str, str]:
    """Return the settings that point at a sandbox."""
    keys = dict.fromkeys(KEYS, "sandbox")
    return {**keys, "CUSTOMERIO_REGION": server.world.region, "CIOKIT_BASE_URL": server.url}


def _serve(server: "SandboxServer") -> None:
    from ciokit.cli.signals import wait_for_stop

    with server:
        wait_for_stop(lambda: _announce(server))
    typer.echo(f"\n{_counts(server)}")


def _announce(server: "SandboxServer") -> None:
    typer.echo(
        f"A local Customer.io is open at {server.url}; Ctrl-C ends it. Paste these where your program runs:\n"
    )
    for name, value in variables(server).items():
        typer.echo(f"export {name}={shlex.quote(value)}")


def _counts(server: "SandboxServer") -> str:
    stats = server.world.stats()
    counts = " · ".join(f"{name} {stats[name]:,}" for name in ("people", "events", "messages", "requests"))
    return f"the sandbox ends with {counts}"


def _run(command: list[str], environment: dict[str, str]) -> int:
    try:
        child = subprocess.Popen(command, env=environment)  # noqa: S603 - running it is what was asked for
    except FileNotFoundError:
        msg = f"sandbox run: {command[0]}: no such command"
        raise UsageError(msg) from None
    except OSError as error:
        msg = f"sandbox run: {command[0]} cannot be run: {error.strerror}"
        raise FailureError(msg) from None

    def pass_on(number: int, _frame: Any) -> None:
        child.send_signal(number)

    before = signal.signal(signal.SIGTERM, pass_on)
    try:
        while True:
            try:
                code = child.wait()
            except KeyboardInterrupt:
                continue  # a terminal tells the command as well, and how it ends is its own business
            return code if code >= 0 else 128 - code
    finally:
        signal.signal(signal.SIGTERM, before)
