"""`ciokit sandbox`: a local Customer.io to develop and test against, alone or around a command."""

import os
import secrets
import shlex
import signal
import socket
import subprocess
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias
from urllib.parse import quote

import typer

from ciokit.cli.failures import FailureError, UsageError, need

if TYPE_CHECKING:
    from ciokit.sandbox.server import SandboxServer

__all__ = ["app"]

DEFAULT_PORT: Final = 8025

Port: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=65535,
        show_default=False,
        help=f"The port on 127.0.0.1; 0 takes a free one. {DEFAULT_PORT} without this, a free one for run.",
    ),
]
HomeRegion: TypeAlias = Annotated[Literal["us", "eu"], typer.Option(help="Where its account lives.")]
Seed: TypeAlias = Annotated[int, typer.Option(help="The seed of everything that is left to chance.")]
Limited: TypeAlias = Annotated[
    bool, typer.Option("--rate-limits", help="Answer 429 above the rates that Customer.io allows.")
]
Strict: TypeAlias = Annotated[
    bool, typer.Option("--strict", help="Refuse what Customer.io would silently discard.")
]
StoreFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", show_default=False, help="Keep everything in this file, and start with what it holds."
    ),
]
Tls: TypeAlias = Annotated[
    bool,
    typer.Option("--tls", help="Serve https, for clients that insist on it; prints what they must trust."),
]
CaFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        show_default=False,
        help="The file to write that certificate to; a temporary file without this.",
    ),
]
AllowRemote: TypeAlias = Annotated[
    bool, typer.Option("--allow-remote", help="Admit other machines that use the token as their key.")
]
AllowHost: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        show_default=False,
        help="Answer to this name in the Host header, besides localhost and those of Customer.io; may be repeated.",
    ),
]
Token: TypeAlias = Annotated[
    str | None, typer.Option(metavar="TOKEN", show_default=False, help="That token; generated without this.")
]

app = typer.Typer(invoke_without_command=True)


@app.callback()
def sandbox(
    context: typer.Context,
    *,
    port: Port = None,
    region: HomeRegion = "us",
    seed: Seed = 0,
    rate_limits: Limited = False,
    strict: Strict = False,
    store: StoreFile = None,
    tls: Tls = False,
    ca_file: CaFile = None,
    allow_host: AllowHost = None,
    allow_remote: AllowRemote = False,
    token: Token = None,
) -> None:
    """Open a local Customer.io, until Ctrl-C.

    It answers as Customer.io does, remembers what it is sent, and accepts any key. Nothing leaves this machine, and
    without --store nothing is kept when it ends. Options go before run: `ciokit sandbox --strict run -- pytest`.
    """
    need("sandbox", "starlette", "uvicorn")
    from ciokit.cli.serving import open_server
    from ciokit.sandbox import Rules, World
    from ciokit.sandbox.serving.connections import allow_many_files

    alone = context.invoked_subcommand is None
    _check_tls(ca_file, tls=tls, allow_remote=allow_remote)
    opened = partial(
        open_server,
        World(region=region, seed=seed, rate_limits=rate_limits, rules=Rules(strict=strict)),
        port=(DEFAULT_PORT if alone else 0) if port is None else port,
        token=_token(token, allow_remote=allow_remote),
        allow_hosts=allow_host or (),
        tls=tls,
        ca_file=ca_file,
        store=store,
    )
    if alone:
        allow_many_files()  # a command that it runs would inherit this
        _serve(opened(), remote=allow_remote)
    else:
        context.obj = opened  # which the help of `run` leaves be


def _check_tls(ca_file: Path | None, *, tls: bool, allow_remote: bool) -> None:
    if tls and allow_remote:
        msg = "sandbox: --tls is for this machine: its certificate is good for no other name"
        raise UsageError(msg)
    if ca_file is not None and not tls:
        msg = "sandbox: --ca-file goes with --tls"
        raise UsageError(msg)
    if tls:
        need("sandbox", "trustme")


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
        list[str],
        typer.Argument(metavar="-- COMMAND [ARGUMENTS]", help="The command to run.", show_default=False),
    ],
) -> None:
    """Run a command whose settings point at the sandbox, which is open for as long as the command runs.

    The exit code is the command's own.
    """
    server: SandboxServer = context.obj()
    scheme = "http" if server.ca_file is None else "https"
    with server:
        address = f"{scheme}://127.0.0.1:{server.port}"
        # Without a spool: what another program left in one is not for a sandbox that ends with the command.
        settings = {**server.environment, "CIOKIT_BASE_URL": address, "CIOKIT_SPOOL": ""}
        code = _run(command, {**os.environ, **settings})
        typer.echo(f"ciokit: {_counts(server)}", err=True)
    raise typer.Exit(code)


def _serve(server: "SandboxServer", *, remote: bool) -> None:
    from ciokit.cli.signals import wait_for_stop

    settings = server.environment
    # A browser brings the token once, in the address.
    door = f"?token={quote(settings['CUSTOMERIO_TRACK_API_KEY'])}" if remote else ""
    if remote:
        # For other machines, which will not send a key over plain http without being told to.
        settings["CIOKIT_BASE_URL"] = f"http://{socket.gethostname()}:{server.port}"
        settings["CIOKIT_ALLOW_HTTP"] = "1"
    with server:
        wait_for_stop(lambda: _announce(settings, door))
    typer.echo(f"\n{_counts(server)}")


def _announce(settings: dict[str, str], door: str) -> None:
    address = settings["CIOKIT_BASE_URL"]
    typer.echo(
        f"A local Customer.io is open at {address}; Ctrl-C ends it.\n"
        f"What arrives is to be seen at {address}/{door}\n"
        "Paste these where your program runs:\n"
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
        advice = "; options of the sandbox stand before run" if command[0].startswith("-") else ""
        msg = f"sandbox run: {command[0]}: no such command{advice}"
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
