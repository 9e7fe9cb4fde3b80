"""Log so that a handler of the application that raises costs no request, no entry and no thread.

The handlers of `logging` tell on stderr what goes wrong in them, and never raise; one that the application wrote may. It
would make a failure of a request that the service took, and end a thread that delivers.
"""

import sys
from typing import TYPE_CHECKING

from ciokit.alarms import of_a_handler

if TYPE_CHECKING:
    from logging import Logger, LogRecord

__all__ = ["get_logger"]

_guarded: set[str] = set()


def get_logger(name: str) -> "Logger":
    """Return a logger whose handlers and filters may raise: that is told as `logging` tells it, and goes no further."""
    import logging  # a program that never logs does not pay for it

    logger = logging.getLogger(name)
    if name in _guarded:
        return logger
    handle = logger.handle

    def guarded(record: "LogRecord") -> None:
        amid = sys.exception()
        try:
            handle(record)
        except Exception as error:
            if of_a_handler(error, amid) is not None:  # a signal's, which is meant for the application
                raise
            if logging.lastResort is not None:  # it says what its base class does for any handler
                logging.lastResort.handleError(record)

    # In place of the method of this logger alone: its class is the application's to choose.
    vars(logger)["handle"] = guarded
    _guarded.add(name)
    return logger
