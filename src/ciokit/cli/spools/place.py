"""Which spool a command means, and how what is wrong with it becomes one line."""

import contextlib
import os
from collections.abc import Generator
from pathlib import Path
from typing import Final

from ciokit.cli.failures import FailureError, UsageError
from ciokit.settings import read_dotenv

__all__ = ["VARIABLE", "find_spool", "one_line_for_the_disk"]

VARIABLE: Final = "CIOKIT_SPOOL"


def find_spool(given: Path | None) -> Path:
    """Find the spool: the one that is given, the environment's, or that of `.env`.

    Raises:
        UsageError: None is named, or the one that is is not there.
    """
    # An empty variable of the environment wins over `.env`, as for the clients.
    named = given or os.environ.get(VARIABLE, read_dotenv(".env").get(VARIABLE))
    if not named:
        msg = f"spool: which? Give --spool DIRECTORY, or set {VARIABLE}"
        raise UsageError(msg)
    directory = Path(named)
    if not directory.is_dir():
        msg = f"spool: there is no directory {directory}; check --spool or {VARIABLE}"
        raise UsageError(msg)
    return directory


@contextlib.contextmanager
def one_line_for_the_disk(what: str) -> Generator[None]:
    """Turn what the operating system refuses into a failure that says what it was about.

    Args:
        what: What could not be read or written.

    Raises:
        FailureError: The operating system refused something.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = error.strerror or type(error).__name__
        msg = f"spool: {what}: {reason}; check its permissions and the disk"
        raise FailureError(msg) from error
