"""When a queue is open: by the clock on the wall of its own time zone. Pure.

Open is the minute whose time on that clock lies in a stretch of the day; a stretch that closes at or before
it opens goes on into the next day. A holiday rules its whole calendar day: what began the day before ends at
its midnight. Without hours a queue is always open, but for its holidays. Where the clock is put back, an hour
comes twice and both times count alike; where it is put forward, what lies in the gap is not there.

What cannot be read is left out, an unknown time zone is UTC: domain.plan tells it at load.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from console.domain.queue import Holiday, OpenHours, Queue
from console.domain.week import DAYS, WHOLE_DAY, day_of, minute_of

Stretch = tuple[int, int]
"""Minutes of a day: from the first on, before the second."""

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_HORIZON_DAYS = 1500
_ALWAYS: tuple[Stretch, ...] = ((0, WHOLE_DAY),)


class Schedule:
    """The hours of a queue, read once."""

    def __init__(self, hours: tuple[OpenHours, ...], holidays: tuple[Holiday, ...], timezone: str) -> None:
        """Read them."""
        self.zone = _zone(timezone)
        self._week: list[list[Stretch]] = [[] for _ in DAYS]
        self._always = True
        for stretch in hours:
            self._take(stretch)
        self._days = {day: _own(holiday) for holiday in holidays if (day := day_of(holiday.day)) is not None}

    def _take(self, hours: OpenHours) -> None:
        stretch = _stretch(hours.opens, hours.closes)
        for name in hours.days:
            if stretch is not None and name in DAYS:
                self._week[DAYS.index(name)].append(stretch)
                self._always = False

    @property
    def never_changes(self) -> bool:
        """Whether it is open all the time."""
        return self._always and not self._days

    def is_open(self, at: datetime) -> bool:
        """Whether it is open at an aware time."""
        local = at.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        return any(opens <= minute < closes for opens, closes in self.of(local.date()))

    def next_change(self, at: datetime) -> datetime | None:
        """The first moment after `at` at which it opens or closes (UTC); None: not in the years to come."""
        state = self.is_open(at)
        day = at.astimezone(self.zone).date()
        for _ in range(_HORIZON_DAYS):
            for moment in self._moments(day, state=state):
                if moment > at and self.is_open(moment) is not state:
                    return moment
            day += _DAY
        return None

    def of(self, day: date) -> tuple[Stretch, ...]:
        """The stretches of a calendar day."""
        own = self._holiday(day)
        if own is not None:
            return _cut(own)
        today = self._week[day.weekday()] if not self._always else _ALWAYS
        return (*_cut(today), *self._carried(day))

    def _carried(self, day: date) -> Iterator[Stretch]:
        """What began the day before and goes on over midnight."""
        before = day - _DAY
        own = self._holiday(before)
        if own is None:
            own = [] if self._always else self._week[before.weekday()]
        for _, closes in own:
            if closes > WHOLE_DAY:
                yield 0, closes - WHOLE_DAY

    def _holiday(self, day: date) -> list[Stretch] | None:
        own = self._days.get((day.year, day.month, day.day))
        return own if own is not None else self._days.get((0, day.month, day.day))

    def _moments(self, day: date, *, state: bool) -> list[datetime]:
        """The moments of a day at which something could change, in order."""
        stretches = self.of(day)
        if (state and stretches == _ALWAYS) or (not state and not stretches):
            return []
        walls = {0}.union(*({opens, closes} for opens, closes in stretches))
        moments = {self._moment(day, wall, fold) for wall in walls for fold in (0, 1)}
        begin, end = self._moment(day, 0, 0), self._moment(day, WHOLE_DAY, 1)
        if begin.astimezone(self.zone).utcoffset() != end.astimezone(self.zone).utcoffset():
            moments.update(_shifts(begin, end, self.zone))
        return sorted(moments)

    def _moment(self, day: date, minute: int, fold: int) -> datetime:
        days, minute = divmod(minute, WHOLE_DAY)
        wall = datetime.combine(day + days * _DAY, time(minute // 60, minute % 60, fold=fold), self.zone)
        return wall.astimezone(UTC)


def is_open(queue: Queue, at: datetime) -> bool:
    """Whether a queue is open at an aware time."""
    if not queue.hours and not queue.holidays:
        return True
    return schedule_of(queue.hours, queue.holidays, queue.timezone).is_open(at)


def next_change(queue: Queue, at: datetime) -> datetime | None:
    """The first moment after `at` at which a queue opens or closes (UTC); None: never."""
    if not queue.hours and not queue.holidays:
        return None
    schedule = schedule_of(queue.hours, queue.holidays, queue.timezone)
    return None if schedule.never_changes else schedule.next_change(at)


@lru_cache(maxsize=16384)
def schedule_of(hours: tuple[OpenHours, ...], holidays: tuple[Holiday, ...], timezone: str) -> Schedule:
    """A queue's hours, read once for as long as they are asked about."""
    return Schedule(hours, holidays, timezone)


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return UTC


def _stretch(opens: str, closes: str) -> Stretch | None:
    begin, end = minute_of(opens), minute_of(closes)
    if begin is None or end is None:
        return None
    return begin, end if end > begin else end + WHOLE_DAY


def _own(holiday: Holiday) -> list[Stretch]:
    stretch = _stretch(holiday.opens, holiday.closes) if holiday.opens else None
    return [stretch] if stretch is not None else []


def _cut(stretches: list[Stretch] | tuple[Stretch, ...]) -> tuple[Stretch, ...]:
    return tuple((opens, min(closes, WHOLE_DAY)) for opens, closes in stretches)


def _shifts(begin: datetime, end: datetime, zone: tzinfo) -> Iterator[datetime]:
    """The minutes between two moments from which on the zone's clock goes differently."""
    moment = begin
    offset = begin.astimezone(zone).utcoffset()
    while moment < end:
        moment += _MINUTE
        if moment.astimezone(zone).utcoffset() != offset:
            offset = moment.astimezone(zone).utcoffset()
            yield moment
