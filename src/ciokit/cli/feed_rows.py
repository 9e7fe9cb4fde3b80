"""Entries of a sandbox's feed as rows for a terminal.

What an application sent is shown as text: no character of it moves the cursor or changes a colour.
"""

import datetime as dt
from typing import Any, Final

import msgspec
from rich.text import Text

from ciokit.cli.feed import Entry, Record

__all__ = ["heading", "row"]

_WIDTHS: Final = (12, 8, 24)
_STYLES: Final = {
    "event": "green",
    "person": "cyan",
    "message": "magenta",
    "request": "blue",
    "warning": "yellow",
    "object": "cyan",
    "webhook": "blue",
}
_WORDS: Final = {
    "faults": "switched on or off",
    "object": "changed",
    "object_deleted": "deleted",
    "person_deleted": "deleted",
    "reset": "everything is forgotten",
    "skipped": "older entries are no longer kept",
    "webhook": "queued",
}
_STAMPS: Final = frozenset({"tracked_at", "last_seen_at"})


def heading() -> Text:
    """Make the line above the rows."""
    cells = "".join(_cell(name, column) for column, name in enumerate(("time", "kind", "who")))
    return Text(f"{cells}what", "dim")


def row(entry: Entry) -> Text:
    """Make the row of an entry.

    Args:
        entry: What happened.

    Returns:
        Time, kind, whom it is about and what it is, on one line.
    """
    style = _STYLES.get(entry.kind, "bold")
    who, what, more = _parts(entry)
    made = Text()
    made.append(_cell(_moment(entry.record), 0), style="dim")
    made.append(_cell(entry.kind.partition("_")[0], 1), style=style)
    made.append(_cell(who, 2))
    made.append(_printable(what), style="bold red" if _is_bad(entry) else "bold")
    made.append(f" {_printable(more)}" if more else "", style="dim")
    return made


def _parts(entry: Entry) -> tuple[str, str, str]:
    """Say whom an entry is about, what it is, and what else there is to it."""
    record = entry.record
    match entry.kind:
        case "event":
            kind = "" if record["type"] == "event" else f"{record['type']} "
            who = record["person"] or f"anonymous {record['anonymous_id'] or ''}"
            return who, f"{kind}{record['name']}", f"{_data(record['data'])}{_deliveries(record)}"
        case "person":
            flags = [name for name in ("unsubscribed", "suppressed") if record[name]]
            names = [record[name] for name in ("email", "phone") if record[name] and record["id"]]
            return _who(record), " ".join(["changed", *flags]), ", ".join(names)
        case "message":
            name = record["template_name"]
            called = "" if name in {"", str(record["template"])} else f" · {name}"
            about = f"{record['channel']} {record['state']}, template {record['template']}{called}"
            return record["recipient"] or f"cio_{record['cio_id']}", about, _data(record["data"])
        case "request":
            said = "no answer" if record["dropped"] else str(record["status"])
            return record["api"], f"{said} {record['method']} {record['path']}", _request_notes(record)
        case "warning":
            return record["person"] or "", record["kind"], record["message"]
        case _:
            who = _who(record) if entry.kind == "person_deleted" else ""
            return who, _WORDS.get(entry.kind, entry.kind.replace("_", " ")), ""


def _who(person: Record) -> str:
    return person["id"] or person["email"] or person["phone"] or f"cio_{person['cio_id']}"


def _data(data: dict[str, Any]) -> str:
    shown = {name: value for name, value in data.items() if name not in _STAMPS}
    return msgspec.json.encode(shown).decode() if shown else ""


def _deliveries(event: Record) -> str:
    notes = [f"attempt {event['attempts'][0] + 1}"] if event["attempts"] and event["attempts"][0] else []
    return f" ({', '.join(notes)})" if notes else ""


def _request_notes(record: Record) -> str:
    notes = {
        f"attempt {record['attempt'] + 1}": record["attempt"],
        f"{record['rejected']} refused": record["rejected"],
        f"fault {record['fault']}": record["fault"] is not None,
    }
    return ", ".join(note for note, is_so in notes.items() if is_so)


def _is_bad(entry: Entry) -> bool:
    return entry.kind == "request" and (entry.record["status"] >= 400 or entry.record["dropped"])


def _moment(record: Record) -> str:
    at = next(
        (record[name] for name in ("received_at", "at", "queued_at", "updated_at") if name in record), None
    )
    moment = dt.datetime.now() if at is None else dt.datetime.fromtimestamp(at)  # noqa: DTZ005, DTZ006 - the reader's own time
    return moment.strftime("%H:%M:%S.%f")[:-3]


def _cell(text: str, column: int) -> str:
    width, shown = _WIDTHS[column], _printable(text)
    cut = shown if len(shown) <= width else f"{shown[: width - 1]}\N{HORIZONTAL ELLIPSIS}"
    return f"{cut:<{width}}  "


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
