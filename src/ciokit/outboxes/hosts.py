"""The programs that run this process, as far as threads and its end go: uWSGI, Celery, RQ, multiprocessing.

Each is recognised by a module that it brings along; none is imported for the sake of looking.
"""

import contextlib
import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from ciokit.forks import awaits_fork
from ciokit.logs import get_logger

__all__ = ["hook_into", "threads_run"]

logger = get_logger("ciokit.outbox")

_LOST_IN_RQ: Final = (
    "RQ ends the process of each job at once, so that nothing is delivered after it: run its workers with "
    "--worker-class ciokit.contrib.rq.Worker, or end each job with flush()"
)
_WITH_THREADS: Final = frozenset({"enable-threads", "threads", "gevent"})
"""Options of uWSGI that let Python's threads run."""
_hooked: set[str] = set()


def threads_run() -> bool | None:
    """Return whether threads that Python starts run here: under uWSGI only when told to, in its wheel pyuwsgi never.

    There a server that was started from Python keeps the interpreter to itself while it waits for requests, whatever
    `enable-threads` says (seen with 2.0.30).

    Returns:
        None where threads would run, but uWSGI has yet to fork its workers.
    """
    uwsgi = sys.modules.get("uwsgi")
    if uwsgi is None:
        return True
    if "pyuwsgi" in sys.modules:
        return False
    options = {name.decode() if isinstance(name, bytes) else str(name) for name in getattr(uwsgi, "opt", ())}
    if _WITH_THREADS.isdisjoint(options):
        return False
    return None if awaits_fork() else True


def hook_into(end: Callable[[], object]) -> None:
    """Have something done at the end of this process also where `atexit` is passed over.

    The children of multiprocessing clear what is registered with `atexit`, and the pool processes of Celery end by
    `os._exit`; both have hooks of their own. RQ has none, and the log says what to do. May be called any number of
    times.

    Args:
        end: What to do; called again, it must do nothing.
    """
    _hook(end, "multiprocessing.util", _hook_into_multiprocessing)
    _hook(end, "celery.signals", _hook_into_celery)
    _hook(end, "rq.worker", _warn_of_rq)


def forget_hooks() -> None:
    """Hook in again, for this is a forked child: what its parent told multiprocessing does not hold here."""
    _hooked.clear()


def _hook(
    end: Callable[[], object], name: str, hook: Callable[[ModuleType, Callable[[], object]], None]
) -> None:
    module = sys.modules.get(name)
    if module is not None and name not in _hooked:
        _hooked.add(name)
        try:
            hook(module, end)
        except Exception:  # what other packages do must not keep an entry out
            logger.exception("no hook for the end of the process in %s", name)


def _hook_into_multiprocessing(util: ModuleType, end: Callable[[], object]) -> None:
    util.Finalize(None, end, exitpriority=0)


def _hook_into_celery(signals: ModuleType, end: Callable[[], object]) -> None:
    def end_worker(**_: object) -> None:
        _outlive_parent()
        end()

    signals.worker_process_shutdown.connect(end_worker, weak=False, dispatch_uid="ciokit")


def _warn_of_rq(_module: ModuleType, _end: Callable[[], object]) -> None:
    # RQ sets the first where it forks a process for a job.
    if "RQ_JOB_ID" in os.environ and "ciokit.contrib.rq" not in sys.modules:
        logger.warning(_LOST_IN_RQ)


def _outlive_parent() -> None:
    """Let this pool process of Celery, which is at its end, deliver though the thread that forked it may end first.

    Celery has the system kill each pool process whose parent ends. For Linux the parent is a thread; and where the
    broker has no event loop, processes that replace others are forked by one that a stopping worker ends at once.
    """
    util: Any = sys.modules.get("billiard.util")
    with contextlib.suppress(AttributeError, OSError):  # an older billiard, another system
        util.set_pdeathsig(0)
