"""The verbs about the not yet identified, segments, forms and deliveries; see `ciokit.verbs.person`."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Generic

from ciokit import operations as ops
from ciokit.events import Event
from ciokit.identifiers import PersonRef
from ciokit.operations import Data, DeviceMetric, EventType, IdType, Metric, Operation, Timestamp
from ciokit.verbs.person import ResultT, moment

__all__ = ["ReportVerbs"]


class ReportVerbs(Generic[ResultT]):
    """Verbs about someone not yet identified, segments, forms and deliveries."""

    @abstractmethod
    def _perform(self, operation: Operation) -> ResultT:
        """Send an operation, or keep it to be sent."""

    @abstractmethod
    def _time(self) -> float:
        """Return Unix time."""

    def track_anonymous(
        self,
        anonymous_id: str | None,
        event: Event | str,
        data: Data = None,
        *,
        extra: Mapping[str, Any] | None = None,
        type: EventType = "event",
        id: str | None = None,
        timestamp: Timestamp | None = None,
    ) -> ResultT:
        """Record what someone not yet identified did.

        Args:
            anonymous_id: Joins the event to whoever is identified with it within 30 days; None makes it an invite,
                which is never joined to anybody.
            event: A declared event or a name.
            data: The event's data, when `event` is a name.
            extra: Further data beside the declared.
            type: `event`, `page` or `screen`.
            id: A ULID; a new one when left out.
            timestamp: When it happened; now when left out.
        """
        ulid, when = moment(self._time(), id, timestamp)
        return self._perform(
            ops.AnonymousEvent(
                anonymous_id=anonymous_id,
                event=event,
                data=data,
                extra=extra,
                type=type,
                id=ulid,
                timestamp=when,
            )
        )

    def add_to_segment(self, segment_id: int, ids: Sequence[str], *, id_type: IdType = "id") -> ResultT:
        """Add up to 1,000 people to a manual segment that exists."""
        return self._perform(ops.AddToSegment(segment_id, ids, id_type))

    def remove_from_segment(self, segment_id: int, ids: Sequence[str], *, id_type: IdType = "id") -> ResultT:
        """Remove up to 1,000 people from a manual segment."""
        return self._perform(ops.RemoveFromSegment(segment_id, ids, id_type))

    def submit_form(
        self, form_id: str, person: PersonRef, fields: Mapping[str, Any] | None = None
    ) -> ResultT:
        """Submit a form for a person named by id or e-mail address; an unknown form is created."""
        return self._perform(ops.SubmitForm(form_id, person, fields or {}))

    def report_delivery(
        self, delivery_id: str, metric: DeviceMetric, device_token: str, *, timestamp: Timestamp | None = None
    ) -> ResultT:
        """Report what became of a push message on a device."""
        return self._perform(ops.ReportDelivery(delivery_id, metric, device_token, timestamp))

    def report_metric(
        self,
        delivery_id: str,
        metric: Metric,
        *,
        timestamp: Timestamp | None = None,
        recipient: str | None = None,
        reason: str | None = None,
        href: str | None = None,
    ) -> ResultT:
        """Report what became of a message that does not report it by itself."""
        return self._perform(
            ops.ReportMetric(
                delivery_id=delivery_id,
                metric=metric,
                timestamp=timestamp,
                recipient=recipient,
                reason=reason,
                href=href,
            )
        )

    def report_push(
        self, delivery_id: str, event: DeviceMetric, device_id: str, *, timestamp: Timestamp | None = None
    ) -> ResultT:
        """Report a push event to the endpoint that the mobile SDKs use."""
        return self._perform(
            ops.ReportPush(delivery_id=delivery_id, event=event, device_id=device_id, timestamp=timestamp)
        )

    def unsubscribe(self, delivery_id: str) -> ResultT:
        """Unsubscribe whoever got a delivery, as a custom unsubscribe page does."""
        return self._perform(ops.Unsubscribe(delivery_id))
