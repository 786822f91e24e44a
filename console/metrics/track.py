"""The tallies of one queue, agent, ... through time: the last minutes, the days, and what is not stored yet.

A fact counts in its own minute, wherever the facts around it are: late, out of order, or from the future, it
changes no other minute and no other day. What is written goes to one minute's buffer first, and into the rest
when another minute's turn comes or somebody reads. Everything is bounded: MINUTES_KEPT minutes (the newest),
the DAYS_KEPT days that were written to last, and each quarter hour that nobody has taken yet.
"""

from bisect import insort
from datetime import datetime

from console.domain.figures import ABANDONED_KEPT, AbandonedCaller, Interval
from console.metrics.cells import Inflow
from console.metrics.intervals import MINUTES_A_QUARTER, Calendar, Day, minute_of
from console.metrics.tally import Tally, merged

MINUTES_KEPT = 64
"""The minutes of the longest window, and some more for facts that are a little ahead."""

DAYS_KEPT = 3
"""Today, and two that late facts, or early ones, are about."""

MINUTES_MOST = 80
_NEVER = -(1 << 62)


class Stretch:
    """A quarter hour of a page: its tally, and how it is shown."""

    __slots__ = ("shown", "tally")

    def __init__(self) -> None:
        """Nothing counted."""
        self.tally = Tally()
        self.shown: Interval | None = None


class Page:
    """A day: its tally, and where they are wanted its quarter hours and abandoned callers."""

    __slots__ = ("callers", "stretches", "tally")

    def __init__(self) -> None:
        """Nothing counted."""
        self.tally = Tally()
        self.stretches: dict[int, Stretch] = {}
        self.callers: list[tuple[datetime, int, AbandonedCaller]] = []

    def add(self, quarter: int, tally: Tally) -> None:
        """Count in a quarter hour."""
        stretch = self.stretches.get(quarter)
        if stretch is None:
            stretch = self.stretches[quarter] = Stretch()
        stretch.tally.merge(tally)
        stretch.shown = None

    def correct(self, quarter: int, name: str, amount: int) -> None:
        """Add to one count of a quarter hour."""
        self.tally.n[name] += amount
        stretch = self.stretches.get(quarter)
        if stretch is not None:
            stretch.tally.n[name] += amount
            stretch.shown = None

    def remember(self, caller: AbandonedCaller) -> None:
        """Keep a caller, the newest only."""
        insort(self.callers, (caller.at, caller.interaction.int, caller))
        if len(self.callers) > ABANDONED_KEPT:
            del self.callers[0]


class Track:
    """Tallies through time. `pending` is what was not taken yet by quarter hour; None: nobody takes it.
    `inflow`: what is not here yet, and comes before anything is read.
    """

    __slots__ = (
        "buffer",
        "by_quarters",
        "calendar",
        "callers",
        "inflow",
        "minute",
        "pages",
        "pending",
        "quarter",
        "ring",
        "under_way",
    )

    def __init__(
        self, calendar: Calendar, *, keep: bool, by_quarters: bool = False, inflow: Inflow | None = None
    ) -> None:
        """Nothing counted. `keep` for taking, `by_quarters` to know each day's quarter hours."""
        self.calendar = calendar
        self.inflow = inflow
        self.callers: list[AbandonedCaller] = []
        self.by_quarters = by_quarters
        self.buffer = Tally()
        self.minute = _NEVER
        self.under_way = Tally()
        self.quarter = _NEVER
        self.ring: dict[int, Tally] = {}
        self.pages: dict[int, Page] = {}
        self.pending: dict[int, Tally] | None = {} if keep else None

    def at(self, minute: int) -> Tally:
        """Where a fact of a minute counts. Ask anew for each fact."""
        if minute != self.minute:
            self._flush()
            self.minute = minute
        return self.buffer

    def put(self, minute: int, name: str, amount: int) -> None:
        """Add to one count of any minute."""
        if minute == self.minute:
            self.buffer.n[name] += amount
            return
        self._turn_to(minute // MINUTES_A_QUARTER)
        self.under_way.n[name] += amount
        known = self.ring.get(minute)
        if known is None:
            known = self._ring_in(minute, Tally())
        known.n[name] += amount

    def correct(self, minute: int, name: str, amount: int) -> None:
        """Add to one count of a minute long ago: to its day only where that is still kept."""
        quarter = minute // MINUTES_A_QUARTER
        if minute == self.minute or quarter in (self.quarter, self._coming):
            self.put(minute, name, amount)
            return
        known = self.ring.get(minute)
        if known is not None:
            known.n[name] += amount
        self._correct_filed(quarter, name, amount)

    @property
    def _coming(self) -> int:
        """The quarter hour of what is not here yet."""
        inflow = self.inflow
        return inflow.minute // MINUTES_A_QUARTER if inflow is not None and inflow.cells else _NEVER

    def _correct_filed(self, quarter: int, name: str, amount: int) -> None:
        page = self.pages.get(self.calendar.day_of(quarter * MINUTES_A_QUARTER).first)
        if page is not None:
            page.correct(quarter, name, amount)
        if self.pending is not None:
            self.pending.setdefault(quarter, Tally()).n[name] += amount

    def settle(self) -> None:
        """Bring all that was written to where it is read."""
        self._come_in()
        self._flush()
        self._file()
        if self.callers:
            self._file_callers()

    def minutes(self) -> dict[int, Tally]:
        """The last minutes that something counted in."""
        self.settle()
        return self.ring

    def _come_in(self) -> None:
        if self.inflow is not None and self.inflow.cells:
            self.inflow.drain()

    def _flush(self) -> None:
        """Bring the buffer to its minute and its quarter hour."""
        buffer = self.buffer
        if not buffer.n and not buffer.pauses:
            return
        self.buffer = Tally()
        minute = self.minute
        quarter = minute // MINUTES_A_QUARTER
        if quarter != self.quarter:
            self._turn_to(quarter)
        self.under_way.merge(buffer)
        known = self.ring.get(minute)
        if known is None:
            self._ring_in(minute, buffer)
        else:
            known.merge(buffer)

    def _turn_to(self, quarter: int) -> None:
        if quarter != self.quarter:
            self._file()
            self.quarter = quarter

    def _ring_in(self, minute: int, tally: Tally) -> Tally:
        self.ring[minute] = tally
        if len(self.ring) > MINUTES_MOST:
            for old in sorted(self.ring)[:-MINUTES_KEPT]:
                del self.ring[old]
        return tally

    def _file(self) -> None:
        """Bring the quarter hour under way to its day, and to what is to be taken."""
        tally = self.under_way
        if not tally.n and not tally.pauses:
            return
        self.under_way = Tally()
        first = self.calendar.day_of(self.quarter * MINUTES_A_QUARTER).first
        page = self.pages.pop(first, None) or Page()
        self.pages[first] = page  # now the last one written to
        if len(self.pages) > DAYS_KEPT:
            del self.pages[next(iter(self.pages))]
        page.tally.merge(tally)
        if self.callers:
            self._file_callers(self.quarter)
        if self.by_quarters:
            page.add(self.quarter, tally)
        if self.pending is not None:
            kept = self.pending.get(self.quarter)
            if kept is None:
                self.pending[self.quarter] = tally
            else:
                kept.merge(tally)

    def remember(self, caller: AbandonedCaller) -> None:
        """Keep an abandoned caller with the day."""
        self.callers.append(caller)
        if len(self.callers) > ABANDONED_KEPT:
            self.settle()

    def _file_callers(self, quarter: int | None = None) -> None:
        """Bring callers (of a quarter hour) to their day, which is there if it is kept."""
        callers, self.callers = self.callers, []
        for caller in callers:
            minute = minute_of(caller.at)
            page = self.pages.get(self.calendar.day_of(minute).first)
            if quarter is not None and minute // MINUTES_A_QUARTER != quarter:
                self.callers.append(caller)
            elif page is not None:
                page.remember(caller)

    # ------------------------------------------------------------ reading

    def page(self, day: Day) -> Page:
        """A day; an empty one when nothing of it is known."""
        self.settle()
        return self.pages.get(day.first) or Page()

    def window(self, minute: int, minutes: int) -> Tally:
        """The last `minutes` minutes, of which `minute` is the newest."""
        whole = Tally()
        for known, tally in self.minutes().items():
            if minute - minutes < known <= minute:
                whole.merge(tally)
        return whole

    def windows(self, minute: int, lengths: tuple[int, ...]) -> list[Tally]:
        """Several windows up to a minute, the shortest first, in one go."""
        ring = self.minutes()
        whole, found, rest = Tally(), [], iter(sorted(ring, reverse=True))
        known = next(rest, None)
        for length in lengths:
            while known is not None and known > minute - length:
                if known <= minute:
                    whole.merge(ring[known])
                known = next(rest, None)
            found.append(merged(whole))
        return found

    def quarters(self, first: int, last: int) -> Tally:
        """From minute `first` to before `last`, both on quarter hours; of one that is kept by quarters."""
        self.settle()
        whole = Tally()
        for page in self.pages.values():
            for quarter, stretch in page.stretches.items():
                if first <= quarter * MINUTES_A_QUARTER < last:
                    whole.merge(stretch.tally)
        return whole

    def take(self) -> dict[int, Tally]:
        """What was counted since this was last asked, by quarter hour."""
        self.settle()
        if self.pending is None:
            return {}
        taken, self.pending = self.pending, {}
        return taken

    def cut_anew(self, zone: str, calendar: Calendar, minute: int) -> None:
        """Other days: `calendar`, the track's own or the shared one, was changed from `zone` at a minute.

        By quarter hours nothing is lost; else today's counts stay today's.
        """
        self.settle()
        pages, self.pages = self.pages, {}
        if not self.by_quarters:
            before = Calendar(zone).day_of(minute).first
            self.pages = {
                calendar.day_of(minute).first if first == before else first: page
                for first, page in pages.items()
            }
            return
        for page in pages.values():
            for quarter, stretch in page.stretches.items():
                day = self.pages.setdefault(calendar.day_of(quarter * MINUTES_A_QUARTER).first, Page())
                day.tally.merge(stretch.tally)
                day.add(quarter, stretch.tally)
            for _, _, caller in page.callers:
                self.pages[calendar.day_of(minute_of(caller.at)).first].remember(caller)
        for first in sorted(self.pages)[:-DAYS_KEPT]:
            del self.pages[first]
