"""Answering requests of the control API: finding the operation, and saying clearly what is wrong with a request.

Pure; knows the table of operations, not what they do.
"""

from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

from ciokit.sandbox.control.ask import Ask
from ciokit.sandbox.control.openapi import describe
from ciokit.sandbox.control.operations import CONTROL_ROUTES, PREFIX, ControlRoute
from ciokit.sandbox.exchange import Reply, Request, encode_json
from ciokit.sandbox.http.routes import Match, Router
from ciokit.sandbox.reception import describe_failure
from ciokit.sandbox.shapes import RefusedError, read_digits, refuse
from ciokit.sandbox.state.kept import Kept
from ciokit.sandbox.world import World

_ROUTER: Final = Router(CONTROL_ROUTES)
_HEADERS: Final = {
    "content-type": "application/json; charset=utf-8",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
}


class Start(NamedTuple):
    """Say where a stream begins, and whether it goes on with the newest when it falls behind."""

    after: int
    newest: bool


class ControlDesk:
    """Answer the control API of a world.

    Args:
        world: The world.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def handle(self, request: Request, now: float) -> Reply:
        """Answer a request below `/_sandbox`.

        Args:
            request: The request.
            now: Unix seconds.

        Returns:
            The reply; an error is `{"error": ..., "field": ...}`.
        """
        path = request.path.removeprefix(PREFIX)
        if path == "/openapi.json":
            return _reply(200, describe(CONTROL_ROUTES)) if request.method == "GET" else _not_allowed(["GET"])
        found = _ROUTER.match(request.method, path)
        if not isinstance(found, Match):
            return _not_allowed(found) if found else _error(404, "no such operation of the control API")
        try:
            answer = found.route.operation(self._ask(request, found, now))
            self._keep(request, now)
            return answer if isinstance(answer, Reply) else _reply(200, answer)
        except RefusedError as refused:
            return _error(refused.status, refused.message, refused.field)
        except Exception as error:  # noqa: BLE001  # a defect here must not stop who tests against it
            return _error(500, f"the sandbox failed: {describe_failure(error)}")

    def _ask(self, request: Request, found: Match[ControlRoute], now: float) -> Ask:
        query = _read_query(request, found.route)
        return Ask(self._world, now, query, found.path, _read_body(request, found.route))

    def _keep(self, request: Request, now: float) -> None:
        """Have what sets the account up kept; a reset tells the store itself, faults are of the moment."""
        if self._world.keep is not None and request.method == "PUT":
            headers = {"content-type": "application/json"}
            kept = Kept(
                kind="control", at=now, method="PUT", path=request.path, headers=headers, body=request.body
            )
            self._world.keep(kept)

    def repeat(self, kept: Kept) -> None:
        """Do a kept call again.

        Args:
            kept: The call.
        """
        self.handle(Request(kept.method, kept.path, kept.query, kept.headers, kept.body), kept.at)

    def stream_start(self, request: Request, room: bool) -> Start | Reply:
        """Say where a stream of the feed begins, and what it may leave out.

        Args:
            request: The request; `after`, or the Last-Event-ID of a browser that comes back; `newest`.
            room: Whether one more may follow.

        Returns:
            The position, by default that of now; or a refusal.
        """
        if request.method != "GET":
            return _not_allowed(["GET"])
        if not room:
            return _error(503, "too many follow the stream already")
        pairs = dict(parse_qsl(request.query, keep_blank_values=True))
        pairs.pop("token", None)
        given = pairs.pop("after", "") or request.headers.get("last-event-id") or str(self._world.seq)
        after, newest = read_digits(given), pairs.pop("newest", "false")
        if after is None:
            return _error(400, "after must be a position", "after")
        if newest not in {"true", "false"}:
            return _error(400, "newest must be true or false", "newest")
        if pairs:
            return _error(400, "the stream takes after and newest, nothing else", next(iter(pairs)))
        return Start(min(after, self._world.seq), newest == "true")


def _read_query(request: Request, route: ControlRoute) -> dict[str, str]:
    pairs = parse_qsl(request.query, keep_blank_values=True)
    for name, _ in pairs:
        if name not in route.query and name != "token":
            known = f"; it takes {', '.join(route.query)}" if route.query else "; it takes none"
            refuse(f"no query parameter {name} here{known}", name)
    return {name: value for name, value in pairs if name != "token"}


def _read_body(request: Request, route: ControlRoute) -> bytes:
    """Take a body only as JSON: a form posted by a page of another site never is."""
    if request.oversize:
        refuse("request body is too large", status=413)
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if route.body is not None and content_type != "application/json":
        refuse("Content-Type must be application/json", "Content-Type", status=415)
    return request.body


def _reply(status: int, value: Any) -> Reply:
    return Reply(status, _HEADERS, encode_json(value))


def _error(status: int, message: str, field: str = "") -> Reply:
    return _reply(status, {"error": message, "field": field})


def _not_allowed(allowed: list[str]) -> Reply:
    body = {"error": f"method not allowed; this takes {', '.join(allowed)}", "field": ""}
    return Reply(405, {**_HEADERS, "allow": ", ".join(allowed)}, encode_json(body))
