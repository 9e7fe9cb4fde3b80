"""Where the `ciokit` command begins: Ctrl-C ends it quietly, even while ciokit itself is being loaded.

It is a package beside ciokit, because importing any module of ciokit loads the whole library first.
"""

import os
import signal

__all__ = ["main"]


def main() -> None:
    """Load the command line, run it with the process's own arguments, and exit."""
    # A job in the background of a shell is told to ignore it.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)
    from ciokit.cli import main as begin

    begin()


def _end(_number: int, _frame: object) -> None:
    """End at once: modules that are being loaded may turn an exception into another one, or swallow it."""
    os._exit(130)
