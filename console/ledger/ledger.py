"""The append-only ledger: events in the order given, each with a sequence number, durable once acknowledged.

Appends that come while one is being written wait together and share the next transaction (group commit): the
order of sequence numbers is the order of the calls.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Select, func, select
from sqlalchemy.exc import IntegrityError

from console.domain.errors import BadInput, StoreError
from console.domain.events import LedgerEvent
from console.ledger.database import Database
from console.ledger.tables import RowInsert, events, lookup
from console.wire import decode_event, encode_event

PAGE = 1000
"""Rows read at once."""

_STRIDE = 50_000
"""Rows read at once where all are: to read and to use them in turns of a thousand takes a fifth longer."""

GROUP = 5000
"""Rows written in one transaction at most, unless one caller hands in more."""

Numbered = tuple[int, LedgerEvent]
_Outcome = tuple[list[int], int]
_bodies = select(events.c.sequence, events.c.body).order_by(events.c.sequence)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for; None and () mean all. Times are aware, `start` counts, `end` does not.

    `before` pages backwards: only rows with a lower sequence number.
    """

    types: tuple[str, ...] = ()
    agent: str | None = None
    queue: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    before: int | None = None


class _Waiting(msgspec.Struct):
    rows: list[list[Any]]
    done: "asyncio.Future[list[int]]"


class Ledger:
    """The centre's ledger. Belongs to one event loop and one program."""

    def __init__(self, database: Database, last: int) -> None:
        """Not for callers: see `open`."""
        self.database = database
        self._last = last
        self._waiting: deque[_Waiting] = deque()
        self._idle = asyncio.Event()
        self._idle.set()
        self._insert = RowInsert(database.dialect)
        self._closed = False
        self.on_written: Callable[[int, float], None] = lambda rows, seconds: None
        """Told of each transaction: how many rows, how long it took."""

    @classmethod
    async def open(cls, url: str) -> "Ledger":
        """Open the ledger at an SQLAlchemy URL, making or migrating its tables.

        Raises StoreError, in words, when it is damaged, newer than this program, read-only, full or out of
        reach.
        """
        database = await Database.open(url)
        try:
            return cls(database, await database.read(_last_sequence))
        except BaseException:
            await database.close()
            raise

    async def append(self, new: Sequence[LedgerEvent]) -> list[int]:
        """Write events down and return their sequence numbers once they are durable.

        An event whose id is known already keeps the number and the content it has. Raises StoreError when
        they could not be written (BadInput for a time out of range); then none of them is in the ledger.
        """
        if self._closed:
            raise StoreError("the ledger is closed: the centre is stopping")
        if not new:
            return []
        rows = [[*lookup(event), encode_event(event).decode()] for event in new]
        waiting = _Waiting(rows, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._idle.is_set():
            self._idle.clear()
            self._write_group()
        return await waiting.done

    async def known(self, ids: Iterable[UUID]) -> set[UUID]:
        """Which of these events are in the ledger already. Raises StoreError."""
        rows: list[list[Any]] = [[identity] for identity in ids]
        if not rows:
            return set()
        return set(await self.database.read(lambda connection: _known_numbers(connection, rows)))

    async def last_sequence(self) -> int:
        """The newest durable sequence number, 0 when the ledger is empty."""
        return self._last

    async def count(self) -> int:
        """How many events there are."""
        return await self.database.read(lambda connection: connection.scalar(_counted) or 0)

    async def read(self, after: int = 0, until: int | None = None) -> AsyncIterator[Numbered]:
        """All events with a sequence number above `after` and up to `until`, in order, many at a time."""
        last = self._last if until is None else until
        while after < last:
            page = await self._found(
                _bodies.where(events.c.sequence > after, events.c.sequence <= last).limit(_STRIDE)
            )
            for numbered in page:
                yield numbered
            if len(page) < _STRIDE:
                return
            after = page[-1][0]

    async def page(self, after: int, until: int, without: Sequence[str] = ()) -> list[Numbered]:
        """The next PAGE events above `after` and up to `until`, but for those of the classes `without`."""
        wanted = _bodies.where(events.c.sequence > after, events.c.sequence <= until)
        if without:
            wanted = wanted.where(events.c.type.not_in(without))
        return await self._found(wanted.limit(PAGE))

    async def of_interaction(self, interaction: UUID) -> list[Numbered]:
        """Everything known of one interaction, in order."""
        return await self._found(_bodies.where(events.c.interaction == interaction))

    async def of_agent(self, agent: str, after: int = 0, limit: int = PAGE) -> list[Numbered]:
        """What concerns one agent, in order, from `after` on."""
        wanted = _bodies.where(events.c.agent == agent, events.c.sequence > after)
        return await self._found(wanted.limit(limit))

    async def of_types(self, types: Iterable[type[Any]], after: int = 0) -> list[Numbered]:
        """All events of these classes, in order, from `after` on."""
        names = [kind.__name__ for kind in types]
        return await self._found(_bodies.where(events.c.type.in_(names), events.c.sequence > after))

    async def of_calls(self, calls: Sequence[UUID]) -> list[Numbered]:
        """The records and notes of these calls, in order."""
        return await self._found(_bodies.where(events.c.call.in_(calls))) if calls else []

    async def between(self, start: datetime, end: datetime, limit: int | None = None) -> list[Numbered]:
        """What happened from `start` to before `end` (aware), in ledger order, the first `limit` of it."""
        wanted = _bodies.where(events.c.at >= start, events.c.at < end)
        return await self._found(wanted if limit is None else wanted.limit(limit))

    async def newest(self, wanted: Found, limit: int) -> list[Numbered]:
        """The newest events that fit, newest first."""
        conditions = [
            column == value
            for column, value in ((events.c.agent, wanted.agent), (events.c.queue, wanted.queue))
            if value is not None
        ]
        if wanted.types:
            conditions.append(events.c.type.in_(wanted.types))
        if wanted.start is not None:
            conditions.append(events.c.at >= wanted.start)
        if wanted.end is not None:
            conditions.append(events.c.at < wanted.end)
        if wanted.before is not None:
            conditions.append(events.c.sequence < wanted.before)
        query = select(events.c.sequence, events.c.body).where(*conditions)
        return await self._found(query.order_by(events.c.sequence.desc()).limit(limit))

    async def close(self) -> None:
        """Write what was handed in, then close. May be called twice."""
        self._closed = True
        await self._idle.wait()
        await self.database.close()

    async def _found(self, query: Select[Any]) -> list[Numbered]:
        return await self.database.read(lambda connection: _decoded(connection.execute(query).all()))

    def _write_group(self) -> None:
        """Hand those who wait to the write thread, as many as one transaction should hold."""
        group: list[_Waiting] = []
        size = 0
        while self._waiting and (not group or size + len(self._waiting[0].rows) <= GROUP):
            group.append(self._waiting.popleft())
            size += len(group[-1].rows)
        rows = [row for waiting in group for row in waiting.rows]
        begun = asyncio.get_running_loop().time()
        self.database.write_soon(partial(self._write, rows, self._last), partial(self._written, group, begun))

    def _written(self, group: list[_Waiting], begun: float, outcome: _Outcome | Exception) -> None:
        """Tell those who waited how it went; go on with those who came meanwhile."""
        if isinstance(outcome, Exception):
            for waiting in group:
                _settle(waiting.done, outcome)
        else:
            numbers, self._last = outcome
            self.on_written(len(numbers), asyncio.get_running_loop().time() - begun)
            start = 0
            for waiting in group:
                _settle(waiting.done, numbers[start : start + len(waiting.rows)])
                start += len(waiting.rows)
        if self._waiting:
            self._write_group()
        else:
            self._idle.set()

    def _write(self, rows: list[list[Any]], last: int) -> _Outcome:
        """On the write thread: add rows. Ids known already are looked for only on a clash."""
        add = self._insert.run
        try:
            return self.database.transaction(lambda connection: _insert_new(add, connection, rows, {}, last))
        except IntegrityError:
            pass
        try:
            return self.database.transaction(
                lambda connection: _insert_new(add, connection, rows, _known_numbers(connection, rows), last)
            )
        except IntegrityError:
            raise StoreError(
                "another program writes to this ledger. One centre has one ledger: stop the other one, then "
                "start this one again."
            ) from None


def _settle(done: "asyncio.Future[list[int]]", outcome: list[int] | Exception) -> None:
    if done.done():  # the caller was cancelled; the rows stand all the same
        return
    if isinstance(outcome, Exception):
        done.set_exception(outcome)
    else:
        done.set_result(outcome)


_highest = select(func.max(events.c.sequence))
_counted = select(func.count()).select_from(events)


def _last_sequence(connection: Connection) -> int:
    return connection.scalar(_highest) or 0


def _insert_new(
    add: Callable[[Connection, list[list[Any]]], None],
    connection: Connection,
    rows: list[list[Any]],
    known: dict[UUID, int],
    last: int,
) -> _Outcome:
    numbers: list[int] = []
    fresh: list[list[Any]] = []
    for row in rows:
        number = known.get(row[0])
        if number is None:
            last += 1
            number = known[row[0]] = last
            fresh.append([number, *row])
        numbers.append(number)
    if fresh:
        add(connection, fresh)
    return numbers, last


def _known_numbers(connection: Connection, rows: list[list[Any]]) -> dict[UUID, int]:
    known: dict[UUID, int] = {}
    for start in range(0, len(rows), 500):
        ids = [row[0] for row in rows[start : start + 500]]
        found = select(events.c.id, events.c.sequence).where(events.c.id.in_(ids))
        known.update((row.id, row.sequence) for row in connection.execute(found))
    return known


def _decoded(rows: Sequence[Any]) -> list[Numbered]:
    decoded = []
    for sequence, body in rows:
        try:
            decoded.append((sequence, decode_event(body)))
        except BadInput as fault:
            raise StoreError(
                f"row {sequence} of the ledger cannot be read ({fault}). Nothing was changed. "
                "Update this program if a newer one wrote it; else put back a backup."
            ) from None
    return decoded
