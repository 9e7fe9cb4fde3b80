"""Who the events are about, the same thousand for every library."""

from itertools import cycle

__all__ = ["people"]

PEOPLE = [f"user-{number:06d}" for number in range(1000)]


def people(calls: int) -> "zip[tuple[int, str]]":
    """Yield the number of each call and a person for it."""
    return zip(range(calls), cycle(PEOPLE))
