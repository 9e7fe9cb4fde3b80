"""A throw-away certificate authority, so that clients that insist on https can be tested.

Needs the package trustme. The keys live in memory; only the authority's certificate is written, for clients.
"""

import ssl
from pathlib import Path
from typing import Final

from ciokit.sandbox.http.hosts import HOSTS

_NAMES: Final = ("localhost", "127.0.0.1", "::1", *HOSTS)


def make_context(ca_file: Path, host: str) -> ssl.SSLContext:
    """Make a server's TLS context and write the certificate of the authority that vouches for it.

    Args:
        ca_file: Where to write the authority's certificate, PEM.
        host: A further name or address the server is reached by.

    Returns:
        The context; its certificate is good for loopback, for the vendor's host names and for `host`.

    Raises:
        ModuleNotFoundError: If trustme is not installed.
    """
    import trustme

    authority = trustme.CA(
        organization_name="ciokit sandbox", organization_unit_name="throw-away, trust nowhere else"
    )
    certificate = authority.issue_cert(*dict.fromkeys((*_NAMES, host)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)  # pyright: ignore[reportUnknownMemberType]  # half typed by trustme
    ca_file.write_bytes(authority.cert_pem.bytes())
    return context
