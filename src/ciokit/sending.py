"""Operations into requests and back: what the clients of the Track and the Pipelines API have in common.

A client says which operations are its own and how they are encoded; one alone, or many in as few requests as they fit
into, is sent here. It knows no operation and no path.
"""

from abc import abstractmethod
from collections.abc import Coroutine, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from ciokit.batching import BatchResult, Chunk, Outcomes, chunks
from ciokit.catalogue import Bound
from ciokit.delivery import Attempts, Receipt
from ciokit.errors import DeliveryError, InvalidData, Problem
from ciokit.settings import Api
from ciokit.shell import AsyncShell, Shell, SyncShell
from ciokit.turns import RateLimit
from ciokit.wire import Entry

if TYPE_CHECKING:
    import httpx2  # noqa: F401 - the bases below name it in strings

__all__ = ["AsyncSending", "Sending", "SyncSending"]

CustomT = TypeVar("CustomT")
OperationT = TypeVar("OperationT")


class Sending(Bound, Shell[CustomT], Generic[CustomT, OperationT]):
    """Hold what is the same with and without asyncio: everything but sending and waiting."""

    api: ClassVar[Api]
    _limit: RateLimit
    _own: ClassVar[frozenset[type[Any]]] = frozenset()

    def encode(self, operation: OperationT) -> Entry:
        """Check an operation and return what would be sent, without sending it.

        Args:
            operation: What is meant.

        Returns:
            The entry, whose bytes every attempt carries.

        Raises:
            InvalidData: If something is wrong, over a limit or not in the client's catalogue.
        """
        return self._entry(operation, self._time())

    @abstractmethod
    def _entry(self, operation: OperationT, now: float) -> Entry:
        """Check an operation of a call at a Unix time and encode it."""

    def _time(self) -> float:
        return self._clock.time()

    def _path(self, entry: Entry) -> str:
        """Return where an entry goes alone."""
        return entry.route.path

    def _entries(self, operations: Iterable[OperationT]) -> list[Entry]:
        """Encode the operations of a batch, or say of each what is wrong with it."""
        entries: list[Entry] = []
        problems: list[Problem] = []
        now = self._time()  # a batch is one call
        for index, operation in enumerate(operations):
            try:
                entries.append(self._batchable(operation, now))
            except InvalidData as error:
                problems += [
                    Problem(f"operations[{index}].{found.path}".rstrip("."), found.message)
                    for found in error.problems
                ]
        if problems:
            subject = "batch"
            raise InvalidData(subject, tuple(problems))
        return entries

    def _batchable(self, operation: Any, now: float) -> Entry:
        if type(operation) not in self._own:
            name = type(operation).__name__
            words = f"expected an operation such as Track or Identify, got {name}"
            raise InvalidData(name, (Problem("", words),))
        entry = self._entry(operation, now)
        if not entry.route.batch:
            name = type(operation).__name__
            words = f"Customer.io takes {name} only in a request of its own; call the verb"
            raise InvalidData(name, (Problem("", words),))
        return entry

    def _paced(self, kind: str, *, id: str | None = None, replay_safe: bool) -> Attempts:
        """Begin a request, which waits for its turn no longer than the policy would go on trying."""
        self._check_open(kind)
        return Attempts(
            kind,
            self._policy,
            self._clock,
            self._account,
            id=id,
            replay_safe=replay_safe,
            limit=self._limit,
            patience=self._policy.budget,
            instead="leave it to an Outbox",
        )

    def _chunk_attempts(self, chunk: Chunk, outcomes: Outcomes) -> Attempts:
        """Begin a request of a batch; if the client was closed after others, the batch's error tells of them."""
        if self._closed and outcomes.begun:
            raise outcomes.stopped()
        return self._paced("batch", replay_safe=chunk.replay_safe)


class SyncSending(Sending["httpx2.BaseTransport", OperationT], SyncShell, Generic[OperationT]):
    """Send operations in threads."""

    def _perform(self, operation: OperationT) -> Receipt:
        entry = self.encode(operation)
        attempts = self._paced(entry.kind, id=entry.id, replay_safe=entry.replay_safe)
        return attempts.receipt(self._send(entry.route.method, self._path(entry), entry.body, attempts))

    def batch(self, operations: Iterable[OperationT]) -> BatchResult:
        """Send many operations in as few requests as they fit into, in order.

        Args:
            operations: `Track`, `Identify`, ...; any number.

        Returns:
            What became of each, by its index. What the service refuses is reported here and does not stop the others.

        Raises:
            InvalidData: If any is wrong; nothing is sent then.
            ClientClosed: If the client was closed before.
            BatchError: If a request failed for good; its `result` says what became of each operation.
        """
        return self.send(self._entries(operations))

    def send(self, entries: Sequence[Entry]) -> BatchResult:
        """Send entries, encoded before, in as few requests as they fit into, in order.

        Args:
            entries: What `encode` returned; each must have a route for batches.

        Returns:
            What became of each, by its index.

        Raises:
            ClientClosed: If the client was closed before.
            BatchError: If a request failed for good; its `result` says what became of each entry.
        """
        outcomes = Outcomes(entries)
        for chunk in chunks(entries):
            attempts = self._chunk_attempts(chunk, outcomes)
            try:
                outcomes.delivered(
                    chunk, self._send(chunk.route.method, chunk.route.batch, chunk.body, attempts)
                )
            except DeliveryError as error:
                raise outcomes.failed(chunk, error) from error
        return outcomes.result()


class AsyncSending(Sending["httpx2.AsyncBaseTransport", OperationT], AsyncShell, Generic[OperationT]):
    """Send operations in tasks."""

    def _perform(self, operation: OperationT) -> Coroutine[Any, Any, Receipt]:
        # What is wrong is told here, at the call, and not when the coroutine is awaited.
        entry = self.encode(operation)
        self._check_open(entry.kind)
        return self._deliver(entry)

    async def _deliver(self, entry: Entry) -> Receipt:
        attempts = self._paced(entry.kind, id=entry.id, replay_safe=entry.replay_safe)
        return attempts.receipt(await self._send(entry.route.method, self._path(entry), entry.body, attempts))

    def batch(self, operations: Iterable[OperationT]) -> Coroutine[Any, Any, BatchResult]:
        """Send many operations in as few requests as they fit into, in order.

        Args:
            operations: `Track`, `Identify`, ...; any number.

        Returns:
            What became of each, by its index. What the service refuses is reported here and does not stop the others.

        Raises:
            InvalidData: If any is wrong; nothing is sent then.
            ClientClosed: If the client was closed before.
            BatchError: If a request failed for good; its `result` says what became of each operation.
        """
        self._check_open("batch")
        return self.send(self._entries(operations))

    async def send(self, entries: Sequence[Entry]) -> BatchResult:
        """Send entries, encoded before, in as few requests as they fit into, in order.

        Args:
            entries: What `encode` returned; each must have a route for batches.

        Returns:
            What became of each, by its index.

        Raises:
            ClientClosed: If the client was closed before.
            BatchError: If a request failed for good; its `result` says what became of each entry.
        """
        outcomes = Outcomes(entries)
        for chunk in chunks(entries):
            attempts = self._chunk_attempts(chunk, outcomes)
            try:
                taken = await self._send(chunk.route.method, chunk.route.batch, chunk.body, attempts)
                outcomes.delivered(chunk, taken)
            except DeliveryError as error:
                raise outcomes.failed(chunk, error) from error
        return outcomes.result()
