"""Programs that end in every way, or live oddly, with an outbox: `python -m tests.real.living SCENARIO`.

They use the process's own outbox, in memory or in the spool that the environment names.
"""

import atexit
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable

from ciokit import Outbox, TrackClient, install_signal_handlers, outbox, track_client

MANY = 60
NO_ROOM = 1 << 46
"""Bytes of a thread's stack that no system has."""
SILENCE = 40.0
"""Seconds that an end takes only if it waits for a server that never answers, whose requests may take twice that."""


def put(name: str = "user-1", many: int = MANY) -> None:
    """Put a person's events, numbered."""
    for number in range(many):
        outbox().track(name, "counted", {"n": number})


def normal() -> None:
    """End at the end of the program."""
    put()


def exception() -> None:
    """End by an exception that nobody catches."""
    put()
    raise LookupError


def sys_exit() -> None:
    """End by sys.exit."""
    put()
    sys.exit(3)


def in_threads() -> None:
    """Put from threads, one of which calls sys.exit and one of which goes on when the main thread has ended."""
    main = threading.main_thread()

    def leave() -> None:
        put("user-1")
        sys.exit(3)

    def outlast() -> None:
        main.join()
        put("user-2")

    for work in (leave, outlast):
        threading.Thread(target=work).start()


def at_exit() -> None:
    """Put for the first time when the interpreter is ending."""
    atexit.register(put)


def closed() -> None:
    """Close before the end, as one should."""
    put()
    if not outbox().close(30):
        sys.exit(4)


class Echo(logging.Handler):
    """Put an event about every line of every log, those of the HTTP library included."""

    def emit(self, record: logging.LogRecord) -> None:
        """Put."""
        outbox().track("log", record.name)


def logged_into_itself() -> None:
    """End while all logging goes into the outbox."""
    logging.basicConfig(handlers=[Echo()], level=logging.DEBUG)
    put()


def forgotten() -> None:
    """Put into an outbox that nobody holds any more when the process ends."""
    Outbox(track_client(), flush_interval=3600).track("user-1", "counted", {"n": 0})


def os_exit() -> None:
    """End without anything that an interpreter does at its end."""
    put()
    os._exit(5)


def killed() -> None:
    """Be killed."""
    put()
    os.kill(os.getpid(), signal.SIGKILL)


def terminated() -> None:
    """Be told to end, with no handler for it."""
    put()
    os.kill(os.getpid(), signal.SIGTERM)


def terminated_with_handlers() -> None:
    """Be told to end, with the handlers installed."""
    install_signal_handlers()
    put()
    os.kill(os.getpid(), signal.SIGTERM)


def terminated_without_threads() -> None:
    """Be told to end, with the handlers installed, where the system has no thread to give."""
    threading.stack_size(NO_ROOM)
    terminated_with_handlers()


def terminated_as_a_server() -> None:
    """Be told to end while a handler lets what goes on come to its end."""
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stopping.set())
    install_signal_handlers()
    put("user-1")
    os.kill(os.getpid(), signal.SIGTERM)
    if stopping.wait(30):
        put("user-2")


def terminated_amid_close() -> None:
    """Be told to end while the outbox is being closed."""
    install_signal_handlers()
    put()
    timer = threading.Timer(0.0, os.kill, (os.getpid(), signal.SIGTERM))
    timer.daemon = True
    timer.start()
    outbox().close(30)
    signal.pause()


def short_of_time() -> None:
    """End while nobody answers, with a second for it."""
    client = TrackClient(timeout=2 * SILENCE)
    spool = os.environ.get("CIOKIT_SPOOL")
    made, other = [Outbox(client, spool=spool, exit_timeout=1, on_dropped=told) for _ in range(2)]
    for number in range(MANY):
        made.track("user-1", "counted", {"n": number})
        other.track("user-2", "counted", {"n": number})


def told(details: object) -> None:
    """Say that an entry was given up."""
    sys.stdout.write("dropped\n")


SCENARIOS: dict[str, Callable[[], None]] = {
    work.__name__: work
    for work in (
        normal,
        exception,
        sys_exit,
        in_threads,
        at_exit,
        closed,
        logged_into_itself,
        forgotten,
        os_exit,
        killed,
        terminated,
        terminated_with_handlers,
        terminated_without_threads,
        terminated_as_a_server,
        terminated_amid_close,
        short_of_time,
    )
}

if __name__ == "__main__":
    SCENARIOS[sys.argv[1]]()
