"""`ciokit segments`: which there are, who is in them, and manual ones made and filled."""

from collections.abc import Sequence
from typing import Annotated, Literal, TypeAlias

import typer

from ciokit.cli.answers import AsJson, asking, plain, print_facts, print_json, print_table, when
from ciokit.cli.failures import UsageError
from ciokit.cli.people import print_people

__all__ = ["app"]

Number: TypeAlias = Annotated[
    int, typer.Argument(metavar="NUMBER", min=1, help="The segment's number.", show_default=False)
]
People: TypeAlias = Annotated[
    list[str], typer.Argument(metavar="PERSON...", help="The people.", show_default=False)
]
SegmentIdKind: TypeAlias = Annotated[
    Literal["id", "email", "cio_id"], typer.Option("--id-kind", help="What names the people.")
]
_AT_ONCE = 1000
"""People of one request."""

app = typer.Typer(no_args_is_help=True)


@app.callback()
def segments() -> None:
    """Segments: list them, see who is in one, create and fill manual ones."""


@app.command("list", short_help="List the segments.")
def list_(*, as_json: AsJson = False) -> None:
    """List the segments."""
    with asking() as client:
        found = client.segments.list()
    if as_json:
        for segment in found:
            print_json(segment)
        return
    rows = [(segment.id, segment.name, segment.type, segment.state) for segment in found]
    count = print_table(("Number", "Name", "Type", "State"), rows)
    print(f"{count} {'segment' if count == 1 else 'segments'}")


@app.command("get", short_help="Show a segment.")
def get(number: Number, *, as_json: AsJson = False) -> None:
    """Show a segment, how many people are in it, and what uses it."""
    with asking() as client:
        segment = client.segments.get(number)
        count = client.segments.customer_count(number).count
        uses = client.segments.used_by(number).used_by
    if as_json:
        print_json({**plain(segment), "count": count, "used_by": plain(uses)})
        return
    print_facts(
        {
            "number": segment.id,
            "name": segment.name,
            "description": segment.description,
            "type": segment.type,
            "state": segment.state,
            "people": count,
            "campaigns": uses.campaigns or None,
            "newsletters": (*uses.sent_newsletters, *uses.draft_newsletters) or None,
            "updated": when(segment.updated_at),
        }
    )


@app.command("create", short_help="Create a manual segment.")
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name.", show_default=False)],
    *,
    description: Annotated[str | None, typer.Option(help="Its description.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Create an empty manual segment."""
    with asking() as client:
        segment = client.segments.create(name, description=description)
    if as_json:
        print_json(segment)
    else:
        print(f"segment {segment.id} was made")


@app.command("delete", short_help="Delete a manual segment.")
def delete(
    number: Number,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Confirm that it is to be deleted.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete a manual segment; the people stay."""
    if not yes:
        msg = f"segment {number} would be gone for good: add --yes"
        raise UsageError(msg)
    with asking() as client:
        client.segments.delete(number)
    if as_json:
        print_json({"id": number, "deleted": True})
    else:
        print(f"segment {number} was deleted")


@app.command("count", short_help="Count the people in a segment.")
def count_(number: Number, *, as_json: AsJson = False) -> None:
    """Count the people in a segment."""
    with asking() as client:
        found = client.segments.customer_count(number)
    if as_json:
        print_json({"id": number, "count": found.count})
    else:
        print(found.count)


@app.command("members", short_help="List the people in a segment.")
def members(
    number: Number,
    *,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", show_default=False, help="Only the first N.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the people in a segment."""
    with asking() as client:
        print_people(client.segments.membership(number), limit, as_json=as_json)


@app.command("add", short_help="Add people to a manual segment.")
def add(number: Number, people: People, *, id_kind: SegmentIdKind = "id", as_json: AsJson = False) -> None:
    """Add people to a manual segment; it takes the Track API's keys."""
    _change(number, people, id_kind, "add", as_json=as_json)


@app.command("remove", short_help="Remove people from a manual segment.")
def remove(number: Number, people: People, *, id_kind: SegmentIdKind = "id", as_json: AsJson = False) -> None:
    """Remove people from a manual segment; it takes the Track API's keys."""
    _change(number, people, id_kind, "remove", as_json=as_json)


def _change(
    number: int,
    people: Sequence[str],
    id_kind: Literal["id", "email", "cio_id"],
    what: Literal["add", "remove"],
    *,
    as_json: bool,
) -> None:
    from ciokit.errors import InvalidData
    from ciokit.track import TrackClient

    with TrackClient() as client:
        change = client.add_to_segment if what == "add" else client.remove_from_segment
        for start in range(0, len(people), _AT_ONCE):
            try:
                change(number, people[start : start + _AT_ONCE], id_type=id_kind)
            except InvalidData as error:
                raise UsageError("; ".join(map(str, error.problems))) from None
    if as_json:
        print_json({"id": number, "asked": len(people)})
    else:
        done = "added to" if what == "add" else "removed from"
        print(
            f"{len(people)} asked to be {done} segment {number}; Customer.io ignores those it does not know"
        )
