"""Everything that can be said to the Track API: the verbs of every client and of the outbox."""

from typing import Generic

from ciokit.object_verbs import ObjectVerbs
from ciokit.person_verbs import AttributesT, EventT, PersonVerbs, ResultT
from ciokit.report_verbs import ReportVerbs

__all__ = ["AttributesT", "EventT", "ResultT", "TrackVerbs"]


class TrackVerbs(
    PersonVerbs[ResultT, AttributesT, EventT],
    ObjectVerbs[ResultT],
    ReportVerbs[ResultT],
    Generic[ResultT, AttributesT, EventT],
):
    """Say what is meant; what a verb returns is up to whoever sends or keeps it."""
