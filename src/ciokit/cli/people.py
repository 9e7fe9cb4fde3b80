"""`ciokit people`: who somebody is, and who there is."""

from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ciokit.cli.answers import AsJson, asking, plain, print_facts, print_json, print_table, shown, when
from ciokit.cli.failures import UsageError
from ciokit.cli.given import Anything, Filter, Has, IdKind, Segment, Where, read_condition, read_person

if TYPE_CHECKING:
    from ciokit.app.records import Customer

__all__ = ["app", "print_people"]

app = typer.Typer(no_args_is_help=True)


@app.callback()
def people() -> None:
    """People: look one up, or search them."""


@app.command("get", short_help="Show a person.")
def get(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="The person.", show_default=False)],
    *,
    id_kind: IdKind = "id",
    as_json: AsJson = False,
) -> None:
    """Show a person: identifiers, attributes, devices and segments."""
    with asking() as client:
        who = read_person(person, id_kind)
        found = client.customers.attributes(who)
        segments = client.customers.segments(who)
    if as_json:
        print_json({**plain(found), "segments": plain(segments)})
        return
    _print_person(found)
    if segments:
        print(f"\nSegments: {', '.join(f'{segment.id} {shown(segment.name)}' for segment in segments)}")


def _print_person(found: "Customer") -> None:
    names = found.identifiers
    print_facts(
        {
            "id": names.id or found.id,
            "email": names.email,
            "cio_id": names.cio_id,
            "unsubscribed": found.unsubscribed,
        }
    )
    print_table(("Attribute", "Value"), sorted(found.attributes.items()))
    devices = [(device.id, device.platform, when(device.last_used)) for device in found.devices]
    print_table(("Device", "Platform", "Last used"), devices)


@app.command("search", short_help="Search people by segment and attribute.")
def search(
    *,
    segment: Segment = None,
    where: Where = None,
    has: Has = None,
    anything: Anything = False,
    filter: Filter = None,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", show_default=False, help="Only the first N.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Search people by segment and attribute, and show their identifiers."""
    condition = read_condition(segment=segment, where=where, has=has, anything=anything, filter=filter)
    if condition is None:
        msg = "say who: --segment, --where, --has or --filter"
        raise UsageError(msg)
    with asking() as client:
        print_people(client.customers.search(condition, page_size=1000), limit, as_json=as_json)


def print_people(found: Any, limit: int | None, *, as_json: bool) -> None:
    """Print names of people as they come, or as a table."""
    chosen = islice(found, limit)
    if as_json:
        for person in chosen:
            print_json(person)
        return
    count = print_table(
        ("id", "email", "cio_id"), ((found.id, found.email, found.cio_id) for found in chosen)
    )
    print(f"{count} {'person' if count == 1 else 'people'}")
