"""Delivery in the background: the outbox, its threads, its life within a process, and what it tells."""

from ciokit.outboxes.track import AsyncOutbox, Outbox

__all__ = ["AsyncOutbox", "Outbox"]
