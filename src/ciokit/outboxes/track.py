"""The outbox: verbs that return in microseconds, and delivery in the background that loses nothing.

    outbox = Outbox(client, spool="/var/spool/my-app")
    outbox.track("user-1", SignedUp(method="google"))

Its verbs are those of its client: of the Track API, which are here, or of the Pipelines API.
"""

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, Unpack, overload

from ciokit.errors import SettingsError
from ciokit.events import Event
from ciokit.identifiers import PersonRef
from ciokit.operations import Data, Operation
from ciokit.outboxes.arguments import OutboxArguments
from ciokit.outboxes.delivery import AsyncDelivery, SyncDelivery
from ciokit.outboxes.signature import ShownArguments
from ciokit.verbs import AttributesT, EventT, TrackVerbs
from ciokit.wire import Entry

if TYPE_CHECKING:
    from ciokit.outboxes.pipelines import AsyncPipelinesOutbox, PipelinesOutbox
    from ciokit.pipelines import PipelinesClient
    from ciokit.track import TrackClient

__all__ = ["AsyncOutbox", "Outbox"]

OtherT = TypeVar("OtherT")


class Outbox(
    SyncDelivery[Operation], TrackVerbs[str | None, AttributesT, EventT], Generic[AttributesT, EventT]
):
    """Accept events and changes in microseconds, deliver them in the background, and lose nothing.

    Each verb returns the event's ULID (None where there is none) once the entry is kept. It raises `InvalidData` for
    what is wrong with it, never for a problem of delivery; `StoreFull` where `overflow` says so or the entry could never
    fit, `StoreUnwritable` when the spool's disk does not take it, and `ClientClosed` after `close`. Safe to use from any
    number of threads; a forked child starts with an empty outbox of its own, and the parent sends what the parent was
    told.

    Args:
        client: Encodes and sends; bound to a catalogue or not, and the outbox is so too.
        spool: A directory to keep entries in; without one they are kept in memory. Many processes may share it. Or a
            `Spool` with settings of its own, which then is the outbox's to close.
        durability: `process` (what is accepted survives kill -9) or `power` (and a loss of power).
        batch_size: Number of waiting entries that makes a request go out; if more wait, it takes all that fit.
        flush_interval: Seconds that an entry waits at most for others to be sent with.
        senders: Requests in flight at once; 0 starts no thread and sends only in `flush` and `close`.
        rate: Requests a second at most; None for no limit. Customer.io documents 1,000 for a workspace, which all of
            its programs share; a request carries up to some 2,000 events, so 200 leave room for four others.
        max_bytes: The most bytes to keep, in-flight and retries included; 64 MB in memory, where the objects around
            an entry count, and 1 GB in a spool.
        max_entries: The most entries to keep; 1,000,000 in memory, 10,000,000 in a spool.
        overflow: What a verb does when there is no room: `block` (for `block_timeout`, then drop the new entry),
            `raise` `StoreFull`, `drop_new` or `drop_old`. What is dropped is counted, logged and reported
            to `on_dropped`.
        block_timeout: Seconds that a verb waits for room.
        exit_timeout: Seconds for delivery when the process ends without `close`.
        retry: How patiently to retry; by default for as long as an outage lasts.
        on_delivered: Called with `DeliveredDetails` for each request that was taken.
        on_rejected: Called with `RejectedDetails` for each entry that Customer.io refused for good.
        on_dropped: Called with `DroppedDetails` for each entry that was dropped unsent.

    Raises:
        SettingsError: If a setting is out of range or the spool's directory cannot be trusted.
        StoreUnwritable: If the spool's directory cannot be made or written.
    """

    __signature__: ClassVar[ShownArguments] = ShownArguments("TrackClient | PipelinesClient")

    @overload
    def __new__(
        cls, client: "TrackClient[AttributesT, EventT]", **options: Unpack[OutboxArguments]
    ) -> "Outbox[AttributesT, EventT]": ...

    @overload
    def __new__(  # type: ignore[misc]  # one name for both APIs, and checkers follow: it is no subclass, for its verbs differ
        cls, client: "PipelinesClient[AttributesT, EventT]", **options: Unpack[OutboxArguments]
    ) -> "PipelinesOutbox[AttributesT, EventT]": ...

    def __new__(cls, client: Any, **options: Unpack[OutboxArguments]) -> Any:  # pyright: ignore[reportInconsistentConstructor]  # it spells the arguments otherwise
        """Make an outbox with the verbs that its client has."""
        if getattr(client, "api", "") != "pipelines":
            return super().__new__(cls)
        from ciokit.outboxes.pipelines import PipelinesOutbox

        return _of_the_other_api(cls is Outbox, PipelinesOutbox)(client, **options)

    def _track_now(self, person: PersonRef, event: Event | str) -> str | None:
        client: Any = self._client  # a TrackClient, as `__new__` sees to
        entry: Entry | None = None if self._closed else client.encode_now(person, event)
        if entry is None:
            return super()._track_now(person, event)
        self._keep(entry)
        return entry.id

    def enqueue(
        self: "Outbox[AttributesT, Event]", user_id: PersonRef, name: str, data: Data = None
    ) -> str | None:
        """Do what `track` does with a name and plain data, under the name that hand-made queues have for it."""
        return self.track(user_id, name, data)


class AsyncOutbox(
    AsyncDelivery[Operation],
    TrackVerbs[Coroutine[Any, Any, str | None], AttributesT, EventT],
    Generic[AttributesT, EventT],
):
    """Accept events and changes from asyncio, and deliver them in the background; the twin of `Outbox`, with its arguments.

        async with AsyncOutbox(client) as outbox:
            await outbox.track("user-1", SignedUp(method="google"))

    The verbs never block the loop: if there is no room they wait in the task, and a spool with
    `durability="power"` is written to in a thread. Delivery is by threads, so it takes a `TrackClient`.
    """

    __signature__: ClassVar[ShownArguments] = ShownArguments("TrackClient | PipelinesClient")

    @overload
    def __new__(
        cls, client: "TrackClient[AttributesT, EventT]", **options: Unpack[OutboxArguments]
    ) -> "AsyncOutbox[AttributesT, EventT]": ...

    @overload
    def __new__(  # type: ignore[misc]  # as with Outbox
        cls, client: "PipelinesClient[AttributesT, EventT]", **options: Unpack[OutboxArguments]
    ) -> "AsyncPipelinesOutbox[AttributesT, EventT]": ...

    def __new__(cls, client: Any, **options: Unpack[OutboxArguments]) -> Any:  # pyright: ignore[reportInconsistentConstructor]  # it spells the arguments otherwise
        """Make an outbox with the verbs that its client has."""
        if getattr(client, "api", "") != "pipelines":
            return super().__new__(cls)
        from ciokit.outboxes.pipelines import AsyncPipelinesOutbox

        return _of_the_other_api(cls is AsyncOutbox, AsyncPipelinesOutbox)(client, **options)

    def enqueue(
        self: "AsyncOutbox[AttributesT, Event]", user_id: PersonRef, name: str, data: Data = None
    ) -> Coroutine[Any, Any, str | None]:
        """Do what `track` does with a name and plain data; see `Outbox.enqueue`."""
        return self.track(user_id, name, data)


def _of_the_other_api(is_plain: bool, kind: type[OtherT]) -> type[OtherT]:
    if not is_plain:
        msg = f"a subclass of Outbox has the verbs of the Track API; build on {kind.__name__} for a PipelinesClient"
        raise SettingsError(msg)
    return kind
