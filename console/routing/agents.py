"""Who is free, longest idle first, by queue. Standings themselves are folded in domain.standings."""

from bisect import bisect_left, insort
from collections.abc import Iterator

from console.domain.standing import AgentStanding
from console.routing.policy import IdleKey, idle_key


class Bench:
    """The agents who may be offered something now, in order of idleness for each queue they serve."""

    def __init__(self) -> None:
        """Nobody is free."""
        self._free: dict[str, list[IdleKey]] = {}
        self._places: dict[str, tuple[IdleKey, tuple[str, ...], dict[str, int]]] = {}

    def __contains__(self, agent: str) -> bool:
        """Whether the agent is free."""
        return agent in self._places

    def seat(self, standing: AgentStanding) -> bool:
        """Take over whether an agent is free now; True when something new may fit."""
        place = (idle_key(standing), standing.agent.queues, standing.agent.skills) if standing.free else None
        before = self._places.get(standing.agent.key)
        if before == place:
            return False
        self.leave(standing.agent.key)
        if place is None:
            return False
        self._places[standing.agent.key] = place
        for queue in set(place[1]):
            insort(self._free.setdefault(queue, []), place[0])
        return True

    def leave(self, agent: str) -> None:
        """The agent is not free any more."""
        place = self._places.pop(agent, None)
        if place is None:
            return
        for queue in set(place[1]):
            line = self._free[queue]
            del line[bisect_left(line, place[0])]

    def of(self, queue: str) -> Iterator[str]:
        """The free agents of a queue, longest idle first."""
        for _, agent in self._free.get(queue, ()):
            yield agent
