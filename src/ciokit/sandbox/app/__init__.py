"""The App API."""

from typing import Final

from ciokit.sandbox.app import (
    activities,
    broadcasts,
    content,
    customers,
    exports,
    imports,
    listed,
    messages,
    objects,
    segments,
    sends,
    templates,
    webhooks,
)
from ciokit.sandbox.http.routes import Route

_MODULES: Final = (
    sends,
    broadcasts,
    customers,
    segments,
    messages,
    activities,
    objects,
    exports,
    imports,
    content,
    webhooks,
    templates,
    listed,
)

ROUTES: Final[tuple[Route, ...]] = tuple(route for module in _MODULES for route in module.ROUTES)
"""All that it answers."""
