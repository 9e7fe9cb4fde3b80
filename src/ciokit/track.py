"""The Track API's clients, with and without asyncio: two short loops around the same verbs and the same verdicts."""

from abc import abstractmethod
from collections.abc import Coroutine, Iterable
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, TypeAlias, TypeVar, get_args

import msgspec

from ciokit.batching import BatchResult, Outcomes, chunks
from ciokit.catalogue import Bound
from ciokit.clock import SYSTEM_CLOCK, Clock
from ciokit.delivery import Account, Attempts, Receipt
from ciokit.drafts import Encoding
from ciokit.encoding import encode
from ciokit.errors import ClientClosed, DeliveryError, InvalidData, Problem, ReplyError, SettingsError
from ciokit.operations import Operation
from ciokit.settings import Region, Settings
from ciokit.verbs import AttributesT, EventT, ResultT, TrackVerbs
from ciokit.verdict import Delivered, Outcome, RetryPolicy
from ciokit.version import USER_AGENT
from ciokit.wire import Entry

if TYPE_CHECKING:
    import ssl

    import httpx2

    from ciokit.transport import Connection

__all__ = ["AccountRegion", "AsyncTrackClient", "NaiveDatetimes", "TrackClient"]

CustomT = TypeVar("CustomT")
NaiveDatetimes: TypeAlias = Literal["refuse", "utc"]

_CREDENTIALS = "CUSTOMERIO_SITE_ID and CUSTOMERIO_TRACK_API_KEY (site_id=, api_key=)"
_DEFAULT_POLICY = RetryPolicy()
_REGION_PATH = "/api/v1/accounts/region"


class AccountRegion(msgspec.Struct, frozen=True):
    """Tell where an account lives.

    Attributes:
        url: The Track API's host for it.
        region: `us` or `eu`.
        environment_id: The workspace.
    """

    url: str
    region: str
    environment_id: int


class _Shell(
    Bound,
    TrackVerbs[ResultT, AttributesT, EventT],
    Generic[ResultT, CustomT, AttributesT, EventT],
):
    """Hold what both clients are made of: everything but sending and waiting."""

    def __init__(
        self,
        site_id: str | None = None,
        api_key: str | None = None,
        *,
        region: Region | None = None,
        base_url: str | None = None,
        retry: RetryPolicy = _DEFAULT_POLICY,
        timeout: float = 10.0,
        stamp: bool = True,
        naive_datetimes: NaiveDatetimes | None = None,
        proxy: str | None = None,
        ca: "str | ssl.SSLContext | None" = None,
        http2: bool = False,
        transport: CustomT | None = None,
        user_agent: str = USER_AGENT,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        from ciokit.transport import Connection, basic

        if not timeout > 0:
            msg = f"timeout must be more than 0 seconds, got {timeout!r}"
            raise SettingsError(msg)
        settings = Settings.load(
            site_id=site_id,
            track_api_key=api_key,
            region=region,
            base_url=base_url,
            naive_datetimes=naive_datetimes,
        )
        site, key = settings.credentials("site_id", "track_api_key")
        connection = Connection(
            url=settings.url("track"),
            authorization=basic(site, key),
            user_agent=user_agent,
            timeout=timeout,
            proxy=proxy,
            ca=ca,
            http2=http2,
        )
        self._url = connection.url
        self._account = Account(settings.region, _CREDENTIALS, hosted=settings.base_url is None)
        self._policy = retry
        self._encoding = Encoding(stamp=stamp, naive_utc=settings.naive_utc)
        self._clock = clock
        self._closed = False
        self._open(connection, transport)

    @abstractmethod
    def _open(self, connection: "Connection", custom: CustomT | None) -> None:
        """Make the transport; it connects at the first request."""

    @property
    def region(self) -> Region:
        """The region that the client speaks to."""
        return self._account.region

    @property
    def url(self) -> str:
        """The address that the client speaks to."""
        return self._url

    def __repr__(self) -> str:
        state = ", closed" if self._closed else ""
        return f"<{type(self).__name__} {self._url} region={self.region}{state}>"

    def _time(self) -> float:
        return self._clock.time()

    def encode(self, operation: Operation) -> Entry:
        """Check an operation and return what would be sent, without sending it.

        Args:
            operation: What is meant.

        Returns:
            The entry, whose bytes every attempt carries.

        Raises:
            InvalidData: If something is wrong, over a limit or not in the client's catalogue.
        """
        self._check_catalogue(operation)
        return encode(operation, self._encoding, self._clock.time())

    def _entries(self, operations: Iterable[Operation]) -> list[Entry]:
        """Encode the operations of a batch, or say of each what is wrong with it."""
        entries: list[Entry] = []
        problems: list[Problem] = []
        for index, operation in enumerate(operations):
            try:
                entries.append(self._batchable(operation))
            except InvalidData as error:
                problems += [
                    Problem(f"operations[{index}].{found.path}".rstrip("."), found.message)
                    for found in error.problems
                ]
        if problems:
            subject = "batch"
            raise InvalidData(subject, tuple(problems))
        return entries

    def _batchable(self, operation: Any) -> Entry:
        name = type(operation).__name__
        if not isinstance(operation, _OPERATIONS):
            words = f"expected an operation such as Track or Identify, got {name}"
            raise InvalidData(name, (Problem("", words),))
        entry = self.encode(operation)
        if not entry.route.batch:
            words = f"Customer.io takes {name} only in a request of its own; call the verb"
            raise InvalidData(name, (Problem("", words),))
        return entry

    def _attempts(self, kind: str, *, id: str | None = None, replay_safe: bool = True) -> Attempts:
        if self._closed:
            msg = f"{kind}: this client is closed; make a new one"
            raise ClientClosed(msg)
        return Attempts(kind, self._policy, self._clock, self._account, id=id, replay_safe=replay_safe)


_OPERATIONS: tuple[type[Any], ...] = get_args(Operation)


class TrackClient(_Shell[Receipt, "httpx2.BaseTransport", AttributesT, EventT], Generic[AttributesT, EventT]):
    """Send people, events and objects to Customer.io.

        client = TrackClient[Person, SignedUp | OrderPlaced]()
        client.track("user-1", SignedUp(method="google"))

    Safe to use from any number of threads, and in a forked child. Each call retries what is passing and safe to
    repeat, by the policy, and raises a `DeliveryError` for the rest.

    Args:
        site_id: The workspace's site id; from the settings when left out.
        api_key: The Track API key; from the settings when left out.
        region: `us` or `eu`.
        base_url: Another address than the vendor's, for example a sandbox's.
        retry: How often and how patiently to retry.
        timeout: Seconds for one attempt in all.
        stamp: Whether `identify` adds `last_seen_at` and `track` adds `tracked_at`.
        naive_datetimes: `"utc"` takes datetimes without a time zone as UTC; `"refuse"` refuses them.
        proxy: A proxy's address; the environment's when left out, none when empty.
        ca: A file or folder of certificates, or an SSL context; the environment's or the system's when left out.
        http2: Whether to speak HTTP/2, if the package h2 is there.
        transport: An httpx2 transport of the application's own; closed with the client.
        user_agent: How the client names itself.
        clock: Tells the time and waits.

    Raises:
        SettingsError: If a credential is missing or a setting is wrong; all missing ones are named.
    """

    def _open(self, connection: "Connection", custom: "httpx2.BaseTransport | None") -> None:
        from ciokit.transport import Transport

        self._transport = Transport(connection, custom)

    def _perform(self, operation: Operation) -> Receipt:
        entry = self.encode(operation)
        attempts = self._attempts(entry.kind, id=entry.id, replay_safe=entry.replay_safe)
        return attempts.receipt(self._send(entry.route.method, entry.route.path, entry.body, attempts))

    def _send(self, method: str, path: str, body: bytes, attempts: Attempts) -> Delivered:
        while True:
            outcome = self.attempt(method, path, body, retries=attempts.retries)
            step = attempts.step(outcome)
            if isinstance(step, Delivered):
                return step
            self._clock.sleep(step)

    def attempt(
        self, method: str, path: str, body: bytes, *, retries: int = 0, timeout: float | None = None
    ) -> Outcome:
        """Send one request once, and say what came back: for those who decide themselves what follows.

        Args:
            method: The HTTP method.
            path: The path.
            body: JSON; empty for none.
            retries: How often it was sent before.
            timeout: Seconds for the attempt; the client's own when left out or longer.

        Returns:
            The answer, or why there is none.
        """
        return self._transport.send(method, path, body, retries=retries, timeout=timeout)

    def batch(self, operations: Iterable[Operation]) -> BatchResult:
        """Send many operations in as few requests as they fit into, in order.

        Args:
            operations: `Track`, `Identify`, ...; any number.

        Returns:
            What became of each, by its index; what the service refuses is told here and does not stop the others.

        Raises:
            InvalidData: If any is wrong; nothing is sent then.
            BatchError: If a request failed for good; its `result` tells what became of each operation.
        """
        entries = self._entries(operations)
        outcomes = Outcomes(entries)
        for chunk in chunks(entries):
            attempts = self._attempts("batch", replay_safe=chunk.replay_safe)
            try:
                outcomes.delivered(
                    chunk, self._send(chunk.route.method, chunk.route.batch, chunk.body, attempts)
                )
            except DeliveryError as error:
                raise outcomes.failed(chunk, error) from error
        return outcomes.result()

    def account_region(self) -> AccountRegion:
        """Ask where the account lives; the way to check credentials and region."""
        return _region(self._send("GET", _REGION_PATH, b"", self._attempts("account_region")))

    def close(self) -> None:
        """Close the connections; the client cannot be used afterwards."""
        self._closed = True
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncTrackClient(
    _Shell[Coroutine[Any, Any, Receipt], "httpx2.AsyncBaseTransport", AttributesT, EventT],
    Generic[AttributesT, EventT],
):
    """Send people, events and objects to Customer.io from asyncio; the twin of `TrackClient`, with the same arguments.

        async with AsyncTrackClient() as client:
            await client.track("user-1", "signed_up", {"method": "google"})

    What is wrong with a call is raised at the call, not when it is awaited. Works in several event loops, one after
    the other.
    """

    def _open(self, connection: "Connection", custom: "httpx2.AsyncBaseTransport | None") -> None:
        from ciokit.transport import AsyncTransport

        self._transport = AsyncTransport(connection, custom)

    def _perform(self, operation: Operation) -> Coroutine[Any, Any, Receipt]:
        # What is wrong is told here, at the call, and not when the coroutine is awaited.
        entry = self.encode(operation)
        return self._deliver(entry)

    async def _deliver(self, entry: Entry) -> Receipt:
        attempts = self._attempts(entry.kind, id=entry.id, replay_safe=entry.replay_safe)
        return attempts.receipt(await self._send(entry.route.method, entry.route.path, entry.body, attempts))

    async def _send(self, method: str, path: str, body: bytes, attempts: Attempts) -> Delivered:
        while True:
            outcome = await self._transport.send(method, path, body, retries=attempts.retries)
            step = attempts.step(outcome)
            if isinstance(step, Delivered):
                return step
            await self._clock.asleep(step)

    async def batch(self, operations: Iterable[Operation]) -> BatchResult:
        """Send many operations in as few requests as they fit into, in order.

        Args:
            operations: `Track`, `Identify`, ...; any number.

        Returns:
            What became of each, by its index; what the service refuses is told here and does not stop the others.

        Raises:
            InvalidData: If any is wrong; nothing is sent then.
            BatchError: If a request failed for good; its `result` tells what became of each operation.
        """
        entries = self._entries(operations)
        outcomes = Outcomes(entries)
        for chunk in chunks(entries):
            attempts = self._attempts("batch", replay_safe=chunk.replay_safe)
            try:
                taken = await self._send(chunk.route.method, chunk.route.batch, chunk.body, attempts)
                outcomes.delivered(chunk, taken)
            except DeliveryError as error:
                raise outcomes.failed(chunk, error) from error
        return outcomes.result()

    async def account_region(self) -> AccountRegion:
        """Ask where the account lives; the way to check credentials and region."""
        return _region(await self._send("GET", _REGION_PATH, b"", self._attempts("account_region")))

    async def aclose(self) -> None:
        """Close the connections of this event loop; the client cannot be used afterwards."""
        self._closed = True
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _region(taken: Delivered) -> AccountRegion:
    try:
        return msgspec.json.decode(taken.body, type=AccountRegion)
    except msgspec.DecodeError:
        msg = "account_region: the answer was not understood; is this address Customer.io's?"
        raise ReplyError(msg, status=200, kind="account_region") from None
