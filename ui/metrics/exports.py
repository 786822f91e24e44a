"""Which figures go into a file: days, dimension, intervals; as the centre's API takes them. Pure."""

from datetime import date, datetime, time, timedelta, tzinfo
from enum import Enum

import msgspec

from console.metrics.increments import Dimension

DAYS_MOST = 400
"""The centre gives figures of so many days at once."""

CUTS = ("15", "30", "60", "day", "all")
"""How long the intervals are: minutes, a day, or the whole range in one."""

KINDS = ("xlsx", "csv")


class Range(Enum):
    """The ranges that are often wanted; `OWN` has two dates."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    WEEK = "week"
    MONTH = "month"
    OWN = "own"


def days_of(chosen: Range, today: date) -> tuple[date, date]:
    """The first and the last day of a range; of one's own: today, until it is changed."""
    spans = {Range.YESTERDAY: (1, 1), Range.WEEK: (6, 0), Range.MONTH: (29, 0)}
    first, last = spans.get(chosen, (0, 0))
    return today - timedelta(days=first), today - timedelta(days=last)


class Wish(msgspec.Struct, frozen=True):
    """What goes into the file: from the beginning of day `first` to the end of day `last`."""

    dimension: Dimension
    first: date
    last: date
    cut: str
    kind: str

    @property
    def fault(self) -> str:
        """What is wrong with it, as a key of the words; "" for nothing."""
        if self.last < self.first:
            return "export order"
        return "export long" if (self.last - self.first).days >= DAYS_MOST else ""

    @property
    def file(self) -> str:
        """A name for the file."""
        days = f"{self.first:%Y-%m-%d}" + (f"-{self.last:%Y-%m-%d}" if self.last != self.first else "")
        return f"callboard-{self.dimension.value}-{days}.{self.kind}"

    def query(self, zone: tzinfo | None, zone_name: str) -> dict[str, str]:
        """As /api/v1/figures takes it. Days begin at midnight of `zone` (None: the machine's own)."""
        given = {
            "dimension": self.dimension.value,
            "from": _midnight(self.first, zone).isoformat(),
            "to": _midnight(self.last + timedelta(days=1), zone).isoformat(),
            "minutes": self.cut,
        }
        return given | ({"timezone": zone_name} if zone_name else {})


def _midnight(day: date, zone: tzinfo | None) -> datetime:
    there = datetime.combine(day, time.min)
    return there.replace(tzinfo=zone) if zone is not None else there.astimezone()
