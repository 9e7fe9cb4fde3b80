"""A sandbox's memory on disk: one SQLite file with everything that changed the world, in order.

Written by one thread, in groups; read once, at the start. Knows what is kept as bytes, not what it means.
"""

import logging
import os
import queue
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from ciokit.sandbox.state.kept import Kept

MOST_BYTES: Final = 1024**3
"""How much a store holds; the oldest goes first, and what it did is not known after the next start."""

_log: Final = logging.getLogger("ciokit.sandbox")
_VERSION: Final = 1
_SCHEMA: Final = (
    "CREATE TABLE kept (id INTEGER PRIMARY KEY, size INTEGER NOT NULL, entry BLOB NOT NULL);"
    "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);"
    f"PRAGMA user_version = {_VERSION};"
)
_GROUP_SECONDS: Final = 0.2
_GROUP: Final = 1000
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Kept).decode


class StoreError(Exception):
    """Report a store that cannot be used, and what to do."""


class Store:
    """Keep what happened in a file that only its owner can read.

    Args:
        path: The file; made if it is missing.
        seed: Seed of the world; a store belongs to one.
        most_bytes: How much to hold.

    Raises:
        StoreError: If the file is no store, of another version, of another seed, or in use.
    """

    def __init__(self, path: Path, seed: int = 0, most_bytes: int = MOST_BYTES) -> None:
        self._path = path
        self._most_bytes = most_bytes
        self._waiting: queue.SimpleQueue[Kept | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            with closing(sqlite3.connect(path, timeout=0.5)) as connection:
                self._held = _prepare(connection, path, seed)
        except sqlite3.OperationalError as error:
            raise _unusable(path, error) from None
        except sqlite3.DatabaseError as error:
            message = f"{path} is not a sandbox's store ({error}); name another file"
            raise StoreError(message) from None

    def read(self) -> Iterator[Kept]:
        """Read everything that is kept, oldest first.

        Yields:
            What changed the world.
        """
        with closing(sqlite3.connect(self._path)) as connection:
            for (entry,) in connection.execute("SELECT entry FROM kept ORDER BY id"):
                yield _decode(entry)

    def start(self) -> None:
        """Start to write in the background, and keep other sandboxes out until the stop.

        Raises:
            StoreError: If another sandbox uses the store.
        """
        connection = sqlite3.connect(self._path, timeout=0.5, isolation_level=None, check_same_thread=False)
        try:
            connection.executescript("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT;")
        except sqlite3.OperationalError as error:
            connection.close()
            raise _unusable(self._path, error) from None
        self._thread = threading.Thread(
            target=self._write_all, args=(connection,), name="ciokit-sandbox-store", daemon=True
        )
        self._thread.start()

    def keep(self, entry: Kept) -> None:
        """Have something written, a moment later.

        Args:
            entry: What changed the world; of kind `reset` to forget everything before it.
        """
        self._waiting.put(entry)

    def stop(self) -> None:
        """Write what waits, and stop."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()
            self._thread = None

    def _write_all(self, connection: sqlite3.Connection) -> None:
        with closing(connection):
            more = True
            while more:
                group, more = self._next_group()
                try:
                    self._write_group(connection, group)
                except sqlite3.Error as error:
                    _log.error("%s: %d entries could not be kept (%s)", self._path, len(group), error)

    def _write_group(self, connection: sqlite3.Connection, group: list[Kept]) -> None:
        with connection:
            connection.execute("BEGIN")
            for entry in group:
                self._write(connection, entry)
            self._trim(connection)

    def _next_group(self) -> tuple[list[Kept], bool]:
        """Wait for something to write, and for a moment longer to write more at once."""
        group: list[Kept] = []
        entry = self._waiting.get()
        while entry is not None:
            group.append(entry)
            if len(group) >= _GROUP:
                return group, True
            try:
                entry = self._waiting.get(timeout=_GROUP_SECONDS)
            except queue.Empty:
                return group, True
        return group, False

    def _write(self, connection: sqlite3.Connection, entry: Kept) -> None:
        if entry.kind == "reset":
            connection.execute("DELETE FROM kept")
            self._held = 0
            return
        encoded = _encode(entry)
        connection.execute("INSERT INTO kept (size, entry) VALUES (?, ?)", (len(encoded), encoded))
        self._held += len(encoded)

    def _trim(self, connection: sqlite3.Connection) -> None:
        while self._held > self._most_bytes:
            oldest = connection.execute("SELECT id, size FROM kept ORDER BY id LIMIT 1").fetchone()
            if oldest is None:
                return
            connection.execute("DELETE FROM kept WHERE id = ?", (oldest[0],))
            self._held -= oldest[1]


def _unusable(path: Path, error: sqlite3.Error) -> StoreError:
    return StoreError(f"{path} cannot be used ({error}); is another sandbox using it?")


def _prepare(connection: sqlite3.Connection, path: Path, seed: int) -> int:
    """Make or check a store, and return how many bytes it holds."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if version == 0 and tables == 0:
        connection.executescript(_SCHEMA)
        connection.execute("INSERT INTO setting VALUES ('seed', ?)", (str(seed),))
        connection.commit()
    elif version != _VERSION:
        message = f"{path} is not a store of this version of the sandbox; name another file"
        raise StoreError(message)
    (stored,) = connection.execute("SELECT value FROM setting WHERE name = 'seed'").fetchone()
    if stored != str(seed):
        message = f"{path} was made with seed {stored}, not {seed}; give the same seed, or name another file"
        raise StoreError(message)
    (held,) = connection.execute("SELECT coalesce(sum(size), 0) FROM kept").fetchone()
    return int(held)
