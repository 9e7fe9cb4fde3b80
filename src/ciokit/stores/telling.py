"""What a spool logs of its troubles: each once a minute, for the cause of one is mostly the cause of thousands."""

import logging
from collections.abc import Callable

from ciokit.clock import Clock
from ciokit.stores.errors import unwritable
from ciokit.stores.ledger import Ledger

__all__ = ["Telling"]

_EVERY = 60.0


class Telling:
    """Log troubles. Never call it under a lock: a log handler may put.

    Args:
        directory: The spool's.
        clock: Says when a minute is over.
        log: Logs, with the arguments of `logging.Logger.log`.
    """

    def __init__(self, directory: str, clock: Clock, log: Callable[..., None]) -> None:
        self._directory = directory
        self._clock = clock
        self._log = log
        self._told: dict[str, float] = {}

    def not_adopted(self, name: str, error: Exception) -> None:
        """Say why a dead process's directory cannot be taken over."""
        self._say("adopt", "spool: %s cannot be adopted: %s", name, error)

    def unsynced(self, error: OSError) -> None:
        """Say that the disk does not take what was written."""
        self._say("sync", "%s", unwritable(self._directory, error))

    def ledger(self, ledger: Ledger) -> None:
        """Say what a ledger has met that nobody was told yet."""
        trouble, ledger.trouble = ledger.trouble, None
        if trouble is not None:
            self._say("record", "%s", unwritable(self._directory, trouble))
        damaged, ledger.damaged = ledger.damaged, 0
        if damaged:
            name = ledger.owned.name
            words = "spool: %d lines in %s were damaged after they were checked; their entries are lost: check the disk"
            self._say(f"lost {name}", words, damaged, name)

    def discarded(self, names: list[str]) -> None:
        """Say, each time, which files of dead letters were deleted, and take them out of the list."""
        while names:
            words = "spool: dead letters take more than their bound; deleted the oldest file, dead/%s"
            self._log(logging.ERROR, words, names.pop())

    def _say(self, topic: str, words: str, *facts: object) -> None:
        now = self._clock.monotonic()
        if now - self._told.get(topic, float("-inf")) >= _EVERY:
            self._told[topic] = now
            self._log(logging.ERROR, words, *facts)
