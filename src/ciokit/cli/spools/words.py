"""How entries, ages and sizes are said: as text for people, as JSON for programs."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

import msgspec

from ciokit.stores.following import Written
from ciokit.stores.inspection import Waiting
from ciokit.stores.journal import DeadLetter, Kept, Settled
from ciokit.stores.requeue import Buried
from ciokit.wire import Entry

__all__ = ["age", "as_json", "dead_line", "line_of", "lines_of", "plain", "size", "stamp", "waiting_line"]

Line: TypeAlias = dict[str, Any]

_encode = msgspec.json.Encoder().encode
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"))


def as_json(value: object) -> str:
    """Write a value as JSON on one line."""
    return _encode(value).decode()


def plain(text: str) -> str:
    """Take out of a text whatever a terminal would obey."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def size(count: int) -> str:
    """Say a number of bytes."""
    if count < 1000:
        return f"{count} B"
    for unit in ("kB", "MB"):
        count_of_unit = count / 1000 if unit == "kB" else count / 1_000_000
        if count_of_unit < 1000:
            return f"{count_of_unit:.1f} {unit}"
    return f"{count / 1e9:.1f} GB"


def age(seconds: float) -> str:
    """Say how long ago something was, in one unit."""
    for length, unit in _UNITS:
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def stamp(at: float) -> str:
    """Say a Unix time, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _facts(entry: Entry, *, show_body: bool) -> Line:
    facts: Line = {"kind": entry.kind, "id": entry.id, "bytes": len(entry.body)}
    if show_body:
        facts |= {"keys": entry.keys, "body": msgspec.Raw(entry.body)}
    return facts


def lines_of(written: Written, *, show_body: bool) -> Iterator[Line]:
    """Say what a process wrote, as facts; the first lines of files say nothing."""
    match written.record:
        case Kept(seq, entry):
            yield {
                "process": written.process,
                "what": "put",
                "seq": seq,
                **_facts(entry, show_body=show_body),
            }
        case Settled(outcome, ranges, reason, status, attempts):
            why = {"reason": reason, "status": status, "attempts": attempts} if reason or status else {}
            for first, last in ranges:
                yield {"process": written.process, "what": outcome, "first": first, "last": last, **why}
        case _:
            return


def line_of(facts: Line) -> str:
    """Say one of those facts to people."""
    process, what = str(facts["process"]).split("-")[1], str(facts["what"])
    if what == "put":
        body = bytes(facts["body"]).decode("utf-8", "replace") if "body" in facts else ""
        said = (
            f"{facts['seq']:>8}  {facts['kind']}  {facts['id'] or '-'}  {size(int(facts['bytes']))}  {body}"
        )
    else:
        first, last = int(facts["first"]), int(facts["last"])
        some = f"{first:>8}" if first == last else f"{first:>8} to {last} ({last - first + 1:,})"
        status = f"  {facts['status']}" if facts.get("status") else ""
        said = f"{some}{status}  {facts.get('reason', '')}"
    return plain(f"{process:>7}  {what:<9} {said}").rstrip()


def dead_line(buried: Buried, *, show_body: bool) -> Line:
    """Say a dead letter as facts."""
    letter: DeadLetter = buried.letter
    return {
        "letter": buried.id,
        "at": round(letter.at, 3),
        "status": letter.status,
        "attempts": letter.attempts,
        "reason": letter.reason,
        **_facts(letter.entry, show_body=show_body),
    }


def waiting_line(waiting: Waiting) -> Line:
    """Say an entry that waits as facts."""
    return {
        "process": waiting.process,
        "seq": waiting.seq,
        "method": waiting.entry.route.method,
        "path": waiting.entry.route.path,
        **_facts(waiting.entry, show_body=True),
    }
