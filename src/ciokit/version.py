"""The version, once."""

from typing import Final

__all__ = ["USER_AGENT", "VERSION"]

VERSION: Final = "0.1.0"
USER_AGENT: Final = f"ciokit/{VERSION}"
