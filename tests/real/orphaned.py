"""A pool process of Celery that loses the thread which forked it amid its delivery: `python -m tests.real.orphaned`.

So it goes where Celery has a thread replace pool processes, as it does with brokers that have no event loop: the thread
ends first when the worker is told to stop, while Celery has the system kill each pool process whose parent ends.
"""

import os
import signal
import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import Any

from ciokit import Outbox, track_client

signals: Any = import_module("celery.signals")
util: Any = import_module("billiard.util")


def work() -> None:
    """Be a pool process: put an event, and end as Celery ends one."""
    util.set_pdeathsig(signal.SIGKILL)  # as Celery does in each
    outbox = Outbox(track_client(), flush_interval=3600)
    outbox.track("user-1", "worked")
    signals.worker_process_shutdown.send(sender=None, pid=os.getpid(), exitcode=0)
    os._exit(0 if outbox.stats().delivered else 1)


def supervise(forked: list[int]) -> None:
    """Fork a pool process, and end when standard input does."""
    pid = os.fork()
    if not pid:
        work()
    forked.append(pid)
    sys.stdin.read()


if __name__ == "__main__":
    children: list[int] = []
    supervisor = threading.Thread(target=supervise, args=(children,))
    supervisor.start()
    supervisor.join()
    # For the system, a thread ends a little later than for Python.
    while len([*Path("/proc/self/task").iterdir()]) > 1:
        os.sched_yield()
    sys.stdout.write("gone\n")
    sys.stdout.flush()
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(children[0], 0)[1]))
