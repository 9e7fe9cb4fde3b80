"""No test reaches the true Customer.io by mistake: looking its hosts up, or connecting to them, is refused and told.

It sees whatever goes through Python's socket module (requests, urllib3, httpx, aiohttp, the vendor's SDKs). It does not
see a lookup that an extension makes by itself (uvloop, pycares), nor what goes through a proxy.
"""

import socket
from collections.abc import Callable
from typing import Any, Final, cast

__all__ = ["Guard", "RealCustomerIO"]

_DOMAIN: Final = "customer.io"
_LOOKUPS: Final = ("getaddrinfo", "gethostbyname", "gethostbyname_ex")
_CONNECTS: Final = ("connect", "connect_ex")
_ADVICE: Final = "take the fixture cio_sandbox or cio_server; a test that means it is marked with @pytest.mark.ciokit_network"


class RealCustomerIO(RuntimeError):  # noqa: N818 - what was reached for, as a test's output shows it
    """Tell that a test tried to reach the true Customer.io."""


class Guard:
    """Refuse Customer.io's hosts from `start` to `stop`, and remember who was asked for.

    Attributes:
        allowed: Whether the present test may reach them.
    """

    def __init__(self) -> None:
        self.allowed = False
        self._tried: list[str] = []
        self._replaced: list[tuple[Any, str, Any, Any]] = []

    def start(self) -> None:
        """Begin to refuse."""
        for name in _LOOKUPS:
            self._replace(socket, name, self._watch_lookup)
        for name in _CONNECTS:
            self._replace(socket.socket, name, self._watch_connect)

    def stop(self) -> None:
        """Leave everything as it was; what somebody else has replaced since is left to them."""
        for place, name, before, ours in reversed(self._replaced):
            if getattr(place, name) is ours:
                setattr(place, name, before)
        self._replaced.clear()

    def take_tried(self) -> str:
        """Return what to say of the hosts that were tried since the last time; nothing if there were none."""
        tried, self._tried = self._tried, []
        return f"tried to reach {', '.join(sorted(set(tried)))}: {_ADVICE}" if tried else ""

    def _replace(self, place: Any, name: str, watch: Callable[[Any], Any]) -> None:
        before = getattr(place, name)
        ours = watch(before)
        setattr(place, name, ours)
        self._replaced.append((place, name, before, ours))

    def _watch_lookup(self, before: Callable[..., Any]) -> Callable[..., Any]:
        def look_up(host: Any, *args: Any, **named: Any) -> Any:
            self.check(host)
            return before(host, *args, **named)

        return look_up

    def _watch_connect(self, before: Callable[..., Any]) -> Callable[..., Any]:
        def connect(sock: socket.socket, address: Any) -> Any:
            if isinstance(address, tuple):
                self.check(cast("tuple[object, ...]", address)[0])
            return before(sock, address)

        return connect

    def check(self, host: object) -> None:
        """Refuse a host that is Customer.io's.

        Args:
            host: A name as text or bytes; anything else is none of this guard's business.

        Raises:
            RealCustomerIO: If it is, and the present test may not reach it.
        """
        name = host.decode("latin-1") if isinstance(host, bytes) else str(host)
        name = name.lower().rstrip(".")
        if self.allowed or (name != _DOMAIN and not name.endswith(f".{_DOMAIN}")):
            return
        self._tried.append(name)
        msg = f"a test tried to reach {name}: {_ADVICE}"
        raise RealCustomerIO(msg)
