"""Whom a broadcast goes to: its own recipients, or exactly one of five kinds of audience.

Each kind has only the flags that fit it. Unknown people make the whole broadcast fail, unless a flag says to leave
them out.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any, Final, TypeAlias

import msgspec

from ciokit.app.words import Data, Filter
from ciokit.encoding.drafts import Draft, Encoding
from ciokit.identifiers import Email, Id
from ciokit.values.fragments import object_of
from ciokit.wire import JSON

__all__ = [
    "AUDIENCE",
    "Audience",
    "DataFile",
    "Emails",
    "Ids",
    "PerUserData",
    "Recipients",
    "UserData",
    "encode_trigger",
    "write_data_file",
]

AUDIENCE: Final = 10_000
"""Ids, or people with data, of one trigger (App API reference)."""

_FILTERS = frozenset({"and", "or", "not", "segment", "attribute"})


class Recipients(msgspec.Struct, frozen=True):
    """Send to the people whom a condition matches.

    Attributes:
        filter: The condition; see `ciokit.app.filters`.
    """

    filter: Filter


class Emails(msgspec.Struct, frozen=True):
    """Send to people by their e-mail addresses.

    Attributes:
        emails: The addresses; all must belong to existing people.
        ignore_missing: Whether to leave out those that belong to nobody.
        add_duplicates: Whether to send to everybody who has an address that several people have; an error otherwise.
    """

    emails: Sequence[str]
    ignore_missing: bool = False
    add_duplicates: bool = False


class Ids(msgspec.Struct, frozen=True):
    """Send to people by their ids; not for workspaces that identify people by e-mail address.

    Attributes:
        ids: The ids, at most 10,000; all must belong to existing people.
        ignore_missing: Whether to leave out those that belong to nobody.
    """

    ids: Sequence[str]
    ignore_missing: bool = False


class UserData(msgspec.Struct, frozen=True):
    """Name a person and what the message says to them.

    Attributes:
        person: The person; a plain string is an id.
        data: What the message refers to as `trigger`.
    """

    person: str | Id | Email
    data: Data = None


class PerUserData(msgspec.Struct, frozen=True):
    """Send to people with data for each of them.

    Attributes:
        users: The people, at most 10,000; all must exist.
        id_ignore_missing: Whether to leave out ids that belong to nobody.
        email_ignore_missing: Whether to leave out addresses that belong to nobody.
        email_add_duplicates: Whether to send to everybody who has an address that several people have.
    """

    users: Sequence[UserData]
    id_ignore_missing: bool = False
    email_ignore_missing: bool = False
    email_add_duplicates: bool = False


class DataFile(msgspec.Struct, frozen=True):
    """Send to the people in a file, one JSON object a line: `{"id": ..., "data": {...}}`.

    Attributes:
        url: Where the service gets the file from; `write_data_file` writes one.
        id_ignore_missing: Whether to leave out ids that belong to nobody.
        email_ignore_missing: Whether to leave out addresses that belong to nobody.
        email_add_duplicates: Whether to send to everybody who has an address that several people have.
    """

    url: str
    id_ignore_missing: bool = False
    email_ignore_missing: bool = False
    email_add_duplicates: bool = False


Audience: TypeAlias = Recipients | Emails | Ids | PerUserData | DataFile


def encode_trigger(given: Mapping[str, Any], draft: Draft) -> tuple[bytes, str]:
    """Return the body of a trigger, and the body's type.

    Args:
        given: `audience` and `data`.
        draft: Gathers what is wrong.
    """
    fields = {} if given["data"] is None else {"data": draft.object_json(given["data"], "data")}
    fields |= _audience(given["audience"], draft)
    return object_of(fields), JSON


def _audience(audience: Any, draft: Draft) -> dict[str, bytes]:
    match audience:
        case None:
            return {}
        case Recipients():
            if len(audience.filter) != 1 or not audience.filter.keys() <= _FILTERS:
                names = ", ".join(sorted(_FILTERS))
                draft.refuse(
                    "audience.filter", f"must have exactly one of {names} at its top; see all_of, any_of"
                )
            return {"recipients": draft.json(audience.filter, "audience.filter")}
        case Emails():
            flags = {
                "email_ignore_missing": audience.ignore_missing,
                "email_add_duplicates": audience.add_duplicates,
            }
            return _texts("emails", audience.emails, draft) | _flags(flags)
        case Ids():
            _bounded(audience.ids, "ids", draft)
            return _texts("ids", audience.ids, draft) | _flags({"id_ignore_missing": audience.ignore_missing})
        case PerUserData():
            _bounded(audience.users, "users", draft)
            users = [
                user_json(user, f"audience.users[{index}]", draft)
                for index, user in enumerate(audience.users)
            ]
            return {"per_user_data": b"[%b]" % b",".join(users)} | _flags(_all_flags(audience))
        case DataFile():
            return {"data_file_url": draft.id_text(audience.url, "audience.url")} | _flags(
                _all_flags(audience)
            )
        case _:
            names = "Recipients, Emails, Ids, PerUserData or DataFile"
            draft.refuse("audience", f"expected {names}, got {type(audience).__name__}")
            return {}


def _texts(name: str, texts: Sequence[str], draft: Draft) -> dict[str, bytes]:
    if not texts:
        draft.refuse(f"audience.{name}", "names nobody")
    for index, text in enumerate(texts):
        draft.id_text(text, f"audience.{name}[{index}]")
    return {name: draft.json([*texts], f"audience.{name}")}


def _bounded(people: Sequence[Any], name: str, draft: Draft) -> None:
    if not 1 <= len(people) <= AUDIENCE:
        words = f"must be 1 to {AUDIENCE} people; put more into a DataFile"
        draft.refuse(f"audience.{name}", words)


def _flags(flags: Mapping[str, bool]) -> dict[str, bytes]:
    return {name: b"true" for name, is_set in flags.items() if is_set}


def _all_flags(audience: PerUserData | DataFile) -> dict[str, bool]:
    names = ("id_ignore_missing", "email_ignore_missing", "email_add_duplicates")
    return {name: getattr(audience, name) for name in names}


def user_json(user: UserData, path: str, draft: Draft) -> bytes:
    """Return a person with data as the service takes it.

    Args:
        user: The person.
        path: Where it stands, for problems.
        draft: Gathers what is wrong.
    """
    given: Any = user
    if not isinstance(given, UserData):
        draft.refuse(path, f"expected UserData, got {type(given).__name__}")
        return b"{}"
    person: Any = user.person
    if not isinstance(person, (str, Id, Email)):
        draft.refuse(f"{path}.person", f"expected an id as text, Id or Email, got {type(person).__name__}")
        return b"{}"
    identifiers, _ = draft.person(person, f"{path}.person")
    if user.data is None:
        return identifiers
    return b'%b,"data":%b}' % (identifiers[:-1], draft.object_json(user.data, f"{path}.data"))


def write_data_file(file: IO[bytes], users: Iterable[UserData]) -> int:
    """Write people with data to a file for `DataFile`; put it where the service can fetch it.

    Args:
        file: A file that was opened in binary mode.
        users: The people; any number.

    Returns:
        How many were written.

    Raises:
        InvalidData: If one of them is wrong; those before are written.
    """
    written = 0
    for index, user in enumerate(users):
        draft = Draft(Encoding(stamp=False), 0)
        line = user_json(user, f"users[{index}]", draft)
        draft.finish("write_data_file")
        file.write(line + b"\n")
        written += 1
    return written
