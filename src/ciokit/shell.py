"""What the clients of all APIs have in common: settings into a connection, and the loop around one request.

It knows no operation, no verb and no path. A client names its API and its credentials; what it says to the service,
and what it makes of the answer, is its own.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Self, TypeVar

from ciokit.clock import SYSTEM_CLOCK, Clock
from ciokit.delivery import Account, Attempts
from ciokit.errors import ClientClosed, InvalidData, Problem, SettingsError
from ciokit.settings import Api, Region, Secret, Settings, check_kind
from ciokit.verdict import Delivered, Outcome, RetryPolicy
from ciokit.version import USER_AGENT
from ciokit.wire import JSON

if TYPE_CHECKING:
    import ssl

    import httpx2

    from ciokit.transport import Connection

__all__ = ["DEFAULT_POLICY", "AsyncShell", "Shell", "SyncShell"]

CustomT = TypeVar("CustomT")

DEFAULT_POLICY = RetryPolicy()
DAY = 86_400.0
"""The longest timeout, in seconds; the system counts no further than a few weeks."""


class Shell(Generic[CustomT]):
    """Hold what a client is made of, with and without asyncio: everything but sending and waiting."""

    def _connect(
        self,
        api: Api,
        settings: Settings,
        authorization: Secret,
        credentials: str,
        *,
        retry: RetryPolicy = DEFAULT_POLICY,
        timeout: float = 10.0,
        proxy: str | None = None,
        ca: "str | ssl.SSLContext | None" = None,
        http2: bool = False,
        transport: CustomT | None = None,
        user_agent: str = USER_AGENT,
        headers: Mapping[str, str] | None = None,
        reply_limit: int | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Make the client ready to send; it connects at the first request.

        Args:
            api: Which API; with the settings, it decides the address.
            settings: Where to.
            authorization: The value of the header.
            credentials: The variables and arguments of the keys, in words, for errors.
            retry: How often and how patiently to retry.
            timeout: Seconds for one attempt in all.
            proxy: A proxy's address; the environment's if omitted, none when empty.
            ca: Certificates to trust; the environment's or the system's if omitted.
            http2: Whether to speak HTTP/2.
            transport: An httpx2 transport of the application's own.
            user_agent: How the client names itself.
            headers: Further headers, for every request.
            reply_limit: Bytes of an answer that are read; the transport's own limit if omitted.
            clock: Tells the time and waits.

        Raises:
            SettingsError: If the policy, the timeout, the user agent, the proxy or the certificates are wrong.
        """
        from ciokit.transport import REPLY_LIMIT, Connection

        check_kind("retry", retry, RetryPolicy, "RetryPolicy(max_retries=5)")
        _check_timeout(timeout)
        _check_text("user_agent", user_agent)
        connection = Connection(
            url=settings.url(api),
            authorization=authorization,
            user_agent=user_agent,
            timeout=timeout,
            proxy=proxy,
            ca=ca,
            http2=http2,
            headers=headers or {},
            reply_limit=reply_limit or REPLY_LIMIT,
        )
        self._url = connection.url
        self._account = Account(settings.region, credentials, hosted=settings.base_url is None)
        self._policy = retry
        self._clock = clock
        self._closed = False
        self._open(connection, transport)

    @abstractmethod
    def _open(self, connection: "Connection", custom: CustomT | None) -> None:
        """Make the transport."""

    @property
    def region(self) -> Region:
        """The region that the client speaks to."""
        return self._account.region

    @property
    def url(self) -> str:
        """The address that the client speaks to."""
        return self._url

    def __repr__(self) -> str:
        if "_closed" not in vars(self):  # an error tracker shows it, when its settings were refused
            return f"<{type(self).__name__}, refused>"
        state = ", closed" if self._closed else ""
        return f"<{type(self).__name__} {self._url} region={self.region}{state}>"

    def __reduce__(self) -> NoReturn:
        msg = f"{type(self).__name__} holds keys and connections, and is not pickled or copied: make one where it is used"
        raise TypeError(msg)

    def _attempts(self, kind: str) -> Attempts:
        self._check_open(kind)
        return Attempts(kind, self._policy, self._clock, self._account)

    def _check_open(self, kind: str) -> None:
        if self._closed:
            msg = f"{kind}: this client is closed; make a new one"
            raise ClientClosed(msg)


def _check_timeout(timeout: Any) -> None:
    if not _is_number(timeout) or not 0 < timeout <= DAY:
        msg = f"timeout must be more than 0 seconds and at most a day, got {timeout!r}"
        raise SettingsError(msg)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _check_attempt(method: Any, path: Any, timeout: Any) -> None:
    """Refuse what no request line may hold, and a time that is none."""
    problems: list[Problem] = []
    if not isinstance(method, str) or not method.isascii() or not method.isalpha():
        problems.append(Problem("method", "expected an HTTP method like GET"))
    is_line = isinstance(path, str) and path.isascii() and path.isprintable() and " " not in path
    if not is_line or not path.startswith("/"):
        problems.append(Problem("path", "expected an encoded path like /api/v2/entity"))
    if timeout is not None and not (_is_number(timeout) and timeout > 0):
        problems.append(Problem("timeout", "expected more than 0 seconds, or None for the client's own"))
    if problems:
        subject = "attempt"
        raise InvalidData(subject, tuple(problems))


def _check_text(name: str, text: Any) -> None:
    """Refuse what no header may hold: it would fail at each request, or smuggle in a header of its own."""
    if not isinstance(text, str) or not text.strip() or not text.isascii() or not text.isprintable():
        msg = f"{name} must be a line of printable ASCII"
        raise SettingsError(msg)


class SyncShell(Shell["httpx2.BaseTransport"]):
    """Send, wait and close, in threads."""

    def _open(self, connection: "Connection", custom: "httpx2.BaseTransport | None") -> None:
        from ciokit.transport import Transport

        self._transport = Transport(connection, custom)

    def _send(
        self, method: str, path: str, body: bytes, attempts: Attempts, content_type: str = JSON
    ) -> Delivered:
        while True:
            if wait := attempts.turn():
                try:
                    self._clock.sleep(wait)
                    self._check_open(attempts.kind)
                except BaseException:
                    attempts.give_turn_back()
                    raise
            outcome = self._transport.send(
                method, path, body, retries=attempts.retries, content_type=content_type
            )
            step = attempts.step(outcome)
            if isinstance(step, Delivered):
                return step
            self._clock.sleep(step)
            if self._closed:
                raise attempts.stopped(outcome)

    def attempt(
        self, method: str, path: str, body: bytes, *, retries: int = 0, timeout: float | None = None
    ) -> Outcome:
        """Send one request once, and say what came back: for those who decide themselves what follows.

        Args:
            method: The HTTP method.
            path: The path, percent-encoded, with a query if there is one.
            body: JSON; empty for none.
            retries: How often it was sent before.
            timeout: Seconds for the attempt; the client's own if omitted or longer.

        Returns:
            The answer, or why there is none.

        Raises:
            InvalidData: If the method, the path or the timeout is none; nothing is sent then.
        """
        _check_attempt(method, path, timeout)
        return self._transport.send(method, path, body, retries=retries, timeout=timeout)

    def close(self) -> None:
        """Close the connections; the client cannot be used afterwards."""
        self._closed = True
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncShell(Shell["httpx2.AsyncBaseTransport"]):
    """Send, wait and close, in tasks."""

    def _open(self, connection: "Connection", custom: "httpx2.AsyncBaseTransport | None") -> None:
        from ciokit.transport.async_http import AsyncTransport

        self._transport = AsyncTransport(connection, custom)

    async def _send(
        self, method: str, path: str, body: bytes, attempts: Attempts, content_type: str = JSON
    ) -> Delivered:
        while True:
            if wait := attempts.turn():
                try:
                    await self._clock.asleep(wait)
                    self._check_open(attempts.kind)
                except BaseException:
                    attempts.give_turn_back()
                    raise
            outcome = await self._transport.send(
                method, path, body, retries=attempts.retries, content_type=content_type
            )
            step = attempts.step(outcome)
            if isinstance(step, Delivered):
                return step
            await self._clock.asleep(step)
            if self._closed:
                raise attempts.stopped(outcome)

    async def attempt(
        self,
        method: str,
        path: str,
        body: bytes,
        *,
        retries: int = 0,
        timeout: float | None = None,  # noqa: ASYNC109 - it holds for the attempt as a whole
    ) -> Outcome:
        """Send one request once, and say what came back: for those who decide themselves what follows.

        Args:
            method: The HTTP method.
            path: The path, percent-encoded, with a query if there is one.
            body: JSON; empty for none.
            retries: How often it was sent before.
            timeout: Seconds for the attempt; the client's own if omitted or longer.

        Returns:
            The answer, or why there is none.

        Raises:
            InvalidData: If the method, the path or the timeout is none; nothing is sent then.
        """
        _check_attempt(method, path, timeout)
        return await self._transport.send(method, path, body, retries=retries, timeout=timeout)

    async def aclose(self) -> None:
        """Close the connections of this event loop; the client cannot be used afterwards."""
        self._closed = True
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
