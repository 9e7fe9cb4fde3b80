"""Connections of the HTTP library's pools that end with the request which went wrong on them.

The library leaves some of them in its pool instead. One whose tunnel was not finished keeps its place for ever, so that
after ten of these a client would never send again. One that speaks HTTP/2 and has fallen silent is given the next
request, too. And in threads one request's timeout is raised in all that share its HTTP/2 connection.

A plain HTTP/1 connection has none of this and needs no lane.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

import httpcore2

if TYPE_CHECKING:
    import asyncio

__all__ = ["AsyncLane", "AsyncLanes", "AsyncProxyLanes", "Lane", "Lanes", "ProxyLanes"]

_TUNNEL_ENDS: Final = "proxy.start_tls.complete"
"""What the library calls the moment from which on bytes go to the service itself."""


ConnectionT = TypeVar("ConnectionT", httpcore2.ConnectionInterface, httpcore2.AsyncConnectionInterface)


class _Lane(Generic[ConnectionT]):
    """What a lane leaves to the library's connection."""

    _connection: ConnectionT
    _stream: Any = None

    def info(self) -> str:
        """Describe it."""
        return self._connection.info()

    def can_handle_request(self, origin: httpcore2.Origin) -> bool:
        """Tell whether it leads there."""
        return self._connection.can_handle_request(origin)

    def is_connected(self) -> bool:
        """Tell whether it has come about."""
        return self._connection.is_connected()

    def has_expired(self) -> bool:
        """Tell whether it was idle for too long, or was ended by the other side."""
        return self._connection.has_expired() or (self.is_idle() and _is_left(self._stream))

    def is_idle(self) -> bool:
        """Tell whether no request is under way."""
        return self._connection.is_idle()


class Lane(_Lane[httpcore2.ConnectionInterface], httpcore2.ConnectionInterface):
    """Carry one request at a time, in HTTP/2 as well, and close after one that failed.

    Args:
        connection: The library's own.
        tunnel: Whether it first has a proxy make a tunnel.
    """

    def __init__(self, connection: httpcore2.ConnectionInterface, *, tunnel: bool) -> None:
        self._connection = connection
        self._is_through = not tunnel
        self._is_closed = False

    def handle_request(self, request: httpcore2.Request) -> httpcore2.Response:
        """Send a request; the answer's body is still to be read."""
        if self._is_closed:
            raise httpcore2.ConnectionNotAvailable
        if not self._is_through:
            _listen(request, self._note)
        try:
            response = self._connection.handle_request(request)
        except httpcore2.ConnectionNotAvailable:
            raise
        except BaseException as error:
            self.close()
            if not self._is_through and (told := _never_sent(error)) is not None:
                raise told from error
            raise
        self._stream = cast("Any", response).extensions.get("network_stream")
        return _answer(response, _Body(response, self.close))

    def _note(self, name: str, _: dict[str, Any]) -> None:
        self._is_through = self._is_through or name == _TUNNEL_ENDS

    def close(self) -> None:
        """Close the connection."""
        self._is_closed = True
        self._connection.close()

    def is_available(self) -> bool:
        """Tell whether a request may go: only while no other is under way."""
        return self._connection.is_idle() and self._connection.is_available()

    def is_closed(self) -> bool:
        """Tell whether it has ended."""
        return self._is_closed or self._connection.is_closed()


class AsyncLane(_Lane[httpcore2.AsyncConnectionInterface], httpcore2.AsyncConnectionInterface):
    """Carry as many requests at once as the protocol allows, none any more after one that failed, and then close.

    Args:
        connection: The library's own.
        tunnel: Whether it first has a proxy make a tunnel.
    """

    def __init__(self, connection: httpcore2.AsyncConnectionInterface, *, tunnel: bool) -> None:
        self._connection = connection
        self._is_through = not tunnel
        self._is_doubtful = False
        self._is_closed = False
        self._running = 0
        self._limits: list[asyncio.Timeout] = []

    async def handle_async_request(self, request: httpcore2.Request) -> httpcore2.Response:
        """Send a request; the answer's body is still to be read."""
        if self._is_closed:
            raise httpcore2.ConnectionNotAvailable
        self._running += 1
        try:
            response = await self._begin(request)
        except httpcore2.ConnectionNotAvailable:
            await self._end(well=True)
            raise
        except BaseException as error:
            await self._end(well=False)
            if not self._is_through and (told := _never_sent(error)) is not None:
                raise told from error
            raise
        self._stream = cast("Any", response).extensions.get("network_stream")
        return _answer(response, _AsyncBody(response, self._end))

    async def _begin(self, request: httpcore2.Request) -> httpcore2.Response:
        if self._is_through:
            return await self._connection.handle_async_request(request)
        import asyncio  # whoever gets here has loaded it

        _listen(request, self._note)
        async with asyncio.timeout(cast("Any", request).extensions["timeout"]["connect"]) as limit:
            self._limits.append(limit)
            try:
                return await self._connection.handle_async_request(request)
            finally:
                self._limits.remove(limit)

    async def _note(self, name: str, _: dict[str, Any]) -> None:
        if name == _TUNNEL_ENDS:
            self._is_through = True
            for limit in self._limits:
                if not limit.expired():
                    limit.reschedule(None)

    async def _end(self, *, well: bool) -> None:
        self._running -= 1
        self._is_doubtful = self._is_doubtful or not well
        if self._is_doubtful and not self._running:
            await self.aclose()

    async def aclose(self) -> None:
        """Close the connection."""
        self._is_closed = True
        await self._connection.aclose()

    def is_available(self) -> bool:
        """Tell whether a request may go."""
        return not self._is_doubtful and self._connection.is_available()

    def is_closed(self) -> bool:
        """Tell whether it has ended, and no request is left on it."""
        return not self._running and (self._is_closed or self._connection.is_closed())

    def can_multiplex(self) -> bool:
        """Tell whether it carries several requests at once."""
        return self._connection.can_multiplex()


class Lanes(httpcore2.ConnectionPool):
    """A pool of lanes."""

    def create_connection(self, origin: httpcore2.Origin) -> httpcore2.ConnectionInterface:
        """Make a lane."""
        return Lane(super().create_connection(origin), tunnel=False)


class ProxyLanes(httpcore2.HTTPProxy):
    """A pool of lanes through a proxy."""

    def create_connection(self, origin: httpcore2.Origin) -> httpcore2.ConnectionInterface:
        """Make a lane."""
        return Lane(super().create_connection(origin), tunnel=origin.scheme == b"https")


class AsyncLanes(httpcore2.AsyncConnectionPool):
    """A pool of lanes."""

    def create_connection(self, origin: httpcore2.Origin) -> httpcore2.AsyncConnectionInterface:
        """Make a lane."""
        return AsyncLane(super().create_connection(origin), tunnel=False)


class AsyncProxyLanes(httpcore2.AsyncHTTPProxy):
    """A pool of lanes through a proxy."""

    def create_connection(self, origin: httpcore2.Origin) -> httpcore2.AsyncConnectionInterface:
        """Make a lane."""
        return AsyncLane(super().create_connection(origin), tunnel=origin.scheme == b"https")


# Requests and answers --------------------------------------------------------------------------------------------


def _is_left(stream: Any) -> bool:
    """Tell whether an idle connection has something to read: nearly always its end, which HTTP/2 does not look for."""
    return stream is not None and bool(stream.get_extra_info("is_readable"))


def _listen(request: httpcore2.Request, note: Callable[[str, dict[str, Any]], object]) -> None:
    open_request = cast("Any", request)
    open_request.extensions = {**open_request.extensions, "trace": note}


def _never_sent(error: BaseException) -> Exception | None:
    """Return the error that says so, in place of one that would leave it open."""
    if isinstance(error, (httpcore2.ReadTimeout, httpcore2.WriteTimeout, TimeoutError)):
        return httpcore2.ConnectTimeout()
    broken = isinstance(error, (httpcore2.ReadError, httpcore2.WriteError, httpcore2.RemoteProtocolError))
    return httpcore2.ConnectError() if broken else None


def _answer(response: httpcore2.Response, body: "_Body | _AsyncBody") -> httpcore2.Response:
    return httpcore2.Response(
        response.status, headers=response.headers, content=body, extensions=cast("Any", response).extensions
    )


class _Body:
    """Read an answer's body; one that is not read to its end takes the connection with it."""

    def __init__(self, response: httpcore2.Response, give_up: Callable[[], None]) -> None:
        self._stream = cast("Any", response).stream
        self._give_up = give_up
        self._is_whole = False

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream
        self._is_whole = True

    def close(self) -> None:
        """Let go of the connection."""
        try:
            self._stream.close()
        finally:
            if not self._is_whole:
                self._give_up()


class _AsyncBody:
    """Read an answer's body; one that is not read to its end takes the connection with it."""

    def __init__(self, response: httpcore2.Response, end: Callable[..., Awaitable[None]]) -> None:
        self._stream = cast("Any", response).stream
        self._end = end
        self._is_whole = False
        self._is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            yield piece
        self._is_whole = True

    async def aclose(self) -> None:
        """Let go of the connection."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            await self._stream.aclose()
        finally:
            await self._end(well=self._is_whole)
