"""A call of an operation that is not declared: what the vendor adds can be used before it has a method here."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypeAlias, cast
from urllib.parse import quote

from ciokit.app.answers import Anything
from ciokit.app.endpoint import Endpoint, Param
from ciokit.app.words import Timestamp
from ciokit.errors import InvalidData, Problem
from ciokit.values.table import has_surrogate, is_mapping

__all__ = ["Method", "RawCall", "raw_call"]

Method: TypeAlias = Literal["GET", "POST", "PUT", "DELETE"]
RawCall: TypeAlias = tuple[Endpoint[Any], Mapping[str, Any]]

_ENCODED_PATH = re.compile(r"/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*", re.ASCII)
_SCALAR = str | int | float | bool


def raw_call(
    method: Method,
    path: str | Sequence[str],
    query: Mapping[str, Any] | None,
    body: Any,
    *,
    replay_safe: bool | None,
) -> RawCall:
    """Return an operation for the occasion, and its arguments.

    Args:
        method: The HTTP method.
        path: The path, encoded; or its parts, not encoded.
        query: Names and values; None is left out.
        body: What becomes the JSON body.
        replay_safe: Whether sending it twice does no harm; by the method if omitted.

    Returns:
        The operation and the arguments.

    Raises:
        InvalidData: If the method or the path is none, or a name of the query is no text.
    """
    # An error names the kind, and a path may name a person.
    kind = f"request {method}"
    if method not in {"GET", "POST", "PUT", "DELETE"}:
        raise InvalidData("request", (Problem("method", "expected GET, POST, PUT or DELETE"),))  # noqa: EM101
    params: list[Param] = []
    arguments: dict[str, Any] = {}
    for name, value in _query(kind, query).items():
        place = f"query.{name}"
        arguments[place] = value
        of = Timestamp if isinstance(value, datetime) else _SCALAR
        params.append(Param(name=place, kind=of, doc="", place="query", wire=(quote(name, safe=""),)))
    if body is not None:
        arguments["body"] = body
        params.append(Param(name="body", kind=Any, doc="", place="entire"))
    endpoint = Endpoint(
        kind=kind,
        method=method,
        path=_path(kind, path),
        doc="",
        answer=Anything(),
        params=tuple(params),
        safe=replay_safe,
    )
    return endpoint, arguments


def _path(kind: str, path: object) -> str:
    if isinstance(path, str):
        if not _ENCODED_PATH.fullmatch(path):
            words = (
                "expected an encoded path like /v1/segments; give its parts in a list to have them encoded"
            )
            raise InvalidData(kind, (Problem("path", words),))
        return path
    parts = cast("Sequence[Any]", path)
    if not isinstance(path, Sequence) or not parts:
        raise InvalidData(kind, (Problem("path", "expected text, or a list of parts that is not empty"),))
    wrong = [
        Problem(f"path[{index}]", "expected text that is neither empty nor only dots, of whole characters")
        for index, part in enumerate(parts)
        if not _is_text(part) or part in {"", ".", ".."}
    ]
    if wrong:
        raise InvalidData(kind, tuple(wrong))
    return "".join(f"/{quote(part, safe='')}" for part in parts)


def _query(kind: str, query: Any) -> Mapping[Any, Any]:
    given: Any = {} if query is None else query
    if not is_mapping(given) or not all(_is_text(name) for name in given):
        raise InvalidData(kind, (Problem("query", "expected names, which are text, with their values"),))
    return given


def _is_text(value: Any) -> bool:
    """Tell a text that an address can hold: one with half of a character would become another address."""
    return isinstance(value, str) and not has_surrogate(value)
