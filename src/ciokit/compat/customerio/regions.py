"""The regions and their hosts."""

from typing import Final, NamedTuple

__all__ = ["Region", "Regions"]


class Region(NamedTuple):
    """Say where an account lives.

    Attributes:
        name: `us` or `eu`.
        track_host: The host of the Track API.
        api_host: The host of the App API.
    """

    name: str
    track_host: str
    api_host: str


class Regions:
    """Name the regions that there are."""

    US: Final = Region("us", "track.customer.io", "api.customer.io")
    EU: Final = Region("eu", "track-eu.customer.io", "api-eu.customer.io")
