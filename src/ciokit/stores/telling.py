"""What a spool logs of its troubles: each once a minute, for the cause of one is mostly the cause of thousands."""

import logging
import os
from collections.abc import Callable

from ciokit.clock import Clock
from ciokit.stores.errors import unwritable
from ciokit.stores.ledger import Ledger
from ciokit.stores.recovery import Remains

__all__ = ["Telling"]

_EVERY = 60.0


class Telling:
    """Log troubles. Never call it under a lock: a log handler may put.

    Args:
        directory: The spool's.
        clock: Says when a minute is over.
        log: Logs, with the arguments of `logging.Logger.log`.

    Attributes:
        log: The same.
    """

    def __init__(self, directory: str, clock: Clock, log: Callable[..., None]) -> None:
        self._directory = directory
        self._clock = clock
        self.log = log
        self._told: dict[str, float] = {}

    def not_adopted(self, name: str, error: Exception) -> None:
        """Say why a dead process's directory cannot be taken over."""
        self._say("adopt", "spool: %s cannot be adopted: %s", name, error)

    def took_over(self, name: str, remains: Remains) -> None:
        """Say, each time, what a directory that was taken over has, and what was repaired in it."""
        for finding in remains.findings:
            self.log(logging.ERROR if finding.serious else logging.WARNING, finding.message)
        if remains.entries:
            words = "spool: took over %d entries of the process directory %s"
            self.log(logging.INFO, words, remains.entries, name)

    def gave_up(self, file: str, seconds: float, error: OSError, kept: str) -> None:
        """Say, each time, that a file is read no further."""
        words = (
            "spool: %s could not be read for %d s: %s; its entries that were still to be read are lost, all others go on; "
            "the file is kept as %s: check the disk"
        )
        self.log(logging.ERROR, words, file, seconds, os.strerror(error.errno or 0), kept)

    def deleted(self, name: str, entries: int) -> None:
        """Say, each time, that somebody deleted the directory that this process writes."""
        words = (
            "spool: the process directory %s was deleted while in use; up to %d of its entries are in memory alone, and "
            "others are lost; new ones are kept in a new directory: let nothing else clear %s away"
        )
        self.log(logging.ERROR, words, name, entries, self._directory)

    def unsynced(self, error: OSError) -> None:
        """Say that the disk does not take what was written."""
        self._say("sync", "%s", unwritable(self._directory, error))

    def ledger(self, ledger: Ledger, discarded: list[str]) -> None:
        """Say what a ledger has met that nobody was told yet, and, each time, which dead letters were deleted."""
        trouble, ledger.trouble = ledger.trouble, None
        if trouble is not None:
            self._say("record", "%s", unwritable(self._directory, trouble))
        deleted, ledger.deleted = ledger.deleted, False
        if deleted:
            words = (
                "spool: the file that is written in %s was deleted; what of it is not in memory is lost, and new entries "
                "are kept in a new file: let nothing else clear %s away"
            )
            self._say(f"deleted {ledger.owned.name}", words, ledger.owned.name, self._directory)
        damaged, ledger.damaged = ledger.damaged, 0
        if damaged:
            name = ledger.owned.name
            words = "spool: %d lines in %s were damaged after they were checked; their entries are lost: check the disk"
            self._say(f"lost {name}", words, damaged, name)
        while discarded:
            words = "spool: dead letters take more than their bound; deleted the oldest file, dead/%s"
            self.log(logging.ERROR, words, discarded.pop())

    def _say(self, topic: str, words: str, *facts: object) -> None:
        now = self._clock.monotonic()
        if now - self._told.get(topic, float("-inf")) >= _EVERY:
            self._told[topic] = now
            self.log(logging.ERROR, words, *facts)
