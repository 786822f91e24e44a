"""The agents' half of the standings: who is signed in, ready, paused, wrapping up. See domain.standings."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from console.domain import events as ev
from console.domain.agent import Agent, AgentState, Presence, Work, shown_state
from console.domain.queue import Channel
from console.domain.standing import AgentStanding, InteractionStanding, OpenOffer, WrapUp

SIGN_IN_REASON = "sign-in"
"""The pause reason of an agent who has signed in and not yet said ready."""

Touched = tuple[AgentStanding, ...]
"""The agents whose standing an event may have changed."""


class Staff:
    """All agents. A step returns whom it touched; None: the fact does not fit and changed nothing."""

    def __init__(self) -> None:
        """Nobody."""
        self.agents: dict[str, AgentStanding] = {}
        self.turn = 0
        self.steps: dict[type, Callable[[Any], Touched | None]] = {
            ev.AgentConfigured: self.configured,
            ev.AgentRemoved: self.removed,
            ev.AgentSignedIn: self.signed_in,
            ev.AgentSignedOut: self.signed_out,
            ev.DeskLost: self.desk_lost,
            ev.DeskBack: self.desk_back,
            ev.AgentBecameReady: self.became_ready,
            ev.AgentPaused: self.paused,
            ev.AgentNotResponding: self.not_responding,
            ev.WrapUpStarted: self.wrap_up_started,
            ev.WrapUpExtended: self.wrap_up_extended,
            ev.WrapUpEnded: self.wrap_up_ended,
        }

    # ------------------------------------------------------------ configuration

    def configured(self, event: ev.AgentConfigured) -> Touched:
        """Known from now on, or with other skills, queues and capacity."""
        known = self.agents.get(event.agent.key)
        if known is None:
            known = self.agents[event.agent.key] = AgentStanding(event.agent)
        known.agent = event.agent
        return (known,)

    def removed(self, event: ev.AgentRemoved) -> Touched | None:
        """Not known any more."""
        gone = self.agents.pop(event.agent, None)
        if gone is None:
            return None
        gone.presence = Presence.OFFLINE
        gone.work.clear()
        gone.channels.clear()
        gone.wrap_ups.clear()
        return self.show(gone, event.at)

    # ------------------------------------------------------------ presence

    def signed_in(self, event: ev.AgentSignedIn) -> Touched:
        """At a desk. A second sign-in is another desk, and the counts since the first go on."""
        agent = self.agents.get(event.agent)
        if agent is None:
            agent = self.agents[event.agent] = AgentStanding(Agent(key=event.agent))
        if agent.presence is Presence.OFFLINE:
            agent.contacts = 0
            agent.talk_s = 0.0
        agent.contact = event.contact
        agent.session = event.session
        agent.lost_since = None
        return self._presence(agent, Presence.PAUSED, SIGN_IN_REASON, event.at)

    def signed_out(self, event: ev.AgentSignedOut) -> Touched | None:
        """Gone."""
        agent = self._signed(event.agent)
        if agent is None:
            return None
        agent.contact = ""
        agent.session = None
        agent.lost_since = None
        return self._presence(agent, Presence.OFFLINE, event.reason, event.at)

    def desk_lost(self, event: ev.DeskLost) -> Touched | None:
        """The desk vanished; the state stays for the grace time."""
        agent = self._signed(event.agent)
        if agent is None:
            return None
        agent.lost_since = event.at
        agent.grace_s = event.grace_s
        return (agent,)

    def desk_back(self, event: ev.DeskBack) -> Touched | None:
        """The desk is there again."""
        agent = self._signed(event.agent)
        if agent is None:
            return None
        agent.contact = event.contact
        agent.session = event.session
        agent.lost_since = None
        return (agent,)

    def became_ready(self, event: ev.AgentBecameReady) -> Touched | None:
        """Takes contacts."""
        agent = self._signed(event.agent)
        return self._presence(agent, Presence.READY, "", event.at) if agent else None

    def paused(self, event: ev.AgentPaused) -> Touched | None:
        """Takes none."""
        agent = self._signed(event.agent)
        if agent is None:
            return None
        touched = self._presence(agent, Presence.PAUSED, event.reason, event.at)
        agent.at_once = event.now
        return touched

    def not_responding(self, event: ev.AgentNotResponding) -> Touched | None:
        """Did not answer."""
        agent = self._signed(event.agent)
        return self._presence(agent, Presence.NOT_RESPONDING, "", event.at) if agent else None

    # ------------------------------------------------------------ wrap-up

    def wrap_up_started(self, event: ev.WrapUpStarted) -> Touched | None:
        """After-contact work; a second fact of the same one changes nothing."""
        agent = self._signed(event.agent)
        if agent is None or event.interaction in agent.work:
            return None
        agent.wrap_ups[event.interaction] = WrapUp(event.interaction, event.queue, event.at, event.limit_s)
        agent.take(event.interaction, Work.WRAP_UP, event.channel)
        return self.show(agent, event.at)

    def wrap_up_extended(self, event: ev.WrapUpExtended) -> Touched | None:
        """Another limit, from its start; one that is not longer changes nothing."""
        agent = self.agents.get(event.agent)
        wrap_up = agent.wrap_ups.get(event.interaction) if agent else None
        if agent is None or wrap_up is None or not 0 < wrap_up.limit_s < event.limit_s:
            return None
        wrap_up.limit_s = event.limit_s
        wrap_up.extended += 1
        return (agent,)

    def wrap_up_ended(self, event: ev.WrapUpEnded) -> Touched | None:
        """After-contact work is over."""
        agent = self.agents.get(event.agent)
        if agent is None or agent.wrap_ups.pop(event.interaction, None) is None:
            return None
        if agent.work.get(event.interaction) is Work.WRAP_UP:
            agent.drop(event.interaction)
        return self.show(agent, event.at)

    # ------------------------------------------------------------ contacts

    def offered(self, offer: OpenOffer, channel: Channel) -> Touched:
        """Rung for an interaction."""
        agent = self.agents.get(offer.agent)
        if agent is None:
            return ()
        self.turn += 1
        agent.turns[offer.queue] = self.turn
        agent.offered_at[offer.queue] = offer.offered_at
        agent.open_offer = offer
        agent.take(offer.interaction, Work.OFFERED, channel)
        return self.show(agent, offer.offered_at)

    def offer_over(self, offer: OpenOffer, at: datetime) -> Touched:
        """Rung for it no longer."""
        agent = self.agents.get(offer.agent)
        if agent is None:
            return ()
        if agent.open_offer is not None and agent.open_offer.offer == offer.offer:
            agent.open_offer = None
        if agent.work.get(offer.interaction) is Work.OFFERED:
            agent.drop(offer.interaction)
        return self.show(agent, at)

    def at_work(self, key: str, interaction: UUID, work: Work, channel: Channel, at: datetime) -> Touched:
        """On a contact, or holding it."""
        agent = self.agents.get(key)
        if agent is None:
            return ()
        agent.take(interaction, work, channel)
        return self.show(agent, at)

    def talked(self, known: InteractionStanding, at: datetime) -> None:
        """Count the talk since it was counted last; a clock set back adds nothing."""
        since, known.talk_since = known.talk_since, None
        agent = self.agents.get(known.agent)
        if since is not None and agent is not None:
            agent.talk_s += max(0.0, (at - since).total_seconds())

    def show(self, agent: AgentStanding, at: datetime) -> Touched:
        """Work out the state shown, and since when."""
        state = shown_state(agent.presence, agent.work.values())
        if state is not agent.state:
            agent.state = state
            agent.since = at
        if state is AgentState.READY:
            if agent.idle_since is None:
                self.turn += 1
                agent.idle_since = at
                agent.idle_turn = self.turn
        elif state is not AgentState.OFFERED:
            agent.idle_since = None
        return (agent,)

    def _signed(self, key: str) -> AgentStanding | None:
        agent = self.agents.get(key)
        return agent if agent is not None and agent.presence is not Presence.OFFLINE else None

    def _presence(self, agent: AgentStanding, presence: Presence, reason: str, at: datetime) -> Touched:
        another = agent.presence is not presence or agent.reason != reason
        agent.presence = presence
        agent.reason = reason
        agent.at_once = False
        touched = self.show(agent, at)
        if another and agent.state.value == presence.value:
            agent.since = at
        return touched
