"""Time cut up: minutes, quarter hours, and the days of a queue's own time zone.

Times inside the fold are whole microseconds since 1970 (UTC), minutes and quarter hours the whole numbers of
them since then.
"""

import logging
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

INTERVAL = timedelta(minutes=15)
"""All time zones of today lie whole quarters from UTC, so one cut serves every zone."""

MINUTE_US = 60_000_000
MINUTES_A_QUARTER = 15
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
_DAYS_KNOWN = 8
_log = logging.getLogger(__name__)


def us_of(at: datetime) -> int:
    """Microseconds since 1970."""
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment_of(us: int) -> datetime:
    """The moment of so many microseconds since 1970."""
    return _EPOCH + us * _US


def minute_of(at: datetime) -> int:
    """The minute that a moment lies in."""
    return us_of(at) // MINUTE_US


def quarter_start(quarter: int) -> datetime:
    """When a quarter hour begins."""
    return _EPOCH + quarter * INTERVAL


def interval_start(at: datetime) -> datetime:
    """The start of the quarter hour that a moment lies in."""
    return at - (at - _EPOCH) % INTERVAL


class Day:
    """A calendar day of a time zone: from its midnight (`start`, the minute `first`) on, before the next
    (`end`, the minute `last`).
    """

    __slots__ = ("end", "first", "last", "name", "start", "zone")

    def __init__(self, zone: str, at: datetime) -> None:
        """The day of `at` in the zone; one that nobody knows counts as UTC, and the log says so."""
        self.zone = zone
        found = zone_of(zone)
        today = at.astimezone(found).date()
        self.name = today.isoformat()
        self.start = _midnight(today, found)
        self.end = _midnight(today + timedelta(days=1), found)
        self.first = minute_of(self.start)
        self.last = minute_of(self.end)


class Calendar:
    """The days of one time zone, which can become another's."""

    __slots__ = ("_days", "_latest", "zone")

    def __init__(self, zone: str) -> None:
        """The days of an IANA zone."""
        self.zone = zone
        self._days: list[Day] = []
        self._latest: Day | None = None

    def day_of(self, minute: int) -> Day:
        """The day that a minute lies in."""
        latest = self._latest
        if latest is not None and latest.first <= minute < latest.last:
            return latest
        found = next((day for day in self._days if day.first <= minute < day.last), None)
        if found is None:
            found = Day(self.zone, _EPOCH + timedelta(minutes=minute))
            self._days = [*self._days[1 - _DAYS_KNOWN :], found]
        self._latest = found
        return found

    def change(self, zone: str) -> None:
        """The days of another zone from now on."""
        self.zone = zone
        self._days = []
        self._latest = None


def zone_of(name: str) -> ZoneInfo:
    """The zone of an IANA name; UTC, with a warning in the log, for a name that is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        _log.warning("there is no time zone %r: its days are counted from midnight UTC", name)
        return ZoneInfo("UTC")


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
