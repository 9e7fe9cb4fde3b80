"""What the App API says of newsletters, transactional messages, collections and snippets."""

from typing import Any

from msgspec import field

from ciokit.app.records.base import Record

__all__ = [
    "Collection",
    "MessageContent",
    "Newsletter",
    "NewsletterTestGroup",
    "Snippet",
    "TransactionalMessage",
]


class Newsletter(Record, frozen=True, kw_only=True):
    """Hold a newsletter (a one-time send, in the vendor's newer words).

    Attributes:
        id: Its number.
        name: Its name.
        type: `email`, `webhook`, `twilio`, `push`, `in_app` or `inbox`.
        content_ids: Its variants.
        tags: Its tags.
        recipient_segment_ids: The segments that it goes to.
        subscription_topic_id: The topic that it belongs to.
        sent_at: When it was last sent, in Unix seconds.
        created: Unix seconds.
        updated: Unix seconds.
        deduplicate_id: Its number and the time of its last change.
    """

    id: int
    name: str = ""
    type: str = ""
    content_ids: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()
    recipient_segment_ids: tuple[int, ...] = ()
    subscription_topic_id: int | None = None
    sent_at: int | None = None
    created: int | None = None
    updated: int | None = None
    deduplicate_id: str | None = None


class MessageContent(Record, frozen=True, kw_only=True):
    """Hold a variant of a newsletter or of a transactional message: a translation or one side of a test.

    Attributes:
        id: Its number.
        newsletter_id: The newsletter it is part of.
        name: Its name.
        type: `email`, `webhook`, `twilio`, `push`, `in_app` or `inbox`.
        language: Its language; empty for the default.
        layout: The layout around the body.
        body: The body.
        body_amp: The body in AMP.
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
        created: Unix seconds.
        updated: Unix seconds.
        deduplicate_id: Its number and the time of its last change.
    """

    id: int | None = None
    newsletter_id: int | None = None
    name: str | None = None
    type: str = ""
    language: str | None = None
    layout: str | None = None
    body: str | None = None
    body_amp: str | None = None
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
    created: int | None = None
    updated: int | None = None
    deduplicate_id: str | None = None


class NewsletterTestGroup(Record, frozen=True, kw_only=True):
    """Hold one side of a newsletter's A/B test.

    Attributes:
        id: Its number; text at some places.
        name: Its name.
        label: Its letter.
        winner: Whether it won.
        content_ids: Its variants.
    """

    id: int | str | None = None
    name: str | None = None
    label: str = ""
    winner: bool = False
    content_ids: tuple[int | str, ...] = ()


class TransactionalMessage(Record, frozen=True, kw_only=True):
    """Hold a transactional message, to which the sends refer.

    Attributes:
        id: Its number.
        name: Its name.
        description: Its description.
        send_to_unsubscribed: Whether it is also sent to people who are unsubscribed.
        link_tracking: Whether clicks are counted.
        open_tracking: Whether opens are counted.
        hide_message_body: Whether the service keeps no contents.
        queue_drafts: Whether it is held as a draft.
        created_at: Unix seconds.
        updated_at: Unix seconds.
    """

    id: int
    name: str = ""
    description: str | None = None
    send_to_unsubscribed: bool = False
    link_tracking: bool = False
    open_tracking: bool = False
    hide_message_body: bool = False
    queue_drafts: bool = False
    created_at: int | None = None
    updated_at: int | None = None


class Collection(Record, frozen=True, kw_only=True):
    """Hold a collection: rows of data that messages refer to.

    Attributes:
        id: Its number.
        name: Its name.
        rows: How many rows it has.
        bytes: How large it is.
        schema: The names of its columns.
        created_at: Unix seconds.
        updated_at: Unix seconds.
    """

    id: int
    name: str = ""
    rows: int = 0
    bytes: int = 0
    schema: tuple[str, ...] = ()
    created_at: int | None = None
    updated_at: int | None = None


class Snippet(Record, frozen=True, kw_only=True):
    """Hold a piece of text that messages share.

    Attributes:
        name: Its name.
        value: The text or Liquid.
        updated_at: Unix seconds.
    """

    name: str
    value: str = ""
    updated_at: int | None = None
