"""Time cut up: quarter hours, the days of a queue's own time zone, and the tallies kept by each."""

import logging
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from console.domain.figures import Counts, Interval
from console.domain.queue import Queue

INTERVAL = timedelta(minutes=15)
"""All time zones of today lie whole quarters from UTC, so one cut serves every zone."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_log = logging.getLogger(__name__)


class Tally:
    """Counts as they grow: the fields of figures.Counts."""

    __slots__ = Counts.__struct_fields__

    offered: int
    answered: int
    answered_in_time: int
    abandoned: int
    abandoned_in_time: int
    short_abandoned: int
    flowed_out: int
    requeued: int
    transferred_in: int
    transferred_out: int
    wait_answered_s: float
    wait_max_s: float
    talk_s: float
    hold_s: float
    wrap_up_s: float

    def __init__(self) -> None:
        """Nothing counted."""
        for name in Counts.__struct_fields__:
            setattr(self, name, 0.0 if name.endswith("_s") else 0)

    def counts(self) -> Counts:
        """The counts as they stand."""
        return Counts(**{name: getattr(self, name) for name in Counts.__struct_fields__})

    def answer(self, waited_s: float, *, in_time: bool) -> None:
        """Count an answer after a wait."""
        self.answered += 1
        self.answered_in_time += in_time
        self.wait_answered_s += waited_s
        self.wait_max_s = max(self.wait_max_s, waited_s)

    def abandon(self, waited_s: float, *, in_time: bool, short: bool) -> None:
        """Count a customer who left after a wait."""
        self.abandoned += 1
        self.abandoned_in_time += in_time
        self.short_abandoned += short
        self.wait_max_s = max(self.wait_max_s, waited_s)


class Stretch:
    """One interval under way: its tally, the most who waited at once, the settings last in force."""

    __slots__ = ("end", "queue", "shown", "start", "tally", "waiting_max")

    def __init__(self, start: datetime, queue: Queue, waiting: int) -> None:
        """It begins with so many waiting."""
        self.start = start
        self.end = start + INTERVAL
        self.queue = queue
        self.tally = Tally()
        self.waiting_max = waiting
        self.shown: Interval | None = None


def interval_start(at: datetime) -> datetime:
    """The start of the quarter hour that a moment lies in."""
    return at - (at - _EPOCH) % INTERVAL


class Day:
    """A calendar day of a time zone: from its midnight (`start`) on, before the next (`end`)."""

    __slots__ = ("end", "name", "start", "zone")

    def __init__(self, zone: str, at: datetime) -> None:
        """The day of `at` in the zone; one that nobody knows counts as UTC, and the log says so."""
        self.zone = zone
        found = zone_of(zone)
        today = at.astimezone(found).date()
        self.name = today.isoformat()
        self.start = _midnight(today, found)
        self.end = _midnight(today + timedelta(days=1), found)


def zone_of(name: str) -> ZoneInfo:
    """The zone of an IANA name; UTC, with a warning in the log, for a name that is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        _log.warning("there is no time zone %r: its days are counted from midnight UTC", name)
        return ZoneInfo("UTC")


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
