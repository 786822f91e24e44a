"""Checkpoints, and the increments of figures that go with them: one transaction, so that neither is ahead.

A checkpoint is all that a part of the centre knew at a sequence number; a start reads the newest good one and
the events after it. It may be lost at no other cost than time. Increments are figures of closed intervals;
they are written once, each for a range of events, and added up when they are read.
"""

import hashlib
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, delete, func, insert, select

from console.domain.errors import BadInput
from console.ledger.database import Database
from console.ledger.tables import checkpoints, intervals

KEPT = 3
"""Checkpoints that are kept: the newest, and some in case it is broken."""

_KEY_MOST = 255
_log = logging.getLogger(__name__)


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What one part of the centre (`kind`: router, board) knew, in the `version` of its own form."""

    kind: str
    version: str
    body: bytes


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """What all parts knew at ledger sequence `sequence`."""

    sequence: int
    made_at: datetime
    parts: tuple[Part, ...]


class Increment(msgspec.Struct, frozen=True, kw_only=True):
    """What the events of a range added to the figures of `key` in a dimension (queue, agent ...) in the
    interval of `minutes` from `start` (aware) on; `body` is in the form of metrics.
    """

    start: datetime
    minutes: int
    dimension: str
    key: str
    body: bytes


class Checkpoints:
    """The checkpoints and intervals of one centre's ledger."""

    def __init__(self, database: Database) -> None:
        """`database` is the ledger's, open."""
        self._database = database

    async def save(
        self, checkpoint: Checkpoint, increments: Sequence[Increment] = (), since: int | None = None
    ) -> None:
        """Write a checkpoint, and with it what the events from sequence `since` to the checkpoint's added.

        Older checkpoints go, but for a few. Increments of a range that is in the ledger already are passed
        over. Raises BadInput for a range that overlaps one that is there, StoreError; then nothing of it is
        written.
        """
        await self._database.write(lambda connection: _save(connection, checkpoint, increments, since))

    async def newest(self) -> AsyncIterator[Checkpoint]:
        """The checkpoints, the newest first, each read when it is asked for; those whose content is not what
        was written are left out, with a warning. Raises StoreError.
        """
        for sequence in await self._database.read(_sequences):
            found = await self._database.read(partial(_read, sequence))
            if found is not None:
                yield found

    async def covered(self) -> int:
        """The sequence number up to which events are in the intervals; 0 for none."""
        return await self._database.read(_covered)

    async def intervals(
        self,
        dimension: str,
        between: tuple[datetime, datetime],
        keys: Sequence[str] | None = None,
        until: int | None = None,
    ) -> list[Increment]:
        """The increments of a dimension whose intervals begin in `between` (aware; before the second), by
        start, key and the order of writing; `keys` None is all of them. `until`: only what the events up to
        that sequence number added. Raises StoreError.
        """
        wanted = select(intervals).where(
            intervals.c.dimension == dimension,
            intervals.c.start >= between[0],
            intervals.c.start < between[1],
        )
        if until is not None:
            wanted = wanted.where(intervals.c.to_sequence <= until)
        if keys is not None:
            wanted = wanted.where(intervals.c.key.in_([_key(key) for key in keys]))
        ordered = wanted.order_by(intervals.c.start, intervals.c.key, intervals.c.to_sequence)
        return await self._database.read(
            lambda connection: [_increment(row) for row in connection.execute(ordered)]
        )


_highest = select(func.max(intervals.c.to_sequence))


def _covered(connection: Connection) -> int:
    return connection.scalar(_highest) or 0


def _save(
    connection: Connection, checkpoint: Checkpoint, increments: Sequence[Increment], since: int | None
) -> None:
    if increments:
        if since is None or since > checkpoint.sequence:
            raise BadInput(f"increments of events {since} to {checkpoint.sequence} cannot be")
        covered = _covered(connection)
        if covered < since:
            rows = [_row(increment, since, checkpoint.sequence) for increment in increments]
            connection.execute(insert(intervals), rows)
        elif covered < checkpoint.sequence:
            raise BadInput(f"events from {since} on are in the intervals already, up to {covered}")
    _replace(connection, checkpoint)


def _replace(connection: Connection, checkpoint: Checkpoint) -> None:
    for part in checkpoint.parts:
        here = and_(checkpoints.c.sequence == checkpoint.sequence, checkpoints.c.kind == part.kind)
        connection.execute(delete(checkpoints).where(here))
        connection.execute(
            insert(checkpoints),
            {
                "sequence": checkpoint.sequence,
                "kind": part.kind,
                "version": part.version,
                "made_at": checkpoint.made_at,
                "digest": _digest(part.body),
                "body": part.body,
            },
        )
    known = select(checkpoints.c.sequence).distinct().order_by(checkpoints.c.sequence.desc())
    kept = [row.sequence for row in connection.execute(known.limit(KEPT))]
    connection.execute(delete(checkpoints).where(checkpoints.c.sequence < kept[-1]))


def _sequences(connection: Connection) -> list[int]:
    known = select(checkpoints.c.sequence).distinct().order_by(checkpoints.c.sequence.desc())
    return [row.sequence for row in connection.execute(known)]


def _read(sequence: int, connection: Connection) -> Checkpoint | None:
    parts = []
    made_at: datetime | None = None
    for row in connection.execute(select(checkpoints).where(checkpoints.c.sequence == sequence)):
        if _digest(row.body) != bytes(row.digest):
            _log.warning("the %s part of the checkpoint at %d is damaged: ignored", row.kind, sequence)
            return None
        parts.append(Part(kind=row.kind, version=row.version, body=bytes(row.body)))
        made_at = row.made_at
    return Checkpoint(sequence=sequence, made_at=made_at, parts=tuple(parts)) if made_at else None


def _row(increment: Increment, since: int, until: int) -> dict[str, Any]:
    return {
        "to_sequence": until,
        "start": increment.start,
        "minutes": increment.minutes,
        "dimension": increment.dimension,
        "key": _key(increment.key),
        "from_sequence": since,
        "body": increment.body,
    }


def _key(key: str) -> str:
    """The key as the column holds it: without NUL, which PostgreSQL does not know; a long one is cut, with a
    digest in place of the rest so that two of them stay two.
    """
    if len(key) <= _KEY_MOST and "\0" not in key:
        return key
    return f"{key.replace(chr(0), '')[: _KEY_MOST - 40]}…{_digest(key.encode()).hex()}"


def _increment(row: Any) -> Increment:
    return Increment(
        start=row.start, minutes=row.minutes, dimension=row.dimension, key=row.key, body=bytes(row.body)
    )


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).digest()
