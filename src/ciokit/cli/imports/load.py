"""The import itself: rows into full batches, each settled and written down before the next one begins.

Knows neither files nor the network: it is given rows, and what sends.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

from ciokit.batching import BatchError, BatchResult
from ciokit.cli.failures import FailureError
from ciokit.cli.imports.bookmark import Bookmark
from ciokit.cli.imports.recipe import Recipe, RowRefusedError
from ciokit.cli.imports.refused import RefusedRow
from ciokit.cli.imports.rows import Row
from ciokit.errors import Problem, ReplyError
from ciokit.wire import FRAME, Entry

__all__ = ["Load", "Send"]

Send = Callable[[Sequence[Entry]], BatchResult]

_UNSENT: Final = 10_000
"""Rows after which progress is written down although no batch is full, since most of them were refused."""
_HOPELESS: Final = 25
"""Single entries that a refused request is cut into, all of them refused, before the import gives up."""


class _Pending(msgspec.Struct):
    """Hold what is settled together: one request's rows, and those that were refused among them."""

    entries: list[Entry] = []
    rows: list[Row] = []
    refused: list[RefusedRow] = []
    size: int = FRAME
    count: int = 0


class Load:
    """Send rows.

    Args:
        recipe: Makes entries of rows.
        send: Sends entries; None only checks them.
        settle: Called with what was refused when the rows so far are settled; it must have written everything down
            when it returns.
        bookmark: Where it stands; kept up to date.
        now: Unix time, for rows without a time of their own.

    Attributes:
        bookmark: Where it stands.
        unplaced: What the service said of a request without naming a row.
    """

    def __init__(
        self,
        recipe: Recipe,
        send: Send | None,
        settle: Callable[[Sequence[RefusedRow]], None],
        bookmark: Bookmark,
        now: float,
    ) -> None:
        self.bookmark = bookmark
        self.unplaced: list[str] = []
        self._recipe = recipe
        self._send = send
        self._settle = settle
        self._now = now
        self._pending = _Pending()

    def run(self, rows: Iterator[Row]) -> Iterator[Row]:
        """Send every row.

        Args:
            rows: The rows.

        Yields:
            Each row as it was taken up, for whoever shows how far it is.

        Raises:
            DeliveryError: If a request failed for good; what the bookmark says holds.
            FailureError: If the service refuses everything.
        """
        for row in rows:
            self._take(row)
            yield row
        self._flush()

    def _take(self, row: Row) -> None:
        pending = self._pending
        entry = None
        reason = row.problem
        if not reason:
            try:
                entry = self._recipe.entry(row.line, row.cells, self._now)
            except RowRefusedError as refusal:
                reason = str(refusal)
        if entry is None:
            pending.refused.append(RefusedRow(row.line, reason, row.raw))
        else:
            if pending.size + len(entry.body) + 1 > entry.route.batch_limit:
                self._flush()
                pending = self._pending
            pending.entries.append(entry)
            pending.rows.append(row)
            pending.size += len(entry.body) + 1
        pending.count += 1
        if pending.count >= _UNSENT and len(pending.entries) < pending.count // 2:
            self._flush()

    def _flush(self) -> None:
        pending, self._pending = self._pending, _Pending()
        if not pending.count:
            return
        if pending.entries:
            self._deliver(pending)
        pending.refused.sort(key=lambda row: row.line)
        self.bookmark.rows += pending.count
        self.bookmark.refused += len(pending.refused)
        self.bookmark.accepted += pending.count - len(pending.refused)
        self._settle(pending.refused)

    def _deliver(self, pending: _Pending) -> None:
        if self._send is None:
            self.bookmark.requests += 1
            return
        taken, refused = 0, 0
        waiting = [(pending.entries, pending.rows)]
        while waiting:
            entries, rows = waiting.pop()
            try:
                result = self._send(entries)
            except BatchError as failed:
                self.bookmark.requests += failed.result.requests
                error = failed.cause
                # One wrong item must cost one item: a request that is refused as a whole is cut in two.
                if not isinstance(error, ReplyError) or error.status not in {400, 413}:
                    raise error from None
                if len(entries) > 1:
                    half = len(entries) // 2
                    waiting += [(entries[half:], rows[half:]), (entries[:half], rows[:half])]
                    continue
                refused += 1
                if refused == _HOPELESS and not taken:
                    msg = f"Customer.io refuses every row, so this stops here: {error}"
                    raise FailureError(msg) from None
                pending.refused.append(_refused(rows[0], error.reasons))
            else:
                taken += result.accepted
                self._note(result, rows, pending)

    def _note(self, result: BatchResult, rows: Sequence[Row], pending: _Pending) -> None:
        self.bookmark.requests += result.requests
        self.unplaced += [str(problem) for problem in result.unplaced]
        for item in result.rejected:
            pending.refused.append(_refused(rows[item.index], item.reasons))


def _refused(row: Row, reasons: Sequence[Problem]) -> RefusedRow:
    said = "; ".join(str(reason) for reason in reasons) or "refused without a reason"
    return RefusedRow(row.line, f"Customer.io: {said}", row.raw)
