"""How many agents each queue has: signed in, serving (ready or at work), idle."""

from collections.abc import Iterable

from console.domain.agent import Agent, Presence
from console.domain.standing import AgentStanding

_Counted = tuple[tuple[str, ...], bool, bool]
"""An agent's queues, whether serving, whether idle."""


class Crew:
    """Counts kept as agents move; nobody is looked at twice."""

    def __init__(self) -> None:
        """Nobody."""
        self._counted: dict[str, _Counted] = {}
        self._queues: dict[str, tuple[Agent, tuple[str, ...]]] = {}
        self._signed_in: dict[str, int] = {}
        self._serving: dict[str, int] = {}
        self._idle: dict[str, int] = {}

    def seat(self, standing: AgentStanding) -> Iterable[str]:
        """Take over where an agent stands now; returns the queues that have nobody signed in since."""
        key = standing.agent.key
        before = self._counted.get(key)
        now = _counted(standing, self._queues_of(standing.agent))
        if before is now or before == now:
            return ()
        if before is not None and now is not None and before[0] == now[0]:
            self._counted[key] = now
            self._recount(before, now)
            return ()
        if before is not None:
            self._count(before, -1)
            del self._counted[key]
        if now is not None:
            self._count(now, 1)
            self._counted[key] = now
        return [queue for queue in before[0] if not self._signed_in[queue]] if before else ()

    def _queues_of(self, agent: Agent) -> tuple[str, ...]:
        """The agent's queues, each once."""
        known = self._queues.get(agent.key)
        if known is None or known[0] is not agent:
            known = self._queues[agent.key] = agent, tuple(dict.fromkeys(agent.queues))
        return known[1]

    def _recount(self, before: _Counted, now: _Counted) -> None:
        """The usual case, in the same queues: only what changed is counted."""
        steps = (now[1] - before[1], self._serving), (now[2] - before[2], self._idle)
        for step, kept in steps:
            if step:
                for queue in now[0]:
                    kept[queue] = kept.get(queue, 0) + step

    def _count(self, counted: _Counted, step: int) -> None:
        queues, serving, idle = counted
        for queue in queues:
            self._signed_in[queue] = self._signed_in.get(queue, 0) + step
            if serving:
                self._serving[queue] = self._serving.get(queue, 0) + step
            if idle:
                self._idle[queue] = self._idle.get(queue, 0) + step

    def signed_in(self, queue: str) -> int:
        """Agents of a queue who are signed in, paused ones and those of a vanished desk included."""
        return self._signed_in.get(queue, 0)

    def serving(self, queue: str) -> int:
        """Agents of a queue who take contacts: ready or at work, at a linked desk."""
        return self._serving.get(queue, 0)

    def idle(self, queue: str) -> int:
        """Agents of a queue who are free now and have nothing else to do."""
        return self._idle.get(queue, 0)


def _counted(standing: AgentStanding, queues: tuple[str, ...]) -> _Counted | None:
    if standing.presence is Presence.OFFLINE:
        return None
    serving = standing.presence is Presence.READY and standing.lost_since is None
    return queues, serving, standing.free
