"""Type variables with defaults: `typing` has them from Python 3.13 on, and type checkers everywhere."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import TypeVar
else:
    from typing import TypeVar as _TypeVar

    def TypeVar(name, *, default=None, **options):  # noqa: ANN001, ANN003, ANN201, ARG001, N802 - for checkers alone
        """Make a type variable; its default is for checkers alone."""
        return _TypeVar(name, **options)


__all__ = ["TypeVar"]
