"""What the generated resources stand on: how a method's call reaches the client that it belongs to."""

from abc import abstractmethod
from collections.abc import AsyncGenerator, Coroutine, Iterator, Mapping
from typing import Any, TypeAlias, TypeVar

from ciokit.app.answers import Page
from ciokit.app.endpoint import Endpoint
from ciokit.app.paging import AsyncPages, Pages

__all__ = ["AsyncPerformer", "AsyncResource", "Pending", "Performer", "Resource"]

T = TypeVar("T")
Arguments: TypeAlias = Mapping[str, Any]
Pending: TypeAlias = Coroutine[Any, Any, T]
"""What an asynchronous method returns: await it."""


class Performer:
    """Call operations."""

    @abstractmethod
    def perform(self, endpoint: Endpoint[T], arguments: Arguments) -> T:
        """Call an operation.

        Args:
            endpoint: Which.
            arguments: What with, by the parameters' names.

        Returns:
            What the answer becomes.

        Raises:
            InvalidData: If an argument is wrong; all of them are told, and nothing is sent.
            DeliveryError: If the service did not take it.
        """

    @abstractmethod
    def pages(self, endpoint: Endpoint[Page[T]], arguments: Arguments) -> Pages[T]:
        """Return what iterates over a list; see `perform`."""

    @abstractmethod
    def download(self, url: str, kind: str) -> Iterator[bytes]:
        """Read a file from an address that the service named, without credentials.

        Args:
            url: Where it is.
            kind: The operation, for errors.

        Yields:
            Its pieces.

        Raises:
            DeliveryError: If it does not come, or breaks off.
        """

    @abstractmethod
    def monotonic(self) -> float:
        """Return a time that never goes back."""

    @abstractmethod
    def pause(self, seconds: float) -> None:
        """Wait."""


class AsyncPerformer:
    """Call operations from asyncio; the twin of `Performer`."""

    @abstractmethod
    def perform(self, endpoint: Endpoint[T], arguments: Arguments) -> Pending[T]:
        """Call an operation; what is wrong with the arguments is raised at once."""

    @abstractmethod
    def pages(self, endpoint: Endpoint[Page[T]], arguments: Arguments) -> AsyncPages[T]:
        """Return what iterates over a list; what is wrong with the arguments is raised at once."""

    @abstractmethod
    def download(self, url: str, kind: str) -> AsyncGenerator[bytes]:
        """Read a file from an address that the service named; see `Performer.download`."""

    @abstractmethod
    def monotonic(self) -> float:
        """Return a time that never goes back."""

    @abstractmethod
    async def pause(self, seconds: float) -> None:
        """Wait."""


class Resource:
    """Group the operations on one kind of thing."""

    def __init__(self, client: Performer) -> None:
        self._client = client

    def _perform(self, endpoint: Endpoint[T], arguments: Arguments) -> T:
        return self._client.perform(endpoint, arguments)

    def _pages(self, endpoint: Endpoint[Page[T]], arguments: Arguments) -> Pages[T]:
        return self._client.pages(endpoint, arguments)


class AsyncResource:
    """Group the operations on one kind of thing, for asyncio."""

    def __init__(self, client: AsyncPerformer) -> None:
        self._client = client

    def _perform(self, endpoint: Endpoint[T], arguments: Arguments) -> Pending[T]:
        return self._client.perform(endpoint, arguments)

    def _pages(self, endpoint: Endpoint[Page[T]], arguments: Arguments) -> AsyncPages[T]:
        return self._client.pages(endpoint, arguments)
