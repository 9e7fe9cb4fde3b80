"""The Track API's clients, with and without asyncio: two short loops around the same verbs and the same verdicts."""

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, get_args

import msgspec

from ciokit.catalogue import ANY_EVENT
from ciokit.clock import SYSTEM_CLOCK, Clock
from ciokit.delivery import Receipt
from ciokit.encoding.drafts import Encoding
from ciokit.encoding.track_v2 import encode
from ciokit.encoding.usual import encode_present
from ciokit.errors import ReplyError
from ciokit.identifiers import PersonRef
from ciokit.operations import Operation
from ciokit.sending import AsyncSending, Sending, SyncSending
from ciokit.settings import Api, NaiveDatetimes, Region, Settings
from ciokit.shell import DEFAULT_POLICY
from ciokit.turns import RateLimit, limit_or_documented
from ciokit.verbs import AttributesT, EventT, ResultT, TrackVerbs
from ciokit.verdict import Delivered, RetryPolicy
from ciokit.version import USER_AGENT
from ciokit.wire import Entry

if TYPE_CHECKING:
    import ssl

    import httpx2  # noqa: F401 - the bases below name it in strings

__all__ = ["AccountRegion", "AsyncTrackClient", "TrackClient"]

CustomT = TypeVar("CustomT")

_CREDENTIALS = "CUSTOMERIO_SITE_ID and CUSTOMERIO_TRACK_API_KEY (site_id=, api_key=)"
_REGION_PATH = "/api/v1/accounts/region"


class AccountRegion(msgspec.Struct, frozen=True):
    """Say where an account lives.

    Attributes:
        url: The Track API's host for it.
        region: `us` or `eu`.
        environment_id: The workspace.
    """

    url: str
    region: str
    environment_id: int


class _TrackShell(
    Sending[CustomT, Operation],
    TrackVerbs[ResultT, AttributesT, EventT],
    Generic[ResultT, CustomT, AttributesT, EventT],
):
    """Hold what both Track clients are made of: everything but sending and waiting."""

    api: ClassVar[Api] = "track"
    _own = frozenset[type[Any]](get_args(Operation))

    def __init__(
        self,
        site_id: str | None = None,
        api_key: str | None = None,
        *,
        region: Region | None = None,
        base_url: str | None = None,
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
        from ciokit.transport import basic

        settings = Settings.load(
            site_id=site_id,
            track_api_key=api_key,
            region=region,
            base_url=base_url,
            naive_datetimes=naive_datetimes,
        )
        site, key = settings.credentials("site_id", "track_api_key")
        self._encoding = Encoding(stamp=stamp, naive_utc=settings.naive_utc)
        self._limit = limit_or_documented(rate_limit)
        self._connect(
            self.api,
            settings,
            basic(site, key),
            _CREDENTIALS,
            retry=retry,
            timeout=timeout,
            proxy=proxy,
            ca=ca,
            http2=http2,
            transport=transport,
            user_agent=user_agent,
            clock=clock,
        )

    def _entry(self, operation: Operation, now: float) -> Entry:
        self._check_catalogue(operation)
        return encode(operation, self._encoding, now)

    def encode_now(self, person: PersonRef, event: object) -> Entry | None:
        """Check an event of this moment and return what would be sent, in the shortest way there is.

        Args:
            person: Whom it is of.
            event: What it is.

        Returns:
            The entry; None for what is unusual or wrong, which is for `encode` to tell.
        """
        events = self._catalogue.events
        if events is ANY_EVENT or type(event) in events:  # where it needs a longer look, the answer is no
            return encode_present(person, event, self._encoding, self._clock.time())
        return None


class TrackClient(
    SyncSending[Operation],
    _TrackShell[Receipt, "httpx2.BaseTransport", AttributesT, EventT],
    Generic[AttributesT, EventT],
):
    """Send people, events and objects to Customer.io.

        client = TrackClient[Person, SignedUp | OrderPlaced]()
        client.track("user-1", SignedUp(method="google"))

    Each verb returns a `Receipt` once Customer.io has accepted the operation. It raises `InvalidData` before
    anything is sent for what the vendor would refuse or silently discard, retries temporary failures that are safe
    to repeat, and raises a `DeliveryError` for the rest. Safe to use from any number of threads, and in a forked
    child.

    A person is a plain string, which is an id, or an `Id`, `Email`, `Phone` or `CioId`; an object is an `ObjectId` or
    a `CioObjectId`; a timestamp is Unix seconds or a datetime with a time zone.

    Args:
        site_id: The workspace's site id; by default from the settings.
        api_key: The Track API key; by default from the settings.
        region: `us` or `eu`.
        base_url: An address other than the vendor's, for example a sandbox's.
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
        SettingsError: If a credential is missing or a setting is wrong; all missing ones are named.
    """

    def account_region(self) -> AccountRegion:
        """Ask where the account lives; this also checks the credentials and the region."""
        return _region(self._send("GET", _REGION_PATH, b"", self._attempts("account_region")))


class AsyncTrackClient(
    AsyncSending[Operation],
    _TrackShell[Coroutine[Any, Any, Receipt], "httpx2.AsyncBaseTransport", AttributesT, EventT],
    Generic[AttributesT, EventT],
):
    """Send people, events and objects to Customer.io from asyncio; the twin of `TrackClient`, with the same arguments.

        async with AsyncTrackClient() as client:
            await client.track("user-1", "signed_up", {"method": "google"})

    Errors in a call are raised at the call, not when it is awaited. Works in several event loops, one after
    the other or side by side; each has connections of its own, which are closed with the client or at the loop's end.
    """

    def account_region(self) -> Coroutine[Any, Any, AccountRegion]:
        """Ask where the account lives; this also checks the credentials and the region."""
        self._check_open("account_region")
        return self._ask_region()

    async def _ask_region(self) -> AccountRegion:
        return _region(await self._send("GET", _REGION_PATH, b"", self._attempts("account_region")))


def _region(taken: Delivered) -> AccountRegion:
    try:
        return msgspec.json.decode(taken.body, type=AccountRegion)
    except msgspec.DecodeError:
        msg = "account_region: the answer was not understood; is this address Customer.io's?"
        raise ReplyError(msg, status=200, kind="account_region") from None
