"""What a restart does to what was going on when the centre died, with a switch that lost its calls."""

from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import UUID

from console.domain import events as ev
from console.domain.interaction import Phase
from console.domain.standings import Standings

REASON = "centre restarted"

_RETURN_S = 25.0
"""Seconds that all desks have to find a centre that was away: one tries again every 10 s at most (sync.link)
and may hang in an attempt of 10 s. None of them left, so none may be signed out sooner.
"""


def end_calls(standings: Standings, now: datetime, new_id: Callable[[], UUID]) -> Iterator[ev.LedgerEvent]:
    """Every call is over; a callback is none: it waits on, and one being dialled was not reached."""
    for standing in list(standings.interactions.values()):
        if standing.callback and standing.phase is Phase.DIALLED:
            yield ev.CustomerNotReached(
                id=new_id(), at=now, interaction=standing.interaction, agent=standing.agent, reason=REASON
            )
        elif not standing.callback or standing.phase not in {Phase.WAITING, Phase.OFFERED}:
            yield ev.InteractionEnded(
                id=new_id(),
                at=now,
                interaction=standing.interaction,
                by=ev.EndedBy.CENTRE,
                reason=REASON,
            )


def lose_desks(
    standings: Standings, grace_s: float, now: datetime, new_id: Callable[[], UUID]
) -> Iterator[ev.LedgerEvent]:
    """Every desk is lost, and its agent has the grace time to come back, and long enough to try again."""
    for agent in list(standings.agents.values()):
        if agent.contact:
            yield ev.DeskLost(id=new_id(), at=now, agent=agent.agent.key, grace_s=max(grace_s, _RETURN_S))
