"""RQ: a worker whose jobs deliver what they put before their processes end.

    rq worker --worker-class ciokit.contrib.rq.Worker

RQ forks a process for each job and ends it by `os._exit`, which skips Python's exit hooks.
"""

from typing import Any

import rq

from ciokit.outboxes.lifetime import end_all, hurry_all

__all__ = ["Worker"]


class Worker(rq.Worker):
    """Run jobs as `rq.Worker` does, and have the outboxes deliver after each, within their `exit_timeout`.

    A worker class of one's own can have this as a further base, before RQ's.
    """

    def perform_job(self, *args: Any, **kwargs: Any) -> bool:
        """Perform a job; the job is finished for RQ before the delivery.

        Args:
            args: As RQ's own has them; they differ between its versions.
            kwargs: As above.
        """
        try:
            return super().perform_job(*args, **kwargs)
        finally:
            # The process of a job ends next; one that performs jobs itself goes on.
            end = end_all if self.is_horse else hurry_all
            end()
