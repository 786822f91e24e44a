"""Facts in, decisions out: the ACD's one place of decision, a function of the events and `now` alone.

`apply` folds facts and notes the duties they bring (an offer to withdraw, a wrap-up to start, an arrival to
queue); `decide` meets them, fires what is due and matches who waits with who is free. Only the fact that
meets a duty drops it, so a router that reads the ledger again goes on where the first one stood. Nothing is
scanned: only what became waiting or free since the last decision is looked at.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from console.domain import events as ev
from console.domain.address import Address
from console.domain.interaction import Phase
from console.domain.queue import Queue
from console.domain.standing import AgentStanding, InteractionStanding
from console.domain.standings import Standings
from console.routing.duties import Duties
from console.routing.matcher import Matcher
from console.routing.queues import Door
from console.routing.timers import Timers
from console.settings import RoutingSettings

_ORPHANED = "centre restarted"
_RETURN_S = 45.0
"""Seconds that all desks have to find a centre that was away: one tries again every 30 s at most (sync.link)
and may hang in an attempt of 10 s. None of them left, so none may be signed out sooner.
"""
_MOST_ROUNDS = 100
_AT_ONCE = datetime.min.replace(tzinfo=UTC)
_log = logging.getLogger(__name__)


class Router:
    """The ACD of one centre."""

    def __init__(self, settings: RoutingSettings, new_id: Callable[[], UUID]) -> None:
        """`new_id` makes the ids of the events and offers that are decided."""
        self._settings = settings
        self._new_id = new_id
        self._standings = Standings()
        self._duties = Duties(self._standings)
        self._matcher = Matcher(self._standings)
        self._door = Door()
        self._timers = Timers(self._standings)
        self._decided: list[ev.LedgerEvent] = []
        self._unrest = False

    # ------------------------------------------------------------ reads

    def agent(self, key: str) -> AgentStanding | None:
        """One agent's standing (the live one: read it, do not keep it)."""
        return self._standings.agents.get(key)

    def agents(self) -> list[AgentStanding]:
        """All agents known."""
        return list(self._standings.agents.values())

    def interaction(self, interaction: UUID) -> InteractionStanding | None:
        """One open interaction's standing (the live one), None when it is over."""
        return self._standings.interactions.get(interaction)

    def open_interactions(self) -> list[InteractionStanding]:
        """All interactions that are not over."""
        return list(self._standings.interactions.values())

    def waiting(self, queue: str) -> list[UUID]:
        """Who waits in a queue and is not being offered, in serving order."""
        return self._matcher.waiting(queue)

    def queue(self, key: str) -> Queue | None:
        """A queue as configured now."""
        return self._standings.queues.get(key)

    def wrap_up_of(self, agent: str) -> UUID | None:
        """The interaction that an agent is wrapping up, if any."""
        standing = self.agent(agent)
        wrap_up = standing.wrap_up if standing else None
        return wrap_up.interaction if wrap_up else None

    @property
    def late_facts(self) -> int:
        """How many facts came too late, or did not fit, and changed nothing."""
        return self._standings.ignored

    # ------------------------------------------------------------ facts in

    def apply(self, event: ev.LedgerEvent) -> None:
        """Take a fact, in ledger order. A fact that comes too late changes nothing and raises nothing."""
        before = self._standings.ignored
        for agent in self._duties.apply(event):
            self._matcher.agent_moved(agent)
        if self._standings.ignored != before:
            _log.debug("a %s came too late and changes nothing", type(event).__name__)
        if isinstance(event, ev.InteractionEvent):
            self._interaction_moved(event)
        elif isinstance(event, ev.AgentEvent):
            self._agent_moved(event)
        elif isinstance(event, ev.QueueConfigured):
            self._door.open(event.queue)
            self._matcher.queue_moved(event.queue.key)
            self._rearm(event.queue.key)
        elif isinstance(event, ev.QueueRemoved):
            self._door.close(event.queue)
            self._matcher.queue_moved(event.queue)
            self._rearm(event.queue)

    def _interaction_moved(self, event: ev.InteractionEvent) -> None:
        fresh = self._matcher.interaction_moved(event.interaction)
        standing = self._standings.interactions.get(event.interaction)
        if standing is None:
            self._timers.over(event.interaction)
        elif standing.phase is Phase.WAITING:
            self._waits(standing, event, fresh=fresh)
        elif isinstance(event, ev.InteractionOffered):
            self._timers.rings.set(event.agent)

    def _waits(self, standing: InteractionStanding, event: ev.InteractionEvent, *, fresh: bool) -> None:
        if fresh:
            self._timers.patience.set(standing.interaction)
        if isinstance(event, ev.InteractionQueued):
            self._timers.queued(standing, self._matcher.ahead(standing))
        if fresh or isinstance(event, ev.PositionAnnounced):
            self._timers.words.set(standing.interaction)

    def _agent_moved(self, event: ev.AgentEvent) -> None:
        if isinstance(event, ev.WrapUpStarted):
            self._timers.wrap_ups.set((event.agent, event.interaction))
        elif isinstance(event, ev.DeskLost):
            self._timers.graces.set(event.agent)

    def _rearm(self, queue: str) -> None:
        for interaction in self._matcher.waiting(queue):
            self._timers.patience.set(interaction)
            self._timers.words.set(interaction)

    # ------------------------------------------------------------ when

    def next_due(self) -> datetime | None:
        """When `decide` matters next without a new fact; None: never."""
        if self._unrest:
            return _AT_ONCE
        dues = (self._timers.next_due(), self._matcher.next_due())
        return min((due for due in dues if due is not None), default=None)

    # ------------------------------------------------------------ decisions out

    def decide(self, now: datetime) -> list[ev.LedgerEvent]:
        """What routing brings about now, already applied here: append it to the ledger, then perform it.

        Goes round until nothing moves; with no end in sight it stops, says so, and is due again at once.
        """
        self._decided = []
        moved, rounds = -1, 0
        while moved != len(self._decided) and rounds < _MOST_ROUNDS:
            moved, rounds = len(self._decided), rounds + 1
            self._go_round(now)
        unrest = moved != len(self._decided)
        if unrest and not self._unrest:
            _log.error("routing does not come to rest: look for times of 0 s among the queues' settings")
        self._unrest = unrest
        for interaction in self._timers.words.due(now):
            standing = self._standings.interactions[interaction]
            self._emit(
                ev.PositionAnnounced(
                    id=self._new_id(),
                    at=now,
                    interaction=interaction,
                    position=self._matcher.ahead(standing) + 1,
                )
            )
        return self._decided

    def _go_round(self, now: datetime) -> None:
        self._meet_duties(now)
        self._fire(now)
        self._meet_duties(now)
        for standing, agents in self._matcher.match(now):
            for agent in agents:
                self._offer(standing, agent, now)
        self._overflow(now)

    def close_orphans(self, now: datetime) -> list[ev.LedgerEvent]:
        """After a restart with a switch that lost its calls: all open interactions end, all desks are lost.

        Applied already, like decisions; call `decide` afterwards. Agents get the grace time to come back, and
        long enough in any case for their desks to try again.
        """
        self._decided = []
        grace_s = max(self._settings.grace_s, _RETURN_S)
        for standing in self.open_interactions():
            self._emit(
                ev.InteractionEnded(
                    id=self._new_id(),
                    at=now,
                    interaction=standing.interaction,
                    by=ev.EndedBy.CENTRE,
                    reason=_ORPHANED,
                )
            )
        self._meet_duties(now)
        for agent in self.agents():
            if agent.contact:
                self._emit(ev.DeskLost(id=self._new_id(), at=now, agent=agent.agent.key, grace_s=grace_s))
        return self._decided

    def _emit(self, event: ev.LedgerEvent) -> None:
        self.apply(event)
        self._decided.append(event)

    def _meet_duties(self, now: datetime) -> None:
        for event in self._duties.met(now, self._new_id):
            self._emit(event)
        for standing in self._duties.arrivals():
            self._let_in(standing, now)

    def _fire(self, now: datetime) -> None:
        """End what has gone on for long enough: ringing, wrap-ups, the grace of vanished desks."""
        for agent in self._timers.rings.due(now):
            offer = self._standings.agents[agent].open_offer
            if offer is not None:
                self._emit(
                    ev.OfferEnded(
                        id=self._new_id(),
                        at=now,
                        interaction=offer.interaction,
                        offer=offer.offer,
                        agent=agent,
                        reason=ev.OfferEndReason.NO_ANSWER,
                    )
                )
        for agent, interaction in self._timers.wrap_ups.due(now):
            self._emit(
                ev.WrapUpEnded(
                    id=self._new_id(), at=now, agent=agent, interaction=interaction, reason="limit"
                )
            )
        for agent in self._timers.graces.due(now):
            self._emit(ev.AgentSignedOut(id=self._new_id(), at=now, agent=agent, reason="grace"))

    # ------------------------------------------------------------ in, on and out of queues

    def _let_in(self, standing: InteractionStanding, now: datetime) -> None:
        """Queue what has arrived, was transferred or flowed over; refuse it where it cannot be."""
        if standing.phase is not Phase.ARRIVED or standing.refused:
            return
        if standing.transferred_at is not None and standing.target:
            self._pass_on(standing, now)
            return
        if standing.left is ev.LeaveReason.OVERFLOW:
            before = self._standings.queues.get(standing.queue)
            queue = self._standings.queues.get(before.overflow_to) if before else None
            if queue is not None:
                self._enqueue(standing, queue, now, "overflow", standing.waiting_since)
            else:
                self._refuse(standing, "no such queue", now)
            return
        key = self._door.find(standing.called)
        if key is None:
            self._refuse(standing, "no such queue", now)
            return
        queue = self._standings.queues[key]
        if 0 < queue.max_waiting <= self._matcher.count(key):
            self._refuse(standing, "full", now)
            return
        self._enqueue(standing, queue, now, "arrived", standing.arrived_at)

    def _pass_on(self, standing: InteractionStanding, now: datetime) -> None:
        """A transfer: to a queue, or to an agent with the queue it came from behind; others are outside."""
        since = standing.transferred_at or now
        key = self._door.find(standing.target)
        if key is not None:
            self._enqueue(standing, self._standings.queues[key], now, "transfer", since)
        elif self._agent_named(standing.target) and standing.queue in self._standings.queues:
            self._enqueue(standing, self._standings.queues[standing.queue], now, "transfer", since)

    def _agent_named(self, target: str) -> str:
        """The agent that a transfer's target means, or "": a queue of the same name comes first."""
        if not target or self._door.find(target) is not None:
            return ""
        return next((name for name in (target, Address(target).user) if name in self._standings.agents), "")

    def _refuse(self, standing: InteractionStanding, reason: str, now: datetime) -> None:
        self._emit(
            ev.InteractionRefused(id=self._new_id(), at=now, interaction=standing.interaction, reason=reason)
        )

    def _enqueue(
        self, standing: InteractionStanding, queue: Queue, now: datetime, reason: str, since: datetime
    ) -> None:
        wanted = self._agent_named(standing.target)
        self._emit(
            ev.InteractionQueued(
                id=self._new_id(),
                at=now,
                interaction=standing.interaction,
                queue=queue.key,
                skills=queue.skills,
                priority=queue.priority,
                waiting_since=since,
                reason=reason,
                wanted=wanted,
                wanted_s=queue.named_agent_s if wanted else 0.0,
            )
        )

    def _overflow(self, now: datetime) -> None:
        """Let go whoever has waited too long, after everybody who could be served has been."""
        for interaction in self._timers.patience.due(now):
            standing = self._standings.interactions[interaction]
            queue = self._standings.queues.get(standing.queue)
            reason = ev.LeaveReason.CLOSED
            if queue is not None:
                onward = queue.overflow_to != queue.key and queue.overflow_to in self._standings.queues
                reason = ev.LeaveReason.OVERFLOW if onward else ev.LeaveReason.TIMEOUT
            self._emit(
                ev.InteractionLeftQueue(
                    id=self._new_id(),
                    at=now,
                    interaction=interaction,
                    queue=standing.queue,
                    reason=reason,
                )
            )

    def _offer(self, standing: InteractionStanding, agent: str, now: datetime) -> None:
        queue = self._standings.queues.get(standing.queue)
        if queue is None:
            return
        self._emit(
            ev.InteractionOffered(
                id=self._new_id(),
                at=now,
                interaction=standing.interaction,
                offer=self._new_id(),
                queue=standing.queue,
                agent=agent,
                ring_timeout_s=queue.ring_timeout_s,
            )
        )
