"""Who gets whom, the slow way: every rule written down plainly, everything looked at each time.

What the matcher keeps in order is worked out here from the standings alone, so that both can be compared
choice by choice.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from uuid import UUID

from console.domain.agent import CAPACITY, Presence
from console.domain.interaction import Phase
from console.domain.queue import Channel, Queue, Strategy
from console.domain.standing import AgentStanding, InteractionStanding
from console.domain.standings import Standings
from console.routing.strategies import lot

Key = tuple[object, ...]


class Naive:
    """A matcher without any index."""

    def __init__(self, standings: Standings, interrupts: dict[Channel, tuple[Channel, ...]]) -> None:
        self.standings = standings
        self.interrupts = interrupts
        self._agents: dict[str, Key] = {}
        self._waiting: dict[object, Key] = {}

    # -------------------------------------------------------- may they?

    def signed_in(self, key: str) -> bool:
        agent = self.standings.agents.get(key)
        return agent is not None and agent.presence is not Presence.OFFLINE

    def free_for(self, agent: AgentStanding, channel: Channel) -> bool:
        if agent.presence is not Presence.READY or agent.lost_since is not None:
            return False
        if any(
            agent.agent.key == offer.agent
            for standing in self.standings.interactions.values()
            for offer in standing.open_offers.values()
        ):
            return False
        busy = list(agent.channels.values())
        beside = [other for other in busy if other is not channel]
        room = agent.agent.capacity.get(channel, CAPACITY[channel]) - busy.count(channel)
        return room > 0 and all(channel in self.interrupts.get(other, ()) for other in beside)

    def holder(self, standing: InteractionStanding, now: datetime) -> tuple[int, str]:
        """0 pulled, 1 reserved (each with its agent), 2 open (with the agent who is first), 3 postponed."""
        if standing.not_before is not None and standing.not_before > now:
            return 3, ""
        if standing.pulled and self.signed_in(standing.pulled):
            return 0, standing.pulled
        patient = standing.wanted_until is not None and standing.wanted_until > now
        if patient and not standing.returned and self.signed_in(standing.wanted):
            return 1, standing.wanted
        return 2, standing.wanted

    def fits(self, agent: AgentStanding, standing: InteractionStanding) -> bool:
        known, queue = agent.agent, standing.queue
        return (
            queue in known.queues
            and (standing.tier == 0 or known.tiers.get(queue, 1) <= standing.tier)
            and all(
                known.skills.get(need.skill, 0) >= need.level
                for need in standing.skills
                if not need.preferred
            )
        )

    def may(self, agent: AgentStanding, standing: InteractionStanding, now: datetime) -> bool:
        if standing.phase is not Phase.WAITING or standing.queue not in self.standings.queues:
            return False
        if not self.free_for(agent, standing.channel):
            return False
        hold, name = self.holder(standing, now)
        if hold == 3:
            return False
        return agent.agent.key == name or (hold == 2 and self.fits(agent, standing))

    # -------------------------------------------------------- who first?

    def rank(self, agent: AgentStanding, standing: InteractionStanding) -> Key:
        queue = self.standings.queues[standing.queue]
        met = sum(
            agent.agent.skills.get(need.skill, 0) >= need.level for need in standing.skills if need.preferred
        )
        busy, turn = len(agent.work), agent.turns.get(queue.key, 0)
        idle = (busy, turn if busy else agent.idle_turn)
        first: Key = {
            Strategy.ROUND_ROBIN: (turn,),
            Strategy.FEWEST_CONTACTS: (agent.contacts,),
            Strategy.LEAST_TALK_TIME: (agent.talk_s,),
            Strategy.TOP_DOWN: (agent.agent.tiers.get(queue.key, 1),),
        }.get(queue.strategy, ())
        return -met, *first, *idle, agent.agent.key

    def takers(self, standing: InteractionStanding, now: datetime) -> tuple[str, ...]:
        """Who gets it: all who are to be rung."""
        able = [one for one in self.standings.agents.values() if self.may(one, standing, now)]
        if not able:
            return ()
        queue = self.standings.queues[standing.queue]
        able.sort(key=lambda one: self.rank(one, standing))
        keys = [one.agent.key for one in able]
        name = self.holder(standing, now)[1]
        if name in keys:
            keys = [name, *(key for key in keys if key != name)]
        hold = self.holder(standing, now)[0]
        if queue.strategy is Strategy.BROADCAST and hold == 2:
            return tuple(keys[: queue.broadcast_most] if queue.broadcast_most else keys)
        if queue.strategy is Strategy.WEIGHTED_RANDOM and keys[0] != name:
            return (self.drawn(queue, [one for one in able if self.fits(one, standing)], standing),)
        return (keys[0],)

    def drawn(self, queue: Queue, able: list[AgentStanding], standing: InteractionStanding) -> str:
        """Lay the agents out side by side, each as wide as the weight, and see where the lot falls."""
        best = self.rank(able[0], standing)[0]
        wide = sorted(
            (one.agent.weights.get(queue.key, 1), one.agent.key)
            for one in able
            if self.rank(one, standing)[0] == best
        )
        tickets = [key for weight, key in wide for _ in range(weight)]
        return tickets[lot(standing, len(tickets))]

    def urgency(self, standing: InteractionStanding, now: datetime) -> Fraction:
        queue = self.standings.queues.get(standing.queue)
        if queue is None or not queue.ageing_s:
            return Fraction(standing.priority)
        waited = (now - standing.since) // timedelta(microseconds=1)
        return standing.priority + Fraction(waited, round(queue.ageing_s * 1_000_000))

    def choice(self, agent: AgentStanding, now: datetime) -> InteractionStanding | None:
        """What an agent takes of all that waits."""
        own = list(agent.agent.queues)
        able = [one for one in self.standings.interactions.values() if self.may(agent, one, now)]

        def order(one: InteractionStanding) -> Key:
            place = own.index(one.queue) if one.queue in own else len(own)
            hold = self.holder(one, now)[0]
            return hold, not one.returned, -self.urgency(one, now), place, one.since, one.number

        return min(able, key=order, default=None)

    # -------------------------------------------------------- all of it

    def news(self, now: datetime) -> tuple[set[UUID], set[str]]:
        """The interactions and agents that stand otherwise than at the last match."""
        waiting = [
            one
            for one in self.standings.interactions.values()
            if one.phase is Phase.WAITING and one.queue in self.standings.queues
        ]
        return (
            {
                one.interaction
                for one in waiting
                if self._waiting.get(one.interaction) != self._look(one, now)
            },
            {
                key
                for key, one in self.standings.agents.items()
                if self._room(one) and self._agents.get(key) != self._view(one)
            },
        )

    def match(
        self, now: datetime, interactions: set[UUID], agents: set[str]
    ) -> Iterator[tuple[InteractionStanding, tuple[str, ...]]]:
        """As the matcher does it, given what is new."""
        new = [self.standings.interactions[one] for one in interactions]
        new.sort(key=lambda one: (not one.returned, -self.urgency(one, now), one.since, one.number))
        behind = []
        for standing in new:
            takers = self.takers(standing, now)
            if agents & set(takers):
                behind.append(standing)
            elif takers:
                yield standing, takers
        choosers = [self.standings.agents[key] for key in agents]
        for agent in sorted(choosers, key=lambda one: (len(one.work), one.idle_turn, one.agent.key)):
            while (chosen := self.choice(agent, now)) is not None:
                yield chosen, self.takers(chosen, now)
        for standing in behind:
            takers = self.takers(standing, now)
            if takers:
                yield standing, takers
        self._remember(now)
        assert not any(
            self.may(agent, standing, now)
            for agent in self.standings.agents.values()
            for standing in self.standings.interactions.values()
        ), "somebody waits for whom there is an agent"

    def _remember(self, now: datetime) -> None:
        self._agents = {k: self._view(one) for k, one in self.standings.agents.items() if self._room(one)}
        self._waiting = {
            one.interaction: self._look(one, now)
            for one in self.standings.interactions.values()
            if one.phase is Phase.WAITING
        }

    def _room(self, agent: AgentStanding) -> tuple[Channel, ...]:
        return tuple(channel for channel in Channel if self.free_for(agent, channel))

    def _view(self, agent: AgentStanding) -> Key:
        """What makes an agent new: another place among the free."""
        return (
            self._room(agent), id(agent.agent), agent.idle_turn, agent.contacts, agent.talk_s, len(agent.work)
        )  # fmt: skip

    def _look(self, standing: InteractionStanding, now: datetime) -> Key:
        """What makes an interaction new: another place in a line, or a line that can be served again."""
        return (
            standing.queue, standing.queue in self.standings.queues, standing.skills, standing.tier,
            standing.returned, standing.priority, standing.since, self.holder(standing, now),
        )  # fmt: skip
