"""From figures to what a tile says: texts and how serious each is. Pure; the limits are the queue's own."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import IntEnum

import msgspec

from console.domain.agent import AgentState
from console.domain.figures import QueueFigures, ServiceLevel, Snapshot, Theirs, Window
from console.domain.queue import Queue
from console.metrics.catalogue import CATALOGUE
from ui.metrics.meaning import SERVICE_GAP, meaning, name
from ui.metrics.spans import TODAY, Seen, seen, span_words
from ui.metrics.tongue import Tongue
from ui.metrics.words import DASH

# The share of abandoned calls counts only once so many calls ended that one of them turns no tile red.
ABANDON_LEAST = 10
_LEVELS = {"critical": 2, "warning": 1}


class Level(IntEnum):
    """How serious a figure is. A higher one wins."""

    PLAIN = 0
    WARNING = 1
    CRITICAL = 2


class Figure(msgspec.Struct, frozen=True):
    """One figure of a tile: its name, its text, what it is made of, how serious it is; `metrics` are its keys
    in the catalogue: that of the text, and that of the note where it is another one's value.
    """

    label: str
    text: str
    level: Level = Level.PLAIN
    note: str = ""
    metrics: tuple[str, ...] = ()


class TileView(msgspec.Struct, frozen=True, kw_only=True):
    """All that a queue's tile says.

    `formula` is the service level's in words, `inputs` its numbers, `share` its value and `aim` its target
    from 0 to 1; `spoken` is all of it for a screen reader. `queue` and the span's `minutes` say by which
    limits and of what (see `tile_meaning`).
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
    queue: Queue
    minutes: int = TODAY

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Its figures, those that are watched first."""
        return (
            self.waiting, self.longest, self.service, self.asa, self.aht, self.abandoned, self.ready
        )  # fmt: skip


class StripView(msgspec.Struct, frozen=True, kw_only=True):
    """What the strip over the board says of all queues together, and how many of them need somebody."""

    figures: tuple[Figure, ...]
    formula: str
    critical: int
    warning: int
    minutes: int = TODAY


def by_catalogue(key: str, value: float | None) -> Level:
    """How serious a value is by the catalogue's limits."""
    return Level(_LEVELS.get(CATALOGUE[key].level(value), 0))


def over(value: float, warning: float, critical: float) -> Level:
    """How serious a value is whose limits count once reached; a limit of 0 is none."""
    if critical and value >= critical:
        return Level.CRITICAL
    return Level.WARNING if warning and value >= warning else Level.PLAIN


def service_serious(value: float | None, target: float) -> Level:
    """How serious a service level is against its target; nothing counted is nothing serious."""
    if value is None or value >= target:
        return Level.PLAIN
    return Level.CRITICAL if value < target - SERVICE_GAP else Level.WARNING


def abandon_serious(row: QueueFigures) -> Level:
    """How serious the share of abandoned calls is, once enough calls ended."""
    if row.abandon_rate is None or row.counts.answered + row.counts.abandoned < ABANDON_LEAST:
        return Level.PLAIN
    return by_catalogue("abandon_rate", row.abandon_rate)


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


def inputs_words(level: ServiceLevel, span: Seen, tongue: Tongue, *, short: bool = False) -> str:
    """What a service level is made of: "70 of 96 within 20 s", or "70 of 96" where there is little room."""
    if not span.told:
        return tongue.say("span unknown short" if short else "span unknown", n=span.minutes)
    if level.value is None and span.minutes:
        return tongue.say("no calls short" if short else "span no calls", n=span.minutes)
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


def _counted(number: int, span: Seen, tongue: Tongue) -> str:
    return tongue.count(number) if span.told else DASH


def _abandoned(span: Seen, tongue: Tongue) -> Figure:
    row = span.row
    text, rate = _counted(row.counts.abandoned, span, tongue), tongue.share(row.abandon_rate)
    keys = ("abandoned", "abandon_rate")
    return Figure(tongue.say("abandoned"), text, abandon_serious(row), rate, keys)


def _ready(row: QueueFigures, tongue: Tongue) -> Figure:
    ready = row.agents.get(AgentState.READY, 0)
    text = tongue.say("of", part=tongue.count(ready), whole=tongue.count(signed_in(row)))
    return Figure(tongue.say("ready"), text, ready_serious(row), metrics=("agents_ready",))


def _spoken(name: str, word: str, figures: Iterable[Figure]) -> str:
    parts = (f"{item.label} {item.text}{f' ({item.note})' if item.note else ''}" for item in figures)
    return f"{name}, {word}: " + ", ".join(parts)


def _meant(figures: Iterable[Figure], queue: Queue | None, head: str, tongue: Tongue) -> str:
    """Figures with what they mean, one paragraph each, under a head."""
    lines = [head]
    for item in figures:
        for place, key in enumerate(item.metrics):
            value = item.text if place == 0 else item.note
            extra = f" ({item.note})" if item.note and len(item.metrics) == 1 else ""
            lines.append(f"{name(key, tongue)}: {value}{extra}\n{meaning(key, queue, tongue)}.")
    return "\n\n".join(lines)


def tile(of: QueueFigures | Seen, now: datetime, tongue: Tongue) -> TileView:
    """A queue's tile at the centre's time `now`: today, or what was seen of it in a span."""
    span = of if isinstance(of, Seen) else Seen(of)
    row = span.row
    service = row.service_level
    inputs = inputs_words(service, span, tongue)
    target = tongue.say("target", target=tongue.target(row.queue.target))
    waiting = Figure(
        tongue.say("waiting"),
        tongue.count(len(row.waiting_since)),
        waiting_serious(row),
        metrics=("waiting",),
    )
    longest = Figure(
        tongue.say("longest"),
        tongue.duration(longest_wait(row, now)),
        longest_serious(row, now),
        metrics=("longest_wait_now_s",),
    )
    level_of = service_serious(service.value, row.queue.target)
    keys = (f"level_{service.formula.value}",)
    served = Figure(tongue.say("service level"), tongue.share(service.value), level_of, inputs, keys)
    asa = Figure(
        tongue.say("asa"), tongue.mean(row.asa_s), by_catalogue("asa_s", row.asa_s), metrics=("asa_s",)
    )
    aht = Figure(tongue.say("aht"), tongue.mean(row.aht_s), metrics=("aht_s",))
    abandoned, ready = _abandoned(span, tongue), _ready(row, tongue)
    level = max(waiting.level, longest.level, served.level, ready.level)
    word = level_word(level, tongue)
    figures = (waiting, longest, served, asa, aht, abandoned, ready)
    return TileView(
        key=row.queue.key,
        name=row.queue.shown,
        level=level,
        word=word,
        waiting=waiting,
        longest=longest,
        service=served,
        inputs=inputs,
        inputs_short=inputs_words(service, span, tongue, short=True),
        share=service.value,
        aim=row.queue.target,
        formula=tongue.say(f"formula {service.formula}"),
        target=target,
        asa=asa,
        aht=aht,
        abandoned=abandoned,
        ready=ready,
        ready_short=f"{row.agents.get(AgentState.READY, 0)}/{signed_in(row)}",
        spoken=_spoken(row.queue.shown, word, figures),
        queue=row.queue,
        minutes=span.minutes,
    )


def tile_meaning(view: TileView, tongue: Tongue) -> str:
    """Each figure of a tile with what it means."""
    head = f"{view.name}, {view.word}. {span_words(view.minutes, tongue)}"
    return _meant(view.figures, view.queue, head, tongue)


def theirs_words(theirs: Theirs, tongue: Tongue) -> str:
    """What Asterisk counts of a queue itself, and how."""
    return tongue.say(
        "theirs",
        since=tongue.minute(theirs.since),
        completed=theirs.completed,
        abandoned=theirs.abandoned,
        of_answered=tongue.target(theirs.in_time_of_answered / 100),
        of_all=tongue.target(theirs.in_time_of_all / 100),
        hold=tongue.duration(theirs.hold_s),
        talk=tongue.duration(theirs.talk_s),
    )


def strip_meaning(view: StripView, tongue: Tongue) -> str:
    """Each figure of the strip with what it means."""
    head = f"{tongue.say('all queues')}. {span_words(view.minutes, tongue)}"
    return _meant(view.figures, None, head, tongue)


def strip(
    board: Snapshot | None,
    tiles: Sequence[TileView],
    now: datetime,
    tongue: Tongue,
    window: tuple[int, Window | None] = (TODAY, None),
) -> StripView:
    """All queues together, today or in a `window` of so many minutes. Its waiting and longest wait are as
    serious as the worst queue's own.
    """
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
    span = seen(total, *window)
    counts, view = span.row.counts, tile(span, now, tongue)
    worst_waiting = max((item.waiting.level for item in tiles), default=Level.PLAIN)
    worst_longest = max((item.longest.level for item in tiles), default=Level.PLAIN)
    figures = (
        msgspec.structs.replace(view.waiting, level=worst_waiting),
        msgspec.structs.replace(view.longest, level=worst_longest),
        view.service,
        view.asa,
        view.aht,
        Figure(tongue.say("offered"), _counted(counts.offered, span, tongue), metrics=("offered",)),
        Figure(tongue.say("answered"), _counted(counts.answered, span, tongue), metrics=("answered",)),
        view.abandoned,
        view.ready,
    )
    return StripView(
        figures=figures,
        formula=view.formula,
        critical=critical,
        warning=warning,
        minutes=span.minutes,
    )
