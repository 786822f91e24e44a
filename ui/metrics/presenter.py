"""From figures to what a tile says: texts and how serious each is. Pure; the limits are the queue's own."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import IntEnum

import msgspec

from console.domain.agent import AgentState
from console.domain.figures import QueueFigures, ServiceLevel, Snapshot
from ui.metrics.tongue import Tongue
from ui.metrics.words import DASH

# Limits that a queue does not configure. The service level is critical so far below its target; the share of
# abandoned calls counts only once so many calls ended that one of them does not turn the tile red.
SERVICE_CRITICAL_BELOW = 0.10
ABANDON_WARNING, ABANDON_CRITICAL, ABANDON_LEAST = 0.05, 0.10, 10


class Level(IntEnum):
    """How serious a figure is. A higher one wins."""

    PLAIN = 0
    WARNING = 1
    CRITICAL = 2


class Figure(msgspec.Struct, frozen=True):
    """One figure of a tile: its name, its text, what it is made of, and how serious it is."""

    label: str
    text: str
    level: Level = Level.PLAIN
    note: str = ""


class TileView(msgspec.Struct, frozen=True, kw_only=True):
    """All that a queue's tile says.

    `formula` is the service level's in words, `inputs` its numbers, `share` its value and `aim` its target
    from 0 to 1; `spoken` is all of it for a screen reader.
    """

    key: str
    name: str
    level: Level
    word: str
    waiting: Figure
    longest: Figure
    service: Figure
    inputs: str
    inputs_short: str
    share: float | None
    aim: float
    formula: str
    target: str
    asa: Figure
    aht: Figure
    abandoned: Figure
    ready: Figure
    ready_short: str
    spoken: str


class StripView(msgspec.Struct, frozen=True, kw_only=True):
    """What the strip over the board says of all queues together, and how many of them need somebody."""

    figures: tuple[Figure, ...]
    formula: str
    critical: int
    warning: int


def over(value: float, warning: float, critical: float) -> Level:
    """How serious a value is whose limits count once reached; a limit of 0 is none."""
    if critical and value >= critical:
        return Level.CRITICAL
    return Level.WARNING if warning and value >= warning else Level.PLAIN


def service_serious(value: float | None, target: float) -> Level:
    """How serious a service level is against its target; nothing counted is nothing serious."""
    if value is None or value >= target:
        return Level.PLAIN
    return Level.CRITICAL if value < target - SERVICE_CRITICAL_BELOW else Level.WARNING


def abandon_serious(row: QueueFigures) -> Level:
    """How serious the share of abandoned calls is, once enough calls ended."""
    if row.abandon_rate is None or row.counts.answered + row.counts.abandoned < ABANDON_LEAST:
        return Level.PLAIN
    return over(row.abandon_rate, ABANDON_WARNING, ABANDON_CRITICAL)


def ready_serious(row: QueueFigures) -> Level:
    """Nobody signed in while customers wait is critical; nobody ready while they wait is a warning."""
    if not row.waiting_since:
        return Level.PLAIN
    if not signed_in(row):
        return Level.CRITICAL
    return Level.PLAIN if row.agents.get(AgentState.READY) else Level.WARNING


def signed_in(row: QueueFigures) -> int:
    """How many agents of a row are signed in."""
    return sum(number for state, number in row.agents.items() if state is not AgentState.OFFLINE)


def longest_wait(row: QueueFigures, now: datetime) -> float | None:
    """Seconds that the longest waiting customer waits; None: nobody waits."""
    if not row.waiting_since:
        return None
    return max(0.0, (now - row.waiting_since[0]).total_seconds())


def waiting_serious(row: QueueFigures) -> Level:
    """How serious the number of waiting customers is."""
    return over(len(row.waiting_since), row.queue.warn_waiting, row.queue.critical_waiting)


def longest_serious(row: QueueFigures, now: datetime) -> Level:
    """How serious the longest wait is."""
    return over(longest_wait(row, now) or 0.0, row.queue.warn_longest_s, row.queue.critical_longest_s)


def inputs_words(level: ServiceLevel, tongue: Tongue, *, short: bool = False) -> str:
    """What a service level is made of: "70 of 96 within 20 s", or "70 of 96" where there is little room."""
    if level.value is None:
        return tongue.say("no calls short" if short else "no calls")
    key = "inputs" if level.threshold_s else "inputs own"  # 0: all queues together, each with its own
    return tongue.say(
        "inputs short" if short else key,
        part=tongue.count(level.numerator),
        whole=tongue.count(level.denominator),
        threshold=tongue.limit(level.threshold_s),
    )


def level_word(level: Level, tongue: Tongue) -> str:
    """The word beside the colour and the shape."""
    return tongue.say(("ok", "warning", "critical")[level])


def _abandoned(row: QueueFigures, tongue: Tongue) -> Figure:
    rate = tongue.share(row.abandon_rate)
    return Figure(tongue.say("abandoned"), tongue.count(row.counts.abandoned), abandon_serious(row), rate)


def _ready(row: QueueFigures, tongue: Tongue) -> Figure:
    ready = row.agents.get(AgentState.READY, 0)
    text = tongue.say("of", part=tongue.count(ready), whole=tongue.count(signed_in(row)))
    return Figure(tongue.say("ready"), text, ready_serious(row))


def _spoken(name: str, word: str, figures: Iterable[Figure]) -> str:
    parts = (f"{item.label} {item.text}{f' ({item.note})' if item.note else ''}" for item in figures)
    return f"{name}, {word}: " + ", ".join(parts)


def tile(row: QueueFigures, now: datetime, tongue: Tongue) -> TileView:
    """A queue's tile at the centre's time `now`."""
    service = row.service_level
    inputs = inputs_words(service, tongue)
    target = tongue.say("target", target=tongue.target(row.queue.target))
    waiting = Figure(tongue.say("waiting"), tongue.count(len(row.waiting_since)), waiting_serious(row))
    longest = Figure(
        tongue.say("longest"), tongue.duration(longest_wait(row, now)), longest_serious(row, now)
    )
    level_of = service_serious(service.value, row.queue.target)
    served = Figure(tongue.say("service level"), tongue.share(service.value), level_of, inputs)
    asa = Figure(
        tongue.say("asa"), tongue.mean(row.asa_s), over(row.asa_s or 0.0, 2 * service.threshold_s, 0.0)
    )
    aht = Figure(tongue.say("aht"), tongue.mean(row.aht_s))
    abandoned, ready = _abandoned(row, tongue), _ready(row, tongue)
    level = max(waiting.level, longest.level, served.level, ready.level)
    word = level_word(level, tongue)
    return TileView(
        key=row.queue.key,
        name=row.queue.shown,
        level=level,
        word=word,
        waiting=waiting,
        longest=longest,
        service=served,
        inputs=inputs,
        inputs_short=inputs_words(service, tongue, short=True),
        share=service.value,
        aim=row.queue.target,
        formula=tongue.say(f"formula {service.formula}"),
        target=target,
        asa=asa,
        aht=aht,
        abandoned=abandoned,
        ready=ready,
        ready_short=f"{row.agents.get(AgentState.READY, 0)}/{signed_in(row)}",
        spoken=_spoken(row.queue.shown, word, (waiting, longest, served, asa, aht, abandoned, ready)),
    )


def strip(board: Snapshot | None, tiles: Sequence[TileView], now: datetime, tongue: Tongue) -> StripView:
    """All queues together. Its waiting and longest wait are as serious as the worst queue's own."""
    total = board.total if board else None
    critical = sum(item.level is Level.CRITICAL for item in tiles)
    warning = sum(item.level is Level.WARNING for item in tiles)
    if board is None or total is None:
        labels = (
            "waiting",
            "longest",
            "service level",
            "asa",
            "aht",
            "offered",
            "answered",
            "abandoned",
            "ready",
        )
        empty = tuple(Figure(tongue.say(label), DASH) for label in labels)
        return StripView(figures=empty, formula="", critical=critical, warning=warning)
    view = tile(total, now, tongue)
    worst_waiting = max((item.waiting.level for item in tiles), default=Level.PLAIN)
    worst_longest = max((item.longest.level for item in tiles), default=Level.PLAIN)
    figures = (
        msgspec.structs.replace(view.waiting, level=worst_waiting),
        msgspec.structs.replace(view.longest, level=worst_longest),
        view.service,
        view.asa,
        view.aht,
        Figure(tongue.say("offered"), tongue.count(total.counts.offered)),
        Figure(tongue.say("answered"), tongue.count(total.counts.answered)),
        view.abandoned,
        view.ready,
    )
    return StripView(figures=figures, formula=view.formula, critical=critical, warning=warning)
