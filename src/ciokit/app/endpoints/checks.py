"""What may be wrong with arguments together, where each of them alone is right."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from ciokit.errors import Problem

__all__ = ["at_most_one_of", "exactly_one_of", "fits_import", "fits_metrics", "fits_schedule", "steps_fit"]

Arguments: TypeAlias = Mapping[str, Any]
Check: TypeAlias = Callable[[Arguments], Iterator[Problem]]

_MOST_STEPS: Final = {"hours": 24, "days": 45, "weeks": 12, "months": 121}
_OF_VERSION: Final = {"1": ("period", "steps"), "2": ("start", "end", "resolution", "timezone")}


def exactly_one_of(*names: str) -> Check:
    """Make a check that one of some parameters is given, and no more."""

    def check(given: Arguments) -> Iterator[Problem]:
        if sum(given[name] is not None for name in names) != 1:
            yield Problem("", f"exactly one of {', '.join(names)} must be given")

    return check


def at_most_one_of(*names: str) -> Check:
    """Make a check that no two of some parameters are given."""

    def check(given: Arguments) -> Iterator[Problem]:
        if sum(given[name] is not None for name in names) > 1:
            yield Problem("", f"only one of {', '.join(names)} can be given")

    return check


def steps_fit(given: Arguments) -> Iterator[Problem]:
    """Hold the number of periods against the vendor's limit for their length."""
    period, steps = given["period"] or "days", given["steps"]
    if steps is not None and steps > _MOST_STEPS[period]:
        yield Problem("steps", f"at most {_MOST_STEPS[period]} {period} can be asked for")


def fits_metrics(given: Arguments) -> Iterator[Problem]:
    """Hold the arguments of a campaign's metrics against the version that they are for."""
    version = given["version"]
    for name in _OF_VERSION["1" if version == "2" else "2"]:
        if given[name] is not None:
            yield Problem(name, f"has no meaning in version {version} of the metrics")
    yield from steps_fit(given)


def fits_schedule(given: Arguments) -> Iterator[Problem]:
    """Ask for the time zone of a newsletter's time, and for one that is not matched over too long a period."""
    if given["scheduled_at"] != 0 and given["timezone"] is None:
        yield Problem("timezone", "is required with a time; 0 takes the newsletter off the schedule")
    if given["tz_match_enabled"] and (given["rate_limit_time_period"] or 0) > 3600:
        yield Problem("rate_limit_time_period", "can be at most 3600 with tz_match_enabled")


def fits_import(given: Arguments) -> Iterator[Problem]:
    """Ask for what an import of a type needs, and refuse what it does not know."""
    kind, identifier = given["type"], given["identifier"]
    if kind == "object":
        if given["object_type_id"] is None:
            yield Problem("object_type_id", "is required to import objects")
        if identifier is not None:
            yield Problem("identifier", "has no meaning for objects")
    elif identifier is None:
        yield Problem("identifier", f"is required to import type {kind}")
    elif identifier == "cio_id" and kind != "relationship":
        yield Problem("identifier", "can be cio_id for relationships alone")
    if kind == "event" and given["data_to_process"] == "only_new":
        yield Problem("data_to_process", "can be all or only_existing for events")
