"""What happens to a store in a forked child: it starts anew, and what it held stays the parent's."""

import weakref
from typing import Protocol

from ciokit.forks import in_forked_children

__all__ = ["StartsAnew", "start_anew_in_children"]


class StartsAnew(Protocol):
    """Be told that this is a forked child."""

    def start_anew(self) -> None:
        """Forget, without touching what the parent still uses; take no lock, its holder may be gone."""
        ...


# Weak: a hook must not keep a store alive for as long as the process.
_known: "weakref.WeakSet[StartsAnew]" = weakref.WeakSet()


def start_anew_in_children(store: StartsAnew) -> None:
    """Call `start_anew` in every child that is forked while the store lives."""
    _known.add(store)


def _start_anew() -> None:
    for store in list(_known):
        store.start_anew()


in_forked_children(_start_anew)
