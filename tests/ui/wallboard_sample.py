# ruff: noqa: E501 - tables of sample figures
"""Boards to look at and to test with: seeded, of any size, with the figures of a plausible day."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from console.clock import StoppedClock
from console.domain.agent import AgentState
from console.domain.events import LinkState
from console.domain.figures import (
    AbandonedCaller,
    AgentFigures,
    Counts,
    Delta,
    Interval,
    QueueFigures,
    Sample,
    ServiceLevel,
    Snapshot,
)
from console.domain.queue import Queue, ServiceLevelFormula
from ui.metrics.tongue import Tongue
from ui.metrics.wallboard import Wallboard

NOON = datetime(2026, 11, 20, 13, 3, 20, tzinfo=UTC)
NAMES = (
    "Sales", "Billing", "Technical support", "Orders", "Returns", "Claims", "New customers", "Fleet",
    "Emergencies", "Deliveries", "Spare parts", "Partners",
)  # fmt: skip
LONG = "Kundenbetreuung Privatkunden Nordrhein-Westfalen, zweite Ebene (Rückrufe und Beschwerden)"
FIRST = (
    "Ana",
    "Ben",
    "Chiara",
    "Deniz",
    "Elif",
    "Femi",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
    "Katarzyna",
    "Luca",
)
LAST = (
    "Novak",
    "Okafor",
    "Schmidt",
    "Rossi",
    "Yilmaz",
    "Dubois",
    "Kowalska",
    "Lindqvist",
    "Moreau",
    "Papadopoulos",
)
REASONS = ("Break", "Lunch", "Training", "Coaching")
STATES = (
    [AgentState.ON_CONTACT] * 9 + [AgentState.READY] * 5 + [AgentState.WRAP_UP] * 3 + [AgentState.PAUSED] * 2
    + [AgentState.OFFERED, AgentState.HOLD, AgentState.NOT_RESPONDING]
)  # fmt: skip


class BoardStub:
    """A service whose board is set by hand."""

    def __init__(self, board: Snapshot | None, state: LinkState = LinkState.ONLINE) -> None:
        self.board = board
        self.state = state
        self.clock_offset = timedelta()
        self.board_age: float | None = None
        self.handlers: list[Callable[..., None]] = []

    def on_board(self, handler: Callable[..., None]) -> Callable[[], None]:
        self.handlers.append(handler)
        return lambda: self.handlers.remove(handler)

    def tell(self, board: Snapshot | None) -> None:
        self.board = board
        for handler in self.handlers:
            handler(board)


def level_of(counts: Counts, queue: Queue) -> ServiceLevel:
    whole = counts.answered + counts.abandoned - counts.short_abandoned
    return ServiceLevel(
        formula=queue.formula,
        value=counts.answered_in_time / whole if whole else None,
        numerator=counts.answered_in_time,
        denominator=whole,
        threshold_s=queue.threshold_s,
    )


def row_of(
    queue: Queue, counts: Counts, waiting: tuple[datetime, ...], agents: dict[AgentState, int]
) -> QueueFigures:
    ended = counts.answered + counts.abandoned - counts.short_abandoned
    handled = counts.talk_s + counts.hold_s + counts.wrap_up_s
    return QueueFigures(
        queue=queue,
        waiting_since=waiting,
        counts=counts,
        service_level=level_of(counts, queue),
        asa_s=counts.wait_answered_s / counts.answered if counts.answered else None,
        aht_s=handled / counts.answered if counts.answered else None,
        abandon_rate=counts.abandoned / ended if ended else None,
        agents=agents,
        day="2026-11-20",
        changed_at=NOON,
    )


# The vector of kpi.md: 100 offered, 70 within T, 15 later, 4 short abandons, 3 more within T, 8 after.
VECTOR = Counts(
    offered=100, answered=85, answered_in_time=70, abandoned=15, abandoned_in_time=7, short_abandoned=4,
    wait_answered_s=85 * 14.2, talk_s=85 * 201.0, hold_s=85 * 20.0, wrap_up_s=85 * 50.0,
)  # fmt: skip


def counts_of(dice: Random, load: int, good: float) -> Counts:
    answered = max(1, int(load * dice.uniform(0.86, 0.97)))
    in_time = int(answered * good)
    abandoned = load - answered
    short = int(abandoned * 0.3)
    return Counts(
        offered=load, answered=answered, answered_in_time=in_time, abandoned=abandoned, short_abandoned=short,
        abandoned_in_time=short, wait_answered_s=answered * dice.uniform(8, 32), talk_s=answered * dice.uniform(90, 280),
        hold_s=answered * 12.0, wrap_up_s=answered * 31.0,
    )  # fmt: skip


def queue_row(number: int, dice: Random, *, long: bool, quiet: bool) -> QueueFigures:
    name = NAMES[number % len(NAMES)] + (f" {number // len(NAMES) + 1}" if number >= len(NAMES) else "")
    if long:
        name = f"{LONG} {number}"
    queue = Queue(key=f"q{number}", name=name, target=0.8, formula=list(ServiceLevelFormula)[3])
    if quiet:
        return row_of(queue, Counts(), (), {})
    counts = (
        VECTOR
        if number == 0
        else counts_of(dice, dice.randint(40, 420), dice.choice((0.72, 0.84, 0.9, 0.95, 0.97)))
    )
    waits = sorted(
        (dice.expovariate(1 / 14.0) for _ in range(dice.choice((0, 0, 0, 1, 1, 2, 3, 5, 7)))), reverse=True
    )
    waiting = tuple(NOON - timedelta(seconds=wait) for wait in waits)
    staff = {state: dice.randint(0, 4) for state in AgentState if state is not AgentState.OFFLINE}
    return row_of(queue, counts, waiting, staff)


def agent_row(number: int, queues: int, dice: Random, *, long: bool) -> AgentFigures:
    state = dice.choice(STATES)
    since = NOON - timedelta(seconds=dice.expovariate(1 / 180.0))
    name = f"{FIRST[number % len(FIRST)]} {LAST[(number // len(FIRST)) % len(LAST)]}"
    if number >= len(FIRST) * len(LAST):
        name += f" {number // (len(FIRST) * len(LAST)) + 1}"
    if long:
        name = f"{name}-von Hohenstein-Oberaudorf zu Guttenberg"
    served = (
        tuple(f"q{place}" for place in sorted({dice.randrange(queues) for _ in range(2)})) if queues else ()
    )
    busy = state in (AgentState.ON_CONTACT, AgentState.HOLD, AgentState.WRAP_UP, AgentState.OFFERED)
    return AgentFigures(
        agent=f"a{number:04}",
        name=name,
        state=state,
        since=since,
        reason=dice.choice(REASONS) if state is AgentState.PAUSED else "",
        idle_since=since if state is AgentState.READY else None,
        queues=served,
        queue=served[0] if busy and served else "",
        answered=dice.randint(0, 42),
        linked=number % 37 != 5,
    )


def abandoned_rows(number: int, queues: int, dice: Random) -> tuple[AbandonedCaller, ...]:
    rows = []
    for place in range(number):
        waited = dice.expovariate(1 / 30.0)
        rows.append(
            AbandonedCaller(
                interaction=UUID(int=place + 1),
                at=NOON - timedelta(minutes=7 * (number - place)),
                queue=f"q{dice.randrange(queues)}",
                customer=f"+49 30 {dice.randint(1000000, 9999999)}",
                name=dice.choice(("", f"{dice.choice(FIRST)} {dice.choice(LAST)}")),
                waited_s=waited,
                short=waited < 5,
            )
        )
    return tuple(rows)


def intervals_of(queues: int, dice: Random) -> tuple[Interval, ...]:
    start = NOON.replace(hour=8, minute=0, second=0)
    rows = []
    while start <= NOON:
        load = int(30 + 40 * max(0.0, 1 - abs(start.hour - 11) / 4)) + dice.randint(-6, 6)
        good = min(0.98, max(0.55, dice.gauss(0.83, 0.08)))
        for key in ("", *(f"q{number}" for number in range(min(3, queues)))):
            counts = counts_of(dice, max(4, load if not key else load // 3), good)
            ended = counts.answered + counts.abandoned - counts.short_abandoned
            rows.append(
                Interval(start=start, queue=key, counts=counts, service_level=counts.answered_in_time / ended)
            )
        start += timedelta(minutes=15)
    return tuple(rows)


def samples_of(queues: int, agents: int, dice: Random, seconds: float = 1800.0) -> tuple[Sample, ...]:
    waiting = {f"q{number}": dice.randint(0, 3) for number in range(queues)}
    share = {state: STATES.count(state) / len(STATES) * agents for state in set(STATES)}
    rows = []
    for step in range(int(seconds / 2)):
        if step % 4 == 0:
            for number, key in enumerate(waiting):
                waiting[key] = max(
                    0, min(9 if number < 3 else 4, waiting[key] + dice.choice((-1, -1, 0, 0, 0, 1, 1)))
                )
            share = {
                state: max(
                    0.0,
                    value
                    + dice.gauss(0.0, 0.02 * agents)
                    + 0.08 * (STATES.count(state) / len(STATES) * agents - value),
                )
                for state, value in share.items()
            }
        rows.append(
            Sample(
                at=NOON - timedelta(seconds=seconds - 2 * step - 2),
                waiting=dict(waiting),
                agents={state: round(value) for state, value in share.items()},
            )
        )
    return tuple(rows)


def total_of(rows: tuple[QueueFigures, ...], agents: tuple[AgentFigures, ...]) -> QueueFigures:
    none = Counts()
    numbers = [name for name in Counts.__struct_fields__ if isinstance(getattr(none, name), int | float)]
    fields = [name for name in numbers if name != "wait_max_s"]
    counts = Counts(**{name: sum(getattr(row.counts, name) for row in rows) for name in fields})
    waiting = tuple(sorted(since for row in rows for since in row.waiting_since))
    staff: dict[AgentState, int] = {}
    for agent in agents:
        staff[agent.state] = staff.get(agent.state, 0) + 1
    return row_of(Queue(key=""), counts, waiting, staff)


def board_of(
    queues: int = 3, agents: int = 24, *, seed: int = 1, long: bool = False, quiet: bool = False
) -> Snapshot:
    """A board of so many queues and agents; `quiet`: nothing has happened yet today."""
    dice = Random(seed)
    rows = tuple(queue_row(number, dice, long=long, quiet=quiet) for number in range(queues))
    staff = tuple(agent_row(number, queues, dice, long=long) for number in range(agents))
    nothing = quiet or not queues
    return Snapshot(
        sequence=1000,
        at=NOON,
        queues=rows,
        agents=staff,
        total=total_of(rows, staff) if queues else None,
        abandoned=() if nothing else abandoned_rows(14, queues, dice),
        intervals=() if nothing else intervals_of(queues, dice),
        samples=() if nothing else samples_of(queues, agents, dice),
        last_event_at=NOON,
    )


def merged(board: Snapshot, delta: Delta) -> Snapshot:
    """A board with a delta's rows in place of the earlier ones; unchanged rows stay the same objects."""
    queues = {row.queue.key: row for row in delta.queues}
    agents = {row.agent: row for row in delta.agents}
    return msgspec.structs.replace(
        board,
        sequence=delta.sequence,
        at=delta.at,
        queues=tuple(queues.get(row.queue.key, row) for row in board.queues),
        agents=tuple(agents.get(row.agent, row) for row in board.agents),
        total=delta.total or board.total,
        samples=(*board.samples, *delta.samples),
        last_event_at=delta.last_event_at,
    )


def clock_at(seconds: float = 1.0) -> StoppedClock:
    """A clock that stands so long after the figures were taken."""
    return StoppedClock(NOON + timedelta(seconds=seconds))


Opener = Callable[..., tuple[Wallboard, BoardStub, StoppedClock]]
"""What the fixture `opened` gives: opens a wallboard on a stub, at a stopped clock."""

EN = Tongue("en", ZoneInfo("Europe/Berlin"))
