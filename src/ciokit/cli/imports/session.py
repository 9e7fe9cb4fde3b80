"""An import at a terminal: what is shown while it runs and when it ends."""

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ciokit.cli.failures import FailureError
from ciokit.cli.imports.bar import bar
from ciokit.cli.imports.bookmark import state_directory
from ciokit.cli.imports.job import Form, Job, form_of, open_job
from ciokit.cli.imports.load import Send
from ciokit.cli.imports.recipe import Mapping
from ciokit.cli.imports.refused import choose_path
from ciokit.cli.signals import stop_on_signals
from ciokit.cli.waiting import waiting
from ciokit.errors import DeliveryError
from ciokit.settings import Settings

__all__ = ["Session"]


class Session:
    """Run one import and show it.

    Args:
        path: The file.
        mapping: Which column is for what.
        form: How it is read; None goes by its name.
        delimiter: Of a CSV file.
        refused: Where refused rows go; None is beside the file.
        limit: How many rows at most.

    Raises:
        UsageError: If there is no such file, or refused rows cannot be written.
    """

    def __init__(
        self,
        path: Path,
        mapping: Mapping,
        *,
        form: Form | None,
        delimiter: str | None,
        refused: Path | None,
        limit: int | None,
    ) -> None:
        self._path = path
        self._mapping = mapping
        self._form: Form = form_of(path, form)
        self._delimiter = delimiter
        self._wanted = refused
        self._limit = limit
        self._refused = path
        self._console = Console(highlight=False)
        self._errors = Console(stderr=True, highlight=False)

    def check(self) -> None:
        """Check every row and send nothing.

        Raises:
            FailureError: If a row would be refused.
        """
        self._refused = choose_path(self._path, self._wanted, "dry-run")
        job = self._open(None, "")
        self._show_first(job)
        self._follow(job, None)
        self._report(job, {"Good": job.bookmark.accepted})

    def send(self, *, patience: float, restart: bool) -> None:
        """Send every row that no earlier run has settled.

        Args:
            patience: Seconds for which one request is tried.
            restart: Whether to forget what earlier runs did.

        Raises:
            FailureError: If it had to stop, or a row was refused.
        """
        from ciokit.track import TrackClient
        from ciokit.verdict import RetryPolicy

        self._refused = choose_path(self._path, self._wanted, "refused")
        policy = RetryPolicy(max_retries=None, budget=patience)
        with TrackClient(retry=policy, timeout=60.0, stamp=False) as client:
            job = self._open(state_directory(), _destination())
            self._begin(job, restart=restart)
            if not job.bookmark.complete:
                self._follow(job, client.send)
        self._report(job, {"Accepted": job.bookmark.accepted})

    def _open(self, state: Path | None, destination: str) -> Job:
        with waiting(self._errors, f"Reading {self._path.name} ..."):
            job = open_job(
                self._path,
                self._form,
                self._mapping,
                delimiter=self._delimiter,
                state=state,
                destination=destination,
            )
        for note in job.source.notes:
            self._tell(note)
        return job

    def _begin(self, job: Job, *, restart: bool) -> None:
        if job.changed:
            self._tell("has changed since an earlier run, so it is imported from the first row on")
        if restart:
            job.start_anew()
        elif job.bookmark.complete:
            self._tell("was imported before; --restart sends it again")
        elif job.resumed:
            self._tell(f"going on after {job.resumed:,} rows of an earlier run")

    def _follow(self, job: Job, send: Send | None) -> None:
        stop_on_signals()
        try:
            with bar(self._errors, "Sending" if send else "Checking", job.source.total) as advance:
                for rows, position in enumerate(job.run(send, self._refused, self._limit), 1):
                    advance(position, rows)
        except DeliveryError as error:
            msg = f"{self._path}: {error} ({self._standing(job)})"
            raise FailureError(msg) from None
        except KeyboardInterrupt:
            self._tell(f"stopped: {self._standing(job)}")
            raise

    def _standing(self, job: Job) -> str:
        mark = job.bookmark
        return f"{mark.accepted:,} rows accepted, {mark.refused:,} refused so far; run it again to go on"

    def _show_first(self, job: Job) -> None:
        """Show how the first good row would be sent: the user's own cells, for the user alone."""
        first = job.first_body()
        if first is not None:
            self._console.print("The first row as it would be sent:")
            self._console.print(first, markup=False, soft_wrap=True)

    def _report(self, job: Job, taken: dict[str, int]) -> None:
        mark = job.bookmark
        if not mark.rows:
            msg = f"{self._path} has no rows"
            raise FailureError(msg)
        rows = mark.rows - job.resumed
        table = Table.grid(padding=(0, 2))
        table.add_column()
        table.add_column(justify="right", style="bold")
        table.add_column(style="dim")
        settled = f"{job.resumed:,} of them by an earlier run" if job.resumed else ""
        table.add_row("Rows", f"{mark.rows:,}", settled)
        for name, count in taken.items():
            table.add_row(name, f"{count:,}")
        table.add_row("Refused", f"{mark.refused:,}", Text(str(self._refused)) if mark.refused else "")
        table.add_row("Requests", f"{mark.requests:,}")
        speed = f"{rows / job.seconds:,.0f} rows a second" if rows and job.seconds else ""
        table.add_row("Seconds", f"{job.seconds:.1f}", speed)
        self._console.print(table)
        if job.unplaced:
            msg = f"{self._path}: Customer.io said of a request, without naming a row: {job.unplaced[0]}"
            raise FailureError(msg)
        if mark.refused:
            msg = f"{self._path}: {mark.refused:,} of {mark.rows:,} rows were refused; see {self._refused}"
            raise FailureError(msg)

    def _tell(self, words: str) -> None:
        sys.stderr.write(f"ciokit: {self._path}: {words}\n")


def _destination() -> str:
    """Name where the rows go: a place and a workspace. What is kept of it on disk is a digest."""
    settings = Settings.load()
    (site,) = settings.credentials("site_id")
    return f"{settings.url('track')}\0{site.reveal()}"
