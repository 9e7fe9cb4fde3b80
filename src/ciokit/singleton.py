"""One client and one outbox a process, made at first use from the settings.

An asynchronous client is one for each event loop; an outbox serves all loops. A forked child gets clients of its own,
and its outboxes start anew. `reset()` closes and forgets them, for tests.
"""

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload

from ciokit.forks import in_forked_children
from ciokit.locks import new_lock
from ciokit.settings import check_range
from ciokit.verbs import AttributesT, EventT

if TYPE_CHECKING:
    import asyncio

    from ciokit.app import AppClient, AsyncAppClient
    from ciokit.outboxes import AsyncOutbox, Outbox
    from ciokit.outboxes.pipelines import AsyncPipelinesOutbox, PipelinesOutbox
    from ciokit.pipelines import AsyncPipelinesClient, PipelinesClient
    from ciokit.track import AsyncTrackClient, TrackClient

__all__ = [
    "app_client",
    "async_app_client",
    "async_outbox",
    "async_pipelines_client",
    "async_track_client",
    "outbox",
    "pipelines_client",
    "reset",
    "track_client",
]

ClientT = TypeVar("ClientT")


class _Registry:
    """Hold what this process has made, by what it was asked for."""

    def __init__(self) -> None:
        # A signal's handler may ask for a client while the thread that it interrupts is making one.
        self.lock = new_lock()
        self.made: dict[Any, Any] = {}
        self.outboxes: dict[Any, Any] = {}
        self.by_loop: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Any, Any]] = (
            weakref.WeakKeyDictionary()
        )


_registry = _Registry()


def _forget() -> None:
    """Start anew in a forked child: the parent's clients are the parent's, and its lock may be held for ever.

    Its outboxes stay, for they start anew themselves, and whoever holds one goes on with the same one as others.
    """
    global _registry  # noqa: PLW0603 - one registry a process is the point
    outboxes = _registry.outboxes
    _registry = _Registry()
    _registry.outboxes = outboxes


in_forked_children(_forget)


def _get(made: dict[Any, Any], kind: Any, make: Callable[[], ClientT]) -> ClientT:
    client = made.get(kind)
    if client is None:
        check_range("kind", kind, "a class, such as TrackClient[Person, Events]", fits=callable(make))
        with _registry.lock:
            client = made.get(kind)
            if client is None:
                client = made.setdefault(kind, make())
    found: ClientT = client
    return found


def _get_for_loop(kind: Callable[[], ClientT]) -> ClientT:
    import asyncio

    loop = asyncio.get_running_loop()
    made = _registry.by_loop.get(loop)
    if made is None:
        with _registry.lock:
            for other in [other for other in list(_registry.by_loop) if other.is_closed()]:
                _registry.by_loop.pop(other, None)  # one that was closed without ceremony
            made = _registry.by_loop.setdefault(loop, {})
    return _get(made, kind, kind)


@overload
def track_client() -> "TrackClient": ...


@overload
def track_client(kind: type[ClientT]) -> ClientT: ...


def track_client(kind: Any = None) -> Any:
    """Return this process's Track client.

    Args:
        kind: `TrackClient[Person, Events]`, to have it bound to a catalogue; the same kind gives the same client.

    Returns:
        The same client everywhere in the process, made at the first call.

    Raises:
        SettingsError: If the settings lack a credential; all missing ones are named.
    """
    if kind is None:
        from ciokit.track import TrackClient

        kind = TrackClient
    return _get(_registry.made, kind, kind)


@overload
def async_track_client() -> "AsyncTrackClient": ...


@overload
def async_track_client(kind: type[ClientT]) -> ClientT: ...


def async_track_client(kind: Any = None) -> Any:
    """Return the running event loop's asynchronous Track client; see `track_client`.

    Raises:
        RuntimeError: If no event loop is running.
    """
    if kind is None:
        from ciokit.track import AsyncTrackClient

        kind = AsyncTrackClient
    return _get_for_loop(kind)


def app_client() -> "AppClient":
    """Return this process's App client.

    Returns:
        The same client everywhere in the process, made at the first call.

    Raises:
        SettingsError: If the settings lack the key.
    """
    from ciokit.app import AppClient

    return _get(_registry.made, AppClient, AppClient)


def async_app_client() -> "AsyncAppClient":
    """Return the running event loop's asynchronous App client; see `app_client`.

    Raises:
        RuntimeError: If no event loop is running.
    """
    from ciokit.app import AsyncAppClient

    return _get_for_loop(AsyncAppClient)


@overload
def pipelines_client() -> "PipelinesClient": ...


@overload
def pipelines_client(kind: type[ClientT]) -> ClientT: ...


def pipelines_client(kind: Any = None) -> Any:
    """Return this process's Pipelines client.

    Args:
        kind: `PipelinesClient[Person, Events]`, to have it bound to a catalogue; the same kind gives the same client.

    Returns:
        The same client everywhere in the process, made at the first call.

    Raises:
        SettingsError: If the settings lack the key.
    """
    if kind is None:
        from ciokit.pipelines import PipelinesClient

        kind = PipelinesClient
    return _get(_registry.made, kind, kind)


@overload
def async_pipelines_client() -> "AsyncPipelinesClient": ...


@overload
def async_pipelines_client(kind: type[ClientT]) -> ClientT: ...


def async_pipelines_client(kind: Any = None) -> Any:
    """Return the running event loop's asynchronous Pipelines client; see `pipelines_client`.

    Raises:
        RuntimeError: If no event loop is running.
    """
    if kind is None:
        from ciokit.pipelines import AsyncPipelinesClient

        kind = AsyncPipelinesClient
    return _get_for_loop(kind)


@overload
def outbox() -> "Outbox": ...


@overload
def outbox(kind: "type[TrackClient[AttributesT, EventT]]") -> "Outbox[AttributesT, EventT]": ...


@overload
def outbox(kind: "type[PipelinesClient[AttributesT, EventT]]") -> "PipelinesOutbox[AttributesT, EventT]": ...


def outbox(kind: Any = None) -> Any:
    """Return this process's outbox, which delivers through the process's client.

    It keeps entries in the spool that `CIOKIT_SPOOL` names, in memory where that is not set, and delivers what waits
    when the process exits. In a forked child the same outbox starts anew. For other settings make an `Outbox`.

    Args:
        kind: `TrackClient[Person, Events]`, to have it bound to a catalogue; the same kind gives the same outbox.
            `PipelinesClient`, bound or not, for the outbox of that API; `TrackClient` if omitted.

    Returns:
        The same outbox everywhere in the process, made at the first call.

    Raises:
        SettingsError: If the settings lack a credential, or the spool's directory cannot be trusted.
        StoreUnwritable: If the spool's directory cannot be made or written.
    """
    from ciokit.outboxes import Outbox

    return _get_outbox(Outbox, kind)


@overload
def async_outbox() -> "AsyncOutbox": ...


@overload
def async_outbox(kind: "type[TrackClient[AttributesT, EventT]]") -> "AsyncOutbox[AttributesT, EventT]": ...


@overload
def async_outbox(
    kind: "type[PipelinesClient[AttributesT, EventT]]",
) -> "AsyncPipelinesOutbox[AttributesT, EventT]": ...


def async_outbox(kind: Any = None) -> Any:
    """Return this process's asynchronous outbox, the same for all event loops; see `outbox`.

    It is separate from `outbox()`: each keeps its own entries in order, and neither knows of the other's.
    """
    from ciokit.outboxes import AsyncOutbox

    return _get_outbox(AsyncOutbox, kind)


def _get_outbox(make: Callable[..., ClientT], kind: Any) -> ClientT:
    def open_outbox() -> ClientT:
        from ciokit.settings import Settings

        client = track_client() if kind is None else track_client(kind)
        return make(client, spool=Settings.load().spool)

    return _get(_registry.outboxes, (make, kind), open_outbox)


def reset() -> None:
    """Close this process's outboxes and clients and forget them; the next call makes new ones.

    An outbox delivers what waits first, within its `exit_timeout`. Asynchronous clients are forgotten, not closed:
    only their own loop could.
    """
    with _registry.lock:
        outboxes = list(_registry.outboxes.values())
        clients = list(_registry.made.values())
        _registry.outboxes.clear()
        _registry.made.clear()
        _registry.by_loop.clear()
    for held in outboxes:
        held.end(held.exit_timeout)
    for client in clients:
        client.close()
