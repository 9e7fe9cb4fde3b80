"""What the commands of the App API share: a client from the settings, and answers as tables or as JSON."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, cast

import typer

from ciokit.cli.failures import UsageError

if TYPE_CHECKING:
    from ciokit.app import AppClient

__all__ = ["AsJson", "asking", "plain", "print_facts", "print_json", "print_table", "shown", "when"]

AsJson: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print JSON: an object, or one per line for a list.")
]


@contextmanager
def asking() -> "Generator[AppClient]":
    """Give a command the App client of the settings; what is wrong with its options is told as such.

    Yields:
        The client.

    Raises:
        UsageError: If the client refused what it was given, before anything was sent.
    """
    from ciokit.app import AppClient
    from ciokit.errors import InvalidData

    with AppClient() as client:
        try:
            yield client
        except InvalidData as error:
            msg = "; ".join(str(problem) for problem in error.problems)
            raise UsageError(msg) from None


def plain(value: Any) -> Any:
    """Return an answer as JSON knows it; fields that ciokit does not know are in their places."""
    from ciokit.app.records.base import Record, fields_of

    if isinstance(value, Record):
        found = {
            field.encode_name: plain(getattr(value, field.name))
            for field in fields_of(type(value))
            if field.name != "extra"
        }
        return {**found, **value.extra}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in cast("Sequence[Any]", value)]
    return value


def print_json(value: Any) -> None:
    """Print an answer on one line."""
    import msgspec

    print(msgspec.json.encode(plain(value)).decode())


def shown(value: Any) -> str:
    """Return a value for people: data must not move a terminal's cursor."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (Mapping, tuple, list)):
        import msgspec

        value = msgspec.json.encode(value).decode()
    text = str(value)
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def when(seconds: float | None) -> str:
    """Return Unix seconds as a date and a time; what is none, as milliseconds are, as the number that it is."""
    if not seconds:
        return ""
    from datetime import UTC, datetime

    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return str(seconds)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Print rows under their columns.

    Returns:
        How many there were.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    if table.row_count:
        Console(highlight=False).print(table)
    return table.row_count


def print_facts(facts: Mapping[str, Any]) -> None:
    """Print what is known of one thing, a line each; what is empty is left out."""
    told = {name: text for name, value in facts.items() if (text := shown(value))}
    width = max((len(name) for name in told), default=0)
    for name, text in told.items():
        print(f"{name:<{width}}  {text}")
