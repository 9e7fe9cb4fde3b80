"""How far an import came, in a small file, so that the next run goes on from there.

The file holds counts and digests alone: no row, no key. It is replaced as a whole, so that a process killed at any
moment leaves the old or the new one; so does a machine that loses its power.
"""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from ciokit.cli.failures import FailureError
from ciokit.cli.imports.disk import sync_file
from ciokit.stores.directories import sync_names_in

__all__ = ["Bookmark", "Shelf", "state_directory"]

_FORMAT: Final = 1


class Bookmark(msgspec.Struct, kw_only=True):
    """Hold how far one import of one file came.

    Attributes:
        digest: The file's contents, in hexadecimal.
        rows: Rows that are settled: accepted or refused.
        accepted: Those that Customer.io took.
        refused: Those that were refused.
        requests: Requests that it took.
        refused_bytes: Size of the file of refused rows at that moment.
        complete: Whether the file's end was reached.
        format: The version of this record.
    """

    digest: str
    rows: int = 0
    accepted: int = 0
    refused: int = 0
    requests: int = 0
    refused_bytes: int = 0
    complete: bool = False
    format: int = _FORMAT


def state_directory() -> Path:
    """Return where programs keep what they must remember, by the XDG rules."""
    named = os.environ.get("XDG_STATE_HOME", "")
    root = Path(named) if named and Path(named).is_absolute() else Path.home() / ".local" / "state"
    return root / "ciokit" / "imports"


class Shelf:
    """Keep the bookmark of one import: the same file, read in the same way, sent to the same place.

    Args:
        directory: Where bookmarks are kept.
        path: The file that is imported.
        parts: Everything else that makes the import this one.
    """

    def __init__(self, directory: Path, path: Path, parts: Sequence[str]) -> None:
        named = "\0".join((str(path.resolve()), *parts)).encode("utf-8", "surrogateescape")
        digest = hashlib.blake2b(named, digest_size=8).hexdigest()
        self.path = directory / f"{path.name[:80]}-{digest}.json"

    def open(self) -> Bookmark | None:
        """Return the bookmark; None if there is none that can be read."""
        try:
            found = msgspec.json.decode(self.path.read_bytes(), type=Bookmark)
        except (OSError, msgspec.MsgspecError):
            return None
        return found if found.format == _FORMAT else None

    def put(self, bookmark: Bookmark) -> None:
        """Write the bookmark down, for good before this returns.

        Args:
            bookmark: What to write.

        Raises:
            FailureError: If it cannot be written.
        """
        new = self.path.with_suffix(".new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            new.unlink(missing_ok=True)
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(handle, "wb") as file:  # noqa: PTH123 - a handle, made with its mode
                file.write(msgspec.json.encode(bookmark))
                file.flush()
                sync_file(handle)
            new.replace(self.path)
            sync_names_in(self.path.parent)
        except OSError as error:
            msg = (
                f"{self.path.parent} cannot be written ({error.strerror}), so nothing would know how far this came; "
                "set XDG_STATE_HOME to a directory that can"
            )
            raise FailureError(msg) from None
