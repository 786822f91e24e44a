"""Who waits, in serving order; and which queue a called name or number leads to.

A queue's line is kept in groups of equal demands, each sorted: an agent looks at the heads only. What waits
for one agent by name stands in that agent's own lines, in the same order.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Set
from typing import Any, NamedTuple
from uuid import UUID

from sortedcontainers import SortedList

from console.domain.address import Address
from console.domain.agent import Agent
from console.domain.queue import Channel, Queue
from console.routing.policy import Demand, Hold, LineKey, qualifies

_MOST_IN_A_LIST = 500
"""A line of so many is a plain list, which takes the least time and room; a longer one is a sorted list."""

_NOBODY: dict[tuple[Hold, str, Channel], Any] = {}


class Place(NamedTuple):
    """Where an interaction waits. `agent` is whom it waits for by name, "" for nobody."""

    queue: str
    hold: Hold
    agent: str
    demand: Demand
    key: LineKey


class Lines:
    """The waiting interactions of all queues."""

    def __init__(self) -> None:
        """Nobody waits."""
        self._open: dict[str, dict[Demand, Any]] = {}
        self._held: dict[str, Any] = {}
        self._named: dict[str, dict[tuple[Hold, str, Channel], Any]] = {}
        self._places: dict[int, Place] = {}  # by UUID.int: found four times as fast

    def __contains__(self, interaction: UUID) -> bool:
        """Whether it waits."""
        return interaction.int in self._places

    def place(self, interaction: UUID) -> Place | None:
        """Where it waits, None when it does not."""
        return self._places.get(interaction.int)

    def put(self, interaction: UUID, place: Place) -> bool:
        """Put an interaction in its place; True when it was not there before."""
        before = self._places.get(interaction.int)
        if before is not None:
            if before == place:
                return False
            self.take(interaction)
        self._places[interaction.int] = place
        line = self._line(place)
        if type(line) is list:
            insort(line, place.key)
            if len(line) > _MOST_IN_A_LIST:
                self._grow(place, line)
        else:
            line.add(place.key)
        if place.agent:
            lines = self._named.setdefault(place.agent, {})
            lines.setdefault(_about(place), SortedList()).add(place.key)
        return True

    def _line(self, place: Place) -> Any:
        if place.hold is not Hold.OPEN:
            return self._held.setdefault(place.queue, [])
        groups = self._open.setdefault(place.queue, {})
        line = groups.get(place.demand)
        if line is None:
            line = groups[place.demand] = []
        return line

    def _grow(self, place: Place, line: list[LineKey]) -> None:
        if place.hold is not Hold.OPEN:
            self._held[place.queue] = SortedList(line)
        else:
            self._open[place.queue][place.demand] = SortedList(line)

    def take(self, interaction: UUID) -> bool:
        """Take it out of the line; False when it is in none."""
        place = self._places.pop(interaction.int, None)
        if place is None:
            return False
        line = self._line(place)
        if type(line) is list:
            del line[bisect_left(line, place.key)]
        else:
            line.remove(place.key)
        if not line and place.hold is Hold.OPEN:
            del self._open[place.queue][place.demand]
        if place.agent:
            self._take_named(place)
        return True

    def _take_named(self, place: Place) -> None:
        lines = self._named[place.agent]
        lines[_about(place)].remove(place.key)
        if not lines[_about(place)]:
            del lines[_about(place)]
        if not lines:
            del self._named[place.agent]

    def head(self, queue: str, agent: Agent, channels: Set[Channel]) -> LineKey | None:
        """The first in a queue that this agent could take, who is free for these channels."""
        best: LineKey | None = None
        groups = self._open.get(queue)
        if not groups:
            return None
        for demand, line in groups.items():
            if demand.channel in channels and qualifies(agent, queue, demand):
                key: LineKey = line[0]
                if best is None or key < best:
                    best = key
        return best

    def names(self, agent: str) -> bool:
        """Whether anything waits for this agent by name."""
        return agent in self._named

    def named(self, agent: str, hold: Hold, channels: Set[Channel]) -> Iterator[tuple[str, LineKey]]:
        """The heads, with their queues, of what waits for this agent by name and is held so."""
        for (how, queue, channel), line in self._named.get(agent, _NOBODY).items():
            if how is hold and channel in channels:
                yield queue, line[0]

    def ahead(self, queue: str, key: LineKey) -> int:
        """How many of a queue are served before what has this key."""
        number = 0
        for line in self._all(queue):
            number += bisect_left(line, key) if type(line) is list else line.bisect_left(key)
        return number

    def order(self, queue: str) -> list[UUID]:
        """All that wait in a queue, in serving order."""
        return [key[-1] for key in sorted(key for line in self._all(queue) for key in line)]

    def _all(self, queue: str) -> list[Any]:
        groups = self._open.get(queue)
        lines = list(groups.values()) if groups else []
        if self._held and (held := self._held.get(queue)):
            lines.append(held)
        return lines


def _about(place: Place) -> tuple[Hold, str, Channel]:
    return place.hold, place.queue, place.demand.channel


class Crowd:
    """How many are in each queue, those being offered included."""

    def __init__(self) -> None:
        """Nobody."""
        self._number: dict[str, int] = {}
        self._queues: dict[int, str] = {}

    def enter(self, interaction: UUID, queue: str) -> None:
        """It is in this queue from now on."""
        before = self._queues.get(interaction.int)
        if before == queue:
            return
        if before is not None:
            self._number[before] -= 1
        self._queues[interaction.int] = queue
        self._number[queue] = self._number.get(queue, 0) + 1

    def leave(self, interaction: UUID) -> bool:
        """It is in no queue any more; False when it was in none before."""
        before = self._queues.pop(interaction.int, None)
        if before is None:
            return False
        self._number[before] -= 1
        return True

    def of(self, queue: str) -> int:
        """How many are in a queue."""
        return self._number.get(queue, 0)


class Door:
    """Which queue a called name or number leads to. Case does not matter; a key beats a number."""

    def __init__(self) -> None:
        """No queues."""
        self._keys: dict[str, str] = {}
        self._numbers: dict[str, dict[str, None]] = {}
        self._led: dict[str, tuple[str, ...]] = {}

    def open(self, queue: Queue) -> None:
        """A queue can be reached by its key and its numbers from now on."""
        self.close(queue.key)
        self._keys[queue.key.casefold()] = queue.key
        self._led[queue.key] = tuple(number.casefold() for number in queue.numbers)
        for number in self._led[queue.key]:
            self._numbers.setdefault(number, {})[queue.key] = None

    def close(self, key: str) -> None:
        """A queue can no longer be reached."""
        self._keys.pop(key.casefold(), None)
        for number in self._led.pop(key, ()):
            self._numbers[number].pop(key, None)

    def find(self, called: str) -> str | None:
        """The queue for what was called (a key, a number, or an address whose user is one), if there is."""
        return self._named(called.casefold()) or self._named(Address(called).user.casefold())

    def _named(self, name: str) -> str | None:
        known = self._keys.get(name)
        return known if known is not None else next(iter(self._numbers.get(name, ())), None)
