"""From figures to what the graphs draw: points, bands and bars. Pure; x is Unix time in seconds."""

from collections.abc import Mapping, Sequence

import msgspec

from console.domain.agent import AgentState
from console.domain.figures import Interval, Sample, Snapshot

INTERVAL_S = 900
_GRAINS = (2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
LINES = 6  # more lines than this cannot be told apart: only the busiest queues are drawn
BANDS = (
    AgentState.ON_CONTACT,
    AgentState.HOLD,
    AgentState.WRAP_UP,
    AgentState.OFFERED,
    AgentState.READY,
    AgentState.PAUSED,
    AgentState.NOT_RESPONDING,
)
"""From the ground up: work first, then who is free, then who is away."""


class Line(msgspec.Struct, frozen=True):
    """One line: a queue's key and its values."""

    key: str
    x: tuple[float, ...]
    y: tuple[float, ...]


class Band(msgspec.Struct, frozen=True):
    """One band of a stack: its state, its lower and upper edge, and how many are in it now."""

    state: AgentState
    low: tuple[float, ...]
    high: tuple[float, ...]
    now: int


class Bars(msgspec.Struct, frozen=True):
    """Counts by interval, x at the interval's start."""

    x: tuple[float, ...]
    offered: tuple[int, ...]
    answered: tuple[int, ...]
    abandoned: tuple[int, ...]


class Steps(msgspec.Struct, frozen=True):
    """Service level in per cent by interval; only intervals in which there was something to divide."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    target: float


def thinned(samples: Sequence[Sample], most: int = 240) -> tuple[Sample, ...]:
    """At most about `most` samples, the last of each stretch of time; stretches keep their places."""
    if len(samples) <= most:
        return tuple(samples)
    stretch = (samples[-1].at - samples[0].at).total_seconds() / most
    grain = next((step for step in _GRAINS if step >= stretch), stretch)
    kept = {int(sample.at.timestamp() // grain): sample for sample in samples}
    return tuple(kept.values())


def times(samples: Sequence[Sample]) -> tuple[float, ...]:
    """When samples were taken."""
    return tuple(sample.at.timestamp() for sample in samples)


def waiting_lines(samples: Sequence[Sample], keys: Sequence[str], queue: str = "") -> list[Line]:
    """Waiting calls over time of the queues `keys`: one queue's line, or those of the busiest."""
    x = times(samples)
    weight = {key: sum(sample.waiting.get(key, 0) for sample in samples) for key in keys}
    busiest = set(sorted(keys, key=lambda key: -weight[key])[:LINES])
    return [
        Line(key, x, tuple(float(sample.waiting.get(key, 0)) for sample in samples))
        for key in keys
        if (key == queue if queue else key in busiest)
    ]


def styled(lines: Sequence[Line], before: Mapping[str, int]) -> dict[str, int]:
    """Which of the line styles each queue is drawn in: as before while it is drawn, else the first free one.

    So no two lines look alike, and a line keeps its look while others come and go.
    """
    styles = {line.key: before[line.key] for line in lines if line.key in before}
    free = (number for number in range(len(lines) + len(before)) if number not in styles.values())
    for line in lines:
        if line.key not in styles:
            styles[line.key] = next(free)
    return styles


def agent_bands(samples: Sequence[Sample]) -> list[Band]:
    """Agents by state over time, stacked; states that nobody was in are left out."""
    bands: list[Band] = []
    low = [0.0] * len(samples)
    for state in BANDS:
        numbers = [sample.agents.get(state, 0) for sample in samples]
        if not any(numbers):
            continue
        high = [below + number for below, number in zip(low, numbers, strict=True)]
        bands.append(Band(state, tuple(low), tuple(high), numbers[-1]))
        low = high
    return bands


def _of(board: Snapshot, queue: str) -> list[Interval]:
    return sorted((item for item in board.intervals if item.queue == queue), key=lambda item: item.start)


def service_steps(board: Snapshot, queue: str = "") -> Steps:
    """Service level by interval against its target, of a queue or of all together."""
    counted = [item for item in _of(board, queue) if item.service_level is not None]
    rows = {row.queue.key: row for row in board.queues}
    row = rows.get(queue) if queue else board.total
    return Steps(
        tuple(item.start.timestamp() for item in counted),
        tuple(100.0 * (item.service_level or 0.0) for item in counted),
        100.0 * (row.queue.target if row else 0.8),
    )


def call_bars(board: Snapshot, queue: str = "") -> Bars:
    """Offered, answered and abandoned calls by interval, of a queue or of all together."""
    rows = _of(board, queue)
    return Bars(
        tuple(item.start.timestamp() for item in rows),
        tuple(item.counts.offered for item in rows),
        tuple(item.counts.answered for item in rows),
        tuple(item.counts.abandoned for item in rows),
    )
