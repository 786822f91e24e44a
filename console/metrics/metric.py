"""What a metric is: the form of the catalogue's entries."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from console.metrics.increments import Dimension
from console.metrics.kpis import ratio
from console.metrics.reading import Reading

Value = float | int | None
Work = Callable[[Reading], Value]


class Unit(StrEnum):
    """What a value is counted in."""

    COUNT = "count"
    SECONDS = "s"
    SHARE = "share"  # from 0 to 1; people are shown percent
    PER_HOUR = "1/h"


class Better(StrEnum):
    """Which way is good."""

    HIGH = "high"
    LOW = "low"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric. `warning` and `critical` are default limits in its unit, at or beyond which (on the side
    that is not better) it calls for attention; None: there is none by default. `live`: it is of now, a stored
    interval has none.
    """

    key: str
    name: str
    unit: Unit
    formula: str
    inputs: tuple[str, ...]
    better: Better
    warning: float | None = None
    critical: float | None = None
    dimensions: tuple[Dimension, ...]
    live: bool = False
    value: Work

    def level(self, value: Value) -> str:
        """`critical`, `warning` or "" by the default limits."""
        for name, limit in (("critical", self.critical), ("warning", self.warning)):
            if value is None or limit is None or self.better is Better.NEITHER:
                continue
            if value <= limit if self.better is Better.HIGH else value >= limit:
                return name
        return ""


def counted(
    rows: Iterable[tuple[str, str, str, Better, tuple[Dimension, ...]]], unit: Unit = Unit.COUNT
) -> tuple[Metric, ...]:
    """Metrics that are a field of figures.Counts: key, name, what it counts, better, dimensions."""
    return tuple(
        Metric(
            key=key, name=name, unit=unit, formula=meaning, inputs=(key,), better=better,
            dimensions=dimensions, value=field(key),
        )
        for key, name, meaning, better, dimensions in rows
    )  # fmt: skip


def field(name: str) -> Work:
    """A field of the counts as it is."""
    return lambda reading: getattr(reading.counts, name)


def per(top: str, bottom: str) -> Work:
    """A field of the counts divided by another."""
    return lambda reading: ratio(getattr(reading.counts, top), getattr(reading.counts, bottom))


def of_now(value: Work) -> Work:
    """Only of a live reading."""
    return lambda reading: value(reading) if reading.live else None
