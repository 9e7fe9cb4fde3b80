"""The application: its commands, and how whatever goes wrong becomes one line and an exit code.

0 is success, 1 a failure, 2 a wrong option, argument or setting, 130 an interruption.
"""

import os
import sys
from collections.abc import Sequence
from shutil import get_terminal_size
from typing import Annotated, Any, Final, cast

import typer

from ciokit.cli import (
    broadcast,
    demo,
    doctor,
    exporting,
    importing,
    people,
    sandbox,
    segments,
    send,
    spool,
    tail,
    webhooks,
)
from ciokit.cli.failures import FailureError, UsageError
from ciokit.errors import CiokitError, SettingsError
from ciokit.version import VERSION

__all__ = ["app", "run"]

HELP: Final = {"help_option_names": ["-h", "--help"]}
# The class that typer's own complaints share; its home has moved from release to release.
_COMPLAINT = cast(
    "type[Exception]", next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
)
_PANELS_FIT: Final = 70
"""Columns of a terminal in which the help's panels show every option's name whole."""
_IN_CODE: Final = ", or pass them as arguments"
"""What an error of the settings proposes to programs; keys are no options here, where everybody could see them."""

app = typer.Typer(
    name="ciokit",
    help="Customer.io for Python: messages, people, imports and exports, spools, webhooks, and a local Customer.io.",
    context_settings=HELP,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
app.command(name="demo")(demo.demo)
app.command(name="import")(importing.import_file)
app.command(name="doctor")(doctor.doctor)
app.add_typer(send.app, name="send")
app.command(name="broadcast")(broadcast.broadcast)
app.add_typer(people.app, name="people")
app.add_typer(segments.app, name="segments")
app.add_typer(exporting.app, name="export")
app.add_typer(sandbox.app, name="sandbox")
app.add_typer(spool.app, name="spool")
app.add_typer(webhooks.app, name="webhooks")
app.command(name="tail")(tail.tail)


def _show_version(*, asked: bool) -> None:
    if asked:
        print(f"ciokit {VERSION}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def entry(
    context: typer.Context,
    *,
    version: Annotated[  # noqa: ARG001 - its callback does it
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Customer.io for Python: messages, people, imports and exports, spools, webhooks, and a local Customer.io."""
    if context.invoked_subcommand is None:
        print(context.get_help())


def run(arguments: Sequence[str]) -> int:
    """Run a command line.

    Args:
        arguments: What follows the program's name.

    Returns:
        The exit code.
    """
    try:
        code = _invoke(arguments)
        sys.stdout.flush()
    except OSError as error:
        # Output that cannot be written, mostly; Python must not complain about it once more at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):  # whoever read it has gone, and need not be told
            return 1
        place = f"{error.filename}: " if error.filename else ""
        return _tell(f"{place}{error.strerror or type(error).__name__}", 1)
    return code


def _invoke(arguments: Sequence[str]) -> int:
    # In fewer columns the panels cut names; the plain help does not.
    app.rich_markup_mode = "markdown" if get_terminal_size().columns >= _PANELS_FIT else None
    command: Any = typer.main.get_command(app)
    try:
        code = command.main(list(arguments), prog_name="ciokit", standalone_mode=False)
    except _COMPLAINT as complaint:
        return _tell_complaint(complaint)
    except (UsageError, SettingsError) as error:
        return _tell(str(error).removesuffix(_IN_CODE), 2)
    except (FailureError, CiokitError) as error:
        return _tell(error, 1)
    except UnicodeEncodeError:
        number = _find_unreadable(arguments)
        if number is None:
            raise
        return _tell(f"argument {number} is not UTF-8, or the locale (LC_ALL, LANG) is not", 2)
    except (KeyboardInterrupt, typer.Abort):
        return 130
    return code if isinstance(code, int) else 0


def _tell_complaint(complaint: Any) -> int:
    context = complaint.ctx if hasattr(complaint, "ctx") else None
    path: str = context.command_path if context is not None else "ciokit"
    # Without a command there is no complaint: the help has been shown in its place.
    said = complaint.format_message().rstrip(".") or "Which command?"
    return _tell(f"{said} (see {path} --help)", complaint.exit_code)


def _find_unreadable(arguments: Sequence[str]) -> int | None:
    """Return the place of an argument whose bytes are no text, and which can therefore not be sent."""
    for number, argument in enumerate(arguments, 1):
        if any("\udc80" <= character <= "\udcff" for character in argument):
            return number
    return None


def _tell(error: object, code: int) -> int:
    line = " ".join(str(error).split())
    sys.stderr.write(f"ciokit: {line}\n")
    return code
