"""What ends a wait of those who wait for an outbox: that something was settled.

It takes no lock. `threading.Condition` is entered by a function written in Python, in which an exception of a signal's
handler can leave its lock taken: then every sender would wait for it from its next answer on.
"""

from queue import Empty, SimpleQueue

__all__ = ["Changes"]


class Changes:
    """Count changes, and let threads wait for the next one.

    Attributes:
        count: How many there were. Some that come at the same moment may count as one.
    """

    def __init__(self) -> None:
        self.count: int = 0
        self._bells: set[SimpleQueue[None]] = set()

    def announce(self) -> None:
        """Say that something has changed, once it has."""
        self.count += 1
        for bell in tuple(self._bells):
            bell.put(None)

    def wait(self, since: int, seconds: float) -> None:
        """Wait until something changes, or for so many seconds.

        Args:
            since: What `count` was when there was still a reason to wait.
            seconds: 0 or more.
        """
        bell: SimpleQueue[None] = SimpleQueue()
        try:
            self._bells.add(bell)
            if self.count == since:
                bell.get(timeout=seconds)
        except Empty:
            return
        finally:
            self._bells.discard(bell)
