"""The Track API, both versions."""

from typing import Final

from ciokit.sandbox.http.routes import Route
from ciokit.sandbox.track import (
    v1,
    v1_reports,
    v2,
)

_MODULES: Final = (v1, v1_reports, v2)

ROUTES: Final[tuple[Route, ...]] = tuple(route for module in _MODULES for route in module.ROUTES)
"""All that it answers."""
