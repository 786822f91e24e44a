"""A ledger copied while its centre is at work, whole and as of one moment, and put back.

A copy is always one SQLite file: of SQLite by its online backup (in one snapshot: nobody who writes waits for
it), of PostgreSQL row by row in one read-only snapshot. The tables stay of the version that they are.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from sqlalchemy import Connection, Engine, Table, create_engine, func, insert, inspect, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from console.domain.errors import StoreError
from console.ledger.database import Database, fault_of, known_version, parsed_url, prepare
from console.ledger.tables import metadata

_BATCH = 500
_BUSY_S = 0.5
_NUMBER_OF = "SELECT version_num FROM alembic_version"


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """What a copy holds: the version of its tables, rows of each, the last sequence number, and a digest of
    all events in order.
    """

    revision: str
    rows: dict[str, int]
    last_sequence: int
    sha256: str


# ---------------------------------------------------------------- out


def copy_ledger(url: str, file: Path) -> None:
    """Copy the ledger at an SQLAlchemy URL into the new `file`, readable by its owner alone. Raises
    StoreError.
    """
    where = parsed_url(url)
    file.touch(mode=0o600, exist_ok=False)
    try:
        if where.get_backend_name() == "sqlite":
            _copy_file(_path(where), file)
        else:
            _copy_rows_out(where, file)
        with closing(_opened(file)) as copy:
            copy.execute("PRAGMA journal_mode=DELETE")
            found = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
    except (sqlite3.Error, SQLAlchemyError) as fault:
        raise fault_of(_shown(where), fault) from fault
    if found != "ok":
        raise StoreError(
            f"{_shown(where)} is damaged ({found}): a copy of it would be too. Put back a backup."
        )


def _copy_file(source: Path, file: Path) -> None:
    if not source.is_file():
        raise StoreError(
            f"there is no ledger at {source}. Name the settings file of the centre, or its database."
        )
    with closing(_opened(source)) as old, closing(_opened(file)) as new:
        _version(old, source)
        old.backup(new, pages=-1)


def _version(ledger: sqlite3.Connection, shown: object) -> str:
    try:
        row = ledger.execute(_NUMBER_OF).fetchone()
    except sqlite3.OperationalError as fault:
        if "no such table" not in str(fault):
            raise
        row = None
    if row is None:
        raise StoreError(f"{shown} is no ledger of Callboard: it has none of its tables.")
    return str(row[0])


def _copy_rows_out(where: URL, file: Path) -> None:
    engine = create_engine(where, isolation_level="REPEATABLE READ")
    copy = create_engine(f"sqlite:///{file}")
    try:
        with engine.connect() as source, copy.begin() as target:
            source.execute(text("SET TRANSACTION READ ONLY"))
            if not inspect(source).has_table("alembic_version"):
                raise StoreError(f"{_shown(where)} holds no ledger of Callboard: it has none of its tables.")
            prepare(target, str(source.scalar(text(_NUMBER_OF))))
            _copy_tables(source, target)
    finally:
        engine.dispose()
        copy.dispose()


def _copy_tables(source: Connection, target: Connection) -> None:
    """All rows of all tables that both sides have, in the columns that the source has."""
    there = inspect(source)
    for table in metadata.sorted_tables:
        if not there.has_table(table.name):
            continue
        names = {column["name"] for column in there.get_columns(table.name)}
        columns = [column for column in table.columns if column.name in names]
        query = select(*columns).order_by(*table.primary_key.columns)
        found = source.execution_options(yield_per=_BATCH).execute(query).mappings()
        for batch in found.partitions(_BATCH):
            target.execute(insert(table), [dict(row) for row in batch])


# ---------------------------------------------------------------- looked at


def shape(file: Path) -> Shape:
    """What a copy holds. Raises StoreError for a file that is damaged, or of a newer program."""
    digest = hashlib.sha256()
    last = 0
    try:
        with closing(_opened(file)) as copy:
            damage = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if damage != "ok":
                raise StoreError(f"the ledger in it is damaged: {damage}")
            revision = _version(copy, "what it holds")
            if not known_version(revision):
                raise StoreError(
                    f"it was made by a newer Callboard (its tables are of version {revision}). Nothing was "
                    "changed. Update this program first."
                )
            for last, body in copy.execute("SELECT sequence, body FROM events ORDER BY sequence"):
                digest.update(f"{last}\x1f{body}\n".encode())
            rows = dict(_counted(copy))
    except sqlite3.Error as fault:
        raise StoreError(f"the ledger in it cannot be read: {fault}") from fault
    return Shape(revision=revision, rows=rows, last_sequence=last, sha256=digest.hexdigest())


def _counted(copy: sqlite3.Connection) -> Iterator[tuple[str, int]]:
    there = {row[0] for row in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for table in metadata.sorted_tables:
        if table.name in there:
            yield table.name, copy.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0]  # noqa: S608


def in_use(url: str) -> bool:
    """Whether some program has this ledger open now. Raises StoreError when a server cannot be asked."""
    where = parsed_url(url)
    if where.get_backend_name() != "sqlite":
        return bool(
            _asked(
                where,
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
            )
        )
    path = _path(where)
    if not path.is_file() or not path.stat().st_size:
        return False
    try:
        with closing(_opened(path)) as ledger:
            ledger.execute("PRAGMA locking_mode=EXCLUSIVE")  # also those who only have it open are in its way
            ledger.execute("BEGIN EXCLUSIVE")
            ledger.execute("ROLLBACK")
    except sqlite3.OperationalError as fault:
        return "locked" in str(fault)
    except sqlite3.DatabaseError:
        return False  # it is no database: nobody works with it
    return False


def is_there(url: str) -> bool:
    """Whether something is kept at this URL already. Raises StoreError when a server cannot be asked."""
    where = parsed_url(url)
    if where.get_backend_name() == "sqlite":
        path = _path(where)
        return path.exists() and path.stat().st_size > 0
    names = ", ".join(f"'{name}'" for name in ("alembic_version", *metadata.tables))
    return bool(
        _asked(
            where,
            f"SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() "  # noqa: S608
            f"AND tablename IN ({names})",
        )
    )


def _asked(where: URL, question: str) -> Any:
    engine = create_engine(where)
    try:
        with engine.connect() as connection:
            return connection.scalar(text(question))
    except SQLAlchemyError as fault:
        raise fault_of(_shown(where), fault) from fault
    finally:
        engine.dispose()


# ---------------------------------------------------------------- in


def ledger_file(url: str) -> Path | None:
    """The file of a ledger on SQLite; None on a server."""
    where = parsed_url(url)
    return _path(where) if where.get_backend_name() == "sqlite" else None


async def load_into_server(file: Path, url: str) -> None:
    """Put a copy in place of what a server holds, in one transaction. Raises StoreError.

    The copy's tables are brought up to this program's version first: `file` is changed.
    """
    await (await Database.open(f"sqlite:///{file}")).close()
    where = parsed_url(url)
    engine, copy = create_engine(where), create_engine(f"sqlite:///{file}")
    try:
        _replace_rows(engine, copy)
    except SQLAlchemyError as fault:
        raise fault_of(_shown(where), fault) from fault
    finally:
        engine.dispose()
        copy.dispose()


def _replace_rows(engine: Engine, copy: Engine) -> None:
    with copy.connect() as source, engine.begin() as target:
        for name in ("alembic_version", *metadata.tables):
            target.exec_driver_sql(f"DROP TABLE IF EXISTS {name} CASCADE")
        for name in ("events", "intervals"):  # what keeps them append-only
            target.exec_driver_sql(f"DROP FUNCTION IF EXISTS {name}_refuse()")
        prepare(target)
        _copy_tables(source, target)
        for table in metadata.sorted_tables:
            if _count(source, table) != _count(target, table):
                raise StoreError(f"not all rows of {table.name} arrived: nothing was changed. Try again.")


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _opened(path: Path) -> sqlite3.Connection:
    """Open a file that is there; it is never made."""
    address = f"file:{quote(str(path.absolute()))}?mode=rw"
    return sqlite3.connect(address, uri=True, timeout=_BUSY_S, isolation_level=None)


def _path(where: URL) -> Path:
    name = where.database or ""
    if name.startswith("file:"):
        raise StoreError("name the ledger's file by its path (sqlite:////folder/centre.db), not as file:")
    return Path(os.path.abspath(name))  # noqa: PTH100 - links stay as they are


def _shown(where: URL) -> str:
    shown = make_url(where).render_as_string(hide_password=True)
    return where.database or shown if where.get_backend_name() == "sqlite" else shown


# ---------------------------------------------------------------- for support


class Glance(msgspec.Struct, frozen=True, kw_only=True):
    """A ledger in numbers: the version of its tables, its last sequence number, events of each class."""

    revision: str
    last_sequence: int
    events: dict[str, int]


def glance(url: str) -> Glance:
    """Look at a ledger as it is, also at one in use; nothing is migrated. Raises StoreError."""
    kinds = "SELECT type, count(*) FROM events GROUP BY type ORDER BY type"
    with _reading(url) as connection:
        return Glance(
            revision=str(connection.scalar(text(_NUMBER_OF))),
            last_sequence=connection.scalar(text("SELECT max(sequence) FROM events")) or 0,
            events={row[0]: row[1] for row in connection.execute(text(kinds))},
        )


def newest_bodies(url: str, kind: str, most: int) -> list[str]:
    """The wire forms of the newest events of a class. Raises StoreError."""
    query = text("SELECT body FROM events WHERE type = :kind ORDER BY sequence DESC LIMIT :most")
    with _reading(url) as connection:
        return [row[0] for row in connection.execute(query, {"kind": kind, "most": most})]


@contextmanager
def _reading(url: str) -> Iterator[Connection]:
    where = parsed_url(url)
    file = ledger_file(url)
    if file is not None and not file.is_file():
        raise StoreError(f"there is no ledger at {file}.")
    engine = create_engine(where)
    try:
        with engine.connect() as connection:
            yield connection
    except SQLAlchemyError as fault:
        raise fault_of(_shown(where), fault) from fault
    finally:
        engine.dispose()
