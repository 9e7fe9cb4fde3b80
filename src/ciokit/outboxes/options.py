"""What an outbox may be told: the ranges of its settings, checked before anything is opened."""

import math
from collections.abc import Collection
from typing import Any, Final, Literal, NamedTuple, TypeAlias, get_origin

from ciokit.errors import SettingsError
from ciokit.shell import AsyncShell

__all__ = ["Overflow", "check_choice", "check_client", "check_hooks", "check_numbers"]

Overflow: TypeAlias = Literal["block", "raise", "drop_new", "drop_old"]

_DAY: Final = 86_400
_MOST: Final = 1 << 62


class _Range(NamedTuple):
    kinds: tuple[type, ...]
    low: float
    high: float
    words: str
    optional: bool = False


_SECONDS = _Range((int, float), 0, _DAY, "seconds from 0 to a day")
_RANGES: Final = {
    "batch_size": _Range((int,), 1, _MOST, "a whole number from 1"),
    "flush_interval": _SECONDS,
    # The client's pool has ten connections; a further sender would only wait for one.
    "senders": _Range((int,), 0, 10, "a whole number from 0 to 10"),
    "rate": _Range(
        (int, float), math.ulp(0.0), _MOST, "more than 0 requests a second, or None", optional=True
    ),
    "max_bytes": _Range((int,), 1, _MOST, "a whole number from 1", optional=True),
    "max_entries": _Range((int,), 1, _MOST, "a whole number from 1", optional=True),
    "block_timeout": _SECONDS,
    "exit_timeout": _SECONDS,
}


def check_numbers(**given: Any) -> None:
    """Refuse what is out of range.

    Args:
        given: Settings by name.

    Raises:
        SettingsError: It names the setting, the value and the range.
    """
    for name, value in given.items():
        kinds, low, high, words, optional = _RANGES[name]
        if value is None and optional:
            continue
        number: Any = value if isinstance(value, kinds) and not isinstance(value, bool) else math.nan
        if not low <= number <= high:
            msg = f"{name} must be {words}, got {value!r}"
            raise SettingsError(msg)


def check_choice(name: str, value: str, choices: Collection[str]) -> None:
    """Refuse what is not among the choices.

    Raises:
        SettingsError: It names the setting, the value and the choices.
    """
    if value not in choices:
        msg = f"{name} must be one of {', '.join(choices)}, got {value!r}"
        raise SettingsError(msg)


def check_client(client: object) -> None:
    """Refuse what cannot deliver from threads.

    Raises:
        SettingsError: It names what it is instead.
    """
    if isinstance(get_origin(client) or client, type):
        msg = "an outbox needs a client, got a class of them: call it, as in Outbox(TrackClient()), or ask ciokit.outbox for the process's own"
        raise SettingsError(msg)
    if isinstance(client, AsyncShell) or not hasattr(client, "attempt"):
        msg = f"an outbox needs a TrackClient or a PipelinesClient, got {type(client).__name__}: delivery is by threads"
        raise SettingsError(msg)


def check_hooks(**hooks: object) -> None:
    """Refuse hooks that cannot be called.

    Raises:
        SettingsError: It names the hook.
    """
    for name, hook in hooks.items():
        if hook is not None and not callable(hook):
            msg = f"{name} must be a function, got {type(hook).__name__}"
            raise SettingsError(msg)
