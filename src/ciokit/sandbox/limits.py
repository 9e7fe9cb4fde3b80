"""The vendor's limits as the sandbox enforces them.

Sizes are bytes unless the name says otherwise. The clients hold limits of their own: the mirror shares no
number with the code it tests, so that one wrong reading cannot hide the other.
"""

from typing import Final

ITEM_BYTES: Final = 32 * 1024
"""One Track v2 operation, alone or in a batch."""
BATCH_BYTES: Final = 500_000
"""One Track v2 batch request."""
IDENTIFIER_BYTES: Final = 150
"""A person's id or an object's id."""
ATTRIBUTE_COUNT: Final = 300
"""Attributes in one identify call, of one object, or of one relationship."""
ATTRIBUTE_NAME_BYTES: Final = 150
ATTRIBUTE_VALUE_BYTES: Final = 1000
OBJECT_ATTRIBUTES_BYTES: Final = 100 * 1024
"""All attributes of one object or relationship together."""
EVENT_NAME_BYTES: Final = 100
EVENT_DATA_BYTES: Final = 100_000
SEGMENT_IDS: Final = 1000
"""Identifiers in one manual segment request."""

ANONYMOUS_SECONDS: Final = 30 * 86_400.0
"""How long anonymous events wait for a person."""
LATE_ANONYMOUS_SECONDS: Final = 300.0
"""How long after the identify an anonymous event still joins the person."""
MERGED_EVENT_SECONDS: Final = 30 * 86_400.0
"""How far back events follow a person through a merge."""
TRIGGER_SECONDS: Final = 72 * 3600.0
"""Events that are older when they arrive cannot trigger a campaign."""

FAR_SECONDS: Final = 100_000_000_000
"""A time from here on, in the year 5138, was meant in milliseconds or less."""
SEND_BYTES: Final = 2048 * 1024
"""One transactional request."""
ATTACHMENT_BYTES: Final = 2_000_000
"""All attachments of one email, as sent; they must stay below it."""
EMAIL_RECIPIENTS: Final = 15
"""to, cc and bcc together."""
SEND_AHEAD_SECONDS: Final = 90 * 86_400.0
"""How far ahead a message can be scheduled."""
BROADCAST_ITEMS: Final = 10_000
"""ids or per_user_data entries in one trigger."""
FILTER_DEPTH: Final = 20
"""Nesting of an audience filter; the vendor states none."""
