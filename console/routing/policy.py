"""Which agent for which interaction: pure rules, values in and values out.

An agent fits when every skill asked for is there at its level. An interaction takes the fitting agent who
has been idle longest. An agent who becomes free takes the head of one of the own queues (the first that
fits, where one whose offer came to nothing is before all others): the one of highest priority; of equal
priority the one from the queue that comes first in the agent's own order.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from uuid import UUID

from console.domain.queue import SkillNeed
from console.domain.standing import AgentStanding, InteractionStanding

_NEVER = datetime.max.replace(tzinfo=UTC)

LineKey = tuple[bool, int, datetime, int]
"""Where an interaction stands in its queue; the smallest is served first."""

IdleKey = tuple[datetime, str]
"""Where an agent stands among the idle; the smallest has been idle longest."""


def fits(skills: Mapping[str, int], needs: Iterable[SkillNeed]) -> bool:
    """Whether somebody with these skills can take what asks for those."""
    return all(skills.get(need.skill, 0) >= need.level for need in needs)


def line_key(standing: InteractionStanding) -> LineKey:
    """The place in the queue: returned ones, then by priority, then the longest wait, then by arrival."""
    return (not standing.returned, -standing.priority, standing.waiting_since, standing.number)


def idle_key(standing: AgentStanding) -> IdleKey:
    """The place among the idle: since when, then by name so that it is never by chance."""
    return (standing.idle_since or _NEVER, standing.agent.key)


def choose(heads: Iterable[tuple[LineKey, UUID]]) -> UUID | None:
    """Which of the heads of an agent's queues, given in the agent's own order, is served first."""
    best = min(enumerate(heads), key=lambda entry: (entry[1][0][1], entry[0]), default=None)
    return best[1][1] if best else None
