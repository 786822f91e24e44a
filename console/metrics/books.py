"""All rows of the board together: found by key, begun anew at their midnights, marked when they change."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from console.domain.agent import AgentState
from console.domain.figures import AbandonedCaller, Interval
from console.domain.queue import Queue
from console.domain.standing import AgentStanding
from console.metrics.changes import Changes
from console.metrics.intervals import Day, interval_start
from console.metrics.rows import AgentRow, QueueRow

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


class Books:
    """The rows of queues, of agents, and of all together (`total`, None until there is something)."""

    def __init__(self) -> None:
        """No rows."""
        self.queues: dict[str, QueueRow] = {}
        self.agents: dict[str, AgentRow] = {}
        self.total: QueueRow | None = None
        self.changes = Changes()
        self._removed: set[str] = set()
        self._midnight: datetime | None = None

    # ------------------------------------------------------------ days

    @property
    def day(self) -> Day:
        """Today, in the zone of all queues together."""
        return self.whole(_EPOCH).day

    def roll(self, now: datetime) -> None:
        """Begin the days that have begun by now, each queue's in its own zone."""
        if self._midnight is None or now < self._midnight:
            return
        for key, row in self._every():
            if row.roll(now):
                self.changes.begin_day(key)
                self._changed(key, row)
                if row is self.total:
                    self._all_agents_changed()
        self._midnight = min(row.day.end for _, row in self._every())

    def spend(self, now: datetime) -> None:
        """Count every agent's time in state up to now (for occupancy; it changes no row of the board)."""
        for row in self.agents.values():
            row.spend(now, self.day)

    # ------------------------------------------------------------ queues

    def configure(self, queue: Queue, at: datetime) -> None:
        """A queue has these settings from now on."""
        if queue.key in self._removed:
            self._removed.discard(queue.key)
            self.changes.removed_queues.discard(queue.key)
            self.changes.begin_day(queue.key)  # what a board still shows of its former life goes
        row = self.queues.get(queue.key)
        if row is None:
            row = self._add(queue, at)
        row.configure(queue, at)
        self._configured(queue.key, row, at)
        self._configure_total(at)

    def remove(self, key: str, at: datetime) -> None:
        """A queue is gone; what still happens in it counts in the total only."""
        if self.queues.pop(key, None) is None:
            return
        self._removed.add(key)
        self.changes.queues.discard(key)
        self.changes.removed_queues.add(key)
        self._configure_total(at)

    def row(self, key: str, at: datetime) -> QueueRow | None:
        """A queue's row; one never configured counts with default settings, a removed one not at all."""
        row = self.queues.get(key)
        if row is None and key not in self._removed:
            row = self._add(Queue(key=key), at)
            self._configure_total(at)
        return row

    def queue(self, key: str) -> Queue:
        """The settings in force for a queue."""
        row = self.queues.get(key)
        return row.queue if row else Queue(key=key)

    def whole(self, at: datetime) -> QueueRow:
        """The row of all queues together."""
        return self.total or self._configure_total(at)

    def rows_of(self, queue: str, at: datetime) -> Iterator[tuple[str, QueueRow]]:
        """The rows that a fact in a queue belongs to: its own, and all together."""
        row = self.row(queue, at)
        if row is not None:
            yield queue, row
        yield TOTAL, self.whole(at)

    def mark(self, key: str, row: QueueRow, at: datetime) -> None:
        """A row and its quarter hour changed."""
        self._changed(key, row)
        if at >= row.day.start:
            stretch = row.stretch(at)
            stretch.shown = None
            self.changes.intervals.add((stretch.start, key))

    def remember(self, caller: AbandonedCaller) -> None:
        """A caller left before an answer."""
        row = self.queues.get(caller.queue)
        if row is not None:
            row.remember(caller)
            self.changes.abandoned.add(caller.queue)

    def _add(self, queue: Queue, at: datetime) -> QueueRow:
        row = self.queues[queue.key] = QueueRow(queue, at)
        for agent in self.agents.values():
            if queue.key in agent.queues:
                row.count_agent(agent.state, 1)
        self._changed(queue.key, row)
        return row

    def _configure_total(self, at: datetime) -> QueueRow:
        """All together: what the queues agree on, else the default; a threshold of 0 is each one's own."""
        queues = [row.queue for row in self.queues.values()]
        agreed = {
            name: values.pop()
            for name in _AGREED
            if len(values := {getattr(queue, name) for queue in queues}) == 1
        }
        queue = msgspec.structs.replace(Queue(key=TOTAL, name="All queues", threshold_s=0.0), **agreed)
        if self.total is None:
            self.total = QueueRow(queue, at)
        self.total.configure(queue, at)
        self._midnight = min(row.day.end for _, row in self._every())
        self._configured(TOTAL, self.total, at)
        return self.total

    def _configured(self, key: str, row: QueueRow, at: datetime) -> None:
        if interval_start(at) in row.stretches:
            self.mark(key, row, at)
        else:
            self._changed(key, row)

    # ------------------------------------------------------------ agents

    def agent_moved(self, standing: AgentStanding, at: datetime) -> None:
        """An agent's standing may have changed."""
        key = standing.agent.key
        row = self.agents.get(key)
        if row is None:
            row = self.agents[key] = AgentRow(standing, at)
            self.changes.removed_agents.discard(key)
        row.standing = standing
        self._agent_changed(key, row)
        state, queues = standing.state, standing.agent.queues
        if state is row.state and queues is row.queues:
            return
        row.spend(at, self.whole(at).day)
        if queues is row.queues:
            self._recount(queues, row.state, state, at)
        else:
            self._recount(row.queues, row.state, AgentState.OFFLINE, at)
            self._recount(queues, AgentState.OFFLINE, state, at)
        row.state, row.queues = state, queues

    def agent_answered(self, key: str, customer: str, at: datetime) -> None:
        """An agent answered a customer."""
        row = self.agents.get(key)
        if row is not None:
            row.spend(at, self.whole(at).day)
            row.answered += at >= self.whole(at).day.start
            row.customer = customer
            self._agent_changed(key, row)

    def remove_agent(self, key: str, at: datetime) -> None:
        """An agent is gone."""
        row = self.agents.pop(key, None)
        if row is not None:
            self._recount(row.queues, row.state, AgentState.OFFLINE, at)
            self.changes.agents.discard(key)
            self.changes.removed_agents.add(key)

    def _recount(self, queues: Iterable[str], before: AgentState, state: AgentState, at: datetime) -> None:
        rows = [(key, self.queues.get(key)) for key in dict.fromkeys(queues)]
        for key, row in [*rows, (TOTAL, self.whole(at))]:
            if row is not None:
                row.count_agent(before, -1)
                row.count_agent(state, 1)
                row.changed_at = at
                self._changed(key, row)

    # ------------------------------------------------------------ marks

    def _every(self) -> list[tuple[str, QueueRow]]:
        return [*self.queues.items(), *([(TOTAL, self.total)] if self.total else [])]

    def _changed(self, key: str, row: QueueRow) -> None:
        row.shown = None
        if row is self.total:
            self.changes.total = True
        else:
            self.changes.queues.add(key)

    def _agent_changed(self, key: str, row: AgentRow) -> None:
        row.shown = None
        self.changes.agents.add(key)

    def _all_agents_changed(self) -> None:
        for key, row in self.agents.items():
            self._agent_changed(key, row)
