"""What comes compressed, piece by piece.

Pure: it is fed bytes and gives bytes.
"""

import zlib
from typing import Any

__all__ = ["Packed", "Plain"]


class Plain:
    """Leave a file as it is."""

    def unpack(self, piece: bytes) -> bytes:
        """Return what a piece holds."""
        return piece

    def end(self) -> None:
        """Do nothing: any end is a good one."""


class Packed:
    """Unpack a gzip file, which may be several of them one after the other."""

    def __init__(self) -> None:
        self._member: Any = zlib.decompressobj(wbits=31)

    def unpack(self, piece: bytes) -> bytes:
        """Return what a piece holds.

        Raises:
            zlib.error: If it is no gzip.
        """
        unpacked: list[bytes] = []
        while piece:
            if self._member.eof:
                piece = piece.lstrip(b"\0")  # padding, which tapes and some tools leave behind a member
                if not piece:
                    break
                self._member = zlib.decompressobj(wbits=31)
            unpacked.append(self._member.decompress(piece))
            piece = self._member.unused_data
        return b"".join(unpacked)

    def end(self) -> None:
        """Raise `zlib.error` if there should be more."""
        if not self._member.eof:
            msg = "the compressed file breaks off"
            raise zlib.error(msg)
