"""What a command raises when it cannot go on: one line for people, and an exit code."""

from importlib.util import find_spec

__all__ = ["FailureError", "UsageError", "need"]


class UsageError(Exception):
    """An option, an argument or the file that it names is wrong; the exit code is 2."""


class FailureError(Exception):
    """The work could not be done; the exit code is 1."""


def need(extra: str, *packages: str) -> None:
    """Refuse to go on without the packages of an extra.

    Args:
        extra: Its name.
        packages: What it brings, by import name.

    Raises:
        UsageError: If one is not there.
    """
    if any(find_spec(package) is None for package in packages):
        msg = f"this needs an extra: pip install 'ciokit[{extra}]'"
        raise UsageError(msg)
