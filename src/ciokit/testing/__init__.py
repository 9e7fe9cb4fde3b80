"""What an application's own tests need: a Customer.io that can be asserted on, and time that passes without waiting.

    def test_checkout(cio_sandbox: CioSandbox) -> None:
        checkout("user-1", total=30)
        cio_sandbox.assert_tracked("user-1", OrderPlaced(total=30))

pytest finds the fixtures by itself (`pytest_ciokit`); without pytest, `with CioSandbox() as sandbox:` does the same.
"""

from typing import TYPE_CHECKING, Any

from ciokit.testing.clock import FakeClock

if TYPE_CHECKING:
    from ciokit.sandbox.faults.rules import Effect, FaultRule
    from ciokit.sandbox.inprocess import SandboxTransport
    from ciokit.testing.sandbox import CioSandbox
    from ciokit.testing.server import CioServer
    from ciokit.testing.webhooks import SignedWebhook

__all__ = [
    "CioSandbox",
    "CioServer",
    "Effect",
    "FakeClock",
    "FaultRule",
    "SandboxTransport",
    "SignedWebhook",
]

# The HTTP library and the sandbox are loaded when they are first asked for: a test of the clock pays for neither.
_LATE = {
    "CioSandbox": "ciokit.testing.sandbox",
    "CioServer": "ciokit.testing.server",
    "Effect": "ciokit.sandbox.faults.rules",
    "FaultRule": "ciokit.sandbox.faults.rules",
    "SandboxTransport": "ciokit.sandbox.inprocess",
    "SignedWebhook": "ciokit.testing.webhooks",
}


def __getattr__(name: str) -> Any:
    """Import a name of `_LATE` when it is first asked for."""
    module = _LATE.get(name)
    if module is None:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib import import_module

    return getattr(import_module(module), name)


def __dir__() -> list[str]:
    """List the names of `_LATE` as well: shells complete from this."""
    return sorted({*globals(), *_LATE})
