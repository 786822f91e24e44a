"""Who may be offered something now, ranked for each queue and demand that ever asked. No agent is looked at
twice: a pool is built when a demand first comes up, and from then on agents only come and go.
"""

from dataclasses import dataclass, field
from typing import Any

from sortedcontainers import SortedList

from console.domain.agent import Agent, Presence
from console.domain.queue import Channel, Queue, Strategy
from console.domain.standing import AgentStanding, InteractionStanding, Interrupts
from console.routing.policy import Demand, qualifies
from console.routing.strategies import Rank, lot, rank_of

_MOST_POOLS = 64
_MOST_ROOMS = 4096
_NOTHING: frozenset[Channel] = frozenset()

_Rooms = dict[tuple[Channel, ...], frozenset[Channel]]
"""By the channels of all that an agent of one capacity has at hand: what may come on top."""


class Pool:
    """The free agents of a queue who fit one demand, in the order of its strategy."""

    __slots__ = ("_ranks", "demand", "queue", "strategy")

    def __init__(self, queue: str, strategy: Strategy, demand: Demand) -> None:
        """Nobody is in it."""
        self.queue = queue
        self.strategy = strategy
        self.demand = demand
        self._ranks: Any = SortedList()

    def add(self, agent: AgentStanding) -> Rank:
        """Take somebody in who fits; returns the rank, which `remove` needs."""
        rank = rank_of(self.strategy, agent, self.queue, self.demand)
        self._ranks.add(rank)
        return rank

    def __len__(self) -> int:
        """How many are in it."""
        return len(self._ranks)

    def remove(self, rank: Rank) -> None:
        """Somebody is free no more."""
        self._ranks.remove(rank)

    def takers(self, standing: InteractionStanding, named: str = "", most: int = 0) -> tuple[str, ...]:
        """Who gets this interaction: the first, the one drawn, or in a broadcast the first `most` (0: all),
        of whom `named` is the first though perhaps not in the pool.
        """
        if self.strategy is Strategy.BROADCAST:
            several = dict.fromkeys([named] if named else [])
            several.update((rank[-1], None) for rank in self._ranks.islice(stop=most or None))
            return tuple(several)[: most or None]
        if named:
            return (named,)
        if self.strategy is Strategy.WEIGHTED_RANDOM and len(self._ranks) > 1:
            return (self._draw(standing),)
        return (self._ranks[0][-1],) if self._ranks else ()

    def _draw(self, standing: InteractionStanding) -> str:
        """Draw among those who miss the fewest preferred needs. Ranks of one weight stand together, so a
        weight is one stretch of the list, however many agents have it.
        """
        missed = self._ranks[0][0]
        stretches: list[tuple[int, int]] = []
        start, end = 0, self._ranks.bisect_left((missed + 1,))
        total = 0
        while start < end:
            weight = self._ranks[start][1]
            stop = self._ranks.bisect_left((missed, weight + 1))
            stretches.append((start, weight))
            total += (stop - start) * weight
            start = stop
        ticket = lot(standing, total)
        for (start, weight), (stop, _) in zip(stretches, [*stretches[1:], (end, 0)], strict=True):
            if ticket < (stop - start) * weight:
                return str(self._ranks[start + ticket // weight][-1])
            ticket -= (stop - start) * weight
        raise AssertionError("a lot beyond the sum of all weights")


@dataclass(slots=True)
class _Side:
    """One queue's part of the bench."""

    seated: dict[str, "_Seat"] = field(default_factory=dict)
    pools: dict[Demand, Pool] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class _Seat:
    """Where one agent sits: `stamp` is what the ranks were made of, with `agent` as configured then. Who just
    came in is free but not yet `settled` in any pool.
    """

    standing: AgentStanding
    agent: Agent
    stamp: tuple[object, ...]
    channels: frozenset[Channel]
    settled: bool = False
    ranks: list[tuple[Pool, Rank]] = field(default_factory=list)


def _join(pool: Pool, seat: _Seat) -> None:
    if pool.demand.channel in seat.channels and qualifies(seat.agent, pool.queue, pool.demand):
        seat.ranks.append((pool, pool.add(seat.standing)))


class Bench:
    """The agents who may be offered something now."""

    def __init__(self, interrupts: Interrupts) -> None:
        """Nobody is free."""
        self._interrupts = interrupts
        self._sides: dict[str, _Side] = {}
        self._seats: dict[str, _Seat] = {}
        self._rooms: dict[tuple[int, ...], _Rooms] = {}
        self._capacities: dict[str, tuple[Agent, _Rooms]] = {}

    def __contains__(self, agent: str) -> bool:
        """Whether the agent is free for something."""
        return agent in self._seats

    def free_for(self, agent: str, channel: Channel) -> bool:
        """Whether the agent may be offered a contact of this channel."""
        seat = self._seats.get(agent)
        return seat is not None and channel in seat.channels

    def channels(self, agent: str) -> frozenset[Channel]:
        """What the agent may be offered."""
        seat = self._seats.get(agent)
        return seat.channels if seat is not None else _NOTHING

    def seat(self, standing: AgentStanding) -> bool:
        """Take over what an agent is free for now; True when something new may fit, and `settle` is to follow
        unless the agent is gone again by then: most who become free are taken at once.
        """
        key = standing.agent.key
        seat = self._seats.get(key)
        channels = self._channels(standing)
        if not channels:
            if seat is not None:
                self._leave(key, seat)
            return False
        agent = standing.agent
        stamp = (channels, standing.idle_turn, standing.contacts, standing.talk_s, len(standing.work))
        if seat is not None:
            if seat.agent is agent and seat.stamp == stamp and seat.standing is standing:
                return False
            self._leave(key, seat)
        self._seats[key] = _Seat(standing, agent, stamp, channels)
        return True

    def settle(self, key: str) -> None:
        """The agent, if still free, can be found by all that ask from now on."""
        seat = self._seats.get(key)
        if seat is None or seat.settled:
            return
        seat.settled = True
        for queue in seat.agent.queues:
            side = self._sides.get(queue)
            if side is None:
                side = self._sides[queue] = _Side()
            elif key in side.seated:
                continue
            side.seated[key] = seat
            for pool in side.pools.values():
                _join(pool, seat)

    def _leave(self, key: str, seat: _Seat) -> None:
        del self._seats[key]
        if not seat.settled:
            return
        for pool, rank in seat.ranks:
            pool.remove(rank)
        for queue in seat.agent.queues:
            self._sides[queue].seated.pop(key, None)

    def pool(self, queue: Queue, demand: Demand) -> Pool:
        """The free agents of a queue who fit this demand."""
        side = self._sides.get(queue.key)
        if side is None:
            side = self._sides[queue.key] = _Side()
        pool = side.pools.get(demand)
        if pool is None:
            if len(side.pools) >= _MOST_POOLS:
                self.forget(queue.key)
            pool = side.pools[demand] = Pool(queue.key, queue.strategy, demand)
            for seat in side.seated.values():
                _join(pool, seat)
        return pool

    def forget(self, queue: str) -> None:
        """The queue's rules changed: its pools are made anew when they are next asked for."""
        side = self._sides.get(queue)
        if side is None or not side.pools:
            return
        gone = set(map(id, side.pools.values()))
        side.pools = {}
        for seat in side.seated.values():
            seat.ranks = [entry for entry in seat.ranks if id(entry[0]) not in gone]

    def _channels(self, standing: AgentStanding) -> frozenset[Channel]:
        if standing.presence is not Presence.READY or standing.lost_since or standing.open_offer:
            return _NOTHING
        agent = standing.agent
        known = self._capacities.get(agent.key)
        if known is None or known[0] is not agent:
            capacity = tuple(agent.capacity_for(channel) for channel in Channel)
            known = self._capacities[agent.key] = agent, self._rooms.setdefault(capacity, {})
        load = tuple(standing.channels.values())
        room = known[1].get(load)
        if room is None:
            room = frozenset(c for c in Channel if standing.free_for(c, self._interrupts))
            if len(known[1]) < _MOST_ROOMS:
                known[1][load] = room
        return room
