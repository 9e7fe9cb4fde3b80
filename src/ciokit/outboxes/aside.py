"""Whose turn it is in an outbox, and what must not be said before the turn is over.

A log handler of the application may put entries, and then wait for a turn. So nothing is logged while one is taken.
"""

from collections import deque
from collections.abc import Callable
from functools import partial

from ciokit.logs import get_logger
from ciokit.stores.exclusion import Exclusion

__all__ = ["Aside"]

logger = get_logger("ciokit.outbox")


class Aside:
    """Keep what is to be logged until the turn is over.

    Attributes:
        turn: The turn.
    """

    def __init__(self) -> None:
        self.start_anew()

    def start_anew(self) -> None:
        """Begin with a turn that nobody has, as at first and in a forked child."""
        self.turn = Exclusion()
        self._unsaid: deque[Callable[[], None]] = deque()

    def say(self, level: int, words: str, *facts: object) -> None:
        """Log at once, or, while it is this thread's turn, when it is over."""
        if self.turn.is_mine():
            self.later(partial(logger.log, level, words, *facts))
        else:
            logger.log(level, words, *facts)

    def later(self, say: Callable[[], None]) -> None:
        """Do something when the turn is over."""
        self._unsaid.append(say)

    def speak(self) -> None:
        """Say what was kept; call it after the turn."""
        while self._unsaid:
            try:
                say = self._unsaid.popleft()
            except IndexError:  # another thread has said it
                return
            say()
