"""The one derivation of standings from events that routing and figures share.

A pure fold. It holds open interactions and configured or signed-in agents only, so its memory follows the
size of the centre and not the length of the day. Facts come late as a matter of course (an answer that
crosses a time-out, a digit after the end): what does not fit is counted in `ignored` and changes nothing.

The rules of the races: an answer wins over the end of its offer, and an agent who answers is responding; the
end of an interaction frees whoever was rung for it at once; an end of an offer counts only for the open one.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from console.domain import events as ev
from console.domain.agent import Agent, AgentState, Presence, Work, shown_state
from console.domain.interaction import Phase
from console.domain.queue import Queue
from console.domain.standing import AgentStanding, InteractionStanding, OpenOffer, WrapUp

SIGN_IN_REASON = "sign-in"
"""The pause reason of an agent who has signed in and not yet said ready."""

_TALKING = frozenset({Phase.CONNECTED, Phase.HELD})

Touched = tuple[AgentStanding, ...]
"""The agents whose standing an event may have changed."""


class Standings:
    """All standings of a centre, folded event by event in ledger order."""

    def __init__(self) -> None:
        """Nobody and nothing."""
        self.queues: dict[str, Queue] = {}
        self.agents: dict[str, AgentStanding] = {}
        self.interactions: dict[UUID, InteractionStanding] = {}
        self.ignored = 0
        self._arrived = 0
        self._steps: dict[type, Callable[[Any], Touched]] = {
            ev.QueueConfigured: self._queue_configured,
            ev.QueueRemoved: self._queue_removed,
            ev.AgentConfigured: self._agent_configured,
            ev.AgentRemoved: self._agent_removed,
            ev.InteractionArrived: self._interaction_arrived,
            ev.InteractionRefused: self._refused,
            ev.InteractionQueued: self._queued,
            ev.InteractionLeftQueue: self._left_queue,
            ev.InteractionOffered: self._offered,
            ev.OfferEnded: self._offer_ended,
            ev.InteractionAnswered: self._answered,
            ev.InteractionHeld: self._held,
            ev.InteractionResumed: self._resumed,
            ev.InteractionTransferred: self._transferred,
            ev.PositionAnnounced: self._announced,
            ev.InteractionEnded: self._ended,
            ev.AgentSignedIn: self._signed_in,
            ev.AgentSignedOut: self._signed_out,
            ev.DeskLost: self._desk_lost,
            ev.DeskBack: self._desk_back,
            ev.AgentBecameReady: self._became_ready,
            ev.AgentPaused: self._paused,
            ev.AgentNotResponding: self._not_responding,
            ev.WrapUpStarted: self._wrap_up_started,
            ev.WrapUpEnded: self._wrap_up_ended,
        }

    def apply(self, event: ev.LedgerEvent) -> Touched:
        """Take one fact; returns the agents whose standing may have changed. Never raises on a late fact."""
        step = self._steps.get(type(event))
        return step(event) if step is not None else ()

    # ------------------------------------------------------------ configuration

    def _queue_configured(self, event: ev.QueueConfigured) -> Touched:
        self.queues[event.queue.key] = event.queue
        return ()

    def _queue_removed(self, event: ev.QueueRemoved) -> Touched:
        self.queues.pop(event.queue, None)
        return ()

    def _agent_configured(self, event: ev.AgentConfigured) -> Touched:
        known = self.agents.get(event.agent.key)
        if known is None:
            known = self.agents[event.agent.key] = AgentStanding(event.agent)
        known.agent = event.agent
        return (known,)

    def _agent_removed(self, event: ev.AgentRemoved) -> Touched:
        gone = self.agents.pop(event.agent, None)
        if gone is None:
            return self._ignore()
        gone.presence = Presence.OFFLINE
        gone.work.clear()
        gone.wrap_ups.clear()
        return self._show(gone, event.at)

    # ------------------------------------------------------------ interactions

    def _interaction_arrived(self, event: ev.InteractionArrived) -> Touched:
        if event.interaction in self.interactions:
            return self._ignore()
        self._arrived += 1
        self.interactions[event.interaction] = InteractionStanding(
            event.interaction,
            self._arrived,
            event.channel,
            event.customer,
            event.called,
            arrived_at=event.at,
            waiting_since=event.at,
            queued_at=event.at,
            offered_at=event.at,
        )
        return ()

    def _refused(self, event: ev.InteractionRefused) -> Touched:
        known = self.interactions.get(event.interaction)
        if known is None or known.phase is not Phase.ARRIVED:
            return self._ignore()
        known.refused = event.reason
        return ()

    def _queued(self, event: ev.InteractionQueued) -> Touched:
        known = self.interactions.get(event.interaction)
        if known is None or (known.phase is not Phase.ARRIVED and known.phase is not Phase.WAITING):
            return self._ignore()
        known.phase = Phase.WAITING
        known.queue = event.queue
        known.skills = event.skills
        known.priority = event.priority
        known.waiting_since = event.waiting_since
        known.queued_at = event.at
        known.announced_at = None
        known.returned = False
        known.left = None
        return ()

    def _left_queue(self, event: ev.InteractionLeftQueue) -> Touched:
        known = self.interactions.get(event.interaction)
        if known is None or known.phase is not Phase.WAITING:
            return self._ignore()
        known.phase = Phase.ARRIVED
        known.left = event.reason
        return ()

    def _offered(self, event: ev.InteractionOffered) -> Touched:
        known = self.interactions.get(event.interaction)
        if known is None or known.phase is not Phase.WAITING:
            return self._ignore()
        offer = OpenOffer(
            event.offer, event.interaction, event.agent, event.queue, event.at, event.ring_timeout_s
        )
        known.phase = Phase.OFFERED
        known.open_offer = offer
        known.offer = event.offer
        known.offered_at = event.at
        known.target = ""
        agent = self.agents.get(event.agent)
        if agent is None:
            return ()
        agent.open_offer = offer
        agent.work[event.interaction] = Work.OFFERED
        return self._show(agent, event.at)

    def _offer_ended(self, event: ev.OfferEnded) -> Touched:
        known = self.interactions.get(event.interaction)
        if known is None or known.open_offer is None or known.open_offer.offer != event.offer:
            return self._ignore()
        agent = self._drop_offer(known)
        if known.phase is Phase.OFFERED:
            known.phase = Phase.WAITING
            known.returned = True
        return self._show(agent, event.at) if agent else ()

    def _answered(self, event: ev.InteractionAnswered) -> Touched:
        known = self.interactions.get(event.interaction)
        if known is None:
            return self._ignore()
        touched: Touched = ()
        if known.agent and known.agent != event.agent:
            touched = self._release(known, event.at)
        if known.open_offer is not None and known.open_offer.offer == event.offer:
            self._drop_offer(known)
        known.phase = Phase.CONNECTED
        known.offer = event.offer
        known.queue = known.queue or event.queue
        known.agent = event.agent
        known.answered_at = event.at
        known.held_at = None
        known.left = None
        known.target = ""
        agent = self.agents.get(event.agent)
        if agent is None:
            return touched
        agent.work[event.interaction] = Work.TALKING
        if agent.presence is Presence.NOT_RESPONDING:
            agent.presence = Presence.READY
        return touched + self._show(agent, event.at)

    def _held(self, event: ev.InteractionHeld) -> Touched:
        known = self.interactions.get(event.interaction)
        if known is None or known.phase not in _TALKING:
            return self._ignore()
        if known.phase is Phase.CONNECTED:
            known.held_at = event.at
        known.phase = Phase.HELD
        return self._work(known, Work.HELD, event.at)

    def _resumed(self, event: ev.InteractionResumed) -> Touched:
        known = self.interactions.get(event.interaction)
        if known is None or known.phase not in _TALKING:
            return self._ignore()
        known.phase = Phase.CONNECTED
        known.held_at = None
        return self._work(known, Work.TALKING, event.at)

    def _transferred(self, event: ev.InteractionTransferred) -> Touched:
        known = self.interactions.get(event.interaction)
        if known is None or known.phase not in _TALKING:
            return self._ignore()
        touched = self._release(known, event.at)
        known.phase = Phase.ARRIVED
        known.target = event.target
        known.transferred_at = event.at
        known.held_at = None
        return touched

    def _announced(self, event: ev.PositionAnnounced) -> Touched:
        known = self.interactions.get(event.interaction)
        if known is None:
            return self._ignore()
        known.announced_at = event.at
        return ()

    def _ended(self, event: ev.InteractionEnded) -> Touched:
        known = self.interactions.pop(event.interaction, None)
        if known is None:
            return self._ignore()
        touched = self._release(known, event.at)
        known.phase = Phase.ENDED
        return touched

    def _release(self, known: InteractionStanding, at: datetime) -> Touched:
        """Free whoever talks on it or is rung for it."""
        rung = self._drop_offer(known)
        touched = self._show(rung, at) if rung else ()
        talking = self.agents.get(known.agent)
        known.agent = ""
        if talking is None or talking.work.get(known.interaction) is Work.WRAP_UP:
            return touched
        talking.work.pop(known.interaction, None)
        return touched + self._show(talking, at)

    def _drop_offer(self, known: InteractionStanding) -> AgentStanding | None:
        offer, known.open_offer = known.open_offer, None
        agent = self.agents.get(offer.agent) if offer else None
        if agent is None:
            return None
        if agent.open_offer is offer:
            agent.open_offer = None
        if agent.work.get(known.interaction) is Work.OFFERED:
            del agent.work[known.interaction]
        return agent

    def _work(self, known: InteractionStanding, work: Work, at: datetime) -> Touched:
        agent = self.agents.get(known.agent)
        if agent is None:
            return ()
        agent.work[known.interaction] = work
        return self._show(agent, at)

    # ------------------------------------------------------------ agents

    def _signed_in(self, event: ev.AgentSignedIn) -> Touched:
        agent = self.agents.get(event.agent)
        if agent is None:
            agent = self.agents[event.agent] = AgentStanding(Agent(key=event.agent))
        agent.contact = event.contact
        agent.session = event.session
        agent.lost_since = None
        return self._presence(agent, Presence.PAUSED, SIGN_IN_REASON, event.at)

    def _signed_out(self, event: ev.AgentSignedOut) -> Touched:
        agent = self._signed(event.agent)
        if agent is None:
            return self._ignore()
        agent.contact = ""
        agent.session = None
        agent.lost_since = None
        return self._presence(agent, Presence.OFFLINE, event.reason, event.at)

    def _desk_lost(self, event: ev.DeskLost) -> Touched:
        agent = self._signed(event.agent)
        if agent is None:
            return self._ignore()
        agent.lost_since = event.at
        agent.grace_s = event.grace_s
        return (agent,)

    def _desk_back(self, event: ev.DeskBack) -> Touched:
        agent = self._signed(event.agent)
        if agent is None:
            return self._ignore()
        agent.contact = event.contact
        agent.session = event.session
        agent.lost_since = None
        return (agent,)

    def _became_ready(self, event: ev.AgentBecameReady) -> Touched:
        agent = self._signed(event.agent)
        return self._presence(agent, Presence.READY, "", event.at) if agent else self._ignore()

    def _paused(self, event: ev.AgentPaused) -> Touched:
        agent = self._signed(event.agent)
        return self._presence(agent, Presence.PAUSED, event.reason, event.at) if agent else self._ignore()

    def _not_responding(self, event: ev.AgentNotResponding) -> Touched:
        agent = self._signed(event.agent)
        return self._presence(agent, Presence.NOT_RESPONDING, "", event.at) if agent else self._ignore()

    def _wrap_up_started(self, event: ev.WrapUpStarted) -> Touched:
        agent = self._signed(event.agent)
        if agent is None or event.interaction in agent.work:
            return self._ignore()
        agent.work[event.interaction] = Work.WRAP_UP
        agent.wrap_ups[event.interaction] = WrapUp(event.interaction, event.queue, event.at, event.limit_s)
        return self._show(agent, event.at)

    def _wrap_up_ended(self, event: ev.WrapUpEnded) -> Touched:
        agent = self.agents.get(event.agent)
        if agent is None or agent.wrap_ups.pop(event.interaction, None) is None:
            return self._ignore()
        if agent.work.get(event.interaction) is Work.WRAP_UP:
            del agent.work[event.interaction]
        return self._show(agent, event.at)

    def _signed(self, key: str) -> AgentStanding | None:
        agent = self.agents.get(key)
        return agent if agent is not None and agent.presence is not Presence.OFFLINE else None

    def _presence(self, agent: AgentStanding, presence: Presence, reason: str, at: datetime) -> Touched:
        another = agent.presence is not presence or agent.reason != reason
        agent.presence = presence
        agent.reason = reason
        touched = self._show(agent, at)
        if another and agent.state.value == presence.value:
            agent.since = at
        return touched

    def _show(self, agent: AgentStanding, at: datetime) -> Touched:
        """Work out the state shown, and since when."""
        state = shown_state(agent.presence, agent.work.values()) if agent.work else AgentState(agent.presence)
        if state is not agent.state:
            agent.state = state
            agent.since = at
        if state is AgentState.READY:
            if agent.idle_since is None:
                agent.idle_since = at
        elif state is not AgentState.OFFERED:
            agent.idle_since = None
        return (agent,)

    def _ignore(self) -> Touched:
        self.ignored += 1
        return ()
