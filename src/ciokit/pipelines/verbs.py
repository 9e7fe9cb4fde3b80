"""The verbs of the Pipelines API, written once for its clients and its outbox.

Each verb builds an operation and hands it on. What it returns is the shell's: a receipt, an awaitable of one, or a
message id. A verb that is given something wrong raises `InvalidData` at once, asynchronous or not.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Generic, TypedDict, Unpack, overload

from ciokit.events import Attributes, Event
from ciokit.identifiers import Email, Id, ObjectId, UserRef
from ciokit.operations import Data, Timestamp
from ciokit.pipelines import operations as ops
from ciokit.ulids import new_ulid
from ciokit.verbs import AttributesT, EventT, ResultT

__all__ = ["CallOptions", "PipelinesVerbs"]


class CallOptions(TypedDict, total=False):
    """Hold the keyword arguments that every verb takes.

    Attributes:
        message_id: Identifies the call, in every attempt; a new ULID if omitted.
        timestamp: When it happened: Unix seconds or a datetime with a time zone; now by default.
        context: Its context (`ip`, `locale`, `page`, `campaign`, ...); takes precedence over the client's.
        integrations: Which destinations get it, by name or `All`; takes precedence over the client's.
    """

    message_id: str
    timestamp: Timestamp
    context: Mapping[str, Any]
    integrations: ops.Integrations


class PipelinesVerbs(Generic[ResultT, AttributesT, EventT]):
    """Say what is meant; what a verb returns is up to whoever sends or keeps it.

    Somebody is a plain string, which is a user's id, an `Id` or an `AnonymousId`; whom a verb only takes when they are
    known is a plain string or an `Id`. Every verb also takes `message_id=`, `timestamp=`, `context=` and
    `integrations=`; see `CallOptions`.
    """

    @abstractmethod
    def _perform(self, operation: ops.Operation) -> ResultT:
        """Send an operation, or keep it to be sent."""

    @abstractmethod
    def _time(self) -> float:
        """Return Unix time."""

    def _complete(self, options: CallOptions) -> CallOptions:
        """Give a call the name and the time that it does not have."""
        now = self._time()
        if "message_id" not in options:
            options["message_id"] = new_ulid(int(now * 1000))
        if "timestamp" not in options:
            options["timestamp"] = now
        return options

    @overload
    def identify(
        self,
        user: UserRef | Email,
        traits: AttributesT,
        *,
        extra: Mapping[str, Any] | None = None,
        anonymous_id: str | None = None,
        **options: Unpack[CallOptions],
    ) -> ResultT: ...

    @overload
    def identify(
        self: "PipelinesVerbs[ResultT, Attributes, EventT]",
        user: UserRef | Email,
        traits: Data = None,
        *,
        extra: Mapping[str, Any] | None = None,
        anonymous_id: str | None = None,
        **options: Unpack[CallOptions],
    ) -> ResultT: ...

    def identify(
        self,
        user: UserRef | Email,
        traits: Data = None,
        *,
        extra: Mapping[str, Any] | None = None,
        anonymous_id: str | None = None,
        **options: Unpack[CallOptions],
    ) -> ResultT:
        """Create or update a person.

        Args:
            user: The person; an `Email` identifies them by that trait alone, if the workspace allows it.
            traits: The declared attributes; a client without a catalogue also takes a mapping, dataclass, attrs
                instance or pydantic model. At most 300, each name 150 and each value 1,000 bytes.
            extra: Further traits, in addition to the declared ones.
            anonymous_id: Their previous anonymous id; what was recorded for it becomes theirs.
            options: See `CallOptions`.

        Returns:
            What the client returns for a delivered or accepted call.

        Raises:
            InvalidData: If something is wrong or over a limit.
        """
        call = self._complete(options)
        return self._perform(ops.Identify(user, traits, extra=extra, anonymous_id=anonymous_id, **call))

    @overload
    def track(
        self,
        user: UserRef,
        event: EventT,
        *,
        extra: Mapping[str, Any] | None = None,
        **options: Unpack[CallOptions],
    ) -> ResultT: ...

    @overload
    def track(
        self: "PipelinesVerbs[ResultT, AttributesT, Event]",
        user: UserRef,
        event: str,
        properties: Data = None,
        *,
        extra: Mapping[str, Any] | None = None,
        **options: Unpack[CallOptions],
    ) -> ResultT: ...

    def track(
        self,
        user: UserRef,
        event: Event | str,
        properties: Data = None,
        *,
        extra: Mapping[str, Any] | None = None,
        **options: Unpack[CallOptions],
    ) -> ResultT:
        """Record what somebody did.

        Args:
            user: The person.
            event: The declared event; a client without a catalogue also takes a name, at most 100 bytes.
            properties: The event's data, when `event` is a name.
            extra: Further data, in addition to the declared fields.
            options: See `CallOptions`.

        Returns:
            What the client returns for a delivered or accepted call.

        Raises:
            InvalidData: If something is wrong or over a limit.
        """
        return self._perform(ops.Track(user, event, properties, extra=extra, **self._complete(options)))

    def page(
        self,
        user: UserRef,
        name: str | None = None,
        properties: Data = None,
        **options: Unpack[CallOptions],
    ) -> ResultT:
        """Record that somebody saw a page.

        Args:
            user: The person.
            name: The page's name.
            properties: `url`, `path`, `title`, `referrer`, `search`, `category`, ...
            options: See `CallOptions`.
        """
        return self._perform(ops.Page(user, name, properties, **self._complete(options)))

    def screen(
        self,
        user: UserRef,
        name: str | None = None,
        properties: Data = None,
        **options: Unpack[CallOptions],
    ) -> ResultT:
        """Record that somebody saw a screen of an app.

        Args:
            user: The person.
            name: The screen's name.
            properties: Further data about the visit.
            options: See `CallOptions`.
        """
        return self._perform(ops.Screen(user, name, properties, **self._complete(options)))

    def group(
        self,
        user: UserRef,
        group: str | ObjectId,
        traits: Data = None,
        *,
        relationship_attributes: Data = None,
        **options: Unpack[CallOptions],
    ) -> ResultT:
        """Create or update an object, and relate somebody to it.

        Args:
            user: The person.
            group: The object: a company, an account; a plain string is one of type 1.
            traits: The object's attributes, a mapping or declared `Attributes`.
            relationship_attributes: The attributes of the relationship.
            options: See `CallOptions`.
        """
        call = self._complete(options)
        return self._perform(
            ops.Group(user, group, traits, relationship_attributes=relationship_attributes, **call)
        )

    def alias(self, previous: UserRef, user: str | Id, **options: Unpack[CallOptions]) -> ResultT:
        """Merge the user or visitor behind an id into another user, for good.

        Args:
            previous: The user or anonymous id that is merged.
            user: The user who remains.
            options: See `CallOptions`.
        """
        return self._perform(ops.Alias(previous, user, **self._complete(options)))

    def add_device(
        self,
        user: str | Id,
        token: str,
        *,
        platform: ops.Platform,
        attributes: Data = None,
        **options: Unpack[CallOptions],
    ) -> ResultT:
        """Add a device to a person, or update it.

        Args:
            user: The device's owner.
            token: The device's token.
            platform: `ios` or `android`.
            attributes: `app_version`, `push_enabled`, ...
            options: See `CallOptions`; `context={"device": {...}}` may say more of the device.
        """
        call = self._complete(options)
        return self._perform(ops.AddDevice(user, token, platform=platform, attributes=attributes, **call))

    def delete_device(self, user: str | Id, token: str, **options: Unpack[CallOptions]) -> ResultT:
        """Remove a device from a person.

        Args:
            user: The device's owner.
            token: The device's token.
            options: See `CallOptions`.
        """
        return self._perform(ops.DeleteDevice(user, token, **self._complete(options)))

    def delete(self, user: str | Id, **options: Unpack[CallOptions]) -> ResultT:
        """Delete a person; a later `identify` creates them again.

        Args:
            user: The person.
            options: See `CallOptions`.
        """
        return self._perform(ops.Delete(user, **self._complete(options)))

    def suppress(self, user: str | Id, **options: Unpack[CallOptions]) -> ResultT:
        """Delete a person, and have Customer.io refuse their identifiers from now on.

        Args:
            user: The person.
            options: See `CallOptions`.
        """
        return self._perform(ops.Suppress(user, **self._complete(options)))

    def unsuppress(self, user: str | Id, **options: Unpack[CallOptions]) -> ResultT:
        """Have Customer.io accept a suppressed person's identifiers again; nothing is restored.

        Args:
            user: The person.
            options: See `CallOptions`.
        """
        return self._perform(ops.Unsuppress(user, **self._complete(options)))

    def delete_relationship(
        self, user: str | Id, group: str | ObjectId, **options: Unpack[CallOptions]
    ) -> ResultT:
        """Remove a person's relationship to an object.

        Args:
            user: The person.
            group: The object; a plain string is one of type 1.
            options: See `CallOptions`.
        """
        return self._perform(ops.DeleteRelationship(user, group, **self._complete(options)))

    def delete_object(self, group: str | ObjectId, **options: Unpack[CallOptions]) -> ResultT:
        """Delete an object.

        Args:
            group: The object; a plain string is one of type 1.
            options: See `CallOptions`.
        """
        return self._perform(ops.DeleteObject(group, **self._complete(options)))

    def report_delivery(
        self,
        delivery_id: str,
        metric: ops.ReportedMetric,
        *,
        recipient: str | None = None,
        reason: str | None = None,
        action_value: str | None = None,
        href: str | None = None,
        **options: Unpack[CallOptions],
    ) -> ResultT:
        """Report what became of a message whose channel does not report it by itself.

        Args:
            delivery_id: The delivery.
            metric: `delivered`, `clicked`, `converted` or `opened`.
            recipient: The address or device that it reached.
            reason: The reason, if there is one.
            action_value: The answer to an in-app message.
            href: The link that was clicked.
            options: See `CallOptions`.
        """
        call = self._complete(options)
        return self._perform(
            ops.ReportDelivery(
                delivery_id,
                metric,
                recipient=recipient,
                reason=reason,
                action_value=action_value,
                href=href,
                **call,
            )
        )

    def report_content(
        self,
        action: ops.ContentAction,
        *,
        content_id: int | None = None,
        template_id: int | None = None,
        **options: Unpack[CallOptions],
    ) -> ResultT:
        """Report that somebody who is not identified saw or clicked an anonymous message.

        Args:
            action: `viewed_content` or `clicked_content`.
            content_id: The content.
            template_id: Its template.
            options: See `CallOptions`.
        """
        call = self._complete(options)
        return self._perform(
            ops.ReportContent(action, content_id=content_id, template_id=template_id, **call)
        )
