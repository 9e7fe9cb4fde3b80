"""The table that leads from method and path to an operation.

Knows templates, not what the operations do.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar
from urllib.parse import unquote

import msgspec

from ciokit.sandbox.exchange import Reply, Request
from ciokit.sandbox.state.records import Rejection
from ciokit.sandbox.state.rules import Call
from ciokit.sandbox.state.workspace import Workspace


class Visit(msgspec.Struct):
    """Carry one request to its operation.

    Args:
        request: The request.
        workspace: The workspace it is for.
        call: Time, number and attempt.
        path: Decoded path parameters by name.
        rejected: What was refused; the operation adds to it.
        places: All workspaces, for calls that need no credentials.
        sabotage: Tells which items of a batch a fault refuses.
    """

    request: Request
    workspace: Workspace
    call: Call
    path: Mapping[str, str]
    rejected: list[Rejection]
    places: Sequence[Workspace] = ()
    sabotage: Callable[[int], bool] | None = None


Operation = Callable[[Visit], Reply]


class Route(NamedTuple):
    """Lead one method and path template to an operation.

    Args:
        api: `track`, `app` or `pipelines`.
        method: HTTP method.
        template: Path with `{name}` for a parameter, one segment each.
        operation: What answers.
        public: Whether it needs no credentials.
    """

    api: str
    method: str
    template: str
    operation: Operation
    public: bool = False


class Routed(Protocol):
    """What a router leads to: anything with a method and a path template."""

    @property
    def method(self) -> str:
        """HTTP method."""
        ...

    @property
    def template(self) -> str:
        """Path with `{name}` for a parameter, one segment each."""
        ...


RouteT = TypeVar("RouteT", bound=Routed)


class Match(NamedTuple, Generic[RouteT]):
    """Hold a route that fits a request, with its path parameters."""

    route: RouteT
    path: Mapping[str, str]


class Router(Generic[RouteT]):
    """Find routes by method and path.

    Args:
        routes: The table.
    """

    def __init__(self, routes: Iterable[RouteT]) -> None:
        self._literal: dict[str, dict[str, RouteT]] = {}
        self._templates: dict[int, list[tuple[list[str], dict[str, RouteT]]]] = {}
        for route in routes:
            self._add(route)

    def match(self, method: str, path: str) -> Match[RouteT] | list[str]:
        """Find the route of a request.

        Args:
            method: HTTP method.
            path: Path as sent, percent-encoded.

        Returns:
            The route with its parameters; else the methods that the path allows, none if it is unknown.
        """
        literal = self._literal.get(path)
        if literal is not None:
            route = literal.get(method)
            return Match(route, {}) if route is not None else list(literal)
        allowed: list[str] = []
        segments = path.split("/")
        for template, methods in self._templates.get(len(segments), ()):
            if all(
                part[:1] == "{" or part == segment for part, segment in zip(template, segments, strict=True)
            ):
                if method in methods:
                    return Match(methods[method], _parameters(template, segments))
                allowed.extend(methods)
        return allowed

    def _add(self, route: RouteT) -> None:
        if "{" not in route.template:
            self._literal.setdefault(route.template, {})[route.method] = route
            return
        template = route.template.split("/")
        same = self._templates.setdefault(len(template), [])
        for known, methods in same:
            if known == template:
                methods[route.method] = route
                return
        same.append((template, {route.method: route}))
        same.sort(key=lambda entry: sum(part[:1] == "{" for part in entry[0]))


def _parameters(template: list[str], segments: list[str]) -> dict[str, str]:
    pairs = zip(template, segments, strict=True)
    return {part[1:-1]: unquote(segment) for part, segment in pairs if part[:1] == "{"}
