"""What is stored of the figures: additive contributions of quarter hours, which only ever grow in number.

`Fold.take_increments` gives the contributions since it was last asked; a late fact for an interval that is
long over is one more contribution to it, and a correction is one that takes away. To read, merge all of an
interval, in any order:

    tallies = merge_increments(increments)             # {(start, dimension, key): Tally}
    hours = rolled_up(tallies, lambda start: start.replace(minute=0))
    values(reading_of(tally), dimension)               # metrics.catalogue, metrics.reading

Dimensions: `queue`, `channel`, `agent`, `skill`, and `centre` (key ""). Channel, skill and centre count an
interaction once, whatever queues it goes through; it counts under each skill that it asked for on coming,
preferred ones too, so skills do not add up to the centre. Thresholds and formulas were applied at the moment
of each fact: a change never touches what is stored.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import msgspec

from console.domain.errors import BadInput
from console.metrics.tally import FIELDS, Tally
from console.metrics.waits import WaitRecord, Waits, waits_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_WAITS = WaitRecord()


class Dimension(StrEnum):
    """What figures are kept by."""

    QUEUE = "queue"
    CHANNEL = "channel"
    AGENT = "agent"
    SKILL = "skill"
    CENTRE = "centre"


Cell = tuple[datetime, Dimension, str]
"""The start of an interval (UTC), the dimension, the key in it."""


class Increment(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A contribution to the quarter hour from `start` (UTC).

    `counts` by the names of metrics.tally (durations in whole microseconds); `pauses` microseconds by reason.
    """

    start: datetime
    dimension: Dimension
    key: str
    counts: dict[str, int] = {}
    pauses: dict[str, int] = {}
    answered_waits: WaitRecord = _NO_WAITS
    abandoned_waits: WaitRecord = _NO_WAITS

    def __bool__(self) -> bool:
        """Whether it adds anything."""
        return bool(self.counts) or bool(self.pauses)

    @property
    def minutes(self) -> int:
        """How long the interval is."""
        return 15

    @property
    def body(self) -> bytes:
        """As it is stored: `increment_from` reads it again."""
        return msgspec.json.encode(self)


def increment_from(body: bytes) -> Increment:
    """An increment that was stored. Raises BadInput."""
    try:
        return msgspec.json.decode(body, type=Increment)
    except msgspec.MsgspecError as fault:
        raise BadInput(f"a stored increment of figures cannot be read: {fault}") from None


def increment_of(cell: Cell, tally: Tally) -> Increment:
    """A tally as it is stored."""
    start, dimension, key = cell
    return Increment(
        start=start,
        dimension=dimension,
        key=key,
        counts={name: value for name, value in sorted(tally.n.items()) if value},
        pauses={reason: spent for reason, spent in sorted((tally.pauses or {}).items()) if spent},
        answered_waits=_record(tally.answered_waits),
        abandoned_waits=_record(tally.abandoned_waits),
    )


def tally_of(increment: Increment) -> Tally:
    """A tally that was stored. Counts of a newer program that this one does not know are left out."""
    tally = Tally()
    tally.n.update((name, value) for name, value in increment.counts.items() if name in FIELDS)
    tally.pauses = dict(increment.pauses) or None
    tally.answered_waits = _waits(increment.answered_waits)
    tally.abandoned_waits = _waits(increment.abandoned_waits)
    return tally


def merge_increments(increments: Iterable[Increment]) -> dict[Cell, Tally]:
    """All contributions of each interval as one."""
    merged: dict[Cell, Tally] = {}
    for increment in increments:
        cell = (increment.start.astimezone(UTC), increment.dimension, increment.key)
        tally = tally_of(increment)
        if cell in merged:
            merged[cell].merge(tally)
        else:
            merged[cell] = tally
    return merged


def rolled_up(tallies: Mapping[Cell, Tally], start_of: Callable[[datetime], datetime]) -> dict[Cell, Tally]:
    """Longer intervals: `start_of` tells where the interval of a quarter hour begins.

    `minutes_start(30)` and `minutes_start(60)` make half hours and hours, `intervals.Day(zone, start).start`
    the days of a zone. A constant makes one interval of all.
    """
    rolled: dict[Cell, Tally] = {}
    for (start, dimension, key), tally in tallies.items():
        rolled.setdefault((start_of(start), dimension, key), Tally()).merge(tally)
    return rolled


def minutes_start(minutes: int) -> Callable[[datetime], datetime]:
    """The starts of intervals of so many minutes, counted from midnight UTC."""
    length = timedelta(minutes=minutes)
    return lambda start: start - (start - _EPOCH) % length


def _record(waits: Waits | None) -> WaitRecord:
    return waits.record() if waits is not None else _NO_WAITS


def _waits(record: WaitRecord) -> Waits | None:
    return waits_of(record) if record.few or record.many else None
