"""Everything that can be said to the Track API: the verbs of every client and of the outbox."""

from typing import Generic

from ciokit.verbs.objects import ObjectVerbs
from ciokit.verbs.person import AttributesT, EventT, PersonVerbs, ResultT
from ciokit.verbs.reports import ReportVerbs

__all__ = ["AttributesT", "EventT", "ResultT", "TrackVerbs"]


class TrackVerbs(
    PersonVerbs[ResultT, AttributesT, EventT],
    ObjectVerbs[ResultT],
    ReportVerbs[ResultT],
    Generic[ResultT, AttributesT, EventT],
):
    """Say what is meant; what a verb returns is up to whoever sends or keeps it."""
