"""The centre's tables, in SQL that SQLite and PostgreSQL both run. Their migrations lie in `migrations/`.

`events` is the ledger itself: rows are added, never changed (triggers refuse it). `body` is the event's wire
form; the other columns are copies out of it to look it up by. Times are stored in UTC.

`checkpoints` is what a start begins with; it may be lost, as the ledger holds all of it. `intervals` is what
closed quarter hours held: additive rows, never changed; those of one interval together are its figures.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    Uuid,
    insert,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from console.domain.errors import BadInput


class Moment(TypeDecorator[datetime]):
    """An aware time kept in UTC; SQLite, which knows no zones, gets the bare UTC time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Into the database: UTC, without the zone where the database has none."""
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Out of the database: aware, UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite gives only an INTEGER PRIMARY KEY the row's own number.
Sequence = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()

events = Table(
    "events",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=False),
    Column("id", Uuid, nullable=False),
    Column("type", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Column("interaction", Uuid),
    Column("agent", String(255)),
    Column("queue", String(255)),
    Column("call", Uuid),
    Column("body", Text, nullable=False),
    Index("events_id", "id", unique=True),
    Index("events_type", "type", "sequence"),
    Index("events_at", "at"),
    Index("events_interaction", "interaction"),
    Index("events_agent", "agent", "sequence"),
    Index("events_call", "call"),
)

users = Table(
    "users",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("role", String(32), nullable=False),
    Column("shown", String(255), nullable=False),
    Column("password_hash", String(512), nullable=False),
    Column("tokens_after", Moment, nullable=False),
)

revoked_tokens = Table(
    "revoked_tokens",
    metadata,
    Column("token", Uuid, primary_key=True),
    Column("expires_at", Moment, nullable=False),
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)


checkpoints = Table(
    "checkpoints",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=False),
    Column("kind", String(32), primary_key=True),
    Column("version", String(64), nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

intervals = Table(
    "intervals",
    metadata,
    Column("to_sequence", Sequence, primary_key=True, autoincrement=False),
    Column("start", Moment, primary_key=True),
    Column("minutes", Integer, primary_key=True, autoincrement=False),
    Column("dimension", String(32), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("from_sequence", Sequence, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("intervals_looked_up", "dimension", "start", "key"),
)


LOOKED_UP_BY = ("id", "type", "at", "interaction", "agent", "queue", "call")
"""The columns that are copies out of the event, in the order that `lookup` gives them."""


def lookup(event: Any) -> tuple[Any, ...]:
    """What an event is looked up by. Raises BadInput for a time that no database can hold in UTC."""
    try:
        at = event.at.astimezone(UTC)
    except OverflowError:
        raise BadInput(f"the event's time {event.at.isoformat()} is out of range") from None
    has = event.__struct_fields__
    return (
        event.id,
        type(event).__name__,
        at,
        event.interaction if "interaction" in has else None,
        _key(event.agent) if "agent" in has else None,
        _key(event.queue) if "queue" in has else None,
        event.call if "call" in has else None,
    )


def _key(value: Any) -> str | None:
    """The key of an agent or a queue, whether the event holds the key or the whole configured value."""
    key = getattr(value, "key", value)
    return key[:255].replace("\0", "") if key else None  # PostgreSQL's text knows no NUL


class RowInsert:
    """The statement that adds events, compiled once: SQLAlchemy would go through it anew for every row."""

    def __init__(self, dialect: Dialect) -> None:
        """Compile it in the database's own SQL."""
        compiled = insert(events).compile(dialect=dialect)
        self._sql = str(compiled)
        self._names = compiled.positiontup if compiled.positional else None
        columns = [events.c[name] for name in ("sequence", *LOOKED_UP_BY, "body")]
        self._order = [column.name for column in columns]
        made = [column.type.dialect_impl(dialect).bind_processor(dialect) for column in columns]
        self._processed = [(place, make) for place, make in enumerate(made) if make is not None]

    def run(self, connection: Connection, rows: list[list[Any]]) -> None:
        """Add rows: sequence number, what `lookup` gives, body."""
        for row in rows:
            for place, make in self._processed:
                row[place] = make(row[place])
        if self._names is None:
            named = [dict(zip(self._order, row, strict=True)) for row in rows]
            connection.exec_driver_sql(self._sql, named)
        else:
            connection.exec_driver_sql(self._sql, [tuple(row) for row in rows])
