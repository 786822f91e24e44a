"""The rows of the board while they grow: one a queue (and one for all together), one an agent."""

from array import array
from bisect import insort
from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from console.domain.agent import AgentState
from console.domain.figures import (
    ABANDONED_KEPT,
    AbandonedCaller,
    AgentFigures,
    Interval,
    QueueFigures,
)
from console.domain.queue import Queue
from console.domain.standing import AgentStanding, InteractionStanding
from console.metrics.intervals import Day, Stretch, Tally, interval_start
from console.metrics.kpis import abandon_rate, aht_s, asa_s, service_level

_NOTHING: tuple[Tally, ...] = ()


class QueueRow:
    """One queue: who waits now, today's tally, its quarter hours, today's abandoned callers."""

    def __init__(self, queue: Queue, at: datetime) -> None:
        """A queue that is configured at a moment."""
        self.queue = queue
        self.day = Day(queue.timezone, at)
        self.today = Tally()
        self.stretches: dict[datetime, Stretch] = {}
        self.waiting: dict[UUID, datetime] = {}
        self.agents: dict[AgentState, int] = {}
        self.abandoned: list[tuple[datetime, int, AbandonedCaller]] = []
        self.unsent: deque[AbandonedCaller] = deque(maxlen=ABANDONED_KEPT)
        self.waits = array("d")
        self.changed_at: datetime | None = None
        self.shown: QueueFigures | None = None
        self._stretch: Stretch | None = None

    def configure(self, queue: Queue, at: datetime) -> None:
        """Other settings from now on. A changed time zone moves the next midnight; what is counted stays."""
        if queue.timezone != self.queue.timezone:
            self.day = Day(queue.timezone, at)
        self.queue = queue
        self.changed_at = at
        under_way = self.stretches.get(interval_start(at))
        if under_way is not None:
            under_way.queue = queue

    def roll(self, now: datetime) -> bool:
        """Begin a new day when `now` lies in one; what is counted by the day starts from nothing."""
        if now < self.day.end:
            return False
        self.day = Day(self.queue.timezone, now)
        self.today = Tally()
        self.stretches = {}
        self.abandoned = []
        self.unsent.clear()
        self.waits = array("d")
        self._stretch = None
        return True

    def stretch(self, at: datetime) -> Stretch:
        """The quarter hour of a moment of today."""
        current = self._stretch
        if current is not None and current.start <= at < current.end:
            return current
        start = interval_start(at)
        found = self.stretches.get(start)
        if found is None:
            found = self.stretches[start] = Stretch(start, self.queue, len(self.waiting))
        self._stretch = found
        return found

    def tallies(self, at: datetime) -> tuple[Tally, ...]:
        """The tallies that a fact of this moment belongs into; none for a late fact of a day that is over."""
        self.changed_at = at
        if at < self.day.start:
            return _NOTHING
        return (self.today, self.stretch(at).tally)

    def enter(self, standing: InteractionStanding, at: datetime) -> None:
        """One more waits."""
        self.waiting[standing.interaction] = standing.waiting_since
        if at >= self.day.start:
            stretch = self.stretch(at)
            stretch.waiting_max = max(stretch.waiting_max, len(self.waiting))

    def leave(self, interaction: UUID) -> None:
        """One less waits."""
        self.waiting.pop(interaction, None)

    def remember(self, caller: AbandonedCaller) -> None:
        """Keep an abandoned caller of today, the newest of them only."""
        if caller.at < self.day.start:
            return
        insort(self.abandoned, (caller.at, caller.interaction.int, caller))
        self.unsent.append(caller)
        if len(self.abandoned) > ABANDONED_KEPT:
            del self.abandoned[0]

    def count_agent(self, state: AgentState, by: int) -> None:
        """One signed-in agent more or less in a state."""
        if state is AgentState.OFFLINE:
            return
        count = self.agents.get(state, 0) + by
        if count:
            self.agents[state] = count
        else:
            self.agents.pop(state, None)

    def callers(self) -> Iterator[AbandonedCaller]:
        """Today's abandoned callers that are kept, oldest first."""
        return (caller for _, _, caller in self.abandoned)

    def take_unsent(self) -> list[AbandonedCaller]:
        """Those remembered since this was last asked."""
        taken = list(self.unsent)
        self.unsent.clear()
        return taken

    def figures(self) -> QueueFigures:
        """The row as it is shown."""
        if self.shown is None:
            counts = self.today.counts()
            self.shown = QueueFigures(
                queue=self.queue,
                waiting_since=tuple(sorted(self.waiting.values())),
                counts=counts,
                service_level=service_level(self.queue.formula, counts, self.queue.threshold_s),
                asa_s=asa_s(counts),
                aht_s=aht_s(counts),
                abandon_rate=abandon_rate(counts),
                agents=dict(sorted(self.agents.items())),
                day=self.day.name,
                changed_at=self.changed_at,
            )
        return self.shown

    def intervals(self) -> Iterator[Interval]:
        """Today's quarter hours as they are shown."""
        return (self.interval(stretch) for stretch in self.stretches.values())

    def interval(self, stretch: Stretch) -> Interval:
        """One quarter hour as it is shown, by the settings that were last in force in it."""
        if stretch.shown is None:
            counts = stretch.tally.counts()
            stretch.shown = Interval(
                start=stretch.start,
                queue=self.queue.key,
                counts=counts,
                service_level=service_level(stretch.queue.formula, counts, stretch.queue.threshold_s).value,
                waiting_max=stretch.waiting_max,
            )
        return stretch.shown


class AgentRow:
    """One agent: the standing, and what is counted by the day of all queues together."""

    def __init__(self, standing: AgentStanding, at: datetime) -> None:
        """An agent who is known from a moment on."""
        self.standing = standing
        self.state = AgentState.OFFLINE
        self.queues: tuple[str, ...] = ()
        self.seconds: dict[AgentState, float] = {}
        self.counted_to = at
        self.answered = 0
        self.day = ""
        self.customer = ""
        self.shown: AgentFigures | None = None

    def spend(self, until: datetime, day: Day) -> None:
        """Count the time in the present state up to a moment of a day."""
        if self.day != day.name:
            self.day = day.name
            self.answered = 0
            self.seconds = {}
            self.counted_to = max(self.counted_to, day.start)
        spent = (until - self.counted_to).total_seconds()
        if spent > 0:
            self.seconds[self.state] = self.seconds.get(self.state, 0.0) + spent
            self.counted_to = until

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
            answered=self.answered if self.day == day.name else 0,
            linked=standing.linked,
        )


def seconds_between(start: datetime, end: datetime) -> float:
    """Seconds from start to end, 0 when the clock was set back between them."""
    return max(0.0, (end - start) / timedelta(seconds=1))
