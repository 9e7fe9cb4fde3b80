"""When what waits was offered: a note for each time that entries came, not one for each entry.

Pure. It knows nothing of entries but their numbers.
"""

import math
from bisect import bisect_left
from collections import deque

__all__ = ["Arrivals"]

NOTES = 1_000
"""Times that are remembered. What was offered before as many others has had company enough to wait for."""


class Arrivals:
    """Tell when entries were offered."""

    __slots__ = ("_notes",)

    def __init__(self) -> None:
        self._notes: deque[tuple[int, float]] = deque(maxlen=NOTES)

    def note(self, last: int, now: float) -> None:
        """Note that all since the note before, up to this number, were offered now."""
        notes = self._notes
        if notes and notes[-1][1] == now:
            notes.pop()
        notes.append((last, now))

    def since(self, seq: int) -> float:
        """Return when an entry was offered: long ago, if that is forgotten."""
        notes = self._notes
        at = bisect_left(notes, seq, key=lambda note: note[0])
        return -math.inf if at == 0 and len(notes) == NOTES else notes[at][1]
