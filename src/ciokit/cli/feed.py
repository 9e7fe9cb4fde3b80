"""The live feed of a sandbox: what comes over the wire as entries, and which of them somebody wants to see.

Knows the format of server-sent events and what the entries hold; neither the network nor the terminal.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, NamedTuple, TypeAlias

import msgspec

__all__ = ["Entry", "Kind", "Wanted", "read_entries"]


class Kind(StrEnum):
    """What can be asked for; `other` is a reset, a fault switched on or off, a deletion, a gap."""

    EVENT = "event"
    PERSON = "person"
    MESSAGE = "message"
    REQUEST = "request"
    WARNING = "warning"
    OBJECT = "object"
    WEBHOOK = "webhook"
    OTHER = "other"


_KINDS = frozenset(kind.value for kind in Kind)
_NAMES = ("id", "email", "phone", "cio_id")

Record: TypeAlias = dict[str, Any]


class Entry(NamedTuple):
    """Hold one thing that happened in a sandbox.

    Args:
        seq: Its position.
        kind: `event`, `person`, ...; `hello` begins a stream, `skipped` stands for what was no longer kept.
        record: What the control API shows of it.
    """

    seq: int
    kind: str
    record: Record


def read_entries(lines: Iterable[str]) -> Iterator[Entry]:
    """Read server-sent events.

    Args:
        lines: The lines of the stream, without their ends.

    Yields:
        Each entry once its event is complete; comments and what has no data are passed over.
    """
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        else:
            if "data" in fields:
                yield _entry(fields)
            fields = {}


def _entry(fields: dict[str, str]) -> Entry:
    number = fields.get("id", "")
    record: Any = msgspec.json.decode(fields["data"])
    return Entry(int(number) if number.isdecimal() else 0, fields.get("event", "message"), record)


class Wanted:
    """Choose among entries.

    A person's other identifiers are learned from the entries that pass, so that what is said of them by another name
    is found as well.

    Args:
        kinds: Kinds to show; none is all but requests that went well.
        person: Only what is about this person, by any identifier.
        name: Only events of this name, with `*` for anything.
        workspace: Only what happened in this workspace.

    Attributes:
        person: The person who is wanted, as given.
    """

    def __init__(
        self,
        kinds: Iterable[str] = (),
        *,
        person: str | None = None,
        name: str | None = None,
        workspace: str | None = None,
    ) -> None:
        self.person = person
        self._kinds = frozenset(kinds)
        self._people: set[str] = set() if person is None else {person.lower()}
        self._name = name
        self._workspace = workspace

    def learn(self, person: Record) -> None:
        """Take in a person's identifiers, if they are of the one who is wanted.

        Args:
            person: What the sandbox shows of them.
        """
        names = {str(person[name]).lower() for name in _NAMES if person.get(name)}
        if self._people and names & self._people:
            self._people |= names

    def takes(self, entry: Entry) -> bool:
        """Tell whether an entry is wanted; the beginning of a stream always is."""
        if entry.kind == "hello":
            return True
        if entry.kind == "person":
            self.learn(entry.record)
        return (
            self._takes_kind(entry)
            and (self._workspace is None or entry.record.get("workspace") == self._workspace)
            and (self._name is None or self._takes_name(entry))
            and (not self._people or self._takes_person(entry))
        )

    def _takes_kind(self, entry: Entry) -> bool:
        if self._kinds:
            return (entry.kind if entry.kind in _KINDS else Kind.OTHER) in self._kinds
        return entry.kind != "request" or went_wrong(entry.record)

    def _takes_name(self, entry: Entry) -> bool:
        name: str = entry.record.get("name", "")
        return entry.kind == "event" and fnmatchcase(name, self._name or "*")

    def _takes_person(self, entry: Entry) -> bool:
        record = entry.record
        about = ("person", "cio_id", "recipient", "anonymous_id", *(_NAMES if entry.kind == "person" else ()))
        return any(str(record[field]).lower() in self._people for field in about if record.get(field))


def went_wrong(request: Record) -> bool:
    """Tell whether a request was refused, dropped, spoilt by a fault, or a retry."""
    return bool(
        request["status"] >= 400
        or request["rejected"]
        or request["dropped"]
        or request["fault"] is not None
        or request["attempt"]
    )
