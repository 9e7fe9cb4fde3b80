"""The App API's clients, with and without asyncio."""

import math
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

import msgspec

from ciokit.app.answers import Page, Paged, read_answer
from ciokit.app.async_resources import AsyncResources
from ciokit.app.endpoint import Call, Endpoint, prepare
from ciokit.app.paging import AsyncPages, Pages
from ciokit.app.rates import RateLimits
from ciokit.app.raw import Method, raw_call
from ciokit.app.resource import Pending
from ciokit.app.resources import Resources
from ciokit.clock import SYSTEM_CLOCK, Clock
from ciokit.delivery import Attempts
from ciokit.encoding.drafts import Draft, Encoding
from ciokit.errors import ReplyError, SettingsError
from ciokit.settings import NaiveDatetimes, Region, Settings, check_kind
from ciokit.shell import DEFAULT_POLICY, AsyncShell, Shell, SyncShell
from ciokit.verdict import Delivered, NoReply, Outcome, Reply, RetryPolicy
from ciokit.version import USER_AGENT

if TYPE_CHECKING:
    import ssl

    import httpx2  # noqa: F401 - the bases below name it in strings

__all__ = ["AppClient", "AsyncAppClient"]

T = TypeVar("T")
CustomT = TypeVar("CustomT")
Arguments: TypeAlias = Mapping[str, Any]

REPLY_LIMIT = 64 << 20
"""Bytes of an answer that are read: a page of 30,000 people is a few megabytes."""
SERVICE_ACCOUNT = "sa_live_"

_CREDENTIALS = "CUSTOMERIO_APP_API_KEY (api_key=)"


class _AppShell(Shell[CustomT], Generic[CustomT]):
    """Hold what both App clients are made of: everything but sending and waiting."""

    def __init__(
        self,
        api_key: str | None = None,
        *,
        region: Region | None = None,
        base_url: str | None = None,
        workspace_id: int | None = None,
        retry: RetryPolicy = DEFAULT_POLICY,
        retry_sends: bool = False,
        timeout: float = 10.0,
        rate_limits: RateLimits | None = None,
        wait: bool = True,
        naive_datetimes: NaiveDatetimes | None = None,
        proxy: str | None = None,
        ca: "str | ssl.SSLContext | None" = None,
        http2: bool = False,
        transport: CustomT | None = None,
        user_agent: str = USER_AGENT,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        from ciokit.transport import bearer

        settings = Settings.load(
            app_api_key=api_key, region=region, base_url=base_url, naive_datetimes=naive_datetimes
        )
        (key,) = settings.credentials("app_api_key")
        _check_workspace(workspace_id)
        if workspace_id is None and key.reveal().startswith(SERVICE_ACCOUNT):
            msg = f"a service account's token ({SERVICE_ACCOUNT}...) is good for several workspaces: name one with workspace_id="
            raise SettingsError(msg)
        self._encoding = Encoding(stamp=False, naive_utc=settings.naive_utc)
        self._retry_sends = retry_sends
        self._limits = RateLimits() if rate_limits is None else rate_limits
        check_kind("rate_limits", self._limits, RateLimits, "RateLimits(general=5)")
        self._wait = wait
        self._timeout = timeout
        self._agent = user_agent
        self._connect(
            "app",
            settings,
            bearer(key),
            _CREDENTIALS,
            retry=retry,
            timeout=timeout,
            proxy=proxy,
            ca=ca,
            http2=http2,
            transport=transport,
            user_agent=user_agent,
            headers={} if workspace_id is None else {"X-Workspace-Id": str(workspace_id)},
            reply_limit=REPLY_LIMIT,
            clock=clock,
        )

    def _prepare(self, endpoint: Endpoint[Any], arguments: Arguments) -> Call:
        self._check_open(endpoint.kind)
        return prepare(endpoint, arguments, Draft(self._encoding, self._clock.time()))

    def _paced(self, endpoint: Endpoint[Any], arguments: Arguments) -> Attempts:
        wait = arguments.get("wait")
        return Attempts(
            endpoint.kind,
            self._policy,
            self._clock,
            self._account,
            replay_safe=endpoint.replay_safe or (self._retry_sends and endpoint.rate == "transactional"),
            limit=self._limits.of(endpoint.rate),
            patience=math.inf if (self._wait if wait is None else wait) else 0.0,
            instead="with wait=True",
        )

    def monotonic(self) -> float:
        """Return the clock's time that never goes back."""
        return self._clock.monotonic()

    def _file_attempts(self, url: str, kind: str) -> Attempts:
        """Check where a file is said to be, and follow the attempts to get it."""
        plain = self._url.startswith("http://")
        if not _is_fetchable(url, frozenset({"http", "https"} if plain else {"https"})):
            msg = f"{kind}: the service named an address that is not fetched from; it must be https"
            raise ReplyError(msg, status=200, kind=kind)
        return self._attempts(kind)


class AppClient(_AppShell["httpx2.BaseTransport"], SyncShell, Resources):
    """Call Customer.io's App API: messages, broadcasts, people, segments, campaigns and the rest.

        app = AppClient()
        person = app.customers.attributes("user-1")
        for found in app.segments.membership(7):
            print(found.email)

    Each group of operations is an attribute. Safe to use from any number of threads, and in a forked child. A call
    waits for its turn within the vendor's rates, retries temporary failures that are safe to repeat, and raises a
    `DeliveryError` for the rest. What may have been processed and must not happen twice (a message, a broadcast,
    whatever is created) is sent again only after an answer of 429 or when no connection came about.

    Args:
        api_key: The App API key, or a service account's token; by default from the settings.
        region: `us` or `eu`.
        base_url: An address other than the vendor's, for example a sandbox's.
        workspace_id: The workspace, which a service account's token needs.
        retry: How often and how patiently to retry.
        retry_sends: Whether transactional messages are sent again although the first may have been processed; people
            may get them twice.
        timeout: Seconds for one attempt as a whole.
        rate_limits: The rates to keep to; give several clients the same one to have them share it.
        wait: Whether calls wait for their turn; without, one that would have to raises `RateLimitReached`.
        naive_datetimes: `"utc"` takes datetimes without a time zone as UTC; `"refuse"` refuses them.
        proxy: A proxy's address; by default the environment's, none if empty.
        ca: A file or folder of certificates, or an SSL context; by default the environment's or the system's.
        http2: Whether to speak HTTP/2, if the package h2 is installed.
        transport: A custom httpx2 transport; it is closed with the client.
        user_agent: How the client names itself.
        clock: Tells the time and waits.

    Raises:
        SettingsError: If the key is missing or a setting is wrong.
    """

    def perform(self, endpoint: Endpoint[T], arguments: Arguments) -> T:
        """Call an operation; the resources' methods do.

        Args:
            endpoint: Which.
            arguments: What with, by the parameters' names.

        Returns:
            What the answer becomes.

        Raises:
            InvalidData: If an argument is wrong; all of them are told, and nothing is sent.
            DeliveryError: If the service did not take it.
        """
        call, attempts = self._prepare(endpoint, arguments), self._paced(endpoint, arguments)
        try:
            taken = self._send(endpoint.method, call.path, call.body, attempts, call.content_type)
        except ReplyError as error:
            taken = _if_gone(endpoint, error)
        return _read(endpoint, taken)

    def pages(self, endpoint: Endpoint[Page[T]], arguments: Arguments) -> Pages[T]:
        """Return what iterates over a list; see `perform`."""
        self._prepare(endpoint, arguments)  # what is wrong is raised now
        # The pages come later: of what was asked for now, whatever becomes of the application's own filter.
        asked = deepcopy(arguments)
        return Pages(lambda there: self.perform(endpoint, there), _paged(endpoint), asked)

    def download(self, url: str, kind: str) -> Iterator[bytes]:
        """Read a file from an address that the service named, without credentials.

        Args:
            url: Where it is.
            kind: The operation, for errors.

        Yields:
            Its pieces.

        Raises:
            DeliveryError: If it does not come, or breaks off.
        """
        from ciokit.transport.downloads import File, open_file

        attempts = self._file_attempts(url, kind)
        while True:
            found = open_file(self._transport, url, kind, self._timeout, self._agent)
            if isinstance(found, File) and found.status == 200:
                yield from found.pieces()
                return
            if isinstance(found, File):
                found.close()
            self._clock.sleep(_wait_for_file(found, attempts))

    def pause(self, seconds: float) -> None:
        """Wait by the clock."""
        self._clock.sleep(seconds)

    def request(
        self,
        method: Method,
        path: str | Sequence[str],
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        replay_safe: bool | None = None,
    ) -> Any:
        """Call an operation that is not declared here, with the same retries, rates and errors.

        Args:
            method: `GET`, `POST`, `PUT` or `DELETE`.
            path: The path, `/v1/...`, already encoded; or its parts, which are encoded here.
            query: Names and values; None is left out.
            body: What becomes the JSON body.
            replay_safe: Whether sending it twice does no harm; all but POST if omitted.

        Returns:
            The answer's JSON; None if it has none.
        """
        return self.perform(*raw_call(method, path, query, body, replay_safe=replay_safe))


class AsyncAppClient(_AppShell["httpx2.AsyncBaseTransport"], AsyncShell, AsyncResources):
    """Call Customer.io's App API from asyncio; the twin of `AppClient`, with the same arguments.

        async with AsyncAppClient() as app:
            person = await app.customers.attributes("user-1")
            async for found in app.segments.membership(7): ...

    Errors in a call are raised at the call, not when it is awaited. Works in several event loops, one after
    the other.
    """

    def perform(self, endpoint: Endpoint[T], arguments: Arguments) -> Pending[T]:
        """Call an operation; see `AppClient.perform`."""
        return self._deliver(endpoint, self._prepare(endpoint, arguments), arguments)

    async def _deliver(self, endpoint: Endpoint[T], call: Call, arguments: Arguments) -> T:
        attempts = self._paced(endpoint, arguments)
        try:
            taken = await self._send(endpoint.method, call.path, call.body, attempts, call.content_type)
        except ReplyError as error:
            taken = _if_gone(endpoint, error)
        return _read(endpoint, taken)

    def pages(self, endpoint: Endpoint[Page[T]], arguments: Arguments) -> AsyncPages[T]:
        """Return what iterates over a list; see `perform`."""
        self._prepare(endpoint, arguments)
        asked = deepcopy(arguments)
        return AsyncPages(lambda there: self.perform(endpoint, there), _paged(endpoint), asked)

    async def download(self, url: str, kind: str) -> AsyncGenerator[bytes]:
        """Read a file from an address that the service named; see `AppClient.download`."""
        from ciokit.transport.downloads import AsyncFile, open_file_async

        attempts = self._file_attempts(url, kind)
        while True:
            found = await open_file_async(self._transport, url, kind, self._timeout, self._agent)
            if isinstance(found, AsyncFile) and found.status == 200:
                # A generator that nobody closes is closed by the loop, some turns later than its caller goes on.
                async with aclosing(found.pieces()) as pieces:
                    async for piece in pieces:
                        yield piece
                return
            if isinstance(found, AsyncFile):
                await found.aclose()
            await self._clock.asleep(_wait_for_file(found, attempts))

    async def pause(self, seconds: float) -> None:
        """Wait by the clock."""
        await self._clock.asleep(seconds)

    def request(
        self,
        method: Method,
        path: str | Sequence[str],
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        replay_safe: bool | None = None,
    ) -> Pending[Any]:
        """Call an operation that is not declared here; see `AppClient.request`."""
        return self.perform(*raw_call(method, path, query, body, replay_safe=replay_safe))


def _is_fetchable(url: str, schemes: frozenset[str]) -> bool:
    """Tell an address that can be asked, of a scheme that may be."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna")
        whole = bool(host) and parts.port != 0
    except ValueError:  # a port out of range, a bracket left open, a name too long
        return False
    return whole and parts.scheme in schemes and url.isascii() and url.isprintable() and " " not in url


def _check_workspace(workspace_id: Any) -> None:
    is_number = isinstance(workspace_id, int) and not isinstance(workspace_id, bool)
    if workspace_id is not None and not (is_number and workspace_id > 0):
        msg = f"workspace_id must be a whole number from 1, got {type(workspace_id).__name__}"
        raise SettingsError(msg)


def _paged(endpoint: Endpoint[Page[T]]) -> Paged[T]:
    answer: Any = endpoint.answer
    paged: Paged[T] = answer
    return paged


def _wait_for_file(found: Any, attempts: Attempts) -> float:
    """Return the seconds before a file is asked for again, or raise what is against it."""
    outcome: Outcome = found if isinstance(found, NoReply) else Reply(found.status)
    if isinstance(outcome, Reply) and (outcome.status in {401, 403, 404, 410} or outcome.status < 400):
        msg = (
            f"{attempts.kind}: the file's address was refused ({outcome.status}); "
            "it is good for 15 minutes, so ask for it again"
        )
        raise ReplyError(msg, status=outcome.status, kind=attempts.kind)
    step = attempts.step(outcome)
    return 0.0 if isinstance(step, Delivered) else step


def _if_gone(endpoint: Endpoint[Any], error: ReplyError) -> Delivered:
    """Take a deletion for done that was tried again and found nothing: the first attempt may have done it."""
    if endpoint.method == "DELETE" and error.status == 404 and error.attempts > 1:
        return Delivered()
    raise error


def _read(endpoint: Endpoint[T], taken: Delivered) -> T:
    try:
        return read_answer(endpoint.answer, taken.body)
    except msgspec.DecodeError:
        why = (
            f"is longer than {REPLY_LIMIT} bytes; ask for smaller pages"
            if len(taken.body) >= REPLY_LIMIT
            else "was not understood; is this address Customer.io's?"
        )
        done = "" if endpoint.replay_safe else "; it was taken all the same: look before you call again"
        msg = f"{endpoint.kind}: the answer {why}{done}"
        raise ReplyError(msg, status=200, kind=endpoint.kind) from None
