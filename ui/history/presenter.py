"""What a past call says: a row of the history to words, a shape and a tone. Pure."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from uuid import UUID

from console.domain.call import CallEnd, Direction
from ui.history.services import Row
from ui.widgets.times import moment, spoken
from ui.widgets.words import Words

_ENDS = {
    CallEnd.MISSED: "Missed",
    CallEnd.DECLINED: "Declined",
    CallEnd.BUSY: "Busy",
    CallEnd.NO_ANSWER: "No answer",
    CallEnd.CANCELLED: "Cancelled",
    CallEnd.REFUSED: "Refused",
    CallEnd.ELSEWHERE: "Answered elsewhere",
    CallEnd.FAILED: "Failed",
    CallEnd.LOST: "Interrupted",
}
_BAD = {CallEnd.MISSED, CallEnd.FAILED, CallEnd.LOST}


@dataclass(frozen=True)
class RowShown:
    """A past call as a row is painted; `says` is the whole for a screen reader."""

    call: UUID
    address: str
    name: str
    detail: str
    when: str
    lasted: str
    icon: str
    tone: str
    fresh: bool  # missed, and nobody has looked at it
    noted: bool  # somebody wrote something about it
    quality_bars: int
    says: str


def present_row(row: Row, now: datetime, zone: tzinfo | None, words: Words) -> RowShown:
    """How a past call is shown. `zone` None is the machine's own."""
    name = row.peer.shown or words("Unknown caller")
    outcome = end_words(row, words)
    when = moment(row.started_at, now, zone, words)
    lasted = spoken(row.talk_s, words) if row.answered_at is not None and row.end is not None else ""
    number = row.peer.user if row.peer.name and row.peer.user != row.peer.name else ""
    told = [outcome, row.queue, number, words(row.disposition) if row.disposition else ""]
    detail = " · ".join(part for part in told if part)
    direction = words("incoming") if row.direction is Direction.INCOMING else words("outgoing")
    return RowShown(
        call=row.call,
        address=row.peer.uri,
        name=name,
        detail=detail,
        when=when,
        lasted=lasted,
        icon=_icon(row),
        tone=_tone(row),
        fresh=row.missed == 1,
        noted=bool(row.note),
        quality_bars=_bars(row),
        says=", ".join(part for part in (name, direction, detail, when, lasted, row.note) if part),
    )


def end_words(row: Row, words: Words) -> str:
    """How the call ended, "" when it was simply answered and hung up."""
    if row.end is None:
        return words("In progress")
    if row.end in {CallEnd.HUNG_UP_HERE, CallEnd.HUNG_UP_THERE}:
        return "" if row.answered_at is not None else words("Not answered")
    return words(_ENDS[row.end])


def _icon(row: Row) -> str:
    if row.end is CallEnd.MISSED:
        return "phone-missed"
    if row.answered_at is None and row.end is not None:
        return "phone-off"
    return "phone-incoming" if row.direction is Direction.INCOMING else "phone-outgoing"


def _tone(row: Row) -> str:
    if row.end in _BAD:
        return "critical"
    return "good" if row.answered_at is not None else "neutral"


def _bars(row: Row) -> int:
    if row.quality is None or row.quality.mos is None:
        return 0
    return 1 + sum(row.quality.mos >= least for least in (2.8, 3.5, 4.0))
