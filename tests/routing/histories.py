"""Random days of a whole ACD: every kind of queue, channel, fact and mishap, from one seed."""

import random
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import msgspec

from console.domain import events as ev
from console.domain.address import Address
from console.domain.agent import Presence
from console.domain.errors import BadInput
from console.domain.interaction import Phase
from console.domain.queue import Channel
from console.routing.router import Router
from tests.routing.centre_rules import AGENTS, CALLED, CALLERS, CUSTOMERS, QUEUES, TARGETS
from tests.routing.centre_world import World

CHANNELS = (*(Channel.VOICE,) * 6, Channel.CHAT, Channel.CHAT, Channel.EMAIL)
_TALKING = (Phase.CONNECTED, Phase.HELD)
_KEPT = (Phase.WAITING, Phase.OFFERED)
_TOLD_FROM_OUTSIDE = (
    *(ev.OfferEnded, ev.InteractionAnswered, ev.InteractionHeld, ev.InteractionResumed, ev.DigitReceived),
    *(ev.InteractionTransferred, ev.CallbackDialled, ev.CustomerNotReached, ev.InteractionEnded),
    *(ev.AgentSignedIn, ev.AgentSignedOut, ev.DeskLost, ev.DeskBack, ev.AgentBecameReady, ev.AgentPaused),
    *(ev.WrapUpEnded, ev.WrapUpExtended, ev.InteractionPulled, ev.InteractionPrioritised),
)
"""What the switch, desks and supervisors tell: it may come twice or late, unlike what the centre decides."""


class History:
    """A day in the making. Everything drawn follows from the seed and from what the router decided.

    `restart` replaces the router now and then: "replay" by one that reads the ledger, "checkpoint" by one
    that loads a dump. On odd seeds agents are busy, on even ones they wait for calls. `mishaps`: late,
    doubled and out-of-order facts, a clock that is set, crashes.
    """

    def __init__(self, seed: int, *, restart: str = "", mishaps: bool = False) -> None:
        self.chance = random.Random(seed)
        self.luck = random.Random(seed + 1)  # of restarts: it must not change what happens
        self.restart = restart
        self.mishaps = mishaps
        self.world = World((), (), customers=CUSTOMERS)
        self.over: set[UUID] = set()
        self.outside: set[UUID] = set()
        self.known: dict[UUID, None] = {}
        self.restarts = 0
        self.check: Callable[[], None] = lambda: None
        for queue in QUEUES:
            self.world.tell(ev.QueueConfigured, queue=queue)
        for agent in AGENTS:
            self.world.tell(ev.AgentConfigured, agent=agent)
        self._steps: list[tuple[float, Callable[[], None]]] = [
            (10 if seed % 2 else 4, self._arrives),
            (9, self._answers),
            (8, self._ends_contact),
            (9, self._time_passes),
            (5, self._gets_ready),
            (2, self._fails_offer),
            (2, self._hangs_up),
            (2, self._talks),
            (2, self._agent_moves),
            (2, self._wrap_up),
            (3, self._presses),
            (3, self._calls_out),
            (1, self._supervisor),
            (0.5, self._configures),
            (3 if mishaps else 0, self._mishap),
            (0.3 if mishaps else 0, self._crashes),
        ]

    @property
    def router(self) -> Router:
        """The one at work now."""
        return self.world.router

    def run(self, steps: int) -> None:
        """So many random things happen."""
        weights = [weight for weight, _ in self._steps]
        for _ in range(steps):
            self.chance.choices(self._steps, weights)[0][1]()
            if self.chance.random() < 0.85:
                self.decide()

    def decide(self) -> None:
        """The router decides, all is checked, and perhaps another router goes on from here."""
        self.world.decide()
        self.check()
        if self.restart and self.luck.random() < 0.02:
            self._begin_again()

    def _crashes(self) -> None:
        """The centre dies, and its switch with it: calls are over, callbacks wait, desks come back or not."""
        self.restarts += 1
        calls = [
            standing.interaction for standing in self.router.open_interactions() if not standing.callback
        ]
        self._take_over(self.world.replayed())
        self.world.ledger += self.router.close_orphans(self.world.clock.now())
        self.decide()
        left = {standing.interaction for standing in self.router.open_interactions()}
        assert left.isdisjoint(calls)
        assert all(self.router.interaction(one).phase in _KEPT for one in left)

    def _begin_again(self) -> None:
        self.restarts += 1
        if self.restart == "replay":
            self._take_over(self.world.replayed())
            return
        other = Router(self.world.settings, self.world.clock.new_id)
        other.load(self.router.dump())
        self._take_over(other)

    def _take_over(self, other: Router) -> None:
        other._new_id = self.world.clock.new_id
        for part in (other.admission, other._callbacks, other.commands):
            part._new_id = self.world.clock.new_id
        self.world.router = other

    # ---------------------------------------------------------------- pieces

    def tell(self, kind: type, **fields: object) -> None:
        """A fact, without a decision after it."""
        self.world.only_tell(kind, **fields)

    def some(self, *phases: Phase) -> UUID | None:
        """One in these phases."""
        found = [s.interaction for s in self.router.open_interactions() if s.phase in phases]
        return self.chance.choice(found) if found else None

    def agent(self) -> str:
        """Some agent."""
        return self.chance.choice(AGENTS).key

    # ---------------------------------------------------------------- customers

    def _arrives(self) -> None:
        interaction = self.world.clock.new_id()
        self.known[interaction] = None
        channel = self.chance.choice(CHANNELS)
        called = (
            "chat" if channel is Channel.CHAT and self.chance.random() < 0.6 else self.chance.choice(CALLED)
        )
        self.tell(
            ev.InteractionArrived,
            interaction=interaction,
            channel=channel,
            customer=Address(self.chance.choice(CALLERS)),
            called=called,
        )

    def end(self, interaction: UUID, by: ev.EndedBy) -> None:
        """It is over."""
        self.tell(ev.InteractionEnded, interaction=interaction, by=by)

    def _hangs_up(self) -> None:
        interaction = self.some(Phase.WAITING, Phase.OFFERED, Phase.ARRIVED)
        if interaction is not None and not self.router.interaction(interaction).callback:
            self.end(interaction, ev.EndedBy.CUSTOMER)

    def _presses(self) -> None:
        told = [s.interaction for s in self.router.open_interactions() if s.proposed_at]
        interaction = self.chance.choice(told) if told else self.some(Phase.WAITING, Phase.OFFERED)
        if interaction is not None:
            self.tell(ev.DigitReceived, interaction=interaction, digit=self.chance.choice("1112"))

    # ---------------------------------------------------------------- desks

    def _ringing(self) -> tuple[UUID, ev.InteractionOffered] | None:
        interaction = self.some(Phase.OFFERED)
        if interaction is None:
            return None
        standing = self.router.interaction(interaction)
        return interaction, self.chance.choice(list(standing.open_offers.values()))

    def _answers(self) -> None:
        ringing = self._ringing()
        if ringing is None:
            return
        interaction, offer = ringing
        if self.router.interaction(interaction).callback:
            self.tell(ev.CallbackDialled, interaction=interaction, offer=offer.offer, agent=offer.agent)
            return
        self.tell(
            ev.InteractionAnswered,
            interaction=interaction,
            offer=offer.offer,
            queue=offer.queue,
            agent=offer.agent,
        )

    def _calls_out(self) -> None:
        interaction = self.some(Phase.DIALLED)
        if interaction is None:
            return
        standing = self.router.interaction(interaction)
        if self.chance.random() < 0.4:
            self.tell(
                ev.CustomerNotReached, interaction=interaction, agent=standing.agent, reason="no answer"
            )
        else:
            self.tell(
                ev.InteractionAnswered,
                interaction=interaction,
                offer=standing.offer,
                queue=standing.queue,
                agent=standing.agent,
            )

    def _fails_offer(self) -> None:
        ringing = self._ringing()
        if ringing is not None:
            reason = self.chance.choice(list(ev.OfferEndReason))
            interaction, offer = ringing
            self.tell(
                ev.OfferEnded, interaction=interaction, offer=offer.offer, agent=offer.agent, reason=reason
            )

    def _ends_contact(self) -> None:
        interaction = self.some(*_TALKING)
        if interaction is not None:
            self.end(interaction, self.chance.choice((ev.EndedBy.CUSTOMER, ev.EndedBy.AGENT)))

    def _talks(self) -> None:
        interaction = self.some(*_TALKING)
        if interaction is None:
            return
        agent = self.router.interaction(interaction).agent
        step = self.chance.choice(("hold", "resume", "transfer", "transfer"))
        if step == "transfer":
            target = self.chance.choice(TARGETS)
            self.tell(ev.InteractionTransferred, interaction=interaction, agent=agent, target=target)
        else:
            kind = ev.InteractionHeld if step == "hold" else ev.InteractionResumed
            self.tell(kind, interaction=interaction, agent=agent)

    def _gets_ready(self) -> None:
        agent = self.agent()
        if self.router.agent(agent).presence is Presence.OFFLINE:
            self._signs_in(agent)
        self.tell(ev.AgentBecameReady, agent=agent)

    def _signs_in(self, agent: str) -> None:
        session = self.world.clock.new_id()
        self.tell(ev.AgentSignedIn, agent=agent, contact=f"sip:{session.hex}@x", session=session)

    def _agent_moves(self) -> None:
        agent, step = self.agent(), self.chance.randrange(6)
        if step == 0:
            self._signs_in(agent)  # perhaps a second time
        elif step == 1:
            self.tell(ev.AgentSignedOut, agent=agent)
        elif step == 2:
            self.tell(ev.AgentPaused, agent=agent, reason="Lunch", now=self.chance.random() < 0.5)
        elif step == 3:
            self.tell(ev.DeskLost, agent=agent, grace_s=self.chance.choice((0.0, 5.0, 30.0)))
        else:
            session = self.world.clock.new_id()
            contact = f"sip:{session.hex}@x"
            self.tell(ev.DeskBack, agent=agent, contact=contact, session=session)

    def _wrap_up(self) -> None:
        agent = self.agent()
        interaction = self.router.wrap_up_of(agent)
        if interaction is None:
            return
        if self.chance.random() < 0.5:
            self.tell(ev.WrapUpEnded, agent=agent, interaction=interaction)
            return
        self._command(lambda: self.router.commands.extend_wrap_up(agent, self.world.clock.now()))

    # ---------------------------------------------------------------- supervisors, settings, time

    def _command(self, ask: Callable[[], ev.LedgerEvent]) -> None:
        try:
            fact = ask()
        except BadInput:
            return
        self.world.ledger.append(fact)
        self.router.apply(fact)

    def _supervisor(self) -> None:
        interaction = self.some(Phase.WAITING, Phase.OFFERED)
        if interaction is None:
            return
        now, commands, step = self.world.clock.now(), self.router.commands, self.chance.randrange(3)
        if step == 0:
            queue = self.chance.choice(QUEUES).key
            self._command(lambda: commands.move(interaction, queue, "sue", now))
        elif step == 1:
            self._command(lambda: commands.prioritise(interaction, self.chance.randrange(9), "sue", now))
        else:
            self._command(lambda: commands.pull(interaction, self.agent(), "sue", now))

    def _configures(self) -> None:
        step = self.chance.randrange(4)
        queue = self.chance.choice(QUEUES)
        if step == 0:
            changed = msgspec.structs.replace(
                queue, priority=self.chance.randrange(3), ageing_s=self.chance.choice((0.0, 20.0))
            )
            self.tell(ev.QueueConfigured, queue=changed)
        elif step == 1 and queue.key not in {"general", "support"}:
            self.tell(ev.QueueRemoved, queue=queue.key)
        elif step == 2:
            agent = self.chance.choice(AGENTS)
            served = tuple(self.chance.sample(agent.queues, self.chance.randrange(1, len(agent.queues) + 1)))
            self.tell(ev.AgentConfigured, agent=msgspec.structs.replace(agent, queues=served))
        else:
            for configured in QUEUES:
                self.tell(ev.QueueConfigured, queue=configured)
            for agent in AGENTS:
                self.tell(ev.AgentConfigured, agent=agent)

    def _time_passes(self) -> None:
        self.decide()
        until = self.world.clock.now() + timedelta(seconds=self.chance.choice((0.1, 1.0, 3.0, 8.0, 20.0)))
        while (due := self.router.next_due()) is not None and due <= until:
            self.world.clock.move_to(due)
            self.decide()
        self.world.clock.move_to(until)

    def _mishap(self) -> None:
        step = self.chance.randrange(4)
        past = [fact for fact in self.world.ledger[-60:] if isinstance(fact, _TOLD_FROM_OUTSIDE)]
        if step == 0:
            self.world.clock.move(self.chance.choice((-900.0, -30.0, -1.0, 45.0, 900.0)))
        elif past:  # told again, or only now what was true before
            fact = self.chance.choice(past)
            if step == 1:
                shift = timedelta(seconds=self.chance.choice((-600, -5, 5, 600)))
                fact = msgspec.structs.replace(fact, id=self.world.clock.new_id(), at=fact.at + shift)
            self.world.ledger.append(fact)
            self.router.apply(fact)
