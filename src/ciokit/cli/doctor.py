"""`ciokit doctor`: what stands between this application and its account, with what to do."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ciokit.cli.failures import FailureError

if TYPE_CHECKING:
    from rich.table import Table

    from ciokit.cli.checks import Finding
    from ciokit.errors import SettingsError
    from ciokit.settings import Region
    from ciokit.track import AccountRegion

__all__ = ["doctor"]

_MARKS: Final = {
    "ok": "[green]✓[/green]",
    "note": "[dim]·[/dim]",
    "warning": "[yellow]![/yellow]",
    "fail": "[red]✗[/red]",
}


_TWO_COLUMNS_FIT: Final = 70
"""Columns of a terminal in which what was found has room beside the names of the settings."""


def doctor(
    *,
    offline: Annotated[
        bool, typer.Option("--offline", help="Check the settings only, without any request.")
    ] = False,
    timeout: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="How long to wait for a response.")
    ] = 10.0,
) -> None:
    """Check settings, network and account, and say what to do.

    Names the settings that were found and where, but never shows their values. Asks Customer.io where the account
    lives, also in the other region if the configured one refuses. The exit code is 1 if a check failed.
    """
    from rich.console import Console

    findings = list(_findings(timeout, offline=offline))
    console = Console(highlight=False)
    console.print(_table(findings, narrow=console.width < _TWO_COLUMNS_FIT))
    counts = {level: sum(finding.level == level for finding in findings) for level in _MARKS}
    console.print(f"{counts['ok']} ok · {counts['warning']} to look at · {counts['fail']} failed")
    if counts["fail"]:
        failed = next(finding for finding in findings if finding.level == "fail")
        msg = f"doctor: {failed.check}: {failed.found}; {failed.todo}"
        raise FailureError(msg)


def _findings(timeout: float, *, offline: bool) -> "Iterator[Finding]":
    from ciokit.cli import checks
    from ciokit.errors import SettingsError
    from ciokit.settings import Settings

    yield from checks.check_versions()
    settled = list(checks.check_settings(Path(), os.environ))
    yield from settled
    told = {finding.check for finding in settled if finding.level == "fail"}
    try:
        settings = Settings.load()
    except SettingsError as error:
        if ".env" not in told:
            yield _refused(error)
        return
    if settings.spool is not None:
        yield from checks.check_spool(settings.spool)
    yield from checks.check_connection(settings, os.environ)
    try:
        settings.credentials("site_id", "track_api_key")
    except SettingsError as error:
        if not told.intersection(checks.TRACK_KEYS):
            yield _refused(error)
        return
    if not offline:
        yield checks.check_account(settings, lambda region: _ask(region, timeout))


def _refused(error: "SettingsError") -> "Finding":
    from ciokit.cli.checks import Finding

    return Finding("fail", "Settings", str(error), "put it right in the environment or in .env")


def _ask(region: "Region", timeout: float) -> "AccountRegion":
    from ciokit.track import TrackClient
    from ciokit.verdict import RetryPolicy

    with TrackClient(region=region, retry=RetryPolicy(max_retries=1), timeout=timeout) as client:
        return client.account_region()


def _table(findings: "list[Finding]", *, narrow: bool) -> "Table":
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_header=not narrow)
    table.add_column("", no_wrap=True)
    if not narrow:
        table.add_column("Check", no_wrap=True)
    table.add_column("Found, and what to do", overflow="fold")
    for finding in findings:
        found = Text(finding.found)
        if finding.todo:
            found.append(f"\n→ {finding.todo}", style="bold")
        told = [Text.assemble(f"{finding.check}\n", found)] if narrow else [finding.check, found]
        table.add_row(_MARKS[finding.level], *told)
    return table
