"""Long lists: page after page, as one iteration.

The cursor decides where the next page starts and when there is none; the two iterators fetch.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import Any, Generic, TypeAlias, TypeVar

from ciokit.app.answers import Page, Paged

__all__ = ["AsyncPages", "Pages"]

T = TypeVar("T")
Arguments: TypeAlias = Mapping[str, Any]


class _Cursor(Generic[T]):
    """Say with which arguments the next page is fetched, and whether there is one."""

    def __init__(self, answer: Paged[T], arguments: Arguments) -> None:
        self._offset_by = answer.offset_by
        self.arguments = {**arguments}
        self.more = True
        self._been = {self.arguments.get("start")}

    def turn(self, page: Page[T]) -> None:
        """Take notice of a page."""
        if self._offset_by:
            size = self.arguments.get("page_size") or self._offset_by
            self.more = len(page.items) >= size
            self.arguments["offset"] = (self.arguments.get("offset") or 0) + len(page.items)
        else:
            # A service that names a place again would be asked for ever.
            self.more = bool(page.next) and page.next not in self._been
            self._been.add(page.next)
            self.arguments["start"] = page.next


class Pages(Generic[T]):
    """Iterate over a list that the service returns in pages; nothing is requested before the first item is needed.

        for person in app.customers.search(filter): ...
        for page in app.customers.search(filter).pages(): ...  # page.next is where to go on another day

    Each iteration starts at the beginning.
    """

    def __init__(self, fetch: Callable[[Arguments], Page[T]], answer: Paged[T], arguments: Arguments) -> None:
        self._fetch = fetch
        self._answer = answer
        self._arguments = arguments

    def pages(self) -> Iterator[Page[T]]:
        """Iterate over the pages."""
        cursor = _Cursor(self._answer, self._arguments)
        while cursor.more:
            page = self._fetch(cursor.arguments)
            cursor.turn(page)
            yield page

    def __iter__(self) -> Iterator[T]:
        for page in self.pages():
            yield from page.items


class AsyncPages(Generic[T]):
    """Iterate over a list that the service returns in pages; the twin of `Pages`.

        async for person in app.customers.search(filter): ...

    Each iteration starts at the beginning.
    """

    def __init__(
        self, fetch: Callable[[Arguments], Awaitable[Page[T]]], answer: Paged[T], arguments: Arguments
    ) -> None:
        self._fetch = fetch
        self._answer = answer
        self._arguments = arguments

    async def pages(self) -> AsyncIterator[Page[T]]:
        """Iterate over the pages."""
        cursor = _Cursor(self._answer, self._arguments)
        while cursor.more:
            page = await self._fetch(cursor.arguments)
            cursor.turn(page)
            yield page

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for item in page.items:
                yield item
