"""A sandbox server that a command runs."""

import logging

from ciokit.cli.failures import FailureError
from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer

__all__ = ["open_server"]


def open_server(world: World, *, port: int) -> SandboxServer:
    """Open a server on a loopback port; it answers once it is entered or started.

    Args:
        world: What it serves.
        port: The port; 0 takes a free one.

    Raises:
        FailureError: If the port is taken or not allowed.
    """
    # A connection dropped on purpose is no news for a terminal.
    logging.getLogger("uvicorn").addHandler(logging.NullHandler())
    try:
        return SandboxServer(world, port=port)
    except OSError as error:
        msg = f"port {port} cannot be used ({error.strerror}); choose another with --port, 0 takes a free one"
        raise FailureError(msg) from None
