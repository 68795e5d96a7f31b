"""Engines and transactions: the few places where SQLite and PostgreSQL differ.

`transaction()` is the only way to write and `reading()` the only way to read. On SQLite one process holds the
database (a lock file says so) and one writer at a time goes in; on PostgreSQL any number of nodes share the work.
"""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import IO, Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from gateway.core.errors import ConfigurationError, StoreError

BUSY_TIMEOUT_MS = 30_000
REFUSED = (IntegrityError, DataError)
"""What a database says to rows that it does not take, however often they are offered."""
JOURNAL_BYTES = 32 << 20
"""What the write-ahead log of SQLite keeps of the disk between two bursts."""


def storable(text: str) -> str:
    """The text as every driver takes it: PostgreSQL refuses NUL, and no encoder a lone surrogate."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


class Database:
    """One engine. Thread-safe; connections are pooled. `url` is a SQLAlchemy URL of SQLite or PostgreSQL (psycopg)."""

    def __init__(self, url: str, *, pool: int = 10) -> None:
        self.url = _parse(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._engine = _sqlite_engine(url, pool) if self.is_sqlite else _postgresql_engine(url, pool)
        # SQLite lets one writer in; waiting for it here is fair and cheap, its own busy handler sleeps and polls.
        self._writer = threading.Lock() if self.is_sqlite else nullcontext()
        # On SQLite any transaction that reads is a snapshot; on PostgreSQL each statement would see its own.
        self._reading: dict[str, Any] = (
            {"relais_read_only": True} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        )
        self._held: IO[str] | None = None

    @property
    def engine(self) -> Engine:
        """For migrations and tests; everything else uses transaction() and reading()."""
        return self._engine

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction that commits at the end of the block and rolls back on any exception.

        Raises StoreError for trouble of the database itself; constraint violations pass as they are.
        """
        with self._writer, _translated(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One snapshot to read from, whatever is committed meanwhile; it neither waits for a writer nor stops one."""
        with _translated(), self._engine.connect().execution_options(**self._reading) as connection:
            yield connection

    def hold(self, note: str = "") -> None:
        """Claims an SQLite database for this process until close(), with a note that others may read (holder()).

        Raises ConfigurationError if another has it, or where the lock cannot be made.
        """
        lock_path = self._lock_path
        if lock_path is None or self._held:
            return
        try:
            lock = lock_path.open("a")
        except OSError as error:
            raise ConfigurationError([("store.url", f"cannot make {lock_path}: {error.strerror}")]) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            mend = "stop the other one, or use PostgreSQL to run several"
            raise ConfigurationError(
                [("store.url", f"another Relais is running on this SQLite database: {mend}")]
            ) from error
        lock.truncate(0)
        lock.write(note)
        lock.flush()
        self._held = lock

    def holder(self) -> str:
        """The note of whoever holds an SQLite database, "" where there is none. Only true while somebody holds it."""
        try:
            return self._lock_path.read_text() if self._lock_path else ""
        except (OSError, UnicodeDecodeError):
            return ""

    @property
    def _lock_path(self) -> Path | None:
        if not self.is_sqlite or not self.url.database:
            return None
        # Beside the file itself: by a symbolic link the same database would have another lock.
        return Path(f"{Path(self.url.database).resolve()}.lock")

    def close(self) -> None:
        """Closes the pool and lets go of the database."""
        self._engine.dispose()
        if self._held:
            # The note is of a holder, and there is none any more.
            with suppress(OSError):
                self._held.truncate(0)
            self._held.close()
            self._held = None


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        # A port that is no number is a ValueError.
        raise ConfigurationError([("store.url", "not a database URL such as sqlite:///var/relais.db")]) from error
    if parsed.drivername not in ("sqlite", "postgresql+psycopg"):
        raise ConfigurationError([("store.url", "only sqlite:/// and postgresql+psycopg:// are supported")])
    return parsed


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (IntegrityError, DataError, ProgrammingError, NotSupportedError) as error:
        # What the caller asked for was wrong, unless the connection went away under it.
        if error.connection_invalidated:
            raise StoreError(f"connection lost: {error.orig}") from error
        raise
    except DBAPIError as error:
        raise StoreError(f"{type(error).__name__}: {error.orig}") from error
    except PoolTimeoutError as error:
        raise StoreError("all connections are in use") from error


# Parameters are people's words and addresses: they stay out of error messages, and so out of the log.
def _sqlite_engine(url: str, pool: int) -> Engine:
    path = make_url(url).database
    if not path or path == ":memory:":
        raise ConfigurationError([("store.url", "SQLite needs a file: sqlite:///var/relais.db")])
    if make_url(url).query:
        raise ConfigurationError([("store.url", "SQLite takes no options: nothing may stand behind a ?")])
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError([("store.url", f"cannot make the folder of {path}: {error.strerror}")]) from error
    engine = create_engine(
        url, pool_size=pool, max_overflow=pool, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}, hide_parameters=True
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    # The driver must not begin transactions of its own: ours are IMMEDIATE, see _begin_sqlite.
    connection.isolation_level = None
    for pragma in (
        "journal_mode = WAL",
        # NORMAL may lose the last commits at power loss, and a 250 depends on them (invariant I1).
        "synchronous = FULL",
        "foreign_keys = ON",
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "cache_size = -16384",
        # Without it the journal keeps the size of its worst hour, and the disk with it.
        f"journal_size_limit = {JOURNAL_BYTES}",
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that turns to writing late meets "database is locked" without waiting.
    read_only = connection.get_execution_options().get("relais_read_only")
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _postgresql_engine(url: str, pool: int) -> Engine:
    try:
        engine = create_engine(
            url, pool_size=pool, max_overflow=pool, pool_pre_ping=True, pool_recycle=1800, hide_parameters=True
        )
    except ImportError as error:
        raise ConfigurationError([("store.url", f"its driver is not installed: {error}")]) from error
    except (ArgumentError, TypeError, ValueError) as error:
        raise ConfigurationError([("store.url", "has hosts, ports or options that are none")]) from error
    driver: Any = engine.dialect.dbapi
    try:
        # Whether it knows every option, the driver would say at the first connection only.
        driver.conninfo.make_conninfo(**engine.url.query)
    except driver.Error as error:
        raise ConfigurationError([("store.url", f"has an option that is none: {error}")]) from error
    return engine
