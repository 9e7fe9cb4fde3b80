"""The outboxes of the Pipelines API: the same delivery, under that API's own verbs.

Made with the same arguments as `Outbox`, which makes one of these when it is given a `PipelinesClient`.
"""

import os
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, Unpack

from ciokit.errors import SettingsError
from ciokit.events import Event
from ciokit.identifiers import UserRef
from ciokit.operations import Data
from ciokit.outboxes.arguments import OutboxArguments
from ciokit.outboxes.delivery import AsyncDelivery, SyncDelivery
from ciokit.outboxes.signature import ShownArguments
from ciokit.pipelines.operations import Operation
from ciokit.pipelines.verbs import PipelinesVerbs
from ciokit.verbs import AttributesT, EventT

if TYPE_CHECKING:
    from ciokit.pipelines import PipelinesClient

__all__ = ["AsyncPipelinesOutbox", "PipelinesOutbox"]

ROOM: Final = "pipelines"
"""The directory within a spool where the entries of this API are: whoever adopts them must speak to this API, too."""


class PipelinesOutbox(
    SyncDelivery[Operation],
    PipelinesVerbs[str | None, AttributesT, EventT],
    Generic[AttributesT, EventT],
):
    """Accept calls of the Pipelines API in microseconds, deliver them in the background, and lose nothing.

        outbox = Outbox(PipelinesClient(), spool="/var/spool/my-app")
        outbox.track("user-1", SignedUp(method="google"))

    Each verb returns the call's message id once the entry is kept. A spool may be shared with a `TrackClient`'s
    outbox: entries of this API are kept in its directory `pipelines`.

    Args:
        client: Encodes and sends; bound to a catalogue or not, and the outbox is so too.
        options: As those of `Outbox`.

    Raises:
        SettingsError: If the client is none of this API's, a setting is out of range or the spool cannot be trusted.
        StoreUnwritable: If the spool's directory cannot be made or written.
    """

    __signature__: ClassVar[ShownArguments] = ShownArguments("PipelinesClient")

    def __init__(
        self, client: "PipelinesClient[AttributesT, EventT]", **options: Unpack[OutboxArguments]
    ) -> None:
        super().__init__(_checked(client), **_settled(options))

    def enqueue(
        self: "PipelinesOutbox[AttributesT, Event]", user_id: UserRef, name: str, data: Data = None
    ) -> str | None:
        """Do what `track` does with a name and plain data, under the name that hand-made queues have for it."""
        return self.track(user_id, name, data)


class AsyncPipelinesOutbox(
    AsyncDelivery[Operation],
    PipelinesVerbs[Coroutine[Any, Any, str | None], AttributesT, EventT],
    Generic[AttributesT, EventT],
):
    """Accept calls of the Pipelines API from asyncio, and deliver them in the background; see `PipelinesOutbox`.

        async with AsyncOutbox(PipelinesClient()) as outbox:
            await outbox.track("user-1", SignedUp(method="google"))

    It is made with the arguments of `PipelinesOutbox`, and the verbs never block the loop.
    """

    __signature__: ClassVar[ShownArguments] = ShownArguments("PipelinesClient")

    def __init__(
        self, client: "PipelinesClient[AttributesT, EventT]", **options: Unpack[OutboxArguments]
    ) -> None:
        super().__init__(_checked(client), **_settled(options))

    def enqueue(
        self: "AsyncPipelinesOutbox[AttributesT, Event]", user_id: UserRef, name: str, data: Data = None
    ) -> Coroutine[Any, Any, str | None]:
        """Do what `track` does with a name and plain data; see `PipelinesOutbox.enqueue`."""
        return self.track(user_id, name, data)


def _checked(client: Any) -> Any:
    if getattr(client, "api", "") != "pipelines":
        msg = f"client must be a PipelinesClient here, got {type(client).__name__}; Outbox takes either"
        raise SettingsError(msg)
    return client


def _settled(options: OutboxArguments) -> OutboxArguments:
    """Give the entries a directory of their own within the spool."""
    spool = options.get("spool")
    if not isinstance(spool, (str, os.PathLike)):  # none, or one that somebody has set up
        return options
    from ciokit.stores.directories import open_root

    os.close(open_root(os.fspath(spool)))
    return {**options, "spool": Path(spool) / ROOM}
