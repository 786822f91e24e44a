"""All rows of the board together: found by key, begun anew at their midnights, marked when they change."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec

from console.domain.agent import AgentState
from console.domain.figures import AbandonedCaller, Interval
from console.domain.queue import Queue
from console.domain.standing import AgentStanding
from console.metrics.cells import Cell, Inflow
from console.metrics.changes import Changes
from console.metrics.intervals import MINUTE_US, MINUTES_A_QUARTER, Calendar, Day
from console.metrics.journal import Journal
from console.metrics.rows import AgentRow, QueueRow, Shift
from console.metrics.tally import Tally
from console.metrics.track import Track

TOTAL = ""
"""The key of all queues together."""

_AGREED = ("timezone", "formula", "threshold_s", "short_abandon_s", "target")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def by_start(interval: Interval) -> tuple[datetime, str]:
    """The order of intervals on the board."""
    return interval.start, interval.queue


def by_time(caller: AbandonedCaller) -> tuple[datetime, UUID]:
    """The order of abandoned callers on the board."""
    return caller.at, caller.interaction


Mix = tuple[str, tuple[str, ...]]
"""A channel, and the skills asked for on coming: what channels and skills are added up from."""


class Books:
    """The rows of queues, of agents, and of all together (`total`, None until there is something).

    Beside them: `mixes`, in which each interaction counts once as in the total, for channels and skills;
    `crews`, the time of all agents who serve the same queues. `keep`: increments will be taken.
    """

    def __init__(self, *, keep: bool) -> None:
        """No rows."""
        self.keep = keep
        self.queues: dict[str, QueueRow] = {}
        self.agents: dict[str, AgentRow] = {}
        self.total: QueueRow | None = None
        self.calendar = Calendar("UTC")
        self.mixes: dict[Mix, Track] = {}
        self.crews: dict[tuple[str, ...], Journal] = {}
        self.inflow = Inflow()
        self.homeless: dict[Mix, Cell] = {}
        self.gone: list[tuple[str, str, Track]] = []
        self.changes = Changes()
        self.at = _EPOCH
        self.us = 0
        self.minute = 0
        self.before = 0
        self.removed: set[str] = set()
        self._shifts: dict[tuple[str, ...], Shift] = {}
        self._day_ends: datetime | None = None
        self._day_began = _EPOCH

    def begin(self, at: datetime) -> None:
        """A fact of this moment follows."""
        since = at - _EPOCH
        self.at = at
        self.us = us = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
        self.before = self.minute
        minute = us // MINUTE_US
        if minute != self.minute:
            if self.inflow.cells:
                self.inflow.drain()
            self.minute = minute

    # ------------------------------------------------------------ days

    @property
    def day(self) -> Day:
        """Today, in the zone of all queues together."""
        return self.whole().day

    def roll(self, now: datetime) -> None:
        """Show the days that `now` lies in, each queue's in its own zone, and what is to be read of now."""
        self.settle()
        if self._day_ends is None or self._day_began <= now < self._day_ends:
            return
        for key, row in self.every():
            if row.roll(now):
                self._begun(key, row)
        self.set_days()

    def _begun(self, key: str, row: QueueRow) -> None:
        """A row shows another day: all that is known of it is to be sent."""
        self.changes.begin_day(key)
        row.marked_in = None
        self.changes.intervals.update((quarter, key) for quarter in row.page.stretches)
        if row is self.total:
            self._all_agents_changed()
        elif row.unsent:
            self.changes.abandoned.add(key)
        self._changed(key, row)

    def set_days(self) -> None:
        """Note when the days shown end."""
        days = [row.day for _, row in self.every()]
        self._day_ends = min(day.end for day in days)
        self._day_began = max(day.start for day in days)

    def spend(self, us: int) -> None:
        """Count every agent's time in state up to a moment."""
        for row in self.agents.values():
            row.spend(us)

    # ------------------------------------------------------------ queues

    def configure(self, queue: Queue) -> None:
        """A queue has these settings from now on."""
        if queue.key in self.removed:
            self.removed.discard(queue.key)
            self.changes.removed_queues.discard(queue.key)
            self.changes.begin_day(queue.key)  # what a board still shows of its former life goes
        row = self.queues.get(queue.key)
        if row is None:
            row = self._add(queue)
        self._configured(queue.key, row, queue)
        self._configure_total()

    def remove(self, key: str) -> None:
        """A queue is gone; what still happens in it counts in the total only."""
        row = self.queues.pop(key, None)
        if row is None:
            return
        self._keep_untaken("queue", key, row.track)
        self.removed.add(key)
        self.changes.queues.discard(key)
        self.changes.removed_queues.add(key)
        self._configure_total()

    def row(self, key: str) -> QueueRow | None:
        """A queue's row; one never configured counts with default settings, a removed one not at all."""
        row = self.queues.get(key)
        if row is None and key not in self.removed:
            row = self._add(Queue(key=key))
            self._configure_total()
        return row

    def queue(self, key: str) -> Queue:
        """The settings in force for a queue."""
        row = self.queues.get(key)
        return row.queue if row else Queue(key=key)

    def whole(self) -> QueueRow:
        """The row of all queues together."""
        return self.total or self._configure_total()

    def touch(self, key: str, row: QueueRow) -> Tally:
        """A fact of now belongs to a row alone: where it counts."""
        self.mark(key, row)
        return row.track.at(self.minute)

    def cell(self, queue: str, mix: Mix) -> Tally:
        """A fact of now belongs to a queue (if it has a row), the total, and a channel and skills: where it
        counts.
        """
        row = self.queues.get(queue) or self.row(queue)
        if row is None:
            cells = self.homeless
        else:
            self.mark(queue, row)
            cells = row.cells
        self.mark(TOTAL, self.total or self.whole())
        cell = cells.get(mix)
        if cell is None:
            wholes = (self.whole().track, self.mix(mix))
            cell = cells[mix] = Cell(wholes if row is None else (row.track, *wholes))
        if not cell.open:
            self.inflow.open(cell, self.minute)
        return cell.tally

    def mark(self, key: str, row: QueueRow) -> None:
        """A fact of now belongs to a row: it and its quarter hour are to be shown anew."""
        row.touched(self.at)
        changes, minute = self.changes, self.minute
        if row.marked_in is not changes or row.marked != minute:  # once a minute, and after each delta
            row.marked_in, row.marked = changes, minute
            if key:
                changes.queues.add(key)
            else:
                changes.total = True
            changes.intervals.add((minute // MINUTES_A_QUARTER, key))
        if minute != row.opened:
            row.open(minute, self.before)

    def mix(self, mix: Mix) -> Track:
        """The track of a channel and skills."""
        track = self.mixes.get(mix)
        if track is None:
            track = self.mixes[mix] = Track(self.calendar, keep=self.keep, inflow=self.inflow)
        return track

    def remember(self, caller: AbandonedCaller) -> None:
        """A caller left before an answer."""
        row = self.queues.get(caller.queue)
        if row is not None:
            row.remember(caller)
            self.changes.abandoned.add(caller.queue)

    def _add(self, queue: Queue) -> QueueRow:
        self.settle()
        row = self.queues[queue.key] = QueueRow(queue, self.at, self.inflow, keep=self.keep)
        here = Shift(self.at)
        for agent in self.agents.values():
            if queue.key in agent.queues:
                here.agents[agent.state] += 1
        row.recount(here)
        self._changed(queue.key, row)
        return row

    def _configure_total(self) -> QueueRow:
        """All together: what the queues agree on, else the default; a threshold of 0 is each one's own."""
        queues = [row.queue for row in self.queues.values()]
        agreed = {
            name: values.pop()
            for name in _AGREED
            if len(values := {getattr(queue, name) for queue in queues}) == 1
        }
        queue = msgspec.structs.replace(Queue(key=TOTAL, name="All queues", threshold_s=0.0), **agreed)
        if self.total is None:
            self.total = QueueRow(queue, self.at, self.inflow, keep=self.keep)
        self._configured(TOTAL, self.total, queue)
        self.set_days()
        return self.total

    def _configured(self, key: str, row: QueueRow, queue: Queue) -> None:
        zone = row.queue.timezone
        row.configure(queue, self.at)
        self._changed(key, row)
        if queue.timezone != zone:
            self._begun(key, row)
        if row is self.total and queue.timezone != self.calendar.zone:
            self._change_zone(queue.timezone)

    def _change_zone(self, zone: str) -> None:
        """The days of agents, channels and skills are those of all queues together."""
        tracks: list[Track] = [
            *self.mixes.values(),
            *self.crews.values(),
            *(row.track for row in self.agents.values()),
        ]
        for track in tracks:
            track.settle()
        before = self.calendar.zone
        self.calendar.change(zone)
        for track in tracks:
            track.cut_anew(before, self.calendar, self.minute)

    # ------------------------------------------------------------ agents

    def agent_moved(self, standing: AgentStanding) -> None:
        """An agent's standing may have changed."""
        agent = standing.agent
        key = agent.key
        row = self.agents.get(key)
        if row is None:
            row = self.agents[key] = AgentRow(standing, Journal(self.calendar, keep=self.keep), self.us)
            self.changes.removed_agents.discard(key)
        row.standing = standing
        row.shown = None
        self.changes.agents.add(key)
        state, queues = standing.state, agent.queues
        reason = standing.reason if state is AgentState.PAUSED else ""
        if queues is not row.queues and queues != row.queues:
            self._agent_reassigned(row, state, reason)
        elif state is not row.state or reason != row.reason:
            before = row.state
            row.begin(self.us, state, reason)
            if state is not before:
                self._recount(row.queues, before, state)
        else:
            return
        if row.crew is None:
            row.crew = self.crew(queues)

    def _agent_reassigned(self, row: AgentRow, state: AgentState, reason: str) -> None:
        before, queues = row.state, row.standing.agent.queues
        row.begin(self.us, state, reason)
        self._recount(row.queues, before, AgentState.OFFLINE)
        self._recount(queues, AgentState.OFFLINE, state)
        row.queues = queues
        row.crew = self.crew(queues)

    def crew(self, queues: tuple[str, ...]) -> Journal:
        """The track of all agents who serve these queues."""
        key = tuple(sorted(set(queues)))
        track = self.crews.get(key)
        if track is None:
            track = self.crews[key] = Journal(self.calendar, keep=self.keep, by_quarters=True)
        return track

    def agent_answered(self, key: str, customer: str) -> None:
        """An agent answered a customer."""
        row = self.agents.get(key)
        if row is not None:
            row.customer = customer
            row.track.put(self.minute, "contacts", 1)
            self.agent_changed(key, row)

    def remove_agent(self, key: str) -> None:
        """An agent is gone."""
        row = self.agents.pop(key, None)
        if row is not None:
            row.spend(self.us)
            self._keep_untaken("agent", key, row.track)
            self._recount(row.queues, row.state, AgentState.OFFLINE)
            self.changes.agents.discard(key)
            self.changes.removed_agents.add(key)

    def _keep_untaken(self, dimension: str, key: str, track: Track) -> None:
        """A row goes; what it counted is still to be taken."""
        track.settle()
        if track.pending:
            self.gone.append((dimension, key, track))

    def _recount(self, queues: tuple[str, ...], before: AgentState, state: AgentState) -> None:
        """An agent of these queues goes from a state to another: the rows hear of it when they are read."""
        shift = self._shifts.get(queues)
        if shift is None:
            shift = self._shifts[queues] = Shift(self.at)
        elif self.at > shift.at:
            shift.at = self.at
        shift.agents[before] -= 1
        shift.agents[state] += 1

    def settle(self) -> None:
        """Bring the agents' states to the rows: before these are read."""
        shifts, self._shifts = self._shifts, {}
        if not shifts:
            return
        total = self.whole()
        for queues, shift in shifts.items():
            for key in dict.fromkeys(queues):
                row = self.queues.get(key)
                if row is not None:
                    row.recount(shift)
                    self.changes.queues.add(key)
            total.recount(shift)
        self.changes.total = True

    # ------------------------------------------------------------ marks

    def every(self) -> list[tuple[str, QueueRow]]:
        """All rows of queues, and the total."""
        return [*self.queues.items(), *([(TOTAL, self.total)] if self.total else [])]

    def _changed(self, key: str, row: QueueRow) -> None:
        row.shown = None
        if row is self.total:
            self.changes.total = True
        else:
            self.changes.queues.add(key)

    def agent_changed(self, key: str, row: AgentRow) -> None:
        """An agent's row is to be shown anew."""
        row.shown = None
        self.changes.agents.add(key)

    def _all_agents_changed(self) -> None:
        for key, row in self.agents.items():
            self.agent_changed(key, row)
