"""Why an agent could not have an interaction, and what claim one had who could: pure, from standings."""

from datetime import datetime
from enum import StrEnum

import msgspec

from console.domain.agent import Presence
from console.domain.queue import Channel, Queue, SkillNeed, Strategy
from console.domain.standing import AgentStanding, InteractionStanding, Interrupts
from console.routing.policy import Demand, Hold, preferred_met, tier_of
from console.routing.strategies import weight_of

_STRATEGIES = {
    Strategy.LONGEST_IDLE: "the longest idle",
    Strategy.ROUND_ROBIN: "in turn",
    Strategy.FEWEST_CONTACTS: "the fewest contacts",
    Strategy.LEAST_TALK_TIME: "the least talk time",
    Strategy.TOP_DOWN: "the lowest tier",
    Strategy.WEIGHTED_RANDOM: "by lot",
    Strategy.BROADCAST: "all at once",
}


class Obstacle(StrEnum):
    """What can keep an agent of a queue from an interaction."""

    OFFLINE = "offline"
    PAUSED = "paused"
    NOT_RESPONDING = "not_responding"
    DESK_GONE = "desk_gone"
    RUNG = "rung"  # rung for something else
    CAPACITY = "capacity"  # as many contacts of the channel as may be
    BUSY = "busy"  # with work that it may not come on top of
    KEPT = "kept"  # the interaction is kept for somebody else
    QUEUE = "queue"  # does not serve it
    TIER = "tier"
    SKILL = "skill"


class Reason(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that kept an agent from an interaction, and in words."""

    obstacle: Obstacle
    words: str


def asked_for(skills: tuple[SkillNeed, ...], tier: int) -> str:
    """What an interaction asks for, in words."""
    wanted = [f"{need.skill} {need.level}" + (" if there is" if need.preferred else "") for need in skills]
    if tier:
        wanted.append(f"tier {tier} at most" if tier > 1 else "tier 1")
    return ", ".join(wanted) or "anybody of the queue"


def obstacles_of(
    agent: AgentStanding,
    standing: InteractionStanding,
    demand: Demand,
    held: tuple[Hold, str],
    interrupts: Interrupts,
) -> list[Reason]:
    """All that keeps an agent from an interaction now; nothing does: []. `held`: how, and for which agent."""
    return [
        *_of_presence(agent),
        *_of_load(agent, standing.channel, interrupts),
        *_of_demand(agent, standing, demand, held),
    ]


def _of_presence(agent: AgentStanding) -> list[Reason]:
    if agent.presence is Presence.OFFLINE:
        return [Reason(Obstacle.OFFLINE, "not signed in")]
    reasons = []
    if agent.presence is Presence.PAUSED:
        reasons.append(Reason(Obstacle.PAUSED, f"paused ({agent.reason})" if agent.reason else "paused"))
    elif agent.presence is Presence.NOT_RESPONDING:
        reasons.append(Reason(Obstacle.NOT_RESPONDING, "did not answer before, and is not ready again"))
    if agent.lost_since is not None:
        reasons.append(Reason(Obstacle.DESK_GONE, "the desk is gone"))
    return reasons


def _of_load(agent: AgentStanding, channel: Channel, interrupts: Interrupts) -> list[Reason]:
    if agent.open_offer is not None:
        return [Reason(Obstacle.RUNG, "is being rung for another")]
    reasons = []
    load = agent.load
    has, most = load.get(channel, 0), agent.agent.capacity_for(channel)
    if has >= most:
        words = f"on a contact ({channel.value} {has} of {most})" if most else f"takes no {channel.value}"
        reasons.append(Reason(Obstacle.CAPACITY, words))
    reasons += [
        Reason(Obstacle.BUSY, f"{channel.value} does not come on top of {other.value}")
        for other in load
        if other is not channel and channel not in interrupts.get(other, ())
    ]
    return reasons


def _of_demand(
    agent: AgentStanding, standing: InteractionStanding, demand: Demand, held: tuple[Hold, str]
) -> list[Reason]:
    hold, name = held
    if agent.agent.key == name and hold is not Hold.POSTPONED:
        return []
    if hold is not Hold.OPEN:
        who = {Hold.PULLED: f"pulled to {name}", Hold.RESERVED: f"waits for {name}"}
        return [Reason(Obstacle.KEPT, f"it is {who.get(hold, 'not to be tried yet')}")]
    if standing.queue not in agent.agent.queues:
        return [Reason(Obstacle.QUEUE, f"does not serve {standing.queue}")]
    reasons = []
    tier = tier_of(agent.agent, standing.queue)
    if 0 < demand.tier < tier:
        reasons.append(Reason(Obstacle.TIER, f"tier {tier}, and it asks for {demand.tier} at most so far"))
    for skill, level in demand.required:
        has = agent.agent.skills.get(skill, 0)
        if has < level:
            short = f"{skill} {has} < {level}" if has else f"no {skill}"
            reasons.append(Reason(Obstacle.SKILL, short))
    return reasons


def strategy_words(strategy: Strategy) -> str:
    """A queue's strategy in words."""
    return _STRATEGIES[strategy]


def claim_of(agent: AgentStanding, queue: Queue, demand: Demand, now: datetime) -> str:
    """What an agent's rank is made of, in words."""
    words = []
    if demand.preferred:
        words.append(f"{preferred_met(agent.agent, demand)} of {len(demand.preferred)} preferred skills")
    own = _own_claim(agent, queue, now)
    if own:
        words.append(own)
    if queue.strategy is not Strategy.WEIGHTED_RANDOM:
        words.append(_idle_words(agent, now))
    return ", ".join(words)


def _own_claim(agent: AgentStanding, queue: Queue, now: datetime) -> str:
    if queue.strategy is Strategy.ROUND_ROBIN:
        last = agent.offered_at.get(queue.key)
        return "nothing offered here yet" if last is None else f"last offered here {_ago(last, now)} ago"
    if queue.strategy is Strategy.FEWEST_CONTACTS:
        return "1 contact" if agent.contacts == 1 else f"{agent.contacts} contacts"
    if queue.strategy is Strategy.LEAST_TALK_TIME:
        return f"{agent.talk_s:.0f} s of talk"
    if queue.strategy is Strategy.TOP_DOWN:
        return f"tier {tier_of(agent.agent, queue.key)}"
    if queue.strategy is Strategy.WEIGHTED_RANDOM:
        return f"weight {weight_of(agent, queue.key)}"
    return ""


def _idle_words(agent: AgentStanding, now: datetime) -> str:
    if agent.work:
        return f"room beside {len(agent.work)}"
    return f"idle for {_ago(agent.idle_since, now)}" if agent.idle_since is not None else "idle"


def _ago(moment: datetime, now: datetime) -> str:
    return f"{max(0.0, (now - moment).total_seconds()):.0f} s"
