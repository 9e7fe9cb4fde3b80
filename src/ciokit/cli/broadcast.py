"""`ciokit broadcast`: set an API-triggered broadcast off, and see what became of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import typer

from ciokit.cli.answers import AsJson, asking, plain, print_json, shown, when
from ciokit.cli.failures import FailureError, UsageError
from ciokit.cli.given import (
    Anything,
    Data,
    Filter,
    Has,
    Segment,
    Where,
    read_condition,
    read_pairs,
    read_person,
    read_text,
)

if TYPE_CHECKING:
    from ciokit.app import AppClient, UserData
    from ciokit.app.broadcasts import Audience
    from ciokit.app.records import BroadcastTrigger

__all__ = ["broadcast"]

_WHOM: Final = "People"
_SHOWN: Final = 20
"""Faults of an audience that are shown; `--json` has all of them."""


def _option(help_: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=help_, rich_help_panel=_WHOM, show_default=False, **more)


Number: TypeAlias = Annotated[
    int, typer.Argument(metavar="NUMBER", min=1, help="The broadcast's number.", show_default=False)
]
PersonIds: TypeAlias = Annotated[
    list[str] | None, _option("A person, by id; may be repeated.", "--id", metavar="ID")
]
PersonEmails: TypeAlias = Annotated[
    list[str] | None, _option("A person, by e-mail address; may be repeated.", "--email", metavar="ADDRESS")
]
People: TypeAlias = Annotated[
    str | None,
    _option(
        'People with data of their own, up to 10,000 lines like {"id": "42", "data": {...}}; - reads stdin.',
        metavar="FILE",
    ),
]
DataUrl: TypeAlias = Annotated[
    str | None, _option("The same, at an address from which Customer.io fetches the file.", metavar="URL")
]
IgnoreMissing: TypeAlias = Annotated[
    bool, _option("Leave out people who do not exist; otherwise nobody gets it.", "--ignore-missing")
]
AddDuplicates: TypeAlias = Annotated[
    bool, _option("Send to everybody who shares an e-mail address.", "--add-duplicates")
]
Wait: TypeAlias = Annotated[
    bool, typer.Option("--wait", help="Wait until it is done, and show errors in the audience.")
]
Timeout: TypeAlias = Annotated[
    float, typer.Option(min=0, metavar="SECONDS", help="How long to wait at most.")
]


def broadcast(
    number: Number,
    *,
    person: PersonIds = None,
    email: PersonEmails = None,
    people: People = None,
    data_url: DataUrl = None,
    segment: Segment = None,
    where: Where = None,
    has: Has = None,
    anything: Anything = False,
    filter: Filter = None,
    ignore_missing: IgnoreMissing = False,
    add_duplicates: AddDuplicates = False,
    data: Data = None,
    wait: Wait = False,
    timeout: Timeout = 3600.0,
    as_json: AsJson = False,
) -> None:
    """Trigger a broadcast, once.

    Without an audience, it goes to the recipients that are set up in Customer.io. With --wait the exit code is 1 if
    there were errors in the audience. Customer.io allows one trigger in 10 seconds.
    """
    condition = read_condition(segment=segment, where=where, has=has, anything=anything, filter=filter)
    given = {
        "--id": person,
        "--email": email,
        "--people": people,
        "--data-url": data_url,
        "conditions": condition,
    }
    audience = _audience(
        {name: value for name, value in given.items() if value is not None},
        ignore_missing=ignore_missing,
        add_duplicates=add_duplicates,
    )
    with asking() as client:
        trigger = client.broadcasts.trigger(number, audience, data=read_pairs("--data", data) or None)
        if not wait:
            _tell_begun(number, trigger.id, as_json=as_json)
            return
        done, faults = _wait(client, number, trigger.id, timeout)
    _tell_done(done, faults, as_json=as_json)


def _audience(given: dict[str, Any], *, ignore_missing: bool, add_duplicates: bool) -> "Audience | None":
    from ciokit.app import DataFile, Emails, Ids, PerUserData, Recipients

    if len(given) > 1:
        msg = f"say whom in one way: {' or '.join(given)}"
        raise UsageError(msg)
    kind: str = next(iter(given), "")
    value: Any = given.get(kind)
    all_flags: dict[str, Any] = {
        "id_ignore_missing": ignore_missing,
        "email_ignore_missing": ignore_missing,
        "email_add_duplicates": add_duplicates,
    }
    if ignore_missing and kind in {"", "conditions"}:
        msg = "--ignore-missing goes with --id, --email, --people or --data-url"
        raise UsageError(msg)
    if add_duplicates and kind in {"", "--id", "conditions"}:
        msg = "--add-duplicates goes with --email, --people or --data-url"
        raise UsageError(msg)
    match kind:
        case "--id":
            return Ids(value, ignore_missing=ignore_missing)
        case "--email":
            return Emails(value, ignore_missing=ignore_missing, add_duplicates=add_duplicates)
        case "--people":
            return PerUserData(_read_people(value), **all_flags)
        case "--data-url":
            return DataFile(value, **all_flags)
        case "conditions":
            return Recipients(value)
        case _:
            return None


def _read_people(source: str) -> "list[UserData]":
    # A text may have other line breaks inside, which JSON need not escape.
    return [
        _read_line(line, number, source)
        for number, line in enumerate(read_text(source).split("\n"), 1)
        if line.strip()
    ]


def _read_line(line: str, number: int, source: str) -> "UserData":
    import msgspec

    from ciokit.app import UserData

    try:
        found = msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        found = {}
    names = [name for name in ("id", "email") if name in found]
    if len(names) != 1 or found.keys() - {"id", "email", "data"}:
        msg = f'{source}, line {number}: expected one like {{"id": "42", "data": {{...}}}}, or with "email"'
        raise UsageError(msg)
    return UserData(read_person(found[names[0]], names[0]), found.get("data"))


def _wait(
    client: "AppClient", number: int, trigger: int, timeout: float
) -> "tuple[BroadcastTrigger, Sequence[str]]":
    from rich.console import Console

    from ciokit.cli.waiting import waiting

    with waiting(Console(stderr=True), f"Broadcast {number}, trigger {trigger} ..."):
        done = client.broadcasts.wait(number, trigger, timeout=timeout)
    return done, list(client.broadcasts.trigger_errors(number, trigger))


def _tell_begun(number: int, trigger: int, *, as_json: bool) -> None:
    if as_json:
        print_json({"broadcast_id": number, "id": trigger})
    else:
        print(f"broadcast {number} was set off: trigger {trigger}")


def _tell_done(done: "BroadcastTrigger", faults: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        print_json({**plain(done), "errors": faults})
    else:
        print(f"trigger {done.id} was done {when(done.processed_at)}")
        for fault in faults[:_SHOWN]:
            print(f"  {shown(fault)}")
    if faults:
        msg = f"broadcast: the audience of trigger {done.id} had {len(faults)} faults"
        raise FailureError(msg)
