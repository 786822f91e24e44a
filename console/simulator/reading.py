"""What a run's fold says: its increments, added up as it goes, so that memory does not grow with days."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from console.domain.figures import Counts
from console.metrics.increments import Dimension, tally_of
from console.metrics.tally import Tally
from console.simulator.engine import Engine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INTERVAL = timedelta(minutes=15)
_EVERY = timedelta(days=1)
_HALF_HOURS_FROM_S = 6 * 3600.0


def quarter_hour(at: datetime) -> datetime:
    """The start of the quarter hour that a moment lies in."""
    return at - (at - _EPOCH) % _INTERVAL


def added(parts: Sequence[Counts]) -> Counts:
    """Several stretches' counts as one: sums, but of maxima the most."""
    sums: dict[str, Any] = {}
    for part in parts:
        for name, value in msgspec.structs.asdict(part).items():
            if isinstance(value, dict):
                known = sums.setdefault(name, {})
                known.update((key, known.get(key, 0.0) + spent) for key, spent in value.items())
            elif "_max" in name:
                sums[name] = max(sums.get(name, 0), value)
            else:
                sums[name] = sums.get(name, 0) + value
    return Counts(**sums)


class Reader:
    """Adds up the fold's increments of a run, those of the quarter hours from `count_from` on.

    Queues by their keys, "" is all together. Slots are times of day (minutes from local midnight): quarter
    hours, or half hours where a day would have more than 24 of them.
    """

    def __init__(self, engine: Engine, count_from: datetime) -> None:
        """Nothing is read yet."""
        self._engine = engine
        self._count_from = count_from
        self._zone = engine.scenario.zone
        opens, closes = engine.scenario.opened(0)
        self._slot = 15 if (closes - opens).total_seconds() <= _HALF_HOURS_FROM_S else 30
        self._queues: dict[str, Tally] = {}
        self._agents: dict[str, Tally] = {}
        self._slots: dict[tuple[str, int], Tally] = {}

    def start(self) -> None:
        """Plan to read once a day."""
        self._engine.at(self._engine.now + _EVERY, self._read)

    def _read(self, _: object) -> None:
        self.take()
        self.start()

    def take(self) -> None:
        """Take over what the fold counted since it was last asked."""
        for increment in self._engine.fold.take_increments():
            if increment.start < self._count_from:
                continue
            tally = tally_of(increment)
            if increment.dimension is Dimension.AGENT:
                self._agents.setdefault(increment.key, Tally()).merge(tally)
            elif increment.dimension in {Dimension.QUEUE, Dimension.CENTRE}:
                self._queues.setdefault(increment.key, Tally()).merge(tally)
                slot = (increment.key, self._slot_of(increment.start))
                self._slots.setdefault(slot, Tally()).merge(tally)

    def counts(self, queue: str) -> Counts:
        """A queue's counts over the whole run."""
        return self._queues.get(queue, Tally()).counts()

    def slots(self) -> dict[tuple[str, int], Counts]:
        """Counts by queue and time of day."""
        return {slot: tally.counts() for slot, tally in self._slots.items()}

    def staff(self, agents: Sequence[str]) -> Counts:
        """Several agents' counts together."""
        whole = Tally()
        for agent in agents:
            if agent in self._agents:
                whole.merge(self._agents[agent])
        return whole.counts()

    def _slot_of(self, start: datetime) -> int:
        local = start.astimezone(self._zone)
        return (local.hour * 60 + local.minute) // self._slot * self._slot
