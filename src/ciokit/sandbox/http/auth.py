"""Who is calling: credentials read from the Authorization header, never kept.

Only a digest of a credential is held, to tell workspaces apart. Knows neither routes nor state.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping

DEFAULT_WORKSPACE = "default"


def read_basic(header: str) -> tuple[str, str] | None:
    """Read a Basic header in standard or URL-safe base64.

    Args:
        header: Value of the Authorization header.

    Returns:
        User name and password, or None if it is no such header.
    """
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    text = encoded.strip().replace("-", "+").replace("_", "/")
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    user, colon, password = decoded.partition(":")
    return (user, password) if colon else None


def read_bearer(header: str) -> str | None:
    """Read a Bearer header.

    Args:
        header: Value of the Authorization header.

    Returns:
        The token, or None if it is no such header.
    """
    scheme, _, token = header.partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


class Keyring:
    """Map credentials to workspaces.

    Args:
        keys: Workspace by credential: `site_id:api_key` for Track, the key itself for App and Pipelines.
            None accepts any complete credential for one workspace.
    """

    def __init__(self, keys: Mapping[str, str] | None = None) -> None:
        self._workspaces = None if keys is None else {_digest(key): name for key, name in keys.items()}
        self._known: dict[tuple[str, bytes], str | None] = {}

    def names(self) -> list[str]:
        """Return the names of the workspaces that credentials lead to, first named first."""
        return (
            [DEFAULT_WORKSPACE]
            if self._workspaces is None
            else list(dict.fromkeys(self._workspaces.values()))
        )

    def workspace(self, api: str, header: str | None) -> str | None:
        """Find the workspace a request is for.

        Args:
            api: `track`, `app` or `pipelines`, which read the header differently.
            header: Value of the Authorization header, if any.

        Returns:
            Name of the workspace, or None when the credential is missing, malformed or unknown.
        """
        if not header:
            return None
        key = (api, _digest(header))
        if key in self._known:
            return self._known[key]
        if len(self._known) >= 1024:
            self._known.clear()
        found = self._known[key] = self._look_up(_credential(api, header))
        return found

    def _look_up(self, credential: str | None) -> str | None:
        if not credential:
            return None
        if self._workspaces is None:
            return DEFAULT_WORKSPACE
        return self._workspaces.get(_digest(credential))


def _credential(api: str, header: str) -> str | None:
    if api == "app":
        return read_bearer(header)
    pair = read_basic(header)
    if api == "track":
        return f"{pair[0]}:{pair[1]}" if pair and pair[0] and pair[1] else None
    return pair[0] if pair else read_bearer(header)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
