"""One run in virtual time: a heap of moments, the real router, the real fold.

The engine is to routing what the centre is: it applies facts, asks for decisions after each, and again when
the router says that something is due. What people do is in `customers` and `staff`. Nothing here reads a
clock; the same scenario, seed and replication give the same facts, ids included.
"""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import heappop, heappush
from random import Random
from typing import Any
from uuid import UUID

from console.domain import events as ev
from console.metrics.snapshot import Fold
from console.routing.router import Router
from console.simulator.ids import Ids
from console.simulator.scenario import Scenario

_Action = Callable[[Any], None]

Reaction = Callable[[Any], None]
"""What somebody does about a decision."""


class Engine:
    """Virtual time, facts in their order, decisions handed to those who react."""

    def __init__(self, scenario: Scenario, replication: int) -> None:
        """Nothing happened yet; the time is when the first day opens, or the first shift begins."""
        self.scenario = scenario
        self.now = first_moment(scenario)
        self.ids = Ids(self.now, scenario.seed * 1009 + replication)
        self.new_id: Callable[[], UUID] = self.ids.make
        self.router = Router(scenario.routing, self.new_id)
        self.fold = Fold(keep_increments=True)
        self.sequence = 0
        self.reactions: dict[type, Reaction] = {}
        self.after: list[Callable[[], None]] = []
        self._dice = f"{scenario.seed}/{replication}"
        self._heap: list[tuple[datetime, int, _Action, Any]] = []
        self._soon: deque[tuple[_Action, Any]] = deque()
        self._planned = 0

    def dice(self, purpose: str) -> Random:
        """Dice of their own for a purpose: what one person draws moves nobody else's draws."""
        return Random(f"{self._dice}/{purpose}")

    # ------------------------------------------------------------ planning

    def at(self, when: datetime, action: _Action, about: Any = None) -> None:
        """Plan an action; of equal times the one planned first comes first."""
        self._planned += 1
        heappush(self._heap, (when, self._planned, action, about))

    def later(self, seconds: float, action: _Action, about: Any = None) -> None:
        """Plan an action in so many seconds; at once after what is being decided when that is 0."""
        if seconds <= 0:
            self._soon.append((action, about))
            return
        self._planned += 1
        heappush(self._heap, (self.now + timedelta(seconds=seconds), self._planned, action, about))

    # ------------------------------------------------------------ facts

    def tell(self, fact: ev.LedgerEvent) -> None:
        """A fact happened: routing and figures take it."""
        self.router.apply(fact)
        self.sequence += 1
        self.fold.apply(fact, self.sequence)

    # ------------------------------------------------------------ time

    def run(self, until: datetime, over: Callable[[], bool]) -> None:
        """Go on until a moment, or until nothing is planned or due, or until `over` says so."""
        heap, soon, router = self._heap, self._soon, self.router
        while True:
            if soon:
                action, about = soon.popleft()
                action(about)
            else:
                due = router.next_due()
                if heap and (due is None or heap[0][0] <= due):
                    if heap[0][0] > until:
                        break
                    self.now, _, action, about = heappop(heap)
                    action(about)
                elif due is None or due > until:
                    break
                elif due > self.now:
                    self.now = due
            self._decide()
            if over():
                return
        self.now = max(self.now, until)

    def _decide(self) -> None:
        decisions = self.router.decide(self.now)
        if decisions:
            sequence, apply = self.sequence, self.fold.apply
            for sequence, decision in enumerate(decisions, self.sequence + 1):
                apply(decision, sequence)
            self.sequence = sequence
            reactions = self.reactions
            for decision in decisions:
                react = reactions.get(type(decision))
                if react is not None:
                    react(decision)
        for act in self.after:
            act()


def first_moment(scenario: Scenario) -> datetime:
    """When the first thing happens: the day opens, or a shift begins before."""
    begins = [scenario.moment(0, group.begins) for group in scenario.agents if group.begins]
    return min([*begins, scenario.opened(0)[0]])
