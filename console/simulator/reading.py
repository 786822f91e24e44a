"""What a run's fold says, by quarter hour: taken before each day of the fold ends, so that days add up."""

from datetime import UTC, datetime, timedelta

import msgspec

from console.domain.agent import AgentState
from console.domain.figures import Counts
from console.metrics.intervals import Day
from console.simulator.engine import Engine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INTERVAL = timedelta(minutes=15)
_TICK = timedelta(microseconds=1)


def quarter_hour(at: datetime) -> datetime:
    """The start of the quarter hour that a moment lies in."""
    return at - (at - _EPOCH) % _INTERVAL


def added(parts: list[Counts]) -> Counts:
    """Several intervals' counts as one: sums, but of maxima the most."""
    sums: dict[str, float] = {}
    for part in parts:
        for name, value in msgspec.structs.asdict(part).items():
            if isinstance(value, dict):
                continue
            before = sums.get(name, 0)
            sums[name] = max(before, value) if "_max" in name else before + value
    return Counts(**sums)  # type: ignore[arg-type]  # names and types as declared there


class Reader:
    """Collects the fold's figures of a run, those from `count_from` on."""

    def __init__(self, engine: Engine, count_from: datetime) -> None:
        """Nothing is read yet."""
        self._engine = engine
        self._count_from = count_from
        self._cells: dict[tuple[str, datetime], Counts] = {}
        self._spent: dict[str, dict[AgentState, float]] = {}
        self._answered: dict[str, int] = {}
        self._before: dict[str, tuple[dict[AgentState, float], int]] = {}

    def start(self) -> None:
        """Plan to read before each midnight of the fold's zones, and when the warm-up is over."""
        engine = self._engine
        first, days = engine.now, engine.scenario.days
        zones = {"UTC", *(queue.timezone for queue in engine.scenario.queues)}
        for zone in sorted(zones):
            for day in range(days + 2):
                engine.at(Day(zone, first + timedelta(days=day)).end - _TICK, lambda _: self.take())
        if self._count_from > first:
            engine.at(self._count_from, lambda _: self._begin())

    def take(self) -> None:
        """Take over what the fold says now."""
        fold, now = self._engine.fold, self._engine.now
        for interval in fold.snapshot(now).intervals:
            if interval.start >= self._count_from:
                self._cells[interval.queue, interval.start] = interval.counts
        if now >= self._count_from:
            self._take_agents(count=True)

    def counts(self, queue: str) -> Counts:
        """A queue's counts over the whole run; "" is all together."""
        return added([counts for (key, _), counts in self._cells.items() if key == queue])

    def cells(self) -> dict[tuple[str, datetime], Counts]:
        """Counts by queue ("" is all together) and start of the quarter hour."""
        return self._cells

    def spent(self, agent: str) -> dict[AgentState, float]:
        """Seconds an agent spent in each state."""
        return self._spent.get(agent, {})

    def answered(self, agent: str) -> int:
        """How often an agent answered."""
        return self._answered.get(agent, 0)

    def _begin(self) -> None:
        self._take_agents(count=False)

    def _take_agents(self, *, count: bool) -> None:
        books = self._engine.fold.books
        books.roll(self._engine.now)
        books.spend(self._engine.now)
        for key, row in books.agents.items():
            seconds, answered = dict(row.seconds), row.answered
            before, answered_before = self._before.get(key, ({}, 0))
            if sum(seconds.values()) < sum(before.values()):
                before, answered_before = {}, 0  # a new day began
            self._before[key] = (seconds, answered)
            if count:
                spent = self._spent.setdefault(key, {})
                for state, spell in seconds.items():
                    spent[state] = spent.get(state, 0.0) + spell - before.get(state, 0.0)
                self._answered[key] = self._answered.get(key, 0) + answered - answered_before
