"""What a store is to record of a request: what became of its entries.

Pure. It knows nothing of how a store records it.
"""

from ciokit.dispatch.settlement import Settlement
from ciokit.outboxes.reports import reason_of
from ciokit.stores.journal import Fate

__all__ = ["fates_of"]


def fates_of(settlement: Settlement) -> list[Fate]:
    """Return what became of entries; those that go on waiting have no fate yet."""
    fates: list[Fate] = []
    if settlement.delivered:
        fates.append(Fate("delivered", [seq for seq, _ in settlement.delivered]))
    for rejection in settlement.rejected:
        status, attempts = rejection.status, rejection.attempts
        fates.append(Fate("rejected", (rejection.seq,), reason_of(rejection), status, attempts))
    return fates
