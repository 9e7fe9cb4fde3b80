"""One request of an outbox: sent once, whatever goes wrong with it.

It knows nothing of what follows from an outcome.
"""

import sys
import threading
import time
from typing import Final, Protocol

from ciokit.alarms import of_a_handler
from ciokit.dispatch.batch import Batch
from ciokit.outboxes.reports import Reports
from ciokit.verdict import NoReply, Outcome

__all__ = ["INTERRUPTED", "Attempt", "Courier"]

INTERRUPTED: Final = NoReply("the sender was interrupted")
"""What became of a request whose thread was made to do something else."""


class Attempt(Protocol):
    """Send one request once; `TrackClient.attempt` is one."""

    def __call__(
        self, method: str, path: str, body: bytes, *, retries: int = 0, timeout: float | None = None
    ) -> Outcome:
        """Send, and say what came back."""
        ...


class Courier:
    """Carry batches to the service, from any number of threads.

    Args:
        attempt: Sends.
        reports: Is told of what is not the network's fault.
    """

    def __init__(self, attempt: Attempt, reports: Reports) -> None:
        self._attempt = attempt
        self._reports = reports
        self._away: set[int] = set()

    def is_away(self) -> bool:
        """Return whether this thread is amid a request."""
        return threading.get_ident() in self._away

    def send(self, batch: Batch, deadline: float | None) -> Outcome:
        """Send a batch once.

        Args:
            batch: What.
            deadline: The time.monotonic() to give up at; None leaves it to the client's own timeout.

        Returns:
            The answer, or why there is none.

        Raises:
            Exception: What a signal's handler of the application raises in the thread that it let send.
        """
        me, amid = threading.get_ident(), sys.exception()
        self._away.add(me)
        timeout = None if deadline is None else max(0.05, deadline - time.monotonic())
        try:
            return self._attempt(
                batch.route.method, batch.path, batch.body(), retries=batch.attempts - 1, timeout=timeout
            )
        except Exception as error:
            if of_a_handler(error, amid) is not None:
                raise
            trouble = "an attempt failed in a way that is not the network's"
            self._reports.tell_trouble("attempt", trouble, traceback=True)
            return NoReply(f"the request could not be made ({type(error).__name__})")
        finally:
            self._away.discard(me)
