"""`ciokit tail`: what arrives at a sandbox, in the terminal, as it arrives."""

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import quote

import msgspec
import typer

from ciokit.cli.failures import FailureError, UsageError
from ciokit.cli.feed import Kind, Wanted, read_entries
from ciokit.clock import SYSTEM_CLOCK
from ciokit.errors import SettingsError

if TYPE_CHECKING:
    import httpx2

    from ciokit.cli.feed import Entry

__all__ = ["tail"]

_PORT: Final = 8025
_OK: Final = 200
_PATIENCE: Final = 10.0
_AGAIN: Final = 1.0
"""Seconds until a sandbox that went away is looked for again."""
_SILENCE: Final = 30.0
"""Seconds without a sign of life after which it is gone; it gives one every ten."""


def tail(
    *,
    url: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            show_default=False,
            help=f"Where the sandbox is; CIOKIT_BASE_URL or http://127.0.0.1:{_PORT} without this.",
        ),
    ] = None,
    kind: Annotated[
        list[Kind] | None,
        typer.Option(
            show_default=False,
            help="Show this kind only; may be repeated. By default everything but successful requests is shown.",
        ),
    ] = None,
    person: Annotated[
        str | None,
        typer.Option(metavar="ID", show_default=False, help="Show this person only, by any identifier."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", show_default=False, help="Show events of this name only; * is anything."
        ),
    ] = None,
    workspace: Annotated[
        str | None, typer.Option(metavar="NAME", show_default=False, help="Show this workspace only.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Begin with what it has kept, not with what comes now.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print each as a line of JSON: seq, kind and record.")
    ] = False,
    token: Annotated[
        str | None,
        typer.Option(metavar="TOKEN", show_default=False, help="The token of a sandbox with --allow-remote."),
    ] = None,
) -> None:
    """Follow what arrives at a sandbox, until Ctrl-C.

    If the sandbox goes away, it waits for it to return. Ctrl-C and SIGTERM end it with exit code 0.
    """
    from ciokit.cli.signals import stop_on_signals

    address = _find_address(url)
    wanted = Wanted(kind or (), person=person, name=name, workspace=workspace)
    stop_on_signals()
    try:
        _follow(address, token, wanted, after="0" if everything else "", as_json=as_json)
    except KeyboardInterrupt:
        return


def _find_address(url: str | None) -> str:
    from ciokit.settings import Settings

    try:
        return Settings.load(base_url=url).base_url or f"http://127.0.0.1:{_PORT}"
    except SettingsError as error:
        msg = str(error).replace("base_url=", "--url")
        raise UsageError(msg) from None


def _follow(address: str, token: str | None, wanted: Wanted, *, after: str, as_json: bool) -> None:
    import httpx2

    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    timeout = httpx2.Timeout(_PATIENCE, read=_SILENCE)
    with httpx2.Client(base_url=address, headers=headers, timeout=timeout) as client:
        show: Callable[[Entry], None] | None = None
        for entry in _entries(client, wanted, after):
            if show is None:  # only now it is known that there is a sandbox
                show = _show_json if as_json else _make_table()
            if wanted.takes(entry):
                show(entry)


def _show_json(entry: "Entry") -> None:
    if entry.kind == "hello":
        return
    line = msgspec.json.encode({"seq": entry.seq, "kind": entry.kind, "record": entry.record})
    print(line.decode(), flush=True)


def _make_table() -> "Callable[[Entry], None]":
    """Return what prints rows: at a terminal as wide as it is, into a file or a pipe whole."""
    from rich.console import Console

    from ciokit.cli.feed_rows import heading, row

    console = Console(highlight=False)
    whole = not console.is_terminal

    def show(entry: "Entry") -> None:
        if entry.kind != "hello":
            console.print(
                row(entry), soft_wrap=whole, no_wrap=True, overflow="ignore" if whole else "ellipsis"
            )

    console.print(heading())
    return show


def _entries(client: "httpx2.Client", wanted: Wanted, after: str) -> "Iterator[Entry]":
    """Yield what happens, and come back to a sandbox that went away, from the last position on."""
    import httpx2

    gone = None
    while True:
        try:
            for entry in _connect(client, wanted, after):
                if gone:
                    _say("it is back")
                gone, after = False, str(entry.seq)
                yield entry
        except httpx2.TransportError:
            if gone is None:
                msg = f"tail: no sandbox at {client.base_url}: open one with ciokit sandbox, or name it with --url"
                raise FailureError(msg) from None
        if not gone:
            _say("the sandbox went away; waiting for it")
        gone = True
        SYSTEM_CLOCK.sleep(_AGAIN)


def _connect(client: "httpx2.Client", wanted: Wanted, after: str) -> "Iterator[Entry]":
    """Yield what happens until the sandbox goes away."""
    if wanted.person is not None:  # by what other names does it know them?
        answer = client.get(f"/_sandbox/people/{quote(wanted.person, safe='')}")
        if answer.status_code == _OK:
            wanted.learn(answer.json()["person"])
    query = {"after": after} if after else {}
    with client.stream("GET", "/_sandbox/stream", params=query) as answer:
        if answer.status_code in {401, 403}:
            msg = f"tail: the sandbox at {client.base_url} wants its token: --token"
            raise FailureError(msg)
        if answer.status_code != _OK or "event-stream" not in answer.headers.get("content-type", ""):
            msg = f"tail: what is at {client.base_url} is no sandbox (status {answer.status_code})"
            raise FailureError(msg)
        yield from read_entries(answer.iter_lines())


def _say(words: str) -> None:
    sys.stderr.write(f"ciokit: tail: {words}\n")
