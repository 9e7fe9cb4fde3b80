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
        UsageError: None is named, or the one that is is not there or is something else.
        FailureError: It cannot be read.
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
    with one_line_for_the_disk(str(directory)):
        if _is_foreign(directory):
            msg = f"spool: {directory} is no spool: nothing in it is an outbox's; check --spool or {VARIABLE}"
            raise UsageError(msg)
    return directory


def _is_foreign(directory: Path) -> bool:
    """Tell whether a directory holds something, and nothing that an outbox makes: that nothing waits there is no news."""
    from ciokit.outboxes.pipelines import ROOM
    from ciokit.stores.directories import DAMAGED, DEAD, NAME

    # What a version control or a file system keeps in an empty directory does not count.
    names = {path.name for path in directory.iterdir() if not path.name.startswith(".")} - {"lost+found"}
    return bool(names) and names.isdisjoint({DAMAGED, DEAD, ROOM}) and not any(map(NAME.fullmatch, names))


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
        file = f" {error.filename}:" if isinstance(error.filename, str) and error.filename not in what else ""
        msg = f"spool: {what}:{file} {reason}; check its permissions and the disk"
        raise FailureError(msg) from error
