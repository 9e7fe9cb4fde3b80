"""Directories of a spool that this process has and somebody else in it closed: they are opened again."""

from collections.abc import Iterable

from ciokit.errors import CiokitError
from ciokit.stores.ledger import Ledger
from ciokit.stores.root import Root

__all__ = ["regain"]


def regain(ledgers: Iterable[Ledger], root: Root) -> bool:
    """Open again what was closed; what another process has taken over meanwhile counts as gone.

    Returns:
        Whether there was any.
    """
    closed = [ledger for ledger in ledgers if ledger.is_closed() and not ledger.interrupted()]
    for ledger in closed:
        ledger.leave()
        try:
            ledger.owned.regain(root.open())
        except CiokitError:  # whoever puts next is told why
            ledger.owned.lose()
    return bool(closed)
