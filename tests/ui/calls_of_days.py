"""Calls of the last days, of every kind, for a history that is to be looked at."""

from datetime import timedelta

from console.clock import StoppedClock
from console.domain.address import Address
from console.domain.call import CallEnd, Direction, Quality
from console.history.rows import HistoryRow
from tests.ui.doubles import START

_PEOPLE = (
    ("Anna Müller", "+4930123456"), ("Ben Okafor", "+442079460123"), ("Chiara Rossi", "+390612345678"),
    ("", "+33142685300"), ("Dr. Maximiliane von Hohenstein-Weißenburg-Rothenfels", "+498912345678"),
    ("Emil Sørensen", "+4533121212"), ("Support line", "support"), ("Fatima Al-Sayed", "+97143312345"),
)  # fmt: skip
_ENDS = (
    CallEnd.HUNG_UP_THERE,
    CallEnd.MISSED,
    CallEnd.HUNG_UP_HERE,
    CallEnd.NO_ANSWER,
    CallEnd.HUNG_UP_THERE,
)


def make_rows(count: int, clock: StoppedClock) -> list[HistoryRow]:
    """Calls of the last days, the newest first, of many kinds."""
    return [_row(place, clock) for place in range(count)]


def _row(place: int, clock: StoppedClock) -> HistoryRow:
    name, number = _PEOPLE[place % len(_PEOPLE)]
    end = _ENDS[place % len(_ENDS)]
    started = START - timedelta(minutes=7 + 37 * place)
    answered = (
        started + timedelta(seconds=8) if end in {CallEnd.HUNG_UP_HERE, CallEnd.HUNG_UP_THERE} else None
    )
    outgoing = place % 3 == 2 or end is CallEnd.NO_ANSWER
    lasted = timedelta(seconds=40 + (place * 73) % 700)
    return HistoryRow(
        call=clock.new_id(), agent="anna", interaction=clock.new_id(),
        direction=Direction.OUTGOING if outgoing else Direction.INCOMING,
        peer=Address(f"sip:{number}@example.org", name), started_at=started, answered_at=answered,
        ended_at=(answered or started) + lasted, end=end,
        queue="" if outgoing else ("Sales", "Support")[place % 2],
        quality=Quality(codec="G722", mos=(4.3, 3.7, 3.0, 2.4)[place % 4]) if answered else None,
        disposition="Solved" if place % 4 == 0 and answered else "",
        note="Asked for an offer" if place % 6 == 0 else "",
        missed=1 if end is CallEnd.MISSED and place < 8 else 2 if end is CallEnd.MISSED else 0,
    )  # fmt: skip
