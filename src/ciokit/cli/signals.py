"""Signals: SIGTERM ends a command the way Ctrl-C does."""

import signal
import threading
from collections.abc import Callable

__all__ = ["stop_on_signals", "wait_for_stop"]


def stop_on_signals() -> None:
    """Let SIGTERM raise `KeyboardInterrupt`, so that a command has one way to be stopped."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def wait_for_stop(announce: Callable[[], None]) -> None:
    """Wait until Ctrl-C or SIGTERM.

    Args:
        announce: Says that there is something to stop; from then on a signal does no more than end the wait.
    """
    stop_on_signals()
    never = threading.Event()
    try:
        announce()
        never.wait()
    except KeyboardInterrupt:
        return
