"""What facts oblige routing to: offers to withdraw, states to set, wrap-ups to start, arrivals to queue.

Every duty follows from a fact and is dropped by the fact that meets it (or makes it moot), so the duties of a
router that reads the ledger again are those that were open when the ledger ended.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from console.domain import events as ev
from console.domain.agent import Presence
from console.domain.interaction import Phase
from console.domain.queue import Channel
from console.domain.staff import Touched
from console.domain.standing import AgentStanding, InteractionStanding, OpenOffer
from console.domain.standings import Standings

DECLINED = "Declined"
"""The pause reason of an agent who declined an offer."""

_UNANSWERED = frozenset({ev.OfferEndReason.NO_ANSWER, ev.OfferEndReason.BUSY, ev.OfferEndReason.UNREACHABLE})
_TALKING = frozenset({Phase.CONNECTED, Phase.HELD})
_IN_LINE = frozenset({Phase.WAITING, Phase.OFFERED})


@dataclass(slots=True)
class Open:
    """Duties not met yet, in the order they came up.

    Offers to end and why; agents who get a state because of a failed offer; wrap-ups to begin (queue and
    channel) and to end (the cause); what arrived or is to be sent on, asked for a callback, was not reached.
    """

    offers: dict[UUID, tuple[OpenOffer, ev.OfferEndReason]] = field(default_factory=dict)
    states: dict[str, ev.OfferEndReason] = field(default_factory=dict)
    wrap_ups: dict[tuple[str, UUID], tuple[str, Channel]] = field(default_factory=dict)
    unwraps: dict[tuple[str, UUID], str] = field(default_factory=dict)
    arrived: dict[UUID, None] = field(default_factory=dict)
    asked: dict[UUID, None] = field(default_factory=dict)
    unreached: dict[UUID, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """A broadcast may leave thousands of offers to end, each taken from the front: in a plain dict, that
        looks through all that were taken before.
        """
        self.offers = OrderedDict(self.offers)


class Duties:
    """Folds facts into the standings and keeps what they oblige to, in the order it came up."""

    def __init__(self, standings: Standings) -> None:
        """`standings` are folded here: apply events through this object only."""
        self._standings = standings
        self.open = Open()
        self._steps: dict[type, Callable[[Any], Touched]] = {
            ev.InteractionArrived: self._arrival,
            ev.InteractionRefused: self._refused,
            ev.InteractionQueued: self._queued,
            ev.InteractionLeftQueue: self._left_queue,
            ev.InteractionPulled: self._pulled,
            ev.DigitReceived: self._digit,
            ev.CallbackRequested: self._requested,
            ev.CallbackRefused: self._callback_refused,
            ev.VoicemailStarted: self._placed,
            ev.CallbackDialled: self._answered,
            ev.OutboundRequested: self._calls_out,
            ev.CustomerNotReached: self._not_reached,
            ev.CallbackPostponed: self._postponed,
            ev.InteractionOffered: self._offered,
            ev.OfferEnded: self._offer_ended,
            ev.InteractionAnswered: self._answered,
            ev.InteractionTransferred: self._let_go,
            ev.InteractionEnded: self._let_go,
            ev.AgentSignedIn: self._desk_changed,
            ev.DeskBack: self._desk_changed,
            ev.DeskLost: self._desk_gone,
            ev.AgentSignedOut: self._signed_out,
            ev.AgentRemoved: self._signed_out,
            ev.AgentBecameReady: self._state_set,
            ev.AgentPaused: self._paused,
            ev.AgentNotResponding: self._state_set,
            ev.WrapUpStarted: self._wrap_up_started,
            ev.WrapUpEnded: self._wrap_up_ended,
        }

    def apply(self, event: ev.LedgerEvent) -> Touched:
        """Take a fact; returns the agents whose standing may have changed."""
        step = self._steps.get(type(event), self._standings.apply)
        return step(event)

    def __bool__(self) -> bool:
        """Whether any duty is open."""
        duties = self.open
        return bool(
            duties.arrived
            or duties.offers
            or duties.states
            or duties.wrap_ups
            or duties.unwraps
            or duties.asked
            or duties.unreached
        )

    def arrivals(self) -> list[InteractionStanding]:
        """Those that are in no queue and are to be put into one, refused or passed on. Each is told once."""
        if not self.open.arrived:
            return []
        known = self._standings.by_number
        found = [known.get(interaction.int) for interaction in self.open.arrived]
        self.open.arrived = {}
        return [standing for standing in found if standing is not None]

    def asked(self) -> list[InteractionStanding]:
        """Those who wait and asked to be called back."""
        if not self.open.asked:
            return []
        known = self._standings.interactions
        standings = (known[interaction] for interaction in self.open.asked if interaction in known)
        return [standing for standing in standings if standing.phase is Phase.WAITING]

    def unreached(self) -> list[InteractionStanding]:
        """The callbacks whose customer was not reached, and of which nothing is decided yet."""
        if not self.open.unreached:
            return []
        known = self._standings.interactions
        return [known[interaction] for interaction in self.open.unreached if interaction in known]

    def met(self, now: datetime, new_id: Callable[[], UUID]) -> Iterator[ev.LedgerEvent]:
        """The facts that meet the duties, one by one; apply each before asking for the next."""
        while (event := self._next(now, new_id)) is not None:
            yield event

    def _next(self, now: datetime, new_id: Callable[[], UUID]) -> ev.LedgerEvent | None:
        for offer, reason in self.open.offers.values():
            return ev.OfferEnded(
                id=new_id(),
                at=now,
                interaction=offer.interaction,
                offer=offer.offer,
                agent=offer.agent,
                reason=reason,
            )
        for agent, reason in self.open.states.items():
            if reason is ev.OfferEndReason.DECLINED:
                return ev.AgentPaused(id=new_id(), at=now, agent=agent, reason=DECLINED)
            return ev.AgentNotResponding(id=new_id(), at=now, agent=agent)
        for (agent, interaction), (queue, channel) in self.open.wrap_ups.items():
            return ev.WrapUpStarted(
                id=new_id(),
                at=now,
                agent=agent,
                interaction=interaction,
                queue=queue,
                limit_s=self._limit_s(queue),
                channel=channel,
            )
        for (agent, interaction), cause in self.open.unwraps.items():
            return ev.WrapUpEnded(id=new_id(), at=now, agent=agent, interaction=interaction, reason=cause)
        return None

    # ------------------------------------------------------------ interactions

    def _arrival(self, event: ev.InteractionArrived) -> Touched:
        if event.interaction.int not in self._standings.by_number:
            self.open.arrived[event.interaction] = None
        return self._standings.apply(event)

    def _placed(self, event: ev.VoicemailStarted) -> Touched:
        self.open.arrived.pop(event.interaction, None)
        return self._standings.apply(event)

    def _refused(self, event: ev.InteractionRefused) -> Touched:
        touched = self._standings.apply(event)
        self._go_on(event.interaction)
        return touched

    def _left_queue(self, event: ev.InteractionLeftQueue) -> Touched:
        touched = self._standings.apply(event)
        self.open.asked.pop(event.interaction, None)
        self._go_on(event.interaction)
        return touched

    def _go_on(self, interaction: UUID) -> None:
        """What was refused or flowed out goes where that said, if it said so."""
        standing = self._standings.by_number.get(interaction.int)
        if standing is not None and standing.phase is Phase.ARRIVED and standing.to:
            self.open.arrived[interaction] = None
        else:
            self.open.arrived.pop(interaction, None)

    def _queued(self, event: ev.InteractionQueued) -> Touched:
        """In a line; what rang for it until now (a supervisor moved it) is withdrawn."""
        self._placed_or_gone(event.interaction)
        standing = self._standings.by_number.get(event.interaction.int)
        offers = standing.open_offers if standing is not None else {}
        touched = self._standings.apply(event)
        if standing is not None and not standing.open_offers:
            for offer in offers.values():
                self._withdraw(offer, ev.OfferEndReason.WITHDRAWN)
        return touched

    def _placed_or_gone(self, interaction: UUID) -> None:
        """Nothing is to be decided for it any more. Nearly always there is nothing to look through."""
        if self.open.arrived:
            self.open.arrived.pop(interaction, None)
        if self.open.asked:
            self.open.asked.pop(interaction, None)

    def _pulled(self, event: ev.InteractionPulled) -> Touched:
        """For one agent alone: nobody else may be rung for it."""
        touched = self._standings.apply(event)
        standing = self._standings.by_number.get(event.interaction.int)
        if standing is not None and standing.pulled:
            for offer in standing.open_offers.values():
                if offer.agent != standing.pulled:
                    self._withdraw(offer, ev.OfferEndReason.WITHDRAWN)
        return touched

    def _digit(self, event: ev.DigitReceived) -> Touched:
        touched = self._standings.apply(event)
        standing = self._standings.by_number.get(event.interaction.int)
        if standing is not None and standing.asked:
            self.open.asked[event.interaction] = None
        return touched

    def _callback_refused(self, event: ev.CallbackRefused) -> Touched:
        self.open.asked.pop(event.interaction, None)
        return self._standings.apply(event)

    def _requested(self, event: ev.CallbackRequested) -> Touched:
        self.open.arrived.pop(event.interaction, None)
        return self._standings.apply(event)

    def _not_reached(self, event: ev.CustomerNotReached) -> Touched:
        standing = self._standings.by_number.get(event.interaction.int)
        if standing is not None and standing.phase is Phase.DIALLED and not standing.outbound:
            self.open.unreached[event.interaction] = None
        return self._standings.apply(event)

    def _postponed(self, event: ev.CallbackPostponed) -> Touched:
        self.open.unreached.pop(event.interaction, None)
        return self._standings.apply(event)

    def _offered(self, event: ev.InteractionOffered) -> Touched:
        touched = self._standings.apply(event)
        standing = self._standings.by_number.get(event.interaction.int)
        agent = self._standings.agents.get(event.agent)
        if standing is not None and (agent is None or not agent.linked):
            self._withdraw(standing.open_offers.get(event.offer), ev.OfferEndReason.UNREACHABLE)
        return touched

    def _offer_ended(self, event: ev.OfferEnded) -> Touched:
        self.open.offers.pop(event.offer, None)
        standing = self._standings.by_number.get(event.interaction.int)
        stood = standing is not None and event.offer in standing.open_offers
        touched = self._standings.apply(event)
        if stood and standing is not None and standing.phase in _IN_LINE:
            self._blame(event)
        return touched

    def _blame(self, event: ev.OfferEnded) -> None:
        """An agent who did not take an offer gets no more of them, unless the desk is to blame."""
        agent = self._standings.agents.get(event.agent)
        if agent is None or agent.presence is not Presence.READY:
            return
        if event.reason is ev.OfferEndReason.UNREACHABLE and not agent.linked:
            return
        if event.reason in _UNANSWERED or event.reason is ev.OfferEndReason.DECLINED:
            self.open.states[event.agent] = event.reason

    def _calls_out(self, event: ev.OutboundRequested) -> Touched:
        """Who makes a call is not rung for another one."""
        touched = self._standings.apply(event)
        for agent in touched:
            self.open.states.pop(event.agent, None)
            self._withdraw(agent.open_offer, ev.OfferEndReason.WITHDRAWN)
        return touched

    def _answered(self, event: ev.InteractionAnswered | ev.CallbackDialled) -> Touched:
        """An answer: all else that rings for it, or for its agent, is withdrawn."""
        standing = self._standings.by_number.get(event.interaction.int)
        offers = dict(standing.open_offers) if standing is not None else {}
        touched = self._standings.apply(event)
        if standing is None or standing.agent != event.agent or standing.offer != event.offer:
            return touched
        self._placed_or_gone(event.interaction)
        if self.open.unreached:
            self.open.unreached.pop(event.interaction, None)
        self.open.states.pop(event.agent, None)
        for offer in offers.values():
            if offer.offer != event.offer:
                self._withdraw(offer, ev.OfferEndReason.WITHDRAWN)
        agent = self._standings.agents.get(event.agent)
        if agent is not None:
            self._withdraw(agent.open_offer, ev.OfferEndReason.WITHDRAWN)
            if event.interaction in agent.wrap_ups:
                self.open.unwraps[event.agent, event.interaction] = "answered"
        return touched

    def _let_go(self, event: ev.InteractionTransferred | ev.InteractionEnded) -> Touched:
        """The contact is over for its agent: wrap-up, and nobody may be rung for it any more."""
        standing = self._standings.by_number.get(event.interaction.int)
        if standing is None:
            return self._standings.apply(event)
        talking = standing.phase in _TALKING
        agent, offers = standing.agent, standing.open_offers
        if talking and self._limit_s(standing.queue) > 0 and self._wraps_up(agent):
            self.open.wrap_ups[agent, event.interaction] = (standing.queue, standing.channel)
        touched = self._standings.apply(event)
        if standing.phase is Phase.ENDED:
            self._placed_or_gone(event.interaction)
            if self.open.unreached:
                self.open.unreached.pop(event.interaction, None)
        elif talking and not (isinstance(event, ev.InteractionTransferred) and event.attended):
            self.open.arrived[event.interaction] = None
        if not standing.open_offers:
            for offer in offers.values():
                self._withdraw(offer, ev.OfferEndReason.WITHDRAWN)
        return touched

    # ------------------------------------------------------------ agents

    def _desk_changed(self, event: ev.AgentSignedIn | ev.DeskBack) -> Touched:
        """Another desk: what rang at the old one cannot be answered there."""
        agent = self._standings.agents.get(event.agent)
        if agent is not None and agent.contact != event.contact:
            self._withdraw(agent.open_offer, ev.OfferEndReason.WITHDRAWN)
        return self._standings.apply(event)

    def _desk_gone(self, event: ev.DeskLost) -> Touched:
        agent = self._standings.agents.get(event.agent)
        self._withdraw(agent.open_offer if agent else None, ev.OfferEndReason.UNREACHABLE)
        return self._standings.apply(event)

    def _signed_out(self, event: ev.AgentSignedOut | ev.AgentRemoved) -> Touched:
        agent = self._standings.agents.get(event.agent)
        self.open.states.pop(event.agent, None)
        if agent is not None:
            self._withdraw(agent.open_offer, ev.OfferEndReason.UNREACHABLE)
        self._end_wrap_ups(agent if isinstance(event, ev.AgentSignedOut) else None, event.agent, "signed out")
        return self._standings.apply(event)

    def _state_set(self, event: ev.AgentBecameReady | ev.AgentNotResponding) -> Touched:
        self.open.states.pop(event.agent, None)
        return self._standings.apply(event)

    def _paused(self, event: ev.AgentPaused) -> Touched:
        """At once when it says so: what rings goes to the next agent, wrap-ups end and none begins."""
        self.open.states.pop(event.agent, None)
        touched = self._standings.apply(event)
        agent = self._standings.agents.get(event.agent)
        if event.now and agent is not None and agent.presence is Presence.PAUSED:
            self._withdraw(agent.open_offer, ev.OfferEndReason.WITHDRAWN)
            self._end_wrap_ups(agent, event.agent, "paused")
        return touched

    def _end_wrap_ups(self, agent: AgentStanding | None, key: str, cause: str) -> None:
        """End those of an agent that are going on; those that are still to begin do not."""
        for pending in [pending for pending in self.open.wrap_ups if pending[0] == key]:
            del self.open.wrap_ups[pending]
        for interaction in agent.wrap_ups if agent is not None else ():
            self.open.unwraps.setdefault((key, interaction), cause)

    def _wrap_up_started(self, event: ev.WrapUpStarted) -> Touched:
        self.open.wrap_ups.pop((event.agent, event.interaction), None)
        return self._standings.apply(event)

    def _wrap_up_ended(self, event: ev.WrapUpEnded) -> Touched:
        self.open.unwraps.pop((event.agent, event.interaction), None)
        return self._standings.apply(event)

    def _withdraw(self, offer: OpenOffer | None, reason: ev.OfferEndReason) -> None:
        if offer is not None:
            self.open.offers.setdefault(offer.offer, (offer, reason))

    def _limit_s(self, queue: str) -> float:
        known = self._standings.queues.get(queue)
        return known.wrap_up_s if known else 0.0

    def _wraps_up(self, agent: str) -> bool:
        """Whether after-contact work follows: not for who is gone, or wanted the pause at once."""
        known = self._standings.agents.get(agent)
        return known is not None and known.presence is not Presence.OFFLINE and not known.at_once
