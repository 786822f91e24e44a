"""Who gets whom: what waits and who is free, kept in order as facts come, matched without a scan.

The router tells what moved and asks for matches; it makes the offers and applies them before it asks for the
next. What became waiting takes the best free agent; who became free takes the best of what waits.
"""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from console.domain.interaction import Phase
from console.domain.standing import AgentStanding, InteractionStanding
from console.domain.standings import Standings
from console.routing.agents import Bench
from console.routing.policy import choose, fits, idle_key, line_key
from console.routing.queues import Crowd, Lines, Wanted

Match = tuple[InteractionStanding, tuple[str, ...]]
"""What is to be offered, and to whom: one agent, or several at once."""


class Matcher:
    """The lines of what waits and the bench of who is free, over the standings that the router folds."""

    def __init__(self, standings: Standings) -> None:
        """Nobody waits and nobody is free."""
        self._standings = standings
        self._lines = Lines()
        self._bench = Bench()
        self._crowd = Crowd()
        self._wanted = Wanted()
        self._fresh_interactions: dict[UUID, None] = {}
        self._fresh_agents: dict[str, None] = {}

    # ------------------------------------------------------------ what moved

    def agent_moved(self, standing: AgentStanding, cause: UUID) -> None:
        """An agent's standing may have changed by the event `cause`."""
        del cause
        if self._bench.seat(standing):
            self._fresh_agents[standing.agent.key] = None

    def interaction_moved(self, interaction: UUID) -> bool:
        """An interaction's standing may have changed; True when it waits at a place it had not before."""
        standing = self._standings.interactions.get(interaction)
        self._crowd.count(interaction, standing)
        if standing is None or standing.phase is not Phase.WAITING:
            self._lines.take(interaction)
            self._fresh_interactions.pop(interaction, None)
            self._wanted.put(interaction, "")
            return False
        fresh = self._lines.put(standing)
        if fresh:
            self._fresh_interactions[interaction] = None
        return fresh

    def want(self, interaction: UUID, agent: str) -> None:
        """It waits for this agent by name; "" is for none."""
        self._wanted.put(interaction, agent)

    # ------------------------------------------------------------ reads

    def waiting(self, queue: str) -> list[UUID]:
        """Who waits in a queue and is not being offered, in serving order."""
        return self._lines.order(queue)

    def count(self, queue: str) -> int:
        """How many are in a queue, those being offered included."""
        return self._crowd.of(queue)

    def ahead(self, standing: InteractionStanding) -> int:
        """How many of the same queue are served before this one."""
        return self._lines.ahead(standing)

    # ------------------------------------------------------------ who gets whom

    def match(self, now: datetime) -> Iterator[Match]:
        """What became waiting takes the longest idle, unless that one became free just now and chooses first;
        who became free takes of all that wait; then the rest. Apply each offer before asking for the next.
        """
        del now
        fresh, self._fresh_interactions = self._fresh_interactions, {}
        standings = (self._standings.interactions[one] for one in fresh if one in self._lines)
        behind = []
        for standing in sorted(standings, key=line_key):
            agent = self._agent_for(standing)
            if agent in self._fresh_agents:
                behind.append(standing)
            elif agent is not None:
                yield standing, (agent,)
        agents, self._fresh_agents = self._fresh_agents, {}
        free = (self._standings.agents[key] for key in agents if key in self._bench)
        for chooser in sorted(free, key=idle_key):
            yield from self._choose(chooser)
        for standing in behind:
            agent = self._agent_for(standing) if standing.interaction in self._lines else None
            if agent is not None:
                yield standing, (agent,)

    def _choose(self, chooser: AgentStanding) -> Iterator[Match]:
        """Who became free takes of all that wait, but leaves to a longer idle one what fits that one."""
        while (chosen := self._interaction_for(chooser)) is not None:
            standing = self._standings.interactions[chosen]
            best = self._agent_for(standing) or chooser.agent.key
            yield standing, (best,)
            if best == chooser.agent.key:
                return

    def _agent_for(self, standing: InteractionStanding) -> str | None:
        if standing.queue not in self._standings.queues:
            return None
        wanted = self._wanted.agent(standing.interaction)
        if wanted in self._bench:
            return wanted
        for key in self._bench.of(standing.queue):
            if fits(self._standings.agents[key].agent.skills, standing.skills):
                return key
        return None

    def _interaction_for(self, free: AgentStanding) -> UUID | None:
        for wanted in self._wanted.of(free.agent.key):
            if self._standings.interactions[wanted].queue in self._standings.queues:
                return wanted
        queues = (queue for queue in free.agent.queues if queue in self._standings.queues)
        heads = (self._lines.head(queue, free.agent.skills) for queue in queues)
        return choose(head for head in heads if head is not None)
