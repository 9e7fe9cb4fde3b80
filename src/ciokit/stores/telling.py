"""What a spool logs of its troubles: each once a minute, for the cause of one is mostly the cause of thousands."""

import logging
from collections.abc import Callable, Iterable

from ciokit.clock import Clock
from ciokit.stores.errors import unwritable
from ciokit.stores.ledger import Ledger
from ciokit.stores.recovery import Finding

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

    def found(self, findings: Iterable[Finding]) -> None:
        """Say, each time, what was repaired in a directory that was taken over."""
        for finding in findings:
            self._log(logging.ERROR if finding.serious else logging.WARNING, finding.message)

    def deleted(self, name: str, entries: int) -> None:
        """Say, each time, that somebody deleted the directory that this process writes."""
        words = (
            "spool: the process directory %s was deleted while in use; up to %d of its entries are in memory alone, and "
            "others are lost; new ones are kept in a new directory: let nothing else clear %s away"
        )
        self._log(logging.ERROR, words, name, entries, self._directory)

    def unsynced(self, error: OSError) -> None:
        """Say that the disk does not take what was written."""
        self._say("sync", "%s", unwritable(self._directory, error))

    def ledger(self, ledger: Ledger, discarded: list[str]) -> None:
        """Say what a ledger has met that nobody was told yet, and, each time, which dead letters were deleted."""
        trouble, ledger.trouble = ledger.trouble, None
        if trouble is not None:
            self._say("record", "%s", unwritable(self._directory, trouble))
        damaged, ledger.damaged = ledger.damaged, 0
        if damaged:
            name = ledger.owned.name
            words = "spool: %d lines in %s were damaged after they were checked; their entries are lost: check the disk"
            self._say(f"lost {name}", words, damaged, name)
        while discarded:
            words = "spool: dead letters take more than their bound; deleted the oldest file, dead/%s"
            self._log(logging.ERROR, words, discarded.pop())

    def _say(self, topic: str, words: str, *facts: object) -> None:
        now = self._clock.monotonic()
        if now - self._told.get(topic, float("-inf")) >= _EVERY:
            self._told[topic] = now
            self._log(logging.ERROR, words, *facts)
