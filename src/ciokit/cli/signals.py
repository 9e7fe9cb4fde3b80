"""Signals: SIGTERM ends a command the way Ctrl-C does."""

import signal
import threading

__all__ = ["stop_on_signals", "wait_for_stop"]


def stop_on_signals() -> None:
    """Let SIGTERM raise `KeyboardInterrupt`, so that a command has one way to be stopped."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def wait_for_stop() -> None:
    """Wait until Ctrl-C or SIGTERM."""
    stop_on_signals()
    never = threading.Event()
    try:
        never.wait()
    except KeyboardInterrupt:
        return
