"""Calls that agents make, as part of the standings (see domain.standings)."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol
from uuid import UUID

from console.domain import events as ev
from console.domain.agent import Presence, Work
from console.domain.interaction import Phase
from console.domain.queue import Channel
from console.domain.staff import Staff, Touched
from console.domain.standing import AgentStanding, InteractionStanding

_BUSY = frozenset({Work.TALKING, Work.HELD})


def may_call(agent: AgentStanding | None) -> bool:
    """Whether an agent can be put on a call now: signed in, and on none. A pause or a wrap-up does not
    matter, and what rings goes to the next agent.
    """
    return (
        agent is not None and agent.presence is not Presence.OFFLINE and _BUSY.isdisjoint(agent.work.values())
    )


class Open(Protocol):
    """The standings, as far as they are needed here."""

    interactions: dict[UUID, InteractionStanding]
    by_number: dict[int, InteractionStanding]
    agents: dict[str, AgentStanding]
    steps: dict[type, Callable[[Any], Touched | None]]
    arrived: int

    @property
    def staff(self) -> Staff:
        """All agents."""

    def restore(self, interactions: Iterable[InteractionStanding]) -> None:
        """Know these from now on."""


class CalledOut:
    """Puts them into the standings. Whoever calls is at work on it from the first ring of the own phone."""

    def __init__(self, standings: Open) -> None:
        self._standings = standings
        self._dialled_back = standings.steps[ev.CallbackDialled]
        standings.steps[ev.CallbackDialled] = self._dialled
        standings.steps[ev.OutboundRequested] = self._requested

    def _requested(self, event: ev.OutboundRequested) -> Touched | None:
        standings = self._standings
        agent = standings.agents.get(event.agent)
        if event.interaction in standings.interactions or not may_call(agent):
            return None
        if agent is not None and agent.presence is Presence.NOT_RESPONDING:
            agent.presence = Presence.READY
        standings.arrived += 1
        known = InteractionStanding(
            event.interaction,
            standings.arrived,
            Channel.VOICE,
            event.customer,
            event.queue,
            arrived_at=event.at,
            waiting_since=event.at,
            queued_at=event.at,
            offered_at=event.at,
            phase=Phase.DIALLED,
            queue=event.queue,
            offer=event.offer,
            agent=event.agent,
            outbound=True,
        )
        standings.restore([known])
        return standings.staff.at_work(event.agent, event.interaction, Work.TALKING, known.channel, event.at)

    def _dialled(self, event: ev.CallbackDialled) -> Touched | None:
        """The agent's own phone was answered: that changes nothing but is true."""
        known = self._standings.by_number.get(event.interaction.int)
        if known is None or not known.outbound:
            step: Callable[[Any], Touched | None] = self._dialled_back
            return step(event)
        return () if known.phase is Phase.DIALLED else None
