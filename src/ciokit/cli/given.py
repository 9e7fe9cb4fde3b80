"""What is given on the command line, as values: NAME=VALUE, JSON out of files, times, people and conditions."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import typer

from ciokit.cli.failures import UsageError
from ciokit.cli.imports.cells import CellError, TimeReader, read_value
from ciokit.identifiers import CioId, Email, Id, Phone

__all__ = [
    "Anything",
    "Data",
    "Filter",
    "Has",
    "IdKind",
    "Segment",
    "Where",
    "read_condition",
    "read_json",
    "read_pairs",
    "read_person",
    "read_text",
    "read_time",
]

_WHOM = "People"

Data: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE",
        show_default=False,
        help="Data for the message; may be repeated. true, false and plain numbers are read as such, all else is text.",
    ),
]
IdKind: TypeAlias = Annotated[
    Literal["id", "email", "phone", "cio_id"], typer.Option(help="What names the person.")
]
Segment: TypeAlias = Annotated[
    list[int] | None,
    typer.Option(
        metavar="NUMBER",
        show_default=False,
        rich_help_panel=_WHOM,
        help="People in this segment; may be repeated.",
    ),
]
Where: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE",
        show_default=False,
        rich_help_panel=_WHOM,
        help="People whose attribute has this value; may be repeated.",
    ),
]
Has: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        show_default=False,
        rich_help_panel=_WHOM,
        help="People who have this attribute; may be repeated.",
    ),
]
Anything: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--any", rich_help_panel=_WHOM, help="One of these conditions is enough; the default is all of them."
    ),
]
Filter: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        show_default=False,
        rich_help_panel=_WHOM,
        help="A condition as the App API takes it, as JSON; - reads it from stdin.",
    ),
]

_PEOPLE = {"id": Id, "email": Email, "phone": Phone, "cio_id": CioId}


def read_person(text: str, kind: str) -> Any:
    """Return a person's name as the clients take it."""
    return _PEOPLE[kind](text)


def read_pairs(option: str, given: Sequence[str] | None, *, as_text: bool = False) -> dict[str, Any]:
    """Read NAME=VALUE.

    Args:
        option: Where they stand, for an error.
        given: The texts.
        as_text: Whether every value stays text.

    Raises:
        UsageError: If one has no name or comes twice.
    """
    found: dict[str, Any] = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not equals or not name:
            msg = f"{option} must be NAME=VALUE"
            raise UsageError(msg)
        if name in found:
            msg = f"{option} gives {name} twice"
            raise UsageError(msg)
        found[name] = value if as_text or not value.strip() else read_value(value)
    return found


def read_text(source: str) -> str:
    """Read a file, or stdin where its name is -.

    Raises:
        UsageError: If it cannot be read.
    """
    try:
        return sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "is no UTF-8 text"
        msg = f"{source}: {why or 'cannot be read'}"
        raise UsageError(msg) from None


def read_json(source: str) -> dict[str, Any]:
    """Read a JSON object out of a file, or of stdin where its name is -.

    Raises:
        UsageError: If it is none.
    """
    import msgspec

    text = read_text(source)
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        where = "stdin" if source == "-" else source
        why = "" if isinstance(error, msgspec.ValidationError) else f" ({error})"
        msg = f"{where}: expected a JSON object{why}"
        raise UsageError(msg) from None


def read_time(option: str, text: str | None) -> int | None:
    """Read a time as Unix seconds; without a time zone it is UTC.

    Raises:
        UsageError: If it is none.
    """
    if text is None:
        return None
    try:
        return TimeReader(unit="s").read(text)
    except CellError as error:
        msg = f"{option}: {error}"
        raise UsageError(msg) from None


def read_condition(
    *,
    segment: Sequence[int] | None,
    where: Sequence[str] | None,
    has: Sequence[str] | None,
    anything: bool,
    filter: str | None,
) -> dict[str, Any] | None:
    """Make one condition of what was given; None if nothing was.

    Raises:
        UsageError: If a part is wrong, or a whole one is mixed with parts.
    """
    from ciokit.app import filters

    parts = [filters.in_segment(number) for number in segment or ()]
    parts += [filters.attribute_is(name, value) for name, value in read_pairs("--where", where).items()]
    parts += [filters.has_attribute(name) for name in has or ()]
    if filter is not None:
        if parts:
            msg = "--filter is a whole condition: leave out --segment, --where and --has"
            raise UsageError(msg)
        return read_json(filter)
    if len(parts) < 2:
        return {**parts[0]} if parts else None
    return {**(filters.any_of(*parts) if anything else filters.all_of(*parts))}
