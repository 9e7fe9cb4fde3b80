"""What an outbox is made with beside its client, for those that pass it on."""

import os
from typing import TYPE_CHECKING, Literal, TypedDict

from ciokit.outboxes.reports import DeliveredHook, DroppedHook, RejectedHook
from ciokit.verdict import RetryPolicy

if TYPE_CHECKING:
    from ciokit.stores.spool import Durability, Spool

__all__ = ["OutboxArguments"]


class OutboxArguments(TypedDict, total=False):
    """Hold the arguments of an outbox by name; `Outbox` says what each means."""

    spool: "str | os.PathLike[str] | Spool | None"
    durability: "Durability"
    batch_size: int
    flush_interval: float
    senders: int
    rate: float | None
    max_bytes: int | None
    max_entries: int | None
    overflow: Literal["block", "raise", "drop_new", "drop_old"]
    block_timeout: float
    exit_timeout: float
    retry: RetryPolicy
    on_delivered: DeliveredHook | None
    on_rejected: RejectedHook | None
    on_dropped: DroppedHook | None
