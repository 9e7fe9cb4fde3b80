"""Delivery in the background: the outbox, its threads, its life within a process, and what it tells."""

from ciokit.outboxes.outbox import AsyncOutbox, Outbox

__all__ = ["AsyncOutbox", "Outbox"]
