"""Histories of a centre for tests of the figures, made by the real router."""

import random
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from console.clock import StoppedClock
from console.domain import events as ev
from console.domain.address import Address
from console.domain.agent import Agent, Presence
from console.domain.interaction import Phase
from console.domain.queue import Queue, ServiceLevelFormula, SkillNeed
from console.routing.router import Router
from console.settings import RoutingSettings

# The days of the zones below end at different hours.
START = datetime.fromisoformat("2026-11-23T21:30:00+00:00")

QUEUES = (
    Queue(
        key="support",
        skills=(SkillNeed("english", 5),),
        max_wait_s=60,
        overflow_to="general",
        timezone="Asia/Karachi",
    ),
    Queue(
        key="sales", wrap_up_s=10, ring_timeout_s=8, threshold_s=5, timezone="Europe/Berlin", max_waiting=5
    ),
    Queue(
        key="general", wrap_up_s=0, max_wait_s=40, threshold_s=10, formula=ServiceLevelFormula.IN_TIME_OF_ALL
    ),
)
AGENTS = (
    Agent(key="ada", name="Ada", skills={"english": 8}, queues=("support", "sales")),
    Agent(key="bob", skills={"english": 3}, queues=("sales", "general", "support")),
    Agent(key="cyd", skills={"english": 5}, queues=("general", "support")),
    Agent(key="dan", queues=()),
)


class History:
    def __init__(self, seed: int, *, changes: bool) -> None:
        self.changes = changes
        self.chance = random.Random(seed)
        self.clock = StoppedClock(START)
        self.router = Router(RoutingSettings(), self.clock.new_id)
        self.events: list[ev.LedgerEvent] = []

    def tell(self, kind: type, **fields: object) -> None:
        event = kind(id=self.clock.new_id(), at=self.clock.now(), **fields)
        self.events.append(event)
        self.router.apply(event)
        self.events += self.router.decide(self.clock.now())

    def pass_time(self, seconds: float) -> None:
        until = self.clock.now() + timedelta(seconds=seconds)
        while (due := self.router.next_due()) is not None and due <= until:
            self.clock.move_to(due)
            self.events += self.router.decide(self.clock.now())
        self.clock.move_to(until)

    def call(self) -> None:
        self.tell(
            ev.InteractionArrived,
            interaction=self.clock.new_id(),
            customer=Address(f"sip:{self.chance.randrange(1000)}@x", self.chance.choice(("", "Ån Näme"))),
            called=self.chance.choice(("support", "sales", "general", "general", "nowhere", "unheard")),
        )

    def something(self) -> None:
        chance = self.chance.random()
        if chance < 0.3:
            self.agent_does_something()
        elif chance < 0.34 and self.changes:
            self.configuration_changes()
        elif (standing := self.some(Phase.WAITING)) and chance < 0.45:
            self.end(standing, ev.EndedBy.CENTRE if chance < 0.36 else ev.EndedBy.CUSTOMER)
        elif (standing := self.some(Phase.OFFERED)) and chance < 0.8:
            self.offer_moves(standing, chance)
        elif (standing := self.some(Phase.CONNECTED, Phase.HELD)) is not None:
            self.contact_moves(standing)
        elif (standing := self.some(Phase.ARRIVED)) is not None:
            self.end(standing, ev.EndedBy.CENTRE)

    def some(self, *phases: Phase) -> UUID | None:
        found = [s.interaction for s in self.router.open_interactions() if s.phase in phases]
        return self.chance.choice(found) if found else None

    def end(self, interaction: UUID, by: ev.EndedBy) -> None:
        self.tell(ev.InteractionEnded, interaction=interaction, by=by)

    def offer_moves(self, interaction: UUID, chance: float) -> None:
        offer = self.router.interaction(interaction).open_offer
        if chance < 0.5:
            self.end(interaction, ev.EndedBy.CUSTOMER)
        elif chance < 0.55:
            reason = self.chance.choice(list(ev.OfferEndReason))
            self.tell(
                ev.OfferEnded, interaction=interaction, offer=offer.offer, agent=offer.agent, reason=reason
            )
        else:
            self.tell(
                ev.InteractionAnswered,
                interaction=interaction,
                offer=offer.offer,
                queue=offer.queue,
                agent=offer.agent,
            )

    def contact_moves(self, interaction: UUID) -> None:
        agent = self.router.interaction(interaction).agent
        step = self.chance.choice(("hold", "resume", "transfer", "end", "end"))
        if step == "end":
            self.end(interaction, self.chance.choice(list(ev.EndedBy)))
        elif step == "transfer":
            target = self.chance.choice(("sales", "general", "ada", "+49301234"))
            self.tell(ev.InteractionTransferred, interaction=interaction, agent=agent, target=target)
        else:
            kind = ev.InteractionHeld if step == "hold" else ev.InteractionResumed
            self.tell(kind, interaction=interaction, agent=agent)

    def agent_does_something(self) -> None:
        agent = self.chance.choice(AGENTS).key
        if (standing := self.router.agent(agent)) is None:
            return
        if standing.presence is Presence.OFFLINE:
            self.tell(ev.AgentSignedIn, agent=agent, contact=f"sip:{agent}@x", session=self.clock.new_id())
        if standing.presence is not Presence.READY:
            self.tell(ev.AgentBecameReady, agent=agent)
            return
        step = self.chance.random()
        if step < 0.1:
            self.tell(ev.AgentPaused, agent=agent, reason=self.chance.choice(("Lunch", "Break")))
        elif step < 0.15:
            self.tell(ev.AgentSignedOut, agent=agent)
        elif step < 0.2:
            self.tell(ev.DeskLost, agent=agent, grace_s=20)
        elif (interaction := self.router.wrap_up_of(agent)) is not None:
            self.tell(ev.WrapUpEnded, agent=agent, interaction=interaction)

    def configuration_changes(self) -> None:
        step = self.chance.random()
        if step < 0.5:
            queue = self.chance.choice(QUEUES)
            formula, threshold_s = (
                self.chance.choice(list(ServiceLevelFormula)),
                self.chance.choice((5, 10, 20)),
            )
            changed = msgspec.structs.replace(queue, formula=formula, threshold_s=threshold_s)
            self.tell(ev.QueueConfigured, queue=changed)
        elif step < 0.6:
            self.tell(ev.AgentConfigured, agent=self.chance.choice(AGENTS))
        elif step < 0.65:
            self.tell(ev.QueueConfigured, queue=Queue(key="unheard", timezone="America/St_Johns"))
        elif step < 0.7:
            self.tell(ev.QueueRemoved, queue="unheard")
        elif step < 0.75:
            self.tell(ev.AgentRemoved, agent="dan")
        elif step < 0.8:
            self.tell(ev.AgentConfigured, agent=AGENTS[3])


def random_history(
    seed: int, calls: int, *, zones: bool = True, changes: bool = True
) -> list[ev.LedgerEvent]:
    """Some hours of a centre around midnights, in ledger order; all in UTC without `zones`."""
    history = History(seed, changes=changes)
    for configured in QUEUES:
        queue = configured if zones else msgspec.structs.replace(configured, timezone="UTC")
        history.tell(ev.QueueConfigured, queue=queue)
    for agent in AGENTS:
        history.tell(ev.AgentConfigured, agent=agent)
    for _ in range(calls):
        history.call()
        for _ in range(history.chance.randrange(8)):
            history.pass_time(history.chance.expovariate(1 / 6))
            history.something()
        if changes and history.chance.random() < 0.04:
            history.pass_time(2400)
    return history.events
