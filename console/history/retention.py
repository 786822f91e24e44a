"""Forget calls of long ago: the row, its words in the index, and peers not heard of since.

What the centre has not confirmed is kept, however old: nothing is lost because a desk was away for long.
"""

import contextlib
from collections.abc import Iterator
from datetime import timedelta

from console.clock import Clock
from console.history import index
from console.history.schema import stamp
from console.store.database import Connection, Database

_AT_ONCE = 500


async def purge(database: Database, clock: Clock, keep_days: int) -> int:
    """Delete calls that ended more than `keep_days` ago (0 keeps all); how many. In small transactions.

    Raises StoreError when the database cannot be written.
    """
    if keep_days <= 0:
        return 0
    limit = stamp(clock.now() - timedelta(days=keep_days))
    while await database.run(index.catch_up):
        pass
    gone = 0
    while count := await database.run(lambda db: _purge_some(db, limit)):
        gone += count
    await database.run(lambda db: _purge_peers(db, limit))
    return gone


def _purge_some(db: Connection, limit: str) -> int:
    found = db.execute(
        "SELECT number FROM call WHERE started_at < ? AND ended_at < ?"
        " AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.call = call.call) ORDER BY number LIMIT ?",
        (limit, limit, _AT_ONCE),
    ).fetchall()
    with _overwriting(db):
        db.conn.executemany("DELETE FROM call WHERE number = ?", found)
        index.forget(db, found)
    return len(found)


def _purge_peers(db: Connection, limit: str) -> None:
    """A peer whose last call is older than the limit goes, unless that call is still kept."""
    found = db.execute(
        "SELECT number FROM peer WHERE last_at < ?"
        " AND NOT EXISTS (SELECT 1 FROM call WHERE call.uri = peer.uri AND call.started_at = peer.last_at)",
        (limit,),
    ).fetchall()
    with _overwriting(db):
        db.conn.executemany("DELETE FROM peer_words WHERE rowid = ?", found)
        db.conn.executemany("DELETE FROM peer WHERE number = ?", found)


@contextlib.contextmanager
def _overwriting(db: Connection) -> Iterator[None]:
    """What is deleted meanwhile is overwritten in the file: it is personal data."""
    db.execute("PRAGMA secure_delete=ON").fetchall()
    try:
        yield
    finally:
        db.execute("PRAGMA secure_delete=OFF").fetchall()
