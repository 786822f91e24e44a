"""How fast the real router decides at the largest limits a commercial router publishes, and how the cost of a
decision grows with what waits. A decision is an event that `Router.decide` returns: queued, offered.

Figures are of one core (CPU time); what is asserted is ratios, never times. The ids of what is
decided are made before the time is taken: what is measured is the routing. Of several runs
the quickest counts. The machine's own speed changes by the hour: a decision is told in turns of a plain
loop too (bench_fold.turn_us), so that figures of different hours compare.
"""

import gc
import math
import random
import time
import tracemalloc
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pytest

from console.centre.collector import spare_what_stays
from console.clock import StoppedClock
from console.domain import events as ev
from console.domain.address import Address
from console.domain.agent import Agent
from console.domain.interaction import Phase
from console.domain.queue import Queue, SkillNeed, Strategy
from console.routing.router import Router
from console.settings import RoutingSettings
from tests.bench.bench_fold import turn_us

pytestmark = pytest.mark.bench

START = datetime.fromisoformat("2026-11-23T08:00:00+00:00")
TARGET_DECISIONS_S = 20_000
CUSTOMER = Address("sip:anna@customer.example", "Anna")
NEED = (SkillNeed("english", 5),)
SERVED = 4
NOISE = 1.6
"""How much more than log n a ratio may be: a machine that others use is not quiet."""


class Load:
    """A busy centre: every agent talks and `waiting` customers wait."""

    def __init__(
        self,
        agents: int,
        queues: int,
        waiting: int,
        strategy: Strategy = Strategy.LONGEST_IDLE,
        idle: int = 0,
    ) -> None:
        self.clock = StoppedClock(START)
        self.chance = random.Random(7)
        self.ids: list[UUID] = []
        self.router = Router(RoutingSettings(), self.ready_id)
        self.talking: list[tuple[UUID, str]] = []
        self.decided: Counter[str] = Counter()
        self.queues = queues
        self.took_s, self.facts = 0.0, 0
        for number in range(queues):
            queue = Queue(
                key=f"q{number}", skills=NEED, wrap_up_s=0.0, announce_every_s=0.0, priority=number % 5,
                strategy=strategy, ageing_s=30.0 if number % 2 else 0.0,
            )  # fmt: skip
            self.tell(ev.QueueConfigured, queue=queue)
        for number in range(agents):
            self.sign_in(number)
        while len(self.talking) < agents - idle:
            self.settle(self.timed(self.arrivals(1)))
        self.wait_for(waiting)

    def ready_id(self) -> UUID:
        """An id made before, if there is one."""
        return self.ids.pop() if self.ids else self.clock.new_id()

    def sign_in(self, number: int) -> None:
        """The agent serves a few queues; most queues are served by a few agents."""
        serves = tuple({f"q{(number * SERVED + step * 7) % self.queues}": None for step in range(SERVED)})
        agent = Agent(
            key=f"a{number}", skills={"english": 5 + number % 6, "tech": 1 + number % 9}, queues=serves,
            weights={serves[0]: 1 + number % 3}, tiers={serves[-1]: 2},
        )  # fmt: skip
        self.tell(ev.AgentConfigured, agent=agent)
        self.tell(ev.AgentSignedIn, agent=agent.key, contact="sip:a@x", session=self.clock.new_id())
        self.tell(ev.AgentBecameReady, agent=agent.key)

    def talk(self, number: int) -> None:
        """So many more calls, of agents who are free."""
        self.settle(self.timed(self.arrivals(number)))

    def wait_for(self, waiting: int) -> None:
        """Let customers come until so many wait."""
        while (more := waiting - self.waiting()) > 0:
            self.settle(self.timed(self.arrivals(min(more, 1000))))

    def waiting(self) -> int:
        return len(self.router.open_interactions()) - len(self.talking)

    def fact(self, kind: type, **fields: object) -> ev.LedgerEvent:
        made: ev.LedgerEvent = kind(id=self.clock.new_id(), at=self.clock.now(), **fields)
        return made

    def tell(self, kind: type, **fields: object) -> None:
        """One fact, and what it brings; who is rung answers at once."""
        self.settle(self.timed([self.fact(kind, **fields)]))

    def timed(self, facts: list[ev.LedgerEvent]) -> list[ev.LedgerEvent]:
        """Each fact and the decision after it, as the centre does. This alone is what is measured."""
        router, now = self.router, self.clock.now()
        decided: list[ev.LedgerEvent] = []
        began = time.process_time()
        for fact in facts:
            router.apply(fact)
            decided += router.decide(now)
        self.took_s += time.process_time() - began
        self.facts += len(facts)
        return decided

    def settle(self, decided: list[ev.LedgerEvent]) -> None:
        """Whoever is rung answers: of several the first."""
        self.decided.update(type(event).__name__ for event in decided)
        answers: dict[UUID, ev.LedgerEvent] = {}
        for event in decided:
            if type(event) is ev.InteractionOffered and event.interaction not in answers:
                self.talking.append((event.interaction, event.agent))
                answers[event.interaction] = self.fact(
                    ev.InteractionAnswered, interaction=event.interaction, offer=event.offer,
                    queue=event.queue, agent=event.agent,
                )  # fmt: skip
        if answers:
            self.settle(self.timed(list(answers.values())))

    def arrivals(self, number: int) -> list[ev.LedgerEvent]:
        return [
            self.fact(
                ev.InteractionArrived,
                interaction=self.clock.new_id(),
                customer=CUSTOMER,
                called=f"q{self.chance.randrange(self.queues)}",
            )
            for _ in range(number)
        ]

    def ends(self, number: int) -> list[ev.LedgerEvent]:
        """So many of those who talk end."""
        self.chance.shuffle(self.talking)
        over, self.talking = self.talking[:number], self.talking[number:]
        return [
            self.fact(ev.InteractionEnded, interaction=interaction, by=ev.EndedBy.CUSTOMER)
            for interaction, _ in over
        ]

    def run(self, cycles: int) -> "Figures":
        """So many calls end, their agents take the next, and as many customers come."""
        self.decided.clear()
        self.took_s, self.facts = 0.0, 0
        batch = min(500, cycles, len(self.talking))
        for _ in range(0, cycles, batch):
            self.ids = [self.clock.new_id() for _ in range(3 * batch)]
            self.settle(self.timed(self.ends(batch)))
            self.settle(self.timed(self.arrivals(batch)))
            self.clock.move(1.0)
        return Figures(self.took_s, self.facts, self.decided.total(), self.decided["InteractionOffered"])


@dataclass(frozen=True)
class Figures:
    """What a run took (CPU seconds), and what went in and came out."""

    took_s: float
    facts: int
    decisions: int
    offers: int

    @property
    def a_decision_us(self) -> float:
        return 1e6 * self.took_s / self.decisions

    def words(self) -> str:
        return (
            f"{self.decisions / self.took_s:,.0f} decisions/s ({self.offers / self.took_s:,.0f} offers/s,"
            f" {(self.facts + self.decisions) / self.took_s:,.0f} events/s in and out,"
            f" {self.a_decision_us:.1f} µs a decision)"
        )


def test_the_largest_centre() -> None:
    began = time.process_time()
    load = Load(15_000, 5_000, 100_000)
    made = time.process_time() - began
    waiting = load.waiting()
    spare_what_stays()
    figures = _best(load, 5_000, 4)
    turn = turn_us()
    gc.unfreeze()
    print(
        f"\n15,000 agents, 5,000 queues, {waiting:,} waiting: {figures.words()};"
        f" target {TARGET_DECISIONS_S:,}; {figures.a_decision_us / turn:.0f} turns of the plain loop"
        f" ({turn:.2f} µs) a decision; made in {made:.1f} s"
    )
    assert figures.offers >= 4_000


def _best(load: Load, cycles: int, runs: int) -> Figures:
    """The quickest of several runs: the one that other work on the machine disturbed least."""
    return min((load.run(cycles) for _ in range(runs)), key=lambda figures: figures.a_decision_us)


def test_the_cost_of_a_decision_grows_at_most_with_log_n() -> None:
    """The same agents and queues, from 100 to 100,000 waiting."""
    costs: dict[int, float] = {}
    for waiting in (100, 1_000, 10_000, 100_000):
        load = Load(300, 20, waiting)
        gc.collect()
        figures = _best(load, 1_500, 5)
        costs[waiting] = figures.a_decision_us
        ratio, allowed = costs[waiting] / costs[100], math.log(waiting) / math.log(100)
        print(
            f"\n{waiting:>7,} waiting: {figures.words()}; {ratio:.2f} times 100's; log n: {allowed:.2f}",
            end="",
        )
        assert ratio < NOISE * allowed
    print()


@pytest.mark.parametrize("strategy", list(Strategy))
def test_each_strategy(strategy: Strategy) -> None:
    """Nobody waits and a thousand agents are free in one queue: each call is a choice among all of them."""
    costs: dict[int, float] = {}
    for agents in (50, 1_000):
        load = Load(agents, 1, 0, strategy, idle=agents)
        load.talk(agents // 10)
        gc.collect()
        figures = _best(load, 500, 4) if strategy is not Strategy.BROADCAST else _best(load, 40, 4)
        costs[agents] = figures.took_s / figures.facts
        print(f"\n{strategy:>16}, {agents:>5,} agents idle: {figures.words()}", end="")
    ratio, allowed = costs[1_000] / costs[50], math.log(1_000) / math.log(50)
    print(f"; {ratio:.2f} times that of 50; log n: {allowed:.2f}")
    if strategy is not Strategy.BROADCAST:  # rings a thousand desks: that many decisions
        assert ratio < NOISE * allowed


def test_memory() -> None:
    """What 100,000 waiting take, and that it is given back."""
    load = Load(300, 20, 0)
    gc.collect()
    tracemalloc.start()
    load.wait_for(50_000)
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    for standing in load.router.open_interactions():
        if standing.phase is Phase.WAITING:
            load.tell(ev.InteractionEnded, interaction=standing.interaction, by=ev.EndedBy.CUSTOMER)
    gc.collect()
    left, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"\n50,000 waiting: {held / 50_000:,.0f} bytes each; {left / held:.1%} left when all have gone")
    assert left < held / 5
