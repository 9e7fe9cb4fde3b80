"""What a served world wants done outside: reporting webhooks posted, files fetched.

Goes out by HTTP(S) alone, without proxies, within a time and a size.
"""

import asyncio
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Final

from ciokit.sandbox.state.account import Download
from ciokit.sandbox.state.records import Outgoing
from ciokit.sandbox.world import World

_WEBHOOK_SECONDS: Final = 4.0
"""The vendor's timeout."""
_FILE_SECONDS: Final = 30.0
_MOST_FILE_BYTES: Final = 64 * 1024 * 1024
_AT_ONCE: Final = 8
_PAUSE: Final = 0.05


async def run_errands(world: World, clock: Callable[[], float]) -> None:
    """Post and fetch what a world asks for, until cancelled.

    Args:
        world: The world.
        clock: Returns Unix seconds.
    """
    places = asyncio.Semaphore(_AT_ONCE)
    running: set[asyncio.Task[None]] = set()
    try:
        while True:
            errands = [_post(world, outgoing, clock, places) for outgoing in world.take_outgoing()]
            errands += [_fetch(world, download, clock, places) for download in world.take_downloads()]
            for errand in errands:
                task = asyncio.create_task(errand)
                running.add(task)
                task.add_done_callback(running.discard)
            await asyncio.sleep(_PAUSE)
    finally:
        for task in running:
            task.cancel()


async def _post(
    world: World, outgoing: Outgoing, clock: Callable[[], float], places: asyncio.Semaphore
) -> None:
    async with places:
        status, error = await asyncio.to_thread(post, outgoing)
    world.note_posted(outgoing, status, error, clock())


async def _fetch(
    world: World, download: Download, clock: Callable[[], float], places: asyncio.Semaphore
) -> None:
    async with places:
        content = await asyncio.to_thread(fetch, download.url)
    world.supply(download, content, clock())


def _open(request: urllib.request.Request, seconds: float, most: int) -> tuple[int, bytes]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=seconds) as response:
        return response.status, response.read(most)


def post(outgoing: Outgoing) -> tuple[int | None, str | None]:
    """Post a reporting webhook.

    Args:
        outgoing: The webhook.

    Returns:
        The status answered, or why there was none.
    """
    try:
        request = urllib.request.Request(  # noqa: S310  # the scheme was checked when it was asked for
            outgoing.url, data=outgoing.body, headers=outgoing.headers, method="POST"
        )
        return _open(request, _WEBHOOK_SECONDS, 65_536)[0], None
    except urllib.error.HTTPError as error:
        error.close()
        return error.code, None
    except Exception as error:  # noqa: BLE001  # whatever the address does, it is only this webhook's error
        return None, type(error).__name__


def fetch(url: str) -> bytes | None:
    """Fetch a file.

    Args:
        url: An http or https URL.

    Returns:
        Its bytes; None if it cannot be fetched or is larger than 64 MB.
    """
    try:
        request = urllib.request.Request(url)  # noqa: S310  # the scheme was checked when it was asked for
        content = _open(request, _FILE_SECONDS, _MOST_FILE_BYTES + 1)[1]
    except Exception:  # noqa: BLE001  # whatever the address does, there is no file
        return None
    return content if len(content) <= _MOST_FILE_BYTES else None
