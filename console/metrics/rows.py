"""The rows of the board while they grow: one a queue (and one for all together), one an agent."""

from collections import defaultdict, deque
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from console.domain.agent import AgentState
from console.domain.figures import ABANDONED_KEPT, AbandonedCaller, AgentFigures, Interval, QueueFigures
from console.domain.queue import Queue
from console.domain.standing import AgentStanding, InteractionStanding
from console.metrics.cells import Cell, Inflow
from console.metrics.changes import Changes
from console.metrics.intervals import MINUTE_US, Calendar, Day, moment_of, quarter_start, us_of
from console.metrics.journal import PAUSE, Journal, Notes
from console.metrics.kpis import abandon_rate, aht_s, asa_s, level
from console.metrics.repeats import Mix
from console.metrics.tally import STATE_KEYS, Tally
from console.metrics.track import Page, Stretch, Track

_LONGEST_US = 31 * 24 * 60 * MINUTE_US
"""A spell that is said to have been longer is a wrong time: its first 31 days count."""

_QUARTER_US = 15 * MINUTE_US
_FINE_US = 75 * MINUTE_US
_OFFLINE = AgentState.OFFLINE
_BUSY = (AgentState.ON_CONTACT, AgentState.HOLD, AgentState.WRAP_UP)


class Shift:
    """How many agents more or less are in each state, and when the last of them went there."""

    __slots__ = ("agents", "at")

    def __init__(self, at: datetime) -> None:
        """Nobody yet."""
        self.at = at
        self.agents: defaultdict[AgentState, int] = defaultdict(int)


class QueueRow:
    """One queue: who waits now, its tallies by minute, quarter hour and day, abandoned callers.

    `waiting` and `callbacks` go by UUID.int of the interaction. `cells` is where its facts are counted first.
    `most` of those who wait are noted in the minute `opened`.
    """

    def __init__(self, queue: Queue, at: datetime, inflow: Inflow, *, keep: bool) -> None:
        """A queue that is configured at a moment."""
        self.queue = queue
        self.calendar = Calendar(queue.timezone)
        self.track = Track(self.calendar, keep=keep, by_quarters=True, inflow=inflow)
        self.cells: dict[Mix, Cell] = {}
        self.day = self.calendar.day_of(us_of(at) // MINUTE_US)
        self.waiting: dict[int, datetime] = {}
        self.callbacks: set[int] = set()
        self.agents: dict[AgentState, int] = {}
        self.unsent: deque[AbandonedCaller] = deque(maxlen=ABANDONED_KEPT)
        self.opened: int | None = None
        self.most = 0
        self.changed_at: datetime | None = None
        self.shown: QueueFigures | None = None
        self.marked_in: Changes | None = None
        self.marked = 0

    def configure(self, queue: Queue, at: datetime) -> None:
        """Other settings from now on. In another time zone the days are cut anew by their quarter hours."""
        if queue.timezone != self.queue.timezone:
            minute = us_of(at) // MINUTE_US
            self.track.settle()
            self.calendar.change(queue.timezone)
            self.track.cut_anew(self.queue.timezone, self.calendar, minute)
            self.day = self.calendar.day_of(minute)
            self._send_callers()
        self.queue = queue
        self.touched(at)

    def roll(self, now: datetime) -> bool:
        """Show the day that `now` lies in; False when that is the one shown."""
        if self.day.start <= now < self.day.end:
            return False
        self.day = self.calendar.day_of(us_of(now) // MINUTE_US)
        self._send_callers()
        return True

    def _send_callers(self) -> None:
        self.unsent = deque((caller for _, _, caller in self.page.callers), maxlen=ABANDONED_KEPT)

    @property
    def page(self) -> Page:
        """The day that is shown."""
        return self.track.page(self.day)

    @property
    def today(self) -> Tally:
        """What was counted in the day that is shown."""
        return self.page.tally

    def open(self, minute: int, before: int) -> None:
        """The first fact of a minute; `before` is the minute of the fact before it."""
        self.opened, self.most = minute, 0
        if self.waiting and minute >= before:
            self._crowd(minute)

    def enter(self, standing: InteractionStanding, minute: int) -> None:
        """One more waits."""
        self.waiting[standing.interaction.int] = standing.waiting_since
        if len(self.waiting) > self.most:
            self._crowd(minute)

    def _crowd(self, minute: int) -> None:
        self.most, n = len(self.waiting), self.track.at(minute).n
        if self.most > n["waiting_max"]:
            n["waiting_max"] = self.most

    def leave(self, interaction: UUID) -> None:
        """One less waits."""
        if self.waiting.pop(interaction.int, None) is None and self.callbacks:
            self.callbacks.discard(interaction.int)

    def remember(self, caller: AbandonedCaller) -> None:
        """Keep an abandoned caller, the newest of each day only."""
        self.track.remember(caller)
        self.unsent.append(caller)

    def recount(self, shift: Shift) -> None:
        """Agents go from states to others; who is offline is not counted."""
        for state, amount in shift.agents.items():
            left = self.agents.get(state, 0) + amount
            if left and state is not _OFFLINE:
                self.agents[state] = left
            else:
                self.agents.pop(state, None)
        self.touched(shift.at)

    def touched(self, at: datetime) -> None:
        """A fact of this moment belongs to it: it is to be shown anew."""
        self.shown = None
        if self.changed_at is None or at > self.changed_at:
            self.changed_at = at

    def callers(self) -> Iterator[AbandonedCaller]:
        """The abandoned callers of the day that are kept, oldest first."""
        return (caller for _, _, caller in self.page.callers)

    def take_unsent(self) -> list[AbandonedCaller]:
        """Those of the day remembered since this was last asked."""
        taken, self.unsent = self.unsent, deque(maxlen=ABANDONED_KEPT)
        return [caller for caller in taken if self.day.start <= caller.at < self.day.end]

    def figures(self) -> QueueFigures:
        """The row as it is shown."""
        if self.shown is None:
            counts = self.today.counts()
            self.shown = QueueFigures(
                queue=self.queue,
                waiting_since=tuple(sorted(self.waiting.values())),
                counts=counts,
                service_level=level(self.queue.formula, counts, self.queue.threshold_s),
                asa_s=asa_s(counts),
                aht_s=aht_s(counts),
                abandon_rate=abandon_rate(counts),
                agents=dict(sorted(self.agents.items())),
                day=self.day.name,
                changed_at=self.changed_at,
                callbacks_waiting=len(self.callbacks),
            )
        return self.shown

    def intervals(self) -> Iterator[Interval]:
        """The day's quarter hours as they are shown."""
        return (self.interval(quarter, stretch) for quarter, stretch in self.page.stretches.items())

    def interval(self, quarter: int, stretch: Stretch) -> Interval:
        """One quarter hour as it is shown, by the formulas that were in force in it."""
        if stretch.shown is None:
            counts = stretch.tally.counts()
            stretch.shown = Interval(
                start=quarter_start(quarter),
                queue=self.queue.key,
                counts=counts,
                service_level=level(self.queue.formula, counts, 0.0).value,
                waiting_max=counts.waiting_max,
            )
        return stretch.shown


class AgentRow:
    """One agent: the standing, the tallies, and the spell in the present state.

    `began` is when the spell began, `counted` up to when it is counted, in microseconds. `crew` counts the
    same time for all agents with the same queues. `wrapping`: what the wrap-ups at hand belong to.
    """

    def __init__(self, standing: AgentStanding, track: Journal, us: int) -> None:
        """An agent who is known from a moment on."""
        self.standing = standing
        self.track = track
        self.crew: Journal | None = None
        self.state = AgentState.OFFLINE
        self.reason = ""
        self.queues: tuple[str, ...] = ()
        self.began = self.counted = us
        self.customer = ""
        self.about: UUID | None = None
        self.wrapping: dict[int, tuple[tuple[str, tuple[str, ...]], str]] = {}
        self.shown: AgentFigures | None = None

    def spend(self, us: int) -> None:
        """Count the present spell up to a moment; what was counted beyond it is taken back."""
        until = min(max(us, self.began), self.began + _LONGEST_US)
        if until == self.counted:
            return
        start, self.counted = self.counted, until
        state = self.state
        if state is _OFFLINE:
            return
        name = STATE_KEYS[state]
        notes = _notes(start, until, name)
        if state is AgentState.PAUSED:
            notes += _notes(start, until, PAUSE + self.reason)
        self.track.note(notes)
        if self.crew is not None:
            self.crew.note(notes)

    def begin(self, us: int, state: AgentState, reason: str) -> None:
        """Another spell from a moment on; the one before ends there."""
        self.spend(us)
        self.began = self.counted = us
        self.state, self.reason = state, reason

    def figures(self, open_interactions: dict[UUID, InteractionStanding], day: Day) -> AgentFigures:
        """The row as it is shown."""
        if self.shown is None:
            self.shown = self._figures(open_interactions, day)
        return self.shown

    def _figures(self, open_interactions: dict[UUID, InteractionStanding], day: Day) -> AgentFigures:
        standing = self.standing
        wrap_up = standing.wrap_up if standing.state is AgentState.WRAP_UP else None
        interaction = wrap_up.interaction if wrap_up else standing.interaction
        contact = open_interactions.get(interaction) if interaction is not None else None
        if wrap_up:
            queue, customer = wrap_up.queue, self.customer
        else:
            queue, customer = (contact.queue, contact.customer.shown) if contact else ("", "")
        today = self.track.page(day).tally.n
        first = max(self.began, day.first * MINUTE_US)
        under_way = max(0, min(self.counted, day.last * MINUTE_US) - first)

        def spent_s(*states: AgentState) -> float:
            total = sum(today.get(f"in_{state.value}_us", 0) for state in states)
            return (total - (under_way if self.state in states else 0)) / 1_000_000

        return AgentFigures(
            agent=standing.agent.key,
            name=standing.agent.shown,
            state=standing.state,
            since=standing.since,
            reason=standing.reason if standing.state is AgentState.PAUSED else "",
            idle_since=standing.idle_since if standing.state is AgentState.READY else None,
            queues=standing.agent.queues,
            skills=standing.agent.skills,
            interaction=interaction,
            queue=queue,
            customer=customer,
            wrap_up_until=wrap_up.until if wrap_up else None,
            answered=today.get("contacts", 0),
            linked=standing.linked,
            busy_s=spent_s(*_BUSY),
            ready_s=spent_s(AgentState.READY),
            paused_s=spent_s(AgentState.PAUSED),
            spent_to=moment_of(first) if self.state is not AgentState.OFFLINE else None,
            rona=today.get("rona", 0),
        )


def _notes(start: int, end: int, name: str) -> Notes:
    """A stretch of time by minute: the last hour and more by each, what was before by quarter hours. One that
    goes back is taken back.
    """
    if start > end:
        taken = _notes(end, start, name)
        taken[2::3] = [-int(spent) for spent in taken[2::3]]
        return taken
    notes: Notes = []
    while start < end:
        step = MINUTE_US if end - start <= _FINE_US else _QUARTER_US
        until = start - start % step + step
        if until > end:
            until = end
        notes += (start // MINUTE_US, name, until - start)
        start = until
    return notes
