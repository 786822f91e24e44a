"""Which agent for which interaction: pure rules, values in and values out.

An agent may have an interaction when the desk and the load allow it (`AgentStanding.free_for`), the agent
serves its queue within its tier, and every skill asked for is there at its level; or when it asks for that
agent by name, whatever the queues and skills. Of several agents the one who meets most of the preferred
needs gets it, of those the first by the queue's strategy (routing.strategies).

An agent takes, of all that may be had: first what a supervisor pulled to this agent, then what waits for
this agent alone, then the rest, in the order of `choice_key`: what was offered in vain and came back, then
by urgency (priority and what the wait has added), then by the agent's own order of queues.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from uuid import UUID

from console.domain.agent import Agent
from console.domain.queue import Channel, Queue, SkillNeed
from console.domain.standing import InteractionStanding

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_US = 86_400_000_000
_SECOND_US = 1_000_000

LineKey = tuple[bool, int, int, int, UUID]
"""Where an interaction stands in its queue; the smallest is served first. It does not change with time:
returned ones first, then the fixed part of the urgency, the begin of the wait, the number of arrival."""

ChoiceKey = tuple[bool, float, int, int, int]
"""Where an interaction stands among those of several queues that one agent could take, at one moment."""


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """What an interaction asks of an agent; equal demands are one and the same object (see `Demands`)."""

    required: tuple[tuple[str, int], ...]
    preferred: tuple[tuple[str, int], ...]
    tier: int
    channel: Channel


class Demands:
    """All demands there are, each once, so that they can be told apart by identity."""

    def __init__(self) -> None:
        """None yet."""
        self._known: dict[tuple[tuple[SkillNeed, ...], int, Channel], Demand] = {}

    def of(self, standing: InteractionStanding) -> Demand:
        """What this interaction asks for now."""
        key = (standing.skills, standing.tier, standing.channel)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = demand_of(standing)
        return known


class Hold(IntEnum):
    """Who may have a waiting interaction at a moment, the dearest to a named agent first."""

    PULLED = 0  # one agent alone, by a supervisor's word
    RESERVED = 1  # one agent alone, for as long as the patience for that agent lasts
    OPEN = 2  # everybody who fits
    POSTPONED = 3  # nobody yet


def micros(moment: datetime) -> int:
    """Whole microseconds since 1970, exact where a float of seconds would round."""
    passed = moment - _EPOCH
    return passed.days * _DAY_US + passed.seconds * _SECOND_US + passed.microseconds


def demand_of(standing: InteractionStanding) -> Demand:
    """What an interaction asks for, a new object each time."""
    needs = [(need.preferred, (need.skill, need.level)) for need in standing.skills]
    return Demand(
        required=tuple(need for preferred, need in needs if not preferred),
        preferred=tuple(need for preferred, need in needs if preferred),
        tier=standing.tier,
        channel=standing.channel,
    )


def fits(skills: Mapping[str, int], needs: Iterable[SkillNeed]) -> bool:
    """Whether somebody with these skills can take what asks for those; the preferred keep nobody out."""
    return all(need.preferred or skills.get(need.skill, 0) >= need.level for need in needs)


def tier_of(agent: Agent, queue: str) -> int:
    """The agent's tier in a queue: 1, the first, where nothing is configured."""
    return agent.tiers.get(queue, 1)


def qualifies(agent: Agent, queue: str, demand: Demand) -> bool:
    """Whether an agent of a queue has the tier and the skills, the load aside."""
    if demand.tier and agent.tiers.get(queue, 1) > demand.tier:
        return False
    skills = agent.skills
    for skill, level in demand.required:  # noqa: SIM110 - `all` of a generator takes twice the time
        if skills.get(skill, 0) < level:
            return False
    return True


def preferred_met(agent: Agent, demand: Demand) -> int:
    """How many of the preferred needs the agent meets."""
    return sum(agent.skills.get(skill, 0) >= level for skill, level in demand.preferred)


def ageing_of(queue: Queue | None) -> int:
    """Microseconds of waiting that are worth one point of priority in a queue; 0: waiting adds nothing."""
    return round(queue.ageing_s * _SECOND_US) if queue is not None else 0


def line_key(standing: InteractionStanding, ageing: int = 0) -> LineKey:
    """The place in its queue: returned ones, then the most urgent, then the longest wait, then by arrival.

    Where waiting adds to the priority it does so for all of the queue alike, so who is ahead stays ahead:
    the order is that of the moments at which priority 0 would have had to come to be as urgent.
    """
    _, fixed, since, number, interaction = entry_key(standing, standing.priority, ageing)
    return not standing.returned, fixed, since, number, interaction


def entry_key(standing: InteractionStanding, priority: int, ageing: int) -> LineKey:
    """The place that it would have with this priority, never offered before."""
    since = micros(standing.since)
    fixed = since - priority * ageing if ageing > 0 else -priority
    return True, fixed, since, standing.number, standing.interaction


def urgency(key: LineKey, ageing: int, now: int) -> float:
    """The effective priority now (microseconds): the priority, and one point for each `ageing` waited."""
    return (now - key[1]) / ageing if ageing > 0 else -key[1]


def choice_key(key: LineKey, ageing: int, now: int, order: int) -> ChoiceKey:
    """The place among the heads of several queues; to the agent this queue comes as number `order`."""
    return key[0], -urgency(key, ageing, now), order, key[2], key[3]


def hold_of(
    standing: InteractionStanding, now: datetime, signed_in: Callable[[str], bool]
) -> tuple[Hold, str, datetime | None]:
    """Who may have a waiting interaction now: how it is held, for which agent ("": none), and until when time
    alone changes that.

    Nobody waits for an agent who is not signed in, or who was offered it in vain. Once the patience for an
    agent is over everybody may have it, but that agent (still named here) is the first to be offered it.
    What a supervisor pulled stays with its agent.
    """
    if standing.not_before is not None and now < standing.not_before:
        return Hold.POSTPONED, "", standing.not_before
    if standing.pulled and signed_in(standing.pulled):
        return Hold.PULLED, standing.pulled, None
    if not standing.wanted:
        return Hold.OPEN, "", None
    until = standing.wanted_until
    if until is not None and now < until and not standing.returned and signed_in(standing.wanted):
        return Hold.RESERVED, standing.wanted, until
    return Hold.OPEN, standing.wanted, None
