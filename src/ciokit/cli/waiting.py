"""What is shown while a command works and has nothing to say yet."""

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["waiting"]


def waiting(console: "Console", words: str) -> AbstractContextManager[object]:
    """Show that something is going on, at a terminal alone; a file or a pipe gets nothing.

    Args:
        console: Where.
        words: What is going on.
    """
    return console.status(words) if console.is_terminal else nullcontext()
