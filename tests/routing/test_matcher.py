"""Who gets whom: the same as the slow way on random histories, and each rule by itself."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import UUID

import pytest

from console.domain import events as ev
from console.domain.address import Address
from console.domain.agent import Agent, Presence
from console.domain.interaction import Phase
from console.domain.queue import Channel, Queue, Relaxation, SkillNeed, Strategy
from console.routing.matcher import Match, Matcher
from console.routing.router import Router
from console.settings import CustomerRule
from tests.routing.centre_world import World
from tests.routing.naive import Naive

SKILLS = ("english", "german", "tech")
CHANNELS = (Channel.VOICE, Channel.VOICE, Channel.CHAT, Channel.EMAIL, Channel.MESSENGER)


class Checked(Matcher):
    """A matcher that is looked at over the shoulder: each choice must be the slow way's too."""

    naive: Naive
    choices = 0

    def match(self, now: datetime) -> Iterator[Match]:
        self._now = now
        self._open_gates(now)
        interactions, agents = self.naive.news(now)
        fresh = [one.interaction for one in self._fresh_interactions.values()]
        seen = {one for one in fresh if one in self._lines}, set(self._fresh_agents)
        assert interactions <= seen[0]
        assert agents <= seen[1]
        slow = self.naive.match(now, *seen)
        for standing, agents in super().match(now):
            expected = next(slow, None)
            assert expected is not None, (standing, agents)
            assert (standing.interaction, agents) == (expected[0].interaction, expected[1])
            self.choices += 1
            yield standing, agents
        left = next(slow, None)
        assert left is None, f"nobody was given {left}"


class Centre:
    """A random centre in which everything happens that can."""

    def __init__(
        self, seed: int, agents: int = 9, strategies: tuple[Strategy, ...] = tuple(Strategy)
    ) -> None:
        self.chance = random.Random(seed)
        self.strategies = strategies
        queues = tuple(self._queue(number, strategies[number % len(strategies)]) for number in range(8))
        self.names = [f"a{number}" for number in range(agents)]
        rule = CustomerRule(number="sip:vip@customer.example", agent="a1", priority=2, value=3)
        self.world = World(queues, (), customers=(rule,))
        self.router: Router = self.world.router
        self.matcher = Checked(self.router._standings, self.world.settings.on_top)
        self.matcher.naive = Naive(self.router._standings, self.world.settings.on_top)
        self.router._matcher = self.router.admission._matcher = self.matcher
        for queue in queues:
            self.matcher.queue_moved(queue.key)
        for name in self.names:
            self.world.tell(ev.AgentConfigured, agent=self._agent(name))
            self.world.sign_in(name)

    def _needs(self, most: int) -> tuple[SkillNeed, ...]:
        names = self.chance.sample(SKILLS, self.chance.randrange(most + 1))
        return tuple(SkillNeed(name, self.chance.randint(1, 7), self.chance.random() < 0.4) for name in names)

    def _queue(self, number: int, strategy: Strategy) -> Queue:
        chance = self.chance
        steps = (
            Relaxation(after_s=8.0, skills=self._needs(1)),
            Relaxation(after_s=20.0, skills=(), tier=chance.choice([None, 0, 2])),
        )
        return Queue(
            key=f"q{number}", strategy=strategy, skills=self._needs(2), tier=chance.choice([0, 0, 1, 2]),
            priority=chance.randrange(4), ageing_s=chance.choice([0.0, 0.0, 5.0, 20.0]),
            relax=steps if chance.random() < 0.6 else (), broadcast_most=chance.choice([0, 2]),
            wrap_up_s=chance.choice([0.0, 5.0]), ring_timeout_s=8.0, max_wait_s=chance.choice([0.0, 60.0]),
            overflow_to=f"q{(number + 3) % 8}" if chance.random() < 0.3 else "", value_weight=0.5,
            last_agent_s=chance.choice([0.0, 6.0]), named_agent_s=6.0, announce_every_s=0.0,
        )  # fmt: skip

    def _agent(self, name: str) -> Agent:
        chance = self.chance
        queues = tuple(f"q{number}" for number in chance.sample(range(8), chance.randrange(1, 6)))
        return Agent(
            key=name, queues=queues, skills={skill: chance.randint(1, 10) for skill in SKILLS},
            tiers={queue: chance.randint(1, 3) for queue in queues},
            weights={queue: chance.randint(1, 4) for queue in queues},
            capacity={Channel.CHAT: chance.randrange(3), Channel.EMAIL: 2},
        )  # fmt: skip

    # -------------------------------------------------------- what happens

    def step(self) -> None:
        """One thing happens; now and then several before anything is decided."""
        for _ in range(self.chance.choice([1, 1, 1, 2, 5])):
            weights, steps = zip(*self.steps(), strict=True)
            self.chance.choices(steps, weights)[0]()
        self.world.decide()

    def steps(self) -> list[tuple[float, Callable[[], None]]]:
        return [
            (16, self.arrives), (2, self.hangs_up), (16, self.answers), (4, self.refuses), (14, self.ends),
            (4, self.pauses), (20, self.is_ready), (1, self.signs_out), (3, self.supervises),
            (2, self.transfers), (0.5, self.is_configured), (0.5, self.queue_changes), (12, self.time_passes),
        ]  # fmt: skip

    def tell(self, kind: type, **fields: object) -> None:
        self.world.only_tell(kind, **fields)

    def some(self, *phases: Phase) -> UUID | None:
        found = [one.interaction for one in self.router.open_interactions() if one.phase in phases]
        return self.chance.choice(found) if found else None

    def arrives(self) -> None:
        who = self.chance.choice(["anna", "ben", "vip"])
        self.tell(
            ev.InteractionArrived, interaction=self.world.clock.new_id(),
            channel=self.chance.choice(CHANNELS),
            customer=Address(f"sip:{who}@customer.example"), called=f"q{self.chance.randrange(8)}",
        )  # fmt: skip

    def hangs_up(self) -> None:
        if (one := self.some(Phase.WAITING, Phase.OFFERED)) is not None:
            self.tell(ev.InteractionEnded, interaction=one, by=ev.EndedBy.CUSTOMER)

    def _offer(self) -> dict[str, object] | None:
        one = self.some(Phase.OFFERED)
        if one is None:
            return None
        offer = self.chance.choice(list(self.router.interaction(one).open_offers.values()))
        return {"interaction": one, "offer": offer.offer, "agent": offer.agent}

    def answers(self) -> None:
        if (offer := self._offer()) is not None:
            queue = self.router.interaction(offer["interaction"]).queue
            self.tell(ev.InteractionAnswered, queue=queue, **offer)

    def refuses(self) -> None:
        if (offer := self._offer()) is not None:
            self.tell(ev.OfferEnded, reason=self.chance.choice(list(ev.OfferEndReason)), **offer)

    def ends(self) -> None:
        if (one := self.some(Phase.CONNECTED, Phase.HELD)) is not None:
            self.tell(ev.InteractionEnded, interaction=one, by=ev.EndedBy.AGENT)

    def pauses(self) -> None:
        self.tell(ev.AgentPaused, agent=self.chance.choice(self.names), reason="Lunch")

    def is_ready(self) -> None:
        name = self.chance.choice(self.names)
        if self.router.agent(name).presence is Presence.OFFLINE:
            self.tell(
                ev.AgentSignedIn, agent=name, contact="sip:a@127.0.0.1", session=self.world.clock.new_id()
            )
        self.tell(ev.AgentBecameReady, agent=name)

    def signs_out(self) -> None:
        kind, more = self.chance.choice([(ev.AgentSignedOut, {}), (ev.DeskLost, {"grace_s": 5.0})])
        self.tell(kind, agent=self.chance.choice(self.names), **more)

    def supervises(self) -> None:
        one = self.some(Phase.WAITING, Phase.OFFERED)
        if one is None:
            return
        if self.chance.random() < 0.5:
            self.tell(ev.InteractionPulled, interaction=one, agent=self.chance.choice(self.names), by="sue")
        else:
            self.tell(ev.InteractionPrioritised, interaction=one, priority=self.chance.randrange(9), by="sue")

    def transfers(self) -> None:
        one = self.some(Phase.CONNECTED, Phase.HELD)
        if one is not None:
            target = self.chance.choice([*self.names, "q1", "q2"])
            agent = self.router.interaction(one).agent
            self.tell(ev.InteractionTransferred, interaction=one, agent=agent, target=target)

    def is_configured(self) -> None:
        self.tell(ev.AgentConfigured, agent=self._agent(self.chance.choice(self.names)))

    def queue_changes(self) -> None:
        number = self.chance.randrange(8)
        if self.chance.random() < 0.2:
            self.tell(ev.QueueRemoved, queue=f"q{number}")
        else:
            queue = self._queue(number, self.chance.choice(self.strategies))
            self.tell(ev.QueueConfigured, queue=queue)

    def time_passes(self) -> None:
        self.world.decide()
        self.world.wait(self.chance.choice([0.5, 1.0, 3.0, 9.0]))


@pytest.mark.parametrize("first", range(0, 12, 4))
def test_each_choice_is_that_of_the_slow_way(first: int) -> None:
    seen: Counter[str] = Counter()
    for seed in range(first, first + 4):
        centre = Centre(seed)
        for _ in range(300):
            centre.step()
        assert centre.matcher.choices > 30
        seen.update(type(event).__name__ for event in centre.world.ledger)
    assert seen["InteractionOffered"] > 250
    for happened in ("InteractionRelaxed", "OfferEnded", "InteractionLeftQueue", "WrapUpStarted"):
        assert seen[happened] > 10, seen


@pytest.mark.parametrize("strategy", list(Strategy))
def test_each_strategy_alone_chooses_as_the_slow_way(strategy: Strategy) -> None:
    centre = Centre(99, agents=14, strategies=(strategy,))
    for _ in range(300):
        centre.step()
    assert centre.matcher.choices > 80
