"""From a request to its reply: route, host, credentials, rate limit, operation, refusal.

Holds no state of people and events; it finds the workspace that does.
"""

import traceback
from collections.abc import Mapping
from typing import Final

from ciokit.sandbox import app, pipelines, track
from ciokit.sandbox.exchange import Reply, Request
from ciokit.sandbox.faults.effects import Sabotage, wrong_region
from ciokit.sandbox.http.auth import Keyring, read_bearer
from ciokit.sandbox.http.envelopes import refusal
from ciokit.sandbox.http.hosts import Host, find_host
from ciokit.sandbox.http.rates import RateLimits
from ciokit.sandbox.http.routes import Match, Route, Router, Visit
from ciokit.sandbox.http.track_replies import SUCCESS
from ciokit.sandbox.shapes import RefusedError, read_digits, refuse
from ciokit.sandbox.state.records import Rejection, RequestRecord
from ciokit.sandbox.state.rules import Call
from ciokit.sandbox.state.workspace import Workspace

_ROUTER: Final = Router((*track.ROUTES, *pipelines.ROUTES, *app.ROUTES))


class Reception:
    """Receive requests for the workspaces.

    Args:
        keyring: Tells which workspace a credential is for.
        workspaces: The workspaces by name.
        region: Where the accounts are.
        limits: Counts requests; None for no limit.
    """

    def __init__(
        self, keyring: Keyring, workspaces: Mapping[str, Workspace], region: str, limits: RateLimits | None
    ) -> None:
        self._keyring = keyring
        self._workspaces = workspaces
        self._places = tuple(workspaces.values())
        self._region = region
        self._limits = limits
        self._told: set[Host] = set()

    def find(self, request: Request) -> tuple[str, Match[Route] | list[str]]:
        """Find the API and the route of a request.

        Args:
            request: The request.

        Returns:
            The API, empty if unknown, and the route or the methods that the path allows.
        """
        found = _ROUTER.match(request.method, request.path)
        host = find_host(request.headers.get("host", ""))
        if isinstance(found, Match):
            if host is None or found.route.api in {host.api, ""}:
                return found.route.api, found
            return host.api, []
        return host.api if host is not None else _api_of(request.path), found

    def reply(
        self,
        request: Request,
        api: str,
        found: Match[Route] | list[str],
        record: RequestRecord,
        sabotage: Sabotage | None = None,
    ) -> Reply:
        """Answer a request.

        Args:
            request: The request.
            api: Its API.
            found: Its route, or the methods that the path allows.
            record: Takes the workspace and what was refused.
            sabotage: Tells which items of a batch a fault refuses.

        Returns:
            The reply.
        """
        if not isinstance(found, Match):
            known = found or (api == "app" and request.path.startswith("/v1/send/"))
            status, message = (405, "Method Not Allowed") if known else (404, "Not Found")
            return _no(api, request.path, status, message)
        route = found.route
        name = self._keyring.workspace(api, request.headers.get("authorization"))
        if name is None and not route.public:
            return self._refuse_access(request, route, record)
        if api == "app" and not _names_workspace(request):
            return _no(api, route.template, 400, "X-Workspace-Id is required with a service account token")
        host = find_host(request.headers.get("host", ""))
        if host is not None and api == "app" and host.region != self._region:
            return wrong_region(api, self._region, request.target)
        record.workspace = name or self._places[0].name
        if host is not None and host.region != self._region and api:
            self._note_region(host, record)
        if self._limits is not None and api:
            exceeded = self._limits.exceeded(api, route.template, request.path, record.workspace, record.at)
            if exceeded is not None:
                return _no(api, route.template, 429, exceeded)
        return self._process(request, found, record, sabotage)

    def repeat(self, request: Request, record: RequestRecord, sabotage: Sabotage) -> Reply | None:
        """Do a request again that was done before: its credentials and its rate were good then.

        Args:
            request: The request.
            record: Says when it came, its number, and which workspace it is for.
            sabotage: Tells which items of a batch a fault refused.

        Returns:
            The reply; None if the sandbox no longer has such an operation or workspace.
        """
        api, found = self.find(request)
        if not isinstance(found, Match) or record.workspace not in self._workspaces:
            return None
        record.api = api
        return self._process(request, found, record, sabotage)

    def _process(
        self, request: Request, found: Match[Route], record: RequestRecord, sabotage: Sabotage | None
    ) -> Reply:
        record.processed = True
        workspace = self._workspaces[record.workspace]
        visit = Visit(request, workspace, _call(record), found.path, record.rejected, self._places, sabotage)
        return _operate(found.route, visit)

    def _note_region(self, host: Host, record: RequestRecord) -> None:
        """Say, once, that Track or Pipelines calls go to the other region: how the vendor answers is not known."""
        if host in self._told:
            return
        self._told.add(host)
        message = (
            f"calls go to the {host.region} region's host of {host.api}, the account is in {self._region}"
        )
        self._workspaces[record.workspace].note(_call(record), "wrong_region", message)

    def _refuse_access(self, request: Request, route: Route, record: RequestRecord) -> Reply:
        if route.api == "pipelines" and request.headers.get("x-strict-mode") != "1":
            message = "the write key is not known: the call is dropped, although the answer is 200"
            self._places[0].note(_call(record), "unknown_write_key", message)
            return SUCCESS
        return _no(route.api, route.template, 401, "Unauthorized")


def _call(record: RequestRecord) -> Call:
    return Call(record.at, record.number, record.attempt)


def _names_workspace(request: Request) -> bool:
    """Tell whether a service account token, which is good for several workspaces, comes with one of them."""
    token = read_bearer(request.headers.get("authorization", "")) or ""
    named = request.headers.get("x-workspace-id", "")
    return not token.startswith("sa_live_") or read_digits(named) is not None


def _operate(route: Route, visit: Visit) -> Reply:
    try:
        if visit.request.oversize:
            refuse("request body is larger than the sandbox reads", reason="too_large")
        return route.operation(visit)
    except RefusedError as refused:
        rejection = Rejection(None, refused.reason, refused.field, refused.message)
        visit.rejected.append(rejection)
        if route.api == "pipelines":
            return pipelines.answer_refusals(visit)
        return refusal(route.api, route.template, refused.status, rejection)
    except Exception as error:  # noqa: BLE001  # a defect here must not stop who tests against it
        _report_own_failure(visit, error)
        return _no(route.api, route.template, 500, "the sandbox failed; see its warnings")


def _report_own_failure(visit: Visit, error: Exception) -> None:
    """Put a defect of the sandbox where its users look."""
    visit.workspace.note(visit.call, "sandbox_failure", describe_failure(error))


def describe_failure(error: Exception) -> str:
    """Say what failed and where, without any of the request's values.

    Args:
        error: A defect of the sandbox.

    Returns:
        The error's class, file and line.
    """
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} in {frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}"


def _no(api: str, template: str, status: int, message: str) -> Reply:
    return refusal(api, template, status, Rejection(None, "refused", "", message))


def find_api(request: Request) -> str:
    """Tell which of the vendor's APIs a path is of.

    Args:
        request: The request; its host is not looked at.

    Returns:
        `track`, `app`, `pipelines`, or empty.
    """
    found = _ROUTER.match(request.method, request.path)
    return found.route.api if isinstance(found, Match) else _api_of(request.path)


def _api_of(path: str) -> str:
    if path.startswith("/api/"):
        return "track"
    return "app" if path.startswith("/v1/") else ""
