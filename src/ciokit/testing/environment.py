"""Variables of the environment that are set for a while."""

import os
from collections.abc import Mapping
from typing import Final

__all__ = ["NO_SPOOL", "Environment"]

NO_SPOOL: Final[Mapping[str, str]] = {"CIOKIT_SPOOL": ""}
"""What keeps the application's own spool, which `.env` may name, out of its tests: a test would take over what dead
processes left in it and have it delivered to the sandbox, and a test that is killed would leave made-up entries for
the true Customer.io."""


class Environment:
    """Set variables, and restore them.

    Args:
        values: What to set.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._before: dict[str, str | None] = {}

    def set(self) -> None:
        """Set the variables, and remember what they were."""
        self._before = {name: os.environ.get(name) for name in self._values}
        os.environ.update(self._values)

    def restore(self) -> None:
        """Make the variables what they were."""
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        self._before = {}
