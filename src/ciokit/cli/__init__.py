"""The `ciokit` command. Everything but this file needs the extra `cli`."""

import sys
from importlib.util import find_spec
from io import TextIOWrapper

__all__ = ["main"]


def main() -> None:
    """Run the command line with the process's own arguments, and exit."""
    if find_spec("typer") is None or find_spec("rich") is None:
        sys.stderr.write("ciokit: the command line is an extra: pip install 'ciokit[cli]'\n")
        sys.exit(2)
    from ciokit.cli.app import run

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without a character must not stop the work
    sys.exit(run(sys.argv[1:]))
