"""Customer.io's own limits, each with the place that states it. Sizes are bytes of UTF-8 or of encoded JSON."""

from typing import Final

__all__ = [
    "ATTRIBUTES",
    "ATTRIBUTE_NAME",
    "ATTRIBUTE_VALUE",
    "BATCH",
    "EVENT_DATA",
    "EVENT_NAME",
    "IDENTIFIER",
    "ITEM",
    "SEGMENT_IDS",
    "TIMESTAMP",
]

IDENTIFIER: Final = 150
"""A person's or object's id (Track API reference)."""
ATTRIBUTES: Final = 300
"""Attributes of one identify call (Track API reference and its list of validation messages)."""
ATTRIBUTE_NAME: Final = 150
"""An attribute's name (the same)."""
ATTRIBUTE_VALUE: Final = 1000
"""An attribute's value (the same)."""
EVENT_NAME: Final = 100
"""An event's name (the same)."""
EVENT_DATA: Final = 100_000
"""An event's data (the same); in version 2 the item's own limit is reached first."""
ITEM: Final = 32_000
"""One operation of version 2, `/api/v2/entity` or an item of a batch: "32kb or smaller".

The reference does not say whether a kilobyte is 1,000 or 1,024 bytes; the smaller is right in both cases.
"""
BATCH: Final = 500_000
"""The body of `/api/v2/batch`: "500kb", read in the same way."""
SEGMENT_IDS: Final = 1000
"""Ids of one request that adds people to a manual segment or removes them (Track API reference)."""
TIMESTAMP: Final = 99_999_999_999
"""The largest timestamp that can be seconds; more are milliseconds (as the vendor's Ruby SDK refuses them)."""
