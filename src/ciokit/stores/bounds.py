"""What a spool may be told: checked before anything is opened."""

from typing import Literal, TypeAlias

from ciokit.errors import SettingsError

__all__ = ["Durability", "check"]

Durability: TypeAlias = Literal["process", "power"]


def check(durability: str, **sizes: int) -> None:
    """Refuse what is out of range.

    Args:
        durability: `process` or `power`.
        sizes: Settings by name, each at least 1.

    Raises:
        SettingsError: It names the setting and the value.
    """
    if durability not in {"process", "power"}:
        msg = f"durability must be 'process' or 'power', got {durability!r}"
        raise SettingsError(msg)
    for name, value in sizes.items():
        if value < 1:
            msg = f"{name} must be at least 1, got {value}"
            raise SettingsError(msg)
