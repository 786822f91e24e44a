"""Which figures are wanted, and the rows made of stored increments or of the live board. Pure.

Rules: a range goes from one quarter hour to another. Rows of 15, 30 and 60 minutes are cut in UTC, days at
midnight of the time zone asked for, else of the queue's own, else of the one that all queues agree on, else
of UTC. A row stands for what was counted in it: a key with nothing in an interval has no row. Figures reach
up to the newest event; a late one is added to the interval that it belongs to.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec

from console.domain.agent import Agent
from console.domain.errors import BadInput, NotThere
from console.domain.plan import is_timezone
from console.domain.queue import Queue
from console.metrics.catalogue import CATALOGUE, metrics_for
from console.metrics.increments import Dimension, Increment, merge_increments, minutes_start
from console.metrics.intervals import INTERVAL, Day, interval_start
from console.metrics.metric import Metric, Unit, Value
from console.metrics.reading import Reading, reading_of
from console.metrics.tally import Tally
from console.server.tables import Column, Kind, Table

DAYS_MOST = 400
ROWS_MOST = 50_000
ALL_TOGETHER = "All"

_FIRST_YEAR, _LAST_YEAR = 1980, 9000
_KINDS = {
    Unit.COUNT: Column("", Kind.COUNT),
    Unit.SECONDS: Column("", Kind.SECONDS),
    Unit.SHARE: Column("", Kind.SHARE),
    Unit.PER_HOUR: Column("", Kind.NUMBER, "1/h"),
}


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted: a range `between` two moments cut by `cut`, or a live `window`. `keys` () is all."""

    dimension: Dimension
    keys: tuple[str, ...] = ()
    between: tuple[datetime, datetime] | None = None
    cut: str = "all"
    window: str = ""
    timezone: str = ""
    metrics: tuple[Metric, ...] = ()


class FigureRow(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one key in one stretch of time; a value that cannot be worked out ("-") is null."""

    key: str
    name: str
    start: datetime
    end: datetime
    values: dict[str, float | int | None]


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Rows by start and key; `as_of` is when they were made, `timezone` the zone that they are shown in."""

    dimension: Dimension
    timezone: str
    as_of: datetime
    metrics: list[str]
    rows: list[FigureRow]


class Live(Protocol):
    """A live board to read."""

    def keys(self, dimension: Dimension) -> list[str]:
        """What there are figures of."""
        ...

    def reading(self, dimension: Dimension, key: str, minutes: int | None) -> Reading:
        """The last minutes (15, 30, 60), or with None today and now."""
        ...


class Names:
    """What keys are called, and in which zone their days begin."""

    def __init__(self, queues: Mapping[str, Queue], agents: Mapping[str, Agent]) -> None:
        """The configuration of now; of what is gone the key remains."""
        self._queues = queues
        self._agents = agents
        zones = {queue.timezone for queue in queues.values()}
        self.agreed = next(iter(zones)) if len(zones) == 1 else "UTC"

    def shown(self, dimension: Dimension, key: str) -> str:
        """The name to show."""
        found: Queue | Agent | None = None
        if dimension is Dimension.QUEUE:
            found = self._queues.get(key)
        elif dimension is Dimension.AGENT:
            found = self._agents.get(key)
        elif dimension is Dimension.CENTRE:
            return ALL_TOGETHER
        return found.shown if found is not None else key

    def zone(self, wish: Wish, key: str) -> str:
        """The zone whose midnight cuts the days of a key."""
        if wish.timezone:
            return wish.timezone
        queue = self._queues.get(key) if wish.dimension is Dimension.QUEUE else None
        return queue.timezone if queue is not None else self.agreed

    def shown_in(self, wish: Wish) -> str:
        """The one zone that a whole table is shown in."""
        if len(wish.keys) == 1:
            return self.zone(wish, wish.keys[0])
        return wish.timezone or self.agreed


def wished(given: Mapping[str, Any]) -> Wish:
    """The wish that somebody has put down as dimension, key, start, end, minutes, window, timezone, metrics.

    Raises BadInput, in words.
    """
    dimension: Dimension = given["dimension"]
    zone = given["timezone"] or ""
    if zone and not is_timezone(zone):
        raise BadInput(f"timezone “{zone[:60]}” is not known. It looks like Europe/Berlin.")
    window, between = given["window"] or "", None
    if window:
        if given["start"] or given["end"]:
            raise BadInput("Give either window, or from and to.")
    else:
        between = _range(given["start"], given["end"])
    keys = tuple(key for key in (given["key"] or "").replace("\0", "").split(",") if key)
    if dimension is Dimension.CENTRE and keys:
        raise BadInput("The centre has no keys: leave key out.")
    return Wish(
        dimension=dimension,
        keys=("",) if dimension is Dimension.CENTRE else keys,
        between=between,
        cut=given["minutes"] or "all",
        window=window,
        timezone=zone,
        metrics=_metrics(dimension, given["metrics"] or ""),
    )


def _range(start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    if start is None or end is None:
        raise BadInput("Give from and to, or a window (now, 15, 30, 60, today).")
    for name, value in (("from", start), ("to", end)):
        if value.tzinfo is None or not _FIRST_YEAR <= value.year <= _LAST_YEAR:
            raise BadInput(f"{name} is no time with its zone: write it like 2026-11-22T12:00:00Z.")
        if interval_start(value) != value:
            raise BadInput(f"{name} has to be a quarter of an hour, like 12:00, 12:15, 12:30 or 12:45.")
    if not start < end <= start + timedelta(days=DAYS_MOST):
        raise BadInput(f"to has to come after from, at most {DAYS_MOST} days.")
    return start, end


def _metrics(dimension: Dimension, text: str) -> tuple[Metric, ...]:
    if not text:
        return metrics_for(dimension)
    found = []
    for key in dict.fromkeys(part.strip() for part in text.split(",")):
        metric = CATALOGUE.get(key)
        if metric is None:
            raise NotThere(f"There is no metric “{key[:60]}”. GET /api/v1/metrics lists them.")
        if dimension not in metric.dimensions:
            raise BadInput(f"{key} does not exist by {dimension}, only by {', '.join(metric.dimensions)}.")
        found.append(metric)
    return tuple(found)


def stored_rows(wish: Wish, increments: Iterable[Increment], names: Names) -> list[FigureRow]:
    """The rows of a range. Raises BadInput when there are too many of them."""
    assert wish.between is not None
    cuts: dict[str, Callable[[datetime], tuple[datetime, datetime]]] = {}
    cells: dict[tuple[datetime, str], Tally] = {}
    ends: dict[tuple[datetime, str], datetime] = {}
    for (start, _, key), tally in merge_increments(increments).items():
        cut = cuts.get(key)
        if cut is None:
            cut = cuts[key] = _cut(wish, names.zone(wish, key))
        begins, over = cut(start)
        cell = (begins, key)
        if cell not in cells and len(cells) >= ROWS_MOST:
            raise BadInput(f"That is more than {ROWS_MOST} rows. Choose longer intervals or less of them.")
        cells.setdefault(cell, Tally()).merge(tally)
        ends[cell] = over
    return [
        row_of(wish, key, (begins, ends[begins, key]), reading_of(cells[begins, key]), names)
        for begins, key in sorted(cells)
    ]


def live_rows(wish: Wish, board: Live, names: Names, now: datetime) -> list[FigureRow]:
    """The rows of a live window: the last minutes, or today since midnight in each key's own zone."""
    minutes = int(wish.window) if wish.window.isdigit() else None
    known = board.keys(wish.dimension)
    rows = []
    for key in known if not wish.keys else [key for key in wish.keys if key in known]:
        if minutes is None:
            since = Day(names.zone(msgspec.structs.replace(wish, timezone=""), key), now).start
        else:
            since = now.replace(second=0, microsecond=0) - timedelta(minutes=minutes - 1)
        rows.append(row_of(wish, key, (since, now), board.reading(wish.dimension, key, minutes), names))
    return rows


def row_of(
    wish: Wish, key: str, between: tuple[datetime, datetime], reading: Reading, names: Names
) -> FigureRow:
    """One row, worked out."""
    return FigureRow(
        key=key,
        name=names.shown(wish.dimension, key),
        start=between[0],
        end=between[1],
        values={metric.key: _finite(metric.value(reading)) for metric in wish.metrics},
    )


def table_of(figures: Figures) -> Table:
    """The figures as a table for people: words, units, typed cells."""
    metrics = [CATALOGUE[key] for key in figures.metrics]
    columns = [
        Column(figures.dimension.value.capitalize(), Kind.TEXT),
        Column("Name", Kind.TEXT),
        Column("From", Kind.MOMENT),
        Column("To", Kind.MOMENT),
        *(msgspec.structs.replace(_KINDS[metric.unit], name=metric.name) for metric in metrics),
    ]
    return Table(
        title=f"Figures by {figures.dimension}",
        columns=columns,
        rows=[
            (
                row.key,
                row.name,
                row.start,
                row.end,
                *(row.values[key] for key in figures.metrics),
            )
            for row in figures.rows
        ],
        timezone=figures.timezone,
    )


def _cut(wish: Wish, zone: str) -> Callable[[datetime], tuple[datetime, datetime]]:
    """What tells the row, from when to when, that a quarter hour belongs to."""
    assert wish.between is not None
    first, last = wish.between
    if wish.cut == "all":
        return lambda _: (first, last)
    if wish.cut == "day":
        return _days(zone, first, last)
    length = timedelta(minutes=int(wish.cut))
    begin = minutes_start(int(wish.cut))
    if length == INTERVAL:
        return lambda start: (start, start + length)
    return lambda start: (max(begin(start), first), min(begin(start) + length, last))


def _days(zone: str, first: datetime, last: datetime) -> Callable[[datetime], tuple[datetime, datetime]]:
    known: list[Day] = []

    def of(start: datetime) -> tuple[datetime, datetime]:
        if not known or not known[-1].start <= start < known[-1].end:
            known.append(Day(zone, start))
        day = known[-1]
        return max(day.start, first), min(day.end, last)

    return of


def _finite(value: Value) -> Value:
    """A value that JSON can hold."""
    return value if value is None or abs(value) != float("inf") else None
