"""Hours against a wall clock read minute by minute, over clock changes in several zones."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.queue import Holiday, OpenHours, Queue
from console.domain.week import DAYS, day_of, minute_of
from console.routing.hours import is_open, next_change

MINUTE = timedelta(minutes=1)
WORK = OpenHours(days=("mon", "tue", "wed", "thu", "fri"), opens="08:00", closes="18:00")
BERLIN = Queue(key="a", timezone="Europe/Berlin", hours=(WORK,))
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Casablanca",
)
# Around the changes of the clocks in each of these zones, and a plain week.
STARTS = (
    datetime(2026, 3, 28, tzinfo=UTC),
    datetime(2026, 10, 24, tzinfo=UTC),
    datetime(2026, 4, 4, tzinfo=UTC),
    datetime(2026, 10, 3, tzinfo=UTC),
    datetime(2026, 3, 7, tzinfo=UTC),
    datetime(2026, 10, 31, tzinfo=UTC),
    datetime(2026, 2, 14, tzinfo=UTC),
    datetime(2026, 6, 30, tzinfo=UTC),
)
CLOCK = st.integers(0, 24 * 60 - 1).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
NIGHT = st.sampled_from(["00:00", "01:00", "01:30", "02:00", "02:15", "02:30", "02:45", "03:00", "24:00"])
CLOSES = st.one_of(CLOCK, NIGHT)
HOURS = st.builds(
    OpenHours,
    days=st.lists(st.sampled_from(DAYS), min_size=1, max_size=7, unique=True).map(tuple),
    opens=st.one_of(CLOCK, NIGHT.filter(lambda text: text != "24:00")),
    closes=CLOSES,
)
DAY = st.builds(
    lambda start, days: f"{start + timedelta(days=days):%Y-%m-%d}", st.sampled_from(STARTS), st.integers(0, 3)
)
HOLIDAYS = st.one_of(
    st.builds(Holiday, day=DAY),
    st.builds(Holiday, day=DAY.map(lambda day: day[5:]), opens=CLOCK, closes=CLOSES),
)


def _wall(queue: Queue, at: datetime) -> bool:
    """The rule in words: what the clock on the wall shows, looked up in the list of hours."""
    wall = at.astimezone(ZoneInfo(queue.timezone))
    now = wall.hour * 60 + wall.minute
    today, yesterday = wall.date(), wall.date() - timedelta(days=1)

    def own(day: object) -> list[Holiday]:
        exact = [h for h in queue.holidays if h.day == f"{day:%Y-%m-%d}"][-1:]
        return exact or [h for h in queue.holidays if h.day == f"{day:%m-%d}"][-1:]

    def listed(day: object) -> list[tuple[str, str]]:
        if own(day):
            return [(h.opens, h.closes) for h in own(day) if h.opens]
        name = DAYS[day.weekday()]
        hours = [(h.opens, h.closes) for h in queue.hours if name in h.days]
        return hours if queue.hours else [("00:00", "24:00")]

    for opens, closes in listed(today):
        begin, end = minute_of(opens), minute_of(closes)
        if begin <= now and (now < end or end <= begin):
            return True
    if own(today):
        return False
    return any(
        minute_of(closes) <= minute_of(opens) and now < minute_of(closes)
        for opens, closes in listed(yesterday)
    )


@settings(max_examples=25, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    start=st.sampled_from(STARTS),
    hours=st.lists(HOURS, max_size=3).map(tuple),
    holidays=st.lists(HOLIDAYS, max_size=2).map(tuple),
)
def test_every_minute_is_as_the_wall_clock_says(
    zone: str, start: datetime, hours: tuple[OpenHours, ...], holidays: tuple[Holiday, ...]
) -> None:
    queue = Queue(key="a", timezone=zone, hours=hours, holidays=holidays)
    minutes = [start + MINUTE * number for number in range(2 * 24 * 60)]
    states = [_wall(queue, minute) for minute in minutes]
    changes = [
        at for at, before, state in zip(minutes[1:], states, states[1:], strict=False) if before is not state
    ]
    for minute, state in zip(minutes[::7], states[::7], strict=True):
        assert is_open(queue, minute) is state
    told, at = [], minutes[0]
    while (change := next_change(queue, at)) is not None and change <= minutes[-1]:
        told.append(change)
        at = change
    assert told == changes


def test_the_hours_of_a_week() -> None:
    monday = datetime(2026, 11, 23, 6, 59, 59, tzinfo=UTC)
    assert not is_open(BERLIN, monday)
    assert next_change(BERLIN, monday) == datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    assert is_open(BERLIN, datetime(2026, 11, 23, 7, 0, tzinfo=UTC))
    friday = datetime(2026, 11, 27, 17, 0, tzinfo=UTC)
    assert not is_open(BERLIN, friday)
    assert next_change(BERLIN, friday) == datetime(2026, 11, 30, 7, 0, tzinfo=UTC)


def test_a_summer_day_opens_an_hour_earlier_in_utc() -> None:
    assert next_change(BERLIN, datetime(2026, 3, 27, 20, 0, tzinfo=UTC)) == datetime(
        2026, 3, 30, 6, 0, tzinfo=UTC
    )


def test_a_night_shift_ends_on_a_holiday_at_midnight() -> None:
    night = OpenHours(days=DAYS, opens="20:00", closes="04:00")
    queue = Queue(key="a", hours=(night,), holidays=(Holiday(day="12-25"),))
    assert is_open(queue, datetime(2026, 12, 24, 23, 59, tzinfo=UTC))
    assert not is_open(queue, datetime(2026, 12, 25, 0, 0, tzinfo=UTC))
    assert not is_open(queue, datetime(2026, 12, 25, 22, 0, tzinfo=UTC))
    assert not is_open(queue, datetime(2026, 12, 26, 1, 0, tzinfo=UTC))
    assert is_open(queue, datetime(2026, 12, 26, 20, 0, tzinfo=UTC))


def test_a_day_of_a_year_comes_before_that_of_every_year() -> None:
    queue = Queue(
        key="a", holidays=(Holiday(day="01-01"), Holiday(day="2027-01-01", opens="10:00", closes="12:00"))
    )
    assert is_open(queue, datetime(2027, 1, 1, 11, 0, tzinfo=UTC))
    assert not is_open(queue, datetime(2028, 1, 1, 11, 0, tzinfo=UTC))


@pytest.mark.parametrize("hours", [(), (OpenHours(days=("never",), opens="25:00"),)])
def test_what_says_nothing_is_open_for_ever(hours: tuple[OpenHours, ...]) -> None:
    queue = Queue(key="a", timezone="Nowhere/Land", hours=hours)
    assert is_open(queue, datetime(2026, 11, 23, tzinfo=UTC))
    assert next_change(queue, datetime(2026, 11, 23, tzinfo=UTC)) is None


def test_closed_for_good() -> None:
    holidays = tuple(Holiday(day=f"{month:02}-{day:02}") for month in range(1, 13) for day in range(1, 32))
    queue = Queue(key="a", hours=(WORK,), holidays=holidays)
    assert not is_open(queue, datetime(2026, 11, 23, 10, 0, tzinfo=UTC))
    assert next_change(queue, datetime(2026, 11, 23, 10, 0, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("text", "minute"),
    [("00:00", 0), ("24:00", 1440), ("09:30", 570), ("9:30", None), ("24:01", None), ("", None)],
)
def test_times_of_day(text: str, minute: int | None) -> None:
    assert minute_of(text) == minute


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-12-24", (2026, 12, 24)),
        ("02-29", (0, 2, 29)),
        ("2026-02-29", None),
        ("12-32", None),
        ("x", None),
    ],
)
def test_days(text: str, day: tuple[int, int, int] | None) -> None:
    assert day_of(text) == day
