"""A certificate authority for the tests: what it signed, and files and contexts that trust it."""

import datetime as dt
import ssl
from pathlib import Path

import trustme


class Authority:
    """Sign certificates, and have them trusted.

    Args:
        folder: Where its files go.
    """

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA()
        self._folder = folder
        self.file = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(self.file)

    def server(self, *names: str, until: dt.datetime | None = None) -> ssl.SSLContext:
        """Return the context of a server with these names, whose certificate ends at a time."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        path = self._folder / "server.pem"
        self._ca.issue_cert(*names, not_after=until).private_key_and_cert_chain_pem.write_to_path(path)
        context.load_cert_chain(path)
        return context

    def trust(self) -> ssl.SSLContext:
        """Return the context of a client that trusts this authority alone."""
        return ssl.create_default_context(cafile=str(self.file))
