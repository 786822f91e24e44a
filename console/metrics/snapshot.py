"""The fold: the only place where events become figures.

Definitions. A wait goes from `waiting_since` to the answer or the end. An abandon is an end by the
customer (or lost media) while waiting or offered; an end by anybody else there flowed out. Overflow
counts as flowed out in the first queue and offered in the next; a transfer to a queue is offered
(transferred in) there. The total counts each interaction once: offered when first queued, then answered,
abandoned or flowed out, whichever came first; channels and skills count as the total does, skills those asked
for on first coming, for the whole life of the interaction. Where a flow-out goes to voicemail or a
callback, that is its reason, whatever the cause. An arrival that no queue took is refused, nothing else.
A callback counts in its own figures only. What is counted belongs to the moment of its fact: talk to the end
of the talk, an answer to the answer; only an agent's time in a state counts minute by minute, and that a
customer came again counts where the earlier answer was. Thresholds and formulas are those in force at that
moment; older figures keep theirs. An end before any queue counts nowhere. Talk time is without hold.
An expected wait is compared with the wait from coming into the queue that answered.

Time. A fact counts in the minute and the day that its own time lies in, late or early: a late one does not
count today but yesterday, one from the future moves no day and shows when its time has come. A state
of an agent lasts to the next fact's time, and no time when that is earlier. Days begin at `roll` (now) only.
The last N minutes are the one under way and the N - 1 before it.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from console.domain import events as ev
from console.domain.figures import AgentFigures, Snapshot
from console.domain.standings import Standings
from console.metrics.books import Books, by_start, by_time
from console.metrics.calls import Calls
from console.metrics.checkpoint import (
    Checkpoint,
    from_bytes,
    pack_agent,
    pack_row,
    pack_track,
    restore_books,
    restore_standings,
    to_bytes,
)
from console.metrics.increments import Dimension, Increment, increment_of
from console.metrics.intervals import Day, minute_of, quarter_start, us_of
from console.metrics.reading import Reading, reading_of
from console.metrics.rows import AgentRow, QueueRow
from console.metrics.tally import Tally, merged
from console.metrics.track import Track

WINDOWS = (15, 30, 60)
"""The windows of the last minutes."""


class Fold:
    """Figures as of the last event applied."""

    def __init__(self, *, keep_increments: bool = False) -> None:
        """Nothing happened yet. `keep_increments`: somebody will take them."""
        self.sequence = 0
        self.last_event_at: datetime | None = None
        self.standings = Standings()
        self.books = Books(keep=keep_increments)
        self.calls = Calls(self.standings, self.books)
        self._stand: Callable[[Any], object] = self.calls.stand
        self._steps: dict[type, Callable[[Any], object] | None] = {
            **self.calls.steps,
            ev.CallRecorded: None,
            ev.CallNoted: None,
            ev.QueueConfigured: self._queue_configured,
            ev.QueueRemoved: self._queue_removed,
            ev.AgentRemoved: self._agent_removed,
        }
        self._last_us = self._before_us = 0
        self._about: dict[UUID, set[str]] = {}

    def apply(self, event: ev.LedgerEvent, sequence: int) -> None:
        """Take one fact, in ledger order. Facts that come too late change nothing (domain.standings)."""
        self.sequence = sequence
        step = self._steps.get(type(event), self._stand)
        if step is None:
            return  # what a desk recorded is its history: its clock is not ours
        at = event.at
        if self.last_event_at is None or at > self.last_event_at:
            self.last_event_at = at
        books = self.books
        books.begin(at)
        self._before_us, self._last_us = self._last_us, books.us
        step(event)
        if self._about and isinstance(event, ev.InteractionEvent):
            self._look_again(event.interaction)

    def snapshot(self, now: datetime) -> Snapshot:
        """The whole board. `now` only begins new days and stands in the result."""
        books = self.books
        books.roll(now)
        rows = [books.queues[key] for key in sorted(books.queues)]
        every = [*rows, *([books.total] if books.total else [])]
        return Snapshot(
            sequence=self.sequence,
            at=now,
            queues=tuple(row.figures() for row in rows),
            agents=tuple(self.agent_figures(key) for key in sorted(books.agents)),
            total=books.total.figures() if books.total else None,
            abandoned=tuple(sorted((caller for row in rows for caller in row.callers()), key=by_time)),
            intervals=tuple(
                sorted((interval for row in every for interval in row.intervals()), key=by_start)
            ),
            last_event_at=self.last_event_at,
        )

    def agent_figures(self, key: str) -> AgentFigures:
        """One agent's row."""
        row = self.books.agents[key]
        figures = row.figures(self.standings.interactions, self.books.day)
        if figures.interaction != row.about:
            self._show_about(key, row, figures.interaction)
        return figures

    def _show_about(self, key: str, row: AgentRow, interaction: UUID | None) -> None:
        if row.about is not None:
            others = self._about.get(row.about, set())
            others.discard(key)
            if not others:
                self._about.pop(row.about, None)
        if interaction is not None:
            self._about.setdefault(interaction, set()).add(key)
        row.about = interaction

    def _look_again(self, interaction: UUID) -> None:
        """A fact about an interaction: whoever is shown with it is to be shown anew."""
        for key in tuple(self._about.get(interaction, ())):
            row = self.books.agents.get(key)
            if row is not None and row.about == interaction:
                self.books.agent_changed(key, row)
            else:  # the agent was removed
                self._about[interaction].discard(key)

    # ------------------------------------------------------------ any dimension

    def keys(self, dimension: Dimension) -> list[str]:
        """What there are figures of."""
        books = self.books
        found: Iterable[str]
        if dimension is Dimension.QUEUE:
            found = books.queues
        elif dimension is Dimension.AGENT:
            found = books.agents
        elif dimension is Dimension.CENTRE:
            found = [""] if books.total else []
        elif dimension is Dimension.CHANNEL:
            found = {channel for channel, _ in books.mixes}
        else:
            found = {skill for _, skills in books.mixes for skill in skills}
        return sorted(found)

    def window(self, dimension: Dimension, key: str, minutes: int, now: datetime) -> Tally:
        """The last minutes (60 at most), of which the one of `now` is the newest."""
        self.books.spend(us_of(now))
        minute = minute_of(now)
        return merged(*(track.window(minute, minutes) for track in self._tracks(dimension, key)))

    def today(self, dimension: Dimension, key: str, now: datetime) -> Tally:
        """The day that `now` lies in: in the queue's own zone, else in that of all queues together."""
        books = self.books
        books.roll(now)
        books.spend(us_of(now))
        row = books.queues.get(key) if dimension is Dimension.QUEUE else None
        day = row.day if row is not None else books.day
        return merged(*(_of_day(track, day) for track in self._tracks(dimension, key)))

    def reading(self, dimension: Dimension, key: str, now: datetime, minutes: int | None = None) -> Reading:
        """What the catalogue reads: of the last minutes, or of today."""
        if minutes is None:
            tally = self.today(dimension, key, now)
        else:
            tally = self.window(dimension, key, minutes, now)
        reading, row = reading_of(tally), self._row(dimension, key)
        if row is None:
            return reading
        oldest = min(row.waiting.values(), default=None)
        return replace(
            reading,
            live=True,
            waiting=len(row.waiting),
            callbacks_waiting=len(row.callbacks),
            longest_wait_s=max(0.0, (now - oldest).total_seconds()) if oldest else None,
            agents=row.agents,
        )

    def _row(self, dimension: Dimension, key: str) -> QueueRow | None:
        self.books.settle()
        if dimension is Dimension.CENTRE:
            return self.books.total
        return self.books.queues.get(key) if dimension is Dimension.QUEUE else None

    def _tracks(self, dimension: Dimension, key: str) -> list[Track]:
        books = self.books
        if dimension is Dimension.AGENT:
            return [books.agents[key].track] if key in books.agents else []
        if dimension is Dimension.CHANNEL:
            return [track for (channel, _), track in books.mixes.items() if channel == key]
        if dimension is Dimension.SKILL:
            return [track for (_, skills), track in books.mixes.items() if key in skills]
        if dimension is Dimension.CENTRE:
            return [books.whole().track, *books.crews.values()]
        own = [books.queues[key].track] if key in books.queues else []
        return own + [track for queues, track in books.crews.items() if key in queues]

    # ------------------------------------------------------------ increments

    def take_increments(self) -> list[Increment]:
        """All contributions since they were last taken, ordered by start, dimension and key.

        Agents' time is in them up to the newest fact (two facts have to agree on it), and the rest
        follows with later ones: what is taken depends on the events applied alone.
        """
        books = self.books
        books.spend(min(self._last_us, self._before_us))
        cells: dict[tuple[int, Dimension, str], Tally] = {}
        for track, places in self._untaken():
            for quarter, tally in track.take().items():
                for dimension, key in places:
                    cells.setdefault((quarter, dimension, key), Tally()).merge(tally)
        books.gone = []
        taken = (
            increment_of((quarter_start(quarter), dimension, key), cells[quarter, dimension, key])
            for quarter, dimension, key in sorted(cells)
        )
        return [increment for increment in taken if increment]

    def _untaken(self) -> Iterable[tuple[Track, list[tuple[Dimension, str]]]]:
        books = self.books
        for key, row in books.queues.items():
            yield row.track, [(Dimension.QUEUE, key)]
        for name, agent in books.agents.items():
            yield agent.track, [(Dimension.AGENT, name)]
        for dimension, key, track in books.gone:
            yield track, [(Dimension(dimension), key)]
        if books.total:
            yield books.total.track, [(Dimension.CENTRE, "")]
        for (channel, skills), track in books.mixes.items():
            yield track, [(Dimension.CHANNEL, channel), *((Dimension.SKILL, skill) for skill in skills)]
        for queues, track in books.crews.items():
            yield track, [(Dimension.CENTRE, ""), *((Dimension.QUEUE, queue) for queue in queues)]

    # ------------------------------------------------------------ checkpoints

    def checkpoint(self) -> Checkpoint:
        """All that another fold needs to go on exactly as this one would."""
        standings, books = self.standings, self.books
        books.settle()
        return Checkpoint(
            sequence=self.sequence,
            last_event_at=self.last_event_at,
            last_us=self._last_us,
            before_us=self._before_us,
            queues=list(standings.queues.values()),
            agents=list(standings.agents.values()),
            interactions=list(standings.interactions.values()),
            ignored=standings.ignored,
            arrived=standings.arrived,
            latest=standings.latest,
            turn=standings.staff.turn,
            at=books.at,
            before=books.before,
            zone=books.calendar.zone,
            rows=[pack_row(row) for row in books.queues.values()],
            total=pack_row(books.total) if books.total else None,
            agent_rows=[(key, pack_agent(row)) for key, row in books.agents.items()],
            mixes=[(mix, pack_track(track)) for mix, track in books.mixes.items()],
            crews=[(queues, pack_track(track)) for queues, track in books.crews.items()],
            gone=[(dimension, key, pack_track(track)) for dimension, key, track in books.gone],
            removed=sorted(books.removed),
            cases=[(UUID(int=number), case) for number, case in self.calls.cases.items()],
            contacts=self.calls.repeats.known(),
            chosen=self.calls.repeats.chosen,
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Stand where the fold of a checkpoint stood; only for a new one."""
        self.sequence = checkpoint.sequence
        self.last_event_at = checkpoint.last_event_at
        self._last_us, self._before_us = checkpoint.last_us, checkpoint.before_us
        restore_standings(self.standings, checkpoint)
        restore_books(self.books, self.standings, checkpoint)
        self.calls.cases.update((interaction.int, case) for interaction, case in checkpoint.cases)
        self.calls.repeats.restore(checkpoint.contacts, checkpoint.chosen)

    def dump(self) -> bytes:
        """A checkpoint as bytes, for `load`."""
        return to_bytes(self.checkpoint())

    def load(self, data: bytes) -> None:
        """Stand where the fold that gave these bytes stood; only for a new one. Raises BadInput when they are
        none, or of another version: then read the ledger from its beginning.
        """
        self.restore(from_bytes(data))

    # ------------------------------------------------------------ steps

    def _queue_configured(self, event: ev.QueueConfigured) -> None:
        self.calls.stand(event)
        self.books.configure(event.queue)

    def _queue_removed(self, event: ev.QueueRemoved) -> None:
        self.calls.stand(event)
        self.books.remove(event.queue)

    def _agent_removed(self, event: ev.AgentRemoved) -> None:
        self.calls.stand(event)
        self.books.remove_agent(event.agent)


def _of_day(track: Track, day: Day) -> Tally:
    return track.quarters(day.first, day.last) if track.by_quarters else track.page(day).tally
