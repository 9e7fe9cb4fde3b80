"""How long a file that cannot be read holds up what comes after it.

A disk may answer again, so it is asked again. But a file that stays broken while the disk takes writes must not keep
everything behind it for ever: after a minute it is kept aside for people, and passed over.
"""

from ciokit.clock import Clock
from ciokit.stores.directories import Owned
from ciokit.stores.errors import of_the_file
from ciokit.stores.segments import Segment, keep_aside
from ciokit.stores.telling import Telling

__all__ = ["PATIENCE", "Patience"]

PATIENCE = 60.0
"""Seconds from the first error of a file to the moment when what is left of it is given up."""


class Patience:
    """Decide when a file is given up.

    Args:
        clock: Says when the time is over.
        telling: Is told.
    """

    def __init__(self, clock: Clock, telling: Telling) -> None:
        self._clock = clock
        self._telling = telling
        self._place = ("", 0, 0)
        self._since = 0.0

    def is_over(self, owned: Owned, segment: Segment, offset: int, error: OSError) -> bool:
        """Note that a file cannot be read, and return whether to pass over what is left of it.

        Args:
            owned: The process's directory.
            segment: The file.
            offset: The place in it; each has a time of its own, for what is read in between was no lost time.
            error: Why; what does not come of the file, such as too many open files, uses no time up.
        """
        if (
            isinstance(error, FileNotFoundError) or owned.gone
        ):  # deleted, or taken over: there is nothing to wait for
            return True
        if not of_the_file(error):
            return False
        now, place = self._clock.monotonic(), (owned.name, segment.number, offset)
        if self._place != place:
            self._place, self._since = place, now
        if now - self._since < PATIENCE:
            return False
        try:
            kept = keep_aside(owned.root_fd, owned.fd, owned.name, segment.number)
        except OSError:  # it is not this file alone: the disk may come back with all of it
            return False
        self._telling.gave_up(f"{owned.name}/{segment.name}", PATIENCE, error, kept)
        return True
