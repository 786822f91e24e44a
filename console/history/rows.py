"""A call as a row: how it is begun, kept up to date, finished and read back."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from console.domain.address import Address
from console.domain.call import CallEnd, Direction, Quality
from console.domain.events import CallRecorded
from console.domain.queue import SkillNeed
from console.history.schema import digits_of, stamp
from console.store import outbox
from console.store.database import Connection

_json = msgspec.json.Encoder()
_quality = msgspec.json.Decoder(Quality)
_skills = msgspec.json.Decoder(tuple[SkillNeed, ...])


def always() -> bool:
    """Deliver every call: there is a centre."""
    return True


class Delivery(StrEnum):
    """How a call stands with the centre."""

    LOCAL = "local"  # made without a centre: it stays here
    OPEN = "open"  # the call goes on
    WAITING = "waiting"  # in the outbox
    SENT = "sent"  # the centre confirmed it
    REFUSED = "refused"  # the centre said no; `refused` tells why


class OpenCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call that goes on, as far as it is known. `held_s` sums the holds that are over."""

    call: UUID
    record: UUID
    agent: str
    direction: Direction
    peer: Address
    started_at: datetime
    account: str = ""
    interaction: UUID | None = None
    queue: str = ""
    waited_s: float | None = None
    skills: tuple[SkillNeed, ...] = ()
    answered_at: datetime | None = None
    held_since: datetime | None = None
    held_s: float = 0.0
    quality: Quality | None = None

    def resumed(self, at: datetime) -> "OpenCall":
        """The call with a hold, if there is one, ended at `at`."""
        if self.held_since is None:
            return self
        held = max(0.0, (at - self.held_since).total_seconds())
        return msgspec.structs.replace(self, held_since=None, held_s=self.held_s + held)

    def record_at(self, at: datetime, end: CallEnd, sip_code: int) -> CallRecorded:
        """The record of this call, ended at `at`."""
        return CallRecorded(
            id=self.record,
            at=at,
            call=self.call,
            agent=self.agent,
            interaction=self.interaction,
            direction=self.direction,
            peer=self.peer,
            queue=self.queue,
            started_at=self.started_at,
            answered_at=self.answered_at,
            ended_at=at,
            end=end,
            sip_code=sip_code,
            quality=self.quality,
            held_s=self.held_s,
        )


class HistoryRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call of the history. `end` and `ended_at` are None while it goes on; durations in seconds.

    `missed` is 0 for a call that was not missed, 1 for a missed one not looked at yet, 2 for one that was
    looked at.
    """

    call: UUID
    agent: str
    direction: Direction
    peer: Address
    started_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    end: CallEnd | None = None
    interaction: UUID | None = None
    account: str = ""
    queue: str = ""
    waited_s: float | None = None
    skills: tuple[SkillNeed, ...] = ()
    sip_code: int = 0
    reason: str = ""
    quality: Quality | None = None
    held_s: float = 0.0
    disposition: str = ""
    note: str = ""
    noted_at: datetime | None = None
    missed: int = 0
    delivery: Delivery = Delivery.LOCAL
    refused: str = ""

    @property
    def number(self) -> str:
        """The number or user at the other end."""
        return self.peer.user

    @property
    def talk_s(self) -> float:
        """From the answer to the end, holds included; 0 for a call that was not answered or goes on."""
        if self.answered_at is None or self.ended_at is None:
            return 0.0
        return max(0.0, (self.ended_at - self.answered_at).total_seconds())

    @property
    def synced(self) -> bool:
        """Whether the centre has it all, the note included."""
        return self.delivery is Delivery.SENT


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """How a call is to stand in the history: as far as it went by `seen_at`, with its `record` once it is
    over.

    `deliver`: the record goes to the centre.
    """

    call: OpenCall
    seen_at: datetime
    record: CallRecorded | None = None
    sip_reason: str = ""
    deliver: bool = False


_FIXED = "call, record, agent, interaction, incoming, uri, name, digits, account, queue, waited_s, skills"
_MOVING = (
    'started_at, answered_at, seen_at, held_s, quality, ended_at, "end", sip_code, reason, missed, deliver'
)
_CHANGED = ", ".join(f"{name} = excluded.{name}" for name in _MOVING.split(", "))
_VALUES = ", ".join("?" * 23)
_INSERT = f"INSERT INTO call ({_FIXED}, {_MOVING}) VALUES ({_VALUES})"  # noqa: S608 - our own names
_WRITE = f"{_INSERT} ON CONFLICT (call) DO UPDATE SET {_CHANGED}"


def write(db: Connection, entries: Sequence[Entry]) -> None:
    """Write calls as they stand, and the records of those that are over into the outbox, in one transaction.

    Writing an entry again changes nothing.
    """
    db.conn.executemany(_WRITE, [_columns(entry) for entry in entries])
    outbox.enqueue(db, *(entry.record for entry in entries if entry.record is not None and entry.deliver))


def _columns(entry: Entry) -> tuple[Any, ...]:
    call = entry.call
    return (
        str(call.call),
        str(call.record),
        call.agent,
        str(call.interaction) if call.interaction else None,
        call.direction is Direction.INCOMING,
        call.peer.uri,
        call.peer.name,
        digits_of(call.peer.user),
        call.account,
        call.queue,
        call.waited_s,
        _json.encode(call.skills).decode() if call.skills else "[]",
        stamp(call.started_at),
        stamp(call.answered_at) if call.answered_at else None,
        stamp(entry.seen_at),
        call.held_s,
        _json.encode(call.quality).decode() if call.quality else None,
        *_outcome(entry),
    )


def _outcome(entry: Entry) -> tuple[Any, ...]:
    record = entry.record
    if record is None:
        return None, None, 0, "", 0, 0
    missed = (
        record.direction is Direction.INCOMING
        and record.answered_at is None
        and record.end in {CallEnd.MISSED, CallEnd.LOST}
    )
    ended_at = stamp(record.ended_at)
    return ended_at, record.end.value, record.sip_code, entry.sip_reason, int(missed), int(entry.deliver)


def left_open(db: Connection) -> list[tuple[OpenCall, datetime]]:
    """The calls that a dead program left open, each with when it was last heard of."""
    found = db.execute(
        "SELECT call, record, agent, interaction, incoming, uri, name, account, queue, started_at,"
        " answered_at, held_s, quality, seen_at FROM call WHERE ended_at IS NULL ORDER BY number"
    )
    return [_as_open(row) for row in found.fetchall()]


def _as_open(row: tuple[Any, ...]) -> tuple[OpenCall, datetime]:
    call = OpenCall(
        call=UUID(row[0]),
        record=UUID(row[1]),
        agent=row[2],
        interaction=UUID(row[3]) if row[3] else None,
        direction=_direction(row[4]),
        peer=Address(row[5], row[6]),
        account=row[7],
        queue=row[8],
        started_at=datetime.fromisoformat(row[9]),
        answered_at=_moment(row[10]),
        held_s=row[11],
        quality=_quality.decode(row[12]) if row[12] else None,
    )
    return call, datetime.fromisoformat(row[13])


COLUMNS = """
    call.call, call.agent, call.incoming, call.uri, call.name, call.started_at, call.answered_at,
    call.ended_at, call."end", call.interaction, call.account, call.queue, call.waited_s, call.skills,
    call.sip_code, call.reason, call.quality, call.held_s, call.disposition, call.note, call.noted_at,
    call.missed, call.deliver, (SELECT max(refused) FROM outbox WHERE outbox.call = call.call)
"""


def as_rows(found: Iterable[tuple[Any, ...]]) -> list[HistoryRow]:
    """Rows of COLUMNS as values."""
    return [_as_row(row) for row in found]


def _as_row(row: tuple[Any, ...]) -> HistoryRow:
    return HistoryRow(
        call=UUID(row[0]),
        agent=row[1],
        direction=_direction(row[2]),
        peer=Address(row[3], row[4]),
        started_at=datetime.fromisoformat(row[5]),
        answered_at=_moment(row[6]),
        ended_at=_moment(row[7]),
        end=CallEnd(row[8]) if row[8] else None,
        interaction=UUID(row[9]) if row[9] else None,
        account=row[10],
        queue=row[11],
        waited_s=row[12],
        skills=_skills.decode(row[13]),
        sip_code=row[14],
        reason=row[15],
        quality=_quality.decode(row[16]) if row[16] else None,
        held_s=row[17],
        disposition=row[18],
        note=row[19],
        noted_at=_moment(row[20]),
        missed=row[21],
        delivery=_delivery(ended=bool(row[7]), deliver=bool(row[22]), refused=row[23]),
        refused=row[23] or "",
    )


def _delivery(*, ended: bool, deliver: bool, refused: str | None) -> Delivery:
    """`refused` is None when nothing of the call is in the outbox, "" when something waits there."""
    if refused:
        return Delivery.REFUSED
    if refused is not None:
        return Delivery.WAITING
    if not ended:
        return Delivery.OPEN
    return Delivery.SENT if deliver else Delivery.LOCAL


def _direction(incoming: int) -> Direction:
    return Direction.INCOMING if incoming else Direction.OUTGOING


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
