"""Addresses that are answered within this process: what a test puts in the place of the network.

Every client that speaks to such an address is answered there, also one that was made before; a client with a
transport of its own is left alone. Nothing is mounted outside of tests.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from ciokit.transport.pools import AsyncCustomPool, AsyncPool, CustomPool, Pool

if TYPE_CHECKING:
    import httpx2

__all__ = ["Mounted", "find_mounted", "mount", "unmount"]


class Mounted(NamedTuple):
    """Answer for an address, with and without asyncio."""

    pool: Pool
    async_pool: AsyncPool


_mounted: dict[str, Mounted] = {}


def mount(
    urls: Iterable[str], transport: "httpx2.BaseTransport", async_transport: "httpx2.AsyncBaseTransport"
) -> dict[str, Mounted | None]:
    """Have addresses answered by transports, until `unmount`.

    Args:
        urls: The addresses, as a client's `url` has them.
        transport: Answers clients without asyncio.
        async_transport: Answers clients with asyncio.

    Returns:
        What answered for them before, for `unmount`.
    """
    answering = Mounted(CustomPool(transport), AsyncCustomPool(async_transport))
    before = {url: _mounted.get(url) for url in urls}
    _mounted.update(dict.fromkeys(before, answering))
    return before


def unmount(before: Mapping[str, Mounted | None]) -> None:
    """Give addresses back to whoever answered for them before, or to the network.

    Args:
        before: What `mount` returned.
    """
    for url, answering in before.items():
        if answering is None:
            _mounted.pop(url, None)
        else:
            _mounted[url] = answering


def find_mounted(url: str) -> Mounted | None:
    """Return what answers for an address within this process; None is the network."""
    return _mounted.get(url)
