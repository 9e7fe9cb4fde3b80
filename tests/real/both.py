"""The official SDK and ciokit's form of it, side by side before one server that records what each sends."""

import math
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

import ciokit.compat.customerio as ours

from .servers import RawRequest, RawServer

SITE, KEY = "site-1", "key-1"
RELEVANT = ("authorization", "content-type", "content-length", "transfer-encoding")
"""The headers that say something to Customer.io."""

sdk: Any = import_module("customerio")  # it has no types


class Sent(NamedTuple):
    """Hold what of a request must be the same."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Outcome(NamedTuple):
    """Hold what a call returned or raised, and what it sent."""

    returned: Any
    raised: BaseException | None
    sent: list[Sent]
    whole: list[RawRequest]


class Both:
    """Make the same call on a client of each.

    Args:
        server: Where both send to.
        options: For all clients.
    """

    def __init__(self, server: RawServer, **options: Any) -> None:
        self.server = server
        self._options = options
        self.clients = {
            (library.__name__, kind): make(library, server, options)
            for library in (sdk, ours)
            for kind, make in (("track", track_client), ("api", api_client))
        }

    def of_sdk(self, method: str, *args: Any, **kwargs: Any) -> Outcome:
        """Call a method of the official SDK."""
        return self._call(sdk, method, args, kwargs)

    def of_ours(self, method: str, *args: Any, **kwargs: Any) -> Outcome:
        """Call a method of ciokit's form of it."""
        return self._call(ours, method, args, kwargs)

    def call(self, method: str, *args: Any, **kwargs: Any) -> tuple[Outcome, Outcome]:
        """Call it on both: the SDK's outcome, then ours."""
        return self.of_sdk(method, *args, **kwargs), self.of_ours(method, *args, **kwargs)

    def _call(self, library: Any, method: str, args: Any, kwargs: Any) -> Outcome:
        kind = "api" if method.startswith("send_") and method != "send_request" else "track"
        client = self.clients[library.__name__, kind]
        args = tuple(arg(library) if isinstance(arg, Request) else arg for arg in args)
        before = len(self.server.requests)
        returned, raised = None, None
        try:
            returned = getattr(client, method)(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - what was raised is what is compared
            raised = error
        whole = self.server.requests[before:]
        return Outcome(returned, raised, [as_sent(request) for request in whole], whole)

    def close(self) -> None:
        """Close all clients."""
        for client in self.clients.values():
            client.close()


class Request:
    """Name a request class of the SDK, to be made from either library.

    Args:
        name: The class.
        fields: Its arguments.
        then: What to do with it.
    """

    def __init__(self, name: str, then: Callable[[Any], object] = lambda _: None, **fields: Any) -> None:
        self.name = name
        self.fields = fields
        self.then = then

    def __call__(self, library: Any) -> Any:
        """Make it from a library."""
        made = getattr(library, self.name)(**self.fields)
        self.then(made)
        return made

    def __repr__(self) -> str:
        return self.name


def track_client(library: Any, server: RawServer, options: dict[str, Any]) -> Any:
    """Return a Track client that speaks to a server."""
    client = library.CustomerIO(SITE, KEY, host="127.0.0.1", port=server.port, **options)
    if server.url.startswith("http:"):
        client.base_url = f"{server.url}/api/v1"  # the SDK builds https alone
    return client


def api_client(library: Any, server: RawServer, options: dict[str, Any]) -> Any:
    """Return an App API client that speaks to a server."""
    return library.APIClient(KEY, url=server.url, **options)


def as_sent(request: RawRequest) -> Sent:
    """Keep of a request what must be the same."""
    headers = {name: request.headers[name] for name in RELEVANT if name in request.headers}
    return Sent(request.method, request.target, headers, request.body)


NAN = math.nan
