"""Who gets whom: what waits and who is free, kept in order as facts come, matched without a scan.

The router tells what moved and asks for matches; it makes the offers and applies them before it asks for the
next. What became waiting takes the best free agent; who became free takes the best of what waits. All that
is kept here follows from the standings and the last `now`, so it is made anew after a restart by telling
once what there is.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from heapq import heapify, heappop, heappush
from uuid import UUID

from console.domain.agent import Agent, Presence
from console.domain.interaction import Phase
from console.domain.queue import Channel, Queue, Strategy
from console.domain.standing import AgentStanding, InteractionStanding, Interrupts
from console.domain.standings import Standings
from console.routing.agents import Bench
from console.routing.policy import (
    ChoiceKey,
    Demands,
    Hold,
    LineKey,
    ageing_of,
    choice_key,
    entry_key,
    hold_of,
    line_key,
    micros,
)
from console.routing.queues import Crowd, Lines, Place

Match = tuple[InteractionStanding, tuple[str, ...]]
"""What is to be offered, and to whom: one agent, or several at once."""

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_SWEEP_FROM = 1024


class Matcher:
    """The lines of what waits and the bench of who is free, over the standings that the router folds."""

    def __init__(self, standings: Standings, interrupts: Interrupts | None = None) -> None:
        """Nobody waits and nobody is free. `interrupts`: what may come on top of what; None: nothing."""
        self._standings = standings
        self._lines = Lines()
        self._bench = Bench(interrupts or {})
        self._crowd = Crowd()
        self._demands = Demands()
        self._now = _LONG_AGO
        self._gates: list[tuple[datetime, UUID]] = []
        self._sweep_at = _SWEEP_FROM
        self._rules: dict[str, Queue] = {}
        self._ageing: dict[str, int] = {}
        self._signed_in: dict[str, None] = {}
        self._naming: dict[str, dict[UUID, None]] = {}
        self._named: dict[UUID, tuple[str, ...]] = {}
        self._fresh_interactions: dict[int, InteractionStanding] = {}
        self._fresh_agents: dict[str, None] = {}

    # ------------------------------------------------------------ what moved

    def agent_moved(self, standing: AgentStanding) -> None:
        """An agent's standing may have changed."""
        key = standing.agent.key
        if (standing.presence is not Presence.OFFLINE) != (key in self._signed_in):
            if standing.presence is Presence.OFFLINE:
                del self._signed_in[key]
            else:
                self._signed_in[key] = None
            for interaction in list(self._naming.get(key, ())):
                self.interaction_moved(interaction)
        if self._bench.seat(standing):
            self._fresh_agents[key] = None

    def interaction_moved(self, interaction: UUID) -> bool:
        """An interaction's standing may have changed; True when it waits at a place it had not before."""
        return self.moved(interaction, self._standings.by_number.get(interaction.int))

    def moved(self, interaction: UUID, standing: InteractionStanding | None) -> bool:
        """The same for one whose standing is at hand; None: it is over."""
        if standing is None or standing.phase is not Phase.WAITING:
            if standing is not None and standing.phase is Phase.OFFERED:
                self._crowd.enter(interaction, standing.queue)
            elif not self._crowd.leave(interaction):
                return False
            if self._lines.take(interaction):
                self._fresh_interactions.pop(interaction.int, None)
                if self._named and interaction in self._named:
                    self._name(interaction, ())
            return False
        self._crowd.enter(interaction, standing.queue)
        fresh = self._lines.put(interaction, self._place(standing))
        if fresh:
            self._fresh_interactions[interaction.int] = standing
        return fresh

    def queue_moved(self, key: str) -> None:
        """A queue was configured or removed: its line and who is free for it may stand in another order."""
        before, queue = self._rules.pop(key, None), self._standings.queues.get(key)
        self._ageing.pop(key, None)
        if queue is not None:
            self._rules[key] = queue
            self._ageing[key] = ageing_of(queue)
        if before is None or queue is None or before.strategy is not queue.strategy:
            self._bench.forget(key)
        if before is None or queue is None or before.ageing_s != queue.ageing_s:
            for interaction in self._lines.order(key):
                self.interaction_moved(interaction)
                if before is None:
                    self._fresh_interactions[interaction.int] = self._standings.by_number[interaction.int]

    def _place(self, standing: InteractionStanding) -> Place:
        interaction = standing.interaction
        hold, agent = Hold.OPEN, ""
        if (
            standing.wanted
            or standing.pulled
            or standing.not_before is not None
            or (self._named and interaction in self._named)
        ):
            self._name(interaction, tuple({standing.wanted, standing.pulled} - {""}))
            hold, agent, until = hold_of(standing, self._now, self._signed_in.__contains__)
            if until is not None:
                self._watch(interaction, until)
        key = line_key(standing, self._ageing.get(standing.queue, 0))
        return Place(standing.queue, hold, agent, self._demands.of(standing), key)

    def _name(self, interaction: UUID, agents: tuple[str, ...]) -> None:
        for agent in self._named.pop(interaction, ()):
            del self._naming[agent][interaction]
            if not self._naming[agent]:
                del self._naming[agent]
        if agents:
            self._named[interaction] = agents
        for agent in agents:
            self._naming.setdefault(agent, {})[interaction] = None

    # ------------------------------------------------------------ what time alone changes

    def _watch(self, interaction: UUID, until: datetime) -> None:
        """Look at it again when its hold ends."""
        if len(self._gates) >= self._sweep_at:
            self._sweep()
        heappush(self._gates, (until, interaction))

    def _until(self, interaction: UUID) -> datetime | None:
        standing = self._standings.by_number.get(interaction.int)
        if standing is None or interaction not in self._lines:
            return None
        return hold_of(standing, self._now, self._signed_in.__contains__)[2]

    def _sweep(self) -> None:
        self._gates = list({gate for gate in self._gates if self._until(gate[1]) == gate[0]})
        heapify(self._gates)
        self._sweep_at = max(_SWEEP_FROM, 2 * len(self._gates))

    def next_due(self) -> datetime | None:
        """When somebody may take what is held for one agent, or postponed, until then; None: never."""
        while self._gates:
            until, interaction = self._gates[0]
            if self._until(interaction) == until:
                return until
            heappop(self._gates)
        return None

    def _open_gates(self, now: datetime) -> None:
        """Regroup what is held no longer at this moment."""
        while self._gates and self._gates[0][0] <= now:
            _, interaction = heappop(self._gates)
            if interaction in self._lines:
                self.interaction_moved(interaction)

    # ------------------------------------------------------------ reads

    def waiting(self, queue: str) -> list[UUID]:
        """Who waits in a queue and is not being offered, in serving order."""
        return self._lines.order(queue)

    def count(self, queue: str) -> int:
        """How many are in a queue, those being offered included."""
        return self._crowd.of(queue)

    def ahead(self, standing: InteractionStanding) -> int:
        """How many of the same queue are served before this one."""
        place = self._lines.place(standing.interaction)
        key = place.key if place else line_key(standing, self._ageing.get(standing.queue, 0))
        return self._lines.ahead(standing.queue, key)

    def would_be_ahead(self, queue: str, priority: int, standing: InteractionStanding) -> int:
        """How many would be served before this one, were it in that queue with that priority."""
        if not self._crowd.of(queue):
            return 0
        return self._lines.ahead(queue, entry_key(standing, priority, self._ageing.get(queue, 0)))

    # ------------------------------------------------------------ who gets whom

    def is_due(self, now: datetime) -> bool:
        """Whether `match` has anything to look at."""
        if self._fresh_interactions or self._fresh_agents:
            return True
        return bool(self._gates) and self._gates[0][0] <= now

    def match(self, now: datetime) -> Iterator[Match]:
        """All that fits together now, which is never before the last. Apply each match before asking for the
        next.

        What became waiting takes its best, unless that one became free just now too and chooses first; who
        became free takes of all that wait; then those that were left behind take who is left.
        """
        self._now = now
        if self._gates:
            self._open_gates(now)
        if self._fresh_interactions or len(self._fresh_agents) > 1:
            yield from self._together(micros(now))
        elif self._fresh_agents:
            yield from self._alone(micros(now))

    def _together(self, now: int) -> Iterator[Match]:
        for key in self._fresh_agents:
            self._bench.settle(key)
        behind = []
        for standing in self._fresh(now):
            agents = self._agents_for(standing)
            if not self._fresh_agents.keys().isdisjoint(agents):
                behind.append(standing)
            elif agents:
                yield standing, agents
        fresh, self._fresh_agents = self._fresh_agents, {}
        free = [self._standings.agents[key] for key in fresh if key in self._bench]
        for chooser in sorted(free, key=_longest_free):
            yield from self._choose(chooser, now)
        for standing in behind:
            agents = self._agents_for(standing) if standing.interaction in self._lines else ()
            if agents:
                yield standing, agents

    def _alone(self, now: int) -> Iterator[Match]:
        """The usual case: one agent became free, who takes the next of all that wait or, if nothing does, has
        a seat; as long as nobody else could have it, without sitting down first.
        """
        (key,) = self._fresh_agents
        self._fresh_agents = {}
        if key not in self._bench:
            return
        chooser = self._standings.agents[key]
        chosen = self._interaction_for(chooser, now)
        if chosen is not None and self._nobody_else(chosen, key):
            yield self._standings.by_number[chosen.int], (key,)
            chosen = None
        self._bench.settle(key)
        if chosen is not None:
            yield from self._choose(chooser, now)

    def _nobody_else(self, interaction: UUID, agent: str) -> bool:
        """Whether nobody but this agent, who is not settled yet, could have it."""
        place = self._lines.place(interaction)
        if place is None or place.agent not in {"", agent}:
            return False
        if place.hold is not Hold.OPEN:
            return True
        return not self._bench.pool(self._standings.queues[place.queue], place.demand)

    def _fresh(self, now: int) -> list[InteractionStanding]:
        """What became waiting since the last time, the most urgent first."""
        fresh, self._fresh_interactions = self._fresh_interactions, {}
        if len(fresh) == 1:
            return [standing for standing in fresh.values() if standing.interaction in self._lines]
        found: list[tuple[ChoiceKey, InteractionStanding]] = []
        for standing in fresh.values():
            place = self._lines.place(standing.interaction)
            if place is not None:
                key = choice_key(place.key, self._ageing.get(place.queue, 0), now, 0)
                found.append((key, standing))
        found.sort(key=_first)
        return [standing for _, standing in found]

    def _choose(self, chooser: AgentStanding, now: int) -> Iterator[Match]:
        """Who became free takes of all that wait, but leaves to a better one what that one gets."""
        key = chooser.agent.key
        while key in self._bench and (chosen := self._interaction_for(chooser, now)) is not None:
            standing = self._standings.by_number[chosen.int]
            yield standing, self._agents_for(standing)
            if chosen in self._lines:
                return

    def _agents_for(self, standing: InteractionStanding) -> tuple[str, ...]:
        """Who gets this one: nobody, one agent, or in a broadcast several."""
        place = self._lines.place(standing.interaction)
        queue = self._standings.queues.get(standing.queue)
        if place is None or queue is None or place.hold is Hold.POSTPONED:
            return ()
        named = place.agent if place.agent and self._bench.free_for(place.agent, standing.channel) else ""
        if place.hold is not Hold.OPEN or (named and queue.strategy is not Strategy.BROADCAST):
            return (named,) if named else ()
        return self._bench.pool(queue, place.demand).takers(standing, named, queue.broadcast_most)

    def _interaction_for(self, free: AgentStanding, now: int) -> UUID | None:
        """Which of all that wait is this agent's: pulled, then reserved, then the rest."""
        agent = free.agent
        channels = self._bench.channels(agent.key)
        named = self._lines.names(agent.key)
        if named:
            for hold in (Hold.PULLED, Hold.RESERVED):
                best = self._first_of(self._named_heads(agent.key, hold, channels), agent, now)
                if best is not None:
                    return best
        heads = self._named_heads(agent.key, Hold.OPEN, channels) if named else {}
        for queue in agent.queues:
            head = self._lines.head(queue, agent, channels)
            if head is not None:
                heads[queue] = min(head, heads[queue]) if queue in heads else head
        return self._first_of(heads, agent, now)

    def _named_heads(self, agent: str, hold: Hold, channels: frozenset[Channel]) -> dict[str, LineKey]:
        heads: dict[str, LineKey] = {}
        for queue, head in self._lines.named(agent, hold, channels):
            heads[queue] = min(head, heads.get(queue, head))
        return heads

    def _first_of(self, heads: dict[str, LineKey], agent: Agent, now: int) -> UUID | None:
        """The first of several queues' heads for an agent; a queue not served comes after the agent's own."""
        best: tuple[ChoiceKey, UUID] | None = None
        for queue, head in heads.items():
            if queue not in self._ageing:
                continue
            if len(heads) == 1:
                return head[-1]
            order = agent.queues.index(queue) if queue in agent.queues else len(agent.queues)
            entry = (choice_key(head, self._ageing[queue], now, order), head[-1])
            if best is None or entry < best:
                best = entry
        return best[1] if best else None


def _first(entry: tuple[ChoiceKey, InteractionStanding]) -> ChoiceKey:
    return entry[0]


def _longest_free(agent: AgentStanding) -> tuple[int, int, str]:
    return len(agent.work), agent.idle_turn, agent.agent.key
