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
            extra: Further data, in addition to the declared fields.
            type: `event`, `page` or `screen`.
            id: A ULID; a new one by default.
            timestamp: When it happened; now by default.
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
        """Add people to a manual segment that exists.

        Args:
            segment_id: The segment's number.
            ids: 1 to 1,000 identifiers of people, all of one type; Customer.io ignores unknown ones.
            id_type: Which type they are of: `id`, `email` or `cio_id`.
        """
        return self._perform(ops.AddToSegment(segment_id, ids, id_type))

    def remove_from_segment(self, segment_id: int, ids: Sequence[str], *, id_type: IdType = "id") -> ResultT:
        """Remove people from a manual segment.

        Args:
            segment_id: The segment's number.
            ids: 1 to 1,000 identifiers of people, all of one type; Customer.io ignores unknown ones.
            id_type: Which type they are of: `id`, `email` or `cio_id`.
        """
        return self._perform(ops.RemoveFromSegment(segment_id, ids, id_type))

    def submit_form(
        self, form_id: str, person: PersonRef, fields: Mapping[str, Any] | None = None
    ) -> ResultT:
        """Submit a form; an unknown form is created.

        A submission is not sent again when its answer was lost: each counts as one of its own.

        Args:
            form_id: The form.
            person: Who filled it in: an id or an e-mail address.
            fields: What was filled in, as text.
        """
        return self._perform(ops.SubmitForm(form_id, person, fields or {}))

    def report_delivery(
        self, delivery_id: str, metric: DeviceMetric, device_token: str, *, timestamp: Timestamp | None = None
    ) -> ResultT:
        """Report what became of a push message on a device.

        Args:
            delivery_id: The delivery, as the message carries it.
            metric: `opened`, `converted` or `delivered`.
            device_token: The device's token.
            timestamp: When it happened; left to Customer.io when None.
        """
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
        """Report what became of a message whose channel does not report it by itself.

        Args:
            delivery_id: The delivery, as the message carries it.
            metric: `bounced`, `clicked`, `converted`, `deferred`, `delivered`, `dropped`, `opened` or `spammed`; which
                of them Customer.io counts depends on the message's channel.
            timestamp: When it happened; left to Customer.io when None.
            recipient: The address or device that it reached.
            reason: Why it bounced or was dropped.
            href: The link that was clicked.
        """
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
        """Report a push event to the endpoint that the mobile SDKs use.

        Args:
            delivery_id: The delivery, as the message carries it.
            event: `opened`, `converted` or `delivered`.
            device_id: The device's token.
            timestamp: When it happened; left to Customer.io when None.
        """
        return self._perform(
            ops.ReportPush(delivery_id=delivery_id, event=event, device_id=device_id, timestamp=timestamp)
        )

    def unsubscribe(self, delivery_id: str) -> ResultT:
        """Unsubscribe whoever got a delivery, as a custom unsubscribe page does.

        Args:
            delivery_id: The delivery, as the link in the message carries it.
        """
        return self._perform(ops.Unsubscribe(delivery_id))
