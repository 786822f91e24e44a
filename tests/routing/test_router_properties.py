"""The ACD over random histories: nobody offered twice, nobody lost, order kept, replay the same."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from console.domain import events as ev
from console.domain.address import Address
from console.domain.agent import Agent, AgentState, Presence, Work
from console.domain.interaction import Phase
from console.domain.queue import Queue, SkillNeed
from console.domain.standing import InteractionStanding
from console.domain.standings import Standings
from console.routing.policy import Hold, fits, hold_of
from tests.routing.centre_world import World

QUEUES = (
    Queue(
        key="support",
        numbers=("100",),
        skills=(SkillNeed("english", 5),),
        max_wait_s=90,
        overflow_to="general",
    ),
    Queue(key="sales", numbers=("200",), priority=2, wrap_up_s=10, ring_timeout_s=8, max_waiting=4),
    Queue(key="general", wrap_up_s=0, max_wait_s=60, announce_every_s=15),
    Queue(key="loop", max_wait_s=20, overflow_to="loop", skills=(SkillNeed("english"), SkillNeed("tech", 3))),
)
AGENTS = (
    Agent(key="ada", skills={"english": 8, "tech": 3}, queues=("support", "sales", "loop")),
    Agent(key="bob", skills={"english": 3}, queues=("sales", "general", "support")),
    Agent(key="cyd", skills={"english": 5, "tech": 9}, queues=("general", "loop", "support")),
    Agent(key="dan", queues=("sales",)),
)
CALLED = ("support", "100", "200", "sip:sales@centre.example", "general", "loop", "nowhere", "GENERAL")
TARGETS = ("sales", "100", "ada", "bob", "dan", "sip:cyd@centre.example", "+4930123456", "support")
MOVES = ("in", "out", "pause", "lost", "back")
TALK = ("hold", "resume", "transfer", "end", "end")
NAMES = st.sampled_from([agent.key for agent in AGENTS])
PICK = st.integers(0, 1000)


class Centre(RuleBasedStateMachine):
    """Random facts in any order, also ones that come too late, one by one or in batches."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(QUEUES, AGENTS)
        self.router = self.world.router
        self.offers: dict[UUID, ev.InteractionOffered] = {}
        self.known: list[UUID] = []
        self.over: set[UUID] = set()
        self.checked = len(self.world.ledger)
        self.pending: list[UUID] = []

    def _tell(self, kind: type, *, batch: bool, **fields: object) -> None:
        if batch:
            self.world.only_tell(kind, **fields)
            self.settled = False
        else:
            self.world.tell(kind, **fields)
            self.settled = True

    settled = True

    def _open(self, *phases: Phase) -> list[UUID]:
        return [s.interaction for s in self.router.open_interactions() if s.phase in phases]

    # -------------------------------------------------------- customers

    @rule(called=st.lists(st.sampled_from(CALLED), min_size=1, max_size=4), batch=st.booleans())
    def arrive(self, called: list[str], batch: bool) -> None:
        for one in called:
            self._arrives(one, batch)

    def _arrives(self, called: str, batch: bool) -> None:
        interaction = self.world.clock.new_id()
        self.known.append(interaction)
        self._tell(
            ev.InteractionArrived,
            batch=batch,
            interaction=interaction,
            customer=Address("sip:anna@customer.example"),
            called=called,
        )

    @rule(pick=PICK, by=st.sampled_from(list(ev.EndedBy)), batch=st.booleans())
    def ends(self, pick: int, by: ev.EndedBy, batch: bool) -> None:
        if not self.known:
            return
        interaction = self.known[-1 - pick % min(len(self.known), 8)]
        self.over.add(interaction)
        self._tell(ev.InteractionEnded, batch=batch, interaction=interaction, by=by)

    # -------------------------------------------------------- desks and the switch

    @initialize()
    def opens(self) -> None:
        """Everybody is at work."""
        for agent in AGENTS:
            self.world.sign_in(agent.key)

    @rule(
        agent=NAMES,
        batch=st.booleans(),
        step=st.sampled_from(MOVES),
        pick=PICK,
    )
    def agent_moves(self, agent: str, batch: bool, step: str, pick: int) -> None:
        session = self.world.clock.new_id()
        contact = f"sip:{session.hex}@127.0.0.1"
        if step == "in":
            self._tell(ev.AgentSignedIn, batch=batch, agent=agent, contact=contact, session=session)
        elif step == "out":
            self._tell(ev.AgentSignedOut, batch=batch, agent=agent)
        elif step == "pause":
            self._tell(ev.AgentPaused, batch=batch, agent=agent, reason="Lunch")
        elif step == "lost":
            self._tell(ev.DeskLost, batch=batch, agent=agent, grace_s=(0.0, 5.0, 30.0)[pick % 3])
        else:
            self._tell(ev.DeskBack, batch=batch, agent=agent, contact=contact, session=session)

    @rule(agent=NAMES, batch=st.booleans())
    def says_ready(self, agent: str, batch: bool) -> None:
        if self.router.agent(agent).presence is Presence.OFFLINE:
            self.world.sign_in(agent, ready=False)
        self._tell(ev.AgentBecameReady, batch=batch, agent=agent)

    @rule(batch=st.booleans())
    def everybody_is_ready(self, batch: bool) -> None:
        for agent in AGENTS:
            self.says_ready(agent.key, batch)

    @precondition(lambda self: self.offers)
    @rule(pick=PICK, batch=st.booleans(), late=st.booleans())
    def answers(self, pick: int, batch: bool, late: bool) -> None:
        """Also an offer that is over: the answer crossed its end."""
        offer = self._some_offer(pick, late)
        self._tell(
            ev.InteractionAnswered,
            batch=batch,
            interaction=offer.interaction,
            offer=offer.offer,
            queue=offer.queue,
            agent=offer.agent,
        )

    @precondition(lambda self: self.offers)
    @rule(pick=PICK, reason=st.sampled_from(list(ev.OfferEndReason)), batch=st.booleans(), late=st.booleans())
    def offer_fails(self, pick: int, reason: ev.OfferEndReason, batch: bool, late: bool) -> None:
        offer = self._some_offer(pick, late)
        self._tell(
            ev.OfferEnded,
            batch=batch,
            interaction=offer.interaction,
            offer=offer.offer,
            agent=offer.agent,
            reason=reason,
        )

    def _some_offer(self, pick: int, late: bool) -> ev.InteractionOffered:
        ringing = [s.offer for s in self.router.open_interactions() if s.open_offer is not None]
        offers = list(self.offers) if late or not ringing else ringing
        return self.offers[offers[-1 - pick % min(len(offers), 6)]]

    @precondition(lambda self: self._open(Phase.CONNECTED, Phase.HELD))
    @rule(pick=PICK, step=st.sampled_from(TALK), to=st.sampled_from(TARGETS))
    def talks(self, pick: int, step: str, to: str) -> None:
        talking = self._open(Phase.CONNECTED, Phase.HELD)
        if not talking:
            return
        interaction = talking[pick % len(talking)]
        agent = self.router.interaction(interaction).agent
        if step == "transfer":
            self._tell(
                ev.InteractionTransferred, batch=False, interaction=interaction, agent=agent, target=to
            )
        elif step == "end":
            self.over.add(interaction)
            self._tell(ev.InteractionEnded, batch=False, interaction=interaction, by=ev.EndedBy.AGENT)
        else:
            kind = ev.InteractionHeld if step == "hold" else ev.InteractionResumed
            self._tell(kind, batch=False, interaction=interaction, agent=agent)

    @rule(agent=NAMES, batch=st.booleans())
    def ends_wrap_up(self, agent: str, batch: bool) -> None:
        interaction = self.router.wrap_up_of(agent)
        if interaction is not None:
            self._tell(ev.WrapUpEnded, batch=batch, agent=agent, interaction=interaction)

    # -------------------------------------------------------- time and restarts

    @rule(seconds=st.sampled_from([0.1, 1.0, 5.0, 8.0, 20.0, 40.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.decide()
        self.world.wait(seconds)
        self.settled = True

    @precondition(lambda self: len(self.world.ledger) % 7 == 0)
    @rule()
    def restarts(self) -> None:
        self.router = self.world.router = self.world.replayed()
        self.router._new_id = self.world.clock.new_id
        closed = self.router.close_orphans(self.world.clock.now())
        self.world.ledger += closed
        self.world.decide()
        self.settled = True
        self.over.update(self.known)
        assert self.router.open_interactions() == []

    # -------------------------------------------------------- what must always hold

    @invariant()
    def ledger_makes_sense(self) -> None:
        """Walk the new part of the ledger: what is decided fits what happened before it."""
        for event in self.world.ledger[self.checked :]:
            if isinstance(event, ev.InteractionOffered):
                self.offers[event.offer] = event
        self.checked = len(self.world.ledger)

    @invariant()
    def nobody_is_offered_twice(self) -> None:
        if not self.settled:
            return
        rung: set[str] = set()
        for standing in self.router.open_interactions():
            offer = standing.open_offer
            assert (offer is not None) == (standing.phase is Phase.OFFERED)
            if offer is None:
                continue
            assert offer.agent not in rung
            rung.add(offer.agent)
            agent = self.router.agent(offer.agent)
            assert agent.open_offer is offer
            assert agent.work == {standing.interaction: Work.OFFERED}
            assert agent.linked
        for agent in self.router.agents():
            assert (agent.agent.key in rung) == (Work.OFFERED in agent.work.values())
            assert agent.state is not AgentState.OFFERED or agent.agent.key in rung

    @invariant()
    def nobody_is_lost(self) -> None:
        if not self.settled:
            return
        lines = {i for queue in QUEUES for i in self.router.waiting(queue.key)}
        for standing in self.router.open_interactions():
            waiting = standing.interaction in lines
            assert waiting == (standing.phase is Phase.WAITING)
            if standing.phase is Phase.ARRIVED:
                ending = standing.refused or standing.left in {ev.LeaveReason.TIMEOUT, ev.LeaveReason.CLOSED}
                assert ending or standing.target == "+4930123456"
        open_now = {standing.interaction for standing in self.router.open_interactions()}
        assert open_now == set(self.known) - self.over

    @invariant()
    def nobody_waits_while_somebody_fits(self) -> None:
        if not self.settled:
            return
        for agent in self.router.agents():
            if not agent.free:
                continue
            for queue in agent.agent.queues:
                for interaction in self.router.waiting(queue):
                    standing = self.router.interaction(interaction)
                    if hold_of(standing, self.world.clock.now(), self._signed_in)[0] is Hold.OPEN:
                        assert not fits(agent.agent.skills, standing.skills)

    def _signed_in(self, agent: str) -> bool:
        standing = self.router.agent(agent)
        return standing is not None and standing.presence is not Presence.OFFLINE

    @invariant()
    def lines_are_in_order(self) -> None:
        for queue in QUEUES:
            line = [self.router.interaction(i) for i in self.router.waiting(queue.key)]
            keys = [(not s.returned, -s.priority, s.waiting_since) for s in line]
            assert keys == sorted(keys)

    def audit(self) -> None:
        """Read the whole ledger beside a plain fold: each offer was right at the moment it was made."""
        standings = Standings()
        for event in self.world.ledger:
            if isinstance(event, ev.InteractionOffered):
                _audit_offer(standings, event)
            standings.apply(event)

    def check(self) -> None:
        """All of the above."""
        self.ledger_makes_sense()
        self.nobody_is_offered_twice()
        self.nobody_is_lost()
        self.nobody_waits_while_somebody_fits()
        self.lines_are_in_order()

    def teardown(self) -> None:
        """A router that reads the ledger stands where this one stands, and has nothing to add."""
        self.audit()
        self.world.decide()
        other = self.world.replayed()
        assert other.decide(self.world.clock.now()) == []
        assert other.agents() == self.router.agents()
        assert other.open_interactions() == self.router.open_interactions()
        assert other.next_due() == self.router.next_due()
        for queue in QUEUES:
            assert other.waiting(queue.key) == self.router.waiting(queue.key)


def _audit_offer(standings: Standings, event: ev.InteractionOffered) -> None:
    offered = standings.interactions[event.interaction]
    agent = standings.agents[event.agent]
    assert offered.phase is Phase.WAITING
    assert agent.free
    assert all(
        s.open_offer is None or s.open_offer.agent != event.agent for s in standings.interactions.values()
    )
    if event.agent in (offered.wanted, offered.pulled):
        return  # a transfer to this colleague: no matter which queue and skills
    assert event.queue in agent.agent.queues
    assert fits(agent.agent.skills, offered.skills)
    here = {key for key, one in standings.agents.items() if one.presence is not Presence.OFFLINE}
    for other in standings.interactions.values():
        if other.phase is Phase.WAITING and hold_of(other, event.at, here.__contains__)[0] is not Hold.OPEN:
            continue
        if other.phase is Phase.WAITING and other.queue == event.queue and other.skills == offered.skills:
            assert _due_before(offered) <= _due_before(other)
    for other in standings.agents.values():
        if other.free and event.queue in other.agent.queues and fits(other.agent.skills, offered.skills):
            assert agent.idle_since <= other.idle_since


def _due_before(standing: InteractionStanding) -> tuple[bool, int, datetime]:
    return not standing.returned, -standing.priority, standing.waiting_since


TestCentre = Centre.TestCase
TestCentre.settings = settings(
    max_examples=200, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)
)


def _walk(seed: int, steps: int) -> Centre:
    """A long day: the same facts, most of them likely ones, without hypothesis' short histories."""
    chance = random.Random(seed)
    centre = Centre()
    centre.opens()
    name, flag, pick = (
        lambda: chance.choice(AGENTS).key,
        lambda: chance.random() < 0.2,
        lambda: chance.randrange(1000),
    )
    reasons, ends = list(ev.OfferEndReason), list(ev.EndedBy)
    steps_of: list[tuple[int, Callable[[], None]]] = [
        (12, lambda: centre.arrive(called=[chance.choice(CALLED)], batch=flag())),
        (3, lambda: centre.ends(pick=pick(), by=chance.choice(ends), batch=flag())),
        (3, lambda: centre.agent_moves(agent=name(), batch=flag(), step=chance.choice(MOVES), pick=pick())),
        (4, lambda: centre.says_ready(agent=name(), batch=flag())),
        (1, lambda: centre.everybody_is_ready(batch=flag())),
        (10, lambda: centre.answers(pick=pick(), batch=flag(), late=chance.random() < 0.1)),
        (
            3,
            lambda: centre.offer_fails(pick=pick(), reason=chance.choice(reasons), batch=flag(), late=flag()),
        ),
        (10, lambda: centre.talks(pick=pick(), step=chance.choice(TALK), to=chance.choice(TARGETS))),
        (3, lambda: centre.ends_wrap_up(agent=name(), batch=flag())),
        (12, lambda: centre.time_passes(seconds=chance.choice([0.1, 1.0, 3.0, 5.0, 8.0, 20.0]))),
    ]
    weights = [weight for weight, _ in steps_of]
    for _ in range(steps):
        step = chance.choices(steps_of, weights)[0][1]
        if not centre.offers and step in (steps_of[5][1], steps_of[6][1]):
            continue
        step()
        centre.check()
        if chance.random() < 0.002:
            centre.restarts()
            centre.everybody_is_ready(batch=False)
    return centre


def test_a_long_day() -> None:
    seen: Counter[str] = Counter()
    for seed in range(4):
        centre = _walk(seed, 1500)
        centre.teardown()
        seen.update(type(event).__name__ for event in centre.world.ledger)
        seen.update(str(event.reason) for event in centre.world.ledger if hasattr(event, "reason"))
    for happened in (
        *("InteractionAnswered", "InteractionTransferred", "WrapUpStarted", "WrapUpEnded", "DeskLost"),
        *("limit", "signed out", "grace", "overflow", "timeout", "full", "transfer", "PositionAnnounced"),
        *ev.OfferEndReason,
    ):
        assert seen[happened] >= 10, (happened, seen)
