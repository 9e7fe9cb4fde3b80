"""What the App API says of campaigns and broadcasts, and of how they did."""

from typing import Any

from msgspec import field

from ciokit.app.records.base import Record

__all__ = [
    "Action",
    "ActionRef",
    "Broadcast",
    "BroadcastTrigger",
    "Campaign",
    "JourneyMetrics",
    "Link",
    "LinkMetric",
    "LinkMetrics",
    "LinkSeries",
    "MetricSeries",
    "Metrics",
    "TriggerId",
]


class ActionRef(Record, frozen=True, kw_only=True):
    """Name an action or a template.

    Attributes:
        id: Its number; text in some campaigns.
        type: `email`, `push`, `webhook`, ...
    """

    id: int | str
    type: str = ""


class Campaign(Record, frozen=True, kw_only=True):
    """Hold a campaign (an automation, in the vendor's newer words).

    Attributes:
        id: Its number.
        name: Its name.
        description: Its description.
        type: What triggers it; the vendor calls this deprecated.
        state: `running`, `draft` or `stopped`.
        active: Whether it runs.
        actions: Its actions.
        tags: Its tags.
        event_name: The event that triggers it.
        trigger_segment_ids: The segments that trigger it.
        filter_segment_ids: The segments that it is held to.
        frequency: How often it comes, for dates.
        date_attribute: The attribute that has the date.
        timezone: The time zone of the date.
        use_customer_timezone: Whether the person's own time zone counts.
        start_hour: The hour of the day.
        start_minutes: The minute of the hour.
        msg_templates: Its templates; the vendor calls this deprecated.
        first_started: Unix seconds.
        created: Unix seconds.
        updated: Unix seconds.
        deduplicate_id: Its number and the time of its last change.
    """

    id: int
    name: str = ""
    description: str | None = None
    type: str | None = None
    state: str = ""
    active: bool = False
    actions: tuple[ActionRef, ...] = ()
    tags: tuple[str, ...] = ()
    event_name: str | None = None
    trigger_segment_ids: tuple[int, ...] = ()
    filter_segment_ids: tuple[int, ...] = ()
    frequency: str | None = None
    date_attribute: str | None = None
    timezone: str | None = None
    use_customer_timezone: bool | None = None
    start_hour: int | None = None
    start_minutes: int | None = None
    msg_templates: tuple[ActionRef, ...] = ()
    first_started: int | None = None
    created: int | None = None
    updated: int | None = None
    deduplicate_id: str | None = None


class Broadcast(Record, frozen=True, kw_only=True):
    """Hold a broadcast that the API can trigger.

    Attributes:
        id: Its number.
        name: Its name.
        type: Its type; the vendor calls this deprecated.
        state: `running`, `draft` or `stopped`.
        active: Whether it can be triggered.
        actions: Its actions.
        tags: Its tags.
        msg_template_ids: Its templates; the vendor calls this deprecated.
        first_started: Unix seconds.
        created: Unix seconds.
        updated: Unix seconds.
        deduplicate_id: Its number and the time of its last change.
    """

    id: int
    name: str = ""
    type: str | None = None
    state: str = ""
    active: bool = False
    actions: tuple[ActionRef, ...] = ()
    tags: tuple[str, ...] = ()
    msg_template_ids: tuple[ActionRef, ...] = ()
    first_started: int | None = None
    created: int | None = None
    updated: int | None = None
    deduplicate_id: str | None = None


class TriggerId(Record, frozen=True, kw_only=True):
    """Name one sending of a broadcast.

    Attributes:
        id: The trigger's number, by which `broadcasts.trigger_status` and `trigger_errors` tell what became of it.
    """

    id: int


class BroadcastTrigger(Record, frozen=True, kw_only=True):
    """Tell how far one sending of a broadcast is.

    Attributes:
        id: The trigger's number.
        broadcast_id: The broadcast's.
        created_at: Unix seconds.
        processed_at: When the service was done with it, in Unix seconds; None or 0 before.
    """

    id: int
    broadcast_id: int | None = None
    created_at: int | None = None
    processed_at: int | None = None

    @property
    def is_over(self) -> bool:
        """Whether the service is done with it."""
        return bool(self.processed_at)

    @property
    def failure(self) -> str:
        """Nothing: what was wrong with the audience is told by `trigger_errors`."""
        return ""


class Action(Record, frozen=True, kw_only=True):
    """Hold a message of a campaign or a broadcast; which fields it has depends on its type.

    Attributes:
        id: Its number.
        type: `email`, `twilio`, `push`, `in_app`, `slack`, `whatsapp` or `webhook`.
        name: Its name.
        campaign_id: The campaign it is part of.
        broadcast_id: The broadcast it is part of.
        parent_action_id: The action it is a variant of.
        sending_state: `automatic`, `draft` or `off`.
        language: Its language; empty for the default.
        layout: The layout around the body.
        body: The body.
        body_amp: The body in AMP.
        body_json: The body of a visual editor.
        subject: The subject.
        preheader_text: The text that an inbox shows after the subject.
        from_: The sender's address.
        from_id: The sender identity.
        reply_to: The address for replies.
        reply_to_id: The sender identity for replies.
        preprocessor: `premailer`, if CSS is put inline.
        recipient: The recipient, often as Liquid.
        cc: Copies.
        bcc: Blind copies.
        fake_bcc: Whether blind copies are sent as messages of their own.
        headers: The headers.
        image_url: The image, for MMS.
        url: The address, for webhooks.
        method: The method, for webhooks.
        created: Unix seconds.
        updated: Unix seconds.
        deduplicate_id: Its number and the time of its last change.
    """

    id: int | str | None = None
    type: str = ""
    name: str | None = None
    campaign_id: int | None = None
    broadcast_id: int | None = None
    parent_action_id: int | None = None
    sending_state: str | None = None
    language: str | None = None
    layout: str | None = None
    body: str | None = None
    body_amp: str | None = None
    body_json: str | None = None
    subject: str | None = None
    preheader_text: str | None = None
    from_: str | None = field(name="from", default=None)
    from_id: int | None = None
    reply_to: str | None = None
    reply_to_id: int | None = None
    preprocessor: str | None = None
    recipient: str | None = None
    cc: str | None = None
    bcc: str | None = None
    fake_bcc: bool | None = None
    headers: Any = None
    image_url: str | None = None
    url: str | None = None
    method: str | None = None
    created: int | None = None
    updated: int | None = None
    deduplicate_id: str | None = None


class MetricSeries(Record, frozen=True, kw_only=True):
    """Count what became of messages, one number per period, oldest first; webhooks' statuses are in `extra`."""

    attempted: tuple[int, ...] = ()
    bounced: tuple[int, ...] = ()
    clicked: tuple[int, ...] = ()
    human_clicked: tuple[int, ...] = ()
    prefetch_clicked: tuple[int, ...] = ()
    converted: tuple[int, ...] = ()
    created: tuple[int, ...] = ()
    deferred: tuple[int, ...] = ()
    delivered: tuple[int, ...] = ()
    drafted: tuple[int, ...] = ()
    failed: tuple[int, ...] = ()
    opened: tuple[int, ...] = ()
    human_opened: tuple[int, ...] = ()
    prefetch_opened: tuple[int, ...] = ()
    sent: tuple[int, ...] = ()
    spammed: tuple[int, ...] = ()
    suppressed: tuple[int, ...] = ()
    undeliverable: tuple[int, ...] = ()
    topic_unsubscribed: tuple[int, ...] = ()
    unsubscribed: tuple[int, ...] = ()


class Metrics(Record, frozen=True, kw_only=True):
    """Tell how messages did.

    Attributes:
        series: The counts.
    """

    series: MetricSeries = MetricSeries()


class JourneyMetrics(Record, frozen=True, kw_only=True):
    """Count people on their way through a campaign, one number per period, oldest first."""

    started: tuple[int, ...] = ()
    activated: tuple[int, ...] = ()
    exited_early: tuple[int, ...] = ()
    finished: tuple[int, ...] = ()
    converted: tuple[int, ...] = ()
    never_activated: tuple[int, ...] = ()
    messaged: tuple[int, ...] = ()


class Link(Record, frozen=True, kw_only=True):
    """Name a link.

    Attributes:
        id: Its number.
        href: Where it leads.
    """

    id: int
    href: str = ""


class LinkSeries(Record, frozen=True, kw_only=True):
    """Count clicks on a link, one number per period, oldest first."""

    clicked: tuple[int, ...] = ()
    human_clicked: tuple[int, ...] = ()
    machine_clicked: tuple[int, ...] = ()


class LinkMetric(Record, frozen=True, kw_only=True):
    """Hold the metrics of a link.

    Attributes:
        series: The counts.
    """

    series: LinkSeries = LinkSeries()


class LinkMetrics(Record, frozen=True, kw_only=True):
    """Hold a link and its metrics.

    Attributes:
        link: The link.
        metric: The counts.
    """

    link: Link
    metric: LinkMetric = LinkMetric()
