"""Tell what a signal's handler raised amid other code from what the network did.

An alarm that raises `TimeoutError` is the application's own limit: it must not count as one of the network's, which would
be tried again.
"""

import functools
import signal
import threading
from collections.abc import Iterator
from traceback import walk_tb
from types import CodeType, FunctionType, MethodType
from typing import Any, cast

__all__ = ["chain", "of_a_handler"]


def chain(error: BaseException | None, amid: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what led to it, but not what was being handled before."""
    seen: list[BaseException] = []
    while error is not None and error is not amid and error not in seen:
        yield error
        seen.append(error)
        error = error.__cause__ or error.__context__


def of_a_handler(error: BaseException, amid: BaseException | None) -> BaseException | None:
    """Return what a signal's handler raised, if that is what went wrong.

    Args:
        error: What came out; it may stand for what the handler raised.
        amid: What was being handled before, which does not count.

    Returns:
        The handler's own error, or None.
    """
    if threading.current_thread() is not threading.main_thread():
        return None  # handlers run there alone
    codes: set[CodeType | None] | None = None
    for found in chain(error, amid):
        codes = codes or {_code(signal.getsignal(number)) for number in signal.valid_signals()} - {None}
        if any(frame.f_code in codes for frame, _ in walk_tb(found.__traceback__)):
            return found
    return None


def _code(handler: Any) -> CodeType | None:
    """Return what a handler runs; None if it is none, or not written in Python."""
    while isinstance(handler, functools.partial):
        handler = cast("Any", handler).func
    if callable(handler) and not isinstance(handler, (FunctionType, MethodType)):
        handler = handler.__call__
    code = getattr(getattr(handler, "__func__", handler), "__code__", None)
    return code if isinstance(code, CodeType) else None
