"""Facts in, decisions out: the ACD's one place of decision, a function of the events and `now` alone.

`apply` folds facts and notes the duties they bring (an offer to withdraw, a wrap-up to start, an arrival to
queue); `decide` meets them, fires what is due and matches who waits with who is free. Only the fact that
meets a duty drops it, so a router that reads the ledger again goes on where the first one stood. Nothing is
scanned: only what became waiting or free since the last decision is looked at.

A `now` before the latest one (a clock set back) counts as the latest; facts may carry any time.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from console.domain import events as ev
from console.domain.errors import BadInput
from console.domain.interaction import Phase
from console.domain.queue import Queue
from console.domain.standing import AgentStanding, InteractionStanding
from console.domain.standings import Standings
from console.routing import orphans
from console.routing.admission import Admission
from console.routing.callbacks import Callbacks
from console.routing.checkpoint import Checkpoint, from_bytes, restore, to_bytes
from console.routing.commands import Commands
from console.routing.crew import Crew
from console.routing.customers import Customers
from console.routing.duties import Duties
from console.routing.estimates import HandleTimes
from console.routing.matcher import Matcher
from console.routing.relaxation import relaxed
from console.routing.timers import Timers
from console.settings import RoutingSettings

_MOST_ROUNDS = 100
_AT_ONCE = datetime.min.replace(tzinfo=UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)
_OF_INTERACTIONS = frozenset(ev.InteractionEvent.__subclasses__())
"""To ask `isinstance` of a Struct takes three times as long."""

_BRING_BACK = frozenset({ev.InteractionEnded, ev.CallbackRequested})
_log = logging.getLogger(__name__)


class Router:
    """The ACD of one centre."""

    def __init__(self, settings: RoutingSettings, new_id: Callable[[], UUID]) -> None:
        """`new_id` makes the ids of what is decided. `commands` makes facts of what people ask for."""
        self._settings = settings
        self._new_id = new_id
        self._standings = Standings()
        self._duties = Duties(self._standings)
        self._crew = Crew()
        self._matcher = Matcher(self._standings, settings.on_top)
        self._timers = Timers(self._standings, self._crew)
        self._customers = Customers(settings.customers)
        self._handle_times = HandleTimes(self._standings)
        self._callbacks = Callbacks(new_id)
        self.admission = Admission(
            self._standings, self._matcher, self._crew, self._customers, self._handle_times, new_id
        )
        self.commands = Commands(self._standings, self.admission, new_id)
        self._decided: list[ev.LedgerEvent] = []
        self._unrest = False
        self._settled = True
        self._latest = _AT_ONCE
        self._learning: dict[type, Callable[[Any], None]] = {
            ev.InteractionAnswered: self._answered,
            ev.InteractionTransferred: self._handle_times.contact_over,
            ev.InteractionEnded: self._handle_times.contact_over,
            ev.WrapUpEnded: self._handle_times.wrap_up_over,
        }

    # ------------------------------------------------------------ reads

    def agent(self, key: str) -> AgentStanding | None:
        """One agent's standing (the live one: read it, do not keep it)."""
        return self._standings.agents.get(key)

    def agents(self) -> list[AgentStanding]:
        """All agents known."""
        return list(self._standings.agents.values())

    def interaction(self, interaction: UUID) -> InteractionStanding | None:
        """One open interaction's standing (the live one), None when it is over."""
        return self._standings.by_number.get(interaction.int)

    def open_interactions(self) -> list[InteractionStanding]:
        """All interactions that are not over."""
        return list(self._standings.interactions.values())

    def waiting(self, queue: str) -> list[UUID]:
        """Who waits in a queue and is not being offered, in serving order."""
        return self._matcher.waiting(queue)

    def queue(self, key: str) -> Queue | None:
        """A queue as configured now."""
        return self._standings.queues.get(key)

    def wait_of(self, queue: str, ahead: int) -> float | None:
        """Seconds from now that somebody with so many ahead is to expect; None: nothing to go by."""
        return self.admission.wait_of(queue, ahead) if queue in self._standings.queues else None

    def queues(self) -> list[Queue]:
        """All queues as configured now."""
        return list(self._standings.queues.values())

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
        before, self._settled = self._standings.ignored, False
        back = self._back(event) if type(event) in _BRING_BACK else None
        learn = self._learning.get(type(event))
        if learn is not None:
            learn(event)
        touched = self._duties.apply(event)
        if touched:
            self._agents_moved(touched)
        if self._standings.ignored != before:
            _log.debug("a %s came too late and changes nothing", type(event).__name__)
        if type(event) in _OF_INTERACTIONS:
            self._interaction_moved(event.interaction, event)  # type: ignore[union-attr,arg-type]
            if back is not None:
                self._interaction_moved(back, event)  # type: ignore[arg-type]
        else:
            self._other_moved(event)

    def _agents_moved(self, touched: tuple[AgentStanding, ...]) -> None:
        for agent in touched[:1] if len(touched) == 2 and touched[0] is touched[1] else touched:
            self._matcher.agent_moved(agent)
            for queue in self._crew.seat(agent):
                self._rearm(queue)

    def _back(self, event: ev.LedgerEvent) -> UUID | None:
        """The callback that a fact about another interaction moves too."""
        if isinstance(event, ev.CallbackRequested):
            return event.callback
        asked = self.interaction(event.interaction) if isinstance(event, ev.InteractionEnded) else None
        return asked.calls_back if asked else None

    def _other_moved(self, event: ev.LedgerEvent) -> None:
        if isinstance(event, ev.WrapUpStarted | ev.WrapUpExtended):
            self._timers.wrap_ups.set((event.agent, event.interaction))
        elif isinstance(event, ev.DeskLost):
            self._timers.graces.set(event.agent)
        elif isinstance(event, ev.QueueConfigured):
            self.admission.door.open(event.queue)
            self._queue_moved(event.queue.key, event.at)
        elif isinstance(event, ev.QueueRemoved):
            self.admission.door.close(event.queue)
            self._queue_moved(event.queue, event.at)

    def _answered(self, event: ev.InteractionAnswered) -> None:
        standing = self._standings.by_number.get(event.interaction.int)
        if standing is not None:
            self._customers.answered(standing.customer, event.agent, event.at)

    def _interaction_moved(self, interaction: UUID, event: ev.InteractionEvent) -> None:
        standing = self._standings.by_number.get(interaction.int)
        fresh = self._matcher.moved(interaction, standing)
        if standing is None:
            self._timers.over(interaction)
        elif standing.phase is Phase.WAITING:
            self._waits(standing, event, fresh=fresh)
        elif type(event) is ev.InteractionOffered:
            self._timers.rings.set(event.agent)

    def _waits(self, standing: InteractionStanding, event: ev.InteractionEvent, *, fresh: bool) -> None:
        interaction = standing.interaction
        if type(event) is ev.InteractionQueued:
            self._timers.queued(standing, self._matcher.ahead)
            self._timers.waits(interaction)
        elif isinstance(event, ev.InteractionRelaxed):
            self._timers.relaxing.set(interaction)
        elif isinstance(event, ev.PositionAnnounced):
            self._timers.words.set(interaction)
        elif fresh or isinstance(event, ev.CallbackPostponed):
            self._timers.waits(interaction)

    def _queue_moved(self, queue: str, at: datetime) -> None:
        self._matcher.queue_moved(queue)
        self._timers.look_at_hours(queue, max(at, self._latest))
        self._rearm(queue)

    def _rearm(self, queue: str) -> None:
        for interaction in self._matcher.waiting(queue):
            self._timers.waits(interaction)

    # ------------------------------------------------------------ checkpoints

    def dump(self) -> bytes:
        """All that another router needs to go on exactly as this one would: for `load`."""
        standings, timers = self._standings, self._timers
        return to_bytes(
            Checkpoint(
                settled=self._settled,
                unrest=self._unrest,
                latest=self._latest,
                queues=list(standings.queues.values()),
                agents=list(standings.agents.values()),
                interactions=list(standings.interactions.values()),
                ignored=standings.ignored,
                arrived=standings.arrived,
                line_latest=standings.latest,
                turn=standings.staff.turn,
                open=self._duties.open,
                first_word=timers.first_word,
                changes=timers.changes,
                shut=timers.shut,
                served=self._customers.served,
                contacts=self._handle_times.contacts,
                wrap_ups=self._handle_times.wrap_ups,
            )
        )

    def load(self, data: bytes) -> None:
        """Stand where the router that gave these bytes stood; only for a new one. Raises BadInput when they
        are none, or of another version: then read the ledger from its beginning.
        """
        kept = from_bytes(data)
        restore(self._standings, kept)
        self._duties.open = kept.open
        self._customers.served.update(kept.served)
        self._handle_times.contacts.update(kept.contacts)
        self._handle_times.wrap_ups.update(kept.wrap_ups)
        self._timers.first_word.update(kept.first_word)
        self._timers.changes.update(kept.changes)
        self._timers.shut.update(kept.shut)
        self._latest, self._unrest, self._settled = kept.latest, kept.unrest, kept.settled
        for queue in kept.queues:
            self.admission.door.open(queue)
            self._matcher.queue_moved(queue.key)
        for agent in kept.agents:
            self._crew.seat(agent)
            self._matcher.agent_moved(agent)
        for interaction in self._standings.interactions:
            self._matcher.interaction_moved(interaction)
        if kept.settled and not kept.unrest:
            for standing, _ in self._matcher.match(kept.latest):
                raise BadInput(
                    f"a checkpoint of routing that does not hold: {standing.interaction} is to be had"
                )
        self._timers.watch_all()

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
        now = self._latest = max(now, self._latest)
        if not self._is_due(now):
            self._unrest, self._settled = False, True
            return self._decided
        rounds, unrest, moved = 0, False, -1
        while moved != len(self._decided) and not unrest and (not rounds or self._is_due(now)):
            moved = len(self._decided)
            self._go_round(now)
            rounds, unrest = rounds + 1, rounds + 1 == _MOST_ROUNDS
        if unrest and not self._unrest:
            _log.error("routing does not come to rest: look for times of 0 s among the queues' settings")
        self._unrest = unrest
        if self._timers.ring_by(now):
            self._tell_callers(now)
        self._settled = True
        return self._decided

    def _is_due(self, now: datetime) -> bool:
        """Whether there is anything to decide; most facts bring nothing about."""
        return bool(self._duties) or self._matcher.is_due(now) or self._timers.ring_by(now)

    def _go_round(self, now: datetime) -> None:
        self._meet_duties(now)
        if self._timers.ring_by(now):
            self._fire(now)
            self._meet_duties(now)
        for standing, agents in self._matcher.match(now):
            for agent in agents:
                self._offer(standing, agent, now)
        self._let_go(now)

    def close_orphans(self, now: datetime) -> list[ev.LedgerEvent]:
        """After a restart with a switch that lost its calls: calls end, desks are lost, callbacks wait.

        Applied already, like decisions; call `decide` afterwards. Agents get the grace time to come back, and
        long enough in any case for their desks to try again.
        """
        self._decided = []
        now = self._latest = max(now, self._latest)
        for event in orphans.end_calls(self._standings, now, self._new_id):
            self._emit(event)
        self._meet_duties(now)
        for event in orphans.lose_desks(self._standings, self._settings.grace_s, now, self._new_id):
            self._emit(event)
        return self._decided

    def _emit(self, event: ev.LedgerEvent) -> None:
        self.apply(event)
        self._decided.append(event)

    def _meet_duties(self, now: datetime) -> None:
        if not self._duties:
            return
        for event in self._duties.met(now, self._new_id):
            self._emit(event)
        for standing in self._duties.unreached():
            self._emit(self._callbacks.not_reached(standing, self.queue(standing.queue), now))
        for standing in self._duties.asked():
            leaves = self.admission.call_back(standing, now)
            if leaves is not None:
                self._emit(leaves)
        for standing in self._duties.arrivals():
            for event in self.admission.let_in(standing, now):
                self._emit(event)

    def _fire(self, now: datetime) -> None:
        """What time brings: queues open and close; ringing, wrap-ups and grace are over; demands relax."""
        for queue in self._timers.hours.due(now):
            if self._timers.look_at_hours(queue, now):
                self._rearm(queue)
        for agent in self._timers.rings.due(now):
            offer = self._standings.agents[agent].open_offer
            if offer is not None:
                self._emit(ev.OfferEnded(
                    id=self._new_id(), at=now, interaction=offer.interaction, offer=offer.offer,
                    agent=agent, reason=ev.OfferEndReason.NO_ANSWER,
                ))  # fmt: skip
        for agent, interaction in self._timers.wrap_ups.due(now):
            self._emit(
                ev.WrapUpEnded(
                    id=self._new_id(), at=now, agent=agent, interaction=interaction, reason="limit"
                )
            )
        for agent in self._timers.graces.due(now):
            self._emit(ev.AgentSignedOut(id=self._new_id(), at=now, agent=agent, reason="grace"))
        for interaction in self._timers.relaxing.due(now):
            standing = self._standings.by_number[interaction.int]
            queue_of = self._standings.queues[standing.queue]
            self._emit(relaxed(standing, queue_of, now, self._new_id()))

    def _let_go(self, now: datetime) -> None:
        """Let go whoever cannot stay, after everybody who could be served has been."""
        for interaction in self._timers.patience.due(now):
            standing = self._standings.by_number[interaction.int]
            opens = self._timers.shut.get(standing.queue)
            if not standing.callback:
                self._emit(self.admission.let_go(standing, now, shut=opens is not None))
                continue
            never = standing.queue not in self._standings.queues or opens == _NEVER
            self._emit(self._callbacks.not_now(standing, None if never else opens, now))

    def _tell_callers(self, now: datetime) -> None:
        for interaction in self._timers.proposals.due(now):
            self._emit(ev.CallbackProposed(id=self._new_id(), at=now, interaction=interaction))
        for interaction in self._timers.words.due(now):
            standing = self._standings.by_number[interaction.int]
            ahead = self._matcher.ahead(standing)
            told = self._standings.queues[standing.queue].announce_wait
            self._emit(
                ev.PositionAnnounced(
                    id=self._new_id(),
                    at=now,
                    interaction=interaction,
                    position=ahead + 1,
                    wait_s=self.admission.wait_of(standing.queue, ahead) if told else None,
                )
            )

    def _offer(self, standing: InteractionStanding, agent: str, now: datetime) -> None:
        key = standing.queue
        self._emit(ev.InteractionOffered(
            id=self._new_id(), at=now, interaction=standing.interaction, offer=self._new_id(), queue=key,
            agent=agent, ring_timeout_s=self._standings.queues[key].ring_timeout_s,
        ))  # fmt: skip
