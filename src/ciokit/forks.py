"""What ciokit does in a forked child, whoever forked it.

Python calls these hooks itself where it forks. uWSGI forks past it, from C, and then calls one function of its own.
"""

import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

__all__ = ["awaits_fork", "in_forked_children"]

_hooks: list[Callable[[], object]] = []
_process = _first = os.getpid()


def in_forked_children(hook: Callable[[], object]) -> None:
    """Have something done at once in every process that is forked from this one.

    Args:
        hook: What to do; it must take no lock, for the lock's holder is not there any more.
    """
    _hooks.append(hook)


def awaits_fork() -> bool:
    """Return whether uWSGI may fork its workers from this process yet, so that no thread is to be started.

    A thread that waits for the interpreter at that moment leaves it locked in the worker for ever (seen with 2.0.30).
    """
    uwsgi = sys.modules.get("uwsgi")
    return uwsgi is not None and _process == _first and not uwsgi.worker_id()


def _run() -> None:
    """Call the hooks, once a process: uWSGI can be told to let Python call them, too."""
    global _process  # noqa: PLW0603 - there is one process
    if _process != (process := os.getpid()):
        _process = process
        failures: list[Exception] = []
        for hook in _hooks:
            try:
                hook()
            except Exception as error:  # noqa: BLE001 - told below; what one cannot do must not keep the others from it
                failures.append(error)
        if failures:
            raise failures[0]


def _hook_into_uwsgi(uwsgi: ModuleType) -> None:
    """Have uWSGI call the hooks in its workers, after what it was to call there already."""
    decorators = sys.modules.get("uwsgidecorators")
    if decorators is not None:  # it has taken the one function for a chain
        decorators.postfork_chain.append(_run)
        return
    before: Any = getattr(uwsgi, "post_fork_hook", None)

    def after_fork() -> None:
        _run()
        if before is not None:
            before()

    uwsgi.__dict__["post_fork_hook"] = after_fork


if hasattr(os, "register_at_fork"):  # where there is fork
    os.register_at_fork(after_in_child=_run)
if "uwsgi" in sys.modules:
    _hook_into_uwsgi(sys.modules["uwsgi"])
