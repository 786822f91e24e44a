"""The fold: the only place where events become figures.

Definitions. A wait goes from `waiting_since` to the answer or the end. An abandon is an end by the
customer (or lost media) while waiting or offered; an end by anybody else there flowed out. Overflow
counts as flowed out in the first queue and offered in the next; a transfer to a queue is offered
(transferred in) there. The total counts each interaction once: offered when first queued, then answered,
abandoned or flowed out, whichever came first. What is counted belongs to the moment of its fact: talk to
the end of the talk, an answer to the answer. Thresholds are those in force at that moment. An end before
any queue counts nowhere. Talk time is without hold.

A fact of a day that is over in its queue's zone changes who waits and who talks, but no count of today.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from console.domain import events as ev
from console.domain.figures import AbandonedCaller, AgentFigures, Snapshot
from console.domain.interaction import Phase
from console.domain.standing import InteractionStanding
from console.domain.standings import Standings
from console.metrics.books import TOTAL, Books, by_start, by_time
from console.metrics.rows import seconds_between

LOST_MEDIA = "media lost"
"""The reason of an end that the silence of a line brought about; the customer is gone, whoever ended it."""

_IN_QUEUE = frozenset({Phase.WAITING, Phase.OFFERED})
_TALKING = frozenset({Phase.CONNECTED, Phase.HELD})


class _Case:
    """What the fold remembers of an open interaction beside its standing."""

    __slots__ = ("offered", "segment_since", "settled")

    def __init__(self) -> None:
        self.offered = False
        self.settled = False
        self.segment_since: datetime | None = None


class Fold:
    """Figures as of the last event applied."""

    def __init__(self, *, keep_waits: bool = False) -> None:
        """Nothing happened yet. `keep_waits` keeps each wait of today (8 bytes a call) for percentiles."""
        self._keep_waits = keep_waits
        self.sequence = 0
        self.last_event_at: datetime | None = None
        self.standings = Standings()
        self.books = Books()
        self._cases: dict[UUID, _Case] = {}
        self._steps: dict[type, Callable[[Any], None]] = {
            ev.QueueConfigured: self._queue_configured,
            ev.QueueRemoved: self._queue_removed,
            ev.InteractionQueued: self._queued,
            ev.InteractionLeftQueue: self._left_queue,
            ev.OfferEnded: self._offer_ended,
            ev.InteractionAnswered: self._answered,
            ev.InteractionHeld: self._switched,
            ev.InteractionResumed: self._switched,
            ev.InteractionTransferred: self._transferred,
            ev.InteractionEnded: self._ended,
            ev.AgentRemoved: self._agent_removed,
            ev.WrapUpEnded: self._wrap_up_ended,
        }

    def apply(self, event: ev.LedgerEvent, sequence: int) -> None:
        """Take one fact, in ledger order. Facts that come too late change nothing (domain.standings)."""
        self.sequence = sequence
        at = event.at
        if self.last_event_at is None or at > self.last_event_at:
            self.last_event_at = at
        self.books.roll(at)
        step = self._steps.get(type(event))
        if step is not None:
            step(event)
        else:
            self._stand(event)

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
        return self.books.agents[key].figures(self.standings.interactions, self.books.day)

    # ------------------------------------------------------------ configuration

    def _queue_configured(self, event: ev.QueueConfigured) -> None:
        self._stand(event)
        self.books.configure(event.queue, event.at)

    def _queue_removed(self, event: ev.QueueRemoved) -> None:
        self._stand(event)
        self.books.remove(event.queue, event.at)

    def _agent_removed(self, event: ev.AgentRemoved) -> None:
        self._stand(event)
        self.books.remove_agent(event.agent, event.at)

    # ------------------------------------------------------------ interactions

    def _queued(self, event: ev.InteractionQueued) -> None:
        before = self.standings.interactions.get(event.interaction)
        moved_from = before.queue if before and before.phase is Phase.WAITING else None
        if not self._stand(event):
            return
        standing = self.standings.interactions[event.interaction]
        case = self._cases.setdefault(event.interaction, _Case())
        if moved_from is not None:
            self._flow_out(moved_from, event)
        row = self.books.row(event.queue, event.at)
        total = self.books.whole(event.at)
        transferred = event.reason == "transfer"
        if row is not None:
            for tally in row.tallies(event.at):
                tally.offered += 1
                tally.transferred_in += transferred
            row.enter(standing, event.at)
            self.books.mark(event.queue, row, event.at)
        for tally in total.tallies(event.at):
            tally.offered += not case.offered
            tally.transferred_in += transferred
        case.offered = True
        total.enter(standing, event.at)
        self.books.mark(TOTAL, total, event.at)

    def _left_queue(self, event: ev.InteractionLeftQueue) -> None:
        if not self._stand(event):
            return
        self._flow_out(self.standings.interactions[event.interaction].queue, event)
        if event.reason is not ev.LeaveReason.OVERFLOW:
            self._settle_flow(event)

    def _flow_out(self, queue: str, event: ev.InteractionEvent) -> None:
        row = self.books.row(queue, event.at)
        if row is None:
            return
        for tally in row.tallies(event.at):
            tally.flowed_out += 1
        row.leave(event.interaction)
        self.books.mark(queue, row, event.at)

    def _settle_flow(self, event: ev.InteractionEvent) -> None:
        """It flowed out for good."""
        total = self.books.whole(event.at)
        total.leave(event.interaction)
        case = self._cases[event.interaction]
        if not case.settled:
            case.settled = True
            for tally in total.tallies(event.at):
                tally.flowed_out += 1
        self.books.mark(TOTAL, total, event.at)

    def _offer_ended(self, event: ev.OfferEnded) -> None:
        before = self.standings.interactions.get(event.interaction)
        offered = before is not None and before.phase is Phase.OFFERED
        if not self._stand(event) or before is None or not offered:
            return
        if event.reason is ev.OfferEndReason.WITHDRAWN:
            return
        for key, row in self.books.rows_of(before.queue, event.at):
            for tally in row.tallies(event.at):
                tally.requeued += 1
            self.books.mark(key, row, event.at)

    def _answered(self, event: ev.InteractionAnswered) -> None:
        before = self.standings.interactions.get(event.interaction)
        phase = before.phase if before else Phase.NEW
        if before is not None and phase in _TALKING:
            self._close_segment(before, event.at)
        if not self._stand(event) or before is None:
            return
        case = self._cases.setdefault(event.interaction, _Case())
        case.segment_since = event.at
        if phase in _IN_QUEUE:
            self._count_answer(before, case, event.at)
        if phase not in _TALKING:
            self.books.agent_answered(event.agent, before.customer.shown, event.at)

    def _count_answer(self, standing: InteractionStanding, case: _Case, at: datetime) -> None:
        waited = seconds_between(standing.waiting_since, at)
        in_time = waited <= self.books.queue(standing.queue).threshold_s
        for key, row in self.books.rows_of(standing.queue, at):
            tallies = row.tallies(at)
            row.leave(standing.interaction)
            self.books.mark(key, row, at)
            if row is self.books.total and case.settled:
                continue
            for tally in tallies:
                tally.answer(waited, in_time=in_time)
            if self._keep_waits and tallies:
                row.waits.append(waited)
        case.settled = True

    def _switched(self, event: ev.InteractionHeld | ev.InteractionResumed) -> None:
        """Talk becomes hold, or hold talk: what went on until now is counted."""
        standing = self.standings.interactions.get(event.interaction)
        if standing is not None and standing.phase in _TALKING:
            self._close_segment(standing, event.at)
        self._stand(event)

    def _transferred(self, event: ev.InteractionTransferred) -> None:
        standing = self.standings.interactions.get(event.interaction)
        if standing is not None and standing.phase in _TALKING:
            self._close_segment(standing, event.at)
            for key, row in self.books.rows_of(standing.queue, event.at):
                for tally in row.tallies(event.at):
                    tally.transferred_out += 1
                self.books.mark(key, row, event.at)
        self._stand(event)

    def _ended(self, event: ev.InteractionEnded) -> None:
        standing = self.standings.interactions.get(event.interaction)
        phase = standing.phase if standing else Phase.NEW
        if standing is not None and phase in _TALKING:
            self._close_segment(standing, event.at)
        if not self._stand(event) or standing is None:
            return
        case = self._cases.pop(event.interaction, None)
        if phase in _IN_QUEUE and case is not None:
            self._count_loss(standing, case, event)
        elif standing.left is ev.LeaveReason.OVERFLOW and case is not None:
            self._cases[event.interaction] = case
            self._settle_flow(event)
            del self._cases[event.interaction]

    def _count_loss(self, standing: InteractionStanding, case: _Case, event: ev.InteractionEnded) -> None:
        """It ended before an answer: abandoned by the customer, or let go by the centre."""
        at = event.at
        waited = seconds_between(standing.waiting_since, at)
        queue = self.books.queue(standing.queue)
        in_time, short = waited <= queue.threshold_s, waited < queue.short_abandon_s
        abandoned = event.by is ev.EndedBy.CUSTOMER or event.reason == LOST_MEDIA
        for key, row in self.books.rows_of(standing.queue, at):
            tallies = row.tallies(at)
            row.leave(standing.interaction)
            self.books.mark(key, row, at)
            if row is self.books.total and case.settled:
                continue
            for tally in tallies:
                if abandoned:
                    tally.abandon(waited, in_time=in_time, short=short)
                else:
                    tally.flowed_out += 1
        if abandoned:
            caller = AbandonedCaller(
                interaction=standing.interaction,
                at=at,
                queue=standing.queue,
                customer=standing.customer.user,
                name=standing.customer.name,
                waited_s=waited,
                short=short,
            )
            self.books.remember(caller)

    def _close_segment(self, standing: InteractionStanding, at: datetime) -> None:
        case = self._cases.get(standing.interaction)
        if case is None or case.segment_since is None:
            return
        spent = seconds_between(case.segment_since, at)
        held = standing.phase is Phase.HELD
        for key, row in self.books.rows_of(standing.queue, at):
            for tally in row.tallies(at):
                if held:
                    tally.hold_s += spent
                else:
                    tally.talk_s += spent
            self.books.mark(key, row, at)
        case.segment_since = at

    # ------------------------------------------------------------ agents

    def _wrap_up_ended(self, event: ev.WrapUpEnded) -> None:
        agent = self.standings.agents.get(event.agent)
        wrap_up = agent.wrap_ups.get(event.interaction) if agent else None
        self._stand(event)
        if wrap_up is None:
            return
        spent = seconds_between(wrap_up.started_at, event.at)
        for key, row in self.books.rows_of(wrap_up.queue, event.at):
            for tally in row.tallies(event.at):
                tally.wrap_up_s += spent
            self.books.mark(key, row, event.at)

    def _stand(self, event: ev.LedgerEvent) -> bool:
        """Fold it into the standings; False when it came too late and changed nothing."""
        ignored = self.standings.ignored
        for standing in self.standings.apply(event):
            self.books.agent_moved(standing, event.at)
        return self.standings.ignored == ignored
