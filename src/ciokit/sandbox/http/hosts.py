"""The vendor's host names: which API and which region each stands for."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple


class Host(NamedTuple):
    """Say which API a host serves, and in which region."""

    api: str
    region: str


HOSTS: Final[Mapping[str, Host]] = MappingProxyType(
    {
        "track.customer.io": Host("track", "us"),
        "track-eu.customer.io": Host("track", "eu"),
        "api.customer.io": Host("app", "us"),
        "api-eu.customer.io": Host("app", "eu"),
        "cdp.customer.io": Host("pipelines", "us"),
        "cdp-eu.customer.io": Host("pipelines", "eu"),
    }
)


def find_host(header: str) -> Host | None:
    """Find what a Host header stands for.

    Args:
        header: Value of the Host header, with or without a port.

    Returns:
        The host, or None if it is not one of the vendor's.
    """
    return HOSTS.get(header) or HOSTS.get(header.partition(":")[0].lower())


def host_name(api: str, region: str) -> str:
    """Return the host of an API in a region; that of the App API for anything unknown.

    Args:
        api: `track`, `app` or `pipelines`.
        region: `us` or `eu`.

    Returns:
        The host name.
    """
    names = {host: name for name, host in HOSTS.items()}
    return names.get(Host(api, region), names[Host("app", region)])
