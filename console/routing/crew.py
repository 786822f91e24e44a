"""How many agents each queue has: signed in, serving (ready or at work), idle."""

from collections.abc import Iterable

from console.domain.agent import Agent, Presence
from console.domain.standing import AgentStanding

_SIGNED_IN, _SERVING, _IDLE = 0, 1, 2
_Counts = list[int]
"""A queue's agents: signed in, serving, idle."""

_Seats = tuple[tuple[str, ...], tuple[_Counts, ...]]
"""An agent's queues, each once, and what is counted of them."""

_Counted = tuple[_Seats, bool, bool]
"""An agent's queues, whether serving, whether idle."""


class Crew:
    """Counts kept as agents move; nobody is looked at twice."""

    def __init__(self) -> None:
        """Nobody."""
        self._counted: dict[str, _Counted] = {}
        self._seats: dict[str, tuple[Agent, _Seats]] = {}
        self._counts: dict[str, _Counts] = {}

    def seat(self, standing: AgentStanding) -> Iterable[str]:
        """Take over where an agent stands now; returns the queues that have nobody signed in since."""
        key = standing.agent.key
        before = self._counted.get(key)
        seats = self._seats_of(standing.agent)
        if standing.presence is Presence.OFFLINE:
            return self._leave(key, before)
        serving = standing.presence is Presence.READY and standing.lost_since is None
        idle = serving and not standing.work
        if before is not None and before[0][0] == seats[0]:
            self._recount(seats, _SERVING, serving - before[1])
            self._recount(seats, _IDLE, idle - before[2])
            if serving is not before[1] or idle is not before[2]:
                self._counted[key] = before[0], serving, idle
            return ()
        emptied = self._leave(key, before)
        self._count(seats, serving, idle, 1)
        self._counted[key] = seats, serving, idle
        return [queue for queue in emptied if not self._counts[queue][_SIGNED_IN]]

    def _leave(self, key: str, before: _Counted | None) -> Iterable[str]:
        if before is None:
            return ()
        del self._counted[key]
        self._count(*before, -1)
        queues, counts = before[0]
        return [queue for queue, counted in zip(queues, counts, strict=True) if not counted[_SIGNED_IN]]

    def _seats_of(self, agent: Agent) -> _Seats:
        known = self._seats.get(agent.key)
        if known is None or known[0] is not agent:
            queues = tuple(dict.fromkeys(agent.queues))
            seats = queues, tuple(self._counts.setdefault(queue, [0, 0, 0]) for queue in queues)
            known = self._seats[agent.key] = agent, seats
        return known[1]

    def _recount(self, seats: _Seats, which: int, step: int) -> None:
        """The usual case, in the same queues: only what changed is counted."""
        if step:
            for counts in seats[1]:
                counts[which] += step

    def _count(self, seats: _Seats, serving: bool, idle: bool, step: int) -> None:  # noqa: FBT001
        for counts in seats[1]:
            counts[_SIGNED_IN] += step
            counts[_SERVING] += step * serving
            counts[_IDLE] += step * idle

    def signed_in(self, queue: str) -> int:
        """Agents of a queue who are signed in, paused ones and those of a vanished desk included."""
        return self._of(queue, _SIGNED_IN)

    def serving(self, queue: str) -> int:
        """Agents of a queue who take contacts: ready or at work, at a linked desk."""
        return self._of(queue, _SERVING)

    def idle(self, queue: str) -> int:
        """Agents of a queue who are free now and have nothing else to do."""
        return self._of(queue, _IDLE)

    def _of(self, queue: str, which: int) -> int:
        counts = self._counts.get(queue)
        return counts[which] if counts is not None else 0
