"""Who waits, in serving order; and which queue a called name or number leads to.

A queue's line is kept in groups of equal skill needs, each sorted: an agent looks at the heads only.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from uuid import UUID

from console.domain.address import Address
from console.domain.interaction import Phase
from console.domain.queue import Queue, SkillNeed
from console.domain.standing import InteractionStanding
from console.routing.policy import LineKey, fits, line_key

_INSIDE = frozenset({Phase.WAITING, Phase.OFFERED})
_Needs = tuple[SkillNeed, ...]


class Lines:
    """The waiting interactions of all queues."""

    def __init__(self) -> None:
        """Nobody waits."""
        self._groups: dict[str, dict[_Needs, list[tuple[LineKey, UUID]]]] = {}
        self._places: dict[UUID, tuple[str, _Needs, LineKey]] = {}

    def __contains__(self, interaction: UUID) -> bool:
        """Whether it waits."""
        return interaction in self._places

    def put(self, standing: InteractionStanding) -> bool:
        """Put an interaction in its place; True when it was not there before."""
        place = (standing.queue, standing.skills, line_key(standing))
        if self._places.get(standing.interaction) == place:
            return False
        self.take(standing.interaction)
        self._places[standing.interaction] = place
        group = self._groups.setdefault(standing.queue, {}).setdefault(standing.skills, [])
        insort(group, (place[2], standing.interaction))
        return True

    def take(self, interaction: UUID) -> None:
        """Take it out of the line, if it is in one."""
        place = self._places.pop(interaction, None)
        if place is None:
            return
        queue, needs, key = place
        group = self._groups[queue][needs]
        del group[bisect_left(group, (key, interaction))]
        if not group:
            del self._groups[queue][needs]

    def head(self, queue: str, skills: Mapping[str, int]) -> tuple[LineKey, UUID] | None:
        """The first in a queue that somebody with these skills can take."""
        groups = self._groups.get(queue)
        if not groups:
            return None
        return min((group[0] for needs, group in groups.items() if fits(skills, needs)), default=None)

    def ahead(self, standing: InteractionStanding) -> int:
        """How many in the same queue are served before this one."""
        mark = (line_key(standing), standing.interaction)
        return sum(bisect_left(group, mark) for group in self._groups.get(standing.queue, {}).values())

    def order(self, queue: str) -> list[UUID]:
        """All that wait in a queue, in serving order."""
        entries = [entry for group in self._groups.get(queue, {}).values() for entry in group]
        return [interaction for _, interaction in sorted(entries)]


class Crowd:
    """How many are in each queue, those being offered included."""

    def __init__(self) -> None:
        """Nobody."""
        self._number: dict[str, int] = {}
        self._queues: dict[UUID, str] = {}

    def count(self, interaction: UUID, standing: InteractionStanding | None) -> None:
        """Take over where an interaction is now; None: it is over."""
        inside = standing is not None and standing.phase in _INSIDE
        queue = standing.queue if standing is not None and inside else ""
        before = self._queues.get(interaction, "")
        if queue == before:
            return
        if before:
            self._number[before] -= 1
            del self._queues[interaction]
        if queue:
            self._number[queue] = self._number.get(queue, 0) + 1
            self._queues[interaction] = queue

    def of(self, queue: str) -> int:
        """How many are in a queue."""
        return self._number.get(queue, 0)


class Wanted:
    """Who waits for one agent by name (a transfer to a colleague), beside the place in a queue."""

    def __init__(self) -> None:
        """Nobody is wanted."""
        self._by_agent: dict[str, dict[UUID, None]] = {}
        self._agents: dict[UUID, str] = {}

    def put(self, interaction: UUID, agent: str) -> None:
        """It waits for this agent from now on; "" is for none."""
        before = self._agents.pop(interaction, "")
        if before:
            del self._by_agent[before][interaction]
        if agent:
            self._agents[interaction] = agent
            self._by_agent.setdefault(agent, {})[interaction] = None

    def agent(self, interaction: UUID) -> str:
        """The agent it waits for, or ""."""
        return self._agents.get(interaction, "")

    def of(self, agent: str) -> Iterator[UUID]:
        """Who waits for this agent, in the order of coming."""
        return iter(self._by_agent.get(agent, ()))


class Door:
    """Which queue a called name or number leads to. Case does not matter; a key beats a number."""

    def __init__(self) -> None:
        """No queues."""
        self._keys: dict[str, str] = {}
        self._numbers: dict[str, dict[str, None]] = {}

    def open(self, queue: Queue) -> None:
        """A queue can be reached by its key and its numbers from now on."""
        self.close(queue.key)
        self._keys[queue.key.casefold()] = queue.key
        for number in queue.numbers:
            self._numbers.setdefault(number.casefold(), {})[queue.key] = None

    def close(self, key: str) -> None:
        """A queue can no longer be reached."""
        self._keys.pop(key.casefold(), None)
        for known in self._numbers.values():
            known.pop(key, None)

    def find(self, called: str) -> str | None:
        """The queue for what was called (a key, a number, or an address whose user is one), if there is."""
        for name in (called.casefold(), Address(called).user.casefold()):
            if name in self._keys:
                return self._keys[name]
            for key in self._numbers.get(name, ()):
                return key
        return None
