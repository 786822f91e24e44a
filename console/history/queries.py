"""Read the history, and write what the agent says about a call."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from console.bus import Bus
from console.clock import Clock
from console.domain.address import Address
from console.domain.errors import BadInput
from console.domain.events import CallNoted, HistoryChanged
from console.history import index, rows
from console.history.rows import HistoryRow, always
from console.history.schema import digits_of, match_all, stamp
from console.store import outbox
from console.store.database import Connection, Database

NOTE_LIMIT = 10_000
"""Characters that a note may have."""

_LEAST_DIGITS = 3


class Only(StrEnum):
    """Which calls to list."""

    MISSED = "missed"
    INCOMING = "incoming"
    OUTGOING = "outgoing"
    NOTED = "noted"
    UNSYNCED = "unsynced"


_ONLY = {
    None: "1",
    Only.MISSED: "call.missed > 0",
    Only.INCOMING: "call.incoming = 1",
    Only.OUTGOING: "call.incoming = 0",
    Only.NOTED: "call.noted_at IS NOT NULL",
    Only.UNSYNCED: "call.call IN (SELECT call FROM outbox)",
}


class Completion(msgspec.Struct, frozen=True):
    """Somebody to call, for the dial field: dial `address`, show `name` and `number`."""

    address: Address
    name: str
    number: str
    last_at: datetime


class Totals(msgspec.Struct, frozen=True):
    """The history in figures.

    `unsynced` calls have a record or note that the centre did not take yet (or refused).
    """

    rows: int
    unsynced: int
    missed_unseen: int

    @property
    def synced(self) -> int:
        """Calls of which the centre has everything, or that are this desk's alone."""
        return self.rows - self.unsynced


class History:
    """The call history for the window: lists, search, completion, notes.

    All answers come from the database's threads.
    """

    def __init__(
        self,
        bus: Bus,
        database: Database,
        clock: Clock,
        agent: Callable[[], str],
        *,
        deliver: Callable[[], bool] = always,
    ) -> None:
        """`agent` names who writes notes; `deliver`: notes go to the centre."""
        self._bus = bus
        self._database = database
        self._clock = clock
        self._agent = agent
        self._deliver = deliver

    async def search(
        self, text: str = "", limit: int = 100, offset: int = 0, only: Only | str | None = None
    ) -> list[HistoryRow]:
        """Calls, the newest first, that hold a word beginning with each word of `text` in name, number, queue
        or note.

        What looks like a number is also found inside numbers, however it is written. Any text is safe. Raises
        BadInput for an `only` that there is not.
        """
        where, values = condition(text, only)
        if text:
            await self._caught_up()
        sql = f"SELECT {rows.COLUMNS} FROM call WHERE {where} ORDER BY call.number DESC LIMIT ? OFFSET ?"  # noqa: S608 - our own text
        values += [max(0, limit), max(0, offset)]
        return await self._database.read(lambda db: rows.as_rows(db.execute(sql, values).fetchall()))

    async def row(self, call: UUID) -> HistoryRow | None:
        """One call."""
        sql = f"SELECT {rows.COLUMNS} FROM call WHERE call.call = ?"  # noqa: S608 - our own text
        found = await self._database.read(lambda db: rows.as_rows(db.execute(sql, [str(call)]).fetchall()))
        return found[0] if found else None

    async def completions(self, prefix: str, limit: int = 8) -> list[Completion]:
        """Whom the agent may mean: by the beginning of a name, number or user; often and lately called ones
        first.

        Nothing typed gives the ones called most.
        """
        await self._caught_up()
        return await self._database.read(lambda db: _completions(db, prefix, limit))

    async def missed_unseen(self) -> int:
        """How many missed calls the agent has not looked at."""
        return await self._database.read(_missed_unseen)

    async def see_missed(self) -> None:
        """The agent has looked at the missed calls."""
        call = await self._database.run(_see_missed)
        if call is not None:
            await self._tell(call)

    async def totals(self) -> Totals:
        """The history in figures."""
        return await self._database.read(_totals)

    async def note(self, call: UUID, disposition: str = "", note: str = "") -> HistoryRow:
        """Write disposition and note on a call, any time after it began; replaces what stood there.

        Raises BadInput for a call that is not in the history or a note that is too long, StoreError when it
        cannot be written.
        """
        if len(note) > NOTE_LIMIT or len(disposition) > NOTE_LIMIT:
            raise BadInput(f"The note is too long: {len(note)} characters, at most {NOTE_LIMIT} are kept.")
        noted = CallNoted(
            id=self._clock.new_id(),
            at=self._clock.now(),
            call=call,
            agent=self._agent(),
            disposition=_valid(disposition),
            note=_valid(note),
        )
        row = await self._database.run(lambda db: self._write_note(db, noted))
        await self._tell(call)
        return row

    def _write_note(self, db: Connection, noted: CallNoted) -> HistoryRow:
        found = db.execute(
            "SELECT number, interaction FROM call WHERE call = ?", [str(noted.call)]
        ).fetchone()
        if found is None:
            raise BadInput("This call is not in the history (any more), so nothing can be noted on it.")
        number, interaction = found
        db.conn.execute(
            "UPDATE call SET disposition = ?, note = ?, noted_at = ? WHERE number = ?",
            (noted.disposition, noted.note, stamp(noted.at), number),
        )
        index.renote(db, number, noted.disposition, noted.note)
        if self._deliver():
            known = UUID(interaction) if interaction else None
            outbox.enqueue(db, msgspec.structs.replace(noted, interaction=known))
        sql = f"SELECT {rows.COLUMNS} FROM call WHERE call.number = ?"  # noqa: S608 - our own text
        return rows.as_rows(db.execute(sql, [number]).fetchall())[0]

    async def _caught_up(self) -> None:
        if await self._database.read(index.is_behind):
            while await self._database.run(index.catch_up):
                pass

    async def _tell(self, call: UUID) -> None:
        waiting = await self._database.read(lambda db: outbox.counts(db).waiting)
        self._bus.publish(
            HistoryChanged(id=self._clock.new_id(), at=self._clock.now(), call=call, unsynced=waiting)
        )


def condition(text: str, only: Only | str | None) -> tuple[str, list[Any]]:
    """A search as SQL: the condition on table `call`, and its values.

    Raises BadInput for a list there is not.
    """
    try:
        conditions = [_ONLY[Only(only) if only else None]]
    except ValueError:
        raise BadInput(f"There is no list of {only!r} calls. There is: {', '.join(Only)}.") from None
    values: list[Any] = []
    match = match_all(text)
    if match:
        found = "call.number IN (SELECT rowid FROM call_words WHERE call_words MATCH ?)"
        values.append(match)
        digits = digits_of(text)
        if len(digits) >= _LEAST_DIGITS:
            found = f"({found} OR call.digits LIKE ?)"
            values.append(f"%{digits}%")
        conditions.append(found)
    return " AND ".join(conditions), values


_PEER = "SELECT uri, name, user, last_at FROM peer"
_HAS_WORDS = "number IN (SELECT rowid FROM peer_words WHERE peer_words MATCH ?)"
_BEST_PEERS = "ORDER BY score DESC LIMIT 1000"
_BEST = "ORDER BY score DESC LIMIT ?"


def _completions(db: Connection, prefix: str, limit: int) -> list[Completion]:
    match, digits = match_all(prefix), digits_of(prefix)
    if digits and len(best := _among_best(db, digits, limit)) == limit:
        return best
    if digits:
        where = f"(digits >= ? AND digits < ?) OR {_HAS_WORDS}"
        values: list[Any] = [digits, _after(digits), match]
    elif match:
        where = _HAS_WORDS
        values = [match]
    elif prefix.strip(" +"):
        return []
    else:
        where, values = "1", []
    found = db.execute(f"{_PEER} WHERE {where} {_BEST}", [*values, max(0, limit)])
    return _as_completions(found.fetchall())


def _among_best(db: Connection, digits: str, limit: int) -> list[Completion]:
    """Those of the best peers whose number begins so: with few digits typed, no need to look at all."""
    found = db.execute(
        f"{_PEER} WHERE number IN (SELECT number FROM peer {_BEST_PEERS})"  # noqa: S608 - our own text
        f" AND digits >= ? AND digits < ? {_BEST}",
        [digits, _after(digits), max(0, limit)],
    )
    return _as_completions(found.fetchall())


def _as_completions(found: list[tuple[str, str, str, str]]) -> list[Completion]:
    return [
        Completion(Address(uri, name), name, user, datetime.fromisoformat(last_at))
        for uri, name, user, last_at in found
    ]


def _after(digits: str) -> str:
    """The least text above all that begin with `digits` (":" follows "9")."""
    return digits + ":"


def _missed_unseen(db: Connection) -> int:
    return int(db.execute("SELECT count(*) FROM call WHERE missed = 1").fetchone()[0])


def _see_missed(db: Connection) -> UUID | None:
    newest = db.execute("SELECT call FROM call WHERE missed = 1 ORDER BY number DESC LIMIT 1").fetchone()
    if newest is None:
        return None
    db.conn.execute("UPDATE call SET missed = 2 WHERE missed = 1")
    return UUID(newest[0])


def _totals(db: Connection) -> Totals:
    (all_,) = db.execute("SELECT count(*) FROM call").fetchone()
    (unsynced,) = db.execute("SELECT count(DISTINCT call) FROM outbox").fetchone()
    return Totals(all_, unsynced, _missed_unseen(db))


def _valid(text: str) -> str:
    """Text that can be kept and sent: a lone surrogate becomes a question mark."""
    return text.strip().encode("utf-8", "replace").decode("utf-8")
