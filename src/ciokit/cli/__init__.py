"""The `ciokit` command. Everything but this file needs the extra `cli`."""

import codecs
import signal
import sys
from importlib.util import find_spec
from io import TextIOWrapper
from typing import Final

__all__ = ["main"]

_STAND_INS: Final = {"✓": "+", "✗": "x", "·": "-", "→": ">", "…": "~"}


def main() -> None:
    """Run the command line with the process's own arguments, and exit."""
    try:
        code = _run()
    except KeyboardInterrupt:  # before the command has begun
        code = 130
    # The work is done: another Ctrl-C ends it without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(code)


def _run() -> int:
    if find_spec("typer") is None or find_spec("rich") is None:
        sys.stderr.write("ciokit: the command line is an extra: pip install 'ciokit[cli]'\n")
        return 2
    from ciokit.cli.app import run

    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # from here on Ctrl-C has work to stop
        signal.signal(signal.SIGINT, signal.default_int_handler)
    codecs.register_error("ciokit", _stand_in)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="ciokit")  # a terminal without a character must not stop the work
    return run(sys.argv[1:])


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    """Put what a terminal can show in place of what it cannot, as wide as that is."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    return "".join(_STAND_INS.get(character, "?") for character in lost), error.end
