"""A sandbox server that a command runs."""

import logging

from ciokit.cli.failures import FailureError
from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer

__all__ = ["open_server"]


def open_server(world: World, *, port: int, token: str | None = None) -> SandboxServer:
    """Open a server on a loopback port; it answers once it is entered or started.

    Args:
        world: What it serves.
        port: The port; 0 takes a free one.
        token: Opens it to other machines that carry this token.

    Raises:
        FailureError: If the port is taken or not allowed.
    """
    # A connection dropped on purpose is no news for a terminal.
    logging.getLogger("uvicorn").addHandler(logging.NullHandler())
    try:
        if token is None:
            return SandboxServer(world, port=port)
        # Every address of this machine: that is what was asked for, and the token guards it.
        return SandboxServer(world, host="0.0.0.0", port=port, allow_remote=True, token=token)  # noqa: S104
    except OSError as error:
        msg = f"port {port} cannot be used ({error.strerror}); choose another with --port, 0 takes a free one"
        raise FailureError(msg) from None
