"""`ciokit import`: a file of events or people into Customer.io, each row once, whatever happens on the way."""

from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import typer

from ciokit.cli.failures import UsageError

__all__ = ["import_file"]


def _option(panel: str, help_: str, *names: str, **more: Any) -> Any:
    return typer.Option(
        *names, help=help_, rich_help_panel=panel, show_default=more.pop("show_default", False), **more
    )


_WHO, _CELLS, _RUN = "Columns", "Cells", "Run"

File: TypeAlias = Annotated[
    Path, typer.Argument(metavar="FILE", help="CSV, JSON Lines or Parquet.", show_default=False)
]
Person: TypeAlias = Annotated[str, _option(_WHO, "The column that names the person.", metavar="COLUMN")]
IdKind: TypeAlias = Annotated[
    Literal["id", "email", "phone", "cio_id"], _option(_WHO, "What that column holds.", show_default=True)
]
EventName: TypeAlias = Annotated[str | None, _option(_WHO, "Send each row as this event.", metavar="NAME")]
AsAttributes: TypeAlias = Annotated[
    bool, _option(_WHO, "Identify a person with each row instead.", "--attributes")
]
Timestamp: TypeAlias = Annotated[
    str | None,
    _option(_WHO, "The column that says when it happened; the present without it.", metavar="COLUMN"),
]
Drop: TypeAlias = Annotated[
    list[str] | None, _option(_WHO, "A column not to send; may be repeated.", metavar="COLUMN")
]
Unique: TypeAlias = Annotated[
    str | None,
    _option(
        _WHO,
        "A column that identifies a row permanently, such as an order number: Customer.io then discards the row when it"
        " comes again out of another file, too. No two rows of one event may share a value.",
        metavar="COLUMN",
    ),
]
Text: TypeAlias = Annotated[
    list[str] | None,
    _option(
        _CELLS, "A column to be read as text, whatever it looks like; may be repeated.", metavar="COLUMN"
    ),
]
Time: TypeAlias = Annotated[
    list[str] | None,
    _option(_CELLS, "A further column of times, sent as Unix seconds; may be repeated.", metavar="COLUMN"),
]
Unit: TypeAlias = Annotated[
    Literal["s", "ms"] | None,
    _option(_CELLS, "What numbers count in columns of times: seconds or milliseconds."),
]
TimestampFormat: TypeAlias = Annotated[
    str | None,
    _option(_CELLS, "How times are written there, in strptime's words: %d/%m/%Y.", metavar="FORMAT"),
]
FileFormat: TypeAlias = Annotated[
    Literal["csv", "jsonl", "parquet"] | None,
    _option(_CELLS, "The file's format; its name says so without this.", "--format"),
]
Delimiter: TypeAlias = Annotated[
    str | None,
    _option(_CELLS, "The delimiter of a CSV file; detected without this.", metavar="CHARACTER"),
]
DryRun: TypeAlias = Annotated[bool, _option(_RUN, "Check every row and send nothing.", "--dry-run")]
Limit: TypeAlias = Annotated[
    int | None, _option(_RUN, "Only the first N rows of the file.", min=1, metavar="N")
]
Restart: TypeAlias = Annotated[bool, _option(_RUN, "Start again at the first row.", "--restart")]
Refused: TypeAlias = Annotated[
    Path | None,
    _option(_RUN, "The file to write refused rows to; FILE.refused.csv without this.", metavar="PATH"),
]
Patience: TypeAlias = Annotated[
    float,
    _option(
        _RUN,
        "How long one request is retried while Customer.io fails or cannot be reached.",
        min=0,
        metavar="SECONDS",
        show_default=True,
    ),
]


def import_file(
    file: File,
    *,
    person: Person,
    id_kind: IdKind = "id",
    event: EventName = None,
    attributes: AsAttributes = False,
    timestamp: Timestamp = None,
    drop: Drop = None,
    unique: Unique = None,
    text: Text = None,
    time: Time = None,
    unit: Unit = None,
    timestamp_format: TimestampFormat = None,
    file_format: FileFormat = None,
    delimiter: Delimiter = None,
    dry_run: DryRun = False,
    limit: Limit = None,
    restart: Restart = False,
    refused: Refused = None,
    patience: Patience = 300,
) -> None:
    """Send the rows of a file as events, or as people with --attributes.

    Columns that no option names become the event's data, or the person's attributes. Empty cells are not sent. In a CSV
    file `true` and `false` are booleans; integers without a leading zero and plain decimals, up to 15 digits, are
    numbers; all else is text. Times are Unix seconds, ISO 8601 or dates; without a time zone they are UTC, and a
    date means midnight.

    If it was stopped, run it again, and it resumes where it stopped. An event's id is derived from the file's contents
    and the row's line, so that a row that is sent twice is stored once. Refused rows are written to a file with their
    lines and reasons; the exit code is 1 if there are any.
    """
    from ciokit.cli.imports.recipe import Mapping
    from ciokit.cli.imports.session import Session

    if (event is None) != attributes:
        msg = "import: say either --event NAME or --attributes"
        raise UsageError(msg)
    if attributes and unique is not None:
        msg = "import: --unique goes with --event; identifying a person twice does no harm"
        raise UsageError(msg)
    mapping = Mapping(
        person=person,
        id_kind=id_kind,
        event=event,
        timestamp=timestamp,
        unit=unit,
        time_format=timestamp_format,
        times=tuple(time or ()),
        text=tuple(text or ()),
        drop=tuple(drop or ()),
        unique=unique,
    )
    mapping.check()
    session = Session(
        file, mapping, form=file_format, delimiter=_character(delimiter), refused=refused, limit=limit
    )
    if dry_run:
        session.check()
    else:
        session.send(patience=patience, restart=restart)


def _character(delimiter: str | None) -> str | None:
    if delimiter is None:
        return None
    found = delimiter.replace("\\t", "\t")
    if len(found) != 1 or found in '\r\n"':
        msg = "import: --delimiter must be one character, other than a quote"
        raise UsageError(msg)
    return found
