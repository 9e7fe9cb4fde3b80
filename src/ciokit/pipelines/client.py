"""The Pipelines API's clients, with and without asyncio."""

import re
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar, get_args

from ciokit.clock import SYSTEM_CLOCK, Clock
from ciokit.delivery import Receipt
from ciokit.encoding.drafts import Draft, Encoding
from ciokit.pipelines.encoding import PipelinesEncoding, encode, integrations_json, path_of
from ciokit.pipelines.operations import Identify, Integrations, Operation, Track
from ciokit.pipelines.verbs import PipelinesVerbs
from ciokit.sending import AsyncSending, Sending, SyncSending
from ciokit.settings import Api, NaiveDatetimes, Region, Secret, Settings
from ciokit.shell import DEFAULT_POLICY
from ciokit.turns import RateLimit, limit_or_documented
from ciokit.verbs import AttributesT, EventT, ResultT
from ciokit.verdict import RetryPolicy
from ciokit.version import USER_AGENT, VERSION
from ciokit.wire import Entry

if TYPE_CHECKING:
    import ssl

    import httpx2  # noqa: F401 - the bases below name it in strings

__all__ = ["AsyncPipelinesClient", "PipelinesClient"]

CustomT = TypeVar("CustomT")

_CREDENTIALS: Final = "CUSTOMERIO_PIPELINES_API_KEY (api_key=)"
_REGIONAL: Final = re.compile(r"(?:pk|sk)_(us|eu)_", re.ASCII)
"""What the newer keys begin with; they name their region, and are sent as a bearer's."""
_LIBRARY: Final = {"library": {"name": "ciokit", "version": VERSION}}


class _PipelinesShell(
    Sending[CustomT, Operation],
    PipelinesVerbs[ResultT, AttributesT, EventT],
    Generic[ResultT, CustomT, AttributesT, EventT],
):
    """Hold what both Pipelines clients are made of: everything but sending and waiting."""

    api: ClassVar[Api] = "pipelines"
    _own = frozenset[type[Any]](get_args(Operation))

    def __init__(
        self,
        api_key: str | None = None,
        *,
        region: Region | None = None,
        base_url: str | None = None,
        strict: bool = True,
        context: Mapping[str, Any] | None = None,
        integrations: Integrations | None = None,
        retry: RetryPolicy = DEFAULT_POLICY,
        rate_limit: RateLimit | None = None,
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
        settings = Settings.load(
            pipelines_api_key=api_key, region=region, base_url=base_url, naive_datetimes=naive_datetimes
        )
        (key,) = settings.credentials("pipelines_api_key")
        if named := _REGIONAL.match(key.reveal()):
            settings = settings.within("eu" if named[1] == "eu" else "us", "the key")
        self._encoding = _encoding(context, integrations, stamp=stamp, naive_utc=settings.naive_utc)
        self._limit = limit_or_documented(rate_limit)
        self._connect(
            self.api,
            settings,
            _authorization(key),
            _CREDENTIALS,
            retry=retry,
            timeout=timeout,
            proxy=proxy,
            ca=ca,
            http2=http2,
            transport=transport,
            user_agent=user_agent,
            # Without it the service answers 200 to what it then drops, a wrong key included.
            headers={"X-Strict-Mode": "1"} if strict else {},
            clock=clock,
        )

    def _entry(self, operation: Operation, now: float) -> Entry:
        self._check_catalogue(operation)
        return encode(operation, self._encoding, now)

    def _path(self, entry: Entry) -> str:
        return path_of(entry)

    def _check_catalogue(self, operation: Any) -> None:
        self._settled()
        if isinstance(operation, Track):
            self._check_event(operation.event)
        elif isinstance(operation, Identify):
            self._check_attributes(operation.traits, "traits")


def _authorization(key: Secret) -> Secret:
    from ciokit.transport import basic, bearer

    return bearer(key) if _REGIONAL.match(key.reveal()) else basic(key)


def _encoding(
    context: Mapping[str, Any] | None, integrations: Integrations | None, *, stamp: bool, naive_utc: bool
) -> PipelinesEncoding:
    draft = Draft(Encoding(naive_utc=naive_utc), 0)
    given = draft.object_json({**_LIBRARY, **(context or {})}, "context")
    chosen = b"{}" if integrations is None else integrations_json(integrations, draft)
    draft.finish("PipelinesClient")
    return PipelinesEncoding(stamp=stamp, naive_utc=naive_utc, context=given, integrations=chosen)


class PipelinesClient(
    SyncSending[Operation],
    _PipelinesShell[Receipt, "httpx2.BaseTransport", AttributesT, EventT],
    Generic[AttributesT, EventT],
):
    """Send people, events and groups to Customer.io's Pipelines API.

        client = PipelinesClient[Person, SignedUp | OrderPlaced]()
        client.track("user-1", SignedUp(method="google"))
        client.track(AnonymousId("visitor-7"), SignedUp(method="google"))

    Safe to use from any number of threads, and in a forked child. Each call retries temporary failures, as the
    policy says, and raises a `DeliveryError` for the rest. Calls arrive at least once: every attempt carries the
    same message id, but the vendor does not say that it discards repetitions.

    Args:
        api_key: The write key; by default from the settings. One that names its region decides the region.
        region: `us` or `eu`.
        base_url: An address other than the vendor's, for example a sandbox's.
        strict: Whether the service is asked to refuse what is wrong; otherwise it silently drops it.
        context: The context of every call (`ip`, `locale`, ...); a call's own members take precedence.
        integrations: Which destinations get the calls, by name or `All`; a call's own members take precedence.
        retry: How often and how patiently to retry.
        rate_limit: Limit on requests a second, shared by all threads and tasks; by default within the documented 1,000.
        timeout: Seconds for one attempt as a whole.
        stamp: Whether `identify` adds `last_seen_at` and `track` adds `tracked_at`.
        naive_datetimes: `"utc"` takes datetimes without a time zone as UTC; `"refuse"` refuses them.
        proxy: A proxy's address; by default the environment's, none if empty.
        ca: A file or folder of certificates, or an SSL context; by default the environment's or the system's.
        http2: Whether to speak HTTP/2, if the package h2 is installed.
        transport: A custom httpx2 transport; it is closed with the client.
        user_agent: How the client names itself.
        clock: Tells the time and waits.

    Raises:
        SettingsError: If the key is missing or a setting is wrong.
        InvalidData: If the context or the integrations are.
    """


class AsyncPipelinesClient(
    AsyncSending[Operation],
    _PipelinesShell[Coroutine[Any, Any, Receipt], "httpx2.AsyncBaseTransport", AttributesT, EventT],
    Generic[AttributesT, EventT],
):
    """Send people, events and groups from asyncio; the twin of `PipelinesClient`, with the same arguments.

        async with AsyncPipelinesClient() as client:
            await client.track("user-1", "signed_up", {"method": "google"})

    Errors in a call are raised at the call, not when it is awaited. Works in several event loops, one after
    the other or side by side; each has connections of its own, which are closed with the client or at the loop's end.
    """
