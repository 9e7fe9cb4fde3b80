"""What follows an export, an import or a broadcast once it is started: waiting for it, and reading its file.

These are what the generated resources stand on, beside their operations; each pair does the same.
"""

import csv
import os
import zlib
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Self

from ciokit.app.endpoints.broadcasts import BROADCASTS_TRIGGER_STATUS
from ciokit.app.endpoints.transfers import EXPORTS_DOWNLOAD, EXPORTS_GET, IMPORTS_GET
from ciokit.app.records import BroadcastTrigger, Export, Import
from ciokit.app.resource import AsyncResource, Resource
from ciokit.app.rows import RowReader
from ciokit.app.waiting import HOUR, wait_for, wait_for_async
from ciokit.errors import ReplyError

__all__ = [
    "AsyncBroadcastTransfers",
    "AsyncExportTransfers",
    "AsyncImportTransfers",
    "BroadcastTransfers",
    "ExportTransfers",
    "ImportTransfers",
]


class BroadcastTransfers(Resource):
    """Wait for triggers of broadcasts."""

    def wait(
        self,
        broadcast_id: int,
        trigger_id: int,
        *,
        progress: Callable[[BroadcastTrigger], object] | None = None,
        timeout: float = HOUR,
    ) -> BroadcastTrigger:
        """Wait until the service is done with a trigger; `trigger_errors` has what was wrong with its audience.

        Args:
            broadcast_id: The broadcast's number.
            trigger_id: The trigger's number.
            progress: Called with the trigger's state each time that it is asked for.
            timeout: Seconds to wait.

        Returns:
            The trigger.

        Raises:
            TransferTimeout: If the time is over.
        """
        which = {"broadcast_id": broadcast_id, "trigger_id": trigger_id}
        return wait_for(
            self._client,
            "broadcasts.wait",
            lambda: self._perform(BROADCASTS_TRIGGER_STATUS, which),
            progress=progress,
            timeout=timeout,
        )


class AsyncBroadcastTransfers(AsyncResource):
    """Wait for triggers of broadcasts, from asyncio."""

    async def wait(
        self,
        broadcast_id: int,
        trigger_id: int,
        *,
        progress: Callable[[BroadcastTrigger], object] | None = None,
        timeout: float = HOUR,  # noqa: ASYNC109 - it is told in an error of its own
    ) -> BroadcastTrigger:
        """Wait until the service is done with a trigger; see `BroadcastTransfers.wait`."""
        which = {"broadcast_id": broadcast_id, "trigger_id": trigger_id}
        return await wait_for_async(
            self._client,
            "broadcasts.wait",
            lambda: self._perform(BROADCASTS_TRIGGER_STATUS, which),
            progress=progress,
            timeout=timeout,
        )


class ImportTransfers(Resource):
    """Wait for imports."""

    def wait(
        self,
        import_id: int,
        *,
        progress: Callable[[Import], object] | None = None,
        timeout: float = HOUR,
    ) -> Import:
        """Wait until an import is done.

        Args:
            import_id: The import's number.
            progress: Called with the import's state each time that it is asked for: `rows_imported` of
                `rows_to_import`.
            timeout: Seconds to wait.

        Returns:
            The import.

        Raises:
            TransferFailed: If it failed or was cancelled.
            TransferTimeout: If the time is over.
        """
        return wait_for(
            self._client,
            "imports.wait",
            lambda: self._perform(IMPORTS_GET, {"import_id": import_id}),
            progress=progress,
            timeout=timeout,
        )


class AsyncImportTransfers(AsyncResource):
    """Wait for imports, from asyncio."""

    async def wait(
        self,
        import_id: int,
        *,
        progress: Callable[[Import], object] | None = None,
        timeout: float = HOUR,  # noqa: ASYNC109 - as above
    ) -> Import:
        """Wait until an import is done; see `ImportTransfers.wait`."""
        return await wait_for_async(
            self._client,
            "imports.wait",
            lambda: self._perform(IMPORTS_GET, {"import_id": import_id}),
            progress=progress,
            timeout=timeout,
        )


class ExportTransfers(Resource):
    """Wait for exports and read them."""

    def wait(
        self,
        export_id: int,
        *,
        progress: Callable[[Export], object] | None = None,
        timeout: float = HOUR,
    ) -> Export:
        """Wait until an export is done.

        Args:
            export_id: The export's number.
            progress: Called with the export's state each time that it is asked for.
            timeout: Seconds to wait.

        Returns:
            The export.

        Raises:
            TransferFailed: If it failed.
            TransferTimeout: If the time is over.
        """
        return wait_for(
            self._client,
            "exports.wait",
            lambda: self._perform(EXPORTS_GET, {"export_id": export_id}),
            progress=progress,
            timeout=timeout,
        )

    def pieces(self, export_id: int) -> Iterator[bytes]:
        """Read the file of an export that is done, as it comes.

        Args:
            export_id: The export's number.

        Yields:
            Its bytes.

        Raises:
            DeliveryError: If the file does not come, or breaks off.
        """
        found = self._perform(EXPORTS_DOWNLOAD, {"export_id": export_id})
        yield from self._client.download(found.url, "exports.pieces")

    def rows(
        self, export_id: int, *, header: Callable[[Sequence[str]], object] | None = None
    ) -> Iterator[dict[str, str]]:
        """Read the rows of an export that is done; the file is never in memory as a whole.

        Args:
            export_id: The export's number.
            header: Called once with the columns, before the first row: they are there even if no row is.

        Yields:
            A mapping of columns to text for each row.

        Raises:
            DeliveryError: If the file does not come, breaks off or is no CSV.
        """
        reader = _Rows(header)
        for piece in self.pieces(export_id):
            yield from reader.read(piece)
        yield from reader.read(None)

    def save(self, export_id: int, path: str | os.PathLike[str]) -> int:
        """Write the file of an export that is done; what is at the path is replaced once all of it is there.

        Args:
            export_id: The export's number.
            path: Where to; only its owner may read the file.

        Returns:
            How many bytes it has.

        Raises:
            DeliveryError: If the file does not come, or breaks off.
        """
        with _File(path) as file:
            for piece in self.pieces(export_id):
                file.write(piece)
        return file.written


class AsyncExportTransfers(AsyncResource):
    """Wait for exports and read them, from asyncio."""

    async def wait(
        self,
        export_id: int,
        *,
        progress: Callable[[Export], object] | None = None,
        timeout: float = HOUR,  # noqa: ASYNC109 - as above
    ) -> Export:
        """Wait until an export is done; see `ExportTransfers.wait`."""
        return await wait_for_async(
            self._client,
            "exports.wait",
            lambda: self._perform(EXPORTS_GET, {"export_id": export_id}),
            progress=progress,
            timeout=timeout,
        )

    async def pieces(self, export_id: int) -> AsyncGenerator[bytes]:
        """Read the file of an export that is done, as it comes; see `ExportTransfers.pieces`."""
        found = await self._perform(EXPORTS_DOWNLOAD, {"export_id": export_id})
        async with aclosing(self._client.download(found.url, "exports.pieces")) as pieces:
            async for piece in pieces:
                yield piece

    async def rows(
        self, export_id: int, *, header: Callable[[Sequence[str]], object] | None = None
    ) -> AsyncGenerator[dict[str, str]]:
        """Read the rows of an export that is done; see `ExportTransfers.rows`."""
        reader = _Rows(header)
        async with aclosing(self.pieces(export_id)) as pieces:
            async for piece in pieces:
                for row in reader.read(piece):
                    yield row
        for row in reader.read(None):
            yield row

    async def save(self, export_id: int, path: str | os.PathLike[str]) -> int:
        """Write the file of an export that is done; see `ExportTransfers.save`."""
        with _File(path) as file:
            async with aclosing(self.pieces(export_id)) as pieces:
                async for piece in pieces:
                    file.write(piece)
        return file.written


class _Rows:
    """Read the rows of a file, and hand its header over before the first of them."""

    def __init__(self, header: Callable[[Sequence[str]], object] | None) -> None:
        self._reader = RowReader()
        self._header = header

    def read(self, piece: bytes | None) -> list[dict[str, str]]:
        """Take a piece, or the end of the file."""
        try:
            rows = self._reader.end() if piece is None else self._reader.feed(piece)
        except (csv.Error, zlib.error):
            kind = "exports.rows"
            msg = f"{kind}: the file was not understood; it is no CSV, or not all of it"
            raise ReplyError(msg, status=200, kind=kind) from None
        if self._header is not None and self._reader.header is not None:
            self._header(tuple(self._reader.header))
            self._header = None
        return rows


class _File:
    """Write a file that is there whole or not at all, and that its owner alone may read."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        import tempfile  # most programs save no file

        self._path = Path(path)
        # A name that nobody else has or foresees: not another task's file, and not a link that somebody has put there.
        self._file, part = tempfile.mkstemp(".part", f".{self._path.name}.", self._path.parent)
        self._part = Path(part)
        self.written = 0

    def write(self, piece: bytes) -> None:
        """Add a piece."""
        view = memoryview(piece)
        while view:
            view = view[os.write(self._file, view) :]
        self.written += len(piece)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        os.close(self._file)
        try:
            if kind is None:
                self._part.replace(self._path)
        finally:
            self._part.unlink(missing_ok=True)  # where there is a folder, for example, a file cannot go
