"""The outbox's table: records that the centre has not taken yet, in the order of their ids, which is that of
time.

It stands on this floor because two rooms share it and must not know each other: history puts a record in, in
the same transaction as the row it tells of; sync takes it out once the centre has confirmed it. A record that
the centre refuses for good is parked with the reason: kept, counted, not sent again.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from console.domain.events import CallNoted, CallRecorded
from console.store.database import Connection, Migrations
from console.wire import encode_event

outbox_migrations = Migrations("outbox")


@outbox_migrations()
def m001_outbox(db: Connection) -> None:
    """Begin the table."""
    db.execute("""
        CREATE TABLE outbox (
            id      TEXT PRIMARY KEY,
            call    TEXT NOT NULL,
            agent   TEXT NOT NULL,
            event   TEXT NOT NULL,
            refused TEXT NOT NULL DEFAULT ''
        ) WITHOUT ROWID""")
    db.execute("CREATE INDEX outbox_call ON outbox (call, refused)")


class Waiting(msgspec.Struct, frozen=True):
    """A record that waits: `event` in its wire form."""

    id: UUID
    call: UUID
    event: str


class OutboxCounts(msgspec.Struct, frozen=True):
    """How many records wait for the centre, and how many it refused for good."""

    waiting: int
    parked: int


def enqueue(db: Connection, *events: CallRecorded | CallNoted) -> None:
    """Put records in, within the caller's transaction. One that is there already (by id) is left as it is."""
    db.conn.executemany(
        "INSERT OR IGNORE INTO outbox (id, call, agent, event) VALUES (?, ?, ?, ?)",
        [(str(one.id), str(one.call), one.agent, encode_event(one).decode()) for one in events],
    )


def waiting(db: Connection, agent: str, limit: int) -> list[Waiting]:
    """The oldest records of this agent, and of nobody in particular, that wait.

    Records of another agent who used this desk wait until that agent signs in here again.
    """
    rows = db.execute(
        "SELECT id, call, event FROM outbox WHERE refused = '' AND agent IN (?, '') ORDER BY id LIMIT ?",
        (agent, limit),
    )
    return [Waiting(UUID(id_), UUID(call), event) for id_, call, event in rows.fetchall()]


def take_out(db: Connection, ids: Iterable[UUID]) -> None:
    """The centre has these for certain: let them go."""
    db.conn.executemany("DELETE FROM outbox WHERE id = ?", [(str(id_),) for id_ in ids])


def park(db: Connection, refused: Sequence[tuple[UUID, str]]) -> None:
    """The centre will never take these: keep them with its reason."""
    db.conn.executemany(
        "UPDATE outbox SET refused = ? WHERE id = ?",
        [(reason or "refused without a reason", str(id_)) for id_, reason in refused],
    )


def release(db: Connection) -> int:
    """Try the parked ones again (after the centre was mended); how many they are."""
    return int(db.conn.execute("UPDATE outbox SET refused = '' WHERE refused <> ''").rowcount)


def counts(db: Connection) -> OutboxCounts:
    """How many wait and how many are parked, of all agents. The index alone answers: records are long."""
    row = db.execute(
        "SELECT count(*), coalesce(sum(refused <> ''), 0) FROM outbox INDEXED BY outbox_call"
    ).fetchone()
    return OutboxCounts(row[0] - row[1], row[1])
