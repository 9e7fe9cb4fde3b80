"""A spool's directory, opened when it is needed.

It may be deleted while it is in use, and made again by whoever opens it next.
"""

from ciokit.stores.descriptors import Identity, close, identify, is_held, keep
from ciokit.stores.directories import is_gone, open_root
from ciokit.stores.errors import unwritable

__all__ = ["Root"]


class Root:
    """Hold a spool's directory. One caller at a time.

    Args:
        directory: Where it is.
        insist_on_network_fs: Take it on a network file system all the same.

    Attributes:
        fd: A descriptor of it; -1 while it is not open.
    """

    def __init__(self, directory: str, *, insist_on_network_fs: bool) -> None:
        self.fd = -1
        self._identity: Identity | None = None
        self._directory = directory
        self._insist = insist_on_network_fs

    def open(self) -> int:
        """Open it, and make it if it is not there.

        Returns:
            A descriptor of it.

        Raises:
            SettingsError: It cannot be trusted.
            StoreUnwritable: It cannot be made, or this process may not write there.
        """
        # One that was deleted stays open: directories that were in it may still be in use.
        if not is_held(self.fd, self._identity) or is_gone(self.fd):
            try:
                self.fd = keep(open_root(self._directory, insist_on_network_fs=self._insist))
            except OSError as error:
                raise unwritable(self._directory, error) from error
            self._identity = identify(self.fd)
        return self.fd

    def close(self) -> None:
        """Let go of it."""
        # Forgotten first: a child forked by another thread amid this would close the number again, whoever has it then.
        fd, self.fd = self.fd, -1
        close(fd, self._identity)
