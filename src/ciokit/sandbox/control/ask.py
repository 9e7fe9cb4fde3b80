"""One call of the control API: what it carries, and how its query and body are read.

Pure; knows neither the operations nor their paths.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from ciokit.sandbox.shapes import is_array, is_object, read_digits, refuse
from ciokit.sandbox.world import World

_MOST: Final = 1000
S = TypeVar("S", bound=msgspec.Struct)


class Ask(NamedTuple):
    """Carry one request of the control API to its operation."""

    world: World
    now: float
    query: dict[str, str]
    path: Mapping[str, str]
    body: bytes


def read_number(ask: Ask, name: str, default: int, most: int = _MOST) -> int:
    """Read a query parameter that is an integer.

    Args:
        ask: The call.
        name: Name of the parameter.
        default: What it is when it is not given.
        most: The largest allowed.

    Returns:
        The number.
    """
    value = ask.query.get(name)
    if value is None:
        return default
    number = read_digits(value)
    if number is None or number > most:
        refuse(f"{name} must be an integer from 0 to {most}", name)
    return number


def read_flag(ask: Ask, name: str) -> bool:
    """Read a query parameter that is `true` or, by default, `false`.

    Args:
        ask: The call.
        name: Name of the parameter.

    Returns:
        Whether it is true.
    """
    value = ask.query.get(name, "false")
    if value not in {"true", "false"}:
        refuse(f"{name} must be true or false", name)
    return value == "true"


def read_workspace(ask: Ask) -> str | None:
    """Read the workspace that is asked about.

    Args:
        ask: The call.

    Returns:
        Its name; None for all.
    """
    name = ask.query.get("workspace")
    if name is not None and name not in ask.world.workspace_names:
        names = ", ".join(ask.world.workspace_names)
        refuse(f"no such workspace; there are {names}", "workspace", status=404)
    return name


def take_page(ask: Ask, items: Iterable[Any]) -> tuple[list[Any], int | None]:
    """Take the items after a position, or the newest ones when no position is given.

    Args:
        ask: The call, with `after` and `limit`.
        items: What there is, oldest first.

    Returns:
        The items, and the `after` of the next page if there is one.
    """
    limit = read_number(ask, "limit", 100)
    after = read_number(ask, "after", -1, 10**18 - 1)
    found = [item for item in items if item.seq > after]
    if "after" not in ask.query:
        return found[len(found) - min(limit, len(found)) :], None
    part = found[:limit]
    return part, (part[-1].seq if part and len(found) > limit else None)


def read_body(ask: Ask, kind: type[S]) -> S:
    """Read the body.

    Args:
        ask: The call.
        kind: What it must be.

    Returns:
        The body.
    """
    try:
        return msgspec.convert(_with_integers(msgspec.json.decode(ask.body)), kind)
    except msgspec.ValidationError as error:
        refuse(str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        refuse("request body is not valid JSON")


def _with_integers(value: Any) -> Any:
    """Turn 5.0 into 5, which is what JSON means by it."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if is_object(value):
        return {name: _with_integers(inner) for name, inner in value.items()}
    return [_with_integers(inner) for inner in value] if is_array(value) else value
