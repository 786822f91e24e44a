"""The centre's database: one thread that writes, two that read, and its faults in words.

SQLite runs in WAL mode with synchronous=FULL: a commit that has returned survives the loss of power. A new
SQLite file belongs to its owner alone (mode 600): it holds the key that signs tokens.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, Dialect, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, SQLAlchemyError

from console.domain.errors import StoreError

_T = TypeVar("_T")
_MIGRATIONS = Path(__file__).parent / "migrations"

# What a database says -> what happened and what to do. The first that is found in the message counts.
_FAULTS = (
    (
        ("not a database", "malformed", "disk image"),
        "is damaged or is no Callboard database. Nothing was changed. Put back a backup or name another.",
    ),
    (
        ("disk is full", "disk i/o error", "no space left", "could not extend file"),
        "cannot be written: the disk is full or failing. What was acknowledged is safe. Make room.",
    ),
    (
        ("readonly", "read-only"),
        "cannot be written: it is read-only. Let the centre's user write the file and its folder.",
    ),
    (
        ("database is locked", "lock timeout"),
        "is locked by another program. Is a second centre running on it? Stop one of them.",
    ),
    (
        ("unable to open",),
        "cannot be opened. Does its folder exist, and may the centre's user write there?",
    ),
    (
        ("connection failed", "connection refused", "could not connect", "connection", "translate host"),
        "cannot be reached. Is PostgreSQL running, and are host, port, user and password right?",
    ),
)


class Database:
    """The engines behind ledger and users. Open it with `Database.open`, close it once."""

    def __init__(self, url: URL) -> None:
        """Not for callers: see `open`."""
        self.shown = url.render_as_string(hide_password=True)
        if url.get_backend_name() == "sqlite":
            self.shown = url.database or self.shown
        self._url = url
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="ledger-write")
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="ledger-read")
        self._write_engine: Engine | None = None
        self._read_engine: Engine | None = None
        self._connection: Connection | None = None
        self._closed = False

    @classmethod
    async def open(cls, url: str) -> "Database":
        """Connect and bring the tables up to date.

        Raises StoreError when the URL is none, or the database is damaged, newer than this program,
        read-only, full or out of reach.
        """
        database = cls(parsed_url(url))
        try:
            await database.write(database._prepare)
        except BaseException:
            await database.close()
            raise
        return database

    @property
    def dialect(self) -> Dialect:
        """Whose SQL the database speaks."""
        assert self._write_engine is not None
        return self._write_engine.dialect

    async def write(self, work: Callable[[Connection], _T]) -> _T:
        """Run `work` on the write thread in one transaction. Raises StoreError or IntegrityError."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, self.transaction, work)

    def write_soon(self, work: Callable[[], _T], done: Callable[[_T | Exception], None]) -> None:
        """Run `work` on the write thread, where it may use `transaction`; then `done` on the loop.

        It does what `write` does at half the cost, which counts where every event passes.
        """
        loop = asyncio.get_running_loop()

        def run() -> None:
            outcome: _T | Exception
            try:
                outcome = work()
            except Exception as fault:  # noqa: BLE001 - whatever it was, who waits has to hear of it
                outcome = fault
            loop.call_soon_threadsafe(done, outcome)

        self._writer.submit(run)

    async def read(self, work: Callable[[Connection], _T]) -> _T:
        """Run `work` on a read thread. Raises StoreError."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._reading, work)

    async def close(self) -> None:
        """Wait for what was begun, then let go of the file. May be called twice."""
        await asyncio.to_thread(self._close)

    def _prepare(self, connection: Connection) -> None:
        scripts = ScriptDirectory.from_config(_config())
        current = MigrationContext.configure(connection).get_current_revision()
        if current == scripts.get_current_head():
            return
        if current is not None and not _known(scripts, current):
            raise StoreError(
                f"{self.shown} was written by a newer Callboard (its tables are of version {current}). "
                "Nothing was changed. Update this program, or name another database."
            )
        prepare(connection)

    def transaction(self, work: Callable[[Connection], _T]) -> _T:
        """On the write thread: run `work` in one transaction. Raises StoreError or IntegrityError."""
        try:
            if self._connection is None:
                self._connect()
            assert self._connection is not None
            with self._connection.begin():
                return work(self._connection)
        except IntegrityError:
            raise
        except SQLAlchemyError as fault:
            self._drop_broken(fault)
            raise self.fault(fault) from fault

    def _reading(self, work: Callable[[Connection], _T]) -> _T:
        assert self._read_engine is not None
        try:
            with self._read_engine.connect() as connection:
                return work(connection)
        except SQLAlchemyError as fault:
            raise self.fault(fault) from fault

    def fault(self, fault: Exception) -> StoreError:
        """A database's error in words: what happened, what it means, what to do."""
        return fault_of(self.shown, fault)

    def _connect(self) -> None:
        if self._write_engine is None:
            if self._url.get_backend_name() == "sqlite":
                _create_private(self._url)
            self._write_engine = _engine(self._url, "BEGIN IMMEDIATE")
            self._read_engine = _engine(self._url, "BEGIN")
        self._connection = self._write_engine.connect()

    def _drop_broken(self, fault: SQLAlchemyError) -> None:
        """A server that went away needs a new connection; SQLite keeps its own."""
        if isinstance(fault, DBAPIError) and fault.connection_invalidated and self._connection is not None:
            self._connection.close()
            self._connection = None

    def _close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._writer.submit(self._close_connection)
        self._writer.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        for engine in (self._read_engine, self._write_engine):
            if engine is not None:
                engine.dispose()

    def _close_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def prepare(connection: Connection, version: str = "head") -> None:
    """Make the tables, or bring them up to a version, in the caller's transaction."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, version)


def known_version(version: str) -> bool:
    """Whether this program knows tables of that version."""
    return _known(ScriptDirectory.from_config(_config()), version)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def fault_of(shown: str, fault: Exception) -> StoreError:
    """An error of the database `shown` in words: what happened, what it means, what to do."""
    said = str(getattr(fault, "orig", None) or fault)
    lowered = said.lower()
    for signs, words in _FAULTS:
        if any(sign in lowered for sign in signs):
            return StoreError(f"{shown} {words}")
    return StoreError(f"{shown} cannot be used: {(said.splitlines() or [type(fault).__name__])[0]}")


def parsed_url(url: str) -> URL:
    """A database's URL. Raises StoreError when it is none, or its Python package is missing."""
    try:
        parsed = make_url(url)
        parsed.get_dialect().import_dbapi()
    except ImportError as fault:
        raise StoreError(
            f"the ledger's database needs the Python package {fault.name}, which is not installed here. "
            "For PostgreSQL: pip install 'psycopg[binary]', and a URL that begins with postgresql+psycopg://"
        ) from None
    except (ArgumentError, NoSuchModuleError):
        raise StoreError(
            "the ledger's database is named by a URL such as sqlite:////var/lib/callboard/centre.sqlite or "
            "postgresql+psycopg://user@host/callboard; the one given is none of these"
        ) from None
    if parsed.get_backend_name() == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise StoreError(
            "the ledger needs a file: sqlite:////folder/centre.sqlite. Memory alone would lose it."
        )
    return parsed


def _create_private(url: URL) -> None:
    """Make a missing SQLite file with mode 600, before SQLite makes it with whatever the umask says."""
    path = url.database or ""
    if path.startswith("file:"):
        return
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError:
        return  # SQLite fails on it next, and says why


def _engine(url: URL, begin: str) -> Engine:
    """An engine; on SQLite it begins every transaction itself, so that DDL is part of one too."""
    engine = create_engine(url, pool_pre_ping=url.get_backend_name() != "sqlite")
    if url.get_backend_name() == "sqlite":

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, _record: Any) -> None:
            connection.isolation_level = None
            for pragma in ("busy_timeout=5000", "journal_mode=WAL", "synchronous=FULL"):
                connection.execute(f"PRAGMA {pragma}")

        @event.listens_for(engine, "begin")
        def start(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

    return engine


def _known(scripts: ScriptDirectory, revision: str) -> bool:
    try:
        return scripts.get_revision(revision) is not None
    except CommandError:
        return False
