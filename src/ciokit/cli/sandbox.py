"""`ciokit sandbox`: a local Customer.io to develop and test against, alone or around a command."""

import os
import secrets
import shlex
import signal
import socket
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
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="Let other machines in that carry the token as their key.")
    ] = False,
    token: Annotated[
        str | None,
        typer.Option(help="That token; made up without this.", show_default=False, metavar="TOKEN"),
    ] = None,
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
    key = _token(token, allow_remote=allow_remote)
    server = open_server(world, port=(DEFAULT_PORT if alone else 0) if port is None else port, token=key)
    if alone:
        _serve(server, key)
    else:
        context.obj = server, key


def _token(token: str | None, *, allow_remote: bool) -> str | None:
    if not allow_remote:
        if token is not None:
            msg = "sandbox: --token goes with --allow-remote; on this machine any key is taken"
            raise UsageError(msg)
        return None
    if token is not None and not (token.isascii() and token.isprintable() and token.strip() == token != ""):
        msg = "sandbox: --token must be printable ASCII, as a key is"
        raise UsageError(msg)
    return token or secrets.token_urlsafe(16)


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
    server: SandboxServer
    server, token = context.obj
    with server:
        address = f"http://127.0.0.1:{server.port}"
        code = _run(command, {**os.environ, **variables(server.world.region, address, token)})
        typer.echo(f"ciokit: {_counts(server)}", err=True)
    raise typer.Exit(code)


def variables(region: str, address: str, token: str | None) -> dict[str, str]:
    """Return the settings that point at a sandbox."""
    keys = dict.fromkeys(KEYS, token or "sandbox")
    return {**keys, "CUSTOMERIO_REGION": region, "CIOKIT_BASE_URL": address}


def _serve(server: "SandboxServer", token: str | None) -> None:
    from ciokit.cli.signals import wait_for_stop

    settings = variables(server.world.region, server.url, token)
    if token is not None:
        # For other machines, which will not send a key over plain http without being told to.
        settings["CIOKIT_BASE_URL"] = f"http://{socket.gethostname()}:{server.port}"
        settings["CIOKIT_ALLOW_HTTP"] = "1"
    with server:
        wait_for_stop(lambda: _announce(settings))
    typer.echo(f"\n{_counts(server)}")


def _announce(settings: dict[str, str]) -> None:
    address = settings["CIOKIT_BASE_URL"]
    typer.echo(
        f"A local Customer.io is open at {address}; Ctrl-C ends it. Paste these where your program runs:\n"
    )
    for name, value in settings.items():
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
