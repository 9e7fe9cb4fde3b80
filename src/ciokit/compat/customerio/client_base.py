"""What both clients share: one request through ciokit's transport, with its retries and its errors.

Settings that a program changes on a client (`retries`, `timeout`, `base_url`) hold from the next request on, as in
the official SDK.
"""

from abc import abstractmethod
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Self, cast
from urllib.parse import quote, urlsplit

from ciokit.clock import SYSTEM_CLOCK
from ciokit.compat.customerio.errors import CustomerIOException, failure
from ciokit.compat.customerio.payload import body_of
from ciokit.compat.customerio.regions import Region
from ciokit.compat.customerio.replays import is_replay_safe, kind_of
from ciokit.compat.customerio.response import Response
from ciokit.delivery import Account, Attempts
from ciokit.errors import DeliveryError, SettingsError
from ciokit.settings import Secret, Settings
from ciokit.verdict import Delivered, Outcome, Reply, RetryPolicy
from ciokit.version import USER_AGENT

if TYPE_CHECKING:
    from ciokit.transport import Transport

__all__ = ["ClientBase", "CustomerIOException", "base_address", "check_keys", "check_region", "retry_policy"]

SDK_BACKOFF: Final = 0.02
"""The SDK's default. Three retries are over within 0.12 s then, and no outage is; it stands for ciokit's default."""
LONGEST: Final = 86_400.0
"""Seconds that stand for no timeout."""
REPLY_LIMIT: Final = 64 << 20
"""Bytes of an answer that are read."""
_AS_IT_IS: Final = "!#$%&'()*+,/:;=?@[]~"


class ClientBase:
    """Send requests, and keep the connections.

    Args:
        retries: How often a request is sent again.
        timeout: Seconds for one attempt in all; of a pair (connecting, reading) the sum; None for no end.
        backoff_factor: Seconds before the first retry, doubled for each further one; the SDK's default stands for
            ciokit's, one second.
        use_connection_pooling: Whether connections are kept for the next request.
    """

    _region: Region
    _credentials: str

    def __init__(
        self,
        retries: int = 3,
        timeout: float | tuple[float, float] | None = 10,
        backoff_factor: float = SDK_BACKOFF,
        use_connection_pooling: bool = True,
    ) -> None:
        self.timeout = timeout
        self.retries = retries
        self.backoff_factor = backoff_factor
        self.use_connection_pooling = use_connection_pooling
        self._transports: dict[str, Transport] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        for transport in list(self._transports.values()):
            transport.close()

    def send_request(self, method: str, url: str, data: Mapping[str, Any]) -> Response:
        """Send a request and wait for its answer, through all attempts.

        Args:
            method: The HTTP method.
            url: The address.
            data: What becomes the JSON body.

        Returns:
            The answer, which is a success.

        Raises:
            CustomerIOException: If it cannot be sent, or failed.
        """
        body = body_of(data)
        try:
            origin, path = _parts(url)
            kind = kind_of(method := method.upper(), path)
            safe = is_replay_safe(method, path, data)
            account = Account(
                "eu" if self._region.name == "eu" else "us",
                self._credentials,
                hosted=".customer.io" in origin,
            )
            attempts = Attempts(
                kind, retry_policy(self.retries, self.backoff_factor), SYSTEM_CLOCK, account, replay_safe=safe
            )
            reply = self._deliver(origin, method, path, body, attempts)
        except SettingsError as error:
            raise CustomerIOException(str(error)) from error
        except DeliveryError as error:
            raise failure(error) from error
        return Response(reply, url, attempts.elapsed)

    def _deliver(self, origin: str, method: str, path: str, body: bytes, attempts: Attempts) -> Reply:
        transport = self._transport(origin)
        try:
            while True:
                outcome: Outcome = transport.send(
                    method, path, body, retries=attempts.retries, timeout=_seconds(self.timeout)
                )
                step = attempts.step(outcome)
                if isinstance(step, Delivered) and isinstance(outcome, Reply):
                    return outcome
                if not isinstance(step, Delivered):
                    SYSTEM_CLOCK.sleep(step)
        finally:
            if not self.use_connection_pooling:
                transport.close()

    def _transport(self, origin: str) -> "Transport":
        known = self._transports.get(origin) if self.use_connection_pooling else None
        if known is not None:
            return known
        from ciokit.transport import Connection, Transport

        settings = Settings.load(base_url=origin, region="us", naive_datetimes="utc")
        made = Transport(
            Connection(
                url=settings.url("track"),
                authorization=self._authorization(),
                user_agent=USER_AGENT,
                timeout=LONGEST,
                reply_limit=REPLY_LIMIT,
            )
        )
        return self._transports.setdefault(origin, made) if self.use_connection_pooling else made

    @abstractmethod
    def _authorization(self) -> Secret:
        """Return the header's value."""


def base_address(given: str) -> str:
    """Return where to send to: `CIOKIT_BASE_URL` if it is set, else what is given.

    Raises:
        CustomerIOException: If it is set and no address.
    """
    try:
        return Settings.load(region="us", naive_datetimes="utc").base_url or given
    except SettingsError as error:
        raise CustomerIOException(str(error)) from error


def check_keys(**given: Any) -> tuple[Any, ...]:
    """Return keys as they were given, those that were not from the settings.

    Args:
        given: The keys, by their names in the settings.

    Raises:
        CustomerIOException: If one is missing, or no header can hold it; all of them are named.
    """
    try:
        known: dict[str, Any] = {name: value or None for name, value in given.items()}
        settings = Settings.load("", **known, region="us", naive_datetimes="utc")
        found = settings.credentials(*given)
    except SettingsError as error:
        raise CustomerIOException(str(error)) from error
    return tuple(value or key.reveal() for value, key in zip(given.values(), found, strict=True))


def check_region(region: Any) -> Region:
    """Return a region.

    Raises:
        CustomerIOException: If it is none.
    """
    if not isinstance(region, Region):
        msg = "invalid region provided"
        raise CustomerIOException(msg)
    return region


@lru_cache(maxsize=16)
def retry_policy(retries: int, backoff_factor: float) -> RetryPolicy:
    """Return how patiently to retry: as asked, or as ciokit does where the SDK's default stands."""
    if backoff_factor == SDK_BACKOFF:
        return RetryPolicy(max_retries=int(retries))
    return RetryPolicy(
        max_retries=int(retries), base_delay=backoff_factor, max_delay=max(backoff_factor, 30.0)
    )


def _seconds(timeout: Any) -> float:
    seconds: Any = LONGEST if timeout is None else timeout
    if isinstance(timeout, tuple):
        seconds = sum(cast("tuple[float, ...]", timeout))
    if isinstance(seconds, (int, float)) and 0 < seconds <= LONGEST:
        return seconds
    msg = f"timeout must be more than 0 seconds and at most a day, got {timeout!r}"
    raise SettingsError(msg)


def _parts(url: str) -> tuple[str, str]:
    """Split an address into its origin and what is asked there."""
    parts = urlsplit(url)
    path = quote(parts.path or "/", safe=_AS_IT_IS)
    query = quote(parts.query, safe=_AS_IT_IS)
    return f"{parts.scheme}://{parts.netloc}", f"{path}?{query}" if query else path
