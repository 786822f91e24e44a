"""A track of few facts, and of time that goes by: what happens is noted in a row, and counted by the lot.

An agent has a fact or two a minute, and spells of time over many minutes. A tally of each minute would
cost more than all else, and nearly nobody asks for one: so the notes stay as they are while they are few.
What is read is the same as of any other track.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from console.metrics.intervals import MINUTES_A_QUARTER, Calendar
from console.metrics.tally import Tally
from console.metrics.track import MINUTES_KEPT, MINUTES_MOST, Track

Notes = list[int | str]
"""One after the other: a minute, the name of a count or one of the names below, and an amount. They lie flat
because small objects by the thousand would keep the collector of garbage busy.
"""

ANSWER, LATE_ANSWER, PAUSE = "*answer", "*late answer", "*pause:"
"""Names that are no count: an answer after a wait, within the time or not; paused time, with its reason."""

NOTES_MOST = 256
"""So many notes are kept as they are."""

_LENGTH_MOST = 3 * NOTES_MOST

_MARK = "*"


class Journal(Track):
    """A track that is written by notes; up to place `filed` they are in their quarter hours already."""

    __slots__ = ("filed", "notes")

    def __init__(self, calendar: Calendar, *, keep: bool, by_quarters: bool = False) -> None:
        """Nothing noted."""
        super().__init__(calendar, keep=keep, by_quarters=by_quarters)
        self.notes: Notes = []
        self.filed = 0

    def put(self, minute: int, name: str, amount: int) -> None:
        """Add to one count of any minute."""
        self.note((minute, name, amount))

    def note(self, notes: Sequence[int | str]) -> None:
        """One or several notes, in their order."""
        known = self.notes
        known += notes
        if len(known) > _LENGTH_MOST:
            self._shorten()

    def correct(self, minute: int, name: str, amount: int) -> None:
        """Add to one count of a minute long ago: to its day only where that is still kept."""
        self._count()
        quarter = minute // MINUTES_A_QUARTER
        if quarter != self.quarter:
            self._correct_filed(quarter, name, amount)
            self.filed += 3  # of the note, only the minute is still to be counted
        self.put(minute, name, amount)

    def settle(self) -> None:
        """Bring all that was noted to where it is read, but for the minutes."""
        self._count()
        self._file()

    def minutes(self) -> dict[int, Tally]:
        """The last minutes that something counted in."""
        self.settle()
        self._ring_all()
        return self.ring

    def _count(self) -> None:
        """Bring notes to their quarter hours."""
        if self.filed == len(self.notes):
            return
        quarter, whole = self.quarter, self.under_way
        n = whole.n
        for minute, name, amount in _each(self.notes[self.filed :] if self.filed else self.notes):
            if minute // MINUTES_A_QUARTER != quarter:
                quarter = minute // MINUTES_A_QUARTER
                self._turn_to(quarter)
                whole = self.under_way
                n = whole.n
            if name[0] != _MARK:
                n[name] += amount
            else:
                _count_in(whole, name, amount)
        self.filed = len(self.notes)

    def _ring_all(self) -> None:
        """Bring notes, counted already, to their minutes."""
        ring, notes = self.ring, self.notes
        self.notes, self.filed = [], 0
        for minute, name, amount in _each(notes):
            tally = ring.get(minute)
            if tally is None:
                tally = self._ring_in(minute, Tally())
            if name[0] != _MARK:
                tally.n[name] += amount
            else:
                _count_in(tally, name, amount)

    def _shorten(self) -> None:
        """Drop the notes of minutes that are not kept. If they are still many, they become tallies."""
        self._count()
        minutes: set[Any] = set(self.notes[::3])
        if len(minutes) > MINUTES_MOST:
            first = sorted(minutes)[-MINUTES_KEPT]
            self.notes = [part for note in _each(self.notes) if note[0] >= first for part in note]
            self.filed = len(self.notes)
        if 2 * len(self.notes) > _LENGTH_MOST:
            self._ring_all()


def _each(notes: Notes) -> Iterator[tuple[Any, Any, Any]]:
    parts = iter(notes)
    return zip(parts, parts, parts, strict=True)


def _count_in(tally: Tally, name: str, amount: int) -> None:
    if name is ANSWER or name is LATE_ANSWER:
        tally.answer(amount, in_time=name is ANSWER)
    else:
        tally.pause(name[len(PAUSE) :], amount)
