"""Which of the agents who could have an interaction gets it: the rank of each strategy, pure.

A rank is a tuple, the smallest gets it. An agent with nothing to do comes before one who has room beside
other work; of those the one with the least work, then the one whom the queue has offered nothing for
longest. The last word is the agent's key, so nothing is left to chance but where lots are drawn, and those
follow from the interaction's id.
"""

from collections.abc import Callable
from hashlib import blake2b

from console.domain.queue import Strategy
from console.domain.standing import AgentStanding, InteractionStanding
from console.routing.policy import Demand, preferred_met, tier_of

Rank = tuple[float | int | str, ...]
"""Where an agent stands among those who could have an interaction; ends with the agent's key."""


def _idle(agent: AgentStanding, queue: str) -> tuple[int, int]:
    if agent.work:
        return len(agent.work), agent.turns.get(queue, 0)
    return 0, agent.idle_turn


def _longest_idle(agent: AgentStanding, queue: str) -> Rank:
    return _idle(agent, queue)


def _round_robin(agent: AgentStanding, queue: str) -> Rank:
    return agent.turns.get(queue, 0), *_idle(agent, queue)


def _fewest_contacts(agent: AgentStanding, queue: str) -> Rank:
    return agent.contacts, *_idle(agent, queue)


def _least_talk_time(agent: AgentStanding, queue: str) -> Rank:
    return agent.talk_s, *_idle(agent, queue)


def _top_down(agent: AgentStanding, queue: str) -> Rank:
    return tier_of(agent.agent, queue), *_idle(agent, queue)


def _weight(agent: AgentStanding, queue: str) -> Rank:
    return (weight_of(agent, queue),)


_RANKS: dict[Strategy, Callable[[AgentStanding, str], Rank]] = {
    Strategy.LONGEST_IDLE: _longest_idle,
    Strategy.ROUND_ROBIN: _round_robin,
    Strategy.FEWEST_CONTACTS: _fewest_contacts,
    Strategy.LEAST_TALK_TIME: _least_talk_time,
    Strategy.TOP_DOWN: _top_down,
    Strategy.WEIGHTED_RANDOM: _weight,
    Strategy.BROADCAST: _longest_idle,
}


def weight_of(agent: AgentStanding, queue: str) -> int:
    """The agent's weight where a queue draws lots: 1 where nothing is configured."""
    return agent.agent.weights.get(queue, 1)


def rank_of(strategy: Strategy, agent: AgentStanding, queue: str, demand: Demand) -> Rank:
    """Who meets more of the preferred needs comes first, then the strategy's order.

    Where lots are drawn the rank is not an order but (needs missed, weight, key): `lot` says who of those
    that miss the fewest gets it.
    """
    missed = len(demand.preferred) - preferred_met(agent.agent, demand) if demand.preferred else 0
    return missed, *_RANKS[strategy](agent, queue), agent.agent.key


def lot(standing: InteractionStanding, total: int) -> int:
    """The lot drawn for an interaction: 0 to `total` - 1, each alike.

    It follows from the interaction, its queue and its last offer, so a ledger read again draws the same and
    an interaction that comes back draws anew.
    """
    last = standing.offer.bytes if standing.offer else b""
    seed = standing.interaction.bytes + last + standing.queue.encode()
    return int.from_bytes(blake2b(seed, digest_size=16).digest(), "big") % total
