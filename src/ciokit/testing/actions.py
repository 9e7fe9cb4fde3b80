"""What the vendor's APIs were asked for besides events, people's attributes and messages: deletions, devices, merges, ...

Read from the requests that a sandbox keeps, in the words of version 2 of the Track API. What was refused, or spoilt by a
fault before it was done, is left out.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple, cast
from urllib.parse import unquote

import msgspec

from ciokit.sandbox.state.records import RequestRecord

__all__ = ["Action", "actions_of"]

_SEEN_ELSEWHERE: Final = frozenset({"event", "page", "screen", "identify", "track"})
"""What shows as events or as people's attributes."""
_NAMES: Final = ("id", "email", "phone", "cio_id", "object_id", "cio_object_id", "anonymous_id")
_VERSION_1: Final = (
    ("PUT", re.compile(r"/api/v1/customers/([^/]+)"), "identify"),
    ("POST", re.compile(r"/api/v1/customers/([^/]+)/events"), "event"),
    ("POST", re.compile(r"/api/v1/events"), "event"),
    ("DELETE", re.compile(r"/api/v1/customers/([^/]+)"), "delete"),
    ("PUT", re.compile(r"/api/v1/customers/([^/]+)/devices"), "add_device"),
    ("DELETE", re.compile(r"/api/v1/customers/([^/]+)/devices/[^/]+"), "delete_device"),
    ("POST", re.compile(r"/api/v1/customers/([^/]+)/suppress"), "suppress"),
    ("POST", re.compile(r"/api/v1/customers/([^/]+)/unsuppress"), "unsuppress"),
    ("POST", re.compile(r"/api/v1/merge_customers"), "merge"),
)
_PIPELINES: Final = re.compile(r"/v1/(identify|track|page|screen|group|alias|batch)")
_MESSAGES: Final = re.compile(r"/v1/send/\w+|/v1/(campaigns|broadcasts)/\d+/triggers")


class Action(NamedTuple):
    """Hold one thing that was done.

    Args:
        key: Which: the request's number, and the place in it.
        name: `delete`, `suppress`, `add_device`, `identify_object`, ...; for what has no such name, method and path.
        about: The identifiers that it names.
    """

    key: tuple[int, int]
    name: str
    about: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join((self.name, *self.about))


def actions_of(requests: Iterable[RequestRecord]) -> list[Action]:
    """Read what was done from the requests.

    Args:
        requests: What a sandbox keeps of them; one whose body was let go to bound memory tells nothing.

    Returns:
        The actions, oldest first, each once however often it was delivered.
    """
    found: dict[tuple[object, ...], Action] = {}
    for record in requests:
        if record.processed and record.method not in {"GET", "HEAD"} and record.body is not None:
            refused = {rejection.index for rejection in record.rejected}
            for index, (name, about) in enumerate(_read(record)):
                whole = record.rejected and None in refused
                if name not in _SEEN_ELSEWHERE and index not in refused and not whole:
                    action = Action((record.number, index), name, about)
                    found.setdefault((record.path, record.body, index), action)
    return list(found.values())


def _read(record: RequestRecord) -> Iterator[tuple[str, tuple[str, ...]]]:
    body = _body(record)
    path = record.path
    if record.api == "track" and path.startswith("/api/v2/"):
        operations = body.get("batch", []) if path.endswith("/batch") else [body]
        yield from map(_version_2, operations)
    elif record.api == "pipelines" and (found := _PIPELINES.fullmatch(path)):
        calls = body.get("batch", []) if found[1] == "batch" else [{**body, "type": found[1]}]
        yield from map(_call, calls)
    elif record.api == "track":
        yield _version_1(record, body)
    elif not _MESSAGES.fullmatch(path):
        yield f"{record.method} {path}", ()


def _body(record: RequestRecord) -> dict[str, Any]:
    try:
        body: Any = msgspec.json.decode(record.body or b"{}")
    except msgspec.DecodeError:
        return {}
    return cast("dict[str, Any]", body) if isinstance(body, dict) else {}


def _version_2(operation: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    action, kind = str(operation.get("action", "")), operation.get("type", "person")
    about = _identifiers(operation.get("identifiers", {}))
    if action == "merge":
        about = (*_identifiers(operation.get("primary", {})), *_identifiers(operation.get("secondary", {})))
    return (action if kind == "person" else f"{action}_{kind}"), about


def _version_1(record: RequestRecord, body: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    for method, path, name in _VERSION_1:
        if record.method == method and (found := path.fullmatch(record.path)):
            if name == "merge":
                sides = (body.get("primary", {}), body.get("secondary", {}))
                return name, tuple(identifier for side in sides for identifier in _identifiers(side))
            return name, tuple(unquote(part) for part in found.groups())
    return f"{record.method} {record.path}", ()


def _call(call: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    about = (call.get(name) for name in ("userId", "groupId", "previousId"))
    return str(call.get("type", "")), tuple(str(one) for one in about if one)


def _identifiers(found: Any) -> tuple[str, ...]:
    if not isinstance(found, dict):
        return ()
    values = cast("dict[str, Any]", found)
    return tuple(str(values[name]) for name in _NAMES if values.get(name))
