"""A sandbox server that a command runs."""

from collections.abc import Sequence
from pathlib import Path

from ciokit.cli.failures import FailureError
from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer
from ciokit.sandbox.serving.store import StoreError

__all__ = ["open_server"]


def open_server(
    world: World,
    *,
    port: int,
    token: str | None = None,
    allow_hosts: Sequence[str] = (),
    tls: bool = False,
    ca_file: Path | None = None,
    store: Path | None = None,
) -> SandboxServer:
    """Open a server on a loopback port; it answers once it is entered or started.

    Args:
        world: What it serves.
        port: The port; 0 takes a free one.
        token: Opens it to other machines that carry this token.
        allow_hosts: Names by which it is called, besides localhost.
        tls: Whether it speaks https.
        ca_file: Where it writes the certificate to trust then.
        store: Where it keeps what it is sent.

    Raises:
        FailureError: If the port is taken or not allowed, or a file cannot be used.
    """
    # Every address of this machine, if that was asked for: the token guards it.
    host = "127.0.0.1" if token is None else "0.0.0.0"  # noqa: S104
    remote = token is not None
    try:
        return SandboxServer(
            world,
            host=host,
            port=port,
            allow_remote=remote,
            token=token,
            allow_hosts=allow_hosts,
            tls=tls,
            ca_file=ca_file,
            store=store,
        )
    except StoreError as error:
        raise FailureError(str(error)) from None
    except OSError as error:
        if error.filename is not None:
            msg = f"{error.filename} cannot be used: {error.strerror}"
        else:
            msg = f"port {port} cannot be used ({error.strerror}); choose another with --port, 0 takes a free one"
        raise FailureError(msg) from None
