"""What calls are found by: the words of each, and whom one may mean while typing. Derived from the calls.

Recording a call does not wait for this: the index is caught up when the recorder has a quiet moment, and
before it is asked. It is as durable as its calls, for what is missing is made again from them.

A peer's `score` is the base-2 logarithm of the sum over its calls of 2^(time / half-life): it weighs often
and lately together, and never has to be computed anew as time goes by.
"""

import math
from datetime import datetime, timedelta
from typing import Any

from console.domain.address import Address
from console.history.schema import digits_of, fold
from console.store.database import Connection

_HALF_LIFE_S = timedelta(days=14).total_seconds()
_ANONYMOUS = {"", "anonymous", "unknown", "restricted", "unavailable"}
_AT_ONCE = 1000


def is_behind(db: Connection) -> bool:
    """Whether there are calls that cannot be found yet."""
    row = db.execute("SELECT max(number) > (SELECT number FROM found_until) FROM call").fetchone()
    return bool(row[0])


def catch_up(db: Connection) -> bool:
    """Index the next calls that are not; False when that was all."""
    found = db.execute(
        "SELECT number, uri, name, queue, digits, started_at, disposition, note FROM call"
        " WHERE number > (SELECT number FROM found_until) ORDER BY number LIMIT ?",
        (_AT_ONCE,),
    ).fetchall()
    for number, uri, name, queue, digits, started_at, disposition, note in found:
        peer = Address(uri, name)
        db.conn.execute(
            "INSERT INTO call_words (rowid, who, number, note) VALUES (?, ?, ?, ?)",
            (number, fold(f"{name} {queue}"), f"{fold(peer.user)} {digits}", fold(f"{disposition} {note}")),
        )
        if peer.user.lower() not in _ANONYMOUS:
            _count(db, peer, digits, started_at)
    if found:
        db.conn.execute("UPDATE found_until SET number = ?", (found[-1][0],))
    return len(found) == _AT_ONCE


def renote(db: Connection, number: int, disposition: str, note: str) -> None:
    """The note of a call changed. One that is not indexed yet gets its words with the rest of it."""
    db.conn.execute(
        "UPDATE call_words SET note = ? WHERE rowid = ? AND rowid <= (SELECT number FROM found_until)",
        (fold(f"{disposition} {note}"), number),
    )


def forget(db: Connection, numbers: list[tuple[Any, ...]]) -> None:
    """These calls are deleted. Their numbers may be given again, so the mark goes back behind them."""
    db.conn.executemany("DELETE FROM call_words WHERE rowid = ?", numbers)
    db.conn.execute(
        "UPDATE found_until SET number = min(number, coalesce((SELECT max(number) FROM call), 0))"
    )


def _count(db: Connection, peer: Address, digits: str, started_at: str) -> None:
    key = peer_key(peer)
    known = db.conn.execute("SELECT number, name, score FROM peer WHERE key = ?", (key,)).fetchone()
    score = raised(known[2] if known else None, datetime.fromisoformat(started_at))
    if known is None:
        number = db.conn.execute(
            "INSERT INTO peer (key, uri, name, user, digits, last_at, calls, score)"
            " VALUES (?, ?, ?, ?, ?, ?, 1, ?)",
            (key, peer.uri, peer.name, peer.user, digits, started_at, score),
        ).lastrowid
        db.conn.execute(
            "INSERT INTO peer_words (rowid, who, user) VALUES (?, ?, ?)",
            (number, fold(peer.name), fold(peer.user)),
        )
        return
    number, name, _ = known
    db.conn.execute(
        "UPDATE peer SET uri = ?, name = ?, user = ?, last_at = max(last_at, ?), calls = calls + 1, score = ?"
        " WHERE number = ?",
        (peer.uri, peer.name or name, peer.user, started_at, score, number),
    )
    if peer.name and peer.name != name:
        db.conn.execute("UPDATE peer_words SET who = ? WHERE rowid = ?", (fold(peer.name), number))


def peer_key(address: Address) -> str:
    """What makes two addresses the same peer: the digits of the number, else user and host without port."""
    digits = digits_of(address.user)
    if digits:
        return digits
    rest = address.uri.partition(":")[2] or address.uri
    user, at, host = rest.partition("@")
    host = host.split(";")[0].split("?")[0]
    name, _, port = host.rpartition(":")
    return fold(f"{user}{at}{name if name and port.isdigit() else host}")


def raised(score: float | None, at: datetime) -> float:
    """A peer's score after one more call at `at`."""
    new = at.timestamp() / _HALF_LIFE_S
    if score is None:
        return new
    high, low = max(score, new), min(score, new)
    return high + math.log2(1.0 + 2.0 ** (low - high))
