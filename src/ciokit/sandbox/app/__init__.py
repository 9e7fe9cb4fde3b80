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
    metrics,
    objects,
    segments,
    sends,
    suppressions,
    templates,
    unmodelled,
    webhooks,
    workspaces,
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
    metrics,
    suppressions,
    workspaces,
    unmodelled,
)

ROUTES: Final[tuple[Route, ...]] = tuple(route for module in _MODULES for route in module.ROUTES)
"""All that it answers."""
